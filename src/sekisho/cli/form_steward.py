"""`sekisho form` for whoever answers for a programme: who has answered, whom to remind."""

from pathlib import Path

import click

from sekisho.cli.form import FORM, NODE, PROGRAMME, form, tell, words
from sekisho.cli.options import Speaker, common
from sekisho.cli.progress import watched


@form.command(help=words("submissions"))
@NODE
@PROGRAMME
@click.argument("form_id", metavar="FORM", required=False)
@common
def submissions(speaker: Speaker, node: Path, programme: str, form_id: str | None) -> None:
    """What has been submitted and may be read."""
    import sekisho
    from sekisho.lanes.open.written import submission_json

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.submissions(programme, form_id)
    for each in found:
        late = "  *" if each.late else ""
        speaker.line(
            f"{each.reference}  {each.form}  {each.participant}  "
            f"{each.submitted_at:%Y-%m-%d %H:%M} UTC{late}"
        )
    if not found:
        tell(speaker, "none-submitted")
    speaker.answer({"submissions": [submission_json(each) for each in found]})


@form.command(help=words("status"))
@NODE
@PROGRAMME
@FORM
@common
def status(speaker: Speaker, node: Path, programme: str, form_id: str) -> None:
    """Who has answered, who has begun, who has not."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.status(programme, form_id)
    for each in found.answered:
        name = "status-late" if each.late else "status-answered"
        tell(speaker, name, participant=each.participant, reference=each.reference)
    for participant in found.drafting:
        tell(speaker, "status-drafting", participant=participant)
    for participant in found.waiting:
        tell(speaker, "status-waiting", participant=participant)
    speaker.answer(
        {
            "answered": [
                {"participant": e.participant, "reference": e.reference, "late": e.late}
                for e in found.answered
            ],
            "drafting": list(found.drafting),
            "waiting": list(found.waiting),
        }
    )


@form.command(help=words("remind"))
@NODE
@PROGRAMME
@common
def remind(speaker: Speaker, node: Path, programme: str) -> None:
    """Whom to remind today."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.forms.reminders(programme)
    for each in found:
        tell(
            speaker,
            "reminder",
            participant=each.participant,
            form=each.form,
            day=each.deadline.day,
            zone=each.deadline.zone,
            days=each.days_left,
        )
    if not found:
        tell(speaker, "none-to-remind")
    speaker.answer(
        {
            "reminders": [
                {
                    "participant": each.participant,
                    "form": each.form,
                    "deadline": each.deadline.day.isoformat(),
                    "zone": each.deadline.zone,
                    "days_left": each.days_left,
                }
                for each in found
            ]
        }
    )


@form.command(help=words("count"))
@NODE
@PROGRAMME
@FORM
@common
def count(speaker: Speaker, node: Path, programme: str, form_id: str) -> None:
    """Deliver new answers to the form's dataset."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        delivery = opened.forms.count(programme, form_id, watch)
    tell(speaker, "counted", rows=f"{delivery.rows:,}", dataset=delivery.dataset)
    speaker.answer({"delivery": delivery.id, "dataset": delivery.dataset, "rows": delivery.rows})
