"""Characters that nobody sees, and words that look like others: found, and shown for what they are.

A text that turns its own direction, or hides letters between its letters, reads differently for
people than for programs. Answers with such characters are refused; elsewhere they are shown.
"""

import re
import unicodedata
from collections.abc import Iterator

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u115f\u1160\u200b\u2028-\u202e\u2060-\u206f\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but tab and line feed, invisible ones, and those that turn the direction.
Joiners and marks that scripts need (U+200C to U+200F) and variation selectors are not among them,
and neither is text that runs from right to left."""

_WORD = re.compile(r"\w+")
_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Scripts whose letters pass for each other's."""


def hidden_in(text: str) -> list[str]:
    """The code points of the hidden characters of a text, each once, such as `U+202E`."""
    return list(dict.fromkeys(f"U+{ord(each):04X}" for each in HIDDEN.findall(text)))


def shown(text: str) -> str:
    """The text with each hidden character written out, so that readers see that it is there."""
    return HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def lookalikes_in(text: str) -> list[str]:
    """Words that mix scripts whose letters pass for each other's, each once."""
    return list(dict.fromkeys(_mixed(text)))


def _mixed(text: str) -> Iterator[str]:
    for word in _WORD.findall(text):
        if not word.isascii() and len(set(_scripts(word))) > 1:
            yield word


def _scripts(word: str) -> Iterator[str]:
    for each in word:
        if each.isalpha() and each != "\u00b5":  # the micro sign stands before Latin units
            name = unicodedata.name(each, "").partition(" ")[0]
            if name in _ALIKE:
                yield name
