"""Names of exported files as a pattern: safe on every system, and never outside the folder."""

from __future__ import annotations

import re
from pathlib import Path, PurePath, PureWindowsPath

import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.files.name_pattern import FIELDS, fill, read_pattern
from support.hostile_texts import PIECES

WORDS = dict.fromkeys(FIELDS, "") | {"name": "night drive", "take": "2", "date": "2026-11-28"}


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{name} {take}", "night drive 2.flac"),
        ("{date}/{name}-{take}", "2026-11-28/night drive-2.flac"),
        ("{name}", "night drive.flac"),
        ("demo", "demo.flac"),
        ("{name} - {tags} - {take}", "night drive - 2.flac"),
        ("{tags}/{varied}/{name}", "night drive.flac"),
        ("{tempo}", "take.flac"),
        (" {name} . ", "night drive.flac"),
        ("a: {name}? *{take}*", "a- night drive-2.flac"),
        (".{name}/..{take}", "night drive/2.flac"),
        ("con/{take}", "_con/2.flac"),
        ("NUL", "_NUL.flac"),
        ("aux.x", "_aux.x.flac"),
        ("{name} 1.5", "night drive 1.5.flac"),
        ("夜 {name} e\u0301", "夜 night drive é.flac"),
        ("गति {take}", "गति 2.flac"),
    ],
)
def test_a_pattern_becomes_a_path(pattern, path):
    assert fill(read_pattern(pattern, "--name"), WORDS, ".flac") == PurePath(path)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{moood} {take}", "has no field 'moood'; there are name, prompt, lyrics, take, kind,"),
        ("{nam}", "did you mean `name`?"),
        ("{}", "has no field ''"),
        ("{0}", "has no field '0'"),
        ("{take:02}", "has no field 'take:02' (did you mean `take`?)"),
        ("{name.__class__}", "has no field 'name.__class__'"),
        ("{{name}}", "each field in its own braces"),
        ("{name", "each field in its own braces"),
        ("name}", "each field in its own braces"),
        ("", "must not be empty"),
        ("{name}/", "must end with a file's name"),
        ("../{name}", "must stay within the folder"),
        ("{date}/ .. /{name}", "must stay within the folder"),
        ("/data/{name}", "must stay within the folder"),
        ("~/{name}", "must stay within the folder"),
        ("C:\\{name}", "must stay within the folder"),
        ("c:/{name}", "must stay within the folder"),
        ("\\\\host\\{name}", "must stay within the folder"),
        ("{date}\\{name}", "must have / between folders"),
        ("{name}.wav", "must go without .wav, as the format decides the ending"),
        ("{name}.FLAC", "must go without .FLAC"),
        ("{name} " * 100, "must have at most 400 characters and 8 folders"),
        ("a/" * 9 + "{name}", "must have at most 400 characters and 8 folders"),
    ],
)
def test_a_pattern_that_names_no_file_is_refused(pattern, why):
    with pytest.raises(Mistake, match=re.escape(why)) as refused:
        read_pattern(pattern, "--name")
    assert refused.value.message.startswith("--name ")


@pytest.mark.parametrize(
    "word",
    [
        *PIECES,
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\x",
        "C:\\x",
        "\\\\host\\share",
        "~root",
        "a/b\\c",
        "-rf *",
        "con",
        "LPT1.txt",
        "x" * 10_000,
        "夜" * 10_000,
        "\N{MUSICAL SYMBOL G CLEF}" * 500,
        "e\u0301" * 500,
        "\ud800 half",
        "nul\0tab\tline\nend\x1b[31m\u202e\u2028",
        "{take}",
        "%PATH% $HOME `id`",
        " . ",
        "",
    ],
    ids=lambda word: ascii(word[:12]),
)
def test_whatever_a_word_is_the_file_is_within_the_folder_on_any_system(word):
    for pattern in ("{name}", "{name} {take}", "{name}/{name}/{take}", "x{name}"):
        path = fill(pattern, {**WORDS, "name": word}, ".flac")
        assert not path.is_absolute()
        assert len(path.parts) <= pattern.count("/") + 1
        windows = PureWindowsPath(path)
        assert not windows.drive
        assert windows.parts == path.parts
        for part in path.parts:
            assert part not in {"", ".", ".."}
            assert len(part.encode()) <= 220, "file systems count 255 bytes, and -2 may come to it"
            assert not set(part) & set('<>:"|?*\\/\0\n\t\x1b\u202e')
            assert not part.startswith((".", " ", "-", "~"))
            assert part == part.rstrip(" .")
            assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d) *(\..*)?", part)


def exported(kernel, line: str) -> str:
    ran = kernel.run(f"%soundpiece_export {line}")
    assert ran.status == "ok", ran.text
    return ran.printed


def test_exported_takes_are_named_by_the_option_else_the_setting_else_as_ever(kernel, tmp_path):
    kernel.run("short = sp.fx('boom', duration=2).result(60)\nparts = sp.stems(source=short)")
    words = r"'[Verse]\nDrive all night', prompt='Dark/synth: wave', name='night', tags=['demo']"
    ran = kernel.run(f"song = sp.remix_song(lyrics={words}, source=short, variations=2).result(60)")
    assert ran.status == "ok", ran.text
    kernel.run("parts.result(60)")
    day = kernel.value("f'{song.entry.finished_at:%Y-%m-%d}'")
    to = f"--to {tmp_path}"
    assert "Drive all night.flac" in exported(kernel, f'song --take 1 {to} --name "{{lyrics}}"')
    line = f'song {to} --name "{{date}}/{{name}} {{take}} {{tags}}" --format mp3'
    said = exported(kernel, line)
    assert said.startswith(f"{day}/night 1 demo.mp3\n{day}/night 2 demo.mp3\n")
    assert (tmp_path / day / "night 2 demo.mp3").is_file()
    assert exported(kernel, line).count("already there\n") == 2
    assert "vocals.flac" in exported(kernel, f"parts {to} --name '{{kind}}'")
    assert "Dark-synth- wave remix_song.flac" in exported(
        kernel, f"song --take 1 {to} --name '{{prompt}} {{route}}'"
    )
    kernel.run(f"%config SoundpieceMagics.export_folder = '{tmp_path}/all'")
    kernel.run("%config SoundpieceMagics.export_name = '{name}'")
    kernel.run("%config SoundpieceMagics.export_format = 'wav'")
    try:
        assert exported(kernel, "song").startswith("night.wav\nnight-2.wav\n2 files in ")
        assert exported(kernel, "song").count("already there\n") == 2, "each take has one file"
        assert exported(kernel, f"song --take 2 {to} --format flac").startswith("night.flac\n")
        assert kernel.value("str(song.outputs[0].save())") == f"{tmp_path}/all/night.wav"
        assert kernel.value(f"song.outputs[0].save('{tmp_path}/x.mp3').name") == "x.mp3"
    finally:
        for name in ("folder", "name", "format"):
            kernel.run(f"%config SoundpieceMagics.export_{name} = None")
    key = kernel.value("song.key")[:8]
    assert exported(kernel, f"song --take 1 {to}").startswith(f"night-1-{key}.flac\n")


def test_what_is_wrong_with_an_exports_name_or_folder_is_said_before_anything_is_written(
    kernel, tmp_path
):
    kernel.run("boom = sp.fx('boom', duration=2).result(60)")
    (tmp_path / "out").symlink_to(tmp_path.parent)
    for line, said in {
        "boom": "Say where to, or set a folder for all exports.",
        f"boom --to {tmp_path} --name '{{mood}}'": "--name has no field 'mood'",
        f"boom --to {tmp_path} --name ''": "--name must not be empty",
        f"boom --to {tmp_path} --name 5/": "--name must end with a file's name",
        f"boom --to {tmp_path} --name 'out/{{take}}'": "is a link that leads out of",
    }.items():
        ran = kernel.run(f"%soundpiece_export {line}")
        assert ran.status == "error"
        assert said in ran.text
        assert "Traceback" not in ran.text
    kernel.run("import os\nos.environ['SOUNDPIECE_EXPORT_NAME'] = '/{take}'")
    try:
        said = kernel.run(f"%soundpiece_export boom --to {tmp_path}").text
        assert said.startswith("Mistake: SOUNDPIECE_EXPORT_NAME must stay within the folder")
    finally:
        kernel.run("del os.environ['SOUNDPIECE_EXPORT_NAME']")
    assert [each.name for each in Path(tmp_path).iterdir()] == ["out"]
