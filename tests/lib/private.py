"""A small made-up programme about people, with a budget, and data for it."""

import random
from pathlib import Path

from sekisho.model.actor import Participant
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind

PROGRAMME = "small-trips"
PLAN = "trips-by-area"
PURPOSE = "dpv:OfficialStatistics"
OWNER = Participant(
    "office", Text("Office (made up)", "統計局（架空）"), ParticipantKind.PUBLIC_BODY, "JP"
)
COUNT = "SELECT area, COUNT(DISTINCT person) AS people FROM trips GROUP BY area"
"""One group a person at most would be exact; the data's people stand in up to three."""

_PROGRAMME = """
schema = 1
id = "small-trips"
purpose = "dpv:OfficialStatistics"
steward = "office"
recipients = ["public"]
jurisdictions = ["JP"]
title = { en = "Small trips (made up)", ja = "小さな移動（架空）" }
description = { en = "Made up for tests.", ja = "試験のための架空の事業です。" }
legal_basis = { en = "Made up for tests.", ja = "試験のための架空の根拠です。" }
"""

_DATASET = """
schema = 1
id = "trips"
licence = "Made up"
source = "Made up for tests"
title = {{ en = "Trips", ja = "移動" }}
description = {{ en = "One row a trip.", ja = "移動1件ごとに1行です。" }}

[sekisho]
method = "differential-privacy"
privacy_unit = "person"
missing_unit = "exclude"
holder = "office"

[sekisho.budget]
epsilon = "{epsilon}"
delta = "0.000001"
{period}

[sekisho.contribution]
groups = 3
rows = 4

[[columns]]
name = "person"
type = "integer"
title = {{ en = "Person", ja = "人" }}
constraints = {{ minimum = 1 }}
sekisho = {{ sensitivity = "identifying" }}

[[columns]]
name = "area"
type = "string"
title = {{ en = "Area", ja = "地区" }}
constraints = {{ required = true, enum = ["east", "north", "south", "void"] }}
sekisho = {{ sensitivity = "public" }}

[[columns]]
name = "day"
type = "date"
title = {{ en = "Day", ja = "日" }}
constraints = {{ required = true, minimum = 2024-01-01, maximum = 2025-12-31 }}
sekisho = {{ sensitivity = "public" }}

[[columns]]
name = "minutes"
type = "number"
title = {{ en = "Minutes", ja = "分" }}
constraints = {{ required = true, minimum = 0, maximum = 600 }}
sekisho = {{ sensitivity = "confidential", decimals = 1, unit_of_measure = "min" }}
"""

_PLAN = """
schema = 1
id = "trips-by-area"
method = "differential-privacy"
epsilon = "1"
title = { en = "Trips by area", ja = "地区別の移動" }
description = { en = "Made up.", ja = "架空の表です。" }

[measure]
column = "trips"
title = { en = "Trips", ja = "移動" }
unit_of_measure = { en = "trips", ja = "件" }

[[dimensions]]
id = "area"
title = { en = "Area", ja = "地区" }
total = { en = "All areas", ja = "全地区" }
levels = [{ column = "area", title = { en = "Area", ja = "地区" } }]
"""

_RULE = """
@id("small-trips-R1")
@cite("Made-up terms, section 1")
@cite_ja("架空の規約 第1条")
@text_en("Protected tables may be released to the public for official statistics.")
@text_ja("秘匿処理をした集計表は、公的統計のために公表できます。")
permit (principal, action == Action::"release", resource)
when {
  context.data.identifiability == "statistical" && context.recipient.kind == "public" &&
  context.purpose == "dpv:OfficialStatistics"
};
"""

ONCE = 'period = "once"'
YEARLY = 'period = "year"\ncolumn = "day"'


def write_programme(folder: Path, *, epsilon: str = "4", period: str = ONCE) -> Path:
    """The programme's folder, written below `folder`."""
    root = folder / PROGRAMME
    for part in ("datasets", "releases", "rules"):
        (root / part).mkdir(parents=True, exist_ok=True)
    files = {
        "README.md": "# Small trips\n\nMade up for tests.\n",
        "programme.toml": _PROGRAMME,
        "datasets/trips.toml": _DATASET.format(epsilon=epsilon, period=period),
        "releases/trips-by-area.toml": _PLAN,
        "releases/trips-by-area.sql": "SELECT area, COUNT(*) AS trips FROM trips GROUP BY ROLLUP (area)\n",
        "rules/release.cedar": _RULE,
    }
    for name, text in files.items():
        (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
    return root


def rows(seed: int = 1, people: int = 400) -> list[str]:
    """CSV lines of made-up trips; nobody goes to the area `void`, and some are nobody's."""
    chance = random.Random(seed)
    lines = []
    for person in range(1, people + 1):
        for _ in range(chance.randint(1, 4)):
            area = chance.choice(["east", "north", "south"])
            day = f"{chance.choice([2024, 2025])}-{chance.randint(1, 12):02d}-15"
            whose = "" if chance.random() < 0.1 else str(person)
            lines.append(f"{whose},{area},{day},{chance.randint(1, 900) / 10:.1f}")
    return lines


def write_trips(file: Path, lines: list[str]) -> Path:
    """A CSV file of trips."""
    file.write_text("\n".join(["person,area,day,minutes", *lines]) + "\n", encoding="utf-8")
    return file


def make_node(
    folder: Path, *, epsilon: str = "4", period: str = ONCE, lines: list[str] | None = None
):
    """A node with the programme and one delivery; the caller closes it."""
    import sekisho

    node = sekisho.init(folder / "node", OWNER)
    node.add_programme(write_programme(folder, epsilon=epsilon, period=period))
    node.load(PROGRAMME, "trips", write_trips(folder / "trips.csv", lines or rows()))
    return node
