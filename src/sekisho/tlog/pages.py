"""Pages that follow from the code: the reference of entry kinds, and the names in the receipt page.

    python -m sekisho.tlog.pages docs/reference/entries.md

writes both anew; a test fails when either file is not what this writes.
"""

import base64
import json
import re
import sys
from hashlib import sha256
from pathlib import Path

from sekisho.model.entry_kinds import COMMITMENTS, PUBLIC_FIELDS, RECORD_PUBLIC, RULES, EntryKind
from sekisho.terms import Language
from sekisho.text import codes, sentence
from sekisho.tlog.receipt_page import FILE_NAME

HEAD = """# Entries of the log

This page is generated from `src/sekisho/model/entry_kinds.py`.

An entry is one line of RFC 8785 JSON, at most 65,535 bytes, without line ends. It holds no personal
data and no facts. The names below are all there are; an entry that holds anything else is refused
when it is made and when it is read.

| name | always | what it holds |
|---|---|---|
| `schema` | yes | 1 |
| `kind` | yes | one of the kinds below |
| `time` | yes | second in UTC (`2026-11-21T12:00:01Z`); in the record lane the day alone |
| `nonce` | yes | 16 random bytes, hexadecimal; makes the salts of this entry its own |
| `programme` | no | id of the programme |
| `lane` | no | `record`, `statistics` or `open` |
| `outcome` | decisions | `allowed` or `refused` |
| `rules` | no | ids of the rules cited |
| `pack` | no | SHA-256 of the rules that decided, hexadecimal |
| `public` | no | what all may read, see below |
| `commitments` | no | salted commitments, see below |
| `subjects` | no | marks that only those concerned can recognise |

Entries of the record lane name no party. Beside programme, rules and pack, all that they may say
openly is: {record}.

A commitment is SHA-256 over `sekisho/commitment/v1`, a line end, a salt of 32 bytes and the value.
The salts of a subject's entries come from a secret of that subject's;
`docs/explanation/transparency.md` says how, and what destroying the secret does.
"""


def entries_page() -> str:
    """The page of entry kinds."""
    record = ", ".join(f"`{name}`" for name in sorted(RECORD_PUBLIC))
    parts = [HEAD.format(record=record), _kinds(), _fields()]
    return "\n".join(parts)


def _kinds() -> str:
    lines = [
        "## Kinds",
        "",
        "| kind | English | 日本語 | lanes | public fields | commitments | subjects |",
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for kind in EntryKind:
        rule = RULES[kind]
        lanes = ", ".join(sorted(lane.value if lane else "none" for lane in rule.lanes))
        public = ", ".join(
            [f"**`{n}`**" for n in sorted(rule.needs)] + [f"`{n}`" for n in sorted(rule.may)]
        )
        commits = ", ".join(f"`{name}`" for name in sorted(rule.commits))
        names = [sentence(f"log.kind-{kind.value}", language=each) for each in Language]
        subjects = "yes" if rule.has_subjects else "no"
        cells = [f"`{kind.value}`", *names, lanes, public or "–", commits or "–", subjects]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Public fields in bold must stand, the others may.", ""])


def _fields() -> str:
    lines = ["## Public fields", "", "| field | form | English | 日本語 |", "|---|---|---|---|"]
    for name, form in sorted(PUBLIC_FIELDS.items()):
        said = [sentence(f"log.public-{name}", language=each) for each in Language]
        lines.append(f"| `{name}` | {sentence(f'log.form-{form.value}')} | {' | '.join(said)} |")
    lines += ["", "## Commitments", "", "| name | English | 日本語 |", "|---|---|---|"]
    for name in sorted(COMMITMENTS):
        said = [sentence(f"log.commitment-{name}", language=each) for each in Language]
        lines.append(f"| `{name}` | {' | '.join(said)} |")
    return "\n".join(lines) + "\n"


def renewed(page: str) -> str:
    """The receipt page with the present names, and the hashes that let its own script run."""
    names = {
        language.value: {
            group: _names(language, group) for group in ("kind", "public", "commitment")
        }
        for language in Language
    }
    said = json.dumps(names, ensure_ascii=False, indent=2, sort_keys=True)
    page = re.sub(
        r"const NAMES = .*?;\n\n",
        lambda _: f"const NAMES = {said};\n\n",
        page,
        count=1,
        flags=re.DOTALL,
    )
    for tag in ("script", "style"):
        inner = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[0]
        digest = base64.b64encode(sha256(inner.encode()).digest()).decode()
        page = re.sub(rf"{tag}-src 'sha256-[^']*'", f"{tag}-src 'sha256-{digest}'", page, count=1)
    return page


def _names(language: Language, group: str) -> dict[str, str]:
    prefix = f"log.{group}-"
    return {
        code.removeprefix(prefix): said
        for code, said in codes(language).items()
        if code.startswith(prefix)
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(entries_page(), encoding="utf-8")
    page = Path(__file__).with_name(FILE_NAME)
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
