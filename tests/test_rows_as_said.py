"""Tables as people fill them in: headers that are meant, and one sentence for equal mistakes."""

from __future__ import annotations

import csv
import io
import json

import pandas as pd
import pytest

import soundpiece_nb as sp
from support.services import as_json, operation

LENGTH = "An fx has no field 'length' (did you mean `duration`?)"
VOLUME = "An fx has no field 'volume'"
SOON = "Duration must be a number of seconds, not 'soon'."
BESIDE = "it takes callback_url, duration, prompt and, beside them, name, tags, note, key, extra."


def rows(number=12, /, **columns):
    """Return rows with a prompt; a column is a value of all, or a list of each one's."""
    return [
        {"prompt": "x"} | {n: v[i] if isinstance(v, list) else v for n, v in columns.items()}
        for i in range(number)
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (rows(length=2), f"Rows 0 to 11: {LENGTH}; {BESIDE}"),
        (rows(title="x"), "Rows 0 to 11: An fx has no field 'title' (did you mean `name`?)"),
        (rows(tag="x"), "(did you mean `tags`?)"),
        (rows(Comments="x"), "(did you mean `note`?)"),
        (rows(id=3), "(did you mean `key`?)"),
        (rows(4, volume=[90, None, 90, 90]), f"Rows 0, 2 and 3: {VOLUME}; {BESIDE}"),
        (rows(10, volume=[None, 1, "", 1, None, None, None, 1, 1, 1]), "Rows 1, 3 and 7 to 9: An"),
        (rows(3, duration=["soon", "no", 2]), f"Rows 0 and 1: {SOON} The value shown is"),
        (rows(3, duration=[2, "-1", -2]), "Rows 1 and 2: Duration must be more than 0"),
        (rows(2, duration="soon"), f"Rows 0 and 1: {SOON} Nothing was sent."),
        (rows(3, name=["a b", "c", "d e"]), "Rows 0 and 2: 'a b' cannot be a NAME: it must"),
        ([{"prompt": "x" * n} for n in (1025, 3, 1030)], "Rows 0 and 2: The prompt may have"),
        ([{"prompt": "x", "key": key} for key in "12"], "Rows 0 and 1: The idempotency key"),
        (rows(3, length=[1, None, None], title=[None, "x", "x"]), "Rows 1 and 2: An fx has no"),
        ([{"prompt": "x", f"c{number}": 1} for number in range(13)], "And 8 rows with other"),
        (rows(60, volume=[n % 2 or None for n in range(60)]), "17, 19 and so on, 30 in all: An"),
    ],
)  # fmt: skip
def test_what_is_wrong_alike_is_said_once(home, given, said):
    with pytest.raises(sp.Mistake) as caught:
        sp.batch(given, route="fx")
    assert said in str(caught.value)
    assert str(caught.value).count("Row") <= 5
    assert len(sp.history()) == 0


def test_a_frame_is_told_as_rows_are(home):
    with pytest.raises(sp.Mistake, match=r"Rows 0 and 1: An fx .* \(did you mean `duration`\?\)"):
        sp.batch(pd.DataFrame({"prompt": ["a", "b"], "seconds": [1, 2]}), route="fx")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"Prompt": "a", "prompt": "b"},
            "'prompt' is prompt otherwise spelled, which is there too.",
        ),
        ({"prompt": "a", " prompt": "b"}, "The column 'prompt' is there twice."),
        ({"prompt": "a", "Duration": 1, "DURATION": 2}, "'DURATION' is duration otherwise spelled"),
        (
            {"prompt;duration": "rain;2"},
            "parted by ';'. Nothing was sent. pandas.read_csv(…, sep=';')",
        ),
        ({"prompt": "a", "tags": "[1]"}, "Tags must be a list of texts, not [1]."),
    ],
)
def test_no_column_is_taken_for_another_one_in_silence(home, given, said):
    with pytest.raises(sp.Mistake) as caught:
        sp.batch([given], route="fx")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("route", "text", "sent", "tags"),
    [
        ("fx", "PROMPT,Duration \nrain,2", {"prompt": "rain", "duration": 2.0}, []),
        ("fx", "\ufeffPrompt,DURATION\nrain,0:02", {"prompt": "rain", "duration": 2.0}, []),
        ("fx", "prompt,Callback URL\nrain,https://x.org/h",
         {"prompt": "rain", "callback_url": "https://x.org/h"}, []),
        ("fx", 'prompt,callback-url,Extra\nrain,https://x.org/h,"{""seed"": 4}"',
         {"prompt": "rain", "callback_url": "https://x.org/h", "seed": 4}, []),
        ("fx", "ï»¿prompt,duration\nrain,2", {"prompt": "rain", "duration": 2.0}, []),
        ("sample", "Prompt,Loopable\nrain,TRUE", {"prompt": "rain", "loopable": True}, []),
        ("remix_instrumental", "Source,Variations\nhttps://x.org/a.wav,2",
         {"source": {"url": "https://x.org/a.wav"}, "n_variations": 2}, []),
        ("cut", "SOURCE,Target Duration\nhttps://x.org/a.wav,1m30",
         {"source": {"url": "https://x.org/a.wav"}, "target_duration": 90.0}, []),
        ("fx", 'prompt,Tags\nrain,"demo, wet "', {"prompt": "rain"}, ["demo", "wet"]),
        ("fx", 'prompt,tags\nrain,"[""a, b""]"', {"prompt": "rain"}, ["a, b"]),
        ("fx", "prompt,Name,Note\nrain,hit,for the door", {"prompt": "rain"}, []),
    ],
)  # fmt: skip
def test_a_header_in_other_letters_is_the_field(scripted, route, text, sent, tags):
    service = scripted(
        lambda *_: as_json(operation("failed", error={"code": "none", "message": ""}))
    )
    batch = sp.batch(csv.DictReader(io.StringIO(text)), route=route)
    [row] = batch.result(30).to_dict("records")
    [put] = [json.loads(each.body) for each in service.heard if each.method == "PUT"]
    del put["idempotency_key"]
    assert put == sent
    assert (row["tags"] or []) == tags
