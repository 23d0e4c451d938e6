"""A preview beside a take is used only if it is one; whatever else lies there is made anew."""

from __future__ import annotations

import base64

import pytest

from soundpiece_nb.display.sound_source import Holding, Place, embedded
from soundpiece_nb.journal.journal import Journal
from support.kept_take import KEY, keep_take


@pytest.mark.parametrize("left", [b"", b"\0" * 4096, b"<html>"])
def test_a_preview_that_a_power_failure_cut_is_made_anew(tmp_path, left):
    stored = keep_take(tmp_path, KEY)
    journal = Journal(tmp_path)
    entry = journal.entry(KEY)
    journal.close()
    place = Place(tmp_path, None, Holding.EMBED)
    preview = stored.with_suffix(".mp3")
    preview.write_bytes(left)
    assert not place.at_hand(entry)
    address = embedded(stored)
    assert place.at_hand(entry)
    assert base64.b64decode(address.removeprefix("data:audio/mpeg;base64,")) == preview.read_bytes()
    assert preview.stat().st_size > 10_000
    written = preview.stat().st_mtime_ns
    assert embedded(stored) == address
    assert preview.stat().st_mtime_ns == written
