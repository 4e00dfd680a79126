"""The demo's statistics on people: two made-up carriers' parts, a made-up hospital's records."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sekisho.cli.options import Speaker
from sekisho.cli.progress import watched
from sekisho.cli.release import SHOWN_ROWS, say_indicators, say_result

if TYPE_CHECKING:
    from sekisho.model.actor import Participant
    from sekisho.node import Node
    from sekisho.present.released import Released
    from sekisho.terms import Role

DEVICES = "device-days"
CARRIERS = {
    "a": ("Demo Carrier A (made up)", "デモ通信A社（架空）"),
    "b": ("Demo Carrier B (made up)", "デモ通信B社（架空）"),
}
STRETCHES = {
    1: (date(2020, 3, 1), date(2020, 4, 19)),
    2: (date(2020, 4, 21), date(2020, 5, 15)),
}
"""Number of a carrier's file -> the days that it covers; 20 April was not published."""
MOBILITY_PLANS = ("daily-distance", "distance-bands")
ORDERS = ("us-daily-mobility", "stay-at-home")
"""Public table and its indicator."""
RECORDS, POPULATION, OBJECTS = "conditions", "population.json", "simulated-2"
HEALTH_PLANS = ("persons-by-age-and-illness",)
CASES = ("tokyo-daily-cases", "growth")
SAID_OF_PUBLIC = 1
"""Lines of a public table's indicator that stand in the terminal; its page has all."""


def mobility(speaker: Speaker, node: "Node", programme: str) -> "list[Released]":
    """Both carriers bring their parts; two tables leave, and words say what follows from them."""
    node.add_programme(programme)
    for carrier in CARRIERS:
        _bring(speaker, node, programme, carrier)
    released = [_released(speaker, node, programme, plan) for plan in MOBILITY_PLANS]
    _say_public(speaker, node, programme, ORDERS)
    return released


def health(speaker: Speaker, node: "Node", programme: str) -> "list[Released]":
    """A hospital's records become rows without whoever objects; a table of them leaves."""
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text
    from sekisho.programmes.shipped import shipped_programmes
    from sekisho.terms import ParticipantKind, Role

    holder = node.add_programme(programme).steward
    name = Text("Demo Hospital Tokyo (made up)", "デモ東京病院（架空）")
    hospital = Participant(holder, name, ParticipantKind.HOSPITAL, "JP")
    officer = _officer(node, hospital, Role.STEWARD, Role.DATA_HOLDER)
    sample = shipped_programmes()[programme] / "sample" / POPULATION
    with TemporaryDirectory() as own:
        objections = Path(own) / "objections.txt"
        objections.write_text(f"{OBJECTS}\n", encoding="utf-8")
        taken = officer.load(programme, RECORDS, sample, opt_outs=objections)
    said = name.said(speaker.language)
    speaker.say("demo-records", holder=said, rows=f"{taken.rows:,}", dataset=RECORDS)
    released = [_released(speaker, officer, programme, plan) for plan in HEALTH_PLANS]
    _say_public(speaker, node, programme, CASES)
    return released


def _officer(node: "Node", participant: "Participant", *roles: "Role") -> "Node":
    """The node on behalf of a participant's officer; both may stand there since an earlier demo."""
    from sekisho.errors import Conflict
    from sekisho.model.actor import Actor

    officer = f"officer-of-{participant.id}"
    with suppress(Conflict):
        node.add_participant(participant)
    with suppress(Conflict):
        node.add_actor(Actor(officer, participant.id, frozenset(roles)))
    return node.as_(officer)


def _say_public(speaker: Speaker, node: "Node", programme: str, what: tuple[str, str]) -> None:
    """What follows from a table that was published elsewhere, in a line."""
    table, indicator = what
    data = replace(node.public.open(programme, table), language=speaker.language)
    result = data.result(indicator)
    say_result(speaker, result, data.label(result), most=SAID_OF_PUBLIC)


def _bring(speaker: Speaker, node: "Node", programme: str, carrier: str) -> None:
    """A carrier's files, brought by its own officer: nobody else may bring its part."""
    from sekisho.gate.part_checks import SaidOfPart
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text
    from sekisho.programmes.shipped import shipped_programmes
    from sekisho.terms import ParticipantKind, Role

    name = Text(*CARRIERS[carrier])
    holder = Participant(f"demo-carrier-{carrier}", name, ParticipantKind.BUSINESS_OPERATOR, "JP")
    officer = _officer(node, holder, Role.DATA_HOLDER)
    dataset = node.programme(programme).dataset(DEVICES)
    check = dataset.parts.key_check if dataset and dataset.parts else ""
    sample = shipped_programmes()[programme] / "sample"
    rows = 0
    for number, days in STRETCHES.items():
        file = sample / f"carrier-{carrier}-{number}.parquet"
        said = SaidOfPart(check, days)
        rows += officer.load(programme, DEVICES, file, part=said).rows
    speaker.say("demo-part", holder=name.said(speaker.language), rows=f"{rows:,}", dataset=DEVICES)


def _released(speaker: Speaker, node: "Node", programme: str, plan: str) -> "Released":
    """A table with noise: title, holders, and what follows from it; else the table itself."""
    with watched(speaker) as watch:
        released = node.release(programme, plan, watch)
    cost, language = released.release.cost, speaker.language
    speaker.line()
    speaker.say(
        "demo-released",
        release=released.id,
        title=released.table.title.said(language),
        shown=f"{released.table.shown:,}",
        epsilon=f"{cost.epsilon.normalize():f}" if cost else "0",
    )
    names = {each.id: each.name.said(language) for each in node.participants()}
    for line in released.holders_said(language, names):
        speaker.line(line)
    if released.indicators:
        say_indicators(speaker, released)
    elif not speaker.as_json:
        from sekisho.present.terminal import print_table

        print_table(released.table, language, limit=SHOWN_ROWS, whole=str(released.folder))
    return released
