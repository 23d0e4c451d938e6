"""A front end that fails: whatever cannot be shown, operations end and magics return."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.kernels import Kernel
from support.services import quiet_environment

FAULTS = (
    "publisher",
    "publisher of others",
    "hook",
    "formatter",
    "comm",
    "widget",
    "displayhook",
    "stdout",
    "stderr",
    "log handler",
    "log filter",
    "log records",
    "listeners",
)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory, sandbox):
    environment = quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
    )
    started = Kernel(environment)
    tests = Path(__file__).parents[1]
    ran = started.run(
        f"import sys; sys.path.append({str(tests)!r})\n%load_ext soundpiece_nb\n"
        "from support.front_end_faults import FAULTS, begin_under, magic"
    )
    assert ran.status == "ok", ran.text
    yield started
    started.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_magics_return_and_operations_end_ready_under_a_fault_of_the_front_end(kernel, fault):
    kernel.run(f"raised, ended, rating = begin_under({fault!r})")
    assert kernel.value("raised") == []
    assert kernel.value("(ended, rating)") == ({"ready"}, 4)


def test_what_cannot_be_displayed_is_printed(kernel):
    ran = kernel.run("begin_under('publisher')")
    assert "made · fx · key " in ran.printed
    assert "operations, newest first." in ran.printed


def test_a_card_without_its_widget_is_drawn_in_place(kernel):
    ran = kernel.run("with FAULTS['widget']():\n    magic('fx', 'made -p Knock -d 1 --wait')")
    [card] = ran.of("display_data")
    assert "application/vnd.jupyter.widget-view+json" not in card["data"]
    assert "Show key" not in card["data"]["text/html"]
    *_, last = ran.of("update_display_data")
    assert "<audio" in last["data"]["text/html"]


def test_the_extension_unloads_and_loads_under_a_dead_comm(kernel):
    kernel.run("with FAULTS['comm']():\n    %reload_ext soundpiece_nb")
    ran = kernel.run("magic('fx', 'made -p Knock -d 1 --wait')\nprint(made.status)")
    assert (ran.status, ran.printed) == ("ok", "ready")
