"""Cutting one resource down to the elements that may leave; it stays valid or it stays behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sekisho.lanes.record.plan import Deed, Plan, Planner, Step
from sekisho.lanes.record.selection import Reason
from sekisho.model.resource import JsonTree, Resource

SCALARS = (str, int, float, Decimal)
PLAIN = frozenset({str, int, bool, float, Decimal})
LeftOuts = dict[tuple[str, Reason], int]
"""(path of elements, why) -> how many were left out."""


@dataclass(slots=True)
class Cutting:
    """One resource while it is cut: what it points at, and what was left out of it."""

    resource: Resource
    resolve: Callable[[Resource, str], str | None]
    """The name of a resource that leaves, from one that points at it; None: none does."""
    contained: "Callable[[Cutting, JsonTree], JsonTree | None]"
    """What may leave of a resource inside this one."""
    left_out: LeftOuts = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)
    """Addresses of contained resources that leave with it."""
    used: set[str] = field(default_factory=set)
    """Those of them that something points at."""
    fell: Reason = Reason.REQUIRED


def prune(planner: Planner, cutting: Cutting) -> dict[str, object] | None:
    """What may leave of a resource; None when it cannot be without something that stays."""
    tree = cutting.resource.tree
    for name in planner.holders:
        _look_inside(cutting, tree.get(name))
    kept = _group(planner, planner.root, tree, cutting, cutting.resource.type)
    for name in planner.holders:
        if kept is not None and name in kept:
            _keep_used(kept, name, cutting)
    return kept


def _look_inside(cutting: Cutting, value: object) -> None:
    for each in value if isinstance(value, list) else []:
        if isinstance(each, Mapping) and cutting.contained(cutting, each) is not None:
            cutting.inside.add(f"#{each.get('id', '')}")


def _keep_used(kept: dict[str, object], name: str, cutting: Cutting) -> None:
    """Leave out what is contained when nothing that leaves points at it."""
    held = kept.pop(name)
    used = [
        each
        for each in (held if isinstance(held, list) else [])
        if isinstance(each, Mapping) and f"#{each.get('id', '')}" in cutting.used
    ]
    if used:
        kept[name] = used


def _group(
    planner: Planner, plan: Plan, node: JsonTree, cutting: Cutting, path: str
) -> dict[str, object] | None:
    out: dict[str, object] = {}
    why: dict[str, Reason] = {}
    left, steps = cutting.left_out, plan.steps
    for name, value in node.items():
        step = steps.get(name)
        if step is None:
            left[path, Reason.UNKNOWN] = left.get((path, Reason.UNKNOWN), 0) + 1
            continue
        deed, kept = step.deed, None
        if deed is Deed.LEAF and type(value) in PLAIN:
            out[name] = value
            continue
        if deed is not Deed.OUT:
            kept = _step(planner, step, value, cutting, path)
            if kept is not None:
                out[name] = kept
                continue
        reason = why[step.path] = step.reason if deed is Deed.OUT else _empty(step, cutting)
        key = (f"{path}.{step.path}", reason)
        left[key] = left.get(key, 0) + 1
        if step.stays:
            cutting.fell = Reason.REFERENCE if deed is Deed.REFERENCE else Reason.MODIFIER
            return None
    for required, names in plan.required:
        if names.isdisjoint(out):
            cutting.fell = why.get(required, Reason.REQUIRED)
            return None
    if not out or (plan.is_ruled and not _stands(planner, plan, out)):
        cutting.fell = Reason.REQUIRED
        return None
    return out


def _stands(planner: Planner, plan: Plan, out: Mapping[str, object]) -> bool:
    there = {plan.steps[name].path for name in out}
    return planner.terms.semantics.stands(plan.shape, there)


def _step(
    planner: Planner, step: Step, value: object, cutting: Cutting, path: str
) -> object | None:
    deed = step.deed
    if deed is Deed.LEAF:
        if type(value) is list:
            return [each for each in value if isinstance(each, SCALARS)] or None
        return value if isinstance(value, SCALARS) else None
    path = f"{path}.{step.path}"
    if type(value) is not list:
        return _one(planner, step, value, cutting, path)
    kept = []
    for each in value:
        one = _one(planner, step, each, cutting, path)
        if one is not None:
            kept.append(one)
    return kept or None


def _one(planner: Planner, step: Step, value: object, cutting: Cutting, path: str) -> object | None:
    if type(value) is not dict and not isinstance(value, Mapping):
        return None
    deed = step.deed
    if deed is Deed.CONTAINED:
        return cutting.contained(cutting, value)
    if deed is Deed.REFERENCE and not _leads_somewhere(planner, value, cutting):
        return None
    if deed is Deed.CODED:
        only = planner.terms.semantics.only_codes(value, planner.codes or frozenset())
        if not isinstance(only, Mapping):
            return None
        value = only
    return _group(planner, step.inside or planner.inside(step), value, cutting, path)


def _leads_somewhere(planner: Planner, value: JsonTree, cutting: Cutting) -> bool:
    target = planner.terms.semantics.target(value)
    if target is None:
        return False
    if target in cutting.inside:
        cutting.used.add(target)
        return True
    found = cutting.resolve(cutting.resource, target)
    if found is not None:
        cutting.targets.add(found)
    return found is not None


def _empty(step: Step, cutting: Cutting) -> Reason:
    """Why nothing was left of an element that might have left."""
    if step.deed is Deed.REFERENCE:
        return Reason.REFERENCE
    if step.deed is Deed.CODED:
        return Reason.CODE
    return cutting.fell if step.deed is Deed.GROUP else Reason.REQUIRED
