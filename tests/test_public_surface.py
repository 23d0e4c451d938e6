"""The names that others build upon, each of them there: the contract, walked line by line."""

from __future__ import annotations

import inspect
import uuid
from datetime import timedelta

import pytest

import soundpiece_nb as sp
from soundpiece_nb.settings import Settings
from support.kernels import Kernel
from support.services import quiet_environment

CELLS = ("song", "instrumental", "sample", "fx", "remix_song")
LINES = (*CELLS, "remix_instrumental", "stems", "cut")
COMMANDS = (
    "soundpiece",
    *(
        f"soundpiece_{name}"
        for name in (
            "history show compare resume wait status export login logout sandbox lab bundle doctor "
            "rate tag note rename prune"
        ).split()
    ),
)
COMMON = (
    "--key --once --wait --no-wait --timeout --sweep --tag --note --callback-url --embed --link "
    "--extra --unchecked --dry-run -w -t"
).split()
OWN = {
    "song": "--prompt -p --reference -r",
    "instrumental": "--prompt -p --reference -r",
    "sample": "--prompt -p --duration -d --loopable",
    "fx": "--prompt -p --duration -d",
    "remix_song": "--source -s --prompt -p --variations -n",
    "remix_instrumental": "--source -s --variations -n",
    "stems": "--source -s",
    "cut": "--source -s --to",
}
HISTORY = ("-n", "--status", "--route", "--since", "--search", "--tag", "-o")
FUNCTIONS = {
    "submit": "route name tags extra unchecked fields",
    "song": "lyrics prompt reference",
    "instrumental": "prompt reference",
    "sample": "prompt duration loopable",
    "fx": "prompt duration",
    "remix_song": "source lyrics prompt n_variations",
    "remix_instrumental": "source n_variations",
    "stems": "source",
    "cut": "source target_duration",
    "operation": "key",
    "resume": "",
    "history": "route status since search tag limit",
    "takes": "route status since search tag limit",
    "compare": "keys",
    "batch": "rows route max_in_flight name extra unchecked",
    "load_ipython_extension": "",
    "unload_ipython_extension": "",
}
HISTORY_COLUMNS = (
    "name route status operation_id prompt lyrics reference source params outputs duration "
    "error_code error_message submitted_at accepted_at finished_at elapsed polls retries rating "
    "note tags sweep notebook files"
).split()
TRAITS = (
    "base_url home wait sound once callback_url request_timeout retry_budget operation_deadline "
    "tags export_folder export_format export_name "
    "most_a_day most_at_once most_a_day_in_journal most_at_once_in_journal"
).split()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory, sandbox):
    environment = quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    started = Kernel(environment)
    assert started.run("%load_ext soundpiece_nb").outputs == []
    yield started
    started.close()


@pytest.fixture(scope="module")
def magics(kernel):
    return kernel.value(
        "{kind: sorted(names) for kind, names in get_ipython().magics_manager.magics.items()}"
    )


def test_every_magic_is_there(magics):
    assert {f"soundpiece_{noun}" for noun in CELLS} <= set(magics["cell"])
    assert {f"soundpiece_{noun}" for noun in LINES} <= set(magics["line"])
    assert set(COMMANDS) <= set(magics["line"])


@pytest.mark.parametrize("noun", LINES)
def test_every_option_of_a_route_is_in_its_help(kernel, noun):
    words = set(_help(kernel, f"soundpiece_{noun}").replace(",", " ").split())
    assert set(COMMON) <= words
    assert set(OWN[noun].split()) <= words


def test_every_option_of_the_history_is_in_its_help(kernel):
    words = set(_help(kernel, "soundpiece_history").replace("[", " ").replace(",", " ").split())
    assert set(HISTORY) <= words


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(kernel, command):
    assert _help(kernel, command).strip()


def test_the_overview_names_every_command(kernel):
    overview = kernel.run("%soundpiece").text
    assert [name for name in COMMANDS[1:] if name not in overview] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_takes_what_it_should(name):
    function = getattr(sp, name)
    assert set(FUNCTIONS[name].split()) <= set(inspect.signature(function).parameters)
    assert inspect.getdoc(function)


def test_every_attribute_of_a_handle_is_there(connected):
    op = sp.fx("Impact", duration=1, name="hit", tags=["t"]).result(60)
    for name in "key id route status error elapsed request outputs parents children".split():
        getattr(op, name)
    for name in "result rate tag untag note rename rerun".split():
        assert callable(getattr(op, name))
    [output] = op.outputs
    for name in "path duration kind rating note".split():
        getattr(output, name)
    samples, rate = output.audio()
    assert samples.dtype == "float32"
    assert (samples.ndim, rate) == (2, 44_100)
    assert callable(output.save)
    assert all(callable(getattr(output, name)) for name in ("rate", "unrate", "annotate"))
    assert set(HISTORY_COLUMNS) <= set(sp.history().columns)
    assert sp.history().index.name == "idempotency_key"
    assert list(sp.takes().index.names) == ["idempotency_key", "take"]


def test_handles_of_one_operation_are_equal_and_their_text_is_its_key(connected):
    op = sp.fx("Impact", duration=1).result(60)
    again = sp.operation(op)
    assert again == op == sp.operation(uuid.UUID(op.key)) == sp.operation(f" {op.key} ")
    assert len({op, again, sp.fx("Other", duration=1)}) == 2
    assert again.outputs[0] == op.outputs[0] != op
    assert (f"{op}", f"{op.outputs[0]}") == (op.key, f"{op.key}:1")
    assert sp.resume(op) == [op]


def test_a_field_goes_by_the_name_of_its_option_everywhere(connected):
    song = sp.song("La la", prompt="Rock").result(60)
    assert sp.submit("cut", source=song, to=5).request["target_duration"] == 5
    assert sp.cut(song, to=5).rerun(to=6).request["target_duration"] == 6
    [row] = sp.batch([{"source": song, "variations": 2}], route="remix_instrumental")
    assert row.request["n_variations"] == 2


@pytest.mark.parametrize("timeout", ["5", True, float("nan"), [5]])
def test_a_timeout_that_is_no_time_is_said(connected, timeout):
    for awaited in (sp.fx("Impact", duration=1), sp.batch([{"prompt": "Rain"}], route="fx")):
        with pytest.raises(sp.Mistake, match="A timeout must be a number of seconds"):
            awaited.result(timeout)
        awaited.result(timedelta(minutes=1))


@pytest.mark.parametrize("value", [10**6000, "y" * 200_000], ids=["a huge number", "a long text"])
@pytest.mark.parametrize(
    "give",
    [
        sp.operation,
        lambda value: sp.history(status=value),
        lambda value: sp.history(order=value),
        lambda value: sp.history(since=value),
        lambda value: sp.submit(value, prompt="x"),
        lambda value: sp.fx(prompt="x", key=value),
        lambda value: sp.sweep("fx", prompt="x", vary=value),
        lambda value: sp.sweep("fx", prompt="x", vary={"prompt": value}),
    ],
)
def test_an_error_names_a_value_in_few_words(connected, give, value):
    with pytest.raises(sp.Mistake) as refused:
        give(value)
    assert len(str(refused.value)) < 500


async def test_a_handle_can_be_awaited(connected):
    assert (await sp.fx("Impact", duration=1)).status == "ready"


def test_errors_carry_key_and_id(connected):
    with pytest.raises(sp.OperationFailed) as failed:
        sp.song("content_policy", prompt="x").result(60)
    assert failed.value.key
    assert failed.value.operation_id
    assert issubclass(sp.RequestRejected, sp.SoundpieceError)
    assert issubclass(sp.WaitTimeout, sp.SoundpieceError)


def test_every_setting_has_help_and_none_is_the_key(kernel):
    shown = kernel.run("%config SoundpieceMagics").text
    for trait in TRAITS:
        assert f"SoundpieceMagics.{trait}" in shown
    missing = kernel.value(
        "[n for n, t in get_ipython().magics_manager.registry['SoundpieceMagics']"
        ".traits(config=True).items() if not t.help]"
    )
    assert missing == []
    assert "spk_" not in shown


def test_the_environment_is_read(home, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", "https://soundpiece.example/v1")
    monkeypatch.setenv("SOUNDPIECE_HOME", str(home / "elsewhere"))
    settings = Settings()
    assert settings.read_base_url() == "https://soundpiece.example/v1"
    assert settings.read_home() == home / "elsewhere"
    assert (
        Settings(base_url="https://chosen.example/v1").read_base_url().startswith("https://chosen")
    )
    monkeypatch.delenv("SOUNDPIECE_BASE_URL")
    assert settings.read_base_url() == "https://api.soundpiece.co/v1"


def _help(kernel, magic: str) -> str:
    kinds = "get_ipython().magics_manager.magics.values()"
    return kernel.value(f"next(kind[{magic!r}].__doc__ for kind in {kinds} if {magic!r} in kind)")
