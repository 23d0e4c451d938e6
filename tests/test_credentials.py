"""What a person lets the system keyring keep, and takes back."""

from __future__ import annotations

import getpass
import subprocess
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend

from soundpiece_nb import credentials
from soundpiece_nb.api.errors import Mistake
from support.services import quiet_environment

KEY = "spk_test_kept_0123456789"
SECRETS = ("whsec_" + "A" * 32, "whsec_" + "B" * 32)


class Memory(KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("none")


@pytest.fixture
def memory(home):
    keyring.set_keyring(Memory())  # `home` puts the usual one back
    return keyring.get_keyring()


@pytest.fixture
def shell(memory, monkeypatch):
    """A shell with a person before it."""
    monkeypatch.setenv("SOUNDPIECE_NONINTERACTIVE", "0")
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "soundpiece_nb")
    yield shell
    shell.run_line_magic("unload_ext", "soundpiece_nb")
    InteractiveShell.clear_instance()


def typed(monkeypatch, text):
    asked = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or text)
    return asked


def test_a_key_is_kept_found_and_forgotten(shell, monkeypatch, capsys):
    typed(monkeypatch, KEY)
    shell.run_line_magic("soundpiece_login", "")
    assert credentials.find_api_key() == KEY
    shell.run_line_magic("soundpiece_logout", "")
    assert credentials.find_api_key() is None
    shell.run_line_magic("soundpiece_logout", "")
    said = capsys.readouterr().out
    assert said.splitlines() == [
        "The key is in the system keyring; %soundpiece_logout removes it.",
        "The key is removed from the keyring; %soundpiece_login keeps one there.",
        "The keyring holds no key.",
    ]
    assert KEY not in said


def test_a_second_enter_is_no_answer_and_it_is_asked_again(shell, monkeypatch):
    answers = ["", " ", KEY]
    monkeypatch.setattr(getpass, "getpass", lambda _: answers.pop(0))
    shell.run_line_magic("soundpiece_login", "")
    assert credentials.find_api_key() == KEY
    asked = typed(monkeypatch, "")
    with pytest.raises(Mistake, match="API key"):
        shell.run_line_magic("soundpiece_login", "")
    assert len(asked) == 3


def test_a_program_is_not_asked_and_its_next_line_is_no_key(tmp_path):
    environment = quiet_environment(tmp_path / "home")
    program = "%load_ext soundpiece_nb\n%soundpiece_login\nprint('read', 'as', 'code')\n"
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"],
        input=program,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Nobody can be asked for it here" in done.stdout
    assert "read as code" in done.stdout


def test_secrets_stand_between_spaces_or_commas(memory, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_WEBHOOK_SECRET", f"{SECRETS[0]}, {SECRETS[1]}")
    assert credentials.find_webhook_secrets() == [*SECRETS]


def test_the_secret_of_webhooks_likewise_several_while_one_takes_over(shell, monkeypatch, capsys):
    asked = typed(monkeypatch, " ".join(SECRETS))
    shell.run_line_magic("soundpiece_login", "--webhook")
    assert "signing secret" in asked[0]
    assert credentials.find_webhook_secrets() == [*SECRETS]
    assert credentials.find_api_key() is None
    shell.run_line_magic("soundpiece_logout", "--webhook")
    assert credentials.find_webhook_secrets() == []
    said = capsys.readouterr().out
    assert "The secret is in the system keyring; %soundpiece_logout --webhook removes it." in said
    assert (
        "The secret is removed from the keyring; %soundpiece_login --webhook keeps one there."
        in said
    )
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize(
    "text",
    ["", "   ", "whsec_dG9vc2hvcnQ=", f"{SECRETS[0]} nonsense", KEY, f"whsec_\u00e9{'A' * 40}"],
)
def test_what_is_no_secret_is_not_kept_and_not_repeated(memory, text):
    with pytest.raises(Mistake, match="24 bytes as base64") as refused:
        credentials.store_webhook_secrets(text)
    assert "dG9v" not in str(refused.value)
    assert memory.kept == {}


def test_a_wrong_secret_is_said_where_it_stands(memory, monkeypatch):
    memory.set_password("soundpiece", "webhook_secret", "whsec_short")
    with pytest.raises(Mistake, match="The keyring's webhook_secret is no signing secret"):
        credentials.find_webhook_secrets()
    monkeypatch.setenv("SOUNDPIECE_WEBHOOK_SECRET", "whsec_short")
    with pytest.raises(Mistake, match="SOUNDPIECE_WEBHOOK_SECRET holds something"):
        credentials.find_webhook_secrets()


def test_a_keyring_that_keeps_nothing_is_no_keyring(home):
    with pytest.raises(Mistake, match="Set SOUNDPIECE_API_KEY in the environment"):
        credentials.store_api_key(KEY)
    with pytest.raises(Mistake, match="Set SOUNDPIECE_WEBHOOK_SECRET in the environment"):
        credentials.store_webhook_secrets(SECRETS[0])
    assert not credentials.forget(credentials.API_KEY)
    assert not credentials.forget(credentials.WEBHOOK_SECRET)
