"""A small graph of statements, written as Turtle and as JSON-LD; the same graph in both."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "rdf:type"


@dataclass(frozen=True, slots=True)
class Iri:
    """A name of something: an absolute address, or `prefix:local`."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in a language, or a value of a datatype (`xsd:…` and the like)."""

    text: str
    language: str = ""
    datatype: str = ""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with its properties; without a name it stands inside what speaks of it."""

    name: Iri | None
    types: tuple[str, ...]
    properties: tuple[tuple[str, "Value"], ...] = ()


Value = Iri | Literal | Thing


@dataclass(frozen=True, slots=True)
class Graph:
    """Things by their names, and what the prefixes stand for."""

    prefixes: Mapping[str, str]
    things: tuple[Thing, ...] = field(default=())


def as_turtle(graph: Graph) -> Iterator[str]:
    """The graph as Turtle, thing by thing."""
    for prefix, space in sorted(graph.prefixes.items()):
        yield f"@prefix {prefix}: <{_escaped_iri(space)}> .\n"
    for thing in graph.things:
        name = _iri(graph, thing.name) if thing.name else "[]"
        yield f"\n{name} {_properties(graph, thing, '  ')} .\n"


def _properties(graph: Graph, thing: Thing, indent: str) -> str:
    types = ", ".join(thing.types)
    said = [f"a {types}"] if types else []
    for name, value in thing.properties:
        said.append(f"{name} {_value(graph, value, indent)}")
    return f" ;\n{indent}".join(said)


def _value(graph: Graph, value: Value, indent: str) -> str:
    if isinstance(value, Iri):
        return _iri(graph, value)
    if isinstance(value, Thing):
        return f"[ {_properties(graph, value, indent + '  ')} ]"
    text = f'"{_escaped(value.text)}"'
    if value.language:
        return f"{text}@{value.language}"
    return f"{text}^^{value.datatype}" if value.datatype else text


def _iri(graph: Graph, iri: Iri) -> str:
    prefix, colon, _ = iri.name.partition(":")
    if colon and prefix in graph.prefixes:
        return iri.name
    return f"<{_escaped_iri(iri.name)}>"


def _escaped(text: str) -> str:
    for letter, told in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(letter, told)
    return text


def _escaped_iri(iri: str) -> str:
    return "".join(
        f"\\u{ord(each):04X}" if each in '<>"{}|^`\\' or each <= " " else each for each in iri
    )


def as_json_ld(graph: Graph) -> Iterator[str]:
    """The graph as JSON-LD, thing by thing."""
    context = json.dumps(dict(sorted(graph.prefixes.items())), ensure_ascii=False, indent=1)
    yield f'{{\n"@context": {context},\n"@graph": ['
    between = "\n"
    for thing in graph.things:
        yield between + json.dumps(_node(thing), ensure_ascii=False, indent=1)
        between = ",\n"
    yield "\n]\n}\n"


def _node(thing: Thing) -> dict[str, object]:
    node: dict[str, object] = {"@id": thing.name.name} if thing.name else {}
    if thing.types:
        node["@type"] = list(thing.types)
    return node | _gathered(thing.properties)


def _gathered(properties: Iterable[tuple[str, Value]]) -> dict[str, object]:
    found: dict[str, list[object]] = {}
    for name, value in properties:
        found.setdefault(name, []).append(_told(value))
    return dict(found)


def _told(value: Value) -> object:
    if isinstance(value, Iri):
        return {"@id": value.name}
    if isinstance(value, Thing):
        return _node(value)
    if value.language:
        return {"@value": value.text, "@language": value.language}
    return {"@value": value.text, "@type": value.datatype} if value.datatype else value.text
