"""Whether a pattern is plain enough to run on data without ever running away.

A pattern may come from anybody who writes a folder. Engines differ in what they understand and some
go back over a text without end, so only the common, harmless part of the language is allowed.
"""

import re

LONGEST_PATTERN = 200
_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?P<kind>\?:|\?)?)"
    r"|(?P<close>\))|(?P<repeat>[*+]|\{[0-9]*,?[0-9]*\})|(?P<maybe>\?)|(?P<other>.)",
    re.DOTALL,
)
_ESCAPES = frozenset("dDwWsS.\\-+*?()[]{}|^$/")


def is_plain_pattern(pattern: str) -> bool:
    """Whether a pattern compiles, repeats no repetition, and looks neither back nor ahead."""
    if len(pattern) > LONGEST_PATTERN or not _closed(pattern):
        return False
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _closed(pattern: str) -> bool:
    repeats = [False]
    """For each open group: whether something in it repeats."""
    last = False
    """Whether the item just read is a group in which something repeats."""
    for token in _TOKEN.finditer(pattern):
        kind = token.lastgroup if token.lastgroup != "kind" else "open"
        if kind == "escape" and token[0][1] not in _ESCAPES:
            return False
        if kind == "open":
            if token["kind"] == "?":
                return False
            repeats.append(False)
        elif kind == "close":
            if len(repeats) == 1:
                return False
            last = repeats.pop()
            repeats[-1] = repeats[-1] or last
            continue
        elif kind == "repeat":
            if last:
                return False
            repeats[-1] = True
        last = False
    return len(repeats) == 1
