"""Whether resources are FHIR R4 (4.0.1): every fault at once, none of it quoting a value.

Structure, cardinality, primitive types, required bindings, targets of references and the plain
invariants are checked against HL7's own definitions; profiles and terminology servers are not.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, partial

from sekisho.errors import Fault, Place, fault
from sekisho.formats import fhir_tables as tables
from sekisho.formats.fhir_stream import TWICE, BrokenError
from sekisho.formats.fhir_tables import Field
from sekisho.model.resource import JsonTree

MOST_FAULTS = 10_000
MOST_HINTS = 500
"""So many faults come with a hint at what was meant; looking for one takes time."""
LONGEST_NAME = 64
DEEPEST = 100
TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
ZONE = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)"
DAY = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
WORD = {
    "base64Binary": r"[0-9a-zA-Z+/=\s]+",
    "canonical": r"\S+",
    "code": r"[^\s]+(\s[^\s]+)*",
    "date": rf"\d{{4}}(-(0[1-9]|1[0-2]))?|{DAY}",
    "dateTime": rf"\d{{4}}(-(0[1-9]|1[0-2]))?|{DAY}(T{TIME}{ZONE})?",
    "id": r"[A-Za-z0-9\-.]{1,64}",
    "instant": rf"{DAY}T{TIME}{ZONE}",
    "oid": r"urn:oid:[0-2](\.(0|[1-9]\d*))+",
    "time": TIME,
    "uri": r"\S+",
    "url": r"\S+",
    "uuid": r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "xhtml": r"(?s)\s*<div[\s>].*</div>\s*",
}
"""Primitive types with the form the specification gives them."""
FORMS = {name: re.compile(form, re.ASCII) for name, form in WORD.items()}
FORMATTING = re.compile(
    r"a|abbr|acronym|b|big|blockquote|br|caption|cite|code|col|colgroup|dd|dfn|div|dl|dt|em|h[1-6]"
    r"|hr|i|img|li|ol|p|pre|q|samp|small|span|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt"
    r"|ul|var",
    re.IGNORECASE,
)
"""Elements that a narrative may have (invariant txt-1)."""
TAG = re.compile(r"<\s*/?\s*([^\s/>!]+)")
ACTIVE = re.compile(
    r"<\s*[!?]|[\s\"'/]on\w+\s*=|javascript\s*:|=\s*[\"'][^\"'<>]*&#|src\s*=[\s\"']*(https?:|//)",
    re.ASCII | re.IGNORECASE,
)
"""What runs, loads or hides that it does."""
WHOLE_NUMBERS = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
LONGEST_TEXT = 1 << 20
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(slots=True)
class Findings:
    """Faults of one file, and the signs of another release."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    signs: dict[str, int] = field(default_factory=dict)
    more: int = 0
    pointed: dict[str, str] = field(default_factory=dict)
    """Targets that only this file can hold -> the first place that points at each."""
    inside: list[tuple[str, str]] = field(default_factory=list)
    """(target, path) of what points into the resource that is being checked."""
    depth: int = 0

    def add(self, code: str, path: str, **fields: object) -> None:
        """Note one fault at a path of elements."""
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault(f"fhir.{code}", Place(self.file), path=path, **fields))
        else:
            self.more += 1

    def sign(self, kind: str, name: str) -> None:
        """Note an element, or a type, that other releases may know."""
        for release in tables.other_releases():
            types, elements = tables.only_in(release)
            choices = {(kind, f"{name[:end]}[x]") for end in range(3, len(name))}
            if (not name and kind in types) or (kind, name) in elements or choices & elements:
                self.signs[release] = self.signs.get(release, 0) + 1

    def all(self) -> list[Fault]:
        """Every fault; first, when it looks like one, that this is another release."""
        found = list(self.faults)
        if self.signs:
            most = max(self.signs.values())
            release = " / ".join(sorted(name for name, n in self.signs.items() if n == most))
            found.insert(0, fault("fhir.other-release", Place(self.file), release=release))
        if self.more:
            found.append(fault("fhir.more-faults", Place(self.file), count=self.more))
        return found


def check_resource(tree: object, path: str, findings: Findings) -> None:
    """Note every fault of one resource."""
    if not isinstance(tree, Mapping):
        findings.add("not-a-resource", path)
        return
    kind = tree.get("resourceType")
    if not isinstance(kind, str) or kind not in tables.resource_types():
        findings.add("unknown-type", path)
        if isinstance(kind, str):
            findings.sign(kind, "")
        return
    _group(kind, tree, path, findings, is_resource=True)


@dataclass(frozen=True, slots=True)
class _Known:
    """A shape with all that is asked of its groups."""

    fields: Mapping[str, Field]
    tests: Mapping[str, tuple[str, Callable[[object], bool]]]
    """Elements that are one primitive: path, and whether a value is right as it is."""
    required: tuple[str, ...]
    rules: tuple[tables.Rule, ...]


@cache
def _known(shape: str) -> _Known:
    fields = tables.fields(shape)
    tests = {
        name: (field_of.path, _test(field_of))
        for name, field_of in fields.items()
        if not field_of.shape and not field_of.many
    }
    return _Known(fields, tests, tables.required_paths(shape), tables.rules(shape))


def _test(field_of: Field) -> Callable[[object], bool]:
    if field_of.codes is None:
        return partial(is_primitive, field_of.type)
    known = frozenset().union(*field_of.codes.values())
    return lambda value: isinstance(value, str) and value in known


def _group(
    shape: str, tree: JsonTree, path: str, findings: Findings, *, is_resource: bool = False
) -> None:
    findings.depth += 1
    if findings.depth > DEEPEST:
        raise BrokenError("fhir.too-deep")
    known = _known(shape)
    there: dict[str, str] = {}
    for name, value in tree.items():
        test = known.tests.get(name)
        if test is not None and test[1](value) and test[0] not in there:
            there[test[0]] = name
        elif not is_resource or name != "resourceType":
            _member(shape, name, value, there, path, findings)
    findings.depth -= 1
    if not tree:
        findings.add("empty", path)
        return
    for required in known.required:
        if required not in there:
            findings.add("missing", f"{path}.{required}")
    for rule in known.rules:
        if not rule.holds(there.keys()):
            findings.add(f"rule-{rule.kind}", path, elements=", ".join(rule.paths))


def _member(
    shape: str, name: str, value: object, there: dict[str, str], path: str, findings: Findings
) -> None:
    """Check a member of a group that is not plainly right, and note that it is there."""
    field_of = _known(shape).fields.get(name.removeprefix("_"))
    if field_of is None or (name.startswith("_") and field_of.shape):
        _unknown(shape, name, path, findings)
        return
    if there.setdefault(field_of.path, field_of.name) != field_of.name:
        findings.add("two-choices", f"{path}.{field_of.path}")
    if name.startswith("_"):
        _companions(field_of, value, f"{path}.{field_of.name}", findings)
    else:
        _values(field_of, value, f"{path}.{field_of.name}", findings)


def _unknown(shape: str, name: str, path: str, findings: Findings) -> None:
    if name == TWICE:
        findings.add("name-twice-in", path)
        return
    near: list[str] = []
    if len(name) <= LONGEST_NAME and len(findings.faults) < MOST_HINTS:
        findings.sign(shape, name)
        near = get_close_matches(name, tables.fields(shape), n=1, cutoff=0.8)
    if near and near[0] != name:
        findings.add("unknown-element-near", path, near=near[0])
    else:
        findings.add("unknown-element", path)


def _values(field_of: Field, value: object, path: str, findings: Findings) -> None:
    if field_of.many != isinstance(value, list):
        findings.add("not-a-list" if field_of.many else "is-a-list", path)
        return
    if not isinstance(value, list):
        _value(field_of, value, path, findings)
        return
    if not value:
        findings.add("empty", path)
    for number, each in enumerate(value):
        if each is not None or field_of.shape:
            _value(field_of, each, f"{path}[{number}]", findings)


def _value(field_of: Field, value: object, path: str, findings: Findings) -> None:
    if field_of.shape == "Resource":
        check_resource(value, path, findings)
    elif not field_of.shape:
        _primitive(field_of, value, path, findings)
    elif not isinstance(value, Mapping):
        findings.add("not-a-group", path)
    else:
        _group(field_of.shape, value, path, findings)
        if field_of.codes is not None:
            _bound(field_of, value, path, findings)
        if field_of.type == "Reference":
            _reference(field_of, value, path, findings)


def _primitive(field_of: Field, value: object, path: str, findings: Findings) -> None:
    if not is_primitive(field_of.type, value):
        findings.add("bad-value", path, type=field_of.type)
    elif field_of.codes is not None and not any(value in s for s in field_of.codes.values()):
        findings.add("not-a-code", path)


def is_primitive(kind: str, value: object) -> bool:
    """Whether a value of JSON is one of a primitive type."""
    if isinstance(value, str):
        form = FORMS.get(kind)
        if form is None:
            return kind in ("string", "markdown") and _is_words(value)
        return form.fullmatch(value) is not None and _means(kind, value)
    if isinstance(value, bool):
        return kind == "boolean"
    if kind in WHOLE_NUMBERS:
        return isinstance(value, int) and WHOLE_NUMBERS[kind] <= value < 2**31
    return kind == "decimal" and isinstance(value, (int, float, Decimal))


def _is_words(value: str) -> bool:
    return len(value) <= LONGEST_TEXT and not value.isspace() and value != "" and _is_text(value)


def _means(kind: str, value: str) -> bool:
    """What a form alone cannot say: a day that there is, whole bytes, text that can be written."""
    if kind in ("date", "dateTime", "instant"):
        return _is_a_day(value)
    if kind == "base64Binary":
        return len("".join(value.split())) % 4 == 0
    if kind == "xhtml" and not _is_plain(value):
        return False
    return len(value) <= LONGEST_TEXT and _is_text(value)


def _is_plain(value: str) -> bool:
    """Whether a narrative only formats text: nothing in it runs, loads or asks."""
    known = all(FORMATTING.fullmatch(name) for name in set(TAG.findall(value)))
    return known and ACTIVE.search(value) is None


def _is_text(said: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        return said.isascii() or bool(said.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _is_a_day(said: str) -> bool:
    try:
        date.fromisoformat(said[:10]) if len(said) >= 10 else date(int(said[:4]), 1, 1)
    except ValueError:
        return False
    return True


def _bound(field_of: Field, value: JsonTree, path: str, findings: Findings) -> None:
    coding = value.get("coding") if field_of.type == "CodeableConcept" else [value]
    codings = coding if isinstance(coding, list) else []
    if not any(_is_bound(field_of, each) for each in codings):
        findings.add("not-a-code", path)


def _is_bound(field_of: Field, coding: object) -> bool:
    if not isinstance(coding, Mapping) or field_of.codes is None:
        return False
    system = coding.get("system")
    return isinstance(system, str) and coding.get("code") in field_of.codes.get(system, ())


def _reference(field_of: Field, value: JsonTree, path: str, findings: Findings) -> None:
    said = value.get("reference")
    if isinstance(said, str) and said.startswith("#"):
        findings.inside.append((said, path))
    elif isinstance(said, str) and said.startswith("urn:"):
        findings.pointed.setdefault(said, path)
    relative = RELATIVE.fullmatch(said) if isinstance(said, str) else None
    if relative is None:
        return
    if relative[1] not in tables.resource_types():
        findings.add("broken-reference", path)
    elif field_of.targets and relative[1] not in field_of.targets:
        findings.add("wrong-target", path)


def _companions(field_of: Field, value: object, path: str, findings: Findings) -> None:
    """The ids and extensions of primitives, which stand beside them."""
    if field_of.many != isinstance(value, list):
        findings.add("not-a-list" if field_of.many else "is-a-list", path)
        return
    each: Iterable[object] = value if isinstance(value, Sequence) else [value]
    for one in each:
        if isinstance(one, Mapping):
            _group("Element", one, path, findings)
        elif one is not None:
            findings.add("not-a-group", path)
