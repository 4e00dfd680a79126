"""Where the resources of a log lie: C2SP tlog-tiles paths, and which of them a tree has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TILE_WIDTH = 256
CHECKPOINT = "checkpoint"

_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]|[1-5][0-9]|6[0-3])/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A tile of hashes, or a bundle of entries (level None), whole or partial."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def end(self) -> int:
        """How many entries a tree must have so that this resource lies within it."""
        return (self.index * TILE_WIDTH + self.width) * self.span

    @property
    def span(self) -> int:
        """How many entries one hash of the resource covers."""
        return 1 << 8 * (self.level or 0)

    @property
    def path(self) -> str:
        """The path under the log's folder."""
        groups = f"{self.index:03d}"
        if len(groups) % 3:
            groups = groups.zfill(len(groups) + 3 - len(groups) % 3)
        parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
        index = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        level = "entries" if self.level is None else self.level
        whole = f"tile/{level}/{index}"
        return whole if self.width == TILE_WIDTH else f"{whole}.p/{self.width}"


def whole(resource: Resource) -> Resource:
    """The full resource of which a partial one is the beginning."""
    return Resource(resource.level, resource.index)


def parse_path(path: str) -> Resource | None:
    """The resource of a path; None when the path is not one that a log writes."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = None if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = int(match["width"] or TILE_WIDTH)
    found = Resource(level, index, width)
    return found if width <= TILE_WIDTH and found.path == path else None


def levels(size: int) -> Iterator[tuple[int, int]]:
    """Every tile level of a tree with how many hashes it holds, from the leaves up."""
    level, count = 0, size
    while count:
        yield level, count
        level, count = level + 1, count // TILE_WIDTH


def width_of(level: int | None, index: int, size: int) -> int:
    """How wide a resource is in a tree of this size; 0 when the tree does not have it."""
    count = size >> 8 * (level or 0)
    return max(0, min(TILE_WIDTH, count - index * TILE_WIDTH))


def resources(size: int) -> Iterator[Resource]:
    """Every resource that a tree of this size must have: bundles, then tiles level by level."""
    for index in range(-(-size // TILE_WIDTH)):
        yield Resource(None, index, width_of(None, index, size))
    for level, count in levels(size):
        for index in range(-(-count // TILE_WIDTH)):
            yield Resource(level, index, width_of(level, index, size))
