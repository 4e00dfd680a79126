"""Which cells of a plan are unsafe, under the rules that it names and the holder's parameters."""

import numpy as np

from sekisho.errors import Refused, fault
from sekisho.lanes.statistics.disclosure.sensitivity import (
    Contributions,
    Marks,
    Sensitive,
    any_of,
    dominance,
    marked,
    minimum_frequency,
    p_percent,
    prior_posterior,
)
from sekisho.lanes.statistics.tables import PlanCells, must_publish
from sekisho.model.private import SensitivityParameters

LARGEST = 10
"""How many of the largest contributions a cell brings: as many as any rule may ask for."""


def sensitive_cells(each: PlanCells, private: SensitivityParameters) -> Sensitive:
    """The unsafe cells of a plan, with their protection levels.

    Shape: (n,), one a cell. Units: the measure's minor units.
    Raises: Refused when a rule is named whose parameters the data holder has not set.
    """
    plan, cells = each.plan, each.cells
    given = Contributions(cells.totals.astype(np.float64), cells.top.astype(np.float64))
    found = [minimum_frequency(cells.totals, cells.contributors, threshold=plan.minimum_frequency)]
    for rule in plan.sensitivity_rules:
        match rule:
            case "minimum-frequency":
                continue
            case "p-percent" if private.p_percent is not None:
                found.append(p_percent(given, p=float(private.p_percent)))
            case "dominance" if private.dominance_n and private.dominance_k is not None:
                n, k = private.dominance_n, float(private.dominance_k)
                found.append(dominance(given, n=n, k=k))
            case "prior-posterior" if private.prior_p is not None and private.posterior_q:
                p, q = float(private.prior_p), float(private.posterior_q)
                found.append(prior_posterior(given, p=p, q=q))
            case _:
                raise Refused(fault("statistics.parameter-missing", plan=plan.id, rule=rule))
    sensitive = marked(any_of(*found), cells.totals, _marks(each))
    refuse_unsafe_listed(each, sensitive)
    return sensitive


def _marks(each: PlanCells) -> Marks:
    """Few contributors make a cell unsafe even when its value is 0; listed cells stay public."""
    plan, cells = each.plan, each.cells
    few = (cells.contributors > 0) & (cells.contributors < plan.minimum_frequency)
    nowhere = np.zeros(cells.totals.size, dtype=bool)
    return Marks(safe=nowhere, unsafe=few & (cells.totals == 0), must_publish=nowhere)


def refuse_unsafe_listed(each: PlanCells, found: Sensitive) -> None:
    """Refuse a plan that lists unsafe cells as never hidden; how many is for who releases it."""
    count = int((must_publish(each) & found.mask).sum())
    if count:
        raise Refused(fault("statistics.must-publish", plan=each.plan.id, count=count))
