"""A correction with noise is a new answer: it costs again, says so before, and is drawn once."""

from datetime import timedelta

import pytest

import sekisho
from sekisho.errors import Conflict, Refused, UsageError
from sekisho.gate.bounds_asked import bounds_of
from sekisho.gate.calendar import publish_due
from sekisho.gate.earlier_bounds import bounds_before
from sekisho.model.calendar import ErrorClass
from sekisho.terms import ReleaseState
from tests.lib.calendars import CALENDAR, FIRST, WHY, with_clock
from tests.lib.private import (
    OWNER,
    PLAN,
    PROGRAMME,
    PURPOSE,
    make_node,
    rows,
    write_programme,
    write_trips,
)


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


def question_of(root):
    """The plan's own SQL, as somebody who may ask questions of their own would write it."""
    return (root / "releases" / f"{PLAN}.sql").read_text("utf-8")


def asked(node, root):
    return node.query(PROGRAMME, question_of(root), purpose=PURPOSE, epsilon="1").table


def test_the_plans_own_question_does_not_show_the_figures_that_wait(tmp_path):
    """One draw serves whoever asks the same; a waiting release would be read for nothing."""
    root = write_programme(tmp_path)
    plan = root / "releases" / f"{PLAN}.toml"
    head, mark, rest = plan.read_text("utf-8").partition("[measure]")
    plan.write_text(f"{head}{CALENDAR}\n{mark}{rest}", "utf-8")
    with with_clock(sekisho.init(tmp_path / "node", OWNER), FIRST - timedelta(days=1)) as node:
        node.add_programme(root)
        node.load(PROGRAMME, "trips", write_trips(tmp_path / "trips.csv", rows(people=60)))
        made = node.release(PROGRAMME, PLAN)
        once = spent(node)
        answer = asked(node, root)
        assert spent(node) > once
        waiting = {row.groups[0]: row.cell for row in made.release.table}
        told = {row.groups[0]: row.numbers["trips"].value for row in answer.rows}
        assert told.keys() == waiting.keys()
        assert told != waiting
        assert asked(node, root) == answer
        assert node.release(PROGRAMME, PLAN).id == made.id


def test_the_bounds_of_a_release_that_waits_are_not_taken_over(tmp_path):
    """They are figures of it: the price of the next question would tell them."""
    root = write_programme(tmp_path, epsilon="6")
    plan = root / "releases" / f"{PLAN}.toml"
    head, mark, rest = plan.read_text("utf-8").partition("[measure]")
    said = '[contribution]\ngroups = "earlier"\n'
    plan.write_text(f"{head}{CALENDAR}\n{said}\n{mark}{rest}", "utf-8")
    with with_clock(sekisho.init(tmp_path / "node", OWNER), FIRST - timedelta(days=1)) as node:
        node.add_programme(root)
        node.load(PROGRAMME, "trips", write_trips(tmp_path / "trips.csv", rows(people=1500)))
        made = node.release(PROGRAMME, PLAN)
        assert [each.by for each in made.release.cost.limits] == ["chosen"]
        assert bounds_before(node._house, PROGRAMME, PLAN) is None
        node._house.clock.at = FIRST + timedelta(minutes=1)
        assert publish_due(node._house) == [made.id]
        assert bounds_before(node._house, PROGRAMME, PLAN) is not None
        assert node.verify_certificate(made.id) == []


@pytest.mark.parametrize("length", ["1e999999999", "1e300", "1e-999999"])
def test_a_length_that_nobody_can_count_with_is_refused_before_its_charge(length):
    with pytest.raises(UsageError):
        bounds_of({"length": length})


def test_figures_that_were_taken_down_are_not_had_by_asking_again(tmp_path):
    with make_node(tmp_path, lines=rows(people=60)) as node:
        made = node.release(PROGRAMME, PLAN)
        root = tmp_path / PROGRAMME
        asked(node, root)
        node.calendar.withdraw(made.id, ErrorClass.DISCLOSURE, WHY)
        with pytest.raises(Refused):
            asked(node, root)
