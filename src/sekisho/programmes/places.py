"""Where in a programme's files a value was declared."""

from sekisho.errors import Place
from sekisho.model.programme import Programme


def place_in(programme: Programme, file: str, *path: str | int) -> Place:
    """Where a value stands in one of the programme's files, or the nearest thing around it."""
    if file not in programme.places:
        file, path = _in_its_form(programme, file, path)
    known = programme.places.get(file, {})
    while path and path not in known:
        path = path[:-1]
    line, column = known.get(path, (1, 1))
    return Place(file, line, column)


def _in_its_form(
    programme: Programme, file: str, path: tuple[str | int, ...]
) -> tuple[str, tuple[str | int, ...]]:
    """A dataset without a file of its own is declared in the form whose answers it holds."""
    for form in programme.forms:
        if file == f"datasets/{form.dataset}.toml":
            return f"forms/{form.id}.toml", ("dataset", *path)
    return file, path
