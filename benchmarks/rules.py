"""Decisions a second, against a bare Cedar call with the same policies in the same run.

    python benchmarks/rules.py

Bars: an allowed decision with its explanation at least 0.5x of the bare call; a refusal with its
openings at least 300 a second; flat in the number of packs.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sekisho.model.facts import Facts
from sekisho.rules.cedar import ask, build, parse_policy
from sekisho.rules.compiled import compiled, rules_concerned
from sekisho.rules.decide import decide
from sekisho.rules.explain import explain
from sekisho.rules.known import values
from sekisho.rules.packs import Packs, installed, read_packs, shipped_folder
from sekisho.rules.vocabulary import nested, schema_text
from tests.lib.flows import DAY, LAW_ALONE, facts_of, random_flow

PLACES = ("JP", "EU")
SECONDS = 1.5


def rate(work: Callable[[Facts], object], flows: Sequence[Facts]) -> float:
    """Calls a second of one core's time: the best of five rounds over all flows."""
    best = 0.0
    for _ in range(5):
        done, start = 0, time.process_time()
        while time.process_time() - start < SECONDS / 5:
            for facts in flows:
                work(facts)
            done += len(flows)
        best = max(best, done / (time.process_time() - start))
    return best


def bare(packs: Packs, flows: Sequence[Facts]) -> Callable[[Facts], object]:
    """One Cedar call over all sliced policies at once, parsed beforehand, schema and all."""
    policies = {r.cited.id: r.policy for r in rules_concerned(packs, PLACES, DAY, person=True)}
    policies |= {rule.id: parse_policy(rule.text) for rule in LAW_ALONE}
    rules = compiled(packs, PLACES, DAY, LAW_ALONE, person=True)
    paths = rules.paths
    actions = 'action "weigh", "transfer"'
    schema = schema_text(paths).replace('action "transfer"', actions)
    together = build(policies, schema.replace("context: { ", "context: { open: Set<String>, "))
    asked = {}
    for facts in flows:
        found = values(facts, packs, DAY, rules.paths)
        asked[id(facts)] = nested({path: found[path] for path in paths}) | {"open": []}
    return lambda facts: ask(together, "transfer", asked[id(facts)], ("r", "d"))


def many_packs(packs: Packs, times: int) -> Packs:
    """The same packs and so many more that no flow concerns."""
    more = dict(packs.packs)
    for n in range(times):
        more |= {f"{code}{n}": replace(pack) for code, pack in packs.packs.items()}
    return replace(packs, packs=more)


def main() -> None:
    """Print every figure with its bar."""
    packs = installed()
    chance = random.Random(11)
    flows = [facts_of(random_flow(chance, PLACES)) for _ in range(400)]
    judged = [(facts, decide(facts, LAW_ALONE, packs, DAY)) for facts in flows]
    allowed = [facts for facts, decision in judged if decision.allowed][:60]
    refused = [facts for facts, decision in judged if decision.openings][:60]

    def explained(facts: Facts) -> object:
        return explain(decide(facts, LAW_ALONE, packs, DAY))

    base = rate(bare(packs, allowed), allowed)
    rows = [("bare Cedar call, same policies", base, "")]
    found = rate(explained, allowed)
    rows.append(("allowed, with explanation", found, f"{found / base:.2f}x (bar 0.50x)"))
    rows.append(
        (
            "refused, with openings",
            rate(lambda facts: decide(facts, LAW_ALONE, packs, DAY), refused),
            "bar 300",
        )
    )
    rows.append(("refused, with openings and explanation", rate(explained, refused), ""))
    rows.append(
        (
            "refused, without openings",
            rate(lambda facts: decide(facts, LAW_ALONE, packs, DAY, with_openings=False), refused),
            "",
        )
    )
    rows.append(("the same allowed facts again", rate(explained, allowed[:1]), ""))
    wide = many_packs(packs, 25)
    rows.append(
        (
            f"allowed, {len(wide.packs)} packs installed",
            rate(lambda facts: explain(decide(facts, LAW_ALONE, wide, DAY)), allowed),
            "flat",
        )
    )
    for name, speed, bar in rows:
        print(f"{name:42s} {speed:9.0f}/s  {bar}")
    start = time.perf_counter()
    fresh = read_packs(shipped_folder())
    print(f"{'reading 4 packs':42s} {(time.perf_counter() - start) * 1000:9.0f} ms")
    start = time.perf_counter()
    decide(allowed[0], LAW_ALONE, fresh, DAY)
    print(f"{'first decision of a pair':42s} {(time.perf_counter() - start) * 1000:9.0f} ms")
    print(f"{len(allowed)} allowed and {len(refused)} refused flows between {' and '.join(PLACES)}")


if __name__ == "__main__":
    main()
