"""Hierarchies: how the codes of a dimension add up, in one way or in several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sekisho.errors import Fault, fault
from sekisho.lanes.statistics.disclosure.cells import Ints


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One way in which codes add up: each total with its parts."""

    name: str
    parts: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A dimension, the code that stands for all of it, and its hierarchies, nested or not."""

    name: str
    total: str
    hierarchies: tuple[Hierarchy, ...] = ()


def codes_of(dimension: Dimension) -> tuple[str, ...]:
    """Every code of a dimension, its total first."""
    names = {dimension.total: None}
    for hierarchy in dimension.hierarchies:
        for total, parts in hierarchy.parts.items():
            names.update(dict.fromkeys((total, *parts)))
    return tuple(names)


def hierarchy_faults(dimension: Dimension) -> list[Fault]:
    """What is wrong with the hierarchies of a dimension: loops, empty totals, parts named twice."""
    faults = []
    for hierarchy in dimension.hierarchies:
        said = partial(fault, hierarchy=hierarchy.name, dimension=dimension.name)
        above: dict[str, str] = {}
        for total, parts in hierarchy.parts.items():
            if not parts:
                faults.append(said("disclosure.hierarchy-empty", item=total))
            for part in parts:
                if part in above:
                    faults.append(said("disclosure.hierarchy-twice", item=part))
                above[part] = total
        looped = _on_loop(above)
        if looped is not None:
            faults.append(said("disclosure.hierarchy-loop", item=looped))
    return faults


def _on_loop(above: Mapping[str, str]) -> str | None:
    done: set[str] = set()
    for code in above:
        path: set[str] = set()
        at: str | None = code
        while at is not None and at not in done:
            if at in path:
                return at
            path.add(at)
            at = above.get(at)
        done |= path
    return None


def parents_of(dimension: Dimension, codes: tuple[str, ...]) -> list[Ints]:
    """For each hierarchy, the total above each code, -1 above none."""
    place = {name: number for number, name in enumerate(codes)}
    out = []
    for hierarchy in dimension.hierarchies:
        above = np.full(len(codes), -1, dtype=np.int64)
        for total, parts in hierarchy.parts.items():
            above[[place[part] for part in parts]] = place[total]
        out.append(above)
    return out
