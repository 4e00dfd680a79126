"""A pack as a document: the law in short on the left, the rule beside it."""

from collections.abc import Callable
from datetime import date
from html import escape

from sekisho.model.decision import CitedRule, Weight
from sekisho.model.document import Bullets, Document, Grid, Heading, Line, Paragraph
from sekisho.rules.packs import DutyRule, Pack, PackRule, Packs
from sekisho.rules.printed.comparison import conditions_in_words
from sekisho.rules.printed.markup import heading, items, page, paragraph, table
from sekisho.terms import Language
from sekisho.text import sentence


def _speaker(language: Language) -> Callable[..., str]:
    def say(name: str, **fields: object) -> str:
        return sentence(f"rules.{name}", fields, language)

    return say


def standing(cited: CitedRule, language: Language) -> str:
    """Status, weight, how it was seen, who reviewed it: what a reader needs to weigh a rule."""
    say = _speaker(language)
    parts = [say(f"show-status-{cited.status.value}")]
    if cited.weight is Weight.SOFT_NORM:
        parts.append(say("show-soft"))
    if cited.weight is Weight.CHECKPOINT:
        parts.append(say("show-own"))
    if cited.seen:
        parts.append(say(f"show-seen-{cited.seen}"))
    if cited.numbering_date:
        parts.append(say("show-numbers", day=cited.numbering_date.isoformat()))
    reviewed = say("show-reviewed", reviewer=cited.reviewer) if cited.reviewer else ""
    return say("comma").join([*parts, reviewed or say("show-unreviewed")])


def _dates(rule: PackRule, language: Language) -> str:
    say = _speaker(language)
    parts = []
    if rule.starts:
        parts.append(say("show-from", day=rule.starts.isoformat()))
    if rule.ends:
        parts.append(say("show-to", day=rule.ends.isoformat()))
    return say("comma").join(parts)


def _role(rule: PackRule, pack: Pack, language: Language) -> str:
    say = _speaker(language)
    if rule.is_requirement:
        return say("show-requirement")
    named = [each.cited.id for each in pack.rules if rule.cited.id in each.condition.gateways]
    return say("show-gateway", requirements=say("comma").join(named))


def _bound(cited: CitedRule, language: Language) -> str:
    say = _speaker(language)
    if not cited.bound:
        return ""
    return say("show-bound", kinds=say("comma").join(say(f"kind-{kind}") for kind in cited.bound))


def _count(pack: Pack, language: Language) -> str:
    requirements = sum(rule.is_requirement for rule in pack.rules)
    return _speaker(language)(
        "show-count",
        requirements=requirements,
        gateways=len(pack.rules) - requirements,
        duties=len(pack.duties),
        examples=len(pack.examples),
    )


def _rule_lines(rule: PackRule, pack: Pack, packs: Packs, language: Language) -> list[str]:
    cited = rule.cited
    role = _role(rule, pack, language)
    lines = [f"{cited.citation.said(language)} [{cited.id}] – {role}"]
    lines.append(f"  {cited.text.said(language)}")
    if not rule.is_requirement:
        ways = conditions_in_words(rule.condition, packs, language)
        lines += [f"    · {way}" for way in ways if way]
    more = [_dates(rule, language), _bound(cited, language), standing(cited, language)]
    said = _speaker(language)("comma").join(each for each in more if each)
    lines.append(f"  {said}")
    return [*lines, f"  {rule.note.said(language)}"] if rule.note else lines


def as_lines(pack: Pack, packs: Packs, language: Language) -> list[str]:
    """A pack for the terminal."""
    say = _speaker(language)
    lines = [pack.title.said(language), pack.about.said(language), _count(pack, language), ""]
    for rule in pack.rules:
        lines += _rule_lines(rule, pack, packs, language)
    lines += ["", say("show-duties")]
    lines += [f"  {_duty(duty, language)}" for duty in pack.duties]
    return [*lines, "", say("not-advice-unreviewed")]


def _duty(duty: DutyRule, language: Language) -> str:
    say = _speaker(language)
    cited = duty.cited
    follows = say("show-follows", rules=say("comma").join(duty.follows))
    return f"{cited.citation.said(language)} [{duty.id}]: {cited.text.said(language)} ({follows})"


def _law(rule: PackRule, language: Language) -> str:
    say = _speaker(language)
    cited = rule.cited
    link = f'<a href="{escape(cited.source)}">{escape(say("show-source"))}</a>'
    parts = [
        f'<strong id="{escape(cited.id)}">{escape(cited.citation.said(language))}</strong>',
        paragraph(cited.text.said(language)),
        paragraph(rule.note.said(language), "about") if rule.note else "",
    ]
    more = [_dates(rule, language), _bound(cited, language), standing(cited, language)]
    said = escape(say("comma").join(each for each in more if each))
    return "".join([*parts, f'<p class="about">{said}; {link}</p>'])


def _beside(rule: PackRule, pack: Pack, packs: Packs, language: Language) -> str:
    ways = [way for way in conditions_in_words(rule.condition, packs, language) if way]
    listed = "" if rule.is_requirement else items(ways)
    return (
        f"{escape(_role(rule, pack, language))} <code>{escape(rule.cited.id)}</code>{listed}"
        f"<pre>{escape(rule.cedar.strip())}</pre>"
    )


def as_html(pack: Pack, packs: Packs, language: Language) -> str:
    """A pack as a page of two columns."""
    say = _speaker(language)
    rows = [[_law(r, language), _beside(r, pack, packs, language)] for r in pack.rules]
    body = [
        paragraph(pack.about.said(language), "about"),
        paragraph(_count(pack, language), "about"),
        table([say("show-law"), say("show-rule")], rows),
        heading(say("show-duties")),
        items([_duty(duty, language) for duty in pack.duties]),
        paragraph(say("not-advice-unreviewed"), "about"),
    ]
    return page(pack.title.said(language), body, language)


def _law_lines(rule: PackRule, language: Language) -> tuple[Line, ...]:
    say = _speaker(language)
    cited = rule.cited
    more = [_dates(rule, language), _bound(cited, language), standing(cited, language)]
    note = (Line(rule.note.said(language), "quiet"),) if rule.note else ()
    return (
        Line(cited.citation.said(language), "strong"),
        Line(cited.text.said(language)),
        *note,
        Line(say("comma").join(each for each in more if each), "quiet"),
        Line(say("show-source"), "quiet", cited.source),
    )


def _rule_beside(rule: PackRule, pack: Pack, packs: Packs, language: Language) -> tuple[Line, ...]:
    ways = [] if rule.is_requirement else conditions_in_words(rule.condition, packs, language)
    return (
        Line(_role(rule, pack, language)),
        Line(rule.cited.id, "code"),
        *(Line(way, "item") for way in ways if way),
        Line(rule.cedar.strip(), "code"),
    )


def document_of(pack: Pack, packs: Packs, language: Language) -> Document:
    """A pack as a document of two columns; dated by the newest numbering that it cites."""
    say = _speaker(language)
    rows = tuple(
        (_law_lines(rule, language), _rule_beside(rule, pack, packs, language))
        for rule in pack.rules
    )
    days = [rule.cited.numbering_date for rule in pack.rules if rule.cited.numbering_date]
    return Document(
        title=pack.title.said(language),
        language=language,
        on=max(days, default=date(2000, 1, 1)),
        blocks=(
            Paragraph(pack.about.said(language)),
            Paragraph(_count(pack, language)),
            Paragraph(say("not-advice-unreviewed"), role="strong"),
            Grid((say("show-law"), say("show-rule")), rows, widths=(1, 1)),
            Heading(say("show-duties")),
            Bullets(tuple(_duty(duty, language) for duty in pack.duties)),
        ),
        footer=say("not-advice-unreviewed"),
        landscape=True,
    )


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def as_markdown(pack: Pack, packs: Packs, language: Language) -> str:
    """A pack as a page of the reference."""
    say = _speaker(language)
    lines = [f"# {pack.title.said(language)}", "", pack.about.said(language), ""]
    lines += [f"{_count(pack, language)}. {say('not-advice-unreviewed')}", ""]
    lines += [f"| {say('show-law')} | {say('show-rule')} |", "|---|---|"]
    for rule in pack.rules:
        cited = rule.cited
        law = f"**{cited.citation.said(language)}** {cited.text.said(language)}"
        if rule.note:
            law += f" {rule.note.said(language)}"
        ways = [] if rule.is_requirement else conditions_in_words(rule.condition, packs, language)
        ways = [way for way in ways if way]
        more = [_dates(rule, language), _bound(cited, language), standing(cited, language)]
        about = say("comma").join(each for each in more if each)
        beside = f"`{cited.id}` {_role(rule, pack, language)}"
        if ways:
            beside += ": " + f" – {say('compare-or')} – ".join(ways)
        lines.append(f"| {_cell(law)} | {_cell(beside)}. {_cell(about)} |")
    lines += ["", f"## {say('show-duties')}", ""]
    lines += [f"- {_duty(duty, language)}" for duty in pack.duties]
    return "\n".join(lines) + "\n"


def as_document(pack: Pack, language: Language) -> dict[str, object]:
    """A pack for programs."""
    return {
        "jurisdiction": pack.jurisdiction,
        "title": pack.title.said(language),
        "about": pack.about.said(language),
        "digest": pack.digest,
        "rules": [
            {
                "id": rule.cited.id,
                "citation": rule.cited.citation.said(language),
                "text": rule.cited.text.said(language),
                "requirement": rule.is_requirement,
                "gateways": list(rule.condition.gateways),
                "status": rule.cited.status.value,
                "from": rule.starts.isoformat() if rule.starts else None,
                "to": rule.ends.isoformat() if rule.ends else None,
                "seen": rule.cited.seen,
                "source": rule.cited.source,
                "cedar": rule.cedar.strip(),
            }
            for rule in pack.rules
        ],
    }
