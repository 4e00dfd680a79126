"""What would open a way that is closed: the smallest sets of facts, cheapest first.

Conditions are combinations of comparisons, so the sets are computed, not searched for: each
requirement that closed the way is met by one of its gateways or by not concerning the flow; one
choice for each, joined, is a candidate; a candidate that holds another is no smallest one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

from sekisho.model.decision import Change, Missing, Opening
from sekisho.model.text import Text
from sekisho.rules.compiled import Compiled
from sekisho.rules.conditions import Atom, Condition
from sekisho.rules.vocabulary import MOST_PERSONS, NOBODY_KNOWS, Vocabulary
from sekisho.rules.words import GROUND_WORDS

WIDTH = 32
"""Candidates kept from one requirement to the next."""
SHOWN = 6
FIXED = frozenset(
    {
        "lane",
        "sender.kind",
        "sender.jurisdiction",
        "recipient.kind",
        "recipient.jurisdiction",
        "recipient.id",
        "data.id",
        "purpose",
    }
)
"""Changing one of these makes it another flow, so no opening asks for it."""

Needs = frozenset[Atom]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The rules concerned, with the values against which they were asked."""

    rules: Compiled
    vocabulary: Vocabulary
    values: Mapping[str, object]
    truths: Mapping[str, bool]
    """Which rules apply as things are, gateways left aside."""


def weigh(rules: Compiled, vocabulary: Vocabulary, values: Mapping[str, object]) -> Weighed:
    """The rules with what applies for these values."""
    held = {atom for atom, wanted in rules.of_files if values[atom.path] is wanted}
    held.update(atom for atom in rules.of_flows if atom.holds(values))
    truths = {}
    for name, condition in rules.conditions.items():
        truths[name] = False
        for way in condition.ways:
            if way <= held:
                truths[name] = True
                break
    return Weighed(rules, vocabulary, values, truths)


def standing_against(weighed: Weighed) -> frozenset[str]:
    """The rules that forbid as things are: what Cedar has to say as well."""
    truths = weighed.truths
    return frozenset(
        name
        for name, gateways in weighed.rules.forbids
        if truths[name] and not any(truths.get(gate, False) for gate in gateways)
    )


def _truths_after(weighed: Weighed, needs: Needs) -> dict[str, bool]:
    """Which rules apply after the changes; only what compares a changed fact is asked again."""
    after = changed(weighed.values, needs)
    rules = weighed.rules
    touched = {name for atom in needs for name in rules.by_path.get(atom.path, ())}
    return {**weighed.truths, **{name: rules.conditions[name].holds(after) for name in touched}}


def passes(rules: Compiled, truths: Mapping[str, bool]) -> bool:
    """Whether a flow may pass when these rules apply; as Cedar decides, without the door."""
    for name, gateways in rules.forbids:
        if truths[name] and not any(truths.get(gate, False) for gate in gateways):
            return False
    return any(truths[name] for name in rules.permits)


def _smallest(candidates: Iterable[Needs], cost: Mapping[Atom, int]) -> list[Needs]:
    found: list[Needs] = []
    priced = [
        (sum(map(cost.__getitem__, each)), len(each), sorted(each), each)
        for each in set(candidates)
    ]
    for *_, each in sorted(priced, key=itemgetter(0, 1, 2)):
        if not any(kept <= each for kept in found):
            found.append(each)
    return found


def _clashes(needs: Needs) -> bool:
    return any(
        a.path == b.path and a.values == b.values and a.wanted != b.wanted
        for a in needs
        for b in needs
    )


def _to_hold(condition: Condition, values: Mapping[str, object]) -> list[Needs]:
    return [frozenset(a for a in way if not a.holds(values)) for way in condition.ways]


def _to_fail(condition: Condition, values: Mapping[str, object]) -> list[Needs]:
    """Changes after which none of the ways holds."""
    found: list[Needs] = [frozenset()]
    for way in condition.ways:
        if not all(atom.holds(values) for atom in way):
            continue
        turned = [Atom(a.path, a.test, a.values, not a.wanted) for a in way]
        found = [kept | {each} for kept in found for each in turned if each.path not in FIXED]
    return found


class _Costs(dict[Atom, int]):
    """What each change costs; looked up once."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def __missing__(self, atom: Atom) -> int:
        kind = self.vocabulary.facts.get(atom.path)
        word = GROUND_WORDS.get(atom.path)
        cost = kind.cost + (0 if kind.changeable else 50) if kind else word.cost if word else 100
        self[atom] = cost
        return cost


def _choices(weighed: Weighed, name: str) -> list[Needs]:
    """What would meet one rule that forbids: not concerning the flow, or an open gateway."""
    rules, values = weighed.rules, weighed.values
    condition = rules.conditions[name]
    found = _to_fail(condition, values)
    for gate in condition.gateways:
        if gate in rules.conditions:
            found += _to_hold(rules.conditions[gate], values)
    return [each for each in found if all(_possible(a, values) for a in each)]


def _possible(atom: Atom, values: Mapping[str, object]) -> bool:
    """Whether a change leaves the same flow, and something in it."""
    if atom.path in FIXED:
        return False
    return atom.test != "any" or bool(changed(values, [atom])[atom.path])


def candidates(weighed: Weighed, width: int = WIDTH) -> list[Needs]:
    """Smallest sets of comparisons that have to come out otherwise, cheapest first."""
    rules, values = weighed.rules, weighed.values
    costs = _Costs(weighed.vocabulary)
    permits = [
        each
        for name in rules.own
        if rules.conditions[name].effect == "permit"
        for each in _to_hold(rules.conditions[name], values)
        if all(_possible(a, values) for a in each)
    ]
    kept = _smallest(permits, costs)[:width]
    for name, condition in rules.conditions.items():
        if condition.effect != "forbid" or not weighed.truths[name]:
            continue
        choices = _smallest(_choices(weighed, name), costs)
        if not choices:
            return []
        joined = (a | b for a in kept for b in choices)
        kept = _smallest((each for each in joined if not _clashes(each)), costs)[:width]
    return [each for each in kept if each]


def changed(values: Mapping[str, object], needs: Iterable[Atom]) -> dict[str, object]:
    """The values after the changes; a fact that cannot do all that is asked of it is unknown."""
    found = dict(values)
    by_path: dict[str, list[Atom]] = {}
    for atom in needs:
        by_path.setdefault(atom.path, []).append(atom)
    for path, atoms in by_path.items():
        found[path] = _value_for(path, atoms, values[path])
    return found


def _value_for(path: str, atoms: list[Atom], value: object) -> object:
    test = atoms[0].test
    if test == "over":
        most = [int(a.values[0]) for a in atoms if not a.wanted]
        least = [int(a.values[0]) + 1 for a in atoms if a.wanted]
        return min(most) if most else max(least)
    if test == "any":
        out = {v for a in atoms if not a.wanted for v in a.values}
        more = {a.values[0] for a in atoms if a.wanted}
        return sorted((set(value if isinstance(value, list) else ()) | more) - out, key=str)
    if atoms[0].values == (True,):
        return atoms[0].wanted
    word = GROUND_WORDS[path]
    options = word.towards or atoms[0].values
    fitting = [o for o in options if all((o in a.values) == a.wanted for a in atoms)]
    return fitting[0] if fitting else "?"


def in_order(paths: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    """Facts in the order in which the packs declare them, as one would bring them about."""
    places = {name: place for place, name in enumerate(vocabulary.facts)}
    return sorted(paths, key=lambda path: (places.get(path, len(places)), path))


def change_of(path: str, value: object, vocabulary: Vocabulary) -> Change:
    """One change as people read it."""
    kind = vocabulary.facts.get(path)
    if kind:
        to = "true" if value else "false"
        return Change(kind.name, to, kind.ask, kind.answers, kind.cost, kind.changeable)
    word = GROUND_WORDS[path]
    to = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
    said = word.ask or word.title
    ask = Text(said.en.format(to=to), said.ja.format(to=to))
    return Change(path, to, ask, SENDER, word.cost, word.changeable)


SENDER = Text("the sender", "送り手")


def openings(weighed: Weighed, width: int = WIDTH, shown: int = SHOWN) -> tuple[Opening, ...]:
    """The smallest sets of changes that open the way, cheapest first, changeable ones before."""
    found = []
    for needs in candidates(weighed, width):
        after = _opens(weighed, needs)
        if after is None:
            continue
        gates = tuple(
            name
            for name, condition in weighed.rules.conditions.items()
            if after[name]
            and not weighed.truths[name]
            and condition.effect == "permit"
            and name not in weighed.rules.own
        )
        then = changed(weighed.values, needs)
        paths = in_order({atom.path for atom in needs}, weighed.vocabulary)
        steps = tuple(change_of(path, then[path], weighed.vocabulary) for path in paths)
        found.append(Opening(steps, gates))
        if len(found) == shown:
            break
    return tuple(sorted(found, key=lambda each: (not each.changeable, each.cost)))


def _opens(weighed: Weighed, needs: Needs) -> dict[str, bool] | None:
    """Which rules apply after the changes, if they open the way and none can be left out."""
    then = changed(weighed.values, needs)
    if not all(atom.holds(then) for atom in needs) or not then.get("data.categories", True):
        return None
    after = _truths_after(weighed, needs)
    if not passes(weighed.rules, after):
        return None
    paths = {atom.path for atom in needs}
    fewer = (frozenset(a for a in needs if a.path != path) for path in paths)
    if any(passes(weighed.rules, _truths_after(weighed, each)) for each in fewer):
        return None
    return after


def closed_by(weighed: Weighed, gateway: str, found_as: Mapping[str, str]) -> tuple[Missing, ...]:
    """The conditions that kept a gateway closed, by its cheapest way."""
    costs = _Costs(weighed.vocabulary)
    ways = _to_hold(weighed.rules.conditions[gateway], weighed.values)
    if not ways:
        return ()
    nearest = min(ways, key=lambda way: (sum(costs[a] for a in way), sorted(way)))
    return tuple(
        _missing(atom, weighed, found_as) for atom in sorted(nearest, key=lambda a: a.path)
    )


def _missing(atom: Atom, weighed: Weighed, found_as: Mapping[str, str]) -> Missing:
    kind = weighed.vocabulary.facts.get(atom.path)
    if kind:
        said = found_as.get(atom.path, "unknown")
        wanted = "true" if atom.wanted else "false"
        return Missing(kind.name, kind.title, wanted, said, kind.changeable)
    word = GROUND_WORDS.get(atom.path)
    title = word.title if word else Text(atom.path, atom.path)
    values = ", ".join(str(each) for each in atom.values)
    sign = {"over": "> "}.get(atom.test, "")
    wanted = f"{sign}{values}" if atom.wanted else f"not {sign}{values}"
    found = weighed.values[atom.path]
    said = ", ".join(map(str, found)) if isinstance(found, list) else str(found)
    if found in (NOBODY_KNOWS, MOST_PERSONS, []):
        said = "unknown"
    return Missing(atom.path, title, wanted, said, word is not None and word.changeable)
