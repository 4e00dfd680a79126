"""Made-up trips of people whom two or three made-up carriers carry; each brings its own part."""

from datetime import date, timedelta
from pathlib import Path

import sekisho
from sekisho.formats.pseudonyms import apply, key_check
from sekisho.gate.part_checks import SaidOfPart
from sekisho.model.actor import Actor, Participant
from sekisho.model.text import Text
from sekisho.ports import Watch
from sekisho.terms import ParticipantKind, Role
from tests.lib import private

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
CARRIERS = ("alpha", "beta", "gamma")
AREAS = ("east", "north", "south")
FIRST, LAST = date(2024, 1, 1), date(2024, 1, 10)
NEXT = (date(2025, 1, 1), date(2025, 1, 10))

_PARTS = f"""
[sekisho.parts]
holders = ["alpha", "beta", "gamma"]
least = 2
key_check = "{key_check(KEY)}"
days = "day"

[sekisho.budget]"""


def write_programme(folder: Path) -> Path:
    """The made-up trips with three holders, and a plan a year."""
    root = private.write_programme(folder, period=private.YEARLY)
    dataset = root / "datasets" / "trips.toml"
    text = dataset.read_text("utf-8").replace('holder = "office"\n', "")
    text = text.replace("\n[sekisho.budget]", _PARTS, 1)
    text = text.replace('name = "person"\ntype = "integer"', 'name = "person"\ntype = "string"')
    text = text.replace(
        "constraints = { minimum = 1 }", 'constraints = { pattern = "[0-9a-f]{32}" }'
    )
    dataset.write_text(text, "utf-8")
    plan = (root / "releases" / "trips-by-area.toml").read_text("utf-8")
    for year in (2024, 2025):
        name = f"trips-{year}"
        (root / "releases" / f"{name}.toml").write_text(
            plan.replace("trips-by-area", name), "utf-8"
        )
        within = f"day BETWEEN DATE '{year}-01-01' AND DATE '{year}-12-31'"
        (root / "releases" / f"{name}.sql").write_text(
            f"SELECT area, COUNT(*) AS trips FROM trips WHERE {within} GROUP BY ROLLUP (area)\n",
            "utf-8",
        )
    for old in ("trips-by-area.toml", "trips-by-area.sql"):
        (root / "releases" / old).unlink()
    return root


def make_node(folder: Path):
    """A node with the programme, three carriers and an officer of each; the caller closes it."""
    node = sekisho.init(folder / "node", private.OWNER)
    for carrier in CARRIERS:
        name = Text(f"Carrier {carrier} (made up)", f"通信会社{carrier}（架空）")
        node.add_participant(Participant(carrier, name, ParticipantKind.BUSINESS_OPERATOR, "JP"))
        node.add_actor(Actor(f"{carrier}-officer", carrier, frozenset({Role.DATA_HOLDER})))
    node.add_programme(write_programme(folder))
    return node


def lines(people: range, days: tuple[date, date] = (FIRST, LAST)) -> list[str]:
    """One trip a person and day."""
    count = (days[1] - days[0]).days + 1
    return [
        f"user-{person},{AREAS[(person + day) % 3]},{days[0] + timedelta(days=day)},10.0"
        for person in people
        for day in range(count)
    ]


def write_part(folder: Path, name: str, rows: list[str], key: bytes = KEY) -> Path:
    """A carrier's file, its users under pseudonyms."""
    raw = private.write_trips(folder / f"{name}-raw.csv", rows)
    named = folder / f"{name}.csv"
    apply(key, raw, "person", named, Watch())
    return named


def said(days: tuple[date, date] = (FIRST, LAST), key: bytes = KEY) -> SaidOfPart:
    """What a carrier says of its part."""
    return SaidOfPart(key_check(key), days)


def bring(node, folder: Path, carrier: str, people: range, days=(FIRST, LAST)):
    """Let a carrier bring its part."""
    file = write_part(folder, f"{carrier}-{days[0]}", lines(people, days))
    officer = node.as_(f"{carrier}-officer")
    return officer.load(private.PROGRAMME, "trips", file, part=said(days))
