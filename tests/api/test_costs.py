"""The cost that an answer carries, as the service says it, and nothing that it does not say."""

from __future__ import annotations

import json

import pytest

from soundpiece_nb.api.answer import read_answer
from soundpiece_nb.api.costs import cost_alone, plain_amount

SAID = [
    ({"credits": 3}, "3 credits"),
    ({"credits": 1}, "1 credit"),
    ({"credits_used": 2.5}, "2.5 credits"),
    ({"creditsCharged": 4}, "4 credits"),
    ({"credits_charged": "12"}, "12 credits"),
    ({"credits_used": 0}, "0 credits"),
    ({"cost": 0.12}, "0.12"),
    ({"cost": "3 credits"}, "3 credits"),
    ({"cost": "free"}, "free"),
    ({"cost": "$0.12"}, "$0.12"),
    ({"cost_usd": 0.12}, "0.12 USD"),
    ({"price": {"amount": 3, "currency": "USD"}}, "3 USD"),
    ({"price": {"value": "3.00", "unit": "EUR"}}, "3.00 EUR"),
    ({"charge": {"amount": 250, "currency": "usd", "id": "ch_19"}}, "250 usd"),
    ({"cost": {"credits": 3}}, "3 credits"),
    ({"usage": {"credits_used": 3, "credits_remaining": 97}}, "3 credits; 97 credits remaining"),
    ({"credits_remaining": 97, "credits_used": 3}, "3 credits; 97 credits remaining"),
    ({"balance": {"amount": 8.2, "currency": "USD"}}, "8.2 USD remaining"),
    ({"cost": 0.12, "credits": 3}, "0.12; 3 credits"),
    ({"credits": -2}, "-2 credits"),
    ({"cost": "1,200 credits"}, "1,200 credits"),
]
UNSAID = [
    {},
    {"credits": None},
    {"credits": True},
    {"credits": []},
    {"credits": [{"role": "composer", "name": "Ann"}]},
    {"credits": "Written by Ann and Bo"},
    {"credits": float("nan")},
    {"credits": float("inf")},
    {"credits": 10**400},
    {"credits": {"a": {"b": {"credits": 3}}}},
    {"charge": "ch_1234"},
    {"charge_id": 17},
    {"price_tier": 2},
    {"cost_center": 40},
    {"cost": ""},
    {"cost": "x" * 61},
    {"cost": "three\nlines\nof it"},
    {"cost": "\x1b[31m3"},
    {"cost": "3 \u202e credits"},
    {"cost": "spk_live_0123456789"},
    {"cost": "3 https://x.example/?signature=1"},
    {"cost": "<b>3</b>"},
    {"discount": 3},
    {"accredited": 3},
    {"duration": 3.0},
]
OPERATION = {"id": "op_1", "status": "processing"}


@pytest.mark.parametrize(("fields", "cost"), SAID, ids=str)
def test_what_the_service_says_of_the_cost_is_kept_as_it_says_it(fields, cost):
    assert read_answer({**OPERATION, **fields}).cost == cost
    assert read_answer({"fx": {**OPERATION, **fields}}).cost == cost
    beside = {"fx": OPERATION, **fields}
    assert read_answer(json.loads(json.dumps(beside))).cost == cost, "in the envelope beside it"


@pytest.mark.parametrize("fields", UNSAID, ids=lambda fields: str(fields)[:40])
def test_what_is_no_cost_is_not_taken_for_one(fields):
    assert read_answer({**OPERATION, **fields}).cost is None
    assert read_answer({"fx": OPERATION, **fields}).cost is None


def test_another_operation_in_the_envelope_lends_no_cost():
    answer = {"fx": OPERATION, "song": {"id": "op_2", "status": "ready", "credits": 9}}
    assert read_answer(answer, operation_id="op_1").cost is None


def test_an_answer_full_of_amounts_is_cut():
    many = {f"credits{'_used' * (n % 2)}": n for n in range(2)} | {
        name: {"amount": number, "currency": "USD"}
        for number, name in enumerate(["cost", "price", "charge", "fee", "charged", "total_cost"])
    }
    cost = read_answer({**OPERATION, **many, **{f"x{n}": n for n in range(10_000)}}).cost
    assert len(cost.split("; ")) == 4


def test_said_twice_is_said_once():
    assert read_answer({"fx": {**OPERATION, "credits": 3}, "credits": 3}).cost == "3 credits"


@pytest.mark.parametrize(
    ("cost", "amount"),
    [
        ("3 credits", (3.0, "credits")),
        ("1 credit; 96 credits remaining", (1.0, "credits")),
        ("0.12 USD", (0.12, "USD")),
        ("3", (3.0, "")),
        ("free", None),
        ("$0.12", None),
        ("1,200 credits", None),
        ("0.12; 3 credits", None),
        ("97 credits remaining", None),
        ("", None),
    ],
)
def test_only_a_plain_number_of_one_unit_can_be_added_up(cost, amount):
    assert plain_amount(cost) == amount


def test_what_is_left_on_the_account_is_no_cost():
    assert cost_alone("3 credits; 97 credits remaining") == "3 credits"
    assert cost_alone("97 credits remaining") == ""
