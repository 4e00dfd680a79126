"""The state of the record lane in SQLite and PostgreSQL: whole changes, or none."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from sekisho.errors import Conflict, NotFound, SekishoError, UsageError, fault
from sekisho.model.consent import Consent, ConsentEvent, Scope, Subject, secret_hash
from sekisho.model.dossier import Dossier, DossierChange, FactOnFile, SpentChallenge
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.transfer import (
    PickUp,
    Recall,
    RecallKind,
    SealedPayload,
    Transfer,
    TransferEvent,
)
from sekisho.ports.records import Wanted
from sekisho.terms import CONSENT_TRANSITIONS, ConsentState, Lane, TransferState
from tests.lib.stores import BACKENDS, NOW, entry, new_store, participant

BOTH = pytest.mark.parametrize(
    "store",
    [pytest.param(b, marks=[pytest.mark.postgres] * (b != "sqlite")) for b in BACKENDS],
    indirect=True,
)
SECRET, OTHER = b"s" * 32, b"t" * 32


@pytest.fixture
def store(request, tmp_path):
    opened = new_store(request.param, tmp_path)
    opened.add_participant(participant("holder"), entry())
    opened.records.add_subject(Subject("mine", "holder", SECRET, registered_at=NOW), said())
    yield opened
    opened.close()


def said(kind: EntryKind = EntryKind.SUBJECT_CHANGED) -> Entry:
    return Entry(kind, NOW, lane=Lane.RECORD)


def consent(name: str = "c", **changed: object) -> Consent:
    fields = {
        "id": name,
        "programme": "p",
        "flow": "f",
        "subject": "mine",
        "holder": "holder",
        "state": ConsentState.REQUESTED,
        "scope": Scope("dpv:A", ("a",), ("r",), ("JP",), NOW.date(), None),
        "valid_until": NOW + timedelta(days=3),
        "events": (ConsentEvent(ConsentState.REQUESTED, NOW),),
        "requested_by": "holder",
        "request": f"request-{name}",
    }
    return Consent(**{**fields, **changed})


def transfer(name: str = "t", **changed: object) -> Transfer:
    fields = {
        "id": name,
        "programme": "p",
        "flow": "f",
        "consent": "c",
        "subject": "mine",
        "sender": "holder",
        "recipient": "r",
        "state": TransferState.OFFERED,
        "purpose": "dpv:A",
        "categories": ("a",),
        "request": f"request-{name}",
        "requested_by": "holder",
        "requested_at": NOW,
        "sealed": SealedPayload("0" * 64, 10, 16, "application/json", "1" * 64, "2" * 64),
        "pick_ups": (PickUp(NOW, "k", "t", NOW),),
        "events": (TransferEvent(TransferState.OFFERED, NOW),),
    }
    return Transfer(**{**fields, **changed})


def moved(held: Consent, to: ConsentState) -> Consent:
    return replace(held, state=to, events=(*held.events, ConsentEvent(to, NOW)))


def gone_on(held: Transfer, to: TransferState) -> Transfer:
    return replace(held, state=to, events=(*held.events, TransferEvent(to, NOW)))


def with_transfer(store, name: str = "t") -> Dossier:
    if store.records.consent("c") is None:
        store.records.add_consent(consent(), said(EntryKind.CONSENT_REQUESTED))
    new = transfer(name)
    change = DossierChange((said(EntryKind.TRANSFER_OFFERED),), transfers=((new, 0),))
    return store.records.change("c", lambda _: change)


@BOTH
def test_what_is_written_reads_back_with_the_index_of_its_entry(store):
    kept = store.records.add_consent(consent(), said(EntryKind.CONSENT_REQUESTED))
    assert store.records.consent("c") == kept
    assert kept.events[0].index == store.entry_count() - 1
    dossier = with_transfer(store)
    assert dossier.transfers[0].events[0].index == store.entry_count() - 1
    assert store.records.transfer("t") == dossier.transfers[0]
    assert store.records.dossier("c") == dossier
    assert store.records.consent_by_request("holder", "request-c") == kept
    assert store.records.dossier("nobody") is None
    assert store.records.transfer("nobody") is None
    assert store.records.consent_by_request("holder", "request-x") is None


@BOTH
def test_a_change_that_its_judge_refuses_leaves_no_trace(store):
    with_transfer(store)
    before, count = store.records.dossier("c"), store.entry_count()

    def judge(_dossier: Dossier) -> DossierChange:
        raise NotFound(fault("store.no-consent"))

    with pytest.raises(NotFound):
        store.records.change("c", judge)
    assert store.records.dossier("c") == before
    assert store.entry_count() == count


@BOTH
def test_no_state_changes_without_an_entry_or_against_its_table(store):
    with_transfer(store)
    held, sent = store.records.consent("c"), store.records.transfer("t")
    count = store.entry_count()
    given = moved(held, ConsentState.GIVEN)
    line = said(EntryKind.CONSENT_GIVEN)
    bad: list[tuple[type[SekishoError], DossierChange]] = [
        (UsageError, DossierChange(consent=given)),
        (UsageError, DossierChange((line,), consent=replace(held, state=ConsentState.GIVEN))),
        (Conflict, DossierChange((line,), consent=moved(held, ConsentState.PAUSED))),
        (Conflict, DossierChange((line,), consent=replace(given, id="d"))),
        (Conflict, DossierChange((line,), consent=replace(given, subject="other"))),
        (UsageError, DossierChange(transfers=((gone_on(sent, TransferState.STOPPED), None),))),
        (
            UsageError,
            DossierChange((line,), transfers=((gone_on(sent, TransferState.STOPPED), 1),)),
        ),
        (Conflict, DossierChange((line,), transfers=((gone_on(sent, TransferState.FETCHED), 0),))),
        (Conflict, DossierChange((line,), transfers=((transfer("u", consent="d"), 0),))),
        (Conflict, DossierChange((line,), transfers=((transfer("u", subject="x"), 0),))),
        (
            Conflict,
            DossierChange((line,), transfers=((transfer("u", state=TransferState.READY), 0),)),
        ),
    ]
    for kind, change in bad:
        with pytest.raises(kind):
            store.records.change("c", lambda _, c=change: c)
    assert store.entry_count() == count
    assert store.records.consent("c") == held
    assert store.records.transfers() == [sent]


@BOTH
def test_a_transfer_turns_ready_without_an_entry_of_its_own_and_only_then(store):
    sent = with_transfer(store).transfers[0]
    count = store.entry_count()
    ready = gone_on(sent, TransferState.READY)
    store.records.change("c", lambda _: DossierChange(transfers=((ready, None),)))
    assert store.entry_count() == count
    assert store.records.transfer("t").state is TransferState.READY


@BOTH
def test_a_request_joins_once(store):
    store.records.add_consent(consent(), said(EntryKind.CONSENT_REQUESTED))
    count = store.entry_count()
    with pytest.raises(Conflict):
        store.records.add_consent(
            consent("d", request="request-c"), said(EntryKind.CONSENT_REQUESTED)
        )
    with pytest.raises(Conflict):
        store.records.add_consent(
            moved(consent("e"), ConsentState.GIVEN), said(EntryKind.CONSENT_GIVEN)
        )
    assert store.entry_count() == count


@BOTH
def test_a_challenge_is_spent_once_and_forgotten_when_it_would_have_run_out(store):
    spent = SpentChallenge("a" * 64, NOW, NOW + timedelta(minutes=5))
    store.records.spend(spent)
    with pytest.raises(Conflict):
        store.records.spend(spent)
    later = NOW + timedelta(minutes=6)
    store.records.spend(SpentChallenge("b" * 64, later, later + timedelta(minutes=5)))
    with store._engine.connect() as connection:
        assert connection.execute(text("SELECT digest FROM spent_challenges")).all() == [
            ("b" * 64,)
        ]


@BOTH
def test_a_spent_challenge_changes_nothing_even_with_a_change_that_would_be_right(store):
    with_transfer(store)
    spent = SpentChallenge("a" * 64, NOW, NOW + timedelta(minutes=5))
    store.records.spend(spent)
    before, count = store.records.dossier("c"), store.entry_count()
    given = moved(before.consent, ConsentState.GIVEN)
    change = DossierChange((said(EntryKind.CONSENT_GIVEN),), consent=given, spent=spent)
    with pytest.raises(Conflict):
        store.records.change("c", lambda _: change)
    assert store.records.dossier("c") == before
    assert store.entry_count() == count


@BOTH
def test_a_subject_is_found_by_the_secret_in_force_alone(store):
    records = store.records
    assert records.subject_by_secret(secret_hash(SECRET)).id == "mine"
    changed = records.change_subject(
        "mine", lambda s: (replace(s, secret=OTHER, former=(SECRET,)), said())
    )
    assert changed == records.subject("mine")
    assert records.subject_by_secret(secret_hash(SECRET)) is None
    assert records.subject_by_secret(secret_hash(OTHER)).former == (SECRET,)
    assert records.subjects("holder") == [changed]
    assert records.subjects("nobody") == []
    with pytest.raises(NotFound):
        records.change_subject("nobody", lambda s: (s, said()))


@BOTH
def test_destroying_a_subject_takes_every_secret_and_every_number_of_an_entry(store):
    dossier = with_transfer(store)
    recall = Recall("n", "t", "r", RecallKind.WITHDRAWN, NOW)
    over = moved(dossier.consent, ConsentState.WITHDRAWN)
    change = DossierChange(
        (said(EntryKind.CONSENT_WITHDRAWN),), consent=over, recalls=((recall, 0),)
    )
    store.records.change("c", lambda _: change)
    assert store.records.recalls("r")[0].index is not None
    store.records.destroy_subject("mine", NOW, lambda *_: said())
    after = store.records.dossier("c")
    events = (*after.consent.events, *after.transfers[0].events, *after.recalls)
    assert {each.index for each in events} == {None}
    assert (after.subject.secret, after.subject.former) == (None, ())
    assert after.subject.destroyed_at == NOW
    with store._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM subject_secrets")).scalar() == 0
    with pytest.raises(Conflict):
        store.records.destroy_subject("mine", NOW, lambda *_: said())
    with pytest.raises(NotFound):
        store.records.destroy_subject("nobody", NOW, lambda *_: said())


@BOTH
def test_one_transfer_of_a_consent_can_be_read_and_changed_alone(store):
    with_transfer(store, "t")
    with_transfer(store, "u")
    seen: list[Dossier] = []

    def judge(dossier: Dossier) -> DossierChange:
        seen.append(dossier)
        return DossierChange()

    store.records.change("c", judge, "u")
    store.records.change("c", judge)
    assert [[t.id for t in each.transfers] for each in seen] == [["u"], ["t", "u"]]


@BOTH
def test_persons_are_counted_once_each_within_the_window_and_refused_ones_not(store):
    for name in ("b", "d"):
        raw = name.encode() * 32
        store.records.add_subject(Subject(name, "holder", raw, registered_at=NOW), said())
    store.records.add_consent(consent(), said(EntryKind.CONSENT_REQUESTED))
    for who in ("b", "d"):
        held = consent(f"c{who}", subject=who)
        store.records.add_consent(held, said(EntryKind.CONSENT_REQUESTED))
        for number in range(2):
            state = TransferState.OFFERED if who == "b" else TransferState.REFUSED
            events = (TransferEvent(state, NOW),)
            name = f"{who}{number}"
            new = transfer(name, consent=held.id, subject=who, state=state, events=events)
            line = said(EntryKind.TRANSFER_OFFERED)
            change = DossierChange((line,), transfers=((new, 0),))
            store.records.change(held.id, lambda _, c=change: c)
    since = NOW - timedelta(days=1)
    assert store.records.persons("holder", "r", since=since, apart_from="mine") == 1
    assert store.records.persons("holder", "r", since=since, apart_from="b") == 0
    assert store.records.persons("holder", "x", since=since, apart_from="mine") == 0
    later = NOW + timedelta(seconds=1)
    assert store.records.persons("holder", "r", since=later, apart_from="mine") == 0


@BOTH
def test_the_newest_statement_of_a_fact_holds(store):
    fact = FactOnFile("p", "f", "holder", "r", "contract.scc", True, "paper", "desk")
    for each in (fact, replace(fact, name="contract.bcr"), replace(fact, holds=False)):
        line = Entry(EntryKind.SETTINGS_CHANGED, NOW, public={"setting": "fact-on-file"})
        store.records.put_on_file(each, line)
    found = store.records.on_file("p", "f", "holder", "r")
    assert [(each.name, each.holds) for each in found] == [
        ("contract.bcr", True),
        ("contract.scc", False),
    ]
    assert store.records.on_file("p", "f", "r", "holder") == []


@BOTH
def test_of_two_changes_at_once_the_second_sees_what_the_first_left(store):
    with_transfer(store)
    held = store.records.consent("c")

    def give(number: int) -> int:
        def judge(dossier: Dossier) -> DossierChange:
            if ConsentState.GIVEN not in CONSENT_TRANSITIONS[dossier.consent.state]:
                return DossierChange()
            given = moved(held, ConsentState.GIVEN)
            return DossierChange((said(EntryKind.CONSENT_GIVEN),), consent=given)

        store.records.change("c", judge)
        return number

    count = store.entry_count()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(give, range(16)))
    assert store.entry_count() == count + 1


@BOTH
def test_a_row_that_was_changed_by_hand_is_refused(store):
    with_transfer(store)
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE transfers SET state = 'erased' WHERE id = 't'"))
    with pytest.raises(SekishoError) as refused:
        store.records.transfer("t")
    assert refused.value.faults[0].code == "store.row-unreadable"


@BOTH
def test_many_are_changed_at_once_each_by_its_own_judge_and_its_own_entries(store):
    with_transfer(store, "there")

    def offering(name):
        change = DossierChange(
            (said(EntryKind.TRANSFER_OFFERED),), transfers=((transfer(name), 0),)
        )
        return Wanted("c", name, lambda _: change)

    def refusing(_dossier: Dossier) -> DossierChange:
        raise Conflict(fault("store.record-state", state="x"))

    def opening(dossier: Dossier) -> DossierChange:
        (one,) = dossier.transfers
        return DossierChange(transfers=((gone_on(one, TransferState.READY), None),))

    before = store.entry_count()
    wanted = [offering("a"), Wanted("c", "no", refusing), offering("b"), offering("there")]
    wanted[3] = Wanted("c", "there", opening)
    wanted.append(Wanted("unknown", "x", opening))
    found = store.records.change_all(wanted)
    assert [type(each) for each in found] == [Dossier, Conflict, Dossier, Dossier, NotFound]
    assert store.entry_count() == before + 2
    for name, place in (("a", 0), ("b", 1)):
        kept = store.records.transfer(name)
        assert kept.events[-1].index == before + place
        assert found[2 * place].transfers == (kept,)
    assert store.records.transfer("there").state is TransferState.READY
    assert store.records.transfer("no") is None
    with pytest.raises(UsageError):
        store.records.change_all([offering("c"), offering("c")])
    ended = DossierChange((said(),), consent=moved(found[0].consent, ConsentState.WITHDRAWN))
    with pytest.raises(UsageError):
        store.records.change_all([offering("d"), Wanted("c", "e", lambda _: ended)])
    assert store.records.transfer("d") is None
    assert store.entry_count() == before + 2
