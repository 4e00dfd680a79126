"""The page of the record lane's states, from the tables that the code goes by.

python -m sekisho.gate.records.pages docs/reference/records.md
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from sekisho.gate.records.entries import CONSENT_KINDS, TRANSFER_KINDS
from sekisho.gate.records.recalls import ANSWERS
from sekisho.model.entry import EntryKind
from sekisho.people import GRANTS, Action
from sekisho.terms import CONSENT_TRANSITIONS, TRANSFER_TRANSITIONS, ConsentState, TransferState

State = TypeVar("State", ConsentState, TransferState)

CONSENT_MEANS: Mapping[ConsentState, str] = {
    ConsentState.REQUESTED: "asked for within the flow's template; covers nothing",
    ConsentState.GIVEN: "the subject agreed, to what was asked or to less",
    ConsentState.PAUSED: "covers nothing until it is resumed; what waits cannot be fetched",
    ConsentState.NARROWED: "covers less; what waits beyond it is stopped",
    ConsentState.WITHDRAWN: "ended by the subject; what waits is stopped and removed",
    ConsentState.EXPIRED: "past its end; it covered nothing from that moment on, swept or not",
}
TRANSFER_MEANS: Mapping[TransferState, str] = {
    TransferState.REQUESTED: "asked for under a consent that covers it; an offer passes it at once",
    TransferState.OFFERED: "decided, minimised, sealed, logged; waits for the checkpoint",
    TransferState.REFUSED: "closed by the rules or by the end of the consent; nothing was sealed",
    TransferState.READY: "its entry stands in a checkpoint; the recipient can fetch it",
    TransferState.FETCHED: "handed out, with its entry before the first byte",
    TransferState.STOPPED: "the consent no longer covers it; nobody can fetch it",
    TransferState.EXPIRED: "its time was over before anybody fetched it",
    TransferState.ERASED: "no sealed payload of it is left on the node",
}

HEAD = """# Consents and transfers: states, acts, entries

This page is generated from `src/sekisho/terms.py`, `people.py` and `gate/records/`.

Every change of state commits together with its entry in the log, in one transaction. A move that
a table below does not have is refused. One dossier - a consent with its subject, transfers and
notices - changes at a time: a withdrawal and a fetch at the same moment have exactly two
outcomes.
"""

AFTER = """What a changed consent ends, the entry of that change stands for, too. The
recipient's word that it opened whole is `{delivered}`.

A past recipient answers a notice with one of {answers}.
"""

WHO = """## Who acts for a person

A person or firm has no role and no access token. They act

1. **by secret**: 32 random bytes that the holder hands over once, when it takes them in. With
   them one finds what concerns one in the log, sees everything, pauses, narrows and withdraws,
   asks for erasure. A consent is not given by secret: whoever found the paper could give it;
2. **by key**: an Ed25519 key that the holder registered. The person signs one act over a fresh
   challenge of the node, which lives five minutes and is worth nothing twice; to give a consent
   they also sign the consent itself (`sekisho consent text` prints what). The key speaks for the
   person alone: a guardian's or proxy's consent goes through the holder;
3. **through the holder's staff**, who know and identify them: by a signed form or a recorded
   statement, whose SHA-256 is kept. Not even the owner of the node acts for somebody else's
   people.

A guardian speaks for a child until the day on which the child decides itself. The holder says that
day when it asks; the consent ends as the day begins anywhere on earth, also while it is paused, and
the person is asked for one of their own. Of the date of birth nothing else is kept.

Unknown, another holder's, destroyed, without a key: the answer is the same, after the same work.

**A lost secret** cannot be read out again. The holder identifies the person anew (`sekisho
subject identify`) and another secret takes its place; from then on the former one acts for
nobody, and a key counts only when it is registered again. The entry that says so carries the
marks of both secrets: whoever has the former one sees the replacement, also when it was not
theirs; nobody who has not both can tie the two together. What was logged before stays findable
with the former secret, which opens older entries and does nothing else.

**The link to the log is destroyed** (`sekisho subject forget`) once no consent holds any more.
Every secret is overwritten, also in the database's journal, and every number of an entry is
taken out of the person's rows. The entries stay and verify; nobody can tell whom they concerned.
What the law makes a holder keep about a provision stays, without its place in the log. Copies
outside the node's folder or database - backups, a server's archive of its journal - are the
operator's to destroy.
"""


def records_page() -> str:
    """The page of the record lane's states."""
    return "\n".join(
        [
            HEAD,
            *_table("States of a consent", CONSENT_TRANSITIONS, CONSENT_MEANS, CONSENT_KINDS),
            f"Resuming is logged as `{EntryKind.CONSENT_RESUMED.value}`.",
            "",
            *_table("States of a transfer", TRANSFER_TRANSITIONS, TRANSFER_MEANS, TRANSFER_KINDS),
            AFTER.format(
                delivered=EntryKind.TRANSFER_DELIVERED.value,
                answers=", ".join(f"`{each}`" for each in ANSWERS),
            ),
            WHO,
            *_grants(),
        ]
    )


def _table(
    title: str,
    transitions: Mapping[State, frozenset[State]],
    means: Mapping[State, str],
    kinds: Mapping[State, EntryKind],
) -> Iterator[str]:
    yield f"## {title}\n"
    yield "```mermaid"
    yield "stateDiagram-v2"
    first = next(iter(transitions))
    yield f"    [*] --> {first.value}"
    for old, new in transitions.items():
        for each in sorted(new, key=lambda state: state.value):
            yield f"    {old.value} --> {each.value}"
        if not new:
            yield f"    {old.value} --> [*]"
    yield "```\n"
    yield "| state | means | goes on to | its entry |"
    yield "|---|---|---|---|"
    for state, new in transitions.items():
        after = ", ".join(f"`{each.value}`" for each in sorted(new, key=str)) or "-"
        kind = f"`{kinds[state].value}`" if state in kinds else "-"
        yield f"| `{state.value}` | {means[state]} | {after} | {kind} |"
    yield ""


def _grants() -> Iterator[str]:
    yield "## Who may do what\n"
    yield "`own`: only for the actor's own participant. Nobody else may.\n"
    yield "| action | roles |"
    yield "|---|---|"
    lane = ("subject.", "consent.", "transfer.", "fact.", "records.")
    for action in Action:
        if action.value.startswith(lane):
            roles = ", ".join(
                f"{role} ({reach.value})" for role, reach in GRANTS[action].items() if role
            )
            yield f"| `{action.value}` | {roles} |"
    yield ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(records_page(), encoding="utf-8")
