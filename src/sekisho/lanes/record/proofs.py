"""What is signed to prove who asks: texts that two sides write alike, each for one thing only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sekisho.model.canonical import canonical


@dataclass(frozen=True, slots=True)
class Act:
    """What a subject does, exactly: a signature under one act is worth nothing for another."""

    name: str
    """`give`, `narrow`, `pause`, `resume`, `withdraw`, `erase`, `forget`, `read`."""
    consent: str = ""
    about: Mapping[str, object] = field(default_factory=dict)
    """The scope and end that go with it, as plain values."""


def act_text(origin: str, subject: str, challenge: str, act: Act) -> bytes:
    """What a subject signs to act by key: the node's origin, its challenge, and the act itself."""
    return b"sekisho/act/v1\n" + canonical(
        {
            "origin": origin,
            "subject": subject,
            "challenge": challenge,
            "act": act.name,
            "consent": act.consent,
            "about": dict(act.about),
        }
    )


@dataclass(frozen=True, slots=True)
class PickUpProof:
    """A recipient's answer to a challenge: its ticket, and its signature over everything."""

    challenge: str
    ticket: str
    """64 hexadecimal digits that the recipient chose; with them it can go on after a break."""
    signature: str
    """Ed25519, hexadecimal, by a key that is registered for signing."""


def pick_up_text(origin: str, transfer: str, recipient: str, challenge: str, ticket: str) -> bytes:
    """What a recipient signs to fetch one transfer from one node, once."""
    return b"sekisho/pick-up/v1\n" + canonical(
        {
            "origin": origin,
            "transfer": transfer,
            "recipient": recipient,
            "challenge": challenge,
            "ticket": ticket,
        }
    )
