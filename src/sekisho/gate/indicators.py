"""Indicators of a release: worked out from its protected table alone, and kept with its papers."""

from sekisho.model.indicator import Policy
from sekisho.model.programme import Programme, ReleasePlan
from sekisho.model.release import Release


def refuse_unmeasurable(plan: ReleasePlan) -> None:
    """Refuse a plan whose indicators this installation cannot work out, before anything leaves.

    Raises: UsageError, which names the extra to install.
    """
    if any(isinstance(each.how, Policy) for each in plan.indicators):
        from sekisho.lanes.statistics.indicators.regress import need_regressions

        need_regressions()


def indicators_about(programme: Programme, release: Release) -> dict[str, object]:
    """Every indicator of a release's plan as its papers say it; no row of data is read."""
    plan = programme.plan(release.plan)
    if plan is None or not plan.indicators:
        return {}
    from sekisho.lanes.statistics.indicators.measure import measure
    from sekisho.lanes.statistics.indicators.readings import readings_of_table
    from sekisho.lanes.statistics.indicators.written import result_about

    table = release.table
    found = (measure(each, readings_of_table(table, each)) for each in plan.indicators)
    return {"indicators": [result_about(each) for each in found]}
