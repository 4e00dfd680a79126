"""A programme folder that shares one public table, as texts, for tests to spoil."""

from tests.lib.programme_folder import FILES as SHOP

TABLE = """\
schema = 1
id = "visits"
title = { en = "Visits", ja = "来訪者" }
description = { en = "Visits a day", ja = "1日の来訪者" }
licence = "CC0"
source = "made up"
dated = "2020-03-31"
primary_key = ["day", "area"]

[[columns]]
name = "day"
type = "date"
title = { en = "Day", ja = "日" }
constraints = { required = true }

[[columns]]
name = "area"
type = "string"
title = { en = "Area", ja = "地域" }
constraints = { required = true }

[[columns]]
name = "visits"
type = "number"
title = { en = "Visits", ja = "来訪者" }
unit = { en = "persons", ja = "人" }

[labels.area]
n = { en = "North", ja = "北" }

[[corrections]]
said = { en = "A thousand came", ja = "千人来た" }
published = { en = "A hundred came", ja = "百人来た" }
source = "made up"

[[indicators]]
id = "change"
title = { en = "Change", ja = "変化" }
time = "day"
value = "visits"
by = "area"
baseline = { first = "2020-03-02", last = "2020-03-08" }

[[indicators]]
id = "effect"
title = { en = "Effect", ja = "効果" }
time = "day"
value = "visits"
by = "area"
policy = { first = "2020-03-02", last = "2020-03-31", date = "2020-03-16", treated = ["n"], comparison = ["s"] }
"""


def rows(days: int = 30, south: int = 100) -> str:
    """A CSV of two areas over days from 2 March 2020; the north halves from 16 March on."""
    lines = ["day,area,visits"]
    for number in range(days):
        day = f"2020-03-{number + 2:02}"
        wave = (number * 7 % 5) - 2
        lines.append(f"{day},n,{(50 if number >= 14 else 100) + wave}")
        lines.append(f"{day},s,{south - wave}")
    return "\n".join(lines) + "\n"


PUBLIC: dict[str, str] = {
    "README.md": "# Visits\n",
    "programme.toml": SHOP["programme.toml"],
    "rules/release.cedar": SHOP["rules/release.cedar"],
    "public/visits.toml": TABLE,
    "public/visits.csv": rows(),
}


def spoilt(file: str, old: str, new: str) -> dict[str, str]:
    """The sound files with one text of one file replaced."""
    assert old in PUBLIC[file], (file, old)
    return PUBLIC | {file: PUBLIC[file].replace(old, new, 1)}
