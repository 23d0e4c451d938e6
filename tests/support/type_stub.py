"""The type stub of `import soundpiece_nb as sp`, made from the routes, filters and functions.

`python -m support.type_stub` writes it, with `--check` it tells whether it is as it should be.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from textwrap import indent

import soundpiece_nb
from soundpiece_nb import functions
from soundpiece_nb.api.routes import CALLBACK_URL, ROUTES, Field, Kind, Route
from soundpiece_nb.journal.filters import Filter

STUB = Path(soundpiece_nb.__file__).with_suffix(".pyi")

_HEAD = '''\
"""Soundpiece in Jupyter and IPython: songs, samples and effects from text.

Made from the routes by `make stub`: change those instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias, overload
from uuid import UUID

import pandas as pd

from soundpiece_nb.display.live_output import Rendering
{imports}

_Source: TypeAlias = str | Operation | Output
_RouteName: TypeAlias = Literal[{routes}]

__version__: str

def load_ipython_extension(shell: Any) -> None: ...
def unload_ipython_extension(shell: Any) -> None: ...

'''
_TYPES = {
    Kind.TEXT: "str",
    Kind.ADDRESS: "str",
    Kind.LINK: "_Source",
    Kind.SECONDS: "float | timedelta",
    Kind.COUNT: "int",
    Kind.FLAG: "bool",
}
_LABELS = (
    "name: str | None = None",
    "tags: Sequence[str] = ()",
    "note: str | None = None",
    "key: str | UUID | None = None",
    "once: bool | None = None",
    "take: int | None = None",
    "extra: Mapping[str, Any] | None = None",
    "unchecked: bool = False",
    "send: bool = False",
)


def make_stub() -> str:
    """Return the stub, formatted as the rest of the tree."""
    routes = ", ".join(f'"{name}"' for each in ROUTES.values() for name in (each.path, each.noun))
    parts = [_HEAD.format(imports="\n".join(_imports()), routes=routes)]
    parts += chain.from_iterable(_route_functions(route) for route in ROUTES.values())
    parts += [_function(name) for name in sorted(_own_functions())]
    made = "\n".join(parts)
    for step in (["check", "--fix", "--select", "I"], ["format"]):
        ruff = [sys.executable, "-m", "ruff", *step, "--stdin-filename", str(STUB), "-"]
        made = subprocess.run(ruff, input=made, text=True, check=True, capture_output=True).stdout
    return made


def _own_functions() -> list[str]:
    return [name for name, module in soundpiece_nb._MODULES.items() if module == "functions"]


def _imports() -> Iterator[str]:
    for name, module in soundpiece_nb._MODULES.items():
        if module != "functions":
            yield f"from soundpiece_nb.{module} import {name} as {name}"


def _route_functions(route: Route) -> Iterator[str]:
    """Give a route's function: an overload for each way in which its fields can be given."""
    made = functions.route_function(route)
    ways = list(_ways(route))
    for way in ways:
        labels = [f"callback_url: {_TYPES[CALLBACK_URL.kind]} | None = None", *_LABELS]
        by_name = [field for field in way if field.endswith("#")]
        given = [field for field in way if field not in by_name]
        words = [*given, "*", *(field.rstrip("#") for field in by_name), *labels]
        overload = "@overload\n" if len(ways) > 1 else ""
        yield f"{overload}def {route.noun}({', '.join(words)}) -> Operation:\n{_doc(made)}"


def _ways(route: Route) -> Iterator[list[str]]:
    """Give the fields of each way, those that are given by name alone marked with #."""
    if route.either:
        first, *others = route.either
        for chosen in (first, *others):
            rest = [name for name in route.either if name != chosen]
            yield [_either(field, chosen, rest, by_name=chosen != first) for field in route.fields]
        return
    yield [_parameter(field) for field in route.fields]
    for aliased in (field for field in route.fields if field.option):
        yield [
            f"{field.option}: {_type_and_default(field)}#"
            if field is aliased
            else _parameter(field)
            for field in route.fields
        ]


def _either(field: Field, chosen: str, rest: list[str], *, by_name: bool) -> str:
    if field.name in rest:
        return f"{field.name}: None = None"
    if field.name == chosen:
        return f"{field.name}: {_TYPES[field.kind]}{'#' if by_name else ''}"
    return _parameter(field)


def _parameter(field: Field) -> str:
    return f"{field.name}: {_type_and_default(field)}"


def _type_and_default(field: Field) -> str:
    kind = _TYPES[field.kind]
    return kind if field.required else f"{kind} | None = None"


def _function(name: str) -> str:
    made = getattr(functions, name)
    signature = inspect.signature(made)
    kinds = [parameter.kind for parameter in signature.parameters.values()]
    words, by_name = [], inspect.Parameter.VAR_POSITIONAL in kinds  # then a bare * is an error
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not by_name:
            words.append("*")
            by_name = True
        if parameter.name == "more":  # the rest of the filters
            known = set(signature.parameters)
            words += ["*"] if not by_name else []
            words += [
                f"{field.name}: {field.type} = None"
                for field in Filter.__dataclass_fields__.values()
                if field.name not in known
            ]
            continue
        words.append(str(parameter).replace("'", ""))
        if parameter.name == "route" and "None" not in str(parameter):
            words[-1] = "route: _RouteName"
    returns = str(signature.return_annotation).strip("'")
    return f"def {name}({', '.join(words)}) -> {returns}:\n{_doc(made)}"


def _doc(made: object) -> str:
    lines = (inspect.getdoc(made) or "").split("\n")
    closing = '"""' if len(lines) == 1 else '\n"""'
    return indent('"""' + "\n".join(lines) + closing, "    ") + "\n"


def main() -> None:
    """Write the stub, or end with 1 where the one that is there is another."""
    made = make_stub()
    if "--check" not in sys.argv:
        STUB.write_text(made, encoding="utf-8")
    elif not STUB.exists() or STUB.read_text(encoding="utf-8") != made:
        sys.exit(f"soundpiece_nb/{STUB.name} is not what the routes say: make stub writes it.")


if __name__ == "__main__":
    main()
