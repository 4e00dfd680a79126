"""The demo's statistics on people: two made-up carriers' parts, medians, and what follows."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from sekisho.cli.options import Speaker
from sekisho.cli.progress import watched
from sekisho.cli.release import SHOWN_ROWS, say_indicators, say_result

if TYPE_CHECKING:
    from sekisho.node import Node
    from sekisho.present.released import Released

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
PUBLIC_TABLE, PUBLIC_INDICATOR = "us-daily-mobility", "stay-at-home"
SAID_OF_PUBLIC = 1
"""Lines of the public table's indicator that stand in the terminal; its page has all."""


def mobility(speaker: Speaker, node: "Node", programme: str) -> "list[Released]":
    """Both carriers bring their parts; two tables leave, and words say what follows from them."""
    node.add_programme(programme)
    for carrier in CARRIERS:
        _bring(speaker, node, programme, carrier)
    released = [_released(speaker, node, programme, plan) for plan in MOBILITY_PLANS]
    data = replace(node.public.open(programme, PUBLIC_TABLE), language=speaker.language)
    result = data.result(PUBLIC_INDICATOR)
    say_result(speaker, result, data.label(result), most=SAID_OF_PUBLIC)
    return released


def _bring(speaker: Speaker, node: "Node", programme: str, carrier: str) -> None:
    """A carrier's files, brought by its own officer: nobody else may bring its part."""
    from sekisho.errors import Conflict
    from sekisho.gate.part_checks import SaidOfPart
    from sekisho.model.actor import Actor, Participant
    from sekisho.model.text import Text
    from sekisho.programmes.shipped import shipped_programmes
    from sekisho.terms import ParticipantKind, Role

    holder, officer = f"demo-carrier-{carrier}", f"officer-of-carrier-{carrier}"
    name = Text(*CARRIERS[carrier])
    with suppress(Conflict):  # who takes part since an earlier demo
        node.add_participant(Participant(holder, name, ParticipantKind.BUSINESS_OPERATOR, "JP"))
    with suppress(Conflict):
        node.add_actor(Actor(officer, holder, frozenset({Role.DATA_HOLDER})))
    dataset = node.programme(programme).dataset(DEVICES)
    check = dataset.parts.key_check if dataset and dataset.parts else ""
    sample = shipped_programmes()[programme] / "sample"
    rows = 0
    for number, days in STRETCHES.items():
        file = sample / f"carrier-{carrier}-{number}.parquet"
        said = SaidOfPart(check, days)
        rows += node.as_(officer).load(programme, DEVICES, file, part=said).rows
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
