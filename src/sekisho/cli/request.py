"""`sekisho request`: data that somebody is asked to deliver."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.form import FORM, NODE, PROGRAMME, tell, words
from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched

if TYPE_CHECKING:
    from sekisho.model.data_request import DataRequest

REQUEST = click.argument("request_id", metavar="REQUEST")


@click.group(help=said("help-request"))
def request() -> None:
    """Data that somebody is asked to deliver."""


def _about(found: "DataRequest") -> dict[str, object]:
    return {
        "request": found.id,
        "dataset": found.dataset,
        "participant": found.participant,
        "round": found.round,
        "due": found.due.isoformat(),
        "state": found.state.value,
        "reason": found.reason,
        "late": found.late,
        "delivery": found.delivery,
    }


def _line(speaker: Speaker, found: "DataRequest") -> None:
    state = text.sentence(f"forms.request-{found.state.value}", {}, speaker.language)
    speaker.line(f"{found.id}  {found.due}  {state}  {found.reason}".rstrip())


@request.command(help=words("request-send"))
@NODE
@PROGRAMME
@FORM
@common
def send(speaker: Speaker, node: Path, programme: str, form_id: str) -> None:
    """Send the next round of a declared request."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        sent = opened.forms.request_data(programme, form_id)
    for each in sent:
        _line(speaker, each)
    speaker.answer({"requests": [_about(each) for each in sent]})


@request.command("list", help=words("request-list"))
@NODE
@click.argument("programme", required=False)
@common
def list_(speaker: Speaker, node: Path, programme: str | None) -> None:
    """Requests: all of a programme for its steward, else one's own, with why and what for."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.requests(programme)
        forms = {each.id: opened.forms.form_of_request(each) for each in found}
    for each in found:
        _line(speaker, each)
        asked = forms[each.id].ask
        if asked is not None:
            tell(
                speaker,
                "request-about",
                dataset=each.dataset,
                period=asked.period.said(speaker.language),
                purpose=asked.purpose,
                basis=asked.legal_basis.said(speaker.language),
            )
    if not found:
        tell(speaker, "none-asked")
    speaker.answer({"requests": [_about(each) for each in found]})


@request.command(help=words("request-accept"))
@NODE
@REQUEST
@common
def accept(speaker: Speaker, node: Path, request_id: str) -> None:
    """Say that a delivery will come."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.accept(request_id)
    _line(speaker, found)
    speaker.answer(_about(found))


@request.command(help=words("request-decline"))
@NODE
@REQUEST
@click.option("--reason", required=True, help=words("option-reason"))
@common
def decline(speaker: Speaker, node: Path, request_id: str, reason: str) -> None:
    """Say that no delivery will come, and why."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.decline(request_id, reason)
    _line(speaker, found)
    speaker.answer(_about(found))


@request.command(help=words("request-deliver"))
@NODE
@REQUEST
@click.argument("file", type=click.Path(path_type=Path))
@common
def deliver(speaker: Speaker, node: Path, request_id: str, file: Path) -> None:
    """Bring the data that were asked for."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        met = opened.forms.deliver(request_id, file, watch)
    _line(speaker, met.request)
    tell(speaker, "counted", rows=f"{met.delivery.rows:,}", dataset=met.delivery.dataset)
    speaker.answer(_about(met.request))
