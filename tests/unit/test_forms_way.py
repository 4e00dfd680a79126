"""The open lane from its folder to what leaves: status, reminders, statistics, requests for data."""

from datetime import UTC, date, datetime

import pytest

from sekisho.errors import (
    Conflict,
    DeliveryError,
    NotFound,
    NotPermitted,
    Refused,
    UsageError,
)
from sekisho.lanes.open.deadlines import Standing
from sekisho.model.data_request import RequestState
from sekisho.model.entry import parse_entry
from sekisho.model.table import SUPPRESSED
from tests.lib.forms import ASK, FORM, MEMBERS, PROGRAMME, answers, make_node


@pytest.fixture
def house(tmp_path):
    node, clock, _ = make_node(tmp_path)
    yield node, clock
    node.close()


def submit(node, officer, **changed):
    forms = node.as_(officer).forms
    forms.fill(PROGRAMME, FORM, answers(**changed))
    return forms.submit(PROGRAMME, FORM).submission


def last_entry(node):
    store = node._house.store
    ((_, data),) = store.outbox(store.entry_count() - 1, 1)
    return parse_entry(data)


def test_the_steward_sees_who_has_answered_who_has_begun_and_who_has_not(house):
    node, _ = house
    submit(node, "carrier-b-1")
    node.as_("carrier-c-1").forms.fill(PROGRAMME, FORM, {"region": "north"})
    found = node.forms.status(PROGRAMME, FORM)
    assert [each.participant for each in found.answered] == ["carrier-b"]
    assert found.drafting == ("carrier-c",)
    assert found.waiting == ("carrier-a", "carrier-d")
    with pytest.raises(NotPermitted):
        node.as_("carrier-a-1").forms.status(PROGRAMME, FORM)


def test_reminders_are_listed_for_whoever_has_not_answered(house):
    node, clock = house
    submit(node, "carrier-b-1")
    found = node.forms.reminders(PROGRAMME)
    assert [(each.participant, each.days_left) for each in found] == [
        ("carrier-a", 13),
        ("carrier-c", 13),
        ("carrier-d", 13),
    ]
    clock.at = datetime(2020, 6, 23, 15, 0, tzinfo=UTC)
    assert node.forms.reminders(PROGRAMME) == []
    assert node.forms.standing(PROGRAMME, FORM) is Standing.CLOSED
    with pytest.raises(NotPermitted):
        node.as_("carrier-a-1").forms.reminders(PROGRAMME)


def test_answers_become_a_delivery_and_a_protected_release(house):
    node, _ = house
    for number, name in enumerate(MEMBERS):
        sites = [{"goods": "rice", "sales": 10 + number}]
        sites += [{"goods": "tea", "sales": 7, "remark": "=1+1"}] if number == 0 else []
        submit(node, f"{name}-1", sites=sites)
    delivery = node.forms.count(PROGRAMME, FORM)
    assert (delivery.dataset, delivery.rows) == ("answers", 5)
    released = node.release(PROGRAMME, "sales-by-goods")
    cells = {row.groups[0]: row.cell for row in released.release.table}
    assert cells["tea"] is SUPPRESSED
    assert 7 not in cells.values()
    with pytest.raises(NotFound):
        node.forms.count(PROGRAMME, FORM)


def test_what_was_counted_once_is_not_counted_again_after_a_correction(house):
    node, _ = house
    made = submit(node, "carrier-a-1")
    submit(node, "carrier-b-1")
    assert node.forms.count(PROGRAMME, FORM).rows == 4
    forms = node.as_("carrier-a-1").forms
    forms.correct(made.reference)
    forms.fill(PROGRAMME, FORM, answers(staff=130))
    forms.submit(PROGRAMME, FORM)
    submit(node, "carrier-c-1")
    assert node.forms.count(PROGRAMME, FORM).rows == 2


def test_a_count_that_was_killed_is_finished_by_the_next(house):
    node, _ = house
    made = submit(node, "carrier-a-1")
    node._house.store.forms.add_batch(PROGRAMME, FORM, [made.id])
    submit(node, "carrier-b-1")
    first = node.forms.count(PROGRAMME, FORM)
    assert first.rows == 2
    store = node._house.store.forms
    assert [ids for _, ids, delivery in store.batches(PROGRAMME, FORM) if delivery] == [(made.id,)]
    second = node.forms.count(PROGRAMME, FORM)
    assert second.id != first.id


def test_only_whoever_brings_the_data_counts(house):
    node, _ = house
    submit(node, "carrier-a-1")
    with pytest.raises(NotPermitted):
        node.as_("carrier-a-1").forms.count(PROGRAMME, FORM)
    with pytest.raises(Refused):
        node.forms.count(PROGRAMME, ASK)


# -- requests for data ----------------------------------------------------------------------------


def volumes(folder, name="a", rows=3):
    file = folder / f"volumes-{name}.csv"
    lines = [f"{name},{hour},{hour + 1}" for hour in range(rows)]
    file.write_text("\n".join(["carrier,hour,volume", *lines]) + "\n", encoding="utf-8")
    return file


def test_a_request_goes_to_its_holders_who_decide_deliver_or_say_why_not(house, tmp_path):
    node, _ = house
    sent = node.forms.request_data(PROGRAMME, ASK)
    assert [(each.participant, each.round, each.due) for each in sent] == [
        ("carrier-a", 1, date(2020, 6, 30)),
        ("carrier-b", 1, date(2020, 6, 30)),
    ]
    one, two = node.as_("carrier-a-1").forms, node.as_("carrier-b-1").forms
    (mine,) = one.requests()
    assert one.form_of_request(mine).ask.legal_basis.en == "Made up."
    assert one.accept(mine.id).state is RequestState.ACCEPTED
    assert last_entry(node).kind.value == "decision-allowed"
    met = one.deliver(mine.id, volumes(tmp_path))
    assert (met.request.state, met.delivery.rows, met.delivery.holder) == (
        RequestState.DELIVERED,
        3,
        "carrier-a",
    )
    done = last_entry(node)
    assert (done.kind.value, done.public["concerns"]) == ("duty-done", mine.entry_index)
    (theirs,) = two.requests()
    two.decline(theirs.id, "Our counters\n do not tell  hours.")
    refused = last_entry(node)
    assert refused.kind.value == "decision-refused"
    assert "counters" not in str(refused)
    assert [(r.participant, r.state.value, r.reason) for r in node.forms.requests(PROGRAMME)] == [
        ("carrier-a", "delivered", ""),
        ("carrier-b", "refused", "Our counters do not tell hours."),
    ]
    two.accept(theirs.id)
    with pytest.raises(Conflict):
        one.accept(mine.id)
    with pytest.raises(Refused):
        one.deliver(mine.id, volumes(tmp_path))


def test_a_request_comes_round_again_and_is_late_one_second_after_its_day(house, tmp_path):
    node, clock = house
    node.forms.request_data(PROGRAMME, ASK)
    second = node.forms.request_data(PROGRAMME, ASK)
    assert {(each.round, each.due) for each in second} == {(2, date(2020, 7, 30))}
    one, two = node.as_("carrier-a-1").forms, node.as_("carrier-b-1").forms
    clock.at = datetime(2020, 6, 30, 14, 59, 59, tzinfo=UTC)
    assert not one.deliver(one.requests()[0].id, volumes(tmp_path)).request.late
    clock.at = datetime(2020, 6, 30, 15, 0, 0, tzinfo=UTC)
    assert two.deliver(two.requests()[0].id, volumes(tmp_path, "b")).request.late


def test_a_faulty_delivery_leaves_the_request_open(house, tmp_path):
    node, _ = house
    node.forms.request_data(PROGRAMME, ASK)
    one = node.as_("carrier-a-1").forms
    broken = tmp_path / "broken.csv"
    broken.write_text("carrier,hour,volume\na,99,1\n", encoding="utf-8")
    with pytest.raises(DeliveryError):
        one.deliver(one.requests()[0].id, broken)
    assert one.requests()[0].state is RequestState.ASKED


def test_a_delivery_that_came_before_a_kill_is_finished_by_bringing_it_again(house, tmp_path):
    node, _ = house
    node.forms.request_data(PROGRAMME, ASK)
    one = node.as_("carrier-a-1").forms
    from sekisho.gate.admit import bring, installed
    from sekisho.ports import Watch

    programme = installed(node._house, PROGRAMME)
    before = bring(
        one._call, programme, programme.dataset("volumes"), (volumes(tmp_path), None), Watch()
    )
    met = one.deliver(one.requests()[0].id, volumes(tmp_path))
    assert met.delivery.id == before.id


def test_nobody_answers_or_sees_anothers_request(house, tmp_path):
    node, _ = house
    sent = node.forms.request_data(PROGRAMME, ASK)
    other = node.as_("carrier-b-1").forms
    for call in (
        lambda: other.accept(sent[0].id),
        lambda: other.decline(sent[0].id, "x"),
        lambda: other.deliver(sent[0].id, volumes(tmp_path)),
        lambda: node.forms.accept(sent[0].id),
    ):
        with pytest.raises(NotFound):
            call()
    assert [each.participant for each in other.requests()] == ["carrier-b"]
    assert node.as_("carrier-c-1").forms.requests() == []
    with pytest.raises(NotPermitted):
        other.request_data(PROGRAMME, ASK)


def test_a_refusal_needs_a_reason_that_people_can_read(house):
    node, _ = house
    node.forms.request_data(PROGRAMME, ASK)
    one = node.as_("carrier-a-1").forms
    for reason in ("", "  \n", "x" * 2001, "a\x1b[2J"):
        with pytest.raises(UsageError):
            one.decline(one.requests()[0].id, reason)


def test_a_survey_is_no_request_and_unknown_names_say_what_there_is(house):
    node, _ = house
    with pytest.raises(Refused):
        node.forms.request_data(PROGRAMME, FORM)
    with pytest.raises(NotFound) as raised:
        node.forms.form(PROGRAMME, "telewrok")
    assert "`telework`" in raised.value.sentences()[0]
    with pytest.raises(NotFound):
        node.as_("carrier-a-1").forms.save(PROGRAMME, FORM, "nothing", {}, 0)


def test_all_faults_of_answers_are_told_before_anything_is_saved(house):
    node, _ = house
    given = answers(region=None, staff="many", teleworkers=-1)
    found = node.forms.faults(PROGRAMME, FORM, given)
    assert [f"{each.place}: {each.code}" for each in found] == [
        "staff: forms.not-a-number",
        "teleworkers: forms.too-little",
        "region: forms.missing",
    ]
    with pytest.raises(DeliveryError):
        node.as_("carrier-a-1").forms.fill(PROGRAMME, FORM, given)
    assert node.as_("carrier-a-1").forms.draft(PROGRAMME, FORM).answers == {}


def test_a_submission_whose_call_was_killed_before_the_log_is_proved_after_reopening(tmp_path):
    import sekisho
    from sekisho.gate.forms import submit as submitting
    from sekisho.model.submission import SubmissionState

    node, _, _ = make_node(tmp_path)
    node.as_("carrier-a-1").forms.fill(PROGRAMME, FORM, answers())
    kept = submitting.sequence
    submitting.sequence = lambda _house: 0
    try:
        with pytest.raises(NotFound):
            node.as_("carrier-a-1").forms.submit(PROGRAMME, FORM)
    finally:
        submitting.sequence = kept
        node.close()
    with sekisho.open(tmp_path / "node") as again:
        (made,) = again.forms.submissions(PROGRAMME)
        assert made.state is SubmissionState.RECEIVED
        assert again.as_("carrier-a-1").forms.receipt(made.reference).proof
        assert again.verify().passed


def test_many_submissions_are_read_with_few_questions_to_the_store(tmp_path):
    node, _, _ = make_node(tmp_path)
    for name in MEMBERS:
        submit(node, f"{name}-1")
    asked = []
    store = node._house.store
    kept = store.programmes
    store.programmes = lambda: asked.append(1) or kept()
    assert len(node.forms.submissions(PROGRAMME)) == 4
    assert len(asked) <= 2
    node.close()
