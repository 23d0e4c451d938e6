"""Names are what Python reads, however they are spelled, and none that the notebook lives by."""

from __future__ import annotations

import unicodedata

import pytest

LIGATURE, WIDE, MATH = "\ufb01re", "\uff46\uff49\uff52\uff45", "\U0001d41f\U0001d422re"
COMPOSED = "caf\u00e9"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.mark.parametrize("spelled", [LIGATURE, WIDE, MATH, "fire"])
def test_a_name_is_the_variable_that_python_reads(kernel, spelled):
    ran = kernel.run(f"%soundpiece_fx {spelled} -p Fire -d 1 --wait")
    assert ran.status == "ok", ran.text
    assert kernel.value(f"(fire is {spelled}, {spelled}.name)") == (True, "fire")
    kernel.run("kept = fire.key\ndel fire")
    for line in (f"%soundpiece_show {spelled}", f"%soundpiece_wait {spelled}"):
        assert kernel.run(line).status == "ok"
    assert "take 1 of " in kernel.run(f"%soundpiece_stems --source {spelled}:1 --dry-run").text
    assert kernel.value(f"sp.operation({spelled!r}).key == kept")
    assert kernel.value(f"kept in sp.history(name={spelled!r}).index")


@pytest.mark.parametrize("spelled", [COMPOSED, DECOMPOSED])
def test_a_handle_is_found_by_its_variable_in_either_encoding(kernel, spelled):
    kernel.run(f"{COMPOSED} = sp.fx('Cups', duration=1).result()")
    assert kernel.run(f"%soundpiece_rate {spelled} 4").status == "ok"
    assert kernel.run(f"%soundpiece_tag {spelled} {spelled}").status == "ok"
    assert kernel.value(f"{COMPOSED}.entry.tags") == (spelled,)
    for tag in (COMPOSED, DECOMPOSED):
        assert kernel.value(f"{COMPOSED}.key in sp.history(tag={tag!r}).index")


@pytest.mark.parametrize(
    "name",
    ["get_ipython", "In", "Out", "_", "__", "___", "_oh", "_ih", "_dh", "_i", "_ii", "_i1", "_7",
     "exit", "quit", "display", "open", "print", "max", "__name__", "__builtins__", "class",
     "None", "\uff50rint", "_\uff12"],
)  # fmt: skip
def test_a_name_that_the_notebook_or_python_needs_is_refused(kernel, name):
    before = kernel.value("len(sp.history())")
    for line in (f"%soundpiece_fx {name} -p x", f"%%soundpiece_fx {name} --sweep m=a,b\n{{{{m}}}}"):
        [error] = kernel.run(line).errors
        assert "cannot be a NAME: " in error
        assert "Nothing was sent." in error
    assert kernel.value("len(sp.history())") == before
    assert kernel.value("all(map(callable, (get_ipython, print, max, open)))") is True


def test_a_module_is_not_replaced_by_a_handle(kernel):
    kernel.run("import math")
    [error] = kernel.run("%soundpiece_fx math -p x").errors
    assert "'math' is the module math here, and would be lost. Nothing was sent." in error
    assert kernel.value("math.floor(1.5)") == 1


def test_a_function_binds_no_variable_and_takes_such_a_name(kernel):
    assert kernel.value("sp.fx('Pow!', duration=1, name='pow').name") == "pow"
    [error] = kernel.run("sp.fx('x', name='class')").errors
    assert "'class' cannot be a NAME" in error


@pytest.mark.parametrize("soft", ["match", "case", "_x", "in_", "true", "__wait"])
def test_a_name_that_python_lets_one_use_is_one(kernel, soft):
    assert kernel.run(f"%soundpiece_fx {soft} -p x -d 1 --dry-run").status == "ok"
