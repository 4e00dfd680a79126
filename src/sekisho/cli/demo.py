"""`sekisho demo`: protected tables on real and simulated data, and one person's record."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.demo_people import health, mobility
from sekisho.cli.demo_record import walk
from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched
from sekisho.cli.release import SHOWN_ROWS, release_answer, show_release

if TYPE_CHECKING:
    from sekisho.gate.findings import Findings
    from sekisho.node import Node
    from sekisho.present.released import Released

PROGRAMME = "cross-border-ecommerce"
DATASETS = ("deliveries", "online-retail")
PLANS = {
    "purchases-by-destination": "release-first",
    "purchases-by-product": "release-second",
    "customers-by-country": "release-private",
}
"""Release plan -> how its step is announced."""
MOBILITY = "mobility-statistics"
HEALTH = "health-statistics"
RECORDS = "health-referral"
STEPS = 11
PRIVATE = {"p-percent": 10}
"""The demo plays the data holder too, so it sets the holder's private parameter itself."""


class _Steps:
    """Announces each step, and remembers how long it took."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, **fields: object) -> Iterator[None]:
        number = len(self.seconds) + 1
        self.speaker.line()
        self.speaker.line(
            f"[{number}/{STEPS}] {said(f'demo-{name}', self.speaker.language, **fields)}"
        )
        begun = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - begun, 3)


@click.command(help=said("help-demo"))
@click.argument("folder", type=click.Path(path_type=Path), default="demo-node")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65535),
    help=said("option-port"),
)
@click.option("--no-serve", "no_serve", is_flag=True, help=said("option-no-serve"))
@common
def demo(speaker: Speaker, folder: Path, port: int, no_serve: bool) -> int:  # noqa: FBT001
    """Take real data the whole way."""
    steps = _Steps(speaker)
    with steps.step("node", folder=folder):
        node = _node(speaker, folder)
    with node:
        with steps.step("programme", programme=PROGRAMME):
            programme = node.add_programme(PROGRAMME)
            speaker.say("programme-added", programme=programme.id, digest=programme.digest)
        with steps.step("load"):
            for dataset in DATASETS:
                _load(speaker, node, dataset)
        released = [_release(steps, node, plan, step) for plan, step in PLANS.items()]
        with steps.step("mobility", programme=MOBILITY):
            released += mobility(speaker, node, MOBILITY)
        with steps.step("health", programme=HEALTH):
            released += health(speaker, node, HEALTH)
        with steps.step("verify"):
            findings = node.verify()
        _verdict(speaker, findings)
        with steps.step("receipt"):
            receipts = _receipts(speaker, node, released)
        with steps.step("record"):
            record = walk(speaker, folder / "hospitals", RECORDS)
        speaker.answer(
            {
                "folder": str(folder),
                "seconds": steps.seconds,
                "releases": [release_answer(node, each) for each in released],
                "receipts": [str(each) for each in receipts],
                "record": record,
                "log_verified": findings.passed,
                "entries": findings.size,
            }
        )
        if findings.passed and not no_serve and not speaker.as_json:
            _serve(speaker, node, port)
    return 0 if findings.passed else 11


def _node(speaker: Speaker, folder: Path) -> "Node":
    import sekisho
    from sekisho.model.actor import Participant
    from sekisho.model.text import Text
    from sekisho.terms import ParticipantKind

    if (folder / "node.toml").exists():
        speaker.say("demo-again", folder=folder)
        return sekisho.open(folder, actor=speaker.actor)
    steward = Participant(
        "demo-statistics-office",
        Text("Demo statistics office (made up)", "デモ統計局（架空）"),
        ParticipantKind.PUBLIC_BODY,
        "JP",
    )
    node = sekisho.init(folder, steward, language=speaker.language, sensitivity=PRIVATE)
    speaker.say("node-made", folder=folder, origin=node.origin, key=node.verifier_key)
    return node


def _load(speaker: Speaker, node: "Node", dataset: str) -> None:
    from sekisho.programmes.shipped import shipped_programmes

    sample = shipped_programmes()[PROGRAMME] / "sample" / f"{dataset}.parquet"
    with watched(speaker) as watch:
        delivery = node.load(PROGRAMME, dataset, sample, watch)
    speaker.say(
        "loaded",
        rows=f"{delivery.rows:,}",
        dataset=dataset,
        programme=PROGRAMME,
        id=delivery.id,
    )


def _release(steps: _Steps, node: "Node", plan: str, step: str) -> "Released":
    speaker = steps.speaker
    with steps.step(step, plan=plan), watched(speaker) as watch:
        released = node.release(PROGRAMME, plan, watch)
    show_release(speaker, node, released, rows=SHOWN_ROWS)
    return released


def _verdict(speaker: Speaker, findings: "Findings") -> None:
    if findings.passed:
        speaker.say("log-verified", size=findings.size, releases=findings.releases)
        return
    speaker.say("log-refused")
    for each in findings.faults:
        speaker.line(f"  {each.sentence(speaker.language)}")


def _receipts(speaker: Speaker, node: "Node", released: "list[Released]") -> list[Path]:
    """A receipt of each release, and the page that checks receipts in any browser."""
    folder = node.folder / "receipts"
    files = [node.write_receipt(each.id, folder / f"{each.id}.tlog-proof") for each in released]
    page, digest = node.write_receipt_page(folder)
    speaker.say("receipts", folder=folder, count=len(files), page=page.name, digest=digest)
    return files


def _serve(speaker: Speaker, node: "Node", port: int) -> None:
    from sekisho.web.serve import serve

    speaker.line()
    serve(node, "127.0.0.1", port, lambda address: speaker.say("serving", address=address))
