"""The operations of a sweep or batch as a sequence: by place, by what varied, the best of each."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, overload

from .best_takes import find_best
from .choices import as_values, choose
from .handle import Handle
from .operation import Operation, Output
from .references import Reference, find_key


class Members(Handle):
    """A handle of several operations."""

    keys: tuple[str, ...] = ()
    """The keys of all operations, in order."""

    @property
    @abstractmethod
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in order."""

    def as_reference(self) -> Reference:
        """Return a reference to all of them."""
        return Reference("", keys=self.keys)

    @overload
    def __getitem__(self, wanted: int | str) -> Operation: ...

    @overload
    def __getitem__(self, wanted: slice) -> tuple[Operation, ...]: ...

    def __getitem__(self, wanted: int | str | slice) -> Operation | tuple[Operation, ...]:
        """Return an operation by its place, counted from 0 as Python does, or several by a slice.

        `["mood=dusty"]` is the one with that value, `["rain"]` the one of that NAME. Raises Mistake
        for a text that means none or several.
        """
        if not isinstance(wanted, str):
            return self.operations[wanted]
        reference = Reference("", choice=wanted, keys=self.keys)
        return Operation(find_key(reference, self.session.journal), self.session)

    def where(self, **values: Any) -> tuple[Operation, ...]:
        """Return the operations with these values: what was varied, a field, or the NAME.

        Raises Mistake where there is none, and says which values there are.
        """
        found = choose(self.session.journal, self.keys, as_values(values), "these")
        return tuple(Operation(key, self.session) for key in found)

    def best(self) -> tuple[Output, ...]:
        """Return the best-rated take of each operation, or of each combination of a sweep.

        Of equals it is the first; what has no stars is left out.
        """
        found = find_best(self.session.journal, self.keys).takes
        outputs = [Operation(each.key, self.session).outputs for each in found]
        return tuple(
            output
            for each, takes in zip(found, outputs, strict=True)
            for output in takes
            if output.take == each.take
        )
