"""The code that a magic stands in: the variables that it sees, and where it binds a NAME.

IPython tells a line magic the variables of the function that it stands in (`needs_local_scope`), a
cell magic only those of the notebook, and neither those of a function around the function or of a
comprehension. So the frame that called is looked at too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dis import get_instructions
from types import CodeType, FrameType, ModuleType, SimpleNamespace
from typing import Any, cast

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.operations.references import Referable, Reference, Variables
from soundpiece_nb.shown_text import label, quoted

_BETWEEN = ("IPython.core.", "soundpiece_nb.magics.")
"""Modules between a magic and the code that it stands in, by the beginnings of their names."""
_LEFT_ALONE = ("POP_TOP", "PRINT_EXPR", "CALL_INTRINSIC_1")
"""Instructions behind a call whose value is dropped, or shown because it ends a cell."""


class CallingScope:
    """The scope of the code that called a magic, which must still be running."""

    def __init__(self, notebook: dict[str, Any], local: Mapping[str, Any] | None = None) -> None:
        """Find it; `notebook` is the user's namespace, `local` the one that IPython passed."""
        self.notebook = notebook
        self._frame = _calling_frame()
        self.variables = self._find_variables({} if local is None or local is notebook else local)
        """The variables that the code sees, as Python finds them, and last the notebook's."""

    def _find_variables(self, local: Mapping[str, Any]) -> Mapping[str, Any]:
        frame, notebook = self._frame, self.notebook
        if not local and frame.f_locals is notebook:
            return notebook
        around = list(_functions_around(frame))
        near: list[Mapping[str, Any]] = [local]
        for each in (frame, *around):
            near += [each.f_locals, _unset_variables(each)]
        near.append(_lost_variables(frame, [each.f_code for each in around]))
        far = [frame.f_globals, notebook]
        return Variables([], [*near, *far]) if self._can_be_assigned else Variables(near, far)

    @property
    def uses_value(self) -> bool:
        """Whether the code does something with what the magic returns, such as assign it."""
        code, last = self._frame.f_code, self._frame.f_lasti
        behind = next((each for each in get_instructions(code) if each.offset > last), None)
        if behind is None or behind.opname in _LEFT_ALONE:
            return False
        return _is_function(code) or not behind.opname.startswith("RETURN")  # as in `%time`

    def require_free(self, name: str, magic: str) -> None:
        """Raise Mistake for a NAME that is a function's own variable, or that hides another's.

        A magic cannot set a function's variables: it binds the notebook's, and from within a
        function only one that is free, or holds a handle. A module is never replaced.
        """
        said = quoted(name)
        if self._can_be_assigned:
            if isinstance(held := self._frame.f_locals.get(name), ModuleType):
                why = f"{said} is the module {label(held.__name__)} here, and would be lost."
                raise Mistake(why, next="Choose another NAME.")
            return
        code = self._frame.f_code
        where = label(code.co_qualname) if _is_function(code) else "this code"
        if name in {*_own_names(code), *code.co_freevars, *self._frame.f_locals}:
            why = f"{said} is a variable of {where}, which a magic cannot set."
        elif isinstance(self.notebook.get(name), Referable | None):
            return
        else:
            why = (
                f"{said} is a variable of the notebook, and a magic in {where} would replace it "
                "there."
            )
        raise Mistake(why, next=f"Say {name} = {magic} … instead, or choose another NAME.")

    def bind(self, name: str, value: object) -> None:
        """Bind a NAME where an assignment on the magic's line would, or else in the notebook."""
        target = self._frame.f_locals if self._can_be_assigned else self.notebook
        target[name] = value

    @property
    def _can_be_assigned(self) -> bool:
        """Whether it is the code of a cell, a module or a class, whose variables can be set.

        Code that runs with the variables of a function, as `%time` does there, cannot set them.
        """
        frame = self._frame
        if frame.f_code.co_name == "<module>":
            return frame.f_locals is frame.f_globals
        return not _is_function(frame.f_code)


class _WithoutValue(Referable):
    """A function's variable without a value for the magic, which hides others of its name."""

    def __init__(self, name: str, what: str, remedy: str) -> None:
        self._name, self._what, self._remedy = name, what, remedy

    def as_reference(self) -> Reference:
        """Raise Mistake, which goes on after the variable's name."""
        raise Mistake(self._what, next=self._remedy)

    def __str__(self) -> str:
        try:
            return str(self.as_reference())
        except Mistake as mistake:
            raise mistake.prefixed(self._name) from None


def _calling_frame() -> FrameType:
    frame = inspect.currentframe()
    while frame is not None and frame.f_back is not None:
        if not frame.f_globals.get("__name__", "").startswith(_BETWEEN):
            return frame
        frame = frame.f_back
    return cast("FrameType", frame)


def _functions_around(frame: FrameType) -> Iterator[FrameType]:
    """Give the running functions that a frame's code is written in, the innermost first."""
    inner, outer = frame.f_code, frame.f_back
    while outer is not None:
        if _is_within(inner, outer.f_code):
            inner = outer.f_code
            if _is_function(inner):  # the variables of a class are not seen in its functions
                yield outer
        outer = outer.f_back


def _lost_variables(frame: FrameType, running: list[CodeType]) -> dict[str, _WithoutValue]:
    """Return the variables of functions around a frame's code that no longer run, by name."""
    outermost = frame.f_code.co_qualname.partition(".<locals>")[0]
    found: Any = SimpleNamespace(**frame.f_globals)
    for name in outermost.split("."):
        found = getattr(found, name, None)
    code = getattr(inspect.unwrap(found), "__code__", None)
    around = [] if code is None else _codes_around(frame.f_code, code)
    return {
        name: _WithoutValue(
            name,
            f"was a variable of {label(each.co_name)}, which has returned, and the function that "
            "the magic stands in does not keep it.",
            f"Give that function a parameter, {name}={name}.",
        )
        for each in around
        if _is_function(each) and each not in running
        for name in _own_names(each)
    }


def _unset_variables(frame: FrameType) -> dict[str, _WithoutValue]:
    """Return the variables of a running function that are not assigned yet, or deleted, by name."""
    code = frame.f_code
    return {
        name: _WithoutValue(
            name,
            f"is a variable of {label(code.co_name)} and has no value here.",
            "Assign it before, or give the variable another name.",
        )
        for name in (_own_names(code) if _is_function(code) else ())
        if name not in frame.f_locals
    }


def _own_names(code: CodeType) -> tuple[str, ...]:
    return (*code.co_varnames, *code.co_cellvars)


def _codes_around(inner: CodeType, outer: CodeType) -> list[CodeType]:
    """Return the codes around an inner one, from an outer one on; none if it is not within it."""
    if _is_within(inner, outer):
        return [outer]
    for each in outer.co_consts:
        if isinstance(each, CodeType) and (path := _codes_around(inner, each)):
            return [outer, *path]
    return []


def _is_within(inner: CodeType, outer: CodeType) -> bool:
    return any(each is inner for each in outer.co_consts)


def _is_function(code: CodeType) -> bool:
    """Tell whether it is the code of a function or comprehension, not of a module or class."""
    return bool(code.co_flags & inspect.CO_OPTIMIZED)
