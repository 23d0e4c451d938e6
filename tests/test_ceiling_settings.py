"""Settings that several processes share by the environment: ceilings, and who makes it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.settings import Settings, made_by

CEILINGS = ("most_a_day", "most_at_once", "most_a_day_in_journal", "most_at_once_in_journal")


@pytest.mark.parametrize("name", CEILINGS)
def test_a_ceiling_is_the_settings_else_the_environments_else_none(home, monkeypatch, name):
    assert Settings().read_ceiling(name) is None
    variable = f"SOUNDPIECE_{name.upper()}"
    for text, most in (("20", 20), (" '20' ", 20), ("0", None), ("", None), ("  ", None)):
        monkeypatch.setenv(variable, text)
        assert Settings().read_ceiling(name) == most
    monkeypatch.setenv(variable, "20")
    assert Settings(**{name: 5}).read_ceiling(name) == 5
    assert Settings(**{name: 0}).read_ceiling(name) is None


@pytest.mark.parametrize("text", ["ten", "-1", "2.5", "1,000", "inf", "nan", "True", "20 a day"])
def test_a_wrong_word_for_a_ceiling_names_its_variable(home, monkeypatch, text):
    monkeypatch.setenv("SOUNDPIECE_MOST_A_DAY", text)
    with pytest.raises(Mistake) as refused:
        Settings().read_ceiling("most_a_day")
    words = str(refused.value)
    assert words.startswith("SOUNDPIECE_MOST_A_DAY must be a whole number from 0, not ")
    assert text in words
    assert Settings(most_a_day=3).read_ceiling("most_a_day") == 3


def test_who_makes_it_is_the_variable_else_the_hubs_user_else_the_systems(home, monkeypatch):
    monkeypatch.setenv("LOGNAME", "system-user")
    monkeypatch.setenv("JUPYTERHUB_USER", "ada@example.org")
    monkeypatch.setenv("SOUNDPIECE_USER", " Zoë \n")
    assert made_by() == "Zoë"
    monkeypatch.setenv("SOUNDPIECE_USER", " \x1b ")
    assert made_by() == "ada@example.org"
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert made_by() == "system-user"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a" * 1000, "a" * 79 + "…"),
        ("one\ntwo\tthree\u2028four", "one two three four"),
        ("red\x1b[31m\x07\x9b", "red[31m"),
        ("bytes\udcff", "bytes"),
        ("Zoe\u0308", "Zoë"),
        ("spk_test_typed_0123456789", "spk_…"),
    ],
)
def test_who_makes_it_is_one_short_line(home, monkeypatch, typed, kept):
    monkeypatch.setenv("SOUNDPIECE_USER", typed)
    assert made_by() == kept


def test_a_user_without_a_name_is_known_by_number(home):
    code = "from soundpiece_nb.settings import made_by; print(made_by())"
    nameless = ["env", "-i", f"PYTHONPATH={os.pathsep.join(sys.path)}", "unshare", "--user"]
    run = [*nameless, "--map-user=4242", sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "4242\n"
