"""The client in the owner's document makes a song here; only its base URL is changed."""

import io
import textwrap
from pathlib import Path
from typing import Any

import pytest
import requests
import soundfile

DOCUMENT = (Path(__file__).parent / "seed-async-operations.txt").read_text(encoding="utf-8")
ROOT = "https://api.soundpiece.co/v1"


def code_between(first: str, last: str, root: str) -> dict[str, Any]:
    """Run the lines of the document from one to the other, and give what they define."""
    begin = DOCUMENT.index(first)
    end = DOCUMENT.index(last, begin) + len(last)
    names: dict[str, Any] = {"requests": requests}
    exec(textwrap.dedent(DOCUMENT[begin:end]).replace(ROOT, root), names)  # noqa: S102 - a document of our own
    return names


@pytest.fixture
def generate_song(sandbox, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only")
    client = code_between("import os\n", 'return song["outputs"][0]["url"]', sandbox.root)
    return client["generate_song"]


def test_the_complete_client_makes_a_song_and_downloads_it(generate_song):
    url = generate_song(
        "I've been driving all night, my hands wet on the wheel", "Synthwave, melancholic"
    )
    sound, rate = soundfile.read(io.BytesIO(requests.get(url, timeout=30).content))
    assert rate == 44_100
    assert len(sound) > 10 * rate
    assert abs(sound).max() > 0.5


def test_the_complete_client_hears_of_a_failure(generate_song):
    with pytest.raises(RuntimeError, match=r"content_policy: .*rejected by our content policy"):
        generate_song("content_policy", "Rock")


def test_the_polling_example_reads_what_was_submitted(sandbox):
    client = code_between("import time\n", 'in time")', sandbox.root)
    operation = sandbox.submit()
    song = client["wait_for"]("create.new_song", operation["id"], "spk_tests_only", key="song")
    assert song["status"] == "ready"
