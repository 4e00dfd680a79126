"""Where in a programme's files a value was declared."""

from sekisho.errors import Place
from sekisho.model.programme import Programme


def place_in(programme: Programme, file: str, *path: str | int) -> Place:
    """Where a value stands in one of the programme's files, or the nearest thing around it."""
    known = programme.places.get(file, {})
    while path and path not in known:
        path = path[:-1]
    line, column = known.get(path, (1, 1))
    return Place(file, line, column)
