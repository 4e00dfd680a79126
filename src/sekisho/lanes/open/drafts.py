"""Drafts: what happens when officers save, when two saved at once, and when the form has changed.

Nothing that anybody wrote is lost: what cannot stand waits beside the draft until somebody chooses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sekisho.model.form import Form, Question, Section
from sekisho.model.submission import Answer, Answers, Clash, Draft, Leftover, Submission


@dataclass(frozen=True, slots=True)
class Saving:
    """One officer's save of one section."""

    section: str
    answers: Answers
    """Of that section, all of them; what is not there was emptied."""
    base: int
    """The draft's revision that the officer had in front of them."""
    by: str
    at: datetime
    settles: bool = False
    """Whether it was written with the waiting versions of the section in view."""


def answers_of(section: Section, answers: Answers) -> dict[str, Answer]:
    """The answers to one section's questions."""
    return {each.id: answers[each.id] for each in section.questions if each.id in answers}


def saved(draft: Draft, section: Section, saving: Saving) -> Draft:
    """The draft after a save.

    A save written against an older revision of its section never overwrites: unless it says the
    same, it waits as a clash beside what stands.
    """
    stands = answers_of(section, draft.answers)
    revision = draft.revision + 1
    if saving.base < draft.section_revisions.get(section.id, 0):
        if saving.answers == stands:
            return draft
        clash = Clash(section.id, dict(saving.answers), saving.by, saving.at, revision)
        return replace(draft, revision=revision, clashes=(*draft.clashes, clash))
    if saving.answers == stands and not saving.settles:
        return draft
    kept = {name: answer for name, answer in draft.answers.items() if name not in stands}
    settled = saving.settles
    return replace(
        draft,
        revision=revision,
        answers={**kept, **saving.answers},
        changed_at=saving.at,
        changed_by=saving.by,
        section_revisions={**draft.section_revisions, section.id: revision},
        clashes=tuple(
            each
            for each in draft.clashes
            if each.section != section.id or not settled or each.revision > saving.base
        ),
    )


def differing(section: Section, draft: Draft, clash: Clash) -> list[Question]:
    """The questions that the two versions of a section answer differently."""
    stands = answers_of(section, draft.answers)
    return [q for q in section.questions if stands.get(q.id) != clash.answers.get(q.id)]


# -- a form that changed --------------------------------------------------------------------------


def asks_the_same(old: Question, new: Question) -> bool:
    """Whether an answer to one question answers the other: help, bounds and order may differ."""
    same = (
        "id",
        "kind",
        "title",
        "options",
        "unit",
        "currency",
        "decimals",
        "both_languages",
    )
    return all(getattr(old, name) == getattr(new, name) for name in same) and (
        len(old.columns) == len(new.columns)
        and all(asks_the_same(o, n) for o, n in zip(old.columns, new.columns, strict=True))
    )


def carried(draft: Draft, old: Form, new: Form, digest: str) -> Draft:
    """The draft under a changed form: answers to the same questions stay, the rest is kept apart.

    Whoever still has a page of the old form before them saves against an older revision.
    """
    answers, left = _carry(draft.answers, old, new)
    clashes = []
    for clash in draft.clashes:
        kept, lost = _carry(clash.answers, old, new)
        left += lost
        section = next((new.section_of(name) for name in kept), None)
        if section is not None:
            clashes.append(replace(clash, section=section.id, answers=kept))
    revision = draft.revision + 1
    return replace(
        draft,
        version=new.version,
        revision=revision,
        answers=answers,
        section_revisions={each.id: revision for each in new.sections},
        clashes=tuple(clashes),
        leftovers=(*draft.leftovers, *left),
        programme_digest=digest,
    )


def _carry(answers: Answers, old: Form, new: Form) -> tuple[dict[str, Answer], list[Leftover]]:
    kept: dict[str, Answer] = {}
    left: list[Leftover] = []
    for name, answer in answers.items():
        before, after = old.question(name), new.question(name)
        if before is not None and after is not None and asks_the_same(before, after):
            kept[name] = answer
        elif before is not None:
            left.append(Leftover(name, before.title, answer))
    return kept, left


# -- who has answered -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Status:
    """Who has answered a form, and who has not."""

    answered: tuple[Submission, ...]
    """The newest standing submission of each reference, in order of participant."""
    drafting: tuple[str, ...]
    """Participants that have begun and not submitted."""
    waiting: tuple[str, ...]
    """Participants that have not begun."""


def status_of(
    asked: Iterable[str], submissions: Iterable[Submission], drafts: Mapping[str, Draft]
) -> Status:
    """Where everyone who is asked stands."""
    answered = sorted(submissions, key=lambda each: (each.participant, each.reference))
    done = {each.participant for each in answered}
    rest = [each for each in sorted(asked) if each not in done]
    return Status(
        answered=tuple(answered),
        drafting=tuple(each for each in rest if each in drafts),
        waiting=tuple(each for each in rest if each not in drafts),
    )
