"""FHIR R4 as typed values that are read from JSON in C: what they accept, the full check accepts.

They are stricter than FHIR. What they do not know, or cannot judge, they do not accept: what stands
beside primitives, an extension three deep. Then `fhir_check` judges, and says why. What a resource
contains stays unread; whoever reads it asks again.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from sekisho.formats import fhir_tables as tables
from sekisho.formats.fhir_check import TIME, WHOLE_NUMBERS, WORD, ZONE, is_primitive
from sekisho.formats.fhir_tables import Field, Rule

YEAR = r"(?!0000)[0-9]{4}"
MONTH = rf"{YEAR}(-(0[1-9]|1[0-2]))?"
LEAP = r"(0[48]|[2468][048]|[13579][26])"
DAY = (
    rf"({YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    rf"|02-(0[1-9]|1[0-9]|2[0-8]))|([0-9]{{2}}{LEAP}|{LEAP}00)-02-29)"
)
STRICTER: Mapping[str, str] = {
    "base64Binary": r"([0-9a-zA-Z+/=]{4})+",
    "date": rf"{DAY}|{MONTH}",
    "dateTime": rf"{DAY}(T{TIME}{ZONE})?|{MONTH}",
    "instant": rf"{DAY}T{TIME}{ZONE}",
}
TARGET = r"[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?"
SOME = Meta(min_length=1)
WORDS: Any = Annotated[str, Meta(pattern=r"\S")]
PLAIN: Mapping[str, Any] = {
    "boolean": bool,
    "decimal": int | float,
    "markdown": WORDS,
    "string": WORDS,
    "xhtml": str,
}
EXTENSIONS_DEEP = 2
IN_EXTENSIONS = frozenset(
    {"Address", "Age", "Annotation", "Attachment", "CodeableConcept", "Coding", "ContactPoint"}
    | {"Duration", "HumanName", "Identifier", "Money", "Period", "Quantity", "Range", "Ratio"}
    | {"Reference"}
)
"""Groups that are known as the value of an extension."""


@cache
def decoder(resource_type: str) -> "msgspec.json.Decoder[object] | None":
    """What reads a resource of one type; None for a type that there is not."""
    if resource_type not in tables.resource_types():
        return None
    made = _group(resource_type, 0, (resource_type,))
    return msgspec.json.Decoder(made)


def _group(shape: str, deep: int, above: tuple[str, ...]) -> Any:
    """The type of a group; `deep` counts the extensions around it, `above` the shapes."""
    fields = tables.fields(shape)
    known: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    judged = True
    if shape in tables.resource_types():
        known.append(("resourceType", Literal[shape]))
        known.append(("contained", Annotated[list[msgspec.Raw], SOME] | UnsetType, UNSET))
    for field in fields.values():
        kind = _field(shape, field, deep, above)
        if kind is None:
            judged = judged and not (field.required and field.path == field.name)
            continue
        if field.required and not field.path.endswith("[x]"):
            known.append((field.name, kind))
        else:
            known.append((field.name, kind | UnsetType, UNSET))
    names = {each[0] for each in known}
    checks = _checks(shape, names) if judged else {"__post_init__": _refuse}
    return _struct(re.sub(r"\W", "_", shape), known, checks)


def _struct(name: str, fields: list[Any], checks: dict[str, Any] | None = None) -> Any:
    return msgspec.defstruct(
        name,
        fields,
        namespace=checks,
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
        gc=False,
    )


def _field(shape: str, field: Field, deep: int, above: tuple[str, ...]) -> Any:
    """The type of an element of a shape; None when it is left to the full check."""
    if not field.shape:
        one = _primitive(field.type, field.codes)
    elif field.shape == "Resource":
        return None
    elif field.shape == "Extension":
        one = _extension(deep + 1) if deep < EXTENSIONS_DEEP else None
    elif field.codes is not None:
        one = _bound(field)
    elif field.type == "Reference":
        one = _reference(field.targets, deep, identified="Identifier" not in above)
    elif field.shape in above or (shape == "Extension" and field.shape not in IN_EXTENSIONS):
        return None
    elif "." in field.shape:
        one = _group(field.shape, deep, (*above, field.shape))
    else:
        one = _data_type(field.shape, deep)
    if one is None:
        return None
    return Annotated[list[one], SOME] if field.many else one  # type: ignore[valid-type]


@cache
def _data_type(shape: str, deep: int) -> Any:
    return _group(shape, deep, (shape,))


@cache
def _extension(deep: int) -> Any:
    return _group("Extension", deep, ("Extension",))


@cache
def _reference(targets: AbstractSet[str], deep: int, *, identified: bool) -> Any:
    """A reference; when relative, to one of the types that it may point at."""
    kinds = "|".join(sorted(targets or tables.resource_types()))
    relative = rf"({kinds})/{TARGET}"
    elsewhere = rf"(?![A-Z][A-Za-z]+/{TARGET}\Z)"
    said = Annotated[str, Meta(pattern=rf"\A({relative}\Z|{elsewhere}\S)")]
    above = ("Reference",) if identified else ("Reference", "Identifier")
    plain = _group("Reference", deep, above)
    fields = [(name, kind, UNSET) for name, kind in plain.__annotations__.items()]
    changed = [(n, said | UnsetType if n == "reference" else k, v) for n, k, v in fields]
    return _struct("Reference", changed)


def _bound(field: Field) -> Any:
    """A coded element of which every coding is one of a required binding."""
    codes = field.codes or {}
    if field.type != "CodeableConcept" or len(codes) != 1:
        return None
    ((system, allowed),) = codes.items()
    words = (WORDS | UnsetType, UNSET)
    of_binding = [("system", Literal[system]), ("code", Literal[tuple(sorted(allowed))])]
    coding: Any = _struct("Bound", [*of_binding, ("display", *words), ("version", *words)])
    some: Any = Annotated[list[coding], SOME]
    return _struct("BoundConcept", [("coding", some), ("text", *words)])


def _primitive(kind: str, codes: Mapping[str, AbstractSet[str]] | None) -> Any:
    if codes is not None:
        return Literal[tuple(sorted(frozenset().union(*codes.values())))]
    if kind in WHOLE_NUMBERS:
        return Annotated[int, Meta(ge=WHOLE_NUMBERS[kind], le=2**31 - 1)]
    if kind in PLAIN:
        return PLAIN[kind]
    return Annotated[str, Meta(pattern=rf"(?a)\A(?:{STRICTER.get(kind, WORD[kind])})\Z")]


# -- what a type alone cannot say -----------------------------------------------------------------


def _checks(shape: str, names: AbstractSet[str]) -> dict[str, Any]:
    """What is looked at in each group once it is read; nothing for most shapes."""
    tests = [*_choices(shape, names), *_rules(shape, names)]
    narratives = [f.name for f in tables.fields(shape).values() if f.type == "xhtml"]
    tests += [_is_plain(attrgetter(name)) for name in narratives]
    if not tests:
        return {}
    if len(tests) == 1:
        (only,) = tests
        return {"__post_init__": only}

    def all_of(self: object) -> None:
        for test in tests:
            test(self)

    return {"__post_init__": all_of}


def _refuse(_self: object) -> None:
    """For a group that cannot be without something which is left to the full check."""
    raise ValueError


def _choices(shape: str, names: AbstractSet[str]) -> Iterable[Callable[[object], None]]:
    found: dict[str, list[Field]] = {}
    for field in tables.fields(shape).values():
        if field.path.endswith("[x]"):
            found.setdefault(field.path, []).append(field)
    for fields in found.values():
        known = [each.name for each in fields if each.name in names]
        if fields[0].required or len(known) > 1:
            yield _one_of(known, required=fields[0].required)


def _one_of(names: list[str], *, required: bool) -> Callable[[object], None]:
    values, least = _getter(names), len(names) - 1
    most = least if required else least + 1

    def one(self: object) -> None:
        if not least <= values(self).count(UNSET) <= most:
            raise ValueError

    return one


def _rules(shape: str, names: AbstractSet[str]) -> Iterable[Callable[[object], None]]:
    for rule in tables.rules(shape):
        yield _rule(shape, rule, names)


def _rule(shape: str, rule: Rule, names: AbstractSet[str]) -> Callable[[object], None]:
    by_path: dict[str, list[str]] = {path: [] for path in rule.paths}
    for field in tables.fields(shape).values():
        if field.path in by_path and field.name in names:
            by_path[field.path].append(field.name)
    if rule.kind == "any":
        every = [name for found in by_path.values() for name in found]
        values = _getter(every)

        def any_of(self: object) -> None:
            if values(self).count(UNSET) == len(every):
                raise ValueError

        return any_of
    first, second = (_getter(by_path[path]) for path in rule.paths[:2])
    many_first, many_second = (len(by_path[path]) for path in rule.paths[:2])

    def needs(self: object) -> None:
        if first(self).count(UNSET) < many_first and second(self).count(UNSET) == many_second:
            raise ValueError

    return needs


def _getter(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    """The values of some fields, as a tuple whatever their number."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda _self: ()
    only = attrgetter(names[0])
    return lambda self: (only(self),)


def _is_plain(value: Callable[[object], object]) -> Callable[[object], None]:
    def plain(self: object) -> None:
        said = value(self)
        if said is not UNSET and not is_primitive("xhtml", said):
            raise ValueError

    return plain
