"""The choices of exported files: their formats, and what a pattern of their names may hold.

It imports nothing, since loading the extension needs these words.
"""

FORMATS = ("flac", "wav", "mp3")
"""The formats of exported files, as their endings say."""
FIELDS = {
    "name": "the NAME, else the first words",
    "prompt": "the prompt's first words",
    "lyrics": "the lyrics' first words",
    "take": "the take's number",
    "kind": "vocals, drums, …, else the take's number",
    "route": "song, fx, …",
    "key": "the key's first 8 characters",
    "date": "2026-11-28, in UTC",
    "time": "18.30.05, in UTC",
    "tags": "the tags",
    "varied": "the values that its sweep varied",
    "tempo": "beats per minute, where measured",
    "duration": "whole seconds",
}
"""The fields of a pattern, and the words for each."""
