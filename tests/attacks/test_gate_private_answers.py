"""What surrounds an answer tells nothing more: refusals, dry runs, papers, charges left behind."""

import json
import re
import shutil
import time
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest

import sekisho
from sekisho.engines.bounding import DuckDBBounding
from sekisho.errors import (
    CancelledError,
    NotFound,
    Refused,
    StorageError,
    TamperedError,
    UsageError,
)
from sekisho.gate import answers, private
from sekisho.gate.answer_papers import ANSWER
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.ports import Watch
from sekisho.terms import JobState, Outcome
from tests.lib.private import (
    COUNT,
    OWNER,
    PLAN,
    PROGRAMME,
    PURPOSE,
    make_node,
    rows,
    write_programme,
    write_trips,
)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(answers, "STEP", answers.STEP / 100)


@pytest.fixture
def node(tmp_path):
    with make_node(tmp_path) as made:
        yield made


def ask(node, sql: str = COUNT, epsilon: str = "0.5", **more):
    return node.query(PROGRAMME, sql, purpose=PURPOSE, epsilon=epsilon, **more)


def refusals(node):
    parsed = [parse_entry(data) for _, data in node._house.store.outbox(0, 10_000)]
    return [each for each in parsed if each.kind is EntryKind.DECISION_REFUSED]


# ------------------------------------------------------------------------------ refusals


def test_a_refusal_by_the_budget_is_logged_and_says_nothing_of_question_rows_or_asker(node):
    ask(node, epsilon="3.9")
    with pytest.raises(Refused):
        ask(node, "SELECT COUNT(*) AS n FROM trips WHERE minutes > 17", "1")
    with pytest.raises(Refused):
        node.release(PROGRAMME, PLAN)
    by_question, by_plan = refusals(node)
    assert by_question.public == {"plan": "query", "reason": "privacy.budget-exhausted-once"}
    assert by_plan.public["plan"] == PLAN
    for each in (by_question, by_plan):
        assert each.outcome is Outcome.REFUSED
        assert each.rules == ()
        assert set(each.commitments) == {"facts"}
    assert node.verify().passed


def test_a_dry_run_that_would_be_refused_logs_nothing(node):
    ask(node, epsilon="3.9")
    before = node._house.store.entry_count()
    quoted = ask(node, "SELECT COUNT(*) AS n FROM trips", "1", dry_run=True)
    assert quoted.budgets[0].left < quoted.epsilon
    assert node._house.store.entry_count() == before


# ------------------------------------------------------------------------------ dry runs


def test_a_dry_run_and_an_explanation_open_no_file_of_data(node):
    before = ask(node, dry_run=True)
    shutil.rmtree(node.folder / "deliveries")
    assert ask(node, dry_run=True) == before
    assert node.explain(PROGRAMME, PLAN).expected
    with pytest.raises(StorageError):
        ask(node)
    assert node._house.store.charges() == []


def test_a_dry_run_needs_no_data_at_all_and_an_answer_does(tmp_path):
    with sekisho.init(tmp_path / "node", OWNER) as empty:
        empty.add_programme(write_programme(tmp_path))
        assert ask(empty, dry_run=True).expected
        with pytest.raises(NotFound):
            ask(empty)
        assert empty._house.store.charges() == []


def test_changed_data_are_found_before_anything_is_charged(node):
    (file,) = node.folder.glob("deliveries/*/*/*.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    for call in (lambda: ask(node), lambda: node.release(PROGRAMME, PLAN)):
        with pytest.raises(TamperedError):
            call()
    assert node._house.store.charges() == []
    file.write_bytes(whole)
    assert ask(node)


def test_an_answer_that_was_drawn_is_given_again_without_its_data(node):
    first = ask(node)
    shutil.rmtree(node.folder / "deliveries")
    assert ask(node).table == first.table


# ------------------------------------------------------------------------------ papers


def test_an_answer_s_papers_hold_what_must_be_known_and_prove_its_charge(node):
    answer = ask(node)
    assert node.questions.faults(answer.folder) == []
    said = json.loads((answer.folder / ANSWER).read_bytes())
    (charge,) = said["charges"]
    assert charge["entry"] == answer.entry_index
    assert Decimal(said["guarantee"]["loss"]) == node._house.store.charges()[0].loss
    corrected = any(each["corrected_by"] for each in said["bounds"])
    assert said["interval"].startswith("95 % for the noise")
    assert said["interval"].endswith("noise alone") is not corrected
    assert said["decision"]["outcome"] == "allowed"
    assert answer.explain()
    names = {f"entry-{charge['entry']}.json", f"proof-{charge['entry']}.tlog-proof", ANSWER}
    assert set(answer.files) == names


def test_papers_with_another_charge_s_proof_or_a_larger_loss_do_not_pass(node, tmp_path):
    one, other = ask(node), ask(node, "SELECT COUNT(*) AS n FROM trips", "0.25")
    forged = tmp_path / "forged"
    shutil.copytree(one.folder, forged)
    for name in (f"entry-{one.entry_index}.json", f"proof-{one.entry_index}.tlog-proof"):
        twin = other.folder / name.replace(str(one.entry_index), str(other.entry_index))
        (forged / name).write_bytes(twin.read_bytes())
    assert [f.code for f in node.questions.faults(forged)] == ["budget.answer-unproved"]
    dearer = tmp_path / "dearer"
    shutil.copytree(one.folder, dearer)
    said = json.loads((dearer / ANSWER).read_bytes())
    said["charges"][0]["epsilon"] = "0.1"
    (dearer / ANSWER).write_text(json.dumps(said))
    assert node.questions.faults(dearer)
    assert node.questions.faults(tmp_path / "nothing")


def test_papers_and_jobs_name_no_person_and_no_file(node):
    answer = ask(node)
    (delivery,) = node._house.store.deliveries(PROGRAMME, "trips")
    told = "".join(f.read_text("utf-8") for f in answer.folder.iterdir())
    told += "".join(f"{job.request}{job.result}" for job in node.jobs() if job.kind == "query")
    assert delivery.digest not in told
    assert delivery.id not in told
    assert str(node.folder) not in told
    assert "owner" not in told


# ------------------------------------------------------------------------- jobs and charges


def test_a_question_is_a_job_that_others_see(node):
    answer = ask(node)
    (job,) = [each for each in node.jobs() if each.kind == "query"]
    assert job.state is JobState.DONE
    assert job.result["entries"] == str(answer.entry_index)
    assert job.request["sql"] == COUNT


def test_a_question_stopped_after_its_charge_is_flagged_and_finished_for_nothing(node, monkeypatch):
    put = node.questions.asked(PROGRAMME, COUNT, purpose=PURPOSE, epsilon="0.5")

    class Stopped:
        def bounded(self, *_asked):
            from sekisho.errors import fault

            raise CancelledError(fault("job.cancelled"))

    with monkeypatch.context() as patched:
        patched.setattr(DuckDBBounding, "bounded", Stopped.bounded)
        with pytest.raises(CancelledError):
            node.questions.ask(put, Watch())
    (state,) = node.budgets()
    (charge,) = state.charges
    assert state.undrawn == {charge.request}
    assert node.questions.ask(put).entries == (charge.entry_index,)
    (state,) = node.budgets()
    assert (len(state.charges), state.undrawn) == (1, frozenset())


def test_a_charge_left_behind_by_new_data_stays_flagged(node, monkeypatch, tmp_path):
    def broken(*_asked):
        raise StorageError(private.fault("gate.data-missing", programme="p", dataset="d"))

    with monkeypatch.context() as patched:
        patched.setattr(private, "draw", broken)
        with pytest.raises(StorageError):
            ask(node)
    node.load(PROGRAMME, "trips", write_trips(tmp_path / "more.csv", rows(9, 50)))
    ask(node)
    (state,) = node.budgets()
    assert len(state.charges) == 2
    assert state.undrawn == {state.charges[0].request}


# -------------------------------------------------------------------------- bounds asked for


def test_other_bounds_change_the_error_and_never_the_loss(node):
    narrow, wide = (ask(node, contribution={"groups": n}, dry_run=True) for n in (1, 3))
    assert narrow.epsilon == wide.epsilon == Decimal("0.500000")
    assert narrow.expected[0].standard_error < wide.expected[0].standard_error
    kept = ask(node, contribution={"groups": "2", "sampled": True})
    assert kept.table.charge.loss == ask(node, contribution={"groups": 2}).table.charge.loss


@pytest.mark.parametrize(
    "bounds",
    [
        {"groups": 0}, {"groups": "-3"}, {"rows": 2.5}, {"length": "0"}, {"length": "Infinity"},
        {"sampled": "perhaps"}, {"person": 1}, {"groups": True}, {"groups": 10**9},
        {"length": "sNaN"}, {"found_groups": "x"}, {"rows": "1e3"},
    ],
)  # fmt: skip
def test_bounds_that_are_none_are_refused_before_anything_is_charged(node, bounds):
    with pytest.raises(UsageError):
        ask(node, contribution=bounds)
    assert node._house.store.charges() == []


def test_reversed_bounds_of_an_amount_are_clamped_or_refused_and_stop_nothing(node):
    sql = "SELECT SUM(LEAST(GREATEST(minutes, 500), 10)) AS m FROM trips"
    try:
        (number,) = ask(node, sql, "1").table.column("m")
    except sekisho.errors.QueryError:
        return
    assert isinstance(number, int | Decimal)


def test_a_group_of_few_found_in_the_data_is_not_shown_although_the_asker_sets_the_cap(node):
    found = ask(
        node,
        "SELECT minutes, COUNT(*) AS n FROM trips GROUP BY minutes",
        "3",
        contribution={"found_groups": 50},
    )
    assert found.table.rows == ()


@pytest.mark.parametrize("minutes", ["nan", "inf", "-inf", "1e309", "601", "-0.1"])
def test_amounts_that_would_poison_a_sum_never_come_in(node, tmp_path, minutes):
    poisoned = write_trips(tmp_path / "odd.csv", [f"977,east,2024-01-15,{minutes}"])
    with pytest.raises(sekisho.errors.DeliveryError) as told:
        node.load(PROGRAMME, "trips", poisoned)
    assert "977" not in str(told.value)
    assert not re.search(rf"(?<!\w){minutes}(?!\w)", str(told.value))
    assert len(node._house.store.deliveries(PROGRAMME, "trips")) == 1


# ------------------------------------------------------------------------- several budgets


def _two_datasets(folder):
    """The programme with the same people in a second dataset, whose budget is stricter."""
    root = write_programme(folder)
    text = (root / "datasets/trips.toml").read_text("utf-8").replace('id = "trips"', 'id = "rides"')
    text = text.replace('delta = "0.000001"', 'delta = "0.00000001"')
    (root / "datasets/rides.toml").write_text(text, encoding="utf-8")
    return root


def test_a_question_over_two_budgets_shows_each_its_own_cost_and_the_whole_at_the_strictest(
    tmp_path,
):
    sql = (
        "SELECT trips.area, COUNT(*) AS n FROM trips JOIN rides ON trips.person = rides.person "
        "GROUP BY trips.area"
    )
    with sekisho.init(tmp_path / "node", OWNER) as node:
        node.add_programme(_two_datasets(tmp_path))
        node.load(PROGRAMME, "trips", write_trips(tmp_path / "trips.csv", rows()))
        node.load(PROGRAMME, "rides", write_trips(tmp_path / "rides.csv", rows(2)))
        quoted = ask(node, sql, "1", dry_run=True)
        costs = {each.dataset: (each.epsilon, each.delta) for each in quoted.budgets}
        assert costs["trips"][1] == Decimal("0.000001")
        assert costs["rides"][1] == Decimal("0.00000001")
        assert costs["rides"][0] > costs["trips"][0]
        answer = ask(node, sql, "1")
        assert (answer.epsilon, answer.delta) == costs["rides"]
        assert len(answer.entries) == 2
        assert node.questions.faults(answer.folder) == []
        said = json.loads((answer.folder / ANSWER).read_bytes())
        assert Decimal(said["guarantee"]["delta"]) == costs["rides"][1]
        charged = {
            c["dataset"]: (Decimal(c["epsilon"]), Decimal(c["delta"])) for c in said["charges"]
        }
        assert charged == costs


# ---------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_and_a_failure_after_rows_are_read_appear_at_the_step(node, monkeypatch, fails):
    monkeypatch.setattr(answers, "STEP", timedelta(seconds=0.4))
    if fails:
        broken = StorageError(private.fault("gate.data-missing", programme="p", dataset="d"))

        def bounded(*_asked):
            raise broken

        monkeypatch.setattr(DuckDBBounding, "bounded", bounded)
    began = time.monotonic()
    with suppress(StorageError):
        ask(node)
    took = time.monotonic() - began
    assert took >= 0.4
    if not fails:
        again = time.monotonic()
        ask(node)
        assert time.monotonic() - again < took
