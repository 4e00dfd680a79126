"""A made-up programme with a survey and a request for data, and nodes that have taken it in."""

import atexit
import copy
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sekisho.model.actor import Actor, Participant
from sekisho.model.form import Form
from sekisho.model.text import Text
from sekisho.terms import ParticipantKind, Role

PROGRAMME = "made-up-survey"
FORM = "telework"
ASK = "traffic"

HEAD = """\
schema = 1
id = "made-up-survey"
purpose = "dpv:OfficialStatistics"
steward = "office"
recipients = ["public"]
jurisdictions = ["JP"]
title = { en = "Survey (made up)", ja = "調査（架空）" }
description = { en = "Made up for tests.", ja = "試験のための架空の事業です。" }
legal_basis = { en = "Made up for tests.", ja = "試験のための架空の根拠です。" }
"""

SURVEY = """\
schema = 1
id = "telework"
version = 1
title = { en = "Telework in your firm", ja = "御社のテレワーク" }
description = { en = "Eight questions, about ten minutes.", ja = "8問、約10分です。" }
opens = 2020-06-01
visible = "members"
may_be_public = true
reminders_days = [14, 3]

[who]
participants = ["any-participant"]
one_each = true

[deadline]
day = 2020-06-23
zone = "Asia/Tokyo"

[dataset]
id = "answers"
public = ["region", "goods"]
table = "sites"
sekisho = { method = "disclosure-control" }

[[sections]]
id = "firm"
title = { en = "Your firm", ja = "御社について" }
help = { en = "As of 1 June.", ja = "6月1日現在でお答えください。" }

[[sections.questions]]
id = "region"
kind = "choice"
required = true
title = { en = "Region", ja = "地域" }
options = [
  { id = "north", title = { en = "North", ja = "北部" } },
  { id = "south", title = { en = "South", ja = "南部" } },
]

[[sections.questions]]
id = "staff"
kind = "number"
required = true
minimum = 0
maximum = 100000
unit = { en = "persons", ja = "人" }
title = { en = "Staff", ja = "従業員数" }

[[sections.questions]]
id = "teleworkers"
kind = "number"
minimum = 0
unit = { en = "persons", ja = "人" }
title = { en = "Staff who telework", ja = "テレワークをする従業員数" }

[[sections.questions]]
id = "tools"
kind = "several"
title = { en = "What you use", ja = "使っているもの" }
options = [
  { id = "video", title = { en = "Video calls", ja = "ビデオ会議" } },
  { id = "vpn", title = { en = "A private network", ja = "VPN" } },
  { id = "other", title = { en = "Something else", ja = "その他" } },
]

[[sections.questions]]
id = "other_tool"
kind = "text"
required = true
most = 200
title = { en = "What else", ja = "その他の内容" }
when = { question = "tools", op = "includes", value = "other" }

[[sections]]
id = "costs"
title = { en = "Costs and sites", ja = "費用と事業所" }

[[sections.questions]]
id = "spent"
kind = "money"
currency = "JPY"
minimum = 0
title = { en = "Spent on telework", ja = "テレワークの費用" }

[[sections.questions]]
id = "since"
kind = "date"
minimum = 2000-01-01
maximum = 2020-06-23
title = { en = "Telework since", ja = "テレワーク開始日" }

[[sections.questions]]
id = "lessons"
kind = "text"
both_languages = true
lines = 6
most = 2000
title = { en = "What you learned", ja = "分かったこと" }
help = { en = "In English, Japanese or both.", ja = "英語・日本語のどちらか、または両方で。" }

[[sections.questions]]
id = "sites"
kind = "table"
most = 50
title = { en = "Sites", ja = "事業所" }

[[sections.questions.columns]]
id = "goods"
kind = "choice"
required = true
title = { en = "Goods", ja = "品目" }
options = [
  { id = "rice", title = { en = "Rice", ja = "米" } },
  { id = "tea", title = { en = "Tea", ja = "茶" } },
]

[[sections.questions.columns]]
id = "sales"
kind = "number"
required = true
minimum = 0
decimals = 2
title = { en = "Sales", ja = "売上高" }

[[sections.questions.columns]]
id = "remark"
kind = "text"
title = { en = "Remark", ja = "備考" }

[[sections.questions]]
id = "report"
kind = "file"
most = 200000
file_types = ["application/pdf", "text/csv"]
title = { en = "Your report", ja = "報告書" }

[[checks]]
id = "not-more-than-all"
left = "teleworkers"
op = "at-most"
right = "staff"
message = { en = "No more staff can telework than there are", ja = "テレワークをする人数が従業員数を超えています" }
"""

REQUEST = """\
schema = 1
id = "traffic"
version = 1
title = { en = "Traffic of carriers", ja = "通信事業者のトラヒック" }
description = { en = "Monthly volumes.", ja = "月ごとの通信量です。" }

[who]
participants = ["carrier-a", "carrier-b"]

[deadline]
day = 2020-06-30
zone = "Asia/Tokyo"

[ask]
dataset = "volumes"
purpose = "dpv:OfficialStatistics"
legal_basis = { en = "Made up.", ja = "架空の根拠です。" }
period = { en = "May 2020", ja = "2020年5月" }
every_months = 1
"""

VOLUMES = """\
schema = 1
id = "volumes"
title = { en = "Volumes", ja = "通信量" }
description = { en = "One row an hour.", ja = "1時間ごとに1行です。" }
primary_key = ["carrier", "hour"]

[sekisho]
method = "disclosure-control"
contributor = "carrier"

[[columns]]
name = "carrier"
type = "string"
title = { en = "Carrier", ja = "事業者" }
constraints = { required = true }
sekisho = { sensitivity = "identifying" }

[[columns]]
name = "hour"
type = "integer"
title = { en = "Hour", ja = "時" }
constraints = { required = true, minimum = 0, maximum = 23 }

[[columns]]
name = "volume"
type = "number"
title = { en = "Volume", ja = "通信量" }
constraints = { required = true, minimum = 0 }
sekisho = { unit_of_measure = "GB" }
"""

PLAN = """\
schema = 1
id = "sales-by-goods"
method = "disclosure-control"
minimum_frequency = 3
title = { en = "Sales by goods", ja = "品目別の売上高" }
description = { en = "Made up.", ja = "架空の表です。" }

[measure]
column = "sales"
title = { en = "Sales", ja = "売上高" }
unit_of_measure = { en = "yen", ja = "円" }

[[dimensions]]
id = "goods"
title = { en = "Goods", ja = "品目" }
total = { en = "All goods", ja = "全品目" }
levels = [{ column = "goods", title = { en = "Goods", ja = "品目" } }]
"""

SQL = "SELECT goods, SUM(sales) AS sales FROM answers GROUP BY ROLLUP (goods)\n"

RULES = """\
@id("survey-R1")
@cite("Made-up terms, section 1")
@cite_ja("架空の規約 第1条")
@text_en("Answers of organisations may be handed in, shown to members and opened.")
@text_ja("組織の回答は、提出し、参加機関に示し、公開できます。")
permit (principal, action == Action::"publish", resource)
when { context.data.identifiability == "none" && context.purpose == "dpv:OfficialStatistics" };

@id("survey-R2")
@cite("Made-up terms, section 2")
@cite_ja("架空の規約 第2条")
@text_en("Protected tables may be released to the public.")
@text_ja("秘匿処理をした集計表は公表できます。")
permit (principal, action == Action::"release", resource)
when { context.data.identifiability == "statistical" && context.recipient.kind == "public" };

@id("survey-R3")
@cite("Made-up terms, section 3")
@cite_ja("架空の規約 第3条")
@text_en("Whoever is based in ZZ hands nothing in.")
@text_ja("ZZに所在する者からは受け付けません。")
forbid (principal, action == Action::"publish", resource)
when { context.sender.jurisdiction == "ZZ" };
"""

FILES = {
    "README.md": "# Survey\n\nMade up for tests.\n",
    "programme.toml": HEAD,
    "forms/telework.toml": SURVEY,
    "forms/traffic.toml": REQUEST,
    "datasets/volumes.toml": VOLUMES,
    "releases/sales-by-goods.toml": PLAN,
    "releases/sales-by-goods.sql": SQL,
    "rules/rules.cedar": RULES,
}

ANSWERS: dict[str, object] = {
    "region": "north",
    "staff": 120,
    "teleworkers": 80,
    "tools": ["video", "other"],
    "other_tool": "Fax, セキュアFAX",
    "spent": {"amount": 1200000, "currency": "JPY"},
    "since": "2020-04-07",
    "lessons": {"en": "Fewer meetings.\nMore writing.", "ja": "会議が減りました。"},
    "sites": [{"goods": "rice", "sales": 12.5}, {"goods": "tea", "sales": 3, "remark": "=1+1"}],
}
"""A whole and sound set of answers, as the API takes them."""

MEMBERS = ("carrier-a", "carrier-b", "carrier-c", "carrier-d")


def write_programme(folder: Path, **changed: str) -> Path:
    """The programme's folder below `folder`; `changed` replaces whole files by stem."""
    root = folder / PROGRAMME
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(changed.get(file.stem, text), encoding="utf-8")
    return root


def survey() -> Form:
    """The survey as a value."""
    from sekisho.programmes.read import read_folder
    from tests.lib.programme_folder import packed

    reading = read_folder(packed(FILES))
    assert reading.faults == ()
    form = reading.programme.form(FORM)
    assert form is not None
    return form


class ToldClock:
    """A clock that says what a test wants."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


IN_TIME = datetime(2020, 6, 10, 3, 0, tzinfo=UTC)


def make_node(folder: Path, *, at: datetime = IN_TIME, **changed: str):
    """A node with the programme and four members with two officers each; the caller closes it."""
    import sekisho

    model, tokens = _model(tuple(sorted(changed.items())))
    shutil.copytree(model, folder / "node")
    node, clock = sekisho.open(folder / "node"), ToldClock(at)
    node._house = replace(node._house, clock=clock)
    return node, clock, tokens


@cache
def _model(changed: tuple[tuple[str, str], ...]) -> tuple[Path, dict[str, str]]:
    """A node that others are copied from: making each would take most of the time."""
    import sekisho

    folder = Path(tempfile.mkdtemp(prefix="sekisho-forms-"))
    atexit.register(shutil.rmtree, folder)
    owner = Participant(
        "office", Text("Office (made up)", "統計局（架空）"), ParticipantKind.PUBLIC_BODY, "JP"
    )
    node = sekisho.init(folder / "node", owner)
    node._house = replace(node._house, clock=ToldClock(datetime(2020, 5, 1, tzinfo=UTC)))
    node.add_programme(write_programme(folder, **dict(changed)))
    tokens = {}
    for name in MEMBERS:
        letter = name[-1].upper()
        title = Text(f"Carrier {letter} (made up)", f"通信事業者{letter}（架空）")
        node.add_participant(Participant(name, title, ParticipantKind.BUSINESS_OPERATOR, "JP"))
        for number in (1, 2):
            officer = f"{name}-{number}"
            tokens[officer] = node.add_actor(Actor(officer, name, frozenset({Role.DATA_HOLDER})))
    node.close()
    return folder / "node", tokens


def answers(**changed: object) -> dict[str, object]:
    """The sound answers, changed; None takes one out."""
    whole = copy.deepcopy({**ANSWERS, **changed})
    return {name: value for name, value in whole.items() if value is not None}
