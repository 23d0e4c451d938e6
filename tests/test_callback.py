"""This server's callback address, and the secrets that webhooks to it are signed with."""

from __future__ import annotations

import base64

import pytest

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.credentials import find_webhook_secrets
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.plan import Draft, plan_operation

SECRETS = ["whsec_" + base64.b64encode(bytes([n]) * 24).decode() for n in (1, 2)]


@pytest.fixture(autouse=True)
def _alone(home, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_PUBLIC_URL", raising=False)


def told(given="auto"):
    draft = Draft(route=find_route("fx"), fields={"prompt": "rain", "callback_url": given})
    with nothing_sent():
        return plan_operation(current(), draft).request.fields.get("callback_url")


@pytest.mark.parametrize("name", ["SOUNDPIECE_PUBLIC_URL", "JUPYTERHUB_PUBLIC_URL"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_auto_is_this_servers_own_receiver(monkeypatch, name, slash):
    monkeypatch.setenv(name, f"https://hub.example.org/user/someone{slash}")
    assert told() == "https://hub.example.org/user/someone/soundpiece/webhook"


def test_what_the_person_says_comes_before_what_the_hub_says(monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_PUBLIC_URL", "https://mine.example.org")
    monkeypatch.setenv("JUPYTERHUB_PUBLIC_URL", "https://hub.example.org/user/someone/")
    assert told() == "https://mine.example.org/soundpiece/webhook"


def test_a_setting_says_it_for_all(monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_PUBLIC_URL", "https://mine.example.org")
    monkeypatch.setattr(current().settings, "callback_url", "auto")
    assert told(None) == "https://mine.example.org/soundpiece/webhook"


def test_without_an_address_it_says_what_to_do():
    with pytest.raises(Mistake, match=r"Nothing was sent\. Set SOUNDPIECE_PUBLIC_URL"):
        told()


@pytest.mark.parametrize(
    "address",
    [
        "http://jupyter.example.org", "https://localhost:8888", "https://127.0.0.1", "https://box",
        "https://10.0.0.7/", "https://192.168.1.4:8888/", "https://[::1]/", "https://nas.local",
        "https://169.254.169.254", "https://", "ftp://example.org", "https://127.1/", "nonsense",
        "https://someone:secret@example.org", "https://example.org/?token=secret", "https://[x",
    ],
)  # fmt: skip
def test_what_the_internet_cannot_reach_is_refused_without_repeating_it(monkeypatch, address):
    monkeypatch.setenv("SOUNDPIECE_PUBLIC_URL", address)
    with pytest.raises(Mistake, match="SOUNDPIECE_PUBLIC_URL is no https address") as refused:
        told()
    assert "secret" not in str(refused.value)


def test_an_address_given_as_it_is_stays_as_it_is(monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_PUBLIC_URL", "https://mine.example.org")
    assert told("https://other.example.org/hook") == "https://other.example.org/hook"


def test_several_secrets_are_good_at_once(monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_WEBHOOK_SECRET", " ".join(SECRETS))
    assert find_webhook_secrets() == SECRETS


def test_there_may_be_none():
    assert find_webhook_secrets() == []


@pytest.mark.parametrize(
    "text",
    [
        "whsec_" + base64.b64encode(b"x" * 23).decode(), "whsec_***", SECRETS[0][6:],
        f"{SECRETS[0]} whsec_short", f"x{SECRETS[0]}",
    ],
)  # fmt: skip
def test_a_secret_that_is_none_is_refused_without_repeating_it(monkeypatch, text):
    monkeypatch.setenv("SOUNDPIECE_WEBHOOK_SECRET", text)
    with pytest.raises(Mistake, match="at least 24 bytes") as refused:
        find_webhook_secrets()
    assert not any(part in str(refused.value) for part in text.split())
