"""The OpenAPI document: every request that it allows gets a response that it describes."""

import subprocess
import sys
from pathlib import Path

import httpx

# Data that fits the document may still be refused: an operation that is not there, a key that was
# used, an address that carries its own permission.
LEFT_OUT = "positive_data_acceptance"
ADMIN = "the-admins-own"

# A body over 1 MiB is refused by its size, which counts as a refusal too.
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]
SETTINGS = f"[checks]\nnegative_data_rejection.expected-statuses = {REFUSALS}\n"


def examine(sandbox, key: str, folder: Path, *options: str) -> str:
    """Let schemathesis try everything, and give what it said."""
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run"),
        *(f"{sandbox.origin}/openapi.json", "--header", f"Authorization: Bearer {key}"),
        *("--checks", "all", "--exclude-checks", LEFT_OUT, "--seed", "3", "--no-color"),
        *options,
    ]
    (folder / "schemathesis.toml").write_text(SETTINGS)
    said = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=170, check=False
    )
    assert said.returncode == 0, said.stdout[-6000:] + said.stderr
    return said.stdout


def test_schemathesis_finds_no_5xx_and_no_undocumented_answer(start, tmp_path):
    sandbox = start("--pace", "0", "--hold", "0.2")
    said = examine(sandbox, "spk_test", tmp_path, "--max-examples", "25")
    assert "Selected: 22/22" in said
    # It did get through: operations were made, and read.
    counters = sandbox.counters()
    assert counters["created"] > 20
    for route in ("create.new_song", "adapt.auto_cut_down"):
        seen = counters["responses"]
        assert seen[f"PUT {route}"]["200"] > 5
        assert seen[f"GET {route}"]["422"] > 5


def test_schemathesis_finds_nothing_at_the_admin_endpoints(start, tmp_path):
    sandbox = start("--pace", "0", "--admin-token", ADMIN)
    only = ["--include-path-regex", "^/sandbox/", "--max-examples", "40"]
    said = examine(sandbox, ADMIN, tmp_path, *only)
    assert "No issues found" in said


def test_every_route_is_documented_with_all_its_answers(sandbox):
    document = httpx.get(f"{sandbox.origin}/openapi.json").json()
    routes = {path: verbs for path, verbs in document["paths"].items() if path.startswith("/v1/")}
    assert len(routes) == 8
    for verbs in routes.values():
        assert set(verbs) == {"put", "get"}
        assert set(verbs["put"]["responses"]) == {
            *("200", "400", "401", "402", "408", "413", "422", "429", "500")
        }
        assert set(verbs["get"]["responses"]) == {"200", "401", "422", "429", "500"}
        for verb in verbs.values():
            assert "$ref" in verb["responses"]["200"]["content"]["application/json"]["schema"]


def test_the_verbs_that_an_address_takes_are_named(sandbox):
    refused = sandbox.http.delete("/v1/create.new_song")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, PUT")
