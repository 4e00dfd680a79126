"""The subject's view for people (a document in plain words) and for programs (JSON).

The document goes to PDF and to the terminal; both show the same blocks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from sekisho import text
from sekisho.model.actor import Participant
from sekisho.model.decision import Change, Duty
from sekisho.model.document import (
    Block,
    Bullets,
    Document,
    Grid,
    Heading,
    KeyValues,
    Paragraph,
)
from sekisho.model.duty import DutyState
from sekisho.model.mine import Mine, MyConsent, MyTransfer
from sekisho.model.record_flow import RecordCategory
from sekisho.model.text import Text
from sekisho.model.transfer import Recall, TransferEvent
from sekisho.terms import Language, Outcome, TransferState

_CLOSED = (TransferState.REFUSED, TransferState.STOPPED, TransferState.EXPIRED)
_WAITING = (TransferState.REQUESTED, TransferState.OFFERED, TransferState.READY)


def mine_document(mine: Mine, language: Language) -> Document:
    """Everything about the subject, to be printed and taken home."""
    said = _Said(language)
    blocks: list[Block] = [
        Paragraph(said("about", holder=mine.holder.name.said(language), at=said.moment(mine.at))),
        KeyValues(((said("subject"), mine.subject),)),
        Heading(said("in-short")),
        Bullets(tuple(_in_short(mine, said))),
        Heading(said("transfers")),
        *_transfers(mine, said),
        Heading(said("consents")),
        *_consents(mine, said),
        Heading(said("rights")),
        Bullets(tuple(_rights(mine, said))),
        *_entries(mine, said),
    ]
    title = said("title")
    return Document(title, language, mine.at.date(), tuple(blocks), footer=title)


class _Said:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, /, **fields: object) -> str:
        return text.sentence(f"mine.{name}", fields, self.language)

    def known(self, name: str, otherwise: str, /, **fields: object) -> str:
        """The words of a name that may be new; then those of another."""
        codes = text.codes(self.language)
        return self(name if f"mine.{name}" in codes else otherwise, **fields)

    def day(self, day: date) -> str:
        if self.language is Language.JA:
            return f"{day.year}年{day.month}月{day.day}日"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def moment(self, at: datetime) -> str:
        if self.language is Language.JA:
            return f"{self.day(at.date())} {at:%H:%M}（UTC）"
        return f"{self.day(at.date())}, {at:%H:%M} UTC"

    def party(self, party: Participant) -> str:
        code = party.jurisdiction
        known = f"mine.country-{code}" in text.codes(self.language)
        country = self(f"country-{code}") if known else code
        return self("in-country", name=party.name.said(self.language), country=country)

    def listed(self, words: Iterable[str]) -> str:
        return ("、" if self.language is Language.JA else "; ").join(words)

    def yes(self, *, it: bool) -> str:
        return self("yes") if it else self("no")


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


def _in_short(mine: Mine, said: _Said) -> Iterator[str]:
    states = [each.transfer.state for each in mine.transfers]
    yield said("count-shared", count=len(mine.shared))
    yield said("count-waiting", count=sum(each in _WAITING for each in states))
    yield said("count-refused", count=sum(each in _CLOSED for each in states))
    yield said("count-open", count=sum("pause" in each.can for each in mine.consents))
    yield said("count-unanswered", count=len(mine.unanswered))


def _rights(mine: Mine, said: _Said) -> Iterator[str]:
    holder = mine.holder.name.said(said.language)
    yield said("right-stop")
    yield said("right-erase")
    yield said("right-ask", holder=holder)
    yield said("right-lost", holder=holder)


# -- consents ---------------------------------------------------------------------------------


def _consents(mine: Mine, said: _Said) -> Iterator[Block]:
    if not mine.consents:
        yield Paragraph(said("no-consents"))
    for each in mine.consents:
        yield Heading(each.title.said(said.language), 2)
        state = "of-age" if each.of_age else each.state.value
        yield Paragraph(said(f"consent-{state}"), role="strong")
        yield KeyValues(tuple(_consent_pairs(each, said)))
        yield Heading(said("history"), 3)
        yield Bullets(
            tuple(
                f"{said.moment(event.at)}: {said(f'event-{event.kind.value}')}"
                for event in each.consent.events
            )
        )


def _consent_pairs(mine: MyConsent, said: _Said) -> Iterator[tuple[str, str]]:
    scope, until = mine.consent.scope, mine.consent.valid_until
    yield said("for-what"), mine.purpose.said(said.language)
    yield said("who-receives"), said.listed(said.party(each) for each in mine.recipients)
    yield said("what"), _categories(mine.categories, said)
    yield said("period"), _period(scope.data_from, scope.data_until, said)
    yield said("free-text"), said.yes(it=scope.free_text)
    yield said("onward"), said.yes(it=scope.onward)
    yield said("valid"), said.moment(until) if until else said("not-valid-yet")
    if mine.consent.expression is not None:
        yield said("how"), _how(mine, said)
    yield said("you-can"), _can(mine.can, said)


def _categories(categories: Sequence[RecordCategory], said: _Said) -> str:
    return said.listed(each.title.said(said.language) for each in categories)


def _period(first: date | None, last: date | None, said: _Said) -> str:
    if first and last:
        return said("period-between", first=said.day(first), last=said.day(last))
    if first:
        return said("period-from", first=said.day(first))
    return said("period-until", last=said.day(last)) if last else said("period-all")


def _how(mine: MyConsent, said: _Said) -> str:
    shown = mine.consent.expression
    if shown is None:
        return said("not-valid-yet")
    spoken = said(f"language-{shown.language.value}")
    return said.listed(
        [
            said(f"by-{shown.by}"),
            said(f"method-{shown.method.value}"),
            said("shown-notice", notice=shown.notice, language=spoken),
        ]
    )


def _can(can: Sequence[str], said: _Said) -> str:
    return said.listed(said(f"can-{each}") for each in can) if can else said("nothing-to-do")


# -- transfers --------------------------------------------------------------------------------


def _transfers(mine: Mine, said: _Said) -> Iterator[Block]:
    if not mine.transfers:
        yield Paragraph(said("no-transfers"))
    for each in mine.transfers:
        yield Heading(
            f"{said.party(each.recipient)}: {said.day(each.transfer.requested_at.date())}", 2
        )
        yield Paragraph(_standing(each, said), role="strong")
        yield KeyValues(tuple(_transfer_pairs(each, said)))
        yield Heading(said("when"), 3)
        yield Bullets(tuple(f"{said.moment(e.at)}: {_step(e, said)}" for e in each.transfer.events))
        yield from _articles(each, said)
        yield from _ways(each, said)
        yield from _duties(each, said)
        yield from _left_out(each, said)
        yield from _recalls(each, said)


def _standing(mine: MyTransfer, said: _Said) -> str:
    transfer = mine.transfer
    if transfer.state is TransferState.ERASED and transfer.pick_ups:
        return said("transfer-erased-received")
    until = said.moment(transfer.ready_until) if transfer.ready_until else ""
    return said(f"transfer-{transfer.state.value}", until=until)


def _transfer_pairs(mine: MyTransfer, said: _Said) -> Iterator[tuple[str, str]]:
    transfer = mine.transfer
    yield said("from"), said.party(mine.sender)
    yield said("to"), said.party(mine.recipient)
    yield said("for-what"), mine.title.said(said.language)
    yield said("what"), _categories(mine.categories, said)
    if transfer.acknowledged_at is not None:
        yield said("recipient-said"), said("acknowledged", at=said.moment(transfer.acknowledged_at))
    yield said("you-can"), _can(mine.can, said)


def _step(event: TransferEvent, said: _Said) -> str:
    special = event.reason in {"acknowledged", "again"} and event.kind is TransferState.FETCHED
    return said(f"step-{event.reason if special else event.kind.value}")


def _articles(mine: MyTransfer, said: _Said) -> Iterator[Block]:
    """Each article once, with what it says: several rules may stand in one."""
    if mine.articles:
        yield Heading(said("allowed-by" if mine.outcome is Outcome.ALLOWED else "refused-by"), 3)
        language = said.language
        words = {each.citation.said(language): each.text.said(language) for each in mine.articles}
        yield Bullets(tuple(said("article", article=a, says=says) for a, says in words.items()))


def _ways(mine: MyTransfer, said: _Said) -> Iterator[Block]:
    if mine.ways:
        yield Heading(said("would-open"), 3)
        yield Bullets(tuple(_way(each, said) for each in mine.ways))


def _way(changes: Sequence[Change], said: _Said) -> str:
    return said.listed(each.ask.said(said.language) for each in changes)


def _duties(mine: MyTransfer, said: _Said) -> Iterator[Block]:
    if not mine.transfer.pick_ups:
        return
    if mine.duties:
        rows = tuple(
            (
                each.text.said(said.language),
                _stands(mine, each, said),
                each.rule.citation.said(said.language),
            )
            for each in mine.duties
        )
        header = (said("column-duty"), said("column-until"), said("column-why"))
        yield Heading(said("must-do"), 3)
        yield Grid(header, rows, widths=(5, 2, 3))
    by = mine.transfer.delete_by
    yield Paragraph(said("keep-until", day=said.day(by.date())) if by else said("keep-by-law"))


def _stands(mine: MyTransfer, duty: Duty, said: _Said) -> str:
    """Until when it must be done, or that it is, or that it is late."""
    known = mine.standing.get(duty.id)
    if known is not None and known.state is DutyState.DONE and known.kept.done_at is not None:
        return said("duty-done", day=said.day(known.kept.done_at.date()))
    now = known.kept.duty if known is not None else duty
    if known is not None and known.state is DutyState.OVERDUE and now.due is not None:
        return said("duty-late", day=said.day(now.due))
    return _due(now, said)


def _due(duty: Duty, said: _Said) -> str:
    due = said.day(duty.due) if duty.due else said("due-event")
    return said("due-every", due=due, months=duty.every_months) if duty.every_months else due


def _left_out(mine: MyTransfer, said: _Said) -> Iterator[Block]:
    if mine.outcome is not Outcome.ALLOWED:
        return
    titles = {name: each.title for each in reversed(mine.declared) for name in each.types}
    rows = dict.fromkeys(
        (_what(each.what, titles, said), said.known(f"left-{each.reason}", "left-other"))
        for each in mine.transfer.left_out
    )
    if rows:
        header = (said("column-left"), said("column-why"))
        yield Heading(said("stayed"), 3)
        yield Grid(header, tuple(rows), widths=(4, 6))


def _what(what: str, titles: Mapping[str, Text], said: _Said) -> str:
    """What stayed, in the words of the category it belongs to where there is one."""
    kind, _, path = what.partition(".")
    title = titles.get(kind)
    if title is None:
        known = text.codes(said.language).get(f"mine.type-{kind}")
        if known is None:
            return what
        title = Text(known, known)
    return said("left-part" if path else "left-whole", title=title.said(said.language), what=what)


def _recalls(mine: MyTransfer, said: _Said) -> Iterator[Block]:
    if mine.recalls:
        yield Heading(said("recalls"), 3)
        yield Bullets(tuple(_recall(each, said) for each in mine.recalls))


def _recall(recall: Recall, said: _Said) -> str:
    told = said("recall-sent", at=said.moment(recall.sent_at), what=said(f"recall-{recall.kind}"))
    if recall.acknowledged_at is None:
        answer = said("recall-open")
    else:
        word = said.known(f"answer-{recall.answer}", "answer-")
        answer = said("recall-answered", at=said.moment(recall.acknowledged_at), answer=word)
    return f"{told} {answer}" if said.language is Language.EN else f"{told}{answer}"


# -- log --------------------------------------------------------------------------------------


def _entries(mine: Mine, said: _Said) -> Iterator[Block]:
    if not mine.entries:
        return
    receipts = any(each.receipt for each in mine.entries)
    yield Heading(said("entries"))
    yield Paragraph(said("about-entries" if receipts else "about-entries-numbers", log=mine.log))
    rows = tuple(
        (
            str(each.index),
            said.day(each.on),
            text.sentence(f"log.kind-{each.kind}", {}, said.language),
        )
        for each in mine.entries
    )
    header = (said("column-number"), said("column-day"), said("column-what"))
    yield Grid(header, rows, numbers=frozenset({0}), widths=(1, 2, 5))


# -- for the terminal -------------------------------------------------------------------------


def document_text(document: Document) -> str:
    """A document as plain lines for a terminal."""
    parts = [document.title, ""]
    for block in document.blocks:
        parts += [*_lines(block), ""]
    return "\n".join(parts).rstrip() + "\n"


def _lines(block: Block) -> list[str]:
    match block:
        case Heading():
            return [f"{'#' * block.level} {block.text}"]
        case Paragraph():
            return [block.text]
        case Bullets():
            return [f"- {item}" for item in block.items]
        case KeyValues():
            return [f"{name}: {value}" for name, value in block.pairs]
        case Grid():
            rows = [" | ".join(_cell(each) for each in row) for row in block.rows]
            head = [block.caption] if block.caption else []
            return [*head, *(f"- {row}" for row in rows)]


def _cell(cell: object) -> str:
    if isinstance(cell, str):
        return cell
    return " ".join(line.text for line in cell) if isinstance(cell, tuple) else ""
