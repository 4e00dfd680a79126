"""What may become of a consent, what it covers, and what the rules may take from it.

Pure: nothing here knows a store or a clock. Whoever calls hands over the moment.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sekisho.errors import Conflict, Fault, Refused, UsageError, fault, raise_all
from sekisho.lanes.record.age import ended_by_age, of_age
from sekisho.model.canonical import canonical
from sekisho.model.consent import Consent, ConsentEvent, Expression, ExpressionMethod, Scope
from sekisho.model.record_flow import RecordFlow
from sekisho.terms import CONSENT_TRANSITIONS, ConsentState

COVERING = frozenset({ConsentState.GIVEN, ConsentState.NARROWED})
"""States in which a consent opens a way; in every other it opens none."""

LONGEST_ASKED = timedelta(days=90)
"""How long a request for consent waits for an answer."""


@dataclass(frozen=True, slots=True)
class Acted:
    """Who brought a change about, when, and in a word why."""

    at: datetime
    by: str
    """`holder`, `subject-key`, `subject-secret`, `time`."""
    reason: str = ""


# -- time -------------------------------------------------------------------------------------


def utc(instant: datetime, name: str) -> datetime:
    """The instant in UTC, whatever zone it was said in.

    Raises: UsageError when it says no zone: one and the same words would be two moments.
    """
    if instant.utcoffset() is None:
        raise UsageError(fault("records.time-without-zone", field=name))
    return instant.astimezone(UTC)


def state_at(consent: Consent, at: datetime) -> ConsentState:
    """Where the consent stands at a moment: past its end it is expired, swept up or not."""
    over = consent.valid_until is not None and at >= consent.valid_until
    over = over or ended_by_age(consent, at)
    return ConsentState.EXPIRED if over and not consent.at_rest else consent.state


def is_open(consent: Consent, at: datetime) -> bool:
    """Whether the consent lets anything pass at a moment."""
    begun = consent.valid_from is not None and at >= consent.valid_from
    return begun and state_at(consent, at) in COVERING


# -- what may be asked ------------------------------------------------------------------------


def scope_faults(scope: Scope, flow: RecordFlow) -> Iterator[Fault]:
    """Everything in a scope that its flow does not let be asked, or that contradicts itself."""
    if scope.purpose != flow.purpose:
        yield fault("records.purpose-other", flow=flow.id, purpose=flow.purpose)
    known = [each.id for each in flow.categories]
    yield from _listed("categories", scope.categories, known)
    yield from _listed("recipients", scope.recipients, flow.recipients)
    if not scope.countries:
        yield fault("records.list-empty", field="countries")
    elif len(set(scope.countries)) != len(scope.countries):
        yield fault("records.list-twice", field="countries")
    if scope.categories:
        yield from needed_faults(scope.categories, flow)
    yield from _day_faults(scope)
    if scope.free_text and not flow.free_text:
        yield fault("records.not-in-template", field="free_text", flow=flow.id)
    if scope.onward and not flow.onward:
        yield fault("records.not-in-template", field="onward", flow=flow.id)


def _day_faults(scope: Scope) -> Iterator[Fault]:
    if isinstance(scope.data_from, datetime) or isinstance(scope.data_until, datetime):
        yield fault("records.day-form")
    elif scope.data_from and scope.data_until and scope.data_from > scope.data_until:
        yield fault("records.period-backwards", first="data_from", last="data_until")


def _listed(field: str, asked: Sequence[str], known: Sequence[str]) -> Iterator[Fault]:
    """Every id exactly as the template writes it: what only looks alike is another one."""
    if not asked:
        yield fault("records.list-empty", field=field)
    if len(set(asked)) != len(asked):
        yield fault("records.list-twice", field=field)
    if set(asked) - set(known):
        said = ", ".join(f"`{each}`" for each in known)
        yield fault("records.list-unknown", field=field, known=said)


def country_faults(scope: Scope, countries: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    """Recipients (participant, country) whose country the scope does not name."""
    for participant, country in countries:
        if participant in scope.recipients and country not in scope.countries:
            yield fault("records.country-missing", participant=participant, country=country)


def validity_faults(until: datetime, at: datetime, flow: RecordFlow) -> Iterator[Fault]:
    """What is wrong with the end of a consent that begins now."""
    if until <= at:
        yield fault("records.period-backwards", first="valid_from", last="valid_until")
    elif until > at + timedelta(days=flow.longest_days):
        yield fault("records.valid-too-long", flow=flow.id, days=flow.longest_days)


def widened(new: Scope, old: Scope) -> Iterator[Fault]:
    """Everything in which a scope goes further than another; nothing when it is within it."""
    if new.purpose != old.purpose:
        yield fault("records.wider", field="purpose")
    for field in ("categories", "recipients", "countries"):
        if not set(getattr(new, field)) <= set(getattr(old, field)):
            yield fault("records.wider", field=field)
    if old.data_from and (new.data_from is None or new.data_from < old.data_from):
        yield fault("records.wider", field="data_from")
    if old.data_until and (new.data_until is None or new.data_until > old.data_until):
        yield fault("records.wider", field="data_until")
    for field in ("free_text", "onward"):
        if getattr(new, field) and not getattr(old, field):
            yield fault("records.wider", field=field)


def is_within(new: Scope, old: Scope) -> bool:
    """Whether a scope goes nowhere further than another."""
    return next(widened(new, old), None) is None


# -- how it was said --------------------------------------------------------------------------


def expression_faults(
    said: Expression, flow: RecordFlow, *, age_reached: bool | None
) -> Iterator[Fault]:
    """Everything that keeps an expression from being a consent: notice, speaker, age, evidence."""
    notice = flow.notice(said.language, said.by, said.notice)
    if notice is None:
        yield fault("records.notice-unknown", flow=flow.id)
    elif notice.digest != said.notice_digest:
        yield fault("records.notice-other", notice=notice.id)
    if not said.evidence:
        yield fault("records.evidence-missing")
    if (said.by == "self") == bool(said.speaker):
        yield fault("records.speaker", by=said.by)
    yield from _age_faults(said, flow, age_reached=age_reached)


def _age_faults(said: Expression, flow: RecordFlow, *, age_reached: bool | None) -> Iterator[Fault]:
    if flow.age_of_consent is None:
        if said.by == "guardian":
            yield fault("records.guardian-not-needed")
        return
    if age_reached is None:
        yield fault("records.age-unknown", age=flow.age_of_consent)
    elif said.by == "guardian" and age_reached:
        yield fault("records.guardian-not-needed")
    elif said.by != "guardian" and not age_reached:
        yield fault("records.guardian-needed", age=flow.age_of_consent)


def consent_text(consent: Consent, scope: Scope, said: Expression, until: datetime) -> bytes:
    """What a subject signs who consents by key: everything that was agreed to, and nothing else."""
    return b"sekisho/consent/v1\n" + canonical(
        {
            "consent": consent.id,
            "programme": consent.programme,
            "flow": consent.flow,
            "scope": plain_scope(scope),
            "notice": said.notice,
            "notice_digest": said.notice_digest,
            "language": said.language.value,
            "valid_until": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
    )


def consent_value(consent: Consent, event: ConsentEvent) -> str:
    """What an entry about a consent commits to: canonical JSON of what changed in it.

    The subject's receipt opens it; nobody else can.
    """
    said = consent.expression
    shown = said is not None and event.kind is not ConsentState.REQUESTED
    until = event.valid_until
    value = {
        "consent": consent.id,
        "programme": consent.programme,
        "flow": consent.flow,
        "state": event.kind.value,
        "reason": event.reason,
        "scope": plain_scope(event.scope) if event.scope else None,
        "valid_until": f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if until else None,
        "notice_digest": said.notice_digest if said and shown else None,
    }
    return canonical(value).decode()


def plain_scope(scope: Scope) -> dict[str, object]:
    """A scope as plain values, one form for one meaning: lists sorted, days as text."""
    return {
        "purpose": scope.purpose,
        "categories": sorted(scope.categories),
        "recipients": sorted(scope.recipients),
        "countries": sorted(scope.countries),
        "data_from": scope.data_from.isoformat() if scope.data_from else None,
        "data_until": scope.data_until.isoformat() if scope.data_until else None,
        "free_text": scope.free_text,
        "onward": scope.onward,
    }


# -- what becomes of it -----------------------------------------------------------------------


def moved(consent: Consent, to: ConsentState, acted: Acted) -> Consent:
    """The consent in another state.

    Raises: Conflict when CONSENT_TRANSITIONS forbids it; a consent past its end can only expire.
    """
    now = state_at(consent, acted.at)
    if now is ConsentState.EXPIRED and to is not ConsentState.EXPIRED:
        raise Conflict(fault("records.consent-over", state=now.value))
    if to not in CONSENT_TRANSITIONS[consent.state]:
        code = "records.consent-over" if consent.at_rest else "records.consent-state"
        raise Conflict(fault(code, state=consent.state.value))
    event = ConsentEvent(to, acted.at, reason=acted.reason, acted=acted.by)
    return replace(consent, state=to, events=(*consent.events, event))


def given(
    consent: Consent,
    flow: RecordFlow,
    agreed: tuple[Scope, Expression, datetime],
    acted: Acted,
    signed: Callable[[bytes], bool],
) -> Consent:
    """The consent as it was given: a scope within what was asked, said in a form that counts.

    `agreed` is what was agreed to, how it was said, and until when; `signed` tells whether the
    evidence is the subject's signature under a text. Only the holder can vouch for another form.

    Raises: Refused with every fault; Conflict when it is not being asked for any more.
    """
    scope, said, until = agreed
    until = utc(until, "valid_until")
    faults = [*scope_faults(scope, flow), *widened(scope, consent.scope)]
    faults += validity_faults(until, acted.at, flow)
    if consent.valid_until is not None and until > consent.valid_until:
        faults.append(fault("records.wider", field="valid_until"))
    faults += expression_faults(said, flow, age_reached=consent.age_reached)
    by_signature = said.method is ExpressionMethod.DIGITAL_SIGNATURE
    if by_signature or acted.by != "holder":
        text = consent_text(consent, scope, said, until)
        if not by_signature or not signed(text):
            faults.append(fault("records.not-signed"))
        elif said.by != "self":
            # The key is the subject's own: a child would be its own guardian.
            faults.append(fault("records.signed-for-another"))
    moved_on = moved(consent, ConsentState.GIVEN, acted)
    raise_all(Refused, faults)
    if said.by == "guardian" and consent.of_age_on is not None:
        # Nobody's word for a child goes on once the child decides itself.
        until = min(until, of_age(consent.of_age_on))
    return _covering(replace(moved_on, expression=said, valid_from=acted.at), scope, until)


def narrowed(consent: Consent, scope: Scope, until: datetime | None, acted: Acted) -> Consent:
    """The consent with a smaller scope or an earlier end.

    Raises: Refused with every way in which it would be wider, or when nothing would change;
    Conflict when it is paused: narrowing alone would open it again.
    """
    if consent.state is ConsentState.PAUSED:
        raise Conflict(fault("records.paused"))
    return _narrowed(consent, scope, until, acted)


def _narrowed(consent: Consent, scope: Scope, until: datetime | None, acted: Acted) -> Consent:
    faults = list(widened(scope, consent.scope))
    end = utc(until, "valid_until") if until is not None else consent.valid_until
    if end is not None and consent.valid_until is not None and end > consent.valid_until:
        faults.append(fault("records.wider", field="valid_until"))
    if end is not None and end <= acted.at:
        faults.append(fault("records.period-backwards", first="valid_from", last="valid_until"))
    faults += [
        fault("records.list-empty", field=field)
        for field in ("categories", "recipients", "countries")
        if not getattr(scope, field)
    ]
    faults += _day_faults(scope)
    if not faults and scope == consent.scope and end == consent.valid_until:
        faults.append(fault("records.nothing-narrowed"))
    moved_on = moved(consent, ConsentState.NARROWED, acted)
    raise_all(Refused, faults)
    return _covering(moved_on, scope, end)


def _covering(consent: Consent, scope: Scope, until: datetime | None) -> Consent:
    """The consent with what its newest event made it cover; the event remembers it."""
    event = replace(consent.events[-1], scope=scope, valid_until=until)
    events = (*consent.events[:-1], event)
    return replace(consent, scope=scope, valid_until=until, events=events)


def resumed(consent: Consent, scope: Scope | None, acted: Acted) -> Consent:
    """A paused consent open again: as it was before the pause, or narrower.

    Raises: Conflict when it is not paused; Refused when the scope would be wider.
    """
    if consent.state is not ConsentState.PAUSED:
        raise Conflict(fault("records.consent-state", state=consent.state.value))
    if scope is not None and scope != consent.scope:
        return _narrowed(consent, scope, None, acted)
    before = next(each.kind for each in reversed(consent.events) if each.kind in COVERING)
    return moved(consent, before, acted)


# -- what it covers ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a transfer asks of a consent."""

    recipient: str
    country: str
    purpose: str
    categories: tuple[str, ...]


def uncovered(consent: Consent, asked: Asked, at: datetime) -> list[Fault]:
    """Everything that the consent does not cover of what is asked at a moment."""
    faults = []
    if ended_by_age(consent, at):
        faults.append(fault("records.of-age"))
    elif not is_open(consent, at):
        faults.append(fault("records.consent-closed", state=state_at(consent, at).value))
    scope = consent.scope
    checks = (
        ("recipients", asked.recipient in scope.recipients),
        ("countries", asked.country in scope.countries),
        ("purpose", asked.purpose == scope.purpose),
        ("categories", bool(asked.categories) and set(asked.categories) <= set(scope.categories)),
    )
    return faults + [
        fault("records.not-covered", field=field) for field, covered in checks if not covered
    ]


def needed_faults(categories: Sequence[str], flow: RecordFlow) -> Iterator[Fault]:
    """Categories without which nothing can move, where they were not asked for."""
    for each in flow.categories:
        if each.needed and each.id not in categories:
            yield fault("records.category-needed", category=each.id)


def scope_of(consent: Consent, asked: Asked) -> Scope:
    """What of the consent one transfer takes."""
    return replace(
        consent.scope,
        categories=tuple(each for each in consent.scope.categories if each in asked.categories),
        recipients=(asked.recipient,),
        countries=(asked.country,),
    )
