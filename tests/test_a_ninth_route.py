"""A new route of the service is one entry of data: magic, function, completion, dry run and all."""

from __future__ import annotations

import json

import pytest

from support.kernels import Kernel
from support.services import OPERATION_ID, Reply, ScriptedService, as_json, quiet_environment, tone

ENTRY = """
from soundpiece_nb.api import routes
from soundpiece_nb.api.routes import Field, Kind, Route

routes.ROUTES["create.new_jingle"] = Route(
    path="create.new_jingle",
    noun="jingle",
    summary="Make a jingle.",
    fields=(
        routes.REQUIRED_PROMPT,
        Field(
            name="brand",
            kind=Kind.TEXT,
            required=True,
            most=40,
            help="whose jingle it is",
            known_as=("company",),
        ),
        routes.DURATION,
    ),
    body="prompt",
    result="output",
    example="%%soundpiece_jingle --brand Acme\\\\nBright, three notes",
)
"""


@pytest.fixture
def service():
    def answer(heard, _):
        if heard.path == "/1":
            return Reply(body=tone())
        status = "processing" if heard.method == "PUT" else "ready"
        output = {"url": f"{started.root}/1", "expires_at": None, "duration": 1.0}
        made = {"id": OPERATION_ID, "status": status, "error": None}
        return as_json({"jingle": made | {"output": output if status == "ready" else None}})

    started = ScriptedService(answer)
    yield started
    started.close()


@pytest.fixture
def kernel(service, tmp_path):
    environment = quiet_environment(
        tmp_path, SOUNDPIECE_BASE_URL=service.base_url, SOUNDPIECE_API_KEY="spk_tests_only_01"
    )
    started = Kernel(environment)
    ran = started.run(ENTRY + "\nimport soundpiece_nb as sp\n%load_ext soundpiece_nb")
    assert ran.status == "ok", ran.text
    yield started
    started.close()


def test_one_entry_brings_magic_function_help_and_completion(kernel, service):
    ran = kernel.run("%%soundpiece_jingle tune --brand Acme -d 2 --wait\nBright, three notes")
    assert ran.status == "ok", ran.text
    [put] = service.of("PUT", "/v1/create.new_jingle")
    sent = json.loads(put.body)
    assert sent.pop("idempotency_key") == kernel.value("tune.key")
    assert sent == {"prompt": "Bright, three notes", "brand": "Acme", "duration": 2.0}
    assert kernel.value("tune.outputs[0].duration") == 1.0
    assert kernel.value("'jingle' in dir(sp)")

    kernel.run("other = sp.jingle('Dark', 'Acme', name='other').result()")
    assert kernel.value("sp.history()['route'].tolist()") == ["create.new_jingle"] * 2
    assert "whose jingle it is" in kernel.value(
        "get_ipython().find_magic('soundpiece_jingle', 'cell').__doc__"
    )
    assert "brand: whose jingle it is" in kernel.value("sp.jingle.__doc__")
    assert kernel.value(
        "str(__import__('inspect').signature(sp.jingle)).startswith("
        "'(prompt, brand, duration=None, *')"
    )

    slip = kernel.run("%%soundpiece_jingle\nBright")
    assert "A jingle needs brand." in slip.errors[0]
    for cell in (
        "%%soundpiece_jingle --company Acme\nBright",
        "sp.jingle('Dark', company='Acme')",
        "sp.batch([{'prompt': 'Dark', 'Company': 'Acme'}], route='jingle')",
    ):
        assert "(did you mean" in kernel.run(cell).errors[0]
        assert "brand`?)" in kernel.run(cell).errors[0]
    dry = kernel.run("%soundpiece_jingle --brand Acme --prompt Bright --dry-run")
    assert "PUT create.new_jingle" in dry.text
    line = "%soundpiece_jingle --br"
    completed = kernel.client.complete(line, reply=True, timeout=20)["content"]
    assert "--brand" in completed["matches"]
