"""A magic sees the variables that Python would see where it stands, and binds its NAME there."""

from __future__ import annotations

import pytest

DRY = "%soundpiece_fx --prompt '{{prompt}} rain' --dry-run"
LINE = """get_ipython().run_line_magic("soundpiece_fx", "--dry-run --prompt '{{prompt}} rain'")"""
CELL = """get_ipython().run_cell_magic("soundpiece_fx", "--dry-run", "{{prompt}} rain")"""


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.run("prompt = 'global'\nop = sp.fx('Global', duration=1).result()")
    kernel.run("other = sp.fx('Other', duration=1, name='other').result()\nmine = other\ndel other")
    return kernel


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        (f"{DRY}", "global"),
        (f"def make(prompt):\n    {DRY}\nmake('local')", "local"),
        (f"def make(prompt):\n    {CELL}\nmake('local')", "local"),
        (f"make = lambda prompt: {LINE}\nmake('local')", "local"),
        (f"def make(*, prompt='default'):\n    {DRY}\nmake()", "default"),
        (f"def make():\n    for prompt in ['one', 'two']:\n        {DRY}\nmake()", "one two"),
        (f"async def make(prompt):\n    {DRY}\nawait make('local')", "local"),
        (f"def each(prompt):\n    {DRY}\n    yield\nlist(each('local'))", "local"),
        (f"[{LINE} for prompt in ['one', 'two']]", "one two"),
        (f"def make(prompt):\n    return [{LINE} for _ in [1]]\nmake('local')", "local"),
        (f"def make(prompt):\n    def own():\n        {DRY}\n    own()\nmake('local')", "local"),
        (f"def make(prompt):\n    list(map(lambda _: {LINE}, [1]))\nmake('local')", "local"),
        (f"class Rain:\n    prompt = 'of the class'\n    {DRY}", "of the class"),
        (f"class Rain:\n    prompt = 1\n    def make(_):\n        {DRY}\nRain().make()", "global"),
        (f"def make(prompt):\n    class Rain:\n        {DRY}\nmake('local')", "local"),
        (f"def make(prompt):\n    %time {DRY}\nmake('local')", "local"),
        (f"def make(prompt):\n    %timeit -n1 -r1 {DRY}\nmake('local')", "local"),
        (f"%%time\nprompt_of_cell = prompt\n{DRY}", "global"),
        (f"%%capture seen\n{DRY}", ""),
        (f"exec('''{LINE}''', dict(prompt='own', get_ipython=get_ipython))", "own"),
        (f"def make(prompt):\n    exec('''{LINE}''')\nmake('local')", "local"),
        ((f"import threading\ndef make(prompt):\n    {DRY}\n"
         "t = threading.Thread(target=make, args=['local'])\nt.start(); t.join()"), "local"),
        ((f"import types\nmodule = types.ModuleType('rains')\n"
         "module.get_ipython, module.prompt = get_ipython, 'of the module'\n"
         f"exec('''def make():\n    {LINE}''', vars(module))\nmodule.make()"), "of the module"),
        ((f"import types\nmodule = types.ModuleType('rains')\nmodule.get_ipython = get_ipython\n"
         f"exec('''def make():\n    {LINE}''', vars(module))\nmodule.make()"), "global"),
    ],
)  # fmt: skip
def test_a_name_in_braces_is_what_python_finds_there(kernel, code, seen):
    ran = kernel.run(code)
    assert ran.status == "ok", ran.text
    prompts = [line for line in ran.text.splitlines() if line.strip().startswith('"prompt"')]
    assert prompts == [f'  "prompt": "{each} rain"' for each in _phrases(seen)]


def _phrases(seen):
    return [seen] if seen.startswith("of ") else seen.split()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"def make(prompt=None):\n    {DRY}\nmake()",
         ("prompt has no value here, it is None, and {{prompt}} stands in a text. Nothing was "
         "sent.")),
        (f"def make(prompt):\n    def inner():\n        {DRY}\n    return inner\nmake('gone')()",
         ("prompt was a variable of make, which has returned, and the function that the magic "
         "stands in does not keep it. Nothing was sent. Give that function a parameter, "
         "prompt=prompt.")),
        (
            f"def make(prompt):\n    del prompt\n    {DRY}\nmake('gone')",
            "prompt is a variable of make and has no value here. Nothing was sent.",
        ),
        (
            f"def make():\n    if not rain:\n        prompt = 1\n    {DRY}\nrain = 1\nmake()",
            "prompt is a variable of make and has no value here. Nothing was sent.",
        ),
        ("def judge(op=None):\n    %soundpiece_rate op 5\njudge()",
         ("op is a variable of this function and holds no operation, but None. {{op}} stands for "
         "its text.")),
        ("def judge(other):\n    %soundpiece_rate other 5\njudge('night')",
         "other is a variable of this function and holds no operation, but 'night'."),
        (("def judge(op):\n    def inner():\n        %soundpiece_rate op 5\n    return inner\n"
         "judge(mine)()"), "op was a variable of judge, which has returned"),
        ("def make():\n    hit = None\n    %soundpiece_fx hit -p x\nmake()",
         ("'hit' is a variable of make, which a magic cannot set. Nothing was sent. Say "
         "hit = %soundpiece_fx … instead, or choose another NAME.")),
        ("def make(hit):\n    %time %soundpiece_fx hit -p x\nmake(1)",
         "'hit' is a variable of this code, which a magic cannot set. Nothing was sent."),
        ("def make():\n    %soundpiece_fx prompt -p x\nmake()",
         ("'prompt' is a variable of the notebook, and a magic in make would replace it there. "
         "Nothing was sent.")),
    ],
)  # fmt: skip
def test_what_would_mean_something_else_is_refused(kernel, code, said):
    before = kernel.value("len(sp.history())")
    [error] = kernel.run(code).errors
    assert said in error
    assert "Traceback" not in error
    assert kernel.value("(len(sp.history()), prompt, op.outputs[0].rating)") == (
        before,
        "global",
        None,
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%soundpiece_rate op 4", "take 1: ★★★★☆"),
        ("%soundpiece_rate op:1 5", "take 1: ★★★★★"),
        ("%soundpiece_tag op keep", "other: keep"),
        ("%soundpiece_note op 'for {{prompt}}'", "other: noted"),
        ("%soundpiece_show op", "other · fx"),
        ("%soundpiece_compare op also", "Other"),
        ("%soundpiece_wait op", "1 operation done."),
        ("%soundpiece_resume op", "Going on with 1 operation."),
        ("%soundpiece_export op --to '{{folder}}'", "1 file in"),
        ("%soundpiece_prune op", "1 take of 1 operation"),
        ("%soundpiece_stems --source op --dry-run", "the address of take 1 of KEY"),
        (
            "%soundpiece_cut --source op:1 --to {{seconds}} --unchecked --dry-run",
            '"target_duration": 3.0',
        ),
        ("%soundpiece_instrumental --reference {{op}}:1 --dry-run", "the address of take 1 of KEY"),
        ("%soundpiece_fx -p '{{m}}' --sweep m={{moods}} --dry-run", "2 operations: every m."),
        ("%soundpiece_history --search {{prompt}} -n {{seconds}}", "1 to 1 of 1"),
    ],
)
def test_a_handle_is_the_functions_own_wherever_one_is_named(kernel, tmp_path, line, said):
    arguments = f"mine, op, 'local', 3, ['a', 'b'], {str(tmp_path / 'songs')!r}"
    function = f"def do(op, also, prompt, seconds, moods, folder):\n    {line}"
    ran = kernel.run(f"{function}\ndo({arguments})")
    assert ran.status == "ok", ran.text
    assert said.replace("KEY", kernel.value("mine.key[:8]")) in ran.text
    assert kernel.value("(op.outputs[0].rating, op.entry.tags, op.entry.note)") == (None, (), None)


def test_a_name_in_a_function_is_the_notebooks_and_an_assignment_is_its_own(kernel):
    kernel.run("def make(words):\n    %soundpiece_fx hit -p '{{words}}' -d 1\n    return hit.key")
    first, second = kernel.value("[make('one'), make('two')]")
    assert kernel.value("hit.key") == second != first
    kernel.run("def own(prompt):\n    hit = %soundpiece_fx -p '{{prompt}}' -d 1\n    return hit")
    kernel.run("mine_alone = own('three')")
    assert kernel.value("mine_alone.request['prompt'], hit.key") == ("three", second)
    kernel.run("class Rain:\n    %soundpiece_fx drops -p Rain -d 1")
    assert kernel.value("Rain.drops.name, 'drops' in globals()") == ("drops", False)


def test_a_handle_is_returned_where_it_is_used_and_shown_once_where_it_is_not(kernel):
    assigned = kernel.run("one = %soundpiece_fx -p Rain -d 1 --wait")
    assert len(assigned.of("display_data")) == 1
    assert kernel.value("one.status") == "ready"
    kernel.run("swept = %soundpiece_fx -p '{{m}}' -d 1 --sweep m=a,b --wait")
    assert kernel.value("len(swept)") == 2
    for cell in ("%%soundpiece_fx -w -d 1\nRain", "%time %soundpiece_fx -w -d 1 -p Rain"):
        ran = kernel.run(cell)
        assert len(ran.of("display_data")) == 1, ran.text
        assert ran.of("execute_result") == []
