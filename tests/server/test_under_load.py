"""A thousand webhooks a minute cost little; `make soak` sends as many for five minutes."""

from __future__ import annotations

import pytest

from support.steady_webhooks import weigh

pytestmark = [pytest.mark.measured, pytest.mark.usefixtures("stored")]


@pytest.mark.parametrize("server", ["/"], indirect=True)
def test_a_thousand_deliveries_a_minute_disturb_nobody(server):
    weight = weigh(server, seconds=10, a_minute=1_000)
    print(weight)
    assert weight.delivered >= 160
    assert weight.answered < 50
    assert weight.others_answered < 50
    assert weight.grown < 10 * 2**20
