"""Files that come with answers: kept by participant and digest, never opened here, never run."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from sekisho.errors import DeliveryError, Fault, NotFound, Place, fault, raise_all
from sekisho.gate.files import move_into_place, workshop, write_whole
from sekisho.gate.forms.asked import answering
from sekisho.gate.house import Call, House
from sekisho.gate.locks import held
from sekisho.lanes.open.files import file_faults, safe_name, told_type
from sekisho.model.form import Form, QuestionKind
from sekisho.model.submission import Answer, Answers, FileRef

MOST_KEPT = 2 * 1024**3
"""Bytes of all files of one participant together."""


def attach(call: Call, where: tuple[str, str, str], name: str, data: bytes) -> FileRef:
    """Take a file in for a question (programme, form, question); what an answer says of it.

    Raises: DeliveryError when it is not what it says, or not what the question allows.
    """
    programme_id, form_id, question_id = where
    _, form = answering(call, programme_id, form_id)
    question = form.question(question_id)
    if question is None or question.kind is not QuestionKind.FILE:
        raise NotFound(fault("forms.not-a-file", title=question_id))
    found = [replace(each, place=Place(question_id)) for each in file_faults(question, name, data)]
    raise_all(DeliveryError, found)
    kind = told_type(data, name) or ""
    made = FileRef(safe_name(name, kind), kind, sha256(data).hexdigest(), len(data))
    _keep(call.house, call.actor.participant, made.digest, data)
    return made


def _keep(house: House, participant: str, digest: str, data: bytes) -> None:
    target = house.folder.upload(participant, digest)
    if target.exists():
        return
    kept = target.parent.glob("*") if target.parent.is_dir() else ()
    if sum(each.stat().st_size for each in kept) + len(data) > MOST_KEPT:
        raise DeliveryError(fault("forms.files-too-many", most=MOST_KEPT // 1024**3))
    for folder in (target.parent.parent, target.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    with held(house.busy, shared=True), workshop(house.folder.aside) as own:
        aside = own / "file"
        write_whole(aside, data)
        aside.chmod(0o600)
        move_into_place(aside, target)


def file_place(house: House, participant: str, file: FileRef) -> Path:
    """Where a participant's file lies; NotFound when it is not here."""
    place = house.folder.upload(participant, file.digest)
    if not place.is_file():
        raise NotFound(fault("forms.no-submission"))
    return place


def settled_files(
    house: House, form: Form, participant: str, answers: Answers
) -> tuple[dict[str, Answer], list[Fault]]:
    """Answers whose files are the participant's own and are what they say, whoever wrote them down.

    What an answer says of a file comes from outside, so name, type and size are told again.
    """
    settled: dict[str, Answer] = dict(answers)
    faults: list[Fault] = []
    for name, file in files_of(answers):
        question = form.question(name)
        place = house.folder.upload(participant, file.digest)
        if question is None or not place.is_file():
            title = question.title if question else name
            faults.append(fault("forms.file-unknown", Place(name), title=title))
            continue
        data = place.read_bytes()
        faults += [replace(f, place=Place(name)) for f in file_faults(question, file.name, data)]
        kind = told_type(data, file.name)
        if kind is not None:
            settled[name] = FileRef(safe_name(file.name, kind), kind, file.digest, len(data))
    return settled, faults


def files_of(answers: Mapping[str, Answer]) -> Iterator[tuple[str, FileRef]]:
    """The files among some answers, with their questions."""
    for name, answer in answers.items():
        if isinstance(answer, FileRef):
            yield name, answer
