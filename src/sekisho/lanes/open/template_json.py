"""Answers from JSON: as Sekisho writes them, or as the exchange's list of issues."""

from collections.abc import Iterator, Mapping

from sekisho.errors import DeliveryError, Fault, fault
from sekisho.lanes.open.template import Imported, finished, template_of
from sekisho.lanes.open.template_words import Template, is_title
from sekisho.model.form import Form, Section

_OF_ISSUE = frozenset({"code", "title", "interventions"})
_OF_INTERVENTION = frozenset({"code", "point", "title", "text", "outcome", "references"})


def answers_of_json(form: Form, value: object) -> Imported:
    """The answers that a JSON value gives.

    `{"answers": …}` holds them by question, as submissions are downloaded; `{"issues": […]}` holds
    interventions by issue, each with title, text, outcome and references.

    Raises: DeliveryError when it is another form's, or something in it has no place.
    """
    if not isinstance(value, Mapping):
        raise DeliveryError(fault("documents.not-answers"))
    if isinstance(value.get("answers"), Mapping):
        if value.get("form", form.id) != form.id:
            raise DeliveryError(fault("documents.another-template", form=form.id))
        other = value.get("version", form.version) != form.version
        notes = (fault("documents.other-version"),) if other else ()
        return Imported(dict(value["answers"]), notes)
    if isinstance(value.get("issues"), list):
        return _of_issues(template_of(form), value)
    raise DeliveryError(fault("documents.not-answers"))


def _of_issues(template: Template, value: Mapping[str, object]) -> Imported:
    faults: list[Fault] = []
    rows: dict[str, list[dict[str, list[str]]]] = {}
    issues = value["issues"]
    for number, issue in enumerate(issues if isinstance(issues, list) else [], 1):
        section = _section(template, issue)
        if section is None or not isinstance(issue, Mapping):
            faults.append(fault("documents.unknown-issue", number=number))
            continue
        if section.id in rows:
            faults.append(fault("documents.section-twice", section=section.id))
        faults += _unknown(issue, _OF_ISSUE, section.id)
        rows.setdefault(section.id, [])
        for each in _list(issue.get("interventions", []), section, faults):
            rows[section.id].append(_row(template, section, each, faults))
    beside = [name for name in value if name != "issues"]
    notes = [fault("documents.outside", count=len(beside))] if beside else []
    return finished(template, rows, notes, faults)


def _section(template: Template, issue: object) -> Section | None:
    """The section of an issue; its title must be the section's where it is given."""
    if not isinstance(issue, Mapping) or not isinstance(issue.get("code"), str):
        return None
    section = template.form.section(str(issue["code"]).lower())
    title = issue.get("title")
    if section is None or (title is not None and not is_title(str(title), section.title)):
        return None
    return section


def _list(value: object, section: Section, faults: list[Fault]) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        faults.append(fault("documents.not-a-list", section=section.id))
        return []
    return list(value)


def _row(
    template: Template, section: Section, given: Mapping[str, object], faults: list[Fault]
) -> dict[str, list[str]]:
    layout = template.layout
    parts = {"title": layout.title, "text": layout.text, "outcome": layout.note}
    faults += _unknown(given, _OF_INTERVENTION, section.id)
    row: dict[str, list[str]] = {}
    for name, part in parts.items():
        row[part] = list(_strings(given.get(name, ""), section, faults))
    for name, wanted in (("references", layout.reference), ("point", layout.point)):
        said = list(_strings(given.get(name) or "", section, faults))
        if any(said) and wanted is None:
            faults.append(fault("documents.unknown-part", section=section.id, part=name))
        elif wanted is not None:
            row[wanted] = said
    return row


def _strings(value: object, section: Section, faults: list[Fault]) -> Iterator[str]:
    given = value if isinstance(value, list) else [value]
    for each in given:
        if isinstance(each, str):
            yield each
        else:
            faults.append(fault("documents.not-text", section=section.id))


def _unknown(given: Mapping[str, object], known: frozenset[str], section: str) -> Iterator[Fault]:
    """A fault for each part that the template has no place for; nothing is dropped."""
    for name in given:
        if name not in known:
            shown = "".join(c if c.isascii() and c.isprintable() else "?" for c in str(name)[:60])
            yield fault("documents.unknown-part", section=section, part=shown)
