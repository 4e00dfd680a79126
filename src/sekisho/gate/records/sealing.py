"""From a holder's record to a sealed payload: read, leave out, seal. Plain text never has a name.

What is being sealed lies in memory, or in a file that has no name and that the operating system
drops with the process: a kill leaves no readable copy.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from sekisho.errors import Refused, fault
from sekisho.gate.house import House
from sekisho.gate.records.flows import format_of
from sekisho.gate.records.own_keys import OwnKey, signing_key
from sekisho.lanes.record.minimise import minimise
from sekisho.lanes.record.seal import seal
from sekisho.lanes.record.seal_layout import SealContext
from sekisho.lanes.record.selection import Cut, Selection
from sekisho.model.actor import RegisteredKey
from sekisho.model.consent import Scope
from sekisho.model.record_flow import RecordFlow
from sekisho.model.transfer import LeftOut, SealedPayload, Transfer
from sekisho.people import keys_in_force
from sekisho.ports import Watch

IN_MEMORY = 16 * 1024 * 1024
"""Bytes of a record that are held in memory while it is sealed; a larger one is spilled."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Material:
    """What is to be sealed, and as whose."""

    source: Path
    address: str
    """Where the subject stands in the record."""
    encounters: tuple[str, ...] = ()
    watch: Watch = field(default_factory=Watch)


@dataclass(frozen=True, slots=True)
class Sealing:
    """A record on its way into a sealed payload: by which flow, as which transfer, how much."""

    flow: RecordFlow
    transfer: Transfer
    scope: Scope
    material: Material


def selection_of(flow: RecordFlow, scope: Scope, material: Material) -> Selection:
    """What of a record may leave: the categories of the scope, as the flow declares them."""
    chosen = [each for each in flow.categories if each.id in scope.categories]
    return Selection(
        cuts=tuple(Cut(each.id, each.types, each.codes, each.fields) for each in chosen),
        subject=material.address,
        data_from=scope.data_from,
        data_until=scope.data_until,
        encounters=material.encounters,
        free_text=scope.free_text,
    )


@dataclass(frozen=True, slots=True)
class SealKeys:
    """By whose key a payload is signed, and to whose it is sealed."""

    own: OwnKey
    recipient: RegisteredKey


def seal_keys(house: House, sender: str, recipient: str) -> SealKeys:
    """The keys in force today; Refused or StorageError when one is missing."""
    return SealKeys(signing_key(house, sender), seal_key(house, recipient))


def seal_record(
    house: House, work: Sealing, keys: SealKeys, target: Path
) -> tuple[SealedPayload, tuple[LeftOut, ...]]:
    """Seal what may leave of a record into a file; what was left out, by kind.

    Raises: DeliveryError with every fault of the record; Refused when nothing is left.
    """
    form, watch, material = format_of(house, work.flow), work.material.watch, work.material
    watch.progress("records.phase-read", 0, 0)
    resources = form.read(material.source, watch)
    watch.progress("records.phase-minimise", 0, 0)
    small = minimise(resources, selection_of(work.flow, work.scope, material), form.semantics)
    context = context_of(work.transfer, form.media_type)
    watch.progress("records.phase-seal", 0, 0)
    with (
        tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(house.folder.spill)) as plain,
        os.fdopen(os.open(target, _NEW, 0o600), "wb") as sealed,
    ):
        form.write(small.resources, cast("BinaryIO", plain))
        plain.seek(0)
        to, by = keys.recipient.public_key, keys.own.private
        made = seal(cast("BinaryIO", plain), sealed, context, to, by)
    left = tuple(LeftOut(each.what, each.reason.value, each.count_class) for each in small.left_out)
    payload = SealedPayload(
        digest=made.digest,
        bytes=made.bytes,
        size_class=made.size_class,
        content_type=form.media_type,
        sealed_to=keys.recipient.fingerprint,
        signed_by=keys.own.fingerprint,
    )
    return payload, left


def context_of(transfer: Transfer, content_type: str) -> SealContext:
    """What a sealed file is bound to: it opens as nothing else."""
    return SealContext(
        sender=transfer.sender,
        recipient=transfer.recipient,
        transfer=transfer.id,
        programme=transfer.programme,
        content_type=content_type,
    )


def seal_key(house: House, participant: str) -> RegisteredKey:
    """The newest key in force that a participant opens with; Refused when it has none."""
    known = keys_in_force(house.store, participant, "seal")
    if not known:
        raise Refused(fault("records.no-seal-key", participant=participant))
    return known[-1]
