"""What a programme says about the data that it takes."""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from sekisho.model.history import HistoryMapping
from sekisho.model.text import Text
from sekisho.terms import ColumnType, Method


class Sensitivity(StrEnum):
    """How a column may be used: shown as it is, only within statistics, or never shown."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"
    IDENTIFYING = "identifying"


@dataclass(frozen=True, slots=True)
class Column:
    """One column, in the vocabulary of Table Schema, with what Sekisho adds."""

    name: str
    type: ColumnType
    title: Text
    description: Text | None = None
    required: bool = False
    enum: tuple[str, ...] = ()
    minimum: str | None = None
    """As written in the declaration; compared after the cast to `type`."""
    maximum: str | None = None
    pattern: str | None = None
    sensitivity: Sensitivity = Sensitivity.CONFIDENTIAL
    unit_of_measure: str | None = None
    decimals: int = 0
    """Digits after the point that a `number` keeps; more digits in the data are a fault."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A public table inside the programme folder that release plans may join."""

    id: str
    title: Text
    file: str
    """Path inside the programme folder; CSV in UTF-8 with a header."""
    columns: tuple[Column, ...]
    key: str
    """The column that is unique and joined on."""
    licence: str
    source: str
    timeline: "Timeline | None" = None
    """Set where its rows are things that happened on a day, which people may browse and search."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The columns of a look-up that say when something happened, to whom, and what."""

    date: str
    who: str
    topic: str
    texts: tuple[str, ...]
    """What people read, in order; all of it is searched."""
    names: str
    """The look-up that names who; its key is what `who` holds."""
    en: str
    """Its column with the English name."""
    ja: str
    address: str | None = None
    """Column with the address of the source."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table of confidential rows, and whom it is about."""

    id: str
    title: Text
    description: Text
    columns: tuple[Column, ...]
    method: Method
    contributor: str | None = None
    """The column that names whose contribution a row is (firms: disclosure control)."""
    holding: str | None = None
    """The column that names the holding a contributor belongs to."""
    private_holdings: bool = False
    """Whether `holding` stands in no delivery, but in a table that the data holder keeps."""
    privacy_unit: str | None = None
    """The column that names whom differential privacy protects."""
    not_contributors: tuple[str, ...] = ()
    """Values of `contributor` that are no third party, and which a plan may exclude."""
    not_contributor_reasons: tuple[Text, ...] = ()
    """Why each of `not_contributors` is none, in the same order."""
    missing_unit: str = "refuse"
    """`refuse`, or `exclude` (rows without a unit are left out; how many is not published)."""
    primary_key: tuple[str, ...] = ()
    holder: str | None = None
    """Participant that brings the data."""
    licence: str = ""
    source: str = ""
    sample: str | None = None
    """Path of a file inside the programme folder that can be loaded to try the programme out."""
    budget: "BudgetDeclaration | None" = None
    """What may be spent on the people in this dataset; only with differential privacy."""
    contribution: "ContributionDeclaration | None" = None
    parts: "PartsDeclaration | None" = None
    """Who brings a part each, where several do; only with differential privacy."""
    histories: HistoryMapping | None = None
    """How records that are loaded become its rows; None where rows are loaded themselves."""

    def holders(self, steward: str) -> frozenset[str]:
        """Whose data it holds; the steward's where nobody else is named."""
        if self.parts is not None:
            return frozenset(self.parts.holders)
        return frozenset({self.holder or steward})

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def brought(self) -> "Dataset":
        """The same as a delivery has it: without the column that the data holder keeps."""
        if not self.private_holdings:
            return self
        kept = tuple(each for each in self.columns if each.name != self.holding)
        return replace(self, columns=kept, holding=None, private_holdings=False)


@dataclass(frozen=True, slots=True)
class PartsDeclaration:
    """Several holders of one dataset: each brings, sees and takes back its own part alone."""

    holders: tuple[str, ...]
    least: int
    """Parts without which nothing is released; one that is missing above them is named."""
    key_check: str
    """What the key gives away of itself that all holders make the unit's pseudonyms with."""
    days: str | None = None
    """The date column of which each part says what days it covers."""


@dataclass(frozen=True, slots=True)
class BudgetDeclaration:
    """What may be spent on people's data in one period."""

    epsilon: Decimal
    delta: Decimal
    period: str
    """`month`, `year` or `once`."""
    measure: str = "gaussian"
    """`gaussian` (kept as mu squared) or `pure` (kept as epsilon)."""
    column: str | None = None
    """The date column that says to which period a row belongs; None with `once`."""


@dataclass(frozen=True, slots=True)
class ContributionDeclaration:
    """How much one privacy unit is expected to contribute to a table; more is scaled down.

    It changes the error of a release, never its protection.
    """

    groups: int = 1
    rows: int = 1
    """Rows of one unit in one group."""
    found_groups: int = 0
    """Groups that a unit may bring where none are listed; 0 refuses such queries."""
    length: Decimal | None = None
    """Root of the sum over groups of the squares of a unit's amounts, in the measure's unit."""
    sampled: bool = False
    """Keep that many groups of each unit, chosen by a hash, instead of scaling all of them down."""
    chosen: frozenset[str] = frozenset()
    """Which of `groups`, `rows` and `length` are chosen from a noisy count of units by size."""
    earlier: bool = False
    """Whether they are taken from an earlier release of the same plan, where there is one."""


UNDECLARED = ContributionDeclaration(chosen=frozenset({"groups", "rows"}))
"""What holds where nothing is declared: whoever cannot guess a bound gets one that fits."""
