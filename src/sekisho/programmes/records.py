"""Record flows of a programme folder: `records/*.toml` with the notices that go with them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sekisho.errors import Fault, Place, fault
from sekisho.model.facts import Category
from sekisho.model.programme import Programme
from sekisho.model.record_flow import Notice, RecordCategory, RecordFlow
from sekisho.programmes.build import text_of
from sekisho.programmes.declaration import Declaration, KeyPath
from sekisho.programmes.folder import Folder
from sekisho.programmes.guess import guess, guessed, shown
from sekisho.programmes.places import place_in
from sekisho.programmes.record_vocabulary import EXPRESSED_BY
from sekisho.programmes.shape import ID
from sekisho.terms import Language

_PURPOSE = re.compile(r"dpv:[A-Z][A-Za-z]+")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_FIELD = re.compile(r"([A-Z][A-Za-z]{1,63})((?:\.[a-z][A-Za-z0-9]{0,63}(?:\[x\])?){1,8})")
_INFORMS = re.compile(
    r"consent\.(informed_[a-z]+|abroad|separate|sensitive_separate)|authorisation\.signed"
)
_EVERYBODY = frozenset({"public", "any-participant", "anybody", "everybody", "all"})


@dataclass(frozen=True, slots=True)
class _Found:
    """Flows so far, the faults in them, and the notices that they name."""

    flows: list[RecordFlow]
    faults: list[Fault]
    named: set[str]


def record_flows(
    sound: Mapping[str, Declaration], taken: Folder
) -> tuple[tuple[RecordFlow, ...], list[Fault]]:
    """The record flows of a folder, and every fault in them and their notices."""
    found = _Found([], [], set())
    files = sorted(file for file in taken.digests if file.startswith("records/"))
    for file in files:
        read = sound.get(file)
        if read is None:
            continue
        found.named.update(each["id"] for each in read.values["notices"])
        wrong = [*_flow_faults(read), *_notice_faults(read, taken)]
        found.faults.extend(wrong)
        if not wrong:
            found.flows.append(flow_of(read.values, taken.digests))
    if all(file in sound for file in files):
        found.faults.extend(_orphans(taken, found.named))
    return tuple(found.flows), found.faults


def flow_of(value: Mapping[str, Any], digests: Mapping[str, str]) -> RecordFlow:
    """One record flow; the digests are those of the folder's files."""
    return RecordFlow(
        id=value["id"],
        title=text_of(value["title"]),
        description=text_of(value["description"]),
        format=value["format"],
        subject=value["subject"],
        purpose=value["purpose"],
        senders=tuple(value["senders"]),
        recipients=tuple(value["recipients"]),
        categories=tuple(_category_of(each) for each in value["categories"]),
        longest_days=value["longest_days"],
        pick_up_hours=value["pick_up_hours"],
        notices=tuple(_notices_of(value["notices"], digests)),
        pick_up_once=value.get("pick_up_once", True),
        free_text=value.get("free_text", False),
        onward=value.get("onward", False),
        keep_days=value.get("keep_days", 0),
        age_of_consent=value.get("age_of_consent"),
        sample=value.get("sample"),
    )


def _category_of(value: Mapping[str, Any]) -> RecordCategory:
    return RecordCategory(
        id=value["id"],
        title=text_of(value["title"]),
        types=tuple(value["types"]),
        codes=tuple((system, code) for system, code in value.get("codes", ())),
        fields=tuple(value["fields"]),
        special=Category(value["special"]),
        needed=value.get("needed", False),
    )


def _notices_of(
    declared: Sequence[Mapping[str, Any]], digests: Mapping[str, str]
) -> Iterator[Notice]:
    for each in declared:
        for language in Language:
            file = _notice_file(each["id"], language)
            by, informs = tuple(each["by"]), tuple(each.get("informs", ()))
            yield Notice(each["id"], language, file, digests[file], by, informs)


def _informs_faults(read: Declaration) -> Iterator[Fault]:
    """A notice makes true what a consent can make true, and nothing else."""
    for number, each in enumerate(read.values["notices"]):
        for at, name in enumerate(each.get("informs", ())):
            if not _INFORMS.fullmatch(name):
                place = read.place(("notices", number, "informs", at))
                yield fault("record_flow.bad-informs", place, name=shown(name))


def _notice_file(notice: str, language: Language) -> str:
    return f"notices/{notice}.{language.value}.md"


def _flow_faults(read: Declaration) -> Iterator[Fault]:
    """What a flow that keeps to the vocabulary may still have wrong."""
    value = read.values
    if not _PURPOSE.fullmatch(value["purpose"]):
        yield fault("programme.bad-purpose", read.place(("purpose",)))
    for side in ("senders", "recipients"):
        for number, name in enumerate(value[side]):
            if name in _EVERYBODY:
                yield fault("record_flow.everybody", read.place((side, number)), name=name)
    if set(value["senders"]) == set(value["recipients"]) and len(value["senders"]) == 1:
        yield fault("record_flow.to-itself", read.place(("recipients",)))
    yield from _twice(read, "categories")
    yield from _twice(read, "notices")
    for number in range(len(value["categories"])):
        yield from _category_faults(read, number)
    yield from _shared_types(read)
    yield from _informs_faults(read)


def _twice(read: Declaration, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, each in enumerate(read.values[key]):
        if each["id"] in seen:
            yield fault("record_flow.id-twice", read.place((key, number, "id")), id=each["id"])
        seen.add(each["id"])


def _category_faults(read: Declaration, number: int) -> Iterator[Fault]:
    value, path = read.values["categories"][number], ("categories", number)
    for at, name in enumerate(value["types"]):
        if not _TYPE.fullmatch(name):
            yield fault("record_flow.bad-type", read.place((*path, "types", at)), name=shown(name))
    named = set()
    for at, field in enumerate(value["fields"]):
        place = read.place((*path, "fields", at))
        parts = _FIELD.fullmatch(field)
        if parts is None:
            yield fault("record_flow.bad-field", place, name=shown(field), type=value["types"][0])
        elif parts[1] not in value["types"]:
            yield guessed("record_flow.other-type", place, parts[1], value["types"])
        else:
            named.add(parts[1])
    wrong = any(not _FIELD.fullmatch(field) for field in value["fields"])
    for at, name in enumerate(value["types"]):
        if _TYPE.fullmatch(name) and name not in named and not wrong:
            yield fault("record_flow.no-field", read.place((*path, "types", at)), name=name)
    for at, row in enumerate(value.get("codes", ())):
        if len(row) != len(("system", "code")) or not all(part.strip() for part in row):
            yield fault("record_flow.bad-code", read.place((*path, "codes", at)))


def _shared_types(read: Declaration) -> Iterator[Fault]:
    """A type that two categories share must be told apart by codes in both.

    Else consent to the one would let the resources of the other go.
    """
    owners: dict[str, list[int]] = {}
    for number, each in enumerate(read.values["categories"]):
        for name in dict.fromkeys(each["types"]):
            owners.setdefault(name, []).append(number)
    for name, numbers in owners.items():
        for number in numbers if len(numbers) > 1 else ():
            if not read.values["categories"][number].get("codes"):
                path: KeyPath = ("categories", number, "types")
                yield fault("record_flow.shared-type", read.place(path), name=name)


def _notice_faults(read: Declaration, taken: Folder) -> Iterator[Fault]:
    value = read.values
    by: set[str] = set()
    for number, each in enumerate(value["notices"]):
        path: KeyPath = ("notices", number)
        for at, who in enumerate(each["by"]):
            if who not in EXPRESSED_BY:
                yield guessed(
                    "record_flow.nobody", read.place((*path, "by", at)), who, EXPRESSED_BY
                )
            by.add(who)
        for language in Language:
            yield from _file_faults(read, (*path, "id"), _notice_file(each["id"], language), taken)
    needed = ["self"]
    if value.get("age_of_consent") is not None and value["subject"] == "person":
        needed.append("guardian")
    for who in needed:
        if who not in by and not any(guess(each, (who,)) for each in by - set(EXPRESSED_BY)):
            yield fault("record_flow.no-notice-for", read.place(("notices",)), who=who)


def _file_faults(read: Declaration, path: KeyPath, file: str, taken: Folder) -> Iterator[Fault]:
    """Whether a notice is there and says something."""
    if file not in taken.digests:
        if not any(each.place and each.place.file == file for each in taken.faults):
            yield fault("record_flow.no-notice", read.place(path), file=file)
    elif file in taken.texts and not taken.texts[file].strip():
        yield fault("record_flow.empty-notice", Place(file, 1))


def _orphans(taken: Folder, named: set[str]) -> Iterator[Fault]:
    """Notices that no flow shows, or whose name tells neither id nor language."""
    endings = tuple(f".{language.value}.md" for language in Language)
    for file in sorted(file for file in taken.digests if file.startswith("notices/")):
        name = file.removeprefix("notices/")
        notice = name[: -len(endings[0])]
        if not name.endswith(endings) or not ID.fullmatch(notice):
            yield fault("record_flow.notice-name", Place(file), example="patient.en.md")
        elif notice not in named:
            yield fault("record_flow.notice-unused", Place(file), id=notice)


UnknownPaths = Callable[[str, Sequence[str]], Sequence[str]]
"""Name of a record format and paths -> those of them that the format does not define."""


def path_faults(programme: Programme, unknown: UnknownPaths) -> Iterator[Fault]:
    """Paths that the format does not define: a slip of the pen would keep nothing."""
    for flow in programme.record_flows:
        for number, category in enumerate(flow.categories):
            for name in unknown(flow.format, category.fields):
                at = category.fields.index(name)
                file, path = f"records/{flow.id}.toml", ("categories", number, "fields", at)
                place = place_in(programme, file, *path)
                yield fault("record_flow.unknown-path", place, path=name, format=flow.format)


def record_faults(programme: Programme) -> Iterator[Fault]:
    """What record flows and the rest of the programme say against each other."""
    samples = [file for file in programme.files if file.startswith("sample/")]
    for flow in programme.record_flows:
        file = f"records/{flow.id}.toml"
        for number, name in enumerate(flow.recipients):
            if name not in programme.recipients:
                place = place_in(programme, file, "recipients", number)
                yield guessed("record_flow.unknown-recipient", place, name, programme.recipients)
        if flow.sample is not None and flow.sample not in samples:
            place = place_in(programme, file, "sample")
            yield guessed("programme.unknown-sample", place, flow.sample, samples)
