"""The words of a text, for search: also where a script sets no spaces between them.

Letters are folded to one width and case, and accents fall away. In Chinese, Japanese, Korean, Thai,
Lao, Khmer and Burmese every two neighbouring characters are a word, so that two characters find
what they stand in; the last character of a run stands alone, so that one finds something, too.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3\U00020000-\U0003134f"
)
_RUN = re.compile(rf"[{_DENSE}]+|[^\W_{_DENSE}]+")
_IS_DENSE = re.compile(rf"[{_DENSE}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_QUOTED = re.compile(r'"([^"]*)"|(\S+)')

LONGEST_WORD = 64
MOST_TERMS = 12
SHORTEST_BEGINNING = 4
"""Words of fewer letters are found only whole: their beginnings would find nearly everything."""


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand beside each other, in this order."""

    words: tuple[str, ...]
    said: str
    """The same as it stands in `runs_of`; words that spaces part keep one at each end."""
    is_beginning: bool
    """Whether the last word may go on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: every term must be found."""

    terms: tuple[Term, ...]


def folded(text: str) -> str:
    """The text in one width and case, without accents, its spaces made one."""
    wide = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(unicodedata.normalize("NFC", _ACCENTS.sub("", wide)).split())


def words_of(text: str) -> Iterator[str]:
    """The words of a text, in order."""
    for run in _RUN.findall(folded(text)):
        if _IS_DENSE.match(run):
            yield from (run[at : at + 2] for at in range(len(run)))
        else:
            yield run[:LONGEST_WORD]


def runs_of(text: str) -> str:
    """The text as letters and digits alone, a space at each end and between runs of a kind."""
    return f" {' '.join(_RUN.findall(folded(text)))} "


def wanted(query: str) -> Wanted:
    """What a query asks for: words, all of them, and "words in quotes" beside each other."""
    terms: list[Term] = []
    for quoted, bare in _QUOTED.findall(folded(query)):
        runs = _RUN.findall(quoted or bare)
        spaced = [run for run in runs if not _IS_DENSE.match(run)]
        if quoted and len(spaced) == len(runs) and runs:
            words = tuple(run[:LONGEST_WORD] for run in runs)
            terms.append(Term(words, f" {' '.join(runs)} ", is_beginning=False))
        else:
            terms += [_term(run, whole=bool(quoted)) for run in runs]
    return Wanted(tuple(dict.fromkeys(terms))[:MOST_TERMS])


def _term(run: str, *, whole: bool) -> Term:
    if not _IS_DENSE.match(run):
        return Term((run[:LONGEST_WORD],), run, not whole and len(run) >= SHORTEST_BEGINNING)
    if len(run) == 1:
        return Term((run,), run, is_beginning=True)
    return Term(tuple(run[at : at + 2] for at in range(len(run) - 1)), run, is_beginning=False)


def found_in(asked: Wanted, text: str) -> bool:
    """Whether a text holds every term."""
    held = list(words_of(text))
    return bool(asked.terms) and all(_holds(held, term) for term in asked.terms)


def any_found_in(asked: Wanted, text: str) -> bool:
    """Whether a text holds a term."""
    held = list(words_of(text))
    return any(_holds(held, term) for term in asked.terms)


def _holds(held: list[str], term: Term) -> bool:
    first, *rest = term.words
    for at, word in enumerate(held):
        last = held[at + len(rest)] if at + len(rest) < len(held) else ""
        ends = last.startswith(term.words[-1]) if term.is_beginning else last == term.words[-1]
        if ends and (
            not rest or (word == first and held[at : at + len(rest)] == list(term.words[:-1]))
        ):
            return True
    return False
