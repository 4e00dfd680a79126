"""At the recipient's: the slip that travels with a sealed payload, and opening it.

The slip says what the file is bound to. It is not trusted: a file opens only as what it was sealed
as, and only when its sender's registered key signed it.
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from sekisho.errors import Refused, StorageError, UsageError, fault
from sekisho.gate.house import Call, House
from sekisho.gate.records.own_keys import OwnKey, opening_keys, read_key_file
from sekisho.lanes.record.seal import open_sealed_file
from sekisho.lanes.record.seal_layout import SealContext
from sekisho.model.transfer import Transfer
from sekisho.people import Action, demand, keys_in_force

_WORD = re.compile(r"[\x20-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Slip:
    """What goes along with a sealed payload."""

    transfer: str
    programme: str
    flow: str
    sender: str
    recipient: str
    content_type: str
    digest: str
    bytes: int
    signed_by: str
    sealed_to: str


def slip_of(transfer: Transfer) -> Slip:
    """The slip of a transfer; Refused when nothing of it is sealed."""
    sealed = transfer.sealed
    if sealed is None:
        raise Refused(fault("records.transfer-state", state=transfer.state.value))
    return Slip(
        transfer=transfer.id,
        programme=transfer.programme,
        flow=transfer.flow,
        sender=transfer.sender,
        recipient=transfer.recipient,
        content_type=sealed.content_type,
        digest=sealed.digest,
        bytes=sealed.bytes,
        signed_by=sealed.signed_by,
        sealed_to=sealed.sealed_to,
    )


def slip_text(slip: Slip) -> str:
    """The slip as JSON."""
    return json.dumps(asdict(slip), indent=2, sort_keys=True) + "\n"


def read_slip(text: str) -> Slip:
    """The slip of a JSON text; UsageError when it is none."""
    try:
        said = json.loads(text)
        slip = Slip(**said)
    except (ValueError, TypeError, RecursionError):
        raise UsageError(fault("records.slip-form")) from None
    words = [value for name, value in said.items() if name != "bytes"]
    sound = all(isinstance(each, str) and _WORD.fullmatch(each) for each in words)
    if not sound or type(slip.bytes) is not int:
        raise UsageError(fault("records.slip-form"))
    return slip


def open_transfer(
    call: Call, sealed: Path, slip: Slip, target: Path, key_file: Path | None = None
) -> None:
    """Open a sealed payload with the participant's own private key; whole, or nothing is written.

    The sender's key is the one that this node knows the sender by, never one that came along.

    Raises: TamperedError when the file is not what its sender sealed for this recipient as this
    transfer; Refused when the sender's key is not registered here; StorageError without a key.
    """
    demand(call.actor, Action.TRANSFER_FETCH, of=(slip.recipient,))
    house = call.house
    sender_keys = keys_in_force(house.store, slip.sender, "sign")
    signed = [each.public_key for each in sender_keys if each.fingerprint == slip.signed_by]
    if not signed:
        raise Refused(fault("records.key-unregistered", participant=slip.sender, purpose="sign"))
    context = SealContext(
        slip.sender, slip.recipient, slip.transfer, slip.programme, slip.content_type
    )
    own = _own_key(house, slip, key_file)
    open_sealed_file(sealed, target, context, own.private, signed[0])


def _own_key(house: House, slip: Slip, key_file: Path | None) -> OwnKey:
    held = [read_key_file(key_file, "seal")] if key_file else opening_keys(house, slip.recipient)
    for each in held:
        if each.fingerprint == slip.sealed_to:
            return each
    raise StorageError(fault("records.no-opening-key", participant=slip.recipient))
