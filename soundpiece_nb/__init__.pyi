"""Soundpiece in Jupyter and IPython: songs, samples and effects from text.

Made from the routes by `make stub`: change those instead.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, TypeAlias, overload
from uuid import UUID

import pandas as pd

from soundpiece_nb.analysis.rated_words import top_words as top_words
from soundpiece_nb.api.errors import DownloadFailed as DownloadFailed
from soundpiece_nb.api.errors import JournalDamaged as JournalDamaged
from soundpiece_nb.api.errors import JournalTooNew as JournalTooNew
from soundpiece_nb.api.errors import Mistake as Mistake
from soundpiece_nb.api.errors import OperationFailed as OperationFailed
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
) -> Operation:
    """Make a song from lyrics and a prompt. Returns a handle at once.

        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make a song from lyrics and a prompt. Returns a handle at once.

        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make an instrumental from a prompt. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make an instrumental from a prompt. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words (optional)
        reference: audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make a sample, looping on request. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words
        duration: length of the result in seconds (optional)
        loopable: make the end meet the beginning (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make a sound effect. Returns a handle at once.

        prompt: style, mood, tempo, instruments, in words
        duration: length of the result in seconds (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make another song of a song. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make another song of a song. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        lyrics: the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] alone on a line begin a section, every other line is one sung line
        prompt: style, mood, tempo, instruments, in words
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make variations of an instrumental. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Make variations of an instrumental. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        n_variations: how many takes to make, 1 to 3 (optional)
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Split audio into vocals, drums, bass and other. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Cut audio down to a length, at a natural point near it. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        target_duration: wanted length in seconds; the cut lands on a natural point near it
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

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
) -> Operation:
    """Cut audio down to a length, at a natural point near it. Returns a handle at once.

        source: the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or :vocals for one of its outputs
        target_duration: wanted length in seconds; the cut lands on a natural point near it
        callback_url: https URL that the service tells when the operation has ended; auto: this Jupyter server's own (optional)
        name, tags, note: to find it again by
        key: an idempotency key of your own; once=True derives it from the request, so that
            the same request is made once (take=2 asks for another one)

    Raises Mistake for bad input, before anything is sent or written.
    """

def batch(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]] | None = None,
    *,
    route: str | None = None,
    max_in_flight: int = 20,
    name: str | None = None,
) -> Batch:
    """Start many operations of one route and return their handle at once.

    `rows` is a DataFrame or a list of dictionaries whose columns are the route's fields, with
    `name`, `tags`, `note` and `key` beside them; a missing value is not sent. All rows are checked
    before anything is sent; then `max_in_flight` operations are on the way at a time.

    With a `name`, each row has a key that follows from it: the same call after a crash goes on
    without making a row twice, and so does `batch(name=…)` without the rows. Raises Mistake for
    rows that are wrong, having sent none.
    """

def compare(*keys: str | UUID | Operation) -> Rendering:
    """Return operations side by side: what differs between their requests, and their players.

    Each is a key, a unique beginning of one, a NAME or a handle. A cell that ends with the call
    shows it. Raises Mistake unless there are at least two, each of them known.
    """

def history(
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | None = None,
    tag: str | None = None,
    limit: int | None = None,
    *,
    min_rating: int | None = None,
    sweep: str | None = None,
    name: str | None = None,
    error: str | None = None,
    order: str | None = None,
    offset: int | None = None,
) -> pd.DataFrame:
    """Return every operation ever made, newest first, as a DataFrame indexed by its key.

    `more` filters are `min_rating` (1 to 5), `sweep` (its id or NAME), `name`, `error` (its code),
    `order` (such as `"-rating"`) and `offset`. The frame is a copy. Times are UTC, `elapsed` is a
    timedelta, `duration` is seconds of audio.
    """

def operation(key: str | UUID | Operation) -> Operation:
    """Return the operation of a key, its beginning, a NAME, an id or a handle; raises Mistake."""

def resume(*keys: str | UUID | Operation) -> list[Operation]:
    """Go on with the operations that an earlier kernel left unfinished, or only with these."""

def submit(
    route: _RouteName,
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    key: str | None = None,
    once: bool | None = None,
    take: int | None = None,
    **fields: Any,
) -> Operation:
    """Start an operation of any route and return its handle at once.

    `route` is `create.new_song` or its noun, `song`; `fields` are the request's. A source or
    reference is an https URL, or an earlier operation: its handle, one of its outputs, its name
    or key. With `once`, the key follows from the request, so that the same request is made once;
    `take=2` asks for another one. Raises Mistake for bad input, before anything is sent or written.
    """

def sweep(
    route: _RouteName,
    *,
    vary: Mapping[str, Sequence[Any]] | None = None,
    repeat: int = 1,
    name: str | None = None,
    tags: Sequence[str] = (),
    note: str | None = None,
    once: bool | None = None,
    **fields: Any,
) -> Sweep:
    """Start an operation for each combination of what varies, and return their handle at once.

    `sp.sweep("song", vary={"mood": ["calm", "wild"]}, lyrics=…, prompt="{{mood}} jazz")`: a name
    that varies is in the fields as `{{name}}`, or is one of them; `repeat` makes so many takes of
    each. At most 100 operations, a few of them on the way at a time. The handle is a batch's:
    iterate over it as operations end, or call `.result()` for the DataFrame. A cell that ends with
    it shows a board. Raises Mistake for bad input, having sent none.
    """

def takes(
    route: str | None = None,
    status: str | None = None,
    since: str | date | timedelta | None = None,
    search: str | None = None,
    tag: str | None = None,
    limit: int | None = None,
    *,
    min_rating: int | None = None,
    sweep: str | None = None,
    name: str | None = None,
    error: str | None = None,
    order: str | None = None,
    offset: int | None = None,
) -> pd.DataFrame:
    """Return every take of the operations that fit, as a DataFrame with one row for each take.

    It is a copy, indexed by `(idempotency_key, take)`; `limit` counts operations. The filters are
    those of `history()`.
    """
