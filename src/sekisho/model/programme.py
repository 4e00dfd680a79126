"""A whole programme as one value: what may be shared, with whom, as what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sekisho.model.access_rule import AccessRule
from sekisho.model.calendar import Calendar
from sekisho.model.dataset import ContributionDeclaration, Dataset, Lookup
from sekisho.model.facts import Facts
from sekisho.model.form import Form
from sekisho.model.indicator import Indicator
from sekisho.model.public import PublicTable
from sekisho.model.record_flow import RecordFlow
from sekisho.model.text import Text
from sekisho.terms import Method, Outcome


@dataclass(frozen=True, slots=True)
class Dimension:
    """One direction of a table: levels from the widest to the finest, always with a total."""

    id: str
    title: Text
    levels: tuple[str, ...]
    """Output column names of the plan's SQL, widest first."""
    total: Text
    """The label of the total."""
    level_titles: tuple[Text, ...] = ()
    """What people read over each level's column, in the order of `levels`."""


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """The declaration of one table that may leave by the statistics lane."""

    id: str
    title: Text
    description: Text
    method: Method
    sql: str
    sql_file: str
    dimensions: tuple[Dimension, ...]
    measure: str
    """Output column of the SQL that the table shows."""
    measure_title: Text
    unit_of_measure: Text
    sensitivity_rules: tuple[str, ...] = ("minimum-frequency",)
    """Names only: `minimum-frequency`, `p-percent`, `dominance`, `prior-posterior`."""
    minimum_frequency: int = 3
    """Public: fewer contributors than this and the cell is hidden."""
    cost: str = "value"
    """What secondary suppression keeps small: `count` or `value`."""
    attackers: str = "contributors"
    """`outside`, or `contributors` who know their own values."""
    links: tuple[str, ...] = ()
    """Plans that are protected together with this one."""
    must_publish: tuple[tuple[str, ...], ...] = ()
    labels: tuple[tuple[str, str, Text], ...] = ()
    """(column, value, label): what people read for a value of a group column."""
    epsilon: Decimal | None = None
    """What one release costs; only with differential privacy."""
    contribution: ContributionDeclaration | None = None
    """What one unit is expected to contribute to this table; None: as the dataset says."""
    indicators: tuple[Indicator, ...] = ()
    """Figures worked out from the released numbers alone."""
    calendar: Calendar | None = None
    """When its releases are published; None: as soon as they are made."""


@dataclass(frozen=True, slots=True)
class Case:
    """A request with the decision that the programme's author expects."""

    id: str
    title: Text
    file: str
    on: date
    """The day on which the request is judged."""
    facts: Facts
    outcome: Outcome
    rules: tuple[str, ...]
    """Ids of the rules that the decision must cite, all of them."""


@dataclass(frozen=True, slots=True)
class Programme:
    """One declared use of data."""

    id: str
    title: Text
    description: Text
    purpose: str
    """DPV term, e.g. `dpv:OfficialStatistics` or `dpv:ResearchAndDevelopment`."""
    legal_basis: Text
    steward: str
    """Participant that answers for the programme."""
    recipients: tuple[str, ...]
    """`public`, or participants' ids."""
    jurisdictions: tuple[str, ...]
    datasets: tuple[Dataset, ...]
    lookups: tuple[Lookup, ...]
    release_plans: tuple[ReleasePlan, ...]
    access_rules: tuple[AccessRule, ...]
    cases: tuple[Case, ...] = ()
    record_flows: tuple[RecordFlow, ...] = ()
    forms: tuple[Form, ...] = ()
    public_tables: tuple[PublicTable, ...] = ()
    digest: str = ""
    """SHA-256 over every file of the folder, hexadecimal."""
    files: tuple[str, ...] = field(default=())
    places: Mapping[str, Mapping[tuple[str | int, ...], tuple[int, int]]] = field(
        default_factory=dict, repr=False, compare=False, hash=False
    )
    """File -> path of keys -> line and column, so that a fault across files has its place."""

    @property
    def holders(self) -> frozenset[str]:
        """Participants whose data its datasets hold."""
        return frozenset[str]().union(*(each.holders(self.steward) for each in self.datasets))

    def dataset(self, dataset_id: str) -> Dataset | None:
        """The dataset of that id, if there is one."""
        return next((d for d in self.datasets if d.id == dataset_id), None)

    def plan(self, plan_id: str) -> ReleasePlan | None:
        """The release plan of that id, if there is one."""
        return next((p for p in self.release_plans if p.id == plan_id), None)

    def public_table(self, table_id: str) -> PublicTable | None:
        """The public table of that id, if there is one."""
        return next((t for t in self.public_tables if t.id == table_id), None)

    def record_flow(self, flow_id: str) -> RecordFlow | None:
        """The record flow of that id, if there is one."""
        return next((f for f in self.record_flows if f.id == flow_id), None)

    def form(self, form_id: str) -> Form | None:
        """The form of that id, if there is one."""
        return next((f for f in self.forms if f.id == form_id), None)

    def linked_set(self, plan_id: str) -> tuple[ReleasePlan, ...]:
        """The plan and every plan it is linked with, directly or not, in order of id."""
        found: set[str] = set()
        ahead = [plan_id]
        while ahead:
            current = ahead.pop()
            if current in found:
                continue
            found.add(current)
            ahead += [p.id for p in self.release_plans if current in p.links]
            plan = self.plan(current)
            ahead += plan.links if plan else ()
        return tuple(sorted((p for p in self.release_plans if p.id in found), key=lambda p: p.id))
