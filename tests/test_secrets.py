"""The API key and signed addresses never show: whatever is typed, whatever goes wrong."""

from __future__ import annotations

import json

import pytest

from kernels import Kernel
from services import RunningSandbox, quiet_environment

KEY = "spk_MARKED_4f1d7c2e9b"
SIGNED = "signature="

PREPARE = """
import logging, sys
logging.basicConfig(filename={log!r}, level=logging.DEBUG, force=True)
%load_ext soundpiece_nb
%xmode Verbose
import soundpiece_nb as sp
"""

CELLS = [
    "%soundpiece",
    "%soundpiece_status",
    "%config SoundpieceMagics",
    "%%soundpiece_song night --prompt Rock --wait\nLa la la la",
    "%%soundpiece_instrumental groove --wait\nJazz, short",
    "%%soundpiece_sample drums --duration 2 --loopable --wait\nDrum loop",
    "%%soundpiece_fx hit --duration 1 --once --wait\nDeep impact",
    "%soundpiece_stems parts --source night:2 --wait",
    "%%soundpiece_remix_song late --source parts:vocals --prompt Jazz --wait\nOther words",
    "%soundpiece_remix_instrumental others --source groove --wait",
    "%soundpiece_cut teaser --source late --to 8 --wait",
    "%soundpiece_cut teaser --source late --to 8 --dry-run",
    "%%soundpiece_song bad --prompt Rock --wait\ncontent_policy",
    "%%soundpiece_song --prompt Rock\n",
    "%soundpiece_stems --source nobody",
    "%soundpiece_history",
    "%soundpiece_history -o df",
    "%soundpiece_show night",
    "%soundpiece_wait",
    "%soundpiece_resume",
    "%soundpiece_export night teaser --to {folder}",
    "%soundpiece_prune hit",
    "%soundpiece_prune hit --yes",
    "%soundpiece_bundle nowhere.ipynb",
    "%soundpiece_sandbox status",
    "%soundpiece_logout",
    "storm = sp.batch([{{'prompt': 'Wind'}}], route='fx', name='storm')\nstorm",
    "storm.result()",
    "sp.takes()",
    "night.rerun(prompt='Folk').result()",
    "night.outputs[0].rate(4, 'love the bass')",
    '%soundpiece_rate night:2 4 "love the bass"',
    "%soundpiece_tag night keep",
    "%soundpiece_note night:2 words",
    "%soundpiece_lab",
    "%soundpiece_compare night late",
    "%soundpiece_fx hits -p '{{{{size}}}} impact' -d 1 --sweep size=tiny,huge --repeat 2 --wait",
    "hits",
    "sp.sweep('fx', vary={{'size': ['tiny']}}, prompt='{{{{size}}}} hit', duration=1).result()",
    "sp.takes().pipe(sp.top_words)",
    "%soundpiece_history --to {folder}/history.csv",
    "%soundpiece_history --to {folder}/history.html",
    "[vars(c) for c in sys.modules['soundpiece_nb.views.companion']._companions]",
    "night.parents, late.parents, night.children, night.entry, night.error, night.outputs",
    "session = sys.modules['soundpiece_nb.session'].current()\nsession, vars(session)",
    "clients = [each[0] for each in session.engine._clients.values()]\nsession.engine, clients",
    "[vars(client) for client in clients]",
    "session.connect(session.service), session.prepare('fx', {{'prompt': 'x'}})",
    "sp.song('x', prompt='y', key='no uuid')",
    "sp.stems(night.key, nonsense=1)",
    "[pool for client in clients for pool in vars(client).values()]",
]


@pytest.fixture(scope="module")
def traces(tmp_path_factory, sandbox: RunningSandbox):
    """Type everything, and give what was shown and what was left on the disk."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("folder")
    log = folder / "everything.log"
    kernel = Kernel(
        quiet_environment(home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=KEY)
    )
    shown = [kernel.run(PREPARE.format(log=str(log)))]
    shown += [kernel.run(cell.format(folder=folder)) for cell in CELLS]
    # The service stops answering, and refuses: what is said of it names no secret either.
    kernel.run("import os; os.environ['SOUNDPIECE_BASE_URL'] = 'http://127.0.0.1:9/v1'")
    shown.append(kernel.run("%config SoundpieceMagics.retry_budget = 0.5"))
    shown.append(kernel.run("%reload_ext soundpiece_nb"))
    shown.append(kernel.run("%soundpiece_fx lost -p x --wait"))
    kernel.close()
    files = {
        path: path.read_bytes()
        for root in (home, folder)
        for path in root.rglob("*")
        if path.is_file()
    }
    return shown, files


def test_everything_was_reached(traces):
    shown, files = traces
    assert sum(ran.status == "ok" for ran in shown) >= len(CELLS) - 8
    assert any(ran.status == "error" for ran in shown)
    assert any(path.name == "journal.sqlite" for path in files)
    assert any(path.name == "everything.log" and content for path, content in files.items())


@pytest.mark.parametrize("secret", [KEY, SIGNED])
def test_no_output_shows_a_secret(traces, secret):
    shown, _ = traces
    for ran in shown:
        assert secret not in json.dumps(ran.outputs), ran.text[:2000]


@pytest.mark.parametrize("secret", [KEY, SIGNED])
def test_no_file_holds_a_secret(traces, secret):
    _, files = traces
    for path, content in files.items():
        assert secret.encode() not in content, path
