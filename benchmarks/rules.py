"""Decisions a second, against a bare Cedar call with the same policies in the same run.

    python benchmarks/rules.py

Bars: an allowed decision with its explanation at least 0.5x of the bare call; a refusal with its
openings at least 300 a second; flat in the number of packs, linear in the rules of a pack.
"""

import json
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sekisho.model.facts import Facts
from sekisho.rules.cedar import ask
from sekisho.rules.compiled import compiled
from sekisho.rules.decide import decide
from sekisho.rules.explain import explain
from sekisho.rules.known import values
from sekisho.rules.packs import PackRule, Packs, installed, read_packs, shipped_folder
from sekisho.rules.vocabulary import nested
from tests.lib.flows import DAY, LAW_ALONE, facts_of, random_flow

PLACES = ("JP", "EU")
MOMENT = 0.15
ROUNDS = 11
THICKNESSES = (2, 4)
BARE = "bare Cedar call, same policies"
BARS = {
    "allowed, with explanation": "bar 0.50x",
    "refused, with openings": "bar 300/s",
}


Work = tuple[Callable[[Facts], object], Sequence[Facts]]


def once(work: Callable[[Facts], object], flows: Sequence[Facts]) -> float:
    """Calls a second of one core's time, over all flows as often as a moment allows."""
    done, start = 0, time.process_time()
    while time.process_time() - start < MOMENT:
        for facts in flows:
            work(facts)
        done += len(flows)
    return done / (time.process_time() - start)


def rates(
    works: dict[str, tuple[Callable[[Facts], object], Sequence[Facts]]],
) -> dict[str, list[float]]:
    """Every work in turn, round after round, so that a busy moment meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (work, flows) in works.items():
            found[name].append(once(work, flows))
    return found


def bare(packs: Packs, flows: Sequence[Facts]) -> Callable[[Facts], object]:
    """One Cedar call over the same sliced policies, all parsed and prepared beforehand."""
    rules = compiled(packs, PLACES, DAY, LAW_ALONE, person=True)
    asked = {}
    for facts in flows:
        found = values(facts, packs, DAY, rules.paths)
        asked[id(facts)] = nested({path: found[path] for path in rules.paths})
    return lambda facts: ask(rules.policies, "transfer", asked[id(facts)], ("r", "d"))


def many_packs(packs: Packs, times: int) -> Packs:
    """The same packs and so many more that no flow concerns."""
    more = dict(packs.packs)
    for n in range(times):
        more |= {f"{code}{n}": replace(pack) for code, pack in packs.packs.items()}
    return replace(packs, packs=more)


def thick_packs(packs: Packs, times: int) -> Packs:
    """The same packs, each requirement and gateway so many times over under other ids."""
    thick = {}
    for code, pack in packs.packs.items():
        rules = [again(rule, n) for n in range(times) for rule in pack.rules]
        thick[code] = replace(pack, rules=tuple(rules))
    return replace(packs, packs=thick)


def again(rule: PackRule, n: int) -> PackRule:
    """A rule once more; the first time it is itself."""
    if n == 0:
        return rule
    gateways = tuple(f"{name}-{n}" for name in rule.condition.gateways)
    policy = json.loads(
        re.sub(r'"([A-Z]{2}-[A-Za-z0-9-]+)"', rf'"\1-{n}"', json.dumps(rule.policy))
    )
    return replace(
        rule,
        cited=replace(rule.cited, id=f"{rule.cited.id}-{n}"),
        condition=replace(rule.condition, gateways=gateways),
        policy=policy,
    )


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

    wide = many_packs(packs, 25)
    works = {
        BARE: (bare(packs, allowed), allowed),
        "allowed, with explanation": (explained, allowed),
        "refused, with openings": (lambda f: decide(f, LAW_ALONE, packs, DAY), refused),
        "refused, with openings and explanation": (explained, refused),
        "refused, without openings": (
            lambda f: decide(f, LAW_ALONE, packs, DAY, with_openings=False),
            refused,
        ),
        "the same allowed facts again": (explained, allowed[:1]),
        f"allowed, {len(wide.packs)} packs installed": (
            lambda f: explain(decide(f, LAW_ALONE, wide, DAY)),
            allowed,
        ),
    }
    for times in THICKNESSES:
        thick = thick_packs(packs, times)
        works[f"allowed, {times} x as many rules a pack"] = (
            lambda f, thick=thick: explain(decide(f, LAW_ALONE, thick, DAY)),
            allowed,
        )
    found = rates(works)
    for name, speeds in found.items():
        ratio = median(a / b for a, b in zip(speeds, found[BARE], strict=True))
        print(f"{name:42s} {median(speeds):9.0f}/s {ratio:6.2f}x  {BARS.get(name, '')}")
    base = median(found["allowed, with explanation"])
    for times in THICKNESSES:
        slower = base / median(found[f"allowed, {times} x as many rules a pack"])
        print(
            f"{times} x as many rules a pack: {slower:.2f} x the time (linear: at most {times} x)"
        )
    start = time.perf_counter()
    fresh = read_packs(shipped_folder())
    print(f"{'reading 4 packs':42s} {(time.perf_counter() - start) * 1000:9.0f} ms")
    start = time.perf_counter()
    decide(allowed[0], LAW_ALONE, fresh, DAY)
    print(f"{'first decision of a pair':42s} {(time.perf_counter() - start) * 1000:9.0f} ms")
    print(f"{len(allowed)} allowed and {len(refused)} refused flows between {' and '.join(PLACES)}")


if __name__ == "__main__":
    main()
