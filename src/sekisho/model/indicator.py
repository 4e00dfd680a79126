"""An indicator: a figure worked out from numbers that are out already, and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sekisho.model.text import Text


@dataclass(frozen=True, slots=True)
class Baseline:
    """Change from the usual value of the same weekday, over a span of days."""

    first: str
    last: str
    until: str | None = None
    """The last day that is compared; None: the last there is."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth against the time before, or against the same time of the year before."""

    against: str
    """`previous` or `year`."""


@dataclass(frozen=True, slots=True)
class Index:
    """Every value as a share of one time's, which is 100."""

    base: str


@dataclass(frozen=True, slots=True)
class Compound:
    """The yearly growth that leads from one time's value to another's."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Projection:
    """What a trend through the past says of times to come."""

    until: str
    first: str | None = None
    """The trend leaves out what lies before; None: nothing."""
    last: str | None = None
    model: str = "compound"
    """`compound` (the same percentage every step) or `linear`."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What changed when a policy began, against groups that did not have it."""

    dates: tuple[tuple[str, str], ...]
    """(group, first day); groups in the order in which they are shown."""
    comparison: tuple[str, ...]
    """Groups without the policy; their mean is what is compared with."""
    first: str
    last: str
    """The span of time that is looked at."""
    scale: str = "percent"
    """`percent` (differences of logarithms) or `level` (differences of values)."""
    weekdays: bool = False
    """Whether each weekday has a level of its own."""
    trend: bool = True
    """Whether a trend that was there before is taken as going on."""


How = Baseline | Growth | Index | Compound | Projection | Policy


@dataclass(frozen=True, slots=True)
class Indicator:
    """The declaration of one indicator over a table."""

    id: str
    title: Text
    how: How
    time: str
    """The column that says when."""
    value: str
    """The column with the numbers."""
    unit: Text
    """Unit of the numbers of the table."""
    by: str | None = None
    """The column whose every value has a series of its own."""
    where: tuple[tuple[str, str], ...] = ()
    """(column, value): only these rows."""
    standard_error: str | None = None
    """The column with the standard errors of the numbers."""
    description: Text | None = None
    step: str | None = None
    """`month`, `quarter` or `year` where the table writes each as its first day."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number as it was published; `value` is None where it is hidden."""

    at: str
    group: str
    value: Decimal | None
    standard_error: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Why there is no figure: a code of `text/` with its fields."""

    code: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; no interval where its numbers carry no error."""

    value: Decimal
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of an indicator: of which group, at which time, of what kind."""

    group: str
    """Value of the indicator's `by`; empty where there is one series only."""
    at: str
    """When, as written in the table; empty for a figure of the whole span."""
    what: str
    """`value`, or of an effect of a policy: `effect`, `level`, `slope`, `before`."""
    estimate: Estimate | NotEstimable


@dataclass(frozen=True, slots=True)
class Result:
    """An indicator with its figures; `observed` are the numbers that it was made from."""

    indicator: Indicator
    figures: tuple[Figure, ...]
    observed: tuple[Reading, ...] = ()
