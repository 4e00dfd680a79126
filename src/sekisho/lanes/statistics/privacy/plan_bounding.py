"""From a query to the one bounding query, its noise and its price, before any row is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from math import prod

from sekisho.errors import QueryError, UsageError, fault
from sekisho.lanes.statistics.privacy.bounds import (
    PRECISION_ONE,
    Clip,
    Norm,
    check_weights,
    clip_for,
    weight,
)
from sekisho.lanes.statistics.privacy.calibrate import SIGMA, discretisation_delta
from sekisho.lanes.statistics.privacy.contract import Contract, Step, Tables, contract_of
from sekisho.lanes.statistics.privacy.domains import Value, check_arithmetic, domain_of, values_of
from sekisho.lanes.statistics.privacy.keys import Threshold, threshold_for
from sekisho.lanes.statistics.privacy.ledger import Charge, Ledger, LossMeasure, loss_within
from sekisho.lanes.statistics.privacy.measures import (
    Contribution,
    Reading,
    Wanted,
    together,
    wanted_of,
)
from sekisho.lanes.statistics.privacy.quantiles import FEWEST_BINS, MOST_CELLS, grid_for
from sekisho.lanes.statistics.privacy.sizes import Sizing, histogram_weight, largest_size, scaled
from sekisho.query.bound import (
    Amount,
    AmountKind,
    Bound,
    BoundGroup,
    BoundLevel,
    BoundVector,
)
from sekisho.query.expressions import Named
from sekisho.query.grids import Grid
from sekisho.query.plan import Query

MOST_GROUPS = 1_000_000
HISTOGRAM_SHARE = Decimal("0.02")
FOUND_SHARE = Decimal("0.1")
"""Part of a ledger's delta reserve that one query may spend on groups found in the data."""

_BUNDLE_LIMIT = 12


@dataclass(frozen=True, slots=True)
class Bundle:
    """One vector of the bounding query with its clip and the measures read from it."""

    clip: Clip
    wanted: tuple[Wanted, ...]
    histogram_weight: int
    """Integer units that stand for one unit in the histogram of sizes; 0: there is none."""
    largest_checked: int
    """Sizes for which the inequality was checked one by one when this was made."""

    def place_of(self, name: str) -> int:
        """Where a measure's first amount stands in the vector."""
        before = 0
        for each in self.wanted:
            if each.name == name:
                return before
            before += len(each.amounts)
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything about a private release that is known before it is charged: no row was read."""

    query: Query
    bound: Bound
    bundles: tuple[Bundle, ...]
    charge: Charge
    threshold: Threshold | None
    proof: tuple[Step, ...]
    earlier: frozenset[int] = frozenset()
    """Vectors whose size an earlier release settled."""

    @property
    def numbers(self) -> int:
        """How many noisy numbers one unit can move; all that are drawn, when groups are listed."""
        return _coordinates(self.bound)


def plan_release(
    query: Query, tables: Tables, contribution: Contribution, ledger: Ledger, epsilon: Decimal
) -> Plan:
    """The bounding query, noise and price of a query.

    Raises: QueryError when it cannot be proved safe; UsageError when epsilon, or its share of
        a vector, is out of range.
    Privacy: what `draw` later gives from this plan costs `charge`, neighbours differing in all
        rows of one unit.
    """
    _check_contribution(contribution)
    contract = contract_of(query.aggregate.source, tables)
    if contract.unit is None or query.aggregate.unit != contract.unit:
        raise QueryError(fault("privacy.unit_lost", query.aggregate.place))
    groups = _groups(query, contract, contribution, ledger)
    wanted = wanted_of(query, contract, contribution)
    loss = loss_within(ledger, epsilon)
    listed = all(g.values is not None for g in groups)
    cap = contribution.groups if contribution.sampled else None
    bound = Bound(
        query.aggregate.source,
        contract.unit,
        groups,
        (),
        cap=cap if listed else contribution.found_groups,
        seed=_seed(query),
    )
    builder = _Builder(query, contract, contribution, bound, ledger)
    built = builder.bundles(wanted, loss)
    bound = replace(bound, vectors=tuple(vector for vector, _ in built))
    bundles = tuple(bundle for _, bundle in built)
    opened = bound
    bound, bundles = _as_earlier(bound, bundles, contribution)
    threshold = None if listed else _threshold(bound, bundles, ledger)
    charge = _charge(bound, threshold, ledger, loss)
    proof = contract.proof + _last_steps(bound, bundles, charge, threshold)
    taken = (n for n, v in enumerate(opened.vectors) if v.is_open > bound.vectors[n].is_open)
    return Plan(query, bound, bundles, charge, threshold, proof, frozenset(taken))


def _as_earlier(
    bound: Bound, bundles: tuple[Bundle, ...], contribution: Contribution
) -> tuple[Bound, tuple[Bundle, ...]]:
    """Open bounds as an earlier release settled them, whatever it says: its sizes are checked.

    Raises: UsageError when they are not sizes of this query's contributions.
    """
    sizes = {n: size for n, size in enumerate(contribution.earlier) if size is not None}
    if sizes and len(contribution.earlier) != len(bundles):
        raise UsageError(fault("privacy.contribution_out_of_range", most=MOST_GROUPS))
    return settled(bound, bundles, sizes)


def settled(
    bound: Bound, bundles: tuple[Bundle, ...], sizes: Mapping[int, int]
) -> tuple[Bound, tuple[Bundle, ...]]:
    """The same with some open vectors closed: up to that size a unit counts fully.

    Shape: sizes maps the number of a vector to a size; one that is not open stays as it is.
    Raises: UsageError when a size is none of this vector's, or its share of the loss too small.
    Privacy: `allowance` stays, so whatever the sizes are the sums keep their sensitivity.
    """
    vectors, clips = list(bound.vectors), [bundle.clip for bundle in bundles]
    for number, size in sizes.items():
        vector = vectors[number]
        most = largest_size(bound, vector.amounts, vector.levels)
        counts = all(a.kind is AmountKind.PRESENT for a in vector.amounts)
        if size <= 0 or (most and size > most) or (counts and size % PRECISION_ONE):
            raise UsageError(fault("privacy.contribution_out_of_range", most=MOST_GROUPS))
        clip = replace(clips[number], full=size)
        if clip.scale <= 0:
            raise UsageError(fault("privacy.budget_too_small_for_bound"))
        if vector.is_open:
            clips[number] = clip
            vectors[number] = replace(vector, full=size, scale=clip.scale)
    closed = tuple(replace(b, clip=clip) for b, clip in zip(bundles, clips, strict=True))
    return replace(bound, vectors=tuple(vectors)), closed


def _check_contribution(declared: Contribution) -> None:
    """Refuse a declared contribution that is none, or too large to compute with."""
    if declared.sampled and "groups" in declared.chosen:
        raise UsageError(fault("privacy.sampled_unbounded"))
    counts = (declared.groups, declared.rows, max(1, declared.found_groups))
    lengths = [*declared.lengths.values(), declared.length or Decimal(1)]
    fits = all(1 <= each <= MOST_GROUPS for each in counts) and declared.found_groups >= 0
    if not fits or not all(each.is_finite() and each > 0 for each in lengths):
        raise UsageError(fault("privacy.contribution_out_of_range", most=MOST_GROUPS))


def _seed(query: Query) -> str:
    """A public seed for the order in which groups are kept: the names of the groups."""
    names = "|".join(g.name for g in query.aggregate.groups)
    return sha256(names.encode()).hexdigest()[:16]


def _groups(
    query: Query, contract: Contract, contribution: Contribution, ledger: Ledger
) -> tuple[BoundGroup, ...]:
    found: list[BoundGroup] = []
    for group in query.aggregate.groups:
        check_arithmetic(group.expression, contract.domains)
        values = _values(group, contract)
        if values is None and (contribution.found_groups < 1 or ledger.measure is LossMeasure.PURE):
            raise QueryError(
                fault("privacy.groups_unlisted", group.expression.place, group=group.name)
            )
        found.append(BoundGroup(group.name, group.expression, values))
    if all(g.values is not None for g in found):
        if prod(len(g.values or ()) for g in found) > MOST_GROUPS:
            raise QueryError(
                fault("privacy.too_many_groups", query.aggregate.place, most=MOST_GROUPS)
            )
        return tuple(found)
    if len(query.aggregate.grouping_sets) > 1:
        raise QueryError(fault("privacy.totals_of_found_groups", query.aggregate.place))
    return tuple(replace(g, values=None) for g in found)


def _values(group: Named, contract: Contract) -> tuple[Value, ...] | None:
    domain = domain_of(group.expression, contract.domains)
    return values_of(domain, group.expression.type.of)


@dataclass(frozen=True, slots=True)
class _Builder:
    query: Query
    contract: Contract
    contribution: Contribution
    bound: Bound
    ledger: Ledger

    def bundles(self, wanted: Sequence[Wanted], loss: Decimal) -> list[tuple[BoundVector, Bundle]]:
        """The vectors: additive measures on their finest groups, distinct units on each set."""
        sets = self.query.aggregate.grouping_sets
        asked: list[tuple[tuple[Wanted, ...], tuple[BoundLevel, ...]]] = []
        for bundle in together(self.query, wanted):
            self._check(bundle)
            if all(each.is_additive for each in bundle) or len(sets) == 1:
                asked.append((bundle, self._levels()))
            else:
                asked += [(bundle, (BoundLevel(one, PRECISION_ONE),)) for one in sets]
        if not self.bound.lists_groups and not self._counts_units(asked):
            asked.insert(0, ((_group_counter(),), self._levels()))
        if len(asked) > _BUNDLE_LIMIT:
            raise QueryError(
                fault("privacy.too_many_measures", self.query.aggregate.place, most=_BUNDLE_LIMIT)
            )
        share = loss / len(asked)
        return [self._vector(bundle, levels, share) for bundle, levels in asked]

    def _check(self, bundle: Sequence[Wanted]) -> None:
        values = any(a.kind is AmountKind.VALUES for w in bundle for a in w.amounts)
        if values and len(self.query.aggregate.grouping_sets) > 1:
            raise QueryError(fault("privacy.values_with_totals", self.query.aggregate.place))

    def _counts_units(
        self, asked: Sequence[tuple[tuple[Wanted, ...], tuple[BoundLevel, ...]]]
    ) -> bool:
        """Whether the first vector says alone how many units stand behind a group."""
        return [a.kind for w in asked[0][0] for a in w.amounts] == [AmountKind.PRESENT]

    def _levels(self) -> tuple[BoundLevel, ...]:
        """The levels on which an additive measure is measured, with their precisions."""
        sets = self.query.aggregate.grouping_sets
        tops = [s for s in sets if not any(set(s) < set(other) for other in sets)]
        rest = [s for s in sets if s not in tops]
        once = self.contract.one_row_a_unit or self.contribution.measures_totals
        if not (rest and (once or self.contribution.is_one_group)):
            each = PRECISION_ONE // len(tops)
            return tuple(BoundLevel(s, each) for s in tops)
        half = PRECISION_ONE // 2
        return tuple(
            [BoundLevel(s, half // len(tops)) for s in tops]
            + [BoundLevel(s, half // len(rest)) for s in rest]
        )

    def _vector(
        self, wanted: tuple[Wanted, ...], levels: tuple[BoundLevel, ...], loss: Decimal
    ) -> tuple[BoundVector, Bundle]:
        norm = Norm.L2 if self.ledger.measure is LossMeasure.GAUSSIAN else Norm.L1
        amounts, typical = scaled(wanted)
        sizing = Sizing(self.bound, self.contract, self.contribution, norm)
        full = sizing.full(levels, typical)
        is_open = sizing.is_open(wanted, levels, full)
        edges = sizing.edges(amounts, levels, full, is_open=is_open)
        spent = loss * HISTOGRAM_SHARE if edges else Decimal(0)
        clip = clip_for(norm, loss - spent, full)
        vector = BoundVector(
            amounts,
            levels,
            squared=norm is Norm.L2,
            allowance=PRECISION_ONE * clip.sensitivity ** (2 if norm is Norm.L2 else 1),
            full=0 if is_open else clip.full,
            scale=0 if is_open else clip.scale,
            edges=edges,
            grid=self._grid(wanted, levels),
        )
        counter = histogram_weight(spent, norm) if edges else 0
        least = replace(clip, full=PRECISION_ONE) if is_open else clip
        checked = check_weights(least, largest_size(self.bound, amounts, levels), PRECISION_ONE)
        return vector, Bundle(clip, wanted, counter, checked)

    def _grid(self, wanted: Sequence[Wanted], levels: Sequence[BoundLevel]) -> Grid | None:
        """The bins of a quantile; a vector of anything else has none."""
        if wanted[0].reading is not Reading.QUANTILE:
            return None
        place = self.query.aggregate.place
        if not self.bound.lists_groups:
            raise QueryError(fault("privacy.quantile_of_found_groups", place))
        groups = prod(self.bound.sizes(levels[0]))
        if groups > MOST_CELLS // FEWEST_BINS:
            most = MOST_CELLS // FEWEST_BINS
            raise QueryError(fault("privacy.quantile_groups", place, most=most))
        return grid_for(wanted[0].ends, groups)


def _group_counter() -> Wanted:
    return Wanted("#units", Reading.UNITS, (Amount(AmountKind.PRESENT),), (1,), is_additive=False)


def _threshold(bound: Bound, bundles: Sequence[Bundle], ledger: Ledger) -> Threshold:
    """Under a bound that is chosen later a unit weighs at most what it does under the smallest."""
    clip = bundles[0].clip
    clip = replace(clip, full=PRECISION_ONE) if bound.vectors[0].is_open else clip
    step = PRECISION_ONE
    return threshold_for(
        lambda own: weight(clip, own * step),
        bound.cap or 1,
        ledger.most_delta * FOUND_SHARE,
        ledger.epsilon,
    )


def _coordinates(bound: Bound) -> int:
    """How many noisy numbers one unit can move: all of them, or those of its own found groups.

    The draw of a quantile is exact, so nothing is added for it.

    Numbers that it does not move are drawn alike from both neighbours, so however many groups are
    found, what the discrete distribution adds is that of the unit's own.
    """
    total = 0
    for vector in bound.vectors:
        if vector.grid is not None:
            total += len(vector.edges)
            continue
        groups = [prod(bound.sizes(level)) for level in vector.levels]
        own = sum(groups) if bound.lists_groups else bound.cap or 1
        total += len(vector.amounts) * own + len(vector.edges)
    return total


def _charge(bound: Bound, threshold: Threshold | None, ledger: Ledger, loss: Decimal) -> Charge:
    if ledger.measure is LossMeasure.PURE:
        return Charge(ledger.measure, loss)
    delta = discretisation_delta(_coordinates(bound), ledger.epsilon)
    return Charge(ledger.measure, loss, delta + (threshold.delta if threshold else 0))


def _last_steps(
    bound: Bound, bundles: Sequence[Bundle], charge: Charge, threshold: Threshold | None
) -> tuple[Step, ...]:
    """The steps that end the proof: groups, clipping, noise, price."""
    steps = []
    if threshold is None:
        steps.append(Step("privacy.proof_groups_listed", {"groups": _most_groups(bound)}))
    else:
        steps.append(Step("privacy.proof_groups_found", {"cap": threshold.cap}))
    for bundle, vector in zip(bundles, bound.vectors, strict=True):
        fields = {
            "measures": ", ".join(f"`{w.name}`" for w in bundle.wanted),
            "sensitivity": bundle.clip.sensitivity,
            "full": bundle.clip.full,
        }
        steps.append(Step(f"privacy.proof_clip_{bundle.clip.norm}", fields))
        if vector.is_open:
            steps[-1] = Step(f"privacy.proof_chosen_{bundle.clip.norm}", fields)
        if bundle.largest_checked:
            steps.append(Step("privacy.proof_checked", {"checked": bundle.largest_checked}))
        if vector.grid is not None:
            drawn = {"measures": fields["measures"], "bins": vector.grid.bins}
            steps.append(Step("privacy.proof_choice", drawn))
    if any(bundle.histogram_weight for bundle in bundles):
        steps.append(Step("privacy.proof_histogram", {"share": HISTOGRAM_SHARE}))
    steps.append(
        Step(f"privacy.proof_noise_{charge.measure}", {"loss": charge.loss, "sigma": SIGMA})
    )
    return tuple(steps)


def _most_groups(bound: Bound) -> int:
    return prod(len(g.values or ()) for g in bound.groups)
