"""The reference page of the programme folder, which follows from the vocabulary.

    python -m sekisho.programmes.pages docs/reference/programme-folder.md

writes it anew; a test fails when the file is not what this writes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from sekisho.programmes.folder import (
    KIB,
    LAYOUT,
    MIB,
    MOST_BYTES,
    MOST_FILES,
    SAMPLE_LIMITS,
    TEXT_LIMITS,
)
from sekisho.programmes.keys import Key, Kind
from sekisho.programmes.shape import LONGEST_ID
from sekisho.programmes.vocabulary import FILES, SECRET_PARAMETERS

HEAD = """# The programme folder

This page is generated from `src/sekisho/programmes/vocabulary.py`. How to write a folder step by
step stands in [Write a programme](../how-to/write-a-programme.md).

A programme is a folder of declarations. The keys below are all there are: an unknown key is a
fault, and so is a file or folder that is not listed. `sekisho programme check FOLDER` reports every
fault of every file at once, with file, line and what to do.

Ids are lower-case letters, digits and hyphens (`shop-sales`), names of columns lower-case letters,
digits and underscores (`sold_on`), each at most {longest} characters. A text in both languages is
`{{ en = "…", ja = "…" }}`; neither may be empty. An id is the name of its file, so no two files of
a folder share one; `releases/x.toml` goes with `releases/x.sql`, `lookups/x.toml` with
`lookups/x.csv`.

The digest of a folder is SHA-256 over the lines `<sha256>  <path>` of all its files in order of
path: `find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`.
"""

LIMITS = f"""At most {MOST_FILES:,} files and {MOST_BYTES // MIB} MiB in all. `README.md` and
`programme.toml` must be there. Text is UTF-8 without a byte order mark and without invisible
characters. Links are refused.
"""


def folder_page() -> str:
    """The whole page."""
    parts = [HEAD.format(longest=LONGEST_ID), _layout(), _secrets()]
    for file, keys in FILES.items():
        parts.append("\n".join([f"## `{file}`", "", *_table(keys)]))
        parts += ["\n".join(each) for each in _inner(keys, "###")]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _layout() -> str:
    lines = ["## Files", "", "| where | what may stand there | largest file |", "|---|---|---|"]
    for folder, kinds in LAYOUT.items():
        limits = SAMPLE_LIMITS if folder == "sample" else TEXT_LIMITS
        suffixes = [f".{kind.rpartition('.')[2]}" for kind in kinds]
        names = [f"`*{kind}`" if kind.startswith(".") else f"`{kind}`" for kind in kinds]
        sizes = dict.fromkeys(_size(limits[suffix]) for suffix in suffixes)
        where = f"`{folder}/`" if folder else "the folder itself"
        lines.append(f"| {where} | {', '.join(names)} | {', '.join(sizes)} |")
    return "\n".join([*lines, "", LIMITS])


def _size(limit: int) -> str:
    return f"{limit // MIB} MiB" if limit >= MIB else f"{limit // KIB} KiB"


def _secrets() -> str:
    names = ", ".join(f"`{name}`" for name in sorted(SECRET_PARAMETERS))
    return (
        "## What may not stand here\n\n"
        "A programme folder is open to read. Parameters of sensitivity rules are secrets of the"
        " data holder and stand in its private settings, `node.toml`; a key under one of these"
        f" names is refused: {names}."
    )


def _table(keys: tuple[Key, ...]) -> list[str]:
    lines = ["| key | needed | what it is | means |", "|---|---|---|---|"]
    for key in keys:
        needed = "yes" if key.required else f"no; else `{key.default}`" if key.default else "no"
        lines.append(f"| `{key.name}` | {needed} | {_kind(key)} | {key.means} |")
    return lines


def _kind(key: Key) -> str:
    if key.kind is Kind.CHOICE:
        return " or ".join(f"`{choice}`" for choice in key.choices)
    if key.kind in (Kind.LIMIT, Kind.LENGTH):
        words = " or ".join(f"`{choice}`" for choice in key.choices)
        number = Kind.INTEGER if key.kind is Kind.LIMIT else Kind.DECIMAL
        return f"{number.value}, or {words}"
    bounds = f"at most {key.most}" if key.least == 0 else f"{key.least} to {key.most}"
    if key.least == key.most:
        return f"the integer {key.least}"
    return f"{key.kind.value}, {bounds}" if key.most is not None else key.kind.value


def _inner(keys: tuple[Key, ...], heading: str) -> Iterator[list[str]]:
    """The tables inside a table, each under its own heading, the outer before the inner."""
    for key in keys:
        if key.keys:
            brackets = "[[…]]" if key.kind is Kind.TABLES else "{ … }"
            yield [f"{heading} `{key.name}` `{brackets}`", "", *_table(key.keys)]
            yield from _inner(key.keys, heading + "#")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(folder_page(), encoding="utf-8")
