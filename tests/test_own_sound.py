"""A person's own sound: refused with the way out, or taken to a team's store and addressed."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.s3_store import KEY_FOR_TESTS, Store, sent_sources
from support.services import OPERATION_ID, as_json, operation

GUIDE = "docs/your-own-audio.md shows three ways"


def wave(seconds: float = 1.0, pitch: float = 30.0) -> bytes:
    buffer = io.BytesIO()
    samples = 0.3 * np.sin(np.arange(int(44_100 * seconds)) / pitch)
    soundfile.write(buffer, samples, 44_100, format="WAV")
    return buffer.getvalue()


@pytest.fixture
def folder(home, tmp_path, monkeypatch):
    """A working folder with a sound of the person's own in it."""
    work = tmp_path / "work"
    (work / "songs").mkdir(parents=True)
    (work / "my_idea.wav").write_bytes(wave())
    (work / "notes").write_text("no sound")
    monkeypatch.chdir(work)
    monkeypatch.delenv("SOUNDPIECE_AUDIO", raising=False)
    return work


@pytest.fixture(scope="module")
def bucket():
    store = Store()
    yield store
    store.stop()


@pytest.fixture
def store(bucket, folder, monkeypatch):
    """A team's empty store, set as a person sets it."""
    bucket.empty()
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return bucket


@pytest.fixture
def service(home, scripted):
    """A service that takes every request, and says so at once."""

    def answer(heard, _):
        key = json.loads(heard.body)["idempotency_key"] if heard.method == "PUT" else None
        failed = {"code": "internal_error", "message": "Only a test."}
        return as_json(operation("failed", id=OPERATION_ID, idempotency_key=key, error=failed))

    return scripted(answer)


def sent(made) -> str:
    """Wait until an operation was sent and ended, and return its row's source."""
    with pytest.raises(sp.OperationFailed, match="Only a test"):
        made.result(30)
    return made.request["source"]


# ------------------------------------------------------------------ without a store


A_FILE = "is a file of this machine, and the service takes addresses only"
NO_FILE = "would be a file of this machine, but there is none of that name"
HERE = "is an address of this machine or network"
PAGE = "is a page about a file"
WAYS_TO_SAY_A_FILE = {
    "my_idea.wav": A_FILE,
    "./my_idea.wav": A_FILE,
    "file:my_idea.wav": A_FILE,
    "file://{folder}/my_idea.wav": A_FILE,
    "{folder}/my_idea.wav": A_FILE,
    "notes": A_FILE,
    "nothing.wav": NO_FILE,
    "~/nothing.mp3": NO_FILE,
    "my_idae.wav": "did you mean `my_idea.wav`?",
    "songs": "is a folder of this machine",
    "songs/": "is a folder of this machine",
    ".": "is a folder of this machine",
    "C:\\Users\\me\\x.wav": "that is how Windows writes one",
    "C:/Users/me/x.wav": "that is how Windows writes one",
    "\\\\server\\share\\x.wav": "that is how Windows writes one",
    "data:audio/wav;base64,AAAA": "is the sound itself as a data: address",
    "example.com/x.wav": "if it is an address, it begins with https://",
    "localhost:8000/x.wav": "if it is an address, it begins with https://",
    "http://example.com/x.wav": "Try it with https://",
    "http://localhost:8888/x.wav": HERE,
    "https://localhost/x.wav": HERE,
    "https://127.0.0.1:8443/x.wav": HERE,
    "https://[::1]/x.wav": HERE,
    "https://192.168.1.7/x.wav": HERE,
    "https://nas.local/x.wav": HERE,
    "https://printer/x.wav": HERE,
    "https://drive.google.com/file/d/1/view?usp=sharing": PAGE,
    "https://www.dropbox.com/s/abc/x.wav?dl=0": "dl=1 instead of dl=0",
    "https://github.com/a/b/blob/main/x.wav": "/raw/ where github.com has /blob/",
    "https://1drv.ms/u/s!abc": PAGE,
    "https://youtu.be/abc": PAGE,
    "https://soundcloud.com/a/b": PAGE,
    "s3://bucket/x.wav": "Presign it",
    "gs://bucket/x.wav": "Presign it",
}


def test_each_way_to_say_a_file_is_one_sentence_with_the_way_out(home, service, folder):
    said = {}
    for named in WAYS_TO_SAY_A_FILE:
        with pytest.raises(sp.Mistake) as caught:
            sp.stems(named.replace("{folder}", str(folder)))
        said[named] = str(caught.value)
    assert {
        name: words for name, words in said.items() if WAYS_TO_SAY_A_FILE[name] not in words
    } == {}
    assert {name for name, words in said.items() if "Nothing was sent." not in words} == set()
    offered = {name for name, words in said.items() if "docs/your-own-audio.md" in words}
    own = {name for name in said if "dropbox" in name or "github" in name}
    assert offered == set(said) - own
    assert service.heard == []
    assert len(sp.history()) == 0


def test_sound_in_memory_is_refused_without_being_written_out(service, folder):
    with (folder / "my_idea.wav").open("rb") as file:
        for value in (file, wave(), np.zeros((44_100, 2)), bytearray(8), {"url": "x"}, 7):
            with pytest.raises(sp.Mistake, match="Source must be an https URL, not") as caught:
                sp.stems(value)
            assert len(str(caught.value)) < 300
    for path in (folder / "my_idea.wav", Path("my_idea.wav")):
        with pytest.raises(sp.Mistake, match=A_FILE):
            sp.instrumental(reference=path)
    assert service.heard == []


def test_a_variable_that_holds_sound_is_no_name_of_an_operation(service, folder):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "soundpiece_nb")
    for value, words in {
        "__import__('pathlib').Path('my_idea.wav').read_bytes()": "not 88,244 bytes",
        "__import__('numpy').zeros(9)": "not an array of 9",
        "__import__('pathlib').Path('my_idea.wav')": A_FILE,
    }.items():
        with capture_output() as captured:
            shell.run_cell(f"idea = {value}\n%soundpiece_stems --source {{{{idea}}}}")
        assert words in captured.stdout
        assert GUIDE in captured.stdout
    shell.run_line_magic("unload_ext", "soundpiece_nb")
    assert service.heard == []


def test_what_may_be_reached_all_the_same_is_sent_on_purpose(service, folder):
    for url in ("https://nas.local/x.wav", "https://youtu.be/abc"):
        sent(sp.stems(url, unchecked=True))
    assert sent_sources(service) == ["https://nas.local/x.wav", "https://youtu.be/abc"]
    sent(sp.stems("https://www.dropbox.com/s/abc/x.wav?dl=1"))
    sent(sp.stems("https://raw.githubusercontent.com/a/b/main/x.wav"))


def test_a_file_that_came_from_here_is_named_as_its_operation(connected, folder):
    made = sp.fx("Impact", 1, name="hit").result(60)
    exported = made.outputs[0].save("songs/hit.flac")
    for path in (made.outputs[0].path, f"songs/hit-1-{made.key[:8]}.flac"):
        with pytest.raises(sp.Mistake, match="It is sound of hit: --source hit takes it"):
            sp.cut(path, 1)
    with pytest.raises(sp.Mistake, match=GUIDE):
        sp.cut(exported, 1)


def test_a_folder_as_the_store_has_no_addresses(service, folder, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_AUDIO", str(folder / "songs"))
    with pytest.raises(sp.Mistake, match="SOUNDPIECE_AUDIO is a folder, which has no addresses"):
        sp.stems("my_idea.wav")
    for wrong in ("ftp://a/b", "s3://", "s3://user:word@b/p", "s3://b/p?x=1"):
        monkeypatch.setenv("SOUNDPIECE_AUDIO", wrong)
        with pytest.raises(sp.Mistake, match="SOUNDPIECE_AUDIO") as caught:
            sp.stems("my_idea.wav")
        assert "word" not in str(caught.value)
    assert service.heard == []


# ------------------------------------------------------------------ with a store


def test_a_file_goes_to_the_store_once_and_is_referred_to_by_a_signed_address(
    store, service, folder, home
):
    name = f"ours/own/{hashlib.sha256(wave()).hexdigest()}.wav"
    written_down = sent(sp.cut("my_idea.wav", 1, name="short"))
    assert store.read(name) == wave()
    first = store.objects()
    (folder / "copy.of.it").write_bytes(wave())
    sent(sp.cut(folder / "copy.of.it", 1))
    sent(sp.stems("file:my_idea.wav"))
    sent(sp.stems(written_down))  # as the history has it
    assert store.objects() == first, "nothing was uploaded again"

    for url in sent_sources(service):
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.read() == wave()
            assert answer.headers["Content-Type"] == "audio/wav"
        assert "X-Amz-Expires=3600" in url
    assert written_down.endswith(".wav#my_idea.wav")
    assert sp.operation("short").entry.summary == "from my_idea.wav"
    assert list((home / "own").iterdir()) == [], "no copy stays here"


def test_no_signature_and_no_credential_reaches_the_disk_or_a_view(store, service, home):
    made = sp.stems("my_idea.wav", name="parts")
    sent(made)
    current().close()
    for file in home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"X-Amz" not in content, file
            assert KEY_FOR_TESTS.encode() not in content, file
    shown = "\n".join(map(repr, (made, made.request, made.entry, sp.history().to_string())))
    assert "X-Amz" not in shown
    assert KEY_FOR_TESTS not in shown


def test_the_key_follows_the_content_whatever_the_file_is_called(store, service, folder):
    once = [sp.stems("my_idea.wav", once=True)]
    sent(once[0])
    (folder / "songs" / "other name.wav").write_bytes(wave())
    once.append(sp.stems("songs/other name.wav", once=True))
    assert once[0].key == once[1].key
    assert once[1].request["source"].endswith("#my_idea.wav"), "the row that there is stays"
    assert not list((current().home / "own").iterdir())
    (folder / "my_idea.wav").write_bytes(wave(pitch=31))
    assert sp.stems("my_idea.wav", once=True).key != once[0].key


def test_looking_uploads_nothing(store, service, folder, home):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "soundpiece_nb")
    with capture_output() as captured:
        ran = shell.run_cell("%soundpiece_stems --source my_idea.wav --dry-run")
    shell.run_line_magic("unload_ext", "soundpiece_nb")
    assert ran.success
    assert "source: my_idea.wav (0.1 MB) goes to s3://team/ours/own/ at the moment of sending" in (
        captured.stdout + "".join(str(each) for each in captured.outputs)
    )
    assert "Nothing was sent." in captured.stdout
    assert store.objects() == {}
    assert service.heard == []
    assert not (home / "own").exists()


def test_what_is_no_sound_is_not_uploaded(store, service, folder):
    os.mkfifo("pipe.wav")
    Path("empty.wav").touch()
    Path("page.mp3").write_text("<html>Sign in</html>")
    Path("film.mp4").write_bytes(b"\0\0\0\x20ftypisom\0\0\0\0")
    Path("secret.flac").symlink_to("notes")
    with Path("huge.wav").open("wb") as huge:
        huge.write(wave(0.1))
        huge.truncate(300_000_001)
    began = time.monotonic()
    for name, why in {
        "pipe.wav": "no regular file",
        "empty.wav": "is empty",
        "page.mp3": "is no sound file",
        "film.mp4": "is no sound file",
        "secret.flac": "is no sound file",
        "notes": "is no sound file",
        "huge.wav": "up to 300 MB",
        "songs/": "is a folder",
        "nothing.wav": "there is none of that name",
    }.items():
        with pytest.raises(sp.Mistake, match=why) as caught:
            sp.stems(name)
        assert "Nothing was sent." in str(caught.value)
    assert time.monotonic() - began < 2
    assert store.objects() == {}
    assert len(sp.history()) == 0


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3"])
def test_other_formats_go_by_what_they_hold(store, service, folder, ending):
    samples = np.zeros((44_100, 2))
    soundfile.write(f"sound.{ending}", samples, 44_100)
    Path(f"sound.{ending}").rename("sound.bin")
    sent(sp.stems(Path("sound.bin")))
    [name] = store.objects()
    assert name.endswith(f".{ending}")


def test_an_object_that_is_not_what_it_is_called_is_written_anew(store, service, folder):
    name = f"ours/own/{hashlib.sha256(wave()).hexdigest()}.wav"
    store.write(name, b"half of it")
    sent(sp.stems("my_idea.wav"))
    assert store.read(name) == wave()


def test_a_sweep_and_a_rerun_upload_their_file_once(store, service, folder):
    sweep = sp.sweep("stems", vary={"source": ["my_idea.wav"]}, repeat=8)
    for each in sweep.operations:
        sent(each)
    [made] = store.objects().items()
    sent(sweep.operations[0].rerun())
    assert list(store.objects().items()) == [made]
    assert len(service.heard) == 9


TROUBLES = {
    "no such bucket": ({"SOUNDPIECE_AUDIO": "s3://nobody/x"}, r"was not found \(NoSuchBucket\)"),
    "http": ({"AWS_ALLOW_HTTP": "false"}, "is spoken to by http, without encryption"),
    "not set any more": ({"SOUNDPIECE_AUDIO": ""}, "SOUNDPIECE_AUDIO names no bucket now"),
    "a folder now": ({"SOUNDPIECE_AUDIO": "songs"}, "SOUNDPIECE_AUDIO names no bucket now"),
}


def test_a_store_in_trouble_is_a_sentence_and_nothing_is_sent(store, service, folder, monkeypatch):
    """The request is written down; once the store is mended, it goes out under its key."""
    made = None
    for environment, words in TROUBLES.values():
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in environment.items():
                patch.setenv(variable, value)
            [made] = sp.resume("mine") if made else [sp.stems("my_idea.wav", name="mine")]
            with pytest.raises(sp.ServiceSilent, match=words) as caught:
                made.result(30)
        assert "Nothing was sent. Once that is mended, %soundpiece_resume" in str(caught.value)
        assert KEY_FOR_TESTS not in str(caught.value)
    assert service.heard == []
    sp.resume("mine")
    sent(sp.operation("mine"))
    assert len(service.heard) == 1


def test_a_store_that_refuses_is_not_quoted(store, service, folder, scripted, monkeypatch):
    """Its answer repeats the access key; what is shown is its code alone."""
    from support.services import Reply, ScriptedService

    body = f"<Error><Code>SignatureDoesNotMatch</Code>AKIATESTSONLY {KEY_FOR_TESTS}</Error>"
    refusing = ScriptedService(
        lambda heard, _: Reply(404) if heard.method == "HEAD" else Reply(403, body.encode())
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL", refusing.root)
    made = sp.stems("my_idea.wav")
    with pytest.raises(sp.ServiceSilent, match=r"\(SignatureDoesNotMatch\)\.") as caught:
        made.result(30)
    assert "AKIA" not in str(caught.value)
    assert KEY_FOR_TESTS not in str(caught.value)
    assert made.status == "submitting"
    refusing.close()


def test_a_store_that_the_service_cannot_reach_is_said(store, home, folder, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", "https://api.soundpiece.example/v1")
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    made = sp.stems("my_idea.wav")
    with pytest.raises(sp.ServiceSilent, match=r"which the service cannot reach\. Name a store"):
        made.result(30)


def test_a_file_that_is_gone_by_the_time_of_sending_was_kept(store, service, folder, home):
    """The process dies between writing down and sending; another one sends it all the same."""
    script = (
        "import os, signal, soundpiece_nb as sp\n"
        "from soundpiece_nb.operations.current_session import current\n"
        "from soundpiece_nb.operations.plan import Draft, plan_operation\n"
        "from soundpiece_nb.operations.submission import record\n"
        "from soundpiece_nb.api.routes import find_route\n"
        "draft = Draft(route=find_route('stems'), fields={'source': 'my_idea.wav'}, name='mine')\n"
        "record(current(), [plan_operation(current(), draft)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run([sys.executable, "-c", script], env=dict(os.environ), check=False)
    assert died.returncode == -signal.SIGKILL
    (folder / "my_idea.wav").unlink()
    assert service.heard == []
    sp.resume("mine")
    sent(sp.operation("mine"))
    [name] = store.objects()
    assert store.read(name) == wave()


def test_a_file_that_nobody_has_any_more_is_said(store, service, home, folder):
    made = sp.stems(f"soundpiece-file:{'a' * 64}.wav#lost%20song.wav")
    with pytest.raises(sp.ServiceSilent, match=r"lost song\.wav is neither in the team's store"):
        made.result(30)
    assert service.heard == []


def test_without_obstore_it_says_what_to_install(store, folder):
    code = (
        "import sys; sys.modules['obstore'] = None\n"
        "import soundpiece_nb as sp\n"
        "try: sp.stems('my_idea.wav')\n"
        "except sp.Mistake as mistake: print(mistake)\n"
        "print([name for name in sys.modules if name.startswith('obstore') and sys.modules[name]])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pip install 'soundpiece-nb[team]'" in ran.stdout, ran.stderr
    assert ran.stdout.endswith("[]\n")


# ------------------------------------------------------------------ the page of ways, as it is


def blocks(language: str) -> list[str]:
    page = (Path(__file__).parent.parent / "docs" / "your-own-audio.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_pages_bucket_in_python_gives_an_address_that_works(store, service, folder):
    """Its cell sends that address, and shows nothing of the signature."""
    namespace = {}
    exec(blocks("python")[0].replace("my-bucket", "team"), namespace)  # noqa: S102 - the page's own
    address = namespace["address"]
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.read() == wave()

    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    shell.user_ns["address"] = address.replace(store.root, "https://store.example.com")
    shell.run_line_magic("load_ext", "soundpiece_nb")
    page = (Path(__file__).parent.parent / "docs" / "your-own-audio.md").read_text()
    [cell] = [line.strip() for line in page.splitlines() if "{{address}}" in line]
    with capture_output() as captured:
        shell.run_cell(f"{cell} --no-wait")
    sent(sp.operation("parts"))
    shell.run_line_magic("unload_ext", "soundpiece_nb")
    assert sent_sources(service) == [shell.user_ns["address"]]
    shown = captured.stdout + str(captured.outputs) + sp.history().to_string()
    assert "Signature" not in shown


def test_the_pages_server_serves_what_was_put_into_its_folder_alone(folder):
    [commands] = blocks("sh")
    port = free_port()
    commands = commands.replace("8000", str(port)).replace("python ", f"exec {sys.executable} ")
    with subprocess.Popen(["sh", "-c", commands], stderr=subprocess.DEVNULL) as server:
        root, until = f"http://127.0.0.1:{port}", time.monotonic() + 20
        content = b""
        while not content and time.monotonic() < until:
            with suppress(OSError), urllib.request.urlopen(f"{root}/my_idea.wav") as answer:
                content = answer.read()
        assert content == wave()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"{root}/notes")
        server.terminate()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
