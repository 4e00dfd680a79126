"""What the text of one cell of a finished table says: a number, a mark for hidden, or nothing.

Offices write numbers in many ways. One table has one way; which one is found from all its cells
together, and where two ways are possible the reader is asked, never guessed for silently.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sekisho.model.sheet import TYPED


class Kind(StrEnum):
    """What a cell of a table's body holds."""

    NUMBER = "number"
    HIDDEN = "hidden"
    EMPTY = "empty"
    TEXT = "text"


class Style(StrEnum):
    """Which sign parts the decimals; the other one, if it stands, groups digits."""

    POINT = "point"
    COMMA = "comma"


@dataclass(frozen=True, slots=True)
class Reading:
    """One cell as read; `value` only of a number, `mark` what stood there instead."""

    kind: Kind
    value: Decimal | None = None
    percent: bool = False
    mark: str = ""
    note: str = ""
    """What stood behind the number: a footnote's sign, a flag."""

    @property
    def decimals(self) -> int:
        """Digits behind the decimal sign as printed."""
        exponent = self.value.as_tuple().exponent if self.value is not None else 0
        return max(0, -exponent) if isinstance(exponent, int) else 0


HIDDEN_MARKS = frozenset(
    {"x", "c", "s", "d", "q", "f", "χ", "秘", "秘匿", "n.p.", "np", "n/p", "conf", "conf."}
    | {"(d)", "(s)", "(x)", "(c)", ":c", "<na>", "suppressed", "confidential", "hidden", "非公表"}
)
"""Marks that offices use for a hidden cell, folded to lower case and plain width."""

ABSENT_MARKS = frozenset(
    {"..", "...", "…", "……", ":", "n/a", "na", "n.a.", "nan", "null", "none", "*", "**", "***", "#"}
    | {"・・・", "•", ".", "z"}
)
"""Marks that say only that no number is shown; an attacker does not care why."""

NIL_MARKS = frozenset({"-", "--", "---", "nil"})
"""Marks for zero. A dash that means `hidden` has to be declared."""

MOST_DIGITS = 60
"""A longer row of digits is no figure of a table."""

MOST_LETTERS = 4 * MOST_DIGITS

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−－ー", "-"))
_SPACES = "\u0020\u00a0\u2007\u2009\u202f\u3000"
_NOTE = re.compile(
    r"(?P<body>.*?\d[\d%]*)\s*(?P<note>(?:[*†‡§¶]+|[¹²³⁰⁴-⁹]+|\[[^\]]{1,4}\]|\([a-zA-Z]{1,2}\)"
    r"|\(?\d{1,2}\)|注\d{0,2}|[a-zA-Z]{1,2}))$"
)
_GROUPS = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|\d+")


def folded(text: str) -> str:
    """A cell's text in plain width, with one kind of dash, space and apostrophe."""
    if text.isascii():
        return text.removeprefix(TYPED).strip()
    bare = _superscripts_kept(text.removeprefix(TYPED))
    plain = unicodedata.normalize("NFKC", bare).translate(_DASHES)
    for space in _SPACES[1:]:
        plain = plain.replace(space, " ")
    return plain.replace("’", "'").replace("ʼ", "'").strip()


def _superscripts_kept(text: str) -> str:
    """Superscripts are footnotes: normalising would glue them to the number."""
    return re.sub(r"([⁰¹²³⁴-⁹]+)", lambda found: f" [{_plain_digits(found[1])}]", text)


def _plain_digits(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


@dataclass(frozen=True, slots=True)
class Marks:
    """Which marks stand for hidden and which for zero in one table."""

    hidden: frozenset[str] = HIDDEN_MARKS | ABSENT_MARKS
    nil: frozenset[str] = NIL_MARKS


def read_cell(text: str, style: Style, marks: Marks) -> Reading:
    """What a cell says; TEXT when it is neither number nor a known mark."""
    if text.startswith(TYPED):
        percent = text.endswith("%")
        return Reading(Kind.NUMBER, Decimal(text[len(TYPED) :].rstrip("%")), percent)
    plain = folded(text)
    low = plain.lower()
    if not plain:
        return Reading(Kind.EMPTY)
    if low in marks.nil or low in marks.hidden:
        nil = low in marks.nil
        return (
            Reading(Kind.NUMBER, Decimal(0), mark=plain)
            if nil
            else Reading(Kind.HIDDEN, mark=plain)
        )
    if _is_digits(plain):
        return Reading(Kind.NUMBER, Decimal(plain))
    body, note = _without_note(plain)
    percent = body.endswith("%")
    value = _number(body.rstrip("% "), style)
    if value is None:
        return Reading(Kind.TEXT, mark=plain)
    return Reading(Kind.NUMBER, value, percent, note=note)


def _is_digits(plain: str) -> bool:
    """Digits alone: the same number in every style."""
    return plain.isascii() and plain.isdigit() and len(plain) <= MOST_DIGITS


def _without_note(plain: str) -> tuple[str, str]:
    # A longer text is no figure; the pattern would look at each of its ends for very long.
    found = _NOTE.fullmatch(plain) if len(plain) <= MOST_LETTERS else None
    return (found["body"].strip(), found["note"]) if found else (plain, "")


def _number(body: str, style: Style) -> Decimal | None:
    """The number that a text is in one style; None when it is none."""
    sign = -1 if body.startswith("-") else 1
    body = body.lstrip("+-").replace("'", " ").strip()
    point, group = (".", ",") if style is Style.POINT else (",", ".")
    whole, mark, decimals = body.partition(point)
    if mark and not decimals.isdigit():
        return None
    if " " in whole:
        if group in whole or not re.fullmatch(r"\d{1,3}(?: \d{3})+", whole):
            return None
        whole = whole.replace(" ", "")
    elif group in whole:
        if not _GROUPS.fullmatch(whole.replace(group, ",")):
            return None
        whole = whole.replace(group, "")
    if not (whole.isdigit() and whole.isascii()) or len(whole) + len(decimals) > MOST_DIGITS:
        return None
    return sign * Decimal(f"{whole}.{decimals}" if mark else whole)


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a table writes numbers, and whether that was certain."""

    style: Style
    sure: bool


def spelling_of(texts: Iterable[str], marks: Marks) -> Spelling:
    """The style in which most cells are numbers.

    `1,234` alone reads as 1234 and as 1.234. It is sure only when some cell cannot be read the
    other way, or when small numbers without the sign show that it groups digits.
    """
    written = [folded(each) for each in texts if not each.startswith(TYPED)]
    marked = marks.hidden | marks.nil
    digits = [each for each in written if _is_digits(each) and each not in marked]
    others = [_without_note(each)[0] for each in written if not _is_digits(each)]
    cells = [each.rstrip("% ") for each in others if each]
    cells = [each for each in cells if each.lower() not in marked]
    reads = {style: [_number(each, style) for each in cells] for style in Style}
    count = {style: sum(each is not None for each in read) for style, read in reads.items()}
    point, comma = count[Style.POINT], count[Style.COMMA]
    if point != comma:
        return Spelling(Style.POINT if point > comma else Style.COMMA, sure=True)
    pairs = zip(reads[Style.POINT], reads[Style.COMMA], cells, strict=True)
    apart = [(one, other, text) for one, other, text in pairs if one != other]
    if not apart:
        return Spelling(Style.POINT, sure=True)
    by_comma = sum("," in text for _, _, text in apart)
    style = Style.POINT if 2 * by_comma >= len(apart) else Style.COMMA
    plain = [*digits, *(text for text in cells if text.lstrip("+-").isdigit())]
    return Spelling(style, sure=bool(plain) and all(len(each.lstrip("+-")) <= 3 for each in plain))
