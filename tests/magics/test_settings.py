"""Settings by `%config`: wrong ones fail in a sentence, right ones hold for all that is started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.lab_form import LabForm
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.settings import SETTINGS
from support.services import quiet_environment

KEY = "spk_test_typed_0123456789"
NO_NAME = "There is no setting SoundpieceMagics."
SECONDS = "must be a number of seconds from"
CHOICE = 'must be "auto", "always" or "never", not'
UNREADABLE = "%config cannot read"
NOTHING_SUCH = "names no setting. Say %config SoundpieceMagics"

WRONG = {
    "oncee = True": NO_NAME + "oncee (did you mean `once`?). %config SoundpieceMagics shows all.",
    "export_fromat = 'wav'": "(did you mean `export_format`?)",
    "Once = True": "(did you mean `once`?)",
    "pitchbend = 11": NO_NAME + "pitchbend. %config SoundpieceMagics shows all.",
    "onc": "(did you mean `once`?)",
    "wait = sometimes": f"{CHOICE} 'sometimes'",
    "wait = 'sometimes'": f"{CHOICE} 'sometimes'",
    "wait = 'alway'": "(did you mean `always`?)",
    "wait = True": f"{CHOICE} True",
    "wait = never": 'never is no variable here. Say SoundpieceMagics.wait = "never".',
    "wait = “never”": "A text is written in straight quotes.",
    "wait =": "is given no value",
    "retry_budget = -1": f"{SECONDS} 0, not -1.",
    "retry_budget = 'soon'": f"{SECONDS} 0, not 'soon'.",
    "request_timeout = 0.5": f"{SECONDS} 1, not 0.5.",
    "request_timeout = float('nan')": f"{SECONDS} 1, not nan.",
    "once = yes": "must be True or False, not 'yes'.",
    "once = 'yes'": "must be True or False, not 'yes'.",
    "once = 1": "must be True or False, not 1.",
    "once = 1/0": "cannot be '1/0': division by zero.",
    "once == True": UNREADABLE,
    "once True": UNREADABLE,
    "once = True; SoundpieceMagics.wait = 'never'": "invalid syntax",
    "most_a_day = 'ten'": "must be a whole number from 0, not 'ten'.",
    "most_at_once = -3": "must be a whole number from 0, not -3.",
    "most_a_day = True": "must be a whole number from 0, not True.",
    "export_format = 'ogg'": 'must be "flac", "wav" or "mp3", not \'ogg\'',
    "export_folder = songs": 'Say SoundpieceMagics.export_folder = "songs".',
    "export_folder = '/etc/passwd'": "must be a folder, and '/etc/passwd' is a file.",
    "export_folder = 5": "must be a text in quotes, not 5.",
    "export_name = '{moood}'": "has no field 'moood'; there are name, prompt,",
    "tags += ['x']": UNREADABLE,
    "tags.append('x')": UNREADABLE,
    "tags = ['x', 5]": "must be a list of texts, not ['x', 5].",
    "base_url = 'http://elsewhere.example/v1'": "must be an https address",
    "home = '$NOWHERE/sp'": "SoundpieceMagics.home is '$NOWHERE/sp'",
    "callback_url = 'http://me.example'": 'must be an https URL or "auto"',
    "log = 'verbose'": "must be",
    "api_key = 'x'": "%soundpiece_login asks for it and keeps it in the system keyring",
    "webhook_secret = 'x'": "%soundpiece_login --webhook asks for it",
}
ASTRAY = {
    "Soundpiecemagics.once = True": f"{NOTHING_SUCH}.once = True.",
    "SoundpieceMagic.once = True": f"{NOTHING_SUCH}.once = True.",
    "soundpiecemagics": f"{NOTHING_SUCH}.",
    "soundpiece.wait = 'never'": f"{NOTHING_SUCH}.wait = 'never'.",
    "sp.once = True": f"{NOTHING_SUCH}.once = True.",
    "c.SoundpieceMagics.once = True": f"{NOTHING_SUCH}.once = True.",
    "c.SoundpieceMagics": f"{NOTHING_SUCH}.",
    "--SoundpieceMagics.once=True": f"{NOTHING_SUCH}.once = True.",
    "once = True": f"{NOTHING_SUCH}.once = True.",
    "SoundpieceMagics once = True": UNREADABLE,
    "Soundpiece Magics.once = True": "%config SoundpieceMagics.once = True sets one;",
    "Soundpiecemagics.oncee = True": NO_NAME + "oncee (did you mean `once`?).",
    "Soundpiecemagics.api_key = 'my password'": "%soundpiece_login asks for it",
}


def refused(kernel, code: str) -> str:
    """Run a cell that must fail, and return its one sentence."""
    ran = kernel.run(code)
    assert ran.status == "error", f"{code} went on: {ran.text}"
    assert ran.printed == "", "it is said once"
    assert ran.text.startswith("Mistake: "), ran.text
    assert len(ran.text.splitlines()) == 1, "no traceback"
    return ran.text


def setting_of(kernel, name: str) -> str:
    return kernel.value(f"get_ipython().run_line_magic('config', 'SoundpieceMagics.{name}')")


@pytest.mark.parametrize("written", WRONG)
def test_a_setting_that_cannot_be_fails_its_cell_in_one_sentence(kernel, written):
    said = refused(kernel, f"%config SoundpieceMagics.{written}\nprint('went on')")
    assert WRONG[written] in said


@pytest.mark.parametrize("written", ASTRAY)
def test_a_setting_of_a_class_that_there_is_not_fails_its_cell(kernel, written):
    said = refused(kernel, f"%config {written}\nprint('went on')")
    assert ASTRAY[written] in said
    assert "password" not in said


def test_a_wrong_setting_changes_nothing_and_right_ones_work_after_it(kernel):
    settings = "get_ipython().magics_manager.registry['SoundpieceMagics'].trait_values(config=True)"
    before = kernel.value(settings)
    for written in WRONG:
        kernel.run(f"%config SoundpieceMagics.{written}")
    assert kernel.value(settings) == before
    kept = kernel.value("[str(s) for s in get_ipython().config.get('SoundpieceMagics', {})]")
    assert set(kept) <= set(before)
    kernel.run("%config SoundpieceMagics.wait = 'never'  # as ever")
    kernel.run("for _ in '1':\n    %config SoundpieceMagics.most_a_day = 2 * 3;")
    kernel.run("%reload_ext soundpiece_nb")
    after = kernel.value(settings)
    assert (after["wait"], after["most_a_day"]) == ("never", 6)
    assert kernel.run("%config SoundpieceMagics.wait").text == "'never'"
    for name in ("wait", "most_a_day"):
        kernel.run(f"%config SoundpieceMagics.{name} = None")
    assert kernel.value(settings) == before


@pytest.mark.parametrize("name", ["api_key", "key", "tags", "export_folder", "oncee"])
def test_a_key_in_a_setting_is_refused_and_never_repeated(kernel, name):
    said = refused(kernel, f"%config SoundpieceMagics.{name} = '{KEY}'")
    assert "A key does not belong in a notebook" in said
    assert KEY not in said
    assert KEY not in kernel.run("%config SoundpieceMagics").text


def test_a_setting_that_there_is_not_cannot_be_assigned_in_python(kernel):
    magics = "get_ipython().magics_manager.registry['SoundpieceMagics']"
    assert NO_NAME + "oncee (did" in refused(kernel, f"{magics}.oncee = True")
    assert CHOICE in refused(kernel, f"{magics}.wait = 'sometimes'")
    line = 'get_ipython().run_line_magic("config", "SoundpieceMagics.oncee = 1")'
    assert NO_NAME + "oncee (did" in refused(kernel, line)
    settings = "from soundpiece_nb.settings import SETTINGS\nSETTINGS."
    assert "There is no setting 'oncee' (did you mean `once`?)." in refused(
        kernel, f"{settings}oncee = True"
    )


def test_variables_of_the_notebook_are_values_but_for_the_fields_of_a_name(kernel, tmp_path):
    kernel.run(f"folder, name, take = {str(tmp_path)!r}, 'x', 3")
    kernel.run("%config SoundpieceMagics.export_folder = '{folder}/a'")
    assert setting_of(kernel, "export_folder") == f"{tmp_path}/a"
    kernel.run("%config SoundpieceMagics.export_folder = folder + '/b'")
    assert setting_of(kernel, "export_folder") == f"{tmp_path}/b"
    kernel.run("%config SoundpieceMagics.export_name = '{name} {take}'")
    assert setting_of(kernel, "export_name") == "{name} {take}"
    kernel.run('def inner(folder):\n    %config SoundpieceMagics.export_folder = "$folder"')
    kernel.run(f"inner('{tmp_path}/c')")
    assert setting_of(kernel, "export_folder") == f"{tmp_path}/c"
    for setting in ("export_folder", "export_name"):
        kernel.run(f"%config SoundpieceMagics.{setting} = ''")


def test_what_others_set_by_config_is_ipythons_own_affair(kernel):
    kernel.run("getattr(get_ipython().magics_manager, 'load_all_lazy_magics', int)()")
    kernel.run("wanted = True\n%config IPCompleter.greedy = wanted")
    assert kernel.run("%config IPCompleter.greedy").text == "True"
    assert "IPCompleter.greedy=<Bool>" in kernel.run("%config IPCompleter").text
    assert "SoundpieceMagics" in kernel.run("%config").text
    assert kernel.run("%config InlineBackend.figure_format = 'retina'").status == "ok"
    assert "%config Class[.trait=value]" in str(kernel.run("%config?").outputs) or kernel.value(
        "'%config Class[.trait=value]' in get_ipython().find_line_magic('config').__doc__"
    )
    kernel.run("%unload_ext soundpiece_nb\n%config IPCompleter.greedy = False")
    try:
        assert kernel.value("get_ipython().Completer.greedy") is False
        assert kernel.value("type(get_ipython().find_line_magic('config')).__name__") == "method"
    finally:
        kernel.run("%load_ext soundpiece_nb")


CONFIGURED = f"""
c = get_config()
c.SoundpieceMagics.oncee = True
c.SoundpieceMagics.wait = "sometimes"
c.SoundpieceMagics.api_key = "{KEY}"
c.SoundpieceMagics.export_format = "wav"
c.SoundpieceMagics.tags.append("album")
c.Soundpiecemagics.once = True
c.InteractiveShellApp.extensions = ["soundpiece_nb"]
"""
SHOW = """
magics = get_ipython().magics_manager.registry["SoundpieceMagics"]
print("tags", magics.tags, magics.export_format, magics.wait, magics.retry_budget)
%config SoundpieceMagics.oncee = True
print("went on")
"""


def test_wrong_settings_of_a_configuration_are_said_at_loading_and_left_out(tmp_path):
    (tmp_path / "ipython_config.py").write_text(CONFIGURED)
    given = ["--SoundpieceMagics.most_a_day=ten", "--SoundpieceMagics.retry_budget=12"]
    ran = subprocess.run(
        [sys.executable, "-m", "IPython", f"--profile-dir={tmp_path}", *given, "-c", SHOW],
        env=quiet_environment(tmp_path / "home", PYTHONPATH=os.pathsep.join(sys.path)),
        capture_output=True,
        text=True,
        check=False,
    )
    for said in (
        f"{NO_NAME}oncee (did you mean `once`?). %config SoundpieceMagics shows all.\n",
        f"SoundpieceMagics.wait {CHOICE} 'sometimes'.\n",
        "SoundpieceMagics.api_key is no setting",
        "SoundpieceMagics.most_a_day must be a whole number from 0, not 'ten'.\n",
        "IPython's configuration sets Soundpiecemagics, which is nothing; say SoundpieceMagics.\n",
        "tags ['album'] wav auto 12.0\nMistake: There is no setting SoundpieceMagics.oncee",
    ):
        assert said in ran.stdout
    assert len(ran.stdout.strip().split("\n")) == 7
    assert KEY not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    assert ran.returncode == 1, "and so does a run of all cells"


# ------------------------------------------------------------------ tags


def test_tags_that_are_set_go_to_everything_that_is_started(connected, monkeypatch):
    monkeypatch.setattr(SETTINGS, "tags", ["album", "night"])
    both, all_three = ("album", "night"), ("own", "album", "night")
    assert sp.fx("boom", duration=2).entry.tags == both
    plain = sp.submit("fx", prompt="boom", duration=2, tags=["own", "night"])
    assert plain.entry.tags == ("own", "night", "album"), "each once"
    sweep = sp.sweep("fx", vary={"mood": ["dark", "dry"]}, prompt="{{mood}}", duration=2)
    assert {each.entry.tags for each in sweep.operations} == {both}
    rows = [{"prompt": "boom", "duration": 2, "tags": ["own"]}, {"prompt": "bang", "duration": 2}]
    batch = sp.batch(rows, route="fx")
    assert [each.entry.tags for each in batch.operations] == [all_three, both]
    form = LabForm(current(), lambda *_: None)
    fields = {"prompt": "boom", "duration": 2}
    form.answer({"do": "make", "route": "fx", "fields": fields, "key": None})
    assert [sp.operation(key).entry.tags for key in form.keys] == [both]
    monkeypatch.setattr(SETTINGS, "tags", ["remix"])
    assert plain.rerun(prompt="bang").entry.tags == ("own", "night", "album", "remix")
    monkeypatch.setattr(SETTINGS, "tags", [])
    monkeypatch.setenv("SOUNDPIECE_TAGS", "album")
    assert sp.fx("boom", duration=2).entry.tags == (), "none beats the environment's"


# ------------------------------------------------------------------ the environment


def test_a_plain_import_has_its_defaults_from_the_environment(connected, monkeypatch, tmp_path):
    monkeypatch.setenv("SOUNDPIECE_TAGS", "album, night,album,")
    monkeypatch.setenv("SOUNDPIECE_ONCE", "1")
    monkeypatch.setenv("SOUNDPIECE_EXPORT_FOLDER", str(tmp_path / "songs"))
    monkeypatch.setenv("SOUNDPIECE_EXPORT_FORMAT", "wav")
    monkeypatch.setenv("SOUNDPIECE_EXPORT_NAME", "{date}/{name} {tags}")
    boom = sp.fx("boom", duration=2).result(60)
    assert boom.entry.tags == ("album", "night")
    assert sp.fx("boom", duration=2) == boom
    saved = boom.outputs[0].save()
    assert saved == tmp_path / "songs" / f"{boom.entry.finished_at:%Y-%m-%d}/boom album, night.wav"
    assert saved == boom.outputs[0].save(), "the same take is the same file"
    assert boom.outputs[0].save(tmp_path / "x.mp3") == tmp_path / "x.mp3"
    monkeypatch.setattr(SETTINGS, "export_format", "flac")
    assert boom.outputs[0].save(f"{tmp_path}/").suffix == ".flac", "%config comes first"


@pytest.mark.parametrize(
    ("name", "word", "expected"),
    [
        ("ONCE", "perhaps", "must be 1 or 0, not 'perhaps'."),
        ("TAGS", "spk_test_typed_0123456789", "must hold no key"),
        ("CALLBACK_URL", "http://me.example", "must be an https URL"),
        ("RETRY_BUDGET", "soon", "must be a number of seconds from 0, not 'soon'."),
        ("REQUEST_TIMEOUT", "0", "must be a number of seconds from 1, not '0'."),
    ],
)
def test_a_wrong_word_in_the_environment_is_said_before_anything_is_written(
    connected, monkeypatch, name, word, expected
):
    monkeypatch.setenv(f"SOUNDPIECE_{name}", word)
    with pytest.raises(sp.Mistake, match=f"^SOUNDPIECE_{name} ") as refused:
        sp.fx("boom", duration=2)
    assert expected in refused.value.message
    assert refused.value.money == "Nothing was sent."
    assert sp.history().empty


def test_the_status_lists_the_settings_that_are_set(kernel):
    assert "Settings" not in kernel.run("%soundpiece_status").printed
    kernel.run("%config SoundpieceMagics.tags = 'album, night'")
    kernel.run("%config SoundpieceMagics.wait = 'always'")
    kernel.run("import os\nos.environ['SOUNDPIECE_MOST_A_DAY'] = '20'")
    kernel.run("os.environ['SOUNDPIECE_EXPORT_FORMAT'] = 'ogg'")
    kernel.run("os.environ['SOUNDPIECE_MOST_PER_DAY'] = os.environ['SOUNDPIECE_USER'] = '5'")
    try:
        said = kernel.run("%soundpiece_status").printed
        assert "Settings         wait: always\n" in said
        assert f"\n{'':<17}tags: album, night\n" in said
        assert f"\n{'':<17}most_a_day: 20 (SOUNDPIECE_MOST_A_DAY)" in said
        assert "export_format: SOUNDPIECE_EXPORT_FORMAT must be" in said
        ignored = "SOUNDPIECE_MOST_PER_DAY (did you mean `SOUNDPIECE_MOST_A_DAY`?)"
        assert said.endswith(f"Ignored          {ignored}")
    finally:
        kernel.run("%config SoundpieceMagics.tags = None")
        kernel.run("%config SoundpieceMagics.wait = None")
        names = "('MOST_A_DAY', 'EXPORT_FORMAT', 'MOST_PER_DAY', 'USER')"
        kernel.run(f"for name in {names}:\n    del os.environ['SOUNDPIECE_' + name]")
