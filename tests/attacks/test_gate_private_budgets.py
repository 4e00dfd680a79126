"""Whoever asks, however often and however fast: no budget is overspent, no answer is drawn twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

import sekisho
from sekisho.errors import NotPermitted, Refused, SekishoError, UsageError
from sekisho.gate import answers
from sekisho.model.actor import Actor, Participant
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind, Role
from tests.lib.private import COUNT, PLAN, PROGRAMME, PURPOSE, YEARLY, make_node, rows, write_trips


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(answers, "STEP", answers.STEP / 100)


@pytest.fixture
def node(tmp_path):
    with make_node(tmp_path) as made:
        yield made


def ask(node, sql: str = COUNT, epsilon: str = "0.5", purpose: str = PURPOSE):
    return node.query(PROGRAMME, sql, purpose=purpose, epsilon=epsilon)


def spent(node, period: str = "once") -> Decimal:
    return node._house.store.spent(PROGRAMME, "trips", period).loss


def entries(node, kind: EntryKind):
    parsed = [parse_entry(data) for _, data in node._house.store.outbox(0, 10_000)]
    return [each for each in parsed if each.kind is kind]


def test_asking_again_gives_the_same_noise_and_costs_nothing(node):
    first = ask(node)
    after = spent(node)
    for _ in range(5):
        again = ask(node)
        assert again.table == first.table
        assert again.entry_index == first.entry_index
    assert spent(node) == after
    assert len(entries(node, EntryKind.BUDGET_CHARGED)) == 1


def test_a_plan_released_again_is_the_same_release_and_costs_nothing(node):
    first = node.release(PROGRAMME, PLAN)
    after = spent(node)
    assert node.release(PROGRAMME, PLAN).release == first.release
    assert spent(node) == after
    assert len(node.releases(PROGRAMME)) == 1
    assert node.verify().passed


def test_a_question_asked_as_a_plan_asks_it_gets_the_plan_s_numbers_for_nothing(node):
    node.release(PROGRAMME, PLAN)
    after = spent(node)
    same = "SELECT area, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (area)"
    found = ask(node, same, "1")
    assert spent(node) == after
    released = {r.groups[0]: r.cell for r in node.releases(PROGRAMME)[0].table}
    assert dict(zip(found.table.column("area"), found.table.column("trips"), strict=True)) == {
        group: int(cell) for group, cell in released.items()
    }


def test_two_hundred_questions_at_once_never_overspend(node):
    def one(number):
        try:
            ask(node, f"SELECT COUNT(*) AS n FROM trips WHERE minutes > {number % 50}", "0.9")
        except Refused:
            return "refused"
        return "answered"

    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(one, range(200)))
    house = node._house
    state = node.budgets(PROGRAMME)[0]
    assert "refused" in said
    assert state.ledger.spent_loss <= state.ledger.most_loss
    assert state.ledger.spent_delta <= state.ledger.most_delta
    charges = house.store.charges(PROGRAMME)
    assert sum(each.loss for each in charges) == state.ledger.spent_loss
    assert len({each.request for each in charges}) == len(charges)
    assert len(entries(node, EntryKind.BUDGET_CHARGED)) == len(charges)
    assert house.log.size() == house.store.entry_count()


def test_an_exhausted_budget_answers_old_questions_and_no_new_one(node):
    first = ask(node, epsilon="3.9")
    with pytest.raises(Refused, match="left"):
        ask(node, "SELECT COUNT(*) AS n FROM trips", "1")
    with pytest.raises(Refused):
        node.release(PROGRAMME, PLAN)
    assert ask(node, epsilon="3.9").table == first.table
    assert len(entries(node, EntryKind.BUDGET_CHARGED)) == 1


@pytest.mark.parametrize("epsilon", ["0", "-1", "21", "1e9", "NaN", "Infinity", "much", "0.5;"])
def test_an_epsilon_that_is_no_budget_spends_nothing(node, epsilon):
    with pytest.raises((UsageError, Refused)):
        ask(node, epsilon=epsilon)
    assert spent(node) == 0
    assert entries(node, EntryKind.BUDGET_CHARGED) == []


def test_a_purpose_that_no_rule_permits_is_refused_and_logged_even_for_a_paid_answer(node):
    ask(node)
    with pytest.raises(Refused):
        ask(node, purpose="dpv:Marketing")
    assert len(entries(node, EntryKind.DECISION_REFUSED)) == 1
    with pytest.raises(UsageError):
        ask(node, purpose="because")


def test_a_dry_run_and_an_explanation_spend_and_log_nothing(node):
    before = node._house.store.entry_count()
    quoted = node.query(PROGRAMME, COUNT, purpose=PURPOSE, epsilon="0.5", dry_run=True)
    assert (quoted.epsilon, quoted.is_paid) == (Decimal("0.500000"), False)
    assert len(quoted.expected) == 1
    assert node.explain(PROGRAMME, PLAN).proof
    assert node._house.store.entry_count() == before
    assert spent(node) == 0


def test_a_dry_run_tells_nothing_about_the_rows(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with make_node(tmp_path / "a") as many, make_node(tmp_path / "b", lines=rows(2, 3)) as few:
        quotes = [
            node.query(PROGRAMME, COUNT, purpose=PURPOSE, epsilon="1", dry_run=True)
            for node in (many, few)
        ]
    assert quotes[0] == quotes[1]


def test_new_data_make_a_new_question(node, tmp_path):
    ask(node)
    once = spent(node)
    node.load(PROGRAMME, "trips", write_trips(tmp_path / "more.csv", rows(9, 50)))
    ask(node)
    assert spent(node) == 2 * once


def test_a_period_s_budget_pays_for_its_own_rows_only(tmp_path):
    with make_node(tmp_path, period=YEARLY) as node:
        in_2024 = "SELECT COUNT(*) AS n FROM trips WHERE day <= DATE '2024-12-31'"
        ask(node, in_2024, "3.9")
        assert spent(node, "2024") > 0
        assert spent(node, "2025") == 0
        assert ask(node, in_2024.replace("<= DATE '2024", "> DATE '2024"), "3.9")
        with pytest.raises(Refused):
            ask(node, COUNT, "1")
        before = [spent(node, each) for each in ("2024", "2025")]
        hidden = "SELECT COUNT(*) AS n FROM trips WHERE day <= DATE '2024-12-31' OR minutes > 0"
        with pytest.raises(Refused):
            ask(node, hidden, "1")
        assert [spent(node, each) for each in ("2024", "2025")] == before


def test_a_question_over_two_periods_is_charged_to_both(tmp_path):
    with make_node(tmp_path, period=YEARLY) as node:
        ask(node)
        assert spent(node, "2024") == spent(node, "2025") > 0
        assert [each.until.year for each in node.budgets()] == [2024, 2025]


def test_an_inner_query_cannot_hide_which_period_it_reads(tmp_path):
    with make_node(tmp_path, period=YEARLY) as node:
        ask(
            node,
            "WITH each AS (SELECT person, MAX(day) AS last FROM trips GROUP BY person)"
            " SELECT COUNT(*) AS n FROM each WHERE last <= DATE '2024-12-31'",
        )
        assert spent(node, "2025") > 0


def test_who_may_not_query_learns_nothing_and_spends_nothing(node):
    node.add_participant(
        Participant("rival", Text("Rival", "競合"), ParticipantKind.BUSINESS_OPERATOR, "JP")
    )
    node.add_actor(Actor("auditor", "rival", frozenset({Role.AUDITOR})))
    auditor = node.as_("auditor")
    for call in (lambda: ask(auditor), lambda: auditor.explain(PROGRAMME, PLAN)):
        with pytest.raises(NotPermitted):
            call()
    assert spent(node) == 0


def test_a_charge_stands_in_a_signed_checkpoint_before_any_noise_is_drawn(node):
    house = node._house
    seen = []

    class Watching:
        def gaussian(self, values, sigma):
            seen.append((house.log.size(), house.store.entry_count(), len(charged())))
            return house.noise.gaussian(values, sigma)

    def charged():
        return house.store.charges(PROGRAMME)

    watched = sekisho.Node(replace(house, noise=Watching()), node._settings, node._actor)
    ask(watched)
    assert seen
    assert all(size == count and charges == 1 for size, count, charges in seen)


def test_no_message_holds_a_value_or_a_unit_of_the_data(node):
    broken = [
        "SELECT person, COUNT(*) AS n FROM trips GROUP BY person",
        "SELECT day, COUNT(*) AS n FROM trips WHERE person = 17 GROUP BY day",
        "SELECT SUM(1 / (minutes - 3.5)) AS n FROM trips",
        "SELECT area, MAX(minutes) AS n FROM trips GROUP BY area",
        "SELECT COUNT(*) AS n FROM trips WHERE",
    ]
    held = {part for line in rows() for part in line.split(",")[3:]}
    for sql in broken:
        with pytest.raises(SekishoError) as told:
            ask(node, sql)
        said = str(told.value)
        assert not any(value in said for value in held - {"1.0"}), said
    assert spent(node) == 0


def test_groups_of_an_answer_are_those_declared_in_their_order_whoever_is_there(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with make_node(tmp_path / "a") as many, make_node(tmp_path / "b", lines=rows(2, 1)) as few:
        for node in (many, few):
            assert ask(node).table.column("area") == ["east", "north", "south", "void"]
            released = node.release(PROGRAMME, PLAN).table
            assert [row.groups for row in released] == [
                (None,), ("east",), ("north",), ("south",), ("void",),
            ]  # fmt: skip
            assert all(row.uncertainty is not None for row in released)
            assert released.is_estimated


def test_a_release_can_be_made_again_from_its_draw_and_a_changed_number_shows(node, monkeypatch):
    made = node.release(PROGRAMME, PLAN)
    assert node.verify_certificate(made.id) == []
    table = made.table
    forged = replace(table, rows=(replace(table.rows[0], cell=Decimal(7)), *table.rows[1:]))
    kept = replace(made.release, table=forged)
    monkeypatch.setattr(type(node._house.store), "release", lambda *_: kept)
    assert [each.code for each in node.verify_certificate(made.id)] == ["budget.table-differs"]
