"""Subjects: taken in by who knows them, identified anew when a secret is lost, unlinked for good.

The node learns no name. The holder identifies the person, keeps which of its people has which
subject id, and hands the secret over once. A lost secret cannot be read out again: the holder
identifies the person anew, and another secret takes its place. What was logged under the former
one stays findable with that one alone; nothing in the log ties the two together for anybody who
has not both.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace

from sekisho.errors import NotFound, Refused, UsageError, fault
from sekisho.gate.house import Call, House
from sekisho.gate.records.entries import RecordSaid, record_entry
from sekisho.gate.records.looked import forget_looks
from sekisho.gate.records.standing import Standing, by_holder, demand_act
from sekisho.gate.sequence import sequence
from sekisho.lanes.record.proofs import Act
from sekisho.model.consent import Consent, Subject
from sekisho.model.entry import Entry, EntryKind
from sekisho.people import Action, demand, read_public_key
from sekisho.tlog import keys
from sekisho.tlog.history import new_secret

_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,200}")


def record_mark(secret: bytes, address: str) -> bytes:
    """What is kept of where a subject stands in the holder's records: a hash under the secret.

    Raises: UsageError when it is no address.
    """
    if not _VISIBLE.fullmatch(address):
        raise UsageError(fault("records.record-form"))
    return keys.keyed_hash(secret, f"sekisho/record/v1\n{address}".encode())


def register_subject(
    call: Call, address: str | None = None, public_key: str | None = None
) -> Subject:
    """Take in a person or firm whom the actor's participant has identified.

    `address` says where they stand in the holder's records, e.g. `Patient/17`: it is kept as a
    hash, and only that record can be offered later. The secret in the answer is for the subject;
    it is shown this once.

    Raises: NotPermitted; UsageError when address or key has no good form.
    """
    demand(call.actor, Action.SUBJECT_ADD, of=(call.actor.participant,))
    secret, house = new_secret(), call.house
    subject = Subject(
        id=secrets.token_hex(16),
        holder=call.actor.participant,
        secret=secret,
        public_key=read_public_key(public_key, "sign") if public_key else None,
        record_mark=record_mark(secret, address) if address is not None else None,
        registered_at=house.clock.now(),
    )
    house.store.records.add_subject(subject, _changed(house, subject, "registered"))
    sequence(house)
    return subject


def _changed(house: House, subject: Subject, reason: str, *also: bytes) -> Entry:
    said = RecordSaid(reason=reason)
    return record_entry(house, EntryKind.SUBJECT_CHANGED, subject, said, *also)


def identify_anew(
    call: Call, subject_id: str, address: str | None = None, public_key: str | None = None
) -> Subject:
    """Another secret for a subject whom the holder has identified again; it is shown this once.

    The former secret acts for nobody from now on. The entry carries the marks of both, so whoever
    has the former one sees that it was replaced, also when nobody asked for it. Address and
    key hold from then on only as they are given again: the hash of the address was the former
    secret's, and who lost the secret may have lost the key, too.

    Raises: NotFound, NotPermitted, UsageError.
    """
    standing = by_holder(call, subject_id, Action.SUBJECT_IDENTIFY)
    house, raw = call.house, read_public_key(public_key, "sign") if public_key else None
    secret = new_secret()
    mark = record_mark(secret, address) if address is not None else None

    def judge(subject: Subject) -> tuple[Subject, Entry]:
        if subject.secret is None:
            # The link was destroyed meanwhile, for good.
            raise NotFound(fault("records.no-subject"))
        former = (*subject.former, subject.secret)
        anew = replace(subject, secret=secret, public_key=raw, record_mark=mark, former=former)
        return anew, _changed(house, anew, "replaced", subject.secret)

    changed = house.store.records.change_subject(standing.subject.id, judge)
    forget_looks(house, changed.former)
    sequence(house)
    return changed


FORGET = Act("forget")
"""What a subject signs to have the link destroyed."""


def destroy_link(house: House, standing: Standing) -> int:
    """Destroy what ties a subject to the log, for good: every secret, every number of an entry.

    The entries stay, and the log verifies as before; nobody, the operator included, can tell any
    more whom they concerned. What the law makes a holder keep about a provision stays in the
    store, without its place in the log. The index of the entry that says so.

    Raises: Refused while a consent of the subject still holds, or when something else was signed;
    Conflict when it is done already.
    """
    demand_act(standing, FORGET)
    subject = standing.subject

    def judge(now: Subject, consents: Sequence[Consent]) -> Entry:
        if now.secret is not None and now.secret != subject.secret:
            # A secret that was replaced meanwhile acts for nobody.
            raise NotFound(fault("records.no-subject"))
        if any(not each.at_rest for each in consents):
            raise Refused(fault("records.still-open"))
        return _changed(house, now, "destroyed")

    at, store = house.clock.now(), house.store.records
    index = store.destroy_subject(subject.id, at, judge, standing.spent)
    forget_looks(house, [each for each in (subject.secret, *subject.former) if each is not None])
    sequence(house)
    return index
