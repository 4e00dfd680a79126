"""What is known about a flow before it is judged.

Who sends what to whom, and what is on file. A fact is true, false or unknown; unknown never opens
a way. Names of facts on file are a closed list that the rule packs declare (`rules/`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sekisho.terms import Lane


class Truth(StrEnum):
    """The three values of a fact."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Identifiability(StrEnum):
    """How much of a person is left in the data."""

    PERSONAL = "personal"
    PSEUDONYMISED = "pseudonymised"
    ANONYMISED = "anonymised"
    STATISTICAL = "statistical"
    NONE = "none"


WITHOUT_PERSON = frozenset({Identifiability.STATISTICAL, Identifiability.NONE})
"""Data in which no law on personal information finds a person."""


class PartyKind(StrEnum):
    """Kinds of sender and recipient, as the laws distinguish them."""

    BUSINESS_OPERATOR = "business-operator"
    PUBLIC_BODY = "public-body"
    HOSPITAL = "hospital"
    RESEARCHER = "researcher"
    INTERNATIONAL_BODY = "international-body"
    DATA_SUBJECT = "data-subject"
    PUBLIC = "public"


class Category(StrEnum):
    """Categories of personal data that one of the packs treats apart."""

    ORDINARY = "ordinary"
    HEALTH = "health"
    GENETIC = "genetic"
    BIOMETRIC = "biometric"
    RACE = "race"
    BELIEF = "belief"
    POLITICAL = "political"
    TRADE_UNION = "trade-union"
    SEX_LIFE = "sex-life"
    CRIMINAL = "criminal"
    CRIME_VICTIM = "crime-victim"
    SOCIAL_STATUS = "social-status"
    LOCATION = "location"
    FINANCIAL = "financial"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is on file, or is not, or that nobody has looked up."""

    truth: Truth
    source: str = ""
    """The document or record that shows it."""
    answers: str = ""
    """Who answers for it."""
    until: datetime | None = None
    """Aware, UTC; from this moment the fact is unknown again."""


UNKNOWN = Fact(Truth.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Party:
    """Sender or recipient of a flow; what is None is unknown."""

    kind: PartyKind | None = None
    jurisdiction: str | None = None
    """ISO 3166-1 alpha-2, or `EU`; None also for the public at large."""
    id: str = ""


PUBLIC = Party(PartyKind.PUBLIC, None, "public")


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What flows; what is None is unknown."""

    identifiability: Identifiability | None = None
    categories: frozenset[Category] | None = None
    persons: int | None = None
    """How many persons the flow and those of the same kind in 12 months concern."""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a decision is made from, except the rules and the date."""

    lane: Lane
    sender: Party
    recipient: Party
    data: DataFacts
    purpose: str | None = None
    """A DPV term, e.g. `dpv:OfficialStatistics`."""
    on_file: Mapping[str, Fact] = field(default_factory=dict)
    """Facts by name, e.g. `consent.given`; a name that is absent is unknown."""

    def fact(self, name: str) -> Fact:
        """The fact of that name; unknown when it is absent."""
        return self.on_file.get(name, UNKNOWN)
