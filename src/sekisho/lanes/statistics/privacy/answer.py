"""The privacy lane in order: plan, charge, draw, finish.

A node charges and saves between these steps; a caller without one (a test, a benchmark) may use
`answer`, which charges a ledger in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from math import prod
from typing import Protocol

from sekisho.errors import Fault
from sekisho.lanes.statistics.privacy.bounds import PRECISION_ONE, Norm, sigma_for
from sekisho.lanes.statistics.privacy.consistency import Level, Measured, cube_variance
from sekisho.lanes.statistics.privacy.contract import Tables
from sekisho.lanes.statistics.privacy.draw import Draw, draw
from sekisho.lanes.statistics.privacy.finish import finish
from sekisho.lanes.statistics.privacy.ledger import Ledger, after_charge, shown_epsilon
from sekisho.lanes.statistics.privacy.limits import limit_value
from sekisho.lanes.statistics.privacy.measures import Contribution, Reading
from sekisho.lanes.statistics.privacy.plan_bounding import Plan, plan_release
from sekisho.lanes.statistics.privacy.quantiles import places_off
from sekisho.lanes.statistics.privacy.sizes import counts_groups
from sekisho.lanes.statistics.privacy.table import PrivateTable
from sekisho.ports import Noise, Sources, Watch
from sekisho.query.bound import Bound, BoundSums, Settle
from sekisho.query.plan import Query


class BoundingEngine(Protocol):
    """An engine that runs the bounding query; its sums go nowhere but into the draw."""

    def bounded(
        self, bound: Bound, sources: Sources, watch: Watch, settle: Settle | None = None
    ) -> BoundSums:
        """The weighted sums over the deliveries; an open bound is settled on the way."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A private table and the ledger after its charge."""

    table: PrivateTable
    ledger: Ledger
    draw: Draw


def answer(
    plan: Plan, ledger: Ledger, engine: BoundingEngine, sources: Sources, noise: Noise
) -> Answer:
    """Charge, draw and finish one planned release.

    Raises: Refused when the budget does not hold the charge; nothing is drawn then.
    Privacy: see `plan_release` and `draw`; the ledger is charged before any noise is drawn.
    """
    charged = after_charge(ledger, plan.charge)
    drawn = draw(plan, lambda settle: engine.bounded(plan.bound, sources, Watch(), settle), noise)
    return Answer(finish(plan, drawn), charged, drawn)


def plan_answer(
    query: Query, tables: Tables, contribution: Contribution, ledger: Ledger, epsilon: Decimal
) -> Plan:
    """The plan of a query: cost, expected error and proof, before any row is read."""
    return plan_release(query, tables, contribution, ledger, epsilon)


@dataclass(frozen=True, slots=True)
class Expected:
    """What `--dry-run` shows of one measure at one grouping set, from declared sizes only."""

    measure: str
    groups: tuple[str, ...]
    cells: int
    standard_error: float
    in_places: bool = False
    """Of a quantile: how many rows the number lies off its place in their order on average."""
    chosen: str = ""
    """`root` or `groups` where the error is for one group and rises with the root of the groups
    that are chosen, or with them; `length` where it is for a length of `bound`."""
    bound: Decimal = Decimal(1)


def expected_errors(plan: Plan) -> Iterator[Expected]:
    """The standard error that the noise will give every measure; no row is read for it."""
    shape = tuple(len(group.values or ()) for group in plan.bound.groups)
    names = [group.name for group in plan.bound.groups]
    for number, bundle in enumerate(plan.bundles):
        levels = plan.bound.vectors[number].levels
        sets = plan.query.aggregate.grouping_sets
        if len(sets) > 1 and not all(w.is_additive for w in bundle.wanted):
            sets = tuple(level.groups for level in levels)
        for wanted in bundle.wanted:
            for level in sets:
                cells = prod(shape[axis] for axis in level)
                if wanted.reading is Reading.QUANTILE:
                    off = places_off(bundle.clip, wanted.share)
                    yield Expected(
                        wanted.name, tuple(names[a] for a in level), cells, off, in_places=True
                    )
                    continue
                variance = _variance(plan, number, wanted.name, shape, level)
                error = variance**0.5 * 10.0**-wanted.decimals
                found = Expected(wanted.name, tuple(names[a] for a in level), cells, error)
                yield _of_chosen(plan, number, found)


def _of_chosen(plan: Plan, number: int, found: Expected) -> Expected:
    """The expected error under a bound that is not known yet."""
    vector, clip = plan.bound.vectors[number], plan.bundles[number].clip
    if not vector.is_open:
        return found
    if not counts_groups(vector):
        return replace(found, chosen="length", bound=limit_value(plan, number, clip.full))
    groups = clip.full / PRECISION_ONE
    if vector.squared:
        return replace(found, chosen="root", standard_error=found.standard_error / groups**0.5)
    return replace(found, chosen="groups", standard_error=found.standard_error / groups)


def _variance(plan: Plan, number: int, name: str, shape: tuple[int, ...], level: Level) -> float:
    import numpy as np

    bundle, vector = plan.bundles[number], plan.bound.vectors[number]
    unit = bundle.clip.scale * vector.amounts[bundle.place_of(name)].factor
    twice = 1 if bundle.clip.norm is Norm.L2 else 2
    scales = [sigma_for(each.precision, bundle.clip.norm) / unit for each in vector.levels]
    measured = [
        Measured(each.groups, np.zeros(1), twice * scale**2)
        for each, scale in zip(vector.levels, scales, strict=True)
    ]
    if not plan.bound.lists_groups:
        return measured[0].variance
    return cube_variance(shape, measured, level)


def request_digest(
    plan: Plan, deliveries: Mapping[str, tuple[str, ...]], programme_digest: str
) -> str:
    """What makes two requests the same: plan, deliveries and parameters, as SHA-256.

    The same digest must give the same release again and cost nothing; averaging over repeated
    questions is closed by it.
    """
    parts = [
        _canonical(plan.bound),
        _canonical(plan.query),
        _canonical(plan.charge),
        _canonical(plan.bundles),
        repr(sorted((name, sorted(each)) for name, each in deliveries.items())),
        programme_digest,
    ]
    return sha256("\n".join(parts).encode()).hexdigest()


def _canonical(value: object) -> str:
    """A text that is the same in every process for equal values."""
    if is_dataclass(value) and not isinstance(value, type):
        inside = [
            f"{f.name}={_canonical(getattr(value, f.name))}" for f in fields(value) if f.compare
        ]
        return f"{type(value).__name__}({','.join(inside)})"
    if isinstance(value, tuple | list):
        return "(" + ",".join(_canonical(each) for each in value) + ")"
    if isinstance(value, frozenset | set):
        return "{" + ",".join(sorted(_canonical(each) for each in value)) + "}"
    if isinstance(value, Mapping):
        pairs = sorted((_canonical(k), _canonical(v)) for k, v in value.items())
        return "{" + ",".join(f"{k}:{v}" for k, v in pairs) + "}"
    return f"{type(value).__name__}:{value!r}"


def explained(plan: Plan) -> tuple[Fault, ...]:
    """The proof, step by step, as codes that `text/` turns into sentences."""
    return tuple(Fault(step.rule, step.fields, step.place) for step in plan.proof)


def cost_of(plan: Plan, ledger: Ledger) -> Decimal:
    """What the plan costs, as the epsilon that people read."""
    return shown_epsilon(ledger, plan.charge.loss)


def answers_at(asked: datetime, now: datetime, step: timedelta) -> datetime:
    """When an interactive answer may appear: the next multiple of a step after it was asked.

    How long the work took is then told to the step only.
    """
    steps = max(1, -(-(now - asked) // step))
    return asked + steps * step
