"""Paths through a neutral tree: what a selection names, and what stands there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sekisho.model.resource import Element, JsonTree, Part, Resource, Semantics


@dataclass(frozen=True, slots=True, eq=False)
class Want:
    """What is wanted of a group: the whole, or some paths below it."""

    whole: bool = False
    below: Mapping[str, "Want"] = field(default_factory=dict)
    undefined_too: bool = False
    """Whether extensions were named themselves: nothing inside one is defined."""

    def of(self, name: str, element: Element) -> "Want | None":
        """What a path that was spelled out wants of one element."""
        return self.below.get(element.path) or self.below.get(name)


WHOLE = Want(whole=True)
NOTHING = Want()


def opened(resource: Resource) -> Resource:
    """A resource with its tree parsed once, however it is held."""
    tree = resource.tree
    if type(tree) is dict:
        return resource
    return Resource(resource.type, resource.id, dict(tree.items()), resource.address)


def wanted(resource_type: str, paths: Iterable[str]) -> Want:
    """What paths such as `Observation.code` want of a resource type."""
    root: dict[str, object] = {}
    for path in paths:
        kind, *steps = path.split(".")
        if kind != resource_type:
            continue
        at = root
        for step in steps:
            below = at.setdefault(step, {})
            at = below if isinstance(below, dict) else {}
        at[""] = True
    return _want(root)


def _want(node: Mapping[str, object]) -> Want:
    below = {name: _want(sub) for name, sub in node.items() if isinstance(sub, dict)}
    return Want(whole="" in node, below=below)


def values_at(semantics: Semantics, shape: str, tree: JsonTree, path: str) -> Iterator[object]:
    """Every value that stands at a path of elements, lists opened.

    Shape: path is relative to the shape, e.g. `component.code`, `effective[x]`.
    """
    step, _, rest = path.partition(".")
    elements = semantics.elements(shape)
    for name, value in tree.items():
        element = elements.get(name)
        if element is None or element.path != step:
            continue
        for each in value if isinstance(value, list) else [value]:
            if not rest:
                yield each
            elif isinstance(each, Mapping):
                yield from values_at(semantics, element.shape, each, rest)


def unknown_paths(paths: Iterable[str], semantics: Semantics) -> list[str]:
    """Paths of a selection that name nothing in the format: a slip of the pen keeps nothing."""
    return [path for path in paths if not _is_known(path.split("."), semantics)]


def _is_known(steps: list[str], semantics: Semantics) -> bool:
    shape = steps[0]
    if semantics.type_of({"resourceType": shape}) is None:
        return False
    for step in steps[1:]:
        found = [
            element
            for name, element in semantics.elements(shape).items()
            if step in (element.path, name)
        ]
        if not found:
            return False
        shape = "" if found[0].part is Part.CONTAINED else found[0].shape
    return True
