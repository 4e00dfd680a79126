"""A small programme folder without a fault, as texts, for tests to spoil."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from sekisho.errors import Fault
from sekisho.rules.check import check_rules
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import Vocabulary

RULES = """
@id("shop-R1")
@cite("Terms, section 1")
@text_en("Protected tables may be released to the public.")
@text_ja("秘匿処理をした集計表は公表できます。")
permit (principal, action == Action::"release", resource)
when { context.data.identifiability == "statistical" };
"""

PROGRAMME = """\
schema = 1
id = "shop-sales"
title = { en = "Sales of shops", ja = "店舗の売上げ" }
description = { en = "What shops sold", ja = "店舗が売ったもの" }
purpose = "dpv:OfficialStatistics"
legal_basis = { en = "Statistics Act", ja = "統計法" }
steward = "office"
recipients = ["public"]
jurisdictions = ["JP"]
"""

DATASET = """\
schema = 1
id = "sales"
title = { en = "Sales", ja = "売上げ" }
description = { en = "One row a sale", ja = "売上げ1件が1行" }
primary_key = ["sale"]
sample = "sample/sales.csv"

[sekisho]
method = "disclosure-control"
contributor = "shop"
not_contributors = [{ value = "own", reason = { en = "Our own shop", ja = "自社の店舗" } }]

[[columns]]
name = "sale"
type = "integer"
title = { en = "Sale", ja = "番号" }
constraints = { required = true, minimum = 1 }

[[columns]]
name = "shop"
type = "string"
title = { en = "Shop", ja = "店舗" }
constraints = { required = true, pattern = "[a-z]+" }
sekisho = { sensitivity = "identifying" }

[[columns]]
name = "region"
type = "string"
title = { en = "Region", ja = "地域" }
constraints = { required = true, enum = ["n", "s"] }

[[columns]]
name = "goods"
type = "string"
title = { en = "Goods", ja = "品目" }
constraints = { required = true }

[[columns]]
name = "amount"
type = "number"
title = { en = "Amount", ja = "金額" }
constraints = { required = true, minimum = 0 }
sekisho = { decimals = 2, unit_of_measure = "JPY" }
"""

LOOKUP = """\
schema = 1
id = "regions"
title = { en = "Regions", ja = "地域" }
key = "code"
licence = "Apache-2.0"
source = "made up"

[[columns]]
name = "code"
type = "string"
title = { en = "Code", ja = "コード" }
constraints = { required = true, enum = ["n", "s"] }

[[columns]]
name = "name_en"
type = "string"
title = { en = "Name", ja = "英語名" }
constraints = { required = true }

[[columns]]
name = "name_ja"
type = "string"
title = { en = "Name in Japanese", ja = "名称" }
constraints = { required = true }
"""

BY_REGION = """\
schema = 1
id = "by-region"
title = { en = "Sales by region", ja = "地域別の売上げ" }
description = { en = "Amount by region", ja = "地域別の金額" }
method = "disclosure-control"
sensitivity_rules = ["minimum-frequency", "p-percent"]
links = ["by-goods"]

[measure]
column = "amount"
title = { en = "Amount", ja = "金額" }
unit_of_measure = { en = "yen", ja = "円" }

[[dimensions]]
id = "region"
title = { en = "Region", ja = "地域" }
total = { en = "All regions", ja = "全地域" }
levels = [{ column = "region", title = { en = "Region", ja = "地域" } }]

[[label_sources]]
column = "region"
lookup = "regions"
value = "code"
en = "name_en"
ja = "name_ja"
"""

BY_GOODS = (
    BY_REGION.split("[[dimensions]]", maxsplit=1)[0]
    .replace("by-region", "by-goods")
    .replace('links = ["by-goods"]\n', "")
    .replace("by region", "by goods")
    + """\
[[dimensions]]
id = "place"
title = { en = "Place", ja = "場所" }
total = { en = "Everywhere", ja = "全域" }
levels = [
  { column = "region", title = { en = "Region", ja = "地域" } },
  { column = "goods", title = { en = "Goods", ja = "品目" } },
]

[labels.region]
n = { en = "North", ja = "北" }
s = { en = "South", ja = "南" }
"""
)

FILES: dict[str, str] = {
    "README.md": "# Sales of shops\n",
    "programme.toml": PROGRAMME,
    "datasets/sales.toml": DATASET,
    "lookups/regions.toml": LOOKUP,
    "lookups/regions.csv": "code,name_en,name_ja\nn,North,北\ns,South,南\n",
    "releases/by-region.toml": BY_REGION,
    "releases/by-region.sql": "SELECT region, SUM(amount) AS amount\nFROM sales\nGROUP BY ROLLUP (region)\n",
    "releases/by-goods.toml": BY_GOODS,
    "releases/by-goods.sql": (
        "SELECT region, goods, SUM(amount) AS amount\nFROM sales\nGROUP BY ROLLUP (region, goods)\n"
    ),
    "rules/release.cedar": RULES,
    "sample/sales.csv": "sale,shop,region,goods,amount\n1,a,n,tea,10.00\n",
}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write the files into a folder and give it back."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode("utf-8") if isinstance(content, str) else content
        target.write_bytes(data)
    return folder


def packed(files: Mapping[str, str | bytes]) -> zipfile.Path:
    """The files as a packed folder in memory."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return zipfile.Path(zipfile.ZipFile(io.BytesIO(stored.getvalue())), "")


def spoilt(file: str, old: str, new: str) -> dict[str, str]:
    """The sound files with one text of one file replaced."""
    assert old in FILES[file], (file, old)
    return FILES | {file: FILES[file].replace(old, new, 1)}


def check_own_rules(rules: object) -> list[Fault]:
    """Check rules as where no pack of any country is installed."""
    return check_rules(rules, Packs({}, Vocabulary({}), "", ""))
