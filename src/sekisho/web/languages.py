"""Which language a reader gets: the address says it, else the browser's wish, else English."""

from fastapi import Request

from sekisho.errors import UsageError, fault
from sekisho.terms import Language


def language_of_path(path: str) -> Language | None:
    """The language in which an address begins, if it does."""
    first = path.removeprefix("/").split("/", 1)[0]
    return Language(first) if first in set(Language) else None


def asked_language(request: Request) -> Language | None:
    """The language of `?lang=`.

    Raises: UsageError when it is none that Sekisho speaks.
    """
    asked = request.query_params.get("lang")
    if asked is None:
        return None
    if asked not in set(Language):
        raise UsageError(fault("web.unknown-language"))
    return Language(asked)


def wished_language(header: str) -> Language:
    """The best language of an Accept-Language header; what cannot be read counts as English."""
    best, best_weight = Language.EN, 0.0
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().split("-", 1)[0]
        weight = _weight(parameter.strip())
        if primary in set(Language) and weight > best_weight:
            best, best_weight = Language(primary), weight
    return best


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    try:
        weight = float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def reader_language(request: Request) -> Language:
    """The language for an answer at any address, faults included; never raises."""
    asked = request.query_params.get("lang")
    if asked in set(Language):
        return Language(asked)
    path = language_of_path(request.scope["path"])
    return path or wished_language(request.headers.get("accept-language", ""))
