"""A small made-up programme with two linked tables, and data for it: every test's own node."""

import random
from pathlib import Path

from sekisho.model.actor import Participant
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind

PROGRAMME = "small-trade"
PLANS = ("by-place", "by-goods")
OWNER = Participant(
    "office", Text("Office (made up)", "統計局（架空）"), ParticipantKind.PUBLIC_BODY, "JP"
)
SECRET_P = "13.37"
"""The holder's private parameter: no output of the tests may contain it."""

_PROGRAMME = """
schema = 1
id = "small-trade"
purpose = "dpv:OfficialStatistics"
steward = "office"
recipients = ["public"]
jurisdictions = ["JP"]
title = { en = "Small trade (made up)", ja = "小さな取引（架空）" }
description = { en = "Made up for tests.", ja = "試験のための架空の事業です。" }
legal_basis = { en = "Made up for tests.", ja = "試験のための架空の根拠です。" }
"""

_DATASET = """
schema = 1
id = "sales"
primary_key = ["line"]
licence = "Made up"
source = "Made up for tests"
title = { en = "Sales", ja = "売上げ" }
description = { en = "One row a sale.", ja = "売上げ1件ごとに1行です。" }

[sekisho]
method = "disclosure-control"
contributor = "firm"
missing_unit = "refuse"
holder = "office"

[[columns]]
name = "line"
type = "integer"
title = { en = "Line", ja = "行" }
constraints = { required = true, minimum = 1 }
sekisho = { sensitivity = "confidential" }

[[columns]]
name = "firm"
type = "string"
title = { en = "Firm", ja = "企業" }
constraints = { required = true }
sekisho = { sensitivity = "identifying" }

[[columns]]
name = "region"
type = "string"
title = { en = "Region", ja = "地域" }
constraints = { required = true, enum = ["north", "south", "west"] }
sekisho = { sensitivity = "public" }

[[columns]]
name = "town"
type = "string"
title = { en = "Town", ja = "町" }
constraints = { required = true, pattern = "[a-z0-9]+" }
sekisho = { sensitivity = "public" }

[[columns]]
name = "goods"
type = "string"
title = { en = "Goods", ja = "品目" }
constraints = { required = true }
sekisho = { sensitivity = "public" }

[[columns]]
name = "year"
type = "integer"
title = { en = "Year", ja = "年" }
constraints = { required = true, minimum = 2000, maximum = 2100 }
sekisho = { sensitivity = "public" }

[[columns]]
name = "value"
type = "number"
title = { en = "Value", ja = "金額" }
constraints = { required = true, minimum = 0 }
sekisho = { sensitivity = "confidential", decimals = 2, unit_of_measure = "JPY" }
"""

_PLAN = """
schema = 1
id = "{id}"
method = "disclosure-control"
sensitivity_rules = ["minimum-frequency", "p-percent"]
minimum_frequency = 3
cost = "value"
attackers = "{attackers}"
links = ["{link}"]
title = {{ en = "Sales {id}", ja = "売上げ {id}" }}
description = {{ en = "Made up.", ja = "架空の表です。" }}

[measure]
column = "value"
title = {{ en = "Value", ja = "金額" }}
unit_of_measure = {{ en = "yen", ja = "円" }}

[[dimensions]]
id = "{dimension}"
title = {{ en = "{dimension}", ja = "{dimension}" }}
total = {{ en = "All", ja = "全体" }}
levels = [{levels}]

[[dimensions]]
id = "year"
title = {{ en = "Year", ja = "年" }}
total = {{ en = "All years", ja = "全期間" }}
levels = [{{ column = "year", title = {{ en = "Year", ja = "年" }} }}]
"""

_RULE = """
@id("small-trade-R1")
@cite("Made-up terms, section 1")
@cite_ja("架空の規約 第1条")
@text_en("Protected tables may be released to the public.")
@text_ja("秘匿処理をした集計表は公表できます。")
permit (principal, action == Action::"release", resource)
when {
  context.data.identifiability == "statistical" && context.recipient.kind == "public"
};
"""


def _level(name: str) -> str:
    return f'{{ column = "{name}", title = {{ en = "{name}", ja = "{name}" }} }}'


def write_programme(folder: Path, *, attackers: str = "contributors") -> Path:
    """The programme's folder, written below `folder`."""
    root = folder / PROGRAMME
    for part in ("datasets", "releases", "rules"):
        (root / part).mkdir(parents=True, exist_ok=True)
    place = _PLAN.format(
        id="by-place",
        link="by-goods",
        dimension="place",
        attackers=attackers,
        levels=f"{_level('region')}, {_level('town')}",
    )
    goods = _PLAN.format(
        id="by-goods",
        link="by-place",
        dimension="goods",
        attackers=attackers,
        levels=_level("goods"),
    )
    select = "SELECT {columns}, year, SUM(value) AS value FROM sales\nGROUP BY ROLLUP ({columns}), ROLLUP (year)\n"
    files = {
        "README.md": "# Small trade\n\nMade up for tests.\n",
        "programme.toml": _PROGRAMME,
        "datasets/sales.toml": _DATASET,
        "releases/by-place.toml": place,
        "releases/by-goods.toml": goods,
        "releases/by-place.sql": select.format(columns="region, town"),
        "releases/by-goods.sql": select.format(columns="goods"),
        "rules/release.cedar": _RULE,
    }
    for name, text in files.items():
        (root / name).write_text(text.lstrip("\n"), encoding="utf-8")
    return root


def rows(seed: int = 1, *, firms: int = 14, count: int = 220, start: int = 1) -> list[str]:
    """CSV lines of made-up sales."""
    draw = random.Random(seed)
    towns = {"north": ["n1", "n2", "n3"], "south": ["s1", "s2"], "west": ["w1", "w2", "w3"]}
    lines = []
    for line in range(start, start + count):
        region = draw.choice(sorted(towns))
        town = draw.choice(towns[region])
        firm = f"firm-{min(draw.randrange(firms), draw.randrange(firms))}"
        goods = draw.choice(["rice", "tea", "silk", "paper"])
        value = round(draw.lognormvariate(6, 1.2), 2)
        lines.append(
            f"{line},{firm},{region},{town},{goods},{draw.choice([2019, 2020, 2021])},{value:.2f}"
        )
    return lines


HEADER = "line,firm,region,town,goods,year,value"


def write_sales(file: Path, lines: list[str]) -> Path:
    """A CSV file of sales."""
    file.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return file


def make_node(folder: Path, *, attackers: str = "contributors", seed: int = 1):
    """A node with the programme and one delivery; the caller closes it."""
    import sekisho

    node = sekisho.init(folder / "node", OWNER, sensitivity={"p-percent": SECRET_P})
    node.add_programme(write_programme(folder, attackers=attackers))
    node.load(PROGRAMME, "sales", write_sales(folder / "sales.csv", rows(seed)))
    return node
