"""What somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from sekisho.errors import Fault, Place, fault


def guess(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to one that is not known, if any is near."""
    near = get_close_matches(word[:100].lower().replace("_", "-"), list(known), n=1, cutoff=0.6)
    return near[0] if near else next(iter(get_close_matches(word[:100], list(known), n=1)), None)


def guessed(code: str, place: Place | None, name: str, known: Iterable[str]) -> Fault:
    """A fault about an unknown name: with a guess, or with the list of known ones.

    The catalogue holds `code` (field `guess`) and `code` + `-known` (field `known`).
    """
    words = sorted(known)
    near = guess(name, words)
    if near:
        return fault(code, place, name=shown(name), guess=near)
    listed = ", ".join(f"`{word}`" for word in words[:12]) or "–"
    return fault(f"{code}-known", place, name=shown(name), known=listed)


def shown(name: str) -> str:
    """A name as a message may print it: ASCII letters stay, all else shows its code point."""
    return "".join(c if c.isascii() and c.isprintable() else f"<U+{ord(c):04X}>" for c in name[:60])
