"""A keyring that hangs, fails or says nonsense stops no notebook, and no error shows a key."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

from support.services import quiet_environment

KEY = "spk_test_typed_0123456789"

BACKENDS = '''
import time
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

class Backend(KeyringBackend):
    """Does one thing, whatever it is asked."""

    priority = 1
    kept = {}

    def get_password(self, service, username):
        return self.do("")

    def set_password(self, service, username, password):
        self.do(password)

    def delete_password(self, service, username):
        self.do("")

class Panic(BaseException):
    pass

class NoWords(Exception):
    def __str__(self):
        raise ValueError

def raising(error):
    class Raising(Backend):
        def do(self, password):
            raise error(f"sorry about {password}")
    return Raising

def returning(value):
    class Returning(Backend):
        def do(self, password):
            return value
    return Returning

Exits, Interrupts, Panics = raising(SystemExit), raising(KeyboardInterrupt), raising(Panic)
Locked, Mute, Broken = raising(KeyringLocked), raising(NoWords), raising(RuntimeError)
Bytes, Number, Nothing = returning(b"spk_test_bytes"), returning(7), returning(None)

class RefusesToKeep(Nothing):
    def set_password(self, service, username, password):
        raise OSError(5, "cannot write " + password)

class Asks(Backend):
    def do(self, password):
        return input("Password of the keyring: ")

class Hangs(Backend):
    """Hangs until the file `answer` is there."""

    def do(self, password):
        import os
        while not os.path.exists(os.environ["ANSWER"]):
            time.sleep(0.02)
        if password:
            self.kept["key"] = password
        return self.kept.get("key")

class CannotBegin(Backend):
    def __init__(self):
        raise LookupError("no such vault")
'''

SHELL = f"""
import getpass, io, json, os, sys, threading, time
from contextlib import redirect_stdout
from IPython.core.interactiveshell import InteractiveShell

getpass.getpass = lambda prompt: {KEY!r}
shell = InteractiveShell.instance()

def run(cell):
    '''Run a cell; return what it showed and the seconds that it took.'''
    began, shown = time.monotonic(), io.StringIO()
    with redirect_stdout(shown):
        shell.run_cell(cell)
    return shown.getvalue(), time.monotonic() - began

def waiting():
    return sum(each.name == "soundpiece-keyring" for each in threading.enumerate())

run("%load_ext soundpiece_nb")
run("import soundpiece_nb as sp")
"""

ALL_OF_THEM = """
import keyring
from keyring.backends import null
import backends

said = {}
for name in sys.argv[1:]:
    keyring.set_keyring(null.Keyring())
    if hasattr(backends, name):
        keyring.set_keyring(getattr(backends, name)())
    else:  # as its own environment would choose it
        keyring.core._keyring_backend = None
        os.environ["PYTHON_KEYRING_BACKEND"] = name
    said[name] = []
    for mode in ("Context", "Verbose"):
        run("%xmode " + mode)
        for cell in ("status", "login", "logout", "doctor"):
            said[name].append(run("%soundpiece_" + cell)[0])
        said[name].append(run("%soundpiece_login\\n%tb")[0] + run("%tb")[0])
        said[name].append(run("sp.song('la', prompt='jazz')")[0])
print(json.dumps(said))
"""


def in_a_shell(tmp_path: Path, script: str, *names: str, **environment: str):
    """Run a script in a process with a shell; return what it printed last, as JSON, and all."""
    (tmp_path / "backends.py").write_text(BACKENDS)
    (tmp_path / "script.py").write_text(SHELL + script)
    around = quiet_environment(
        tmp_path / "home", SOUNDPIECE_NONINTERACTIVE="0", IPYTHONDIR=str(tmp_path / "ipython")
    )
    around.pop("PYTHON_KEYRING_BACKEND", None)
    ran = subprocess.run(
        [sys.executable, "script.py", *names],
        cwd=tmp_path,
        env={**around, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    return json.loads(ran.stdout.splitlines()[-1]), ran.stdout + ran.stderr


WHAT_IT_SAYS = {
    "Exits": "The system keyring failed: SystemExit: sorry about",
    "Interrupts": "The system keyring failed: KeyboardInterrupt: sorry about",
    "Panics": "The system keyring failed: Panic: sorry about",
    "Locked": "The system keyring failed: KeyringLocked: sorry about",
    "Mute": "The system keyring failed: NoWords.",
    "Broken": "The system keyring failed: RuntimeError: sorry about",
    "Asks": "The system keyring failed: EOFError",
    "Bytes": "The system keyring gave no text for api_key, but bytes.",
    "Number": "The system keyring gave no text for api_key, but int.",
    "Nothing": "none (SOUNDPIECE_API_KEY, or %soundpiece_login)",
    "RefusesToKeep": "none (SOUNDPIECE_API_KEY, or %soundpiece_login)",
    "nosuch.package.Keyring": "ModuleNotFoundError: No module named 'nosuch'",
    "backends.NoSuchClass": "AttributeError: module 'backends' has no attribute",
    "nonsense": "The system keyring failed: ValueError",
    "backends.CannotBegin": "LookupError: no such vault",
}


def test_whatever_a_keyring_does_is_told_in_a_sentence_and_shows_no_key(tmp_path):
    said, everything = in_a_shell(tmp_path, ALL_OF_THEM, *WHAT_IT_SAYS)
    for name, words in WHAT_IT_SAYS.items():
        status, login, logout, doctor, _, song, *again = said[name]
        assert words in status, (name, status)
        refused = "cannot write …" if name == "RefusesToKeep" else "keyring"
        assert refused in login, (name, login)
        assert "Error" not in login.split(":")[0]
        assert "keyring" in logout
        assert "Nothing was sent." in song
        if not words.startswith("none"):
            assert words in doctor, (name, doctor)
            assert words in song, (name, song)
        assert again[1:4] == [login, logout, doctor], name
    assert KEY not in json.dumps(said) + everything


LATE = """
import keyring, backends

first, took = run("%soundpiece_status")
again, no_time = run("%soundpiece_status")
song, no_time_either = run("sp.song('la', prompt='jazz')")
one = waiting()
os.environ["SOUNDPIECE_API_KEY"] = "spk_test_of_the_environment"
with_a_key, none_at_all = run("%soundpiece_status")
del os.environ["SOUNDPIECE_API_KEY"]
run("%xmode Verbose")
threading.Timer(1, open, (os.environ["ANSWER"], "w")).start()
login, _ = run("%soundpiece_login")
found, _ = run("%soundpiece_status")
print(json.dumps([first, took, again, max(no_time, no_time_either, none_at_all), song, one,
                  with_a_key, login, found]))
"""


def test_one_that_hangs_is_waited_for_once_and_asked_again_when_it_has_answered(tmp_path):
    environment = {"PYTHON_KEYRING_BACKEND": "backends.Hangs", "ANSWER": str(tmp_path / "answer")}
    (first, took, again, no_time, song, threads, with_a_key, login, found), everything = in_a_shell(
        tmp_path, LATE, **environment
    )
    assert "The system keyring did not answer within 3 seconds." in first
    assert took < 15
    assert again == first
    assert no_time < 2
    assert "did not answer within 3 seconds" in song
    assert "Nothing was sent." in song
    assert threads == 1
    assert "spk_…nt" in with_a_key
    assert login == "The key is in the system keyring; %soundpiece_logout removes it.\n"
    assert "spk_…89" in found
    assert KEY not in everything


SILENT_BUS = """
first, took = run("%soundpiece_status")
login, _ = run("%soundpiece_login")
print(json.dumps([first, took, login, waiting()]))
"""


def test_a_bus_without_a_session_keeps_nothing_waiting(tmp_path):
    """As in a container: the socket is there, and whoever listens never answers (keyring#477)."""
    address = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(address))
        bus.listen()
        threading.Thread(target=let_in_and_say_nothing, args=[bus], daemon=True).start()
        (first, took, login, threads), _ = in_a_shell(
            tmp_path, SILENT_BUS, DBUS_SESSION_BUS_ADDRESS=f"unix:path={address}"
        )
    assert "The system keyring did not answer within 3 seconds." in first
    assert took < 15
    assert "did not answer within 3 seconds" in login
    assert threads == 1


def let_in_and_say_nothing(bus: socket.socket) -> None:
    """Authenticate whoever comes, each on a thread of its own, and answer nothing after that."""
    while True:
        try:
            caller, _ = bus.accept()
        except OSError:
            return
        threading.Thread(target=authenticate, args=[caller], daemon=True).start()


def authenticate(caller: socket.socket) -> None:
    """Answer line by line: a caller may send the zero byte before its first line by itself."""
    with caller, caller.makefile("rb") as lines:
        for line in lines:
            if b"AUTH" in line:
                caller.sendall(b"OK 1234deadbeef1234deadbeef12345678\r\n")
            if b"NEGOTIATE_UNIX_FD" in line:
                caller.sendall(b"AGREE_UNIX_FD\r\n")


INTERRUPTED = """
import signal

run("%xmode Verbose")
threading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()
login, took = run("%soundpiece_login")

def refuse(prompt):
    raise [EOFError, OSError, AttributeError, UnicodeError][asked.pop()](prompt)

asked = [0, 1, 2, 3]
getpass.getpass = refuse
print(json.dumps([login, took, *(run("%soundpiece_login")[0] for _ in range(4))]))
"""


def test_an_interrupted_login_and_a_prompt_that_fails_show_no_frames(tmp_path):
    environment = {"PYTHON_KEYRING_BACKEND": "backends.Hangs", "ANSWER": str(tmp_path / "answer")}
    (login, took, *prompts), everything = in_a_shell(tmp_path, INTERRUPTED, **environment)
    assert login.startswith("WaitInterrupted: The login was interrupted.")
    assert took < 4
    assert all("Nobody can be asked for it here." in each for each in prompts)
    assert KEY not in everything


ENVIRONMENT = {
    "SOUNDPIECE_API_KEY": '"spk_test_of_the_environment"\n',
    "SOUNDPIECE_BASE_URL": " 'http://127.0.0.1:9/v1/' ",
    "SOUNDPIECE_NONINTERACTIVE": "maybe",
    "SOUNDPIECE_WEBHOOK_SECRET": "'whsec_" + "A" * 32 + "'",
}


def test_quotes_and_space_around_a_variable_are_no_part_of_it(tmp_path):
    script = """
from soundpiece_nb.credentials import find_api_key, find_webhook_secrets
print(json.dumps([run("%soundpiece_status")[0], find_api_key()[-11:], find_webhook_secrets()]))
"""
    (status, key, secrets), _ = in_a_shell(tmp_path, script, **ENVIRONMENT)
    assert "Service          http://127.0.0.1:9/v1\n" in status
    assert key == "environment"
    assert secrets == ["whsec_" + "A" * 32]
    assert "SOUNDPIECE_NONINTERACTIVE='maybe', which is neither 1 nor 0" in status
