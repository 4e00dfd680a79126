"""Checks a programme's access rules before anybody relies on them; every fault with its line."""

from collections.abc import Iterable
from dataclasses import replace

from sekisho.errors import Fault, Place, fault
from sekisho.model.access_rule import AccessRule
from sekisho.rules.cedar import NotCedar, parse_policy, validate
from sekisho.rules.conditions import NotPlain, read_condition, wrong_way
from sekisho.rules.packs import Packs, installed
from sekisho.rules.vocabulary import schema_text

REQUIRED = ("cite", "text_en", "text_ja")


def _check_condition(rule: AccessRule, place: Place, packs: Packs) -> list[Fault]:
    try:
        condition = read_condition(parse_policy(rule.text), packs.vocabulary)
    except NotCedar as error:
        return [fault("rules.not-cedar", place, why=str(error))]
    except NotPlain as error:
        return [replace(error.fault, place=place)]
    found = [
        fault("rules.wrong-way", place, fact=each)
        for each in wrong_way(condition, packs.vocabulary)
    ]
    if not condition.ways:
        found.append(fault("rules.never-applies", place, id=rule.id))
    schema = schema_text(packs.vocabulary.paths())
    found += [fault("rules.not-cedar", place, why=why) for why in validate(rule.text, schema)]
    return found


def check_rules(rules: Iterable[AccessRule], packs: Packs | None = None) -> list[Fault]:
    """Every fault of a programme's rules, with file and line; none means that they can be used.

    A rule needs an id that no other rule has, a citation, a text in both languages, and a
    condition in the plain form that knows the facts and uses each in its direction.
    """
    known = packs or installed()
    taken = {rule.cited.id for pack in known.packs.values() for rule in pack.rules}
    found: list[Fault] = []
    for rule in rules:
        place = Place(rule.file, rule.line)
        if not rule.effect:
            found.append(fault("rules.not-a-rule", place))
            continue
        if not rule.id:
            found.append(fault("rules.no-id", place))
        elif rule.id in taken or rule.id.startswith("SEKISHO-"):
            found.append(fault("rules.duplicate-id", place, id=rule.id))
        taken.add(rule.id)
        found += [
            fault("rules.no-annotation", place, id=rule.id or "?", annotation=name)
            for name in REQUIRED
            if not rule.annotations.get(name, "").strip()
        ]
        found += _check_condition(rule, place, known)
    return found
