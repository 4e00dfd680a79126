"""The answer of the rules to one flow: allowed or not, by which article, and what would open it."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sekisho.errors import Fault
from sekisho.model.text import Text
from sekisho.terms import Outcome


class RuleStatus(StrEnum):
    """Where a rule stands in time; only rules in force decide."""

    IN_FORCE = "in-force"
    ENACTED = "enacted"
    PENDING = "pending"
    REPEALED = "repealed"
    UNSETTLED = "unsettled"


class Weight(StrEnum):
    """Whether a rule is law, advice of an authority, a programme's own, or the checkpoint's."""

    STATUTE = "statute"
    SOFT_NORM = "soft-norm"
    PROGRAMME = "programme"
    CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class CitedRule:
    """One rule with what a reader needs to look it up."""

    id: str
    citation: Text
    jurisdiction: str
    """Pack that it comes from; empty for a rule of the programme."""
    text: Text
    status: RuleStatus = RuleStatus.IN_FORCE
    weight: Weight = Weight.STATUTE
    numbering_date: date | None = None
    """The date whose article numbers the citation uses."""
    source: str = ""
    seen: str = ""
    """How the writer saw the provision: `primary`, `translation`, `secondary`, `not-seen`."""
    reviewer: str = ""
    """Empty: not reviewed by a lawyer."""
    bound: tuple[str, ...] = ()
    """Kinds of party that it binds; empty: everyone."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One condition of a gateway that did not hold."""

    fact: str
    title: Text
    wanted: str
    found: str
    """`false`, `true`, `unknown`, `expired`, or the value found for a fact of the flow itself."""
    changeable: bool


@dataclass(frozen=True, slots=True)
class Gateway:
    """One way by which a law lets a flow pass, tried."""

    rule: CitedRule
    requirement: str
    """Id of the requirement that it would satisfy."""
    open: bool
    closed_by: tuple[Missing, ...] = ()
    """The nearest set of conditions that would open it; empty when it or the whole way is open."""


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that would have to be different."""

    fact: str
    to: str
    ask: Text
    """What to do."""
    answers: Text
    """Who has to answer for it."""
    cost: int
    """1 (write it down) to 9 (years)."""
    changeable: bool
    """False: it opens the way only if it is so already; nobody can bring it about."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A smallest set of changes that opens the way; without any one of them it stays closed."""

    changes: tuple[Change, ...]
    gateways: tuple[str, ...]
    """Ids of the gateways that it opens."""

    @property
    def cost(self) -> int:
        """The sum of the changes' costs."""
        return sum(change.cost for change in self.changes)

    @property
    def changeable(self) -> bool:
        """Whether people can bring about every change."""
        return all(change.changeable for change in self.changes)


@dataclass(frozen=True, slots=True)
class Duty:
    """What follows from an allowed flow."""

    id: str
    rule: CitedRule
    text: Text
    due: date | None
    """None: as soon as the event that the text names occurs."""
    every_months: int | None = None
    keeps: bool = False
    """Whether it makes somebody keep something about the flow, whoever asks for its erasure."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say of one flow on one day. Not legal advice."""

    outcome: Outcome
    determining: tuple[CitedRule, ...]
    """Refused: the rules that closed the way; allowed: those that were met, and what met them."""
    at: date
    pack_hash: str
    facts_hash: str
    gateways: tuple[Gateway, ...] = ()
    openings: tuple[Opening, ...] = ()
    duties: tuple[Duty, ...] = ()
    faults: tuple[Fault, ...] = field(default=())
    """Why nothing could be judged: facts incomplete, no rule allows this, no pack."""

    @property
    def allowed(self) -> bool:
        """Whether the flow may pass."""
        return self.outcome is Outcome.ALLOWED

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Ids of the determining rules, as the log cites them."""
        return tuple(rule.id for rule in self.determining)
