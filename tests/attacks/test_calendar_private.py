"""A correction with noise is a new answer: it costs again, says so before, and is drawn once."""

import pytest

from sekisho.errors import Conflict, Refused, UsageError
from sekisho.model.calendar import ErrorClass
from sekisho.terms import ReleaseState
from tests.lib.calendars import WHY
from tests.lib.private import PLAN, PROGRAMME, make_node, rows, write_trips


def spent(node):
    return node._house.store.spent(PROGRAMME, "trips", "once").loss


def test_a_correction_with_noise_costs_again_and_says_so_before(tmp_path):
    with make_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLAN)
        once = spent(node)
        node.load(PROGRAMME, "trips", write_trips(tmp_path / "late.csv", rows(2, people=90)))
        price = node.calendar.price(first.id)
        assert price > 0
        with pytest.raises(UsageError) as raised:
            node.calendar.correct(first.id, ErrorClass.DATA, WHY)
        assert raised.value.faults[0].fields["epsilon"] == f"{price.normalize():f}"
        assert spent(node) == once
        second = node.calendar.correct(first.id, ErrorClass.DATA, WHY, accept_cost=True)
        assert spent(node) > once
        twice = spent(node)
        again = node.calendar.correct(first.id, ErrorClass.DATA, WHY, accept_cost=True)
        assert again.id == second.id
        assert spent(node) == twice
        assert node.released(first.id).release.state is ReleaseState.CORRECTED
        changes = node.calendar.changes(second.id)
        assert changes.cells
        assert node.verify_certificate(second.id) == []
        assert node.verify().passed


def test_a_correction_of_nothing_draws_no_second_noise(tmp_path):
    """Noise drawn twice over the same data would average away."""
    with make_node(tmp_path) as node:
        first = node.release(PROGRAMME, PLAN)
        once = spent(node)
        with pytest.raises(Conflict):
            node.calendar.correct(first.id, ErrorClass.PRESENTATION, WHY, accept_cost=True)
        node.calendar.withdraw(first.id, ErrorClass.DATA, WHY)
        with pytest.raises(Refused):
            node.release(PROGRAMME, PLAN)
        assert spent(node) == once


def test_hiding_cells_costs_nothing_to_correct(tmp_path):
    from tests.lib.calendars import plain_node
    from tests.lib.small import PROGRAMME as SMALL

    with plain_node(tmp_path) as node:
        made = node.release(SMALL, "by-goods")
        assert node.calendar.price(made.id) is None
