"""A release that was wrong: another takes its place, or it is withdrawn. Both for a reason."""

from dataclasses import dataclass

from sekisho.errors import Conflict, NotFound, UsageError, fault
from sekisho.gate import answers
from sekisho.gate.admit import installed, permit
from sekisho.gate.handout import finish_all
from sekisho.gate.house import Call, House, Said, entry_of
from sekisho.gate.judge import judge, plan_of
from sekisho.gate.locks import held
from sekisho.gate.making import Correcting
from sekisho.gate.notices import notice_digest, take_away
from sekisho.gate.private import Priced
from sekisho.gate.release import release as make
from sekisho.gate.sequence import sequence
from sekisho.model.calendar import Correction, ErrorClass, Notice, NoticeKind
from sekisho.model.entry import Entry, EntryKind
from sekisho.model.programme import Programme
from sekisho.model.release import Release
from sekisho.model.text import Text
from sekisho.people import Action
from sekisho.ports import Watch
from sekisho.terms import Lane, Method, ReleaseState


@dataclass(frozen=True, slots=True)
class Wrong:
    """Which release is wrong, in what, and what people are told."""

    release: str
    error: ErrorClass
    reason: Text


def price_of_correction(call: Call, release_id: str) -> Priced | None:
    """What a correction would cost of the privacy budget; None where cells are hidden instead."""
    release, programme = _found(call, release_id, Action.RELEASE_CORRECT)
    if plan_of(programme, release.plan).method is not Method.DIFFERENTIAL_PRIVACY:
        return None
    return answers.explained(call, programme, release.plan, None)


def correct(call: Call, wrong: Wrong, watch: Watch, *, accept_cost: bool = False) -> Release:
    """A new edition of a release's plan in its place, protected together with all that left.

    Made over the data, plans and rules that the node has now; published at once.

    Raises: as `release`; NotFound; UsageError for an error that only withdrawing mends, or while
    a price is not accepted; Conflict when the release is not open, or nothing changed.
    """
    release, programme = _found(call, wrong.release, Action.RELEASE_CORRECT)
    _check_reason(wrong)
    if wrong.error is ErrorClass.DISCLOSURE:
        raise UsageError(fault("calendar.disclosure-withdraws", release=release.id))
    if release.state is not ReleaseState.OPEN:
        _refuse_state(call.house, release)
    plan = plan_of(programme, release.plan)
    if plan.method is Method.DIFFERENTIAL_PRIVACY and not accept_cost:
        priced = answers.explained(call, programme, plan.id, None)
        cost = f"{priced.epsilon.normalize():f}"
        raise UsageError(fault("calendar.costs", release=release.id, epsilon=cost))
    correcting = Correcting(release.id, Correction(wrong.error, wrong.reason))
    return make(call, programme.id, plan.id, watch, correcting)


def _refuse_state(house: House, release: Release) -> None:
    """Pass for a correction that was made before of the same; `release` gives it back."""
    later = house.store.releases(release.programme, release.plan)
    if not any(each.corrects == release.id for each in later):
        raise Conflict(fault("store.release-state", state=ReleaseState.CORRECTED.value))


def withdraw(call: Call, wrong: Wrong, *, take_down: bool = False) -> Notice:
    """Withdraw a release; page, reason, decision and entry stay.

    Its figures stay readable, marked, unless `take_down` says otherwise or they show what should
    have been hidden. Of a release that still waits nothing is ever shown.

    Raises: NotPermitted; NotFound; UsageError without a reason; Conflict when it was withdrawn
    before.
    """
    release, programme = _found(call, wrong.release, Action.RELEASE_WITHDRAW)
    _check_reason(wrong)
    house = call.house
    with held(house.lock_of(programme.id)):
        finish_all(house, programme.id)
        decision = judge(house, programme, release.plan, programme.purpose)
        is_out = house.folder.release(release.id).exists()
        notice = Notice(
            kind=NoticeKind.WITHDRAWN,
            programme=programme.id,
            plan=release.plan,
            at=house.clock.now(),
            reason=wrong.reason,
            release=release.id,
            error=wrong.error,
            moment=release.planned,
            taken_down=take_down or wrong.error is ErrorClass.DISCLOSURE or not is_out,
            rules=decision.rule_ids,
        )
        house.store.calendar.withdraw(notice, _entry(house, release, notice, decision.pack_hash))
        sequence(house)
        take_away(house, programme.id)
    return notice


def _entry(house: House, release: Release, notice: Notice, pack: str) -> Entry:
    public: tuple[tuple[str, str | int], ...] = (
        ("release", release.id),
        ("plan", release.plan),
        ("revision", release.revision),
        ("reason", notice.error.value if notice.error else ""),
        ("change", "taken-down" if notice.taken_down else "marked"),
        ("digest", notice_digest(notice)),
        ("concerns", release.entry_index or 0),
    )
    said = Said(
        programme=release.programme,
        lane=Lane.STATISTICS,
        rules=notice.rules,
        pack=pack,
        public=public,
    )
    return entry_of(house, EntryKind.RELEASE_WITHDRAWN, said)


def _check_reason(wrong: Wrong) -> None:
    if not wrong.reason.en.strip() or not wrong.reason.ja.strip():
        raise UsageError(fault("calendar.no-reason"))


def _found(call: Call, release_id: str, action: Action) -> tuple[Release, Programme]:
    """A release and its programme, for who may change it; nothing is told to others."""
    release = call.house.store.release(release_id)
    if release is None:
        permit(call, action)
        raise NotFound(fault("gate.no-release", release=release_id))
    programme = installed(call.house, release.programme)
    permit(call, action, programme)
    return release, programme
