"""Before its moment nobody sees a release; afterwards everybody sees that it came on time."""

import json
from datetime import timedelta

import pytest

from sekisho.errors import Conflict, NotFound, Refused, UsageError
from sekisho.gate.findings import check_proof
from sekisho.model.actor import Actor, Participant
from sekisho.model.calendar import ErrorClass
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind, ReleaseState, Role
from sekisho.tlog.proof import verify_receipt
from sekisho.wiring import verifiers_of
from tests.lib.calendars import FIRST, PLAN, WHY, more, opened_at, planned_node
from tests.lib.small import PROGRAMME

BEFORE = FIRST - timedelta(days=3)
SECOND = FIRST + timedelta(seconds=1)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A node on which a release waits for its moment."""
    folder = tmp_path_factory.mktemp("waiting")
    with planned_node(folder, BEFORE) as node:
        made = node.release(PROGRAMME, PLAN)
        yield folder, node, made


def entries(node):
    return [parse_entry(data) for _i, data in node._house.store.outbox(0, 1000)]


def test_a_release_that_waits_is_seen_by_nobody_else(waiting):
    folder, node, made = waiting
    stranger = node.as_anybody()
    assert made.release.state is ReleaseState.MADE
    assert node.releases() == stranger.releases() == []
    for who in (node, stranger):
        for ask in (who.released, who.proof, who.as_anybody().calendar.early):
            with pytest.raises(NotFound):
                ask(made.id)
    assert stranger.calendar.waiting() == []
    assert not (folder / "node" / "releases").exists()
    assert (folder / "node" / "embargoed").stat().st_mode & 0o077 == 0


def test_no_digest_of_what_waits_stands_in_the_log(waiting):
    """Who can guess a small table could try the guess against a digest."""
    _folder, node, made = waiting
    (entry,) = [each for each in entries(node) if each.kind is EntryKind.RELEASE_EMBARGOED]
    assert "digest" not in entry.public
    said = json.dumps(dict(entry.public)) + json.dumps(dict(entry.commitments))
    for digest in made.release.files.values():
        assert digest not in said


def test_neither_time_nor_a_second_call_opens_it_early(waiting):
    _folder, node, made = waiting
    assert node.calendar.publish_due() == []
    assert node.release(PROGRAMME, PLAN).id == made.id
    assert [each.public["release"] for each in entries(node) if "release" in each.public] == [
        made.id
    ]


def test_other_data_does_not_make_a_second_release_for_one_moment(waiting):
    folder, node, _made = waiting
    more(folder, node)
    with pytest.raises(Conflict):
        node.release(PROGRAMME, PLAN)


@pytest.mark.slow
def test_who_may_see_it_before_is_the_holder_and_who_is_named(tmp_path):
    press = Participant("press", Text("Press", "報道"), ParticipantKind.BUSINESS_OPERATOR, "JP")
    with planned_node(tmp_path, BEFORE, extra='early = ["ministry"]\n') as node:
        made = node.release(PROGRAMME, PLAN)
        node.add_participant(press)
        node.add_participant(
            Participant("ministry", Text("Ministry", "省"), ParticipantKind.PUBLIC_BODY, "JP")
        )
        for name, of, role in (
            ("holder", "office", Role.DATA_HOLDER),
            ("steward", "office", Role.STEWARD),
            ("analyst", "office", Role.DATA_USER),
            ("reporter", "press", Role.DATA_USER),
            ("minister", "ministry", Role.DATA_USER),
        ):
            node.add_actor(Actor(name, of, frozenset({role})))
        sees = {
            name: [each.id for each, _hold in node.as_(name).calendar.waiting()]
            for name in ("holder", "steward", "analyst", "reporter", "minister")
        }
        assert sees == {
            "holder": [made.id],
            "steward": [made.id],
            "analyst": [],
            "reporter": [],
            "minister": [made.id],
        }
        assert node.programme(PROGRAMME).plan(PLAN).calendar.early == ("ministry",)


def test_at_its_moment_it_is_out_and_proves_that_it_stood_fixed_before(tmp_path):
    with planned_node(tmp_path, BEFORE) as node:
        made = node.release(PROGRAMME, PLAN)
    with opened_at(tmp_path, SECOND) as node:
        assert node.calendar.publish_due() == [made.id]
        assert node.calendar.publish_due() == []
        released = node.as_anybody().released(made.id)
        assert released.release.planned == FIRST
        assert abs(released.release.out_at - FIRST) < timedelta(seconds=2)
        logged = [each for each in entries(node) if "release" in each.public]
        assert [each.kind for each in logged] == [
            EntryKind.RELEASE_EMBARGOED,
            EntryKind.RELEASE_MADE,
        ]
        assert node.proof(made.id).verified
        assert node.verify().passed
        keys = verifiers_of(node.folder)
        text = released.files["embargo.tlog-proof"].read_text(encoding="utf-8")
        receipt = verify_receipt(text, keys)
        assert receipt.opened["release"] == logged[1].public["digest"]
        assert receipt.entry.time < FIRST.replace(tzinfo=receipt.entry.time.tzinfo)
        (line,) = [each for each in node.calendar.lines() if each.release]
        assert not line.is_late
        released.files["embargo.tlog-proof"].unlink()
        assert not check_proof(released.folder, keys).verified


def test_a_node_that_was_shut_at_the_moment_publishes_when_it_opens(tmp_path):
    with planned_node(tmp_path, BEFORE) as node:
        made = node.release(PROGRAMME, PLAN)
    from sekisho.gate.repair import repair

    with opened_at(tmp_path, FIRST + timedelta(hours=5)) as node:
        assert (node.folder / "embargoed" / made.id).is_dir()
        repair(node._house)
        assert [each.id for each in node.releases()] == [made.id]
        assert not (node.folder / "embargoed" / made.id).exists()
        (line,) = [each for each in node.calendar.lines() if each.release]
        assert line.is_late
        assert node.verify().passed


def test_what_the_rules_refuse_at_the_moment_stays_closed(tmp_path):
    with planned_node(tmp_path, BEFORE) as node:
        made = node.release(PROGRAMME, PLAN)
        rule = tmp_path / PROGRAMME / "rules" / "release.cedar"
        text = rule.read_text(encoding="utf-8")
        rule.write_text(text.replace('"statistical"', '"anonymised"'), encoding="utf-8")
        node.add_programme(tmp_path / PROGRAMME)
    with opened_at(tmp_path, SECOND) as node:
        assert node.calendar.publish_due() == []
        assert node.calendar.publish_due() == []
        assert node.releases() == []
        kinds = [each.kind for each in entries(node)]
        assert kinds.count(EntryKind.DECISION_REFUSED) == 1
        (line,) = [each for each in node.calendar.lines() if each.moment == FIRST]
        assert line.is_delayed
        assert made.id not in str(line.notices[0].reason)


def test_a_delay_is_announced_with_its_reason_and_holds_the_release_back(tmp_path):
    later = FIRST + timedelta(days=2)
    with planned_node(tmp_path, BEFORE) as node:
        made = node.release(PROGRAMME, PLAN)
        for wrong in (FIRST - timedelta(hours=1), FIRST):
            with pytest.raises(UsageError):
                node.calendar.delay(PROGRAMME, PLAN, FIRST, wrong, WHY)
        with pytest.raises(UsageError):
            node.calendar.delay(PROGRAMME, PLAN, FIRST + timedelta(minutes=1), later, WHY)
        with pytest.raises(UsageError):
            node.calendar.delay(PROGRAMME, PLAN, FIRST, later, Text("late", " "))
        notice = node.calendar.delay(PROGRAMME, PLAN, FIRST, later, WHY)
        assert notice.until == later
        (line,) = [each for each in node.as_anybody().calendar.lines() if each.moment == FIRST]
        assert line.opens_at == later
        assert line.notices[0].reason == WHY
    with opened_at(tmp_path, SECOND) as node:
        assert node.calendar.publish_due() == []
    with opened_at(tmp_path, later + timedelta(seconds=1)) as node:
        assert node.calendar.publish_due() == [made.id]
        with pytest.raises(Conflict):
            node.calendar.delay(PROGRAMME, PLAN, FIRST, later + timedelta(days=9), WHY)
        assert node.verify().passed


def test_a_stranger_neither_delays_nor_corrects_nor_withdraws(waiting):
    _folder, node, made = waiting
    node.add_actor(Actor("user", "office", frozenset({Role.DATA_USER, Role.AUDITOR})))
    from sekisho.errors import NotPermitted

    for who in (node.as_anybody(), node.as_("user")):
        calendar = who.calendar
        with pytest.raises(NotPermitted):
            calendar.delay(PROGRAMME, PLAN, FIRST, FIRST + timedelta(days=1), WHY)
        with pytest.raises(NotPermitted):
            calendar.withdraw(made.id, ErrorClass.DATA, WHY)
        with pytest.raises(NotPermitted):
            calendar.correct(made.id, ErrorClass.DATA, WHY)
        with pytest.raises(NotPermitted):
            calendar.withdraw("small-trade.none.r1", ErrorClass.DATA, WHY)


@pytest.mark.slow
def test_what_waited_and_was_withdrawn_was_never_shown(tmp_path):
    with planned_node(tmp_path, BEFORE) as node:
        made = node.release(PROGRAMME, PLAN)
        node.calendar.withdraw(made.id, ErrorClass.DATA, WHY)
        assert not (node.folder / "embargoed" / made.id).exists()
        with pytest.raises(Refused):
            node.release(PROGRAMME, PLAN)
        more(tmp_path, node)
        again = node.release(PROGRAMME, PLAN)
        assert again.release.planned == FIRST
    with opened_at(tmp_path, SECOND) as node:
        assert node.calendar.publish_due() == [again.id]
        assert node.verify().passed
        assert made.id not in {path.name for path in (node.folder / "releases").iterdir()}


@pytest.mark.slow
def test_a_release_made_after_its_moment_is_open_at_once_and_late(tmp_path):
    with planned_node(tmp_path, FIRST + timedelta(days=1)) as node:
        made = node.release(PROGRAMME, PLAN)
        assert made.release.state is ReleaseState.OPEN
        (line,) = [each for each in node.calendar.lines() if each.moment == FIRST]
        assert line.is_late
