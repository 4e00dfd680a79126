"""Reads a rule's condition in the plain form: which facts, wanted how, in which combinations.

The plain form is: facts compared with written values, joined by and, or, not. Everything that a
rule of a pack or a programme says fits it; so no rule can err, every refusal can name the facts
that closed the way, and what an unknown fact would do to a rule is known before it is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from typing import NamedTuple

from sekisho.errors import Fault, fault
from sekisho.rules.cedar import Policy
from sekisho.rules.vocabulary import ACTIONS, CLOSED, NUMBERS, SETS, WEIGH, WORDS, Vocabulary

MAX_WAYS = 256
"""More combinations than this in one rule cannot be explained to anybody."""

Value = str | int | bool


class Atom(NamedTuple):
    """One comparison of one fact with written values."""

    path: str
    test: str
    """`is` (one of the values), `any` (a set shares one of them), `over` (greater than)."""
    values: tuple[Value, ...]
    wanted: bool

    def holds(self, found: Mapping[str, object]) -> bool:
        """Whether the comparison comes out as wanted for these values."""
        value = found[self.path]
        if self.test == "over":
            limit = self.values[0]
            return (isinstance(value, int) and value > int(limit)) == self.wanted
        if self.test == "any":
            have = value if isinstance(value, (set, frozenset, list, tuple)) else ()
            return bool(set(have) & set(self.values)) == self.wanted
        return (value in self.values) == self.wanted


Way = frozenset[Atom]
"""Atoms that must all hold."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When a rule applies: one of the ways must hold whole."""

    effect: str
    ways: tuple[Way, ...]
    gateways: tuple[str, ...] = ()
    """Ids of gateways that lift a requirement."""
    paths: frozenset[str] = frozenset()
    """Every fact that the text names, also where the ways do without it."""

    def holds(self, found: Mapping[str, object]) -> bool:
        """Whether the rule applies for these values, gateways left aside."""
        for way in self.ways:
            for atom in way:
                if not atom.holds(found):
                    break
            else:
                return True
        return False

    def atoms(self) -> frozenset[Atom]:
        """Every comparison that the rule makes."""
        return frozenset(atom for way in self.ways for atom in way)


class NotPlain(ValueError):  # noqa: N818 - read by callers as a finding
    """A condition outside the plain form; holds the fault."""

    def __init__(self, found: Fault) -> None:
        super().__init__(found.code)
        self.fault = found


def nearest(word: str, words: Sequence[str]) -> str:
    """The known word that was probably meant; empty when none is near."""
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    return close[0] if close else ""


def unknown_word(code: str, word: str, words: Sequence[str], fact: str = "") -> Fault:
    """A fault about a word that nobody declared, with the word probably meant."""
    meant = nearest(word, words)
    if meant:
        return fault(f"{code}-meant", word=word, meant=meant, fact=fact)
    known = ", ".join(f"`{each}`" for each in words[:30])
    return fault(code, word=word, known=known, fact=fact)


def _plain(what: str) -> NotPlain:
    return NotPlain(fault("rules.not-plain", what=what))


def _path(node: object, vocabulary: Vocabulary) -> str:
    names: list[str] = []
    while isinstance(node, dict) and "." in node:
        names.append(node["."]["attr"])
        node = node["."]["left"]
    if not names or node != {"Var": "context"}:
        raise _plain("only facts of `context` can be compared")
    path = ".".join(reversed(names))
    if not vocabulary.knows(path):
        known = vocabulary.paths()
        raise NotPlain(unknown_word("rules.unknown-fact", path, known))
    return path


def _literal(node: object) -> Value:
    value = node.get("Value") if isinstance(node, dict) else None
    if isinstance(value, (str, int, bool)):
        return value
    raise _plain("a fact is compared with a written value")


def _literals(node: object) -> tuple[Value, ...]:
    if isinstance(node, dict) and isinstance(node.get("Set"), list):
        return tuple(_literal(each) for each in node["Set"])
    raise _plain("a set is written out in square brackets")


def _atom(path: str, test: str, values: tuple[Value, ...], *, wanted: bool) -> tuple[Way, ...]:
    is_set = path in SETS
    if is_set != (test == "any") or (path in NUMBERS) != (test == "over"):
        raise NotPlain(fault("rules.wrong-comparison", fact=path))
    closed, form = CLOSED.get(path), WORDS.get(path)
    for value in values:
        if closed is not None and value not in closed:
            raise NotPlain(unknown_word("rules.unknown-value", str(value), sorted(closed), path))
        if form is not None and not (isinstance(value, str) and form.fullmatch(value)):
            raise NotPlain(fault("rules.wrong-form", word=value, fact=path, form=form.pattern))
    return (frozenset({Atom(path, test, tuple(sorted(values, key=str)), wanted)}),)


def _all(left: tuple[Way, ...], right: tuple[Way, ...]) -> tuple[Way, ...]:
    if len(left) * len(right) > MAX_WAYS:
        raise NotPlain(fault("rules.too-many-ways", limit=MAX_WAYS))
    return _tidy(a | b for a, b in product(left, right))


def _tidy(ways: object) -> tuple[Way, ...]:
    """Without ways that contradict themselves and ways that another way already covers."""
    found: list[Way] = []
    for way in sorted(set(ways), key=lambda w: (len(w), sorted(w))):  # type: ignore[call-overload]
        opposite = {Atom(a.path, a.test, a.values, not a.wanted) for a in way}
        if not (opposite & way) and not any(kept <= way for kept in found):
            found.append(way)
    return tuple(found)


def _compare(kind: str, body: Mapping[str, object], words: Vocabulary, *, wanted: bool) -> object:
    left, right = body["left"], body["right"]
    if kind in ("==", "!="):
        path, value = _path(left, words), _literal(right)
        wanted = wanted == (kind == "==")
        if isinstance(value, bool) != (path in words.facts):
            raise NotPlain(fault("rules.wrong-comparison", fact=path))
        if value is False:
            value, wanted = True, not wanted
        return _atom(path, "is", (value,), wanted=wanted)
    if kind in (">", ">=", "<", "<="):
        path, number = _path(left, words), _literal(right)
        if path not in NUMBERS or isinstance(number, bool) or not isinstance(number, int):
            raise NotPlain(fault("rules.wrong-comparison", fact=path))
        limit = number - 1 if kind in (">=", "<") else number
        return _atom(path, "over", (limit,), wanted=wanted == kind.startswith(">"))
    if kind == "contains" and isinstance(left, dict) and "Set" in left:
        return _atom(_path(right, words), "is", _literals(left), wanted=wanted)
    values = (_literal(right),) if kind == "contains" else _literals(right)
    return _atom(_path(left, words), "any", values, wanted=wanted)


_COMPARISONS = ("==", "!=", ">", ">=", "<", "<=", "contains", "containsAny")


def _ways(node: object, words: Vocabulary, *, wanted: bool) -> tuple[Way, ...]:
    if not isinstance(node, dict) or len(node) != 1:
        raise _plain("this cannot be read")
    kind, body = next(iter(node.items()))
    if kind == "Value" and isinstance(body, bool):
        return (frozenset(),) if body == wanted else ()
    if kind == ".":
        path = _path(node, words)
        if path not in words.facts:
            raise NotPlain(fault("rules.wrong-comparison", fact=path))
        return _atom(path, "is", (True,), wanted=wanted)
    if kind == "!":
        return _ways(body["arg"], words, wanted=not wanted)
    if kind in ("&&", "||"):
        left = _ways(body["left"], words, wanted=wanted)
        right = _ways(body["right"], words, wanted=wanted)
        return _all(left, right) if (kind == "&&") == wanted else _tidy([*left, *right])
    if kind in _COMPARISONS:
        found: tuple[Way, ...] = _compare(kind, body, words, wanted=wanted)  # type: ignore[assignment]
        return found
    raise _plain(f"`{kind}` is not used in rules")


def _scope_ways(policy: Policy) -> tuple[Way, ...]:
    """Principal, action and resource as comparisons: who receives, which lane, which data."""
    atoms: set[Atom] = set()
    for variable, kind, path in (
        ("principal", "Party", "recipient.id"),
        ("resource", "Data", "data.id"),
    ):
        scope = policy[variable]
        if scope == {"op": "All"}:
            continue
        entity = scope.get("entity") if isinstance(scope, dict) else None
        if not isinstance(scope, dict) or scope.get("op") != "==" or not isinstance(entity, dict):
            raise _plain(f"`{variable}` is left open or compared by `==`")
        if entity["type"] != kind:
            raise NotPlain(unknown_word("rules.unknown-entity", entity["type"], [kind]))
        atoms.add(Atom(path, "is", (entity["id"],), wanted=True))
    lanes = _lanes(policy["action"])
    if lanes is not None:
        atoms.add(Atom("lane", "is", lanes, wanted=True))
    return (frozenset(atoms),)


def _lanes(scope: object) -> tuple[str, ...] | None:
    if not isinstance(scope, dict) or scope.get("op") == "All":
        return None
    entities = scope.get("entities") or [scope.get("entity")]
    by_action = {action: lane.value for lane, action in ACTIONS.items()}
    lanes = []
    for entity in entities:
        if entity["type"] != "Action" or entity["id"] not in by_action:
            raise NotPlain(unknown_word("rules.unknown-action", entity["id"], sorted(by_action)))
        lanes.append(by_action[entity["id"]])
    return tuple(sorted(lanes))


def named_gateways(body: object) -> tuple[str, ...] | None:
    """The ids in `context.open.containsAny([...])`; None when the condition is another."""
    if isinstance(body, dict):
        for kind in ("containsAny", "contains"):
            inner = body.get(kind)
            if inner and inner["left"] == {".": {"left": {"Var": "context"}, "attr": "open"}}:
                right = inner["right"]
                values = (_literal(right),) if kind == "contains" else _literals(right)
                return tuple(str(each) for each in values)
    return None


def _named(node: object, vocabulary: Vocabulary) -> frozenset[str]:
    """Every fact that an expression in the plain form names."""
    if isinstance(node, list):
        return frozenset().union(*(_named(each, vocabulary) for each in node))
    if not isinstance(node, dict):
        return frozenset()
    if "." in node:
        return frozenset({_path(node, vocabulary)})
    return frozenset().union(*(_named(each, vocabulary) for each in node.values()))


def read_condition(policy: Policy, vocabulary: Vocabulary, *, of_pack: bool = False) -> Condition:
    """The condition of one policy.

    Raises: NotPlain with the fault when it says something outside the plain form.
    """
    weighs = of_pack and policy["action"] == {
        "op": "==",
        "entity": {"type": "Action", "id": WEIGH},
    }
    ways = (frozenset[Atom](),) if weighs else _scope_ways(policy)
    gateways: tuple[str, ...] = ()
    paths = frozenset(atom.path for way in ways for atom in way)
    conditions = policy["conditions"]
    for condition in conditions if isinstance(conditions, list) else ():
        body, kind = condition["body"], condition["kind"]
        named = named_gateways(body) if of_pack and kind == "unless" else None
        if named is not None:
            gateways += named
            continue
        ways = _all(ways, _ways(body, vocabulary, wanted=kind == "when"))
        paths |= _named(body, vocabulary)
    return Condition(str(policy["effect"]), ways, gateways, paths)


def must_be_known(condition: Condition, vocabulary: Vocabulary) -> frozenset[str]:
    """Paths that this rule cannot be asked without: unknown, they could help the flow."""
    helps = condition.effect == "permit"
    return frozenset(
        atom.path
        for atom in condition.atoms()
        if atom.path not in vocabulary.facts
        and (atom.wanted if atom.test == "over" else not atom.wanted) == helps
    )


def wrong_way(condition: Condition, vocabulary: Vocabulary) -> list[str]:
    """Facts on file that this rule uses against their direction: knowing less would help."""
    helps = condition.effect == "permit"
    return sorted(
        atom.path
        for atom in condition.atoms()
        if atom.path in vocabulary.facts
        and (atom.wanted == vocabulary.facts[atom.path].opens) != helps
    )
