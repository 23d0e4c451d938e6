"""Soundpiece in Jupyter and IPython: songs, samples and effects from text.

Made from the routes by `make stub`: change those instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias, overload
from uuid import UUID

import pandas as pd

from soundpiece_nb.analysis.rated_words import top_words as top_words
from soundpiece_nb.api.errors import Discarded as Discarded
from soundpiece_nb.api.errors import DownloadFailed as DownloadFailed
from soundpiece_nb.api.errors import JournalDamaged as JournalDamaged
from soundpiece_nb.api.errors import JournalTooNew as JournalTooNew
from soundpiece_nb.api.errors import KeyringFailed as KeyringFailed
from soundpiece_nb.api.errors import MachineLimit as MachineLimit
from soundpiece_nb.api.errors import Mistake as Mistake
from soundpiece_nb.api.errors import NotSent as NotSent
from soundpiece_nb.api.errors import OperationFailed as OperationFailed
from soundpiece_nb.api.errors import OtherAccount as OtherAccount
from soundpiece_nb.api.errors import Refusal as Refusal
from soundpiece_nb.api.errors import RequestRejected as RequestRejected
from soundpiece_nb.api.errors import SandboxSilent as SandboxSilent
from soundpiece_nb.api.errors import ServiceSilent as ServiceSilent
from soundpiece_nb.api.errors import SoundpieceError as SoundpieceError
from soundpiece_nb.api.errors import SourceLost as SourceLost
from soundpiece_nb.api.errors import StorageFailed as StorageFailed
from soundpiece_nb.api.errors import Unreachable as Unreachable
from soundpiece_nb.api.errors import Unreadable as Unreadable
from soundpiece_nb.api.errors import WaitInterrupted as WaitInterrupted
from soundpiece_nb.api.errors import WaitTimeout as WaitTimeout
from soundpiece_nb.api.errors import WatchingStopped as WatchingStopped
from soundpiece_nb.api.errors import WireFailure as WireFailure
from soundpiece_nb.display.live_output import Rendering
from soundpiece_nb.operations.batch import Batch as Batch
from soundpiece_nb.operations.operation import Operation as Operation
from soundpiece_nb.operations.operation import Output as Output
from soundpiece_nb.operations.sweep import Sweep as Sweep

_Source: TypeAlias = str | Operation | Output
_RouteName: TypeAlias = Literal[
    "create.new_song",
    "song",
    "create.new_instrumental",
    "instrumental",
    "create.new_sample",
    "sample",
    "create.new_fx",
    "fx",
    "create.remix_song",
    "remix_song",
    "create.remix_instrumental",
    "remix_instrumental",
    "adapt.separate_stems",
    "stems",
    "adapt.auto_cut_down",
    "cut",
]

__version__: str

def load_ipython_extension(shell: Any) -> None: ...
def unload_ipython_extension(shell: Any) -> None: ...
@overload
def song(
    lyrics: str,
    prompt: str,
    reference: None = None,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make a song from lyrics and a prompt. Returns a handle at once.

        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def song(
    lyrics: str,
    prompt: None = None,
    *,
    reference: _Source,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make a song from lyrics and a prompt. Returns a handle at once.

        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def instrumental(
    prompt: str,
    reference: None = None,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make an instrumental from a prompt. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def instrumental(
    prompt: None = None,
    *,
    reference: _Source,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make an instrumental from a prompt. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

def sample(
    prompt: str,
    duration: float | timedelta | None = None,
    loopable: bool | None = None,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make a sample, looping on request. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words
        duration: length of the result in seconds (optional)
        loopable: make the end meet the beginning (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

def fx(
    prompt: str,
    duration: float | timedelta | None = None,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make a sound effect. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words
        duration: length of the result in seconds (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def remix_song(
    source: _Source,
    lyrics: str,
    prompt: str,
    n_variations: int | None = None,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make another song of a song. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def remix_song(
    source: _Source,
    lyrics: str,
    prompt: str,
    *,
    variations: int | None = None,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make another song of a song. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def remix_instrumental(
    source: _Source,
    n_variations: int | None = None,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make variations of an instrumental. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def remix_instrumental(
    source: _Source,
    *,
    variations: int | None = None,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Make variations of an instrumental. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

def stems(
    source: _Source,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Split audio into vocals, drums, bass and other. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def cut(
    source: _Source,
    target_duration: float | timedelta,
    *,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Cut audio down to a length, at a natural point near it. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        target_duration: wanted length in seconds; the cut lands on a natural point near it
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

@overload
def cut(
    source: _Source,
    *,
    to: float | timedelta,
    callback_url: str | None = None,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | UUID | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
) -> Operation:
    """Cut audio down to a length, at a natural point near it. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket
        target_duration: wanted length in seconds; the cut lands on a natural point near it
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)
        extra: fields by name that the service has and this version does not know
        unchecked: True leaves the lengths and ranges that it knows to the service
        send: True begins it also above the ceiling most_at_once, unasked

    Raises Mistake for bad input, before anything is sent or written.
    """

def batch(
    rows: pd.DataFrame | Iterable[Any] | None = None,
    *,
    route: str | None = None,
    max_in_flight: int = 20,
    name: str | None = None,
    once: bool | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    add: bool = False,
    send: bool = False,
) -> Batch:
    """Start many operations of one route and return their handle at once.

    `rows` is a table of pandas, polars, pyarrow or duckdb, or an iterable of dictionaries, records
    or dataclasses, such as `csv.DictReader`. Its columns are the route's fields, with `name`,
    `tags`, `note`, `key` and `extra` beside them; a missing value or empty cell is not sent. All
    rows are checked before anything is sent; then `max_in_flight` operations are on the way at a
    time. `extra` and `unchecked` are those of `submit`, for every row.

    With a `name`, each row has a key that follows from it: the same call after a crash goes on
    without making a row twice, and so does `batch(name=…)` without the rows: it sends what was
    never sent. Of a longer table, the rows that are new are said and begun. Where none of the rows
    is of the earlier batch of that name, that is a Mistake, unless they are to `add` to it. Rows
    that were discarded are made by the call with rows alone. Without a name, rows have such keys
    with `once`, else as its setting says: the n-th of the same rows is its n-th take. More than 50
    new ones, or than the ceiling `most_at_once`, a person is asked about first; `send` is a yes.
    Raises Mistake for rows that are wrong, having sent none.
    """

def compare(*keys: str | UUID | Operation | Batch) -> Rendering:
    """Return operations side by side: what differs between their requests, and their players.

    Each is a key, a unique beginning of one, a NAME or a handle; of a sweep or batch, all are
    meant, and `"ways[2]"` is its second. A cell that ends with the call shows it. Raises Mistake
    unless there are at least two, each of them known.
    """

def discard(*keys: str | UUID | Operation | Batch, unsent: bool = False) -> str:
    """Drop operations, sweeps or batches that were never sent, for good; return it in words.

    Each is named as for `resume`; `unsent` drops all that was never sent. Raises Mistake where
    nothing can be dropped: what was sent is still made and paid for.
    """

def history(
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | Sequence[str] | None = None,
    tag: str | None = None,
    limit: int | None = None,
    *,
    page: int | None = None,
    min_rating: int | None = None,
    sweep: str | None = None,
    batch: str | None = None,
    name: str | None = None,
    error: str | None = None,
    unsent: bool | None = None,
    order: str | None = None,
    offset: int | None = None,
) -> pd.DataFrame:
    """Return every operation ever made, newest first, as a DataFrame indexed by its key.

    `more` filters are `min_rating` (1 to 5), `batch` and `sweep` (either's NAME, or a sweep's id),
    `name` (of operations, or of their batch or sweep), `error` (its code), `unsent` (True: never
    sent), `order` (such as `"-rating"`) and `offset`; `page` is one of `limit`, or 20, operations,
    counted from 1. A word that nobody has, such as a mistyped NAME, gives an empty frame and a
    warning that says so. The frame is a copy. Times are UTC, `elapsed` is a timedelta, `duration`
    is seconds of audio. `tags` and `files` are lists, `params` and `sweep` dictionaries, or None
    where there is nothing; their text is JSON.

    Excel knows no time zones and no control characters, so that `to_excel` refuses this frame:
    `%soundpiece_history --to history.xlsx` writes it without. Parquet and Arrow have one kind of
    value and all names in every dictionary of a column, with None for those that one lacks.
    """

def operation(key: str | UUID | Operation) -> Operation:
    """Return the operation of a key, its beginning, a NAME, an id or a handle; raises Mistake.

    `"ways[2]"` is the second of a sweep or batch, `"ways mood=dusty"` the one with that value.
    """

def resume(
    *keys: str | UUID | Operation | Batch, yes: bool = False, send: bool = False
) -> list[Operation]:
    """Go on with the operations that an earlier kernel left unfinished, or only with these.

    Each is a handle, a key, its beginning, an id, or the NAME of an operation, sweep or batch.

    What was never sent is sent; if that is more than 50, a person is asked first, and where nobody
    is, only `send` sends them: else Mistake is raised. One that may have been accepted under
    another API key than the present one is sent only if `yes`: if the keys are of two accounts, it
    may be made, and paid for, a second time.
    """

def submit(
    route: _RouteName,
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | None = None,
    once: bool | None = None,
    take: int | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
    **fields: Any,
) -> Operation:
    """Start an operation of any route and return its handle at once.

    `route` is `create.new_song` or its noun, `song`; `fields` are the request's. A source or
    reference is an https URL, or an earlier operation: its handle, one of its outputs, its name
    or key. With `once`, the key follows from the request, so that the same request is made once;
    `take=2` asks for another one. `extra` are fields by name that the service has and this version
    does not know; `unchecked` leaves lengths and ranges to the service; `send` sends it
    unasked above the ceiling `most_at_once`. Raises Mistake for bad input, before anything is sent
    or written.
    """

def sweep(
    route: _RouteName,
    *,
    vary: Mapping[str, Iterable[Any]] | None = None,
    repeat: int = 1,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    once: bool | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    send: bool = False,
    **fields: Any,
) -> Sweep:
    """Start an operation for each combination of what varies, and return their handle at once.

    `sp.sweep("song", vary={"mood": ["calm", "wild"]}, lyrics=…, prompt="{{mood}} jazz")`: a name
    that varies is in the fields as `{{name}}`, or is one of them; a missing value leaves a field
    out. `repeat` makes so many takes of each; `extra` and `unchecked` are those of `submit`. At
    most 100 operations, a few of them on the way at a time; many are asked for first, and `send`
    is a yes beforehand, as for `batch`. The handle is a batch's: iterate over it as operations end,
    or call `.result()` for the DataFrame. A cell that ends with it shows a board. Raises Mistake
    for bad input, having sent none.
    """

def takes(
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | Sequence[str] | None = None,
    tag: str | None = None,
    limit: int | None = None,
    *,
    page: int | None = None,
    min_rating: int | None = None,
    sweep: str | None = None,
    batch: str | None = None,
    name: str | None = None,
    error: str | None = None,
    unsent: bool | None = None,
    order: str | None = None,
    offset: int | None = None,
) -> pd.DataFrame:
    """Return every take of the operations that fit, as a DataFrame with one row for each take.

    It is a copy, indexed by `(idempotency_key, take)`; `limit` counts operations. The filters are
    those of `history()`.
    """
