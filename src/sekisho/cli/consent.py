"""`sekisho consent`: ask, give, narrow, pause, resume, withdraw."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from sekisho.cli.options import Speaker, common, said
from sekisho.cli.secrets import for_subject, has_secret, who
from sekisho.terms import Language

if TYPE_CHECKING:
    from sekisho.model.consent import Consent, Expression, Scope
    from sekisho.node import Node
    from sekisho.node.records import ForSubject

R = TypeVar("R")
_NODE = click.argument("node", type=click.Path(path_type=Path))
_CONSENT = click.argument("consent_id", metavar="CONSENT")
_METHODS = ("signed-form", "digital-signature", "recorded-oral")


@click.group(help=said("help-consent"))
def consent() -> None:
    """Consents of people and firms to one flow."""


def _moment(text: str) -> datetime:
    from sekisho.errors import UsageError, fault
    from sekisho.lanes.record.consent import utc

    try:
        return utc(datetime.fromisoformat(text), "until")
    except ValueError:
        raise UsageError(fault("records.moment-form")) from None


def _day(text: str | None) -> date | None:
    from sekisho.errors import UsageError, fault

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(fault("records.day-form")) from None


def _covers(command: Callable[..., R]) -> Callable[..., R]:
    """The options that say what a consent covers."""
    for option in (
        click.option("--free-text", is_flag=True, help=said("option-free-text")),
        click.option("--to", "data_until", metavar="DAY", help=said("option-data-until")),
        click.option("--from", "data_from", metavar="DAY", help=said("option-data-from")),
        click.option("--country", "countries", multiple=True, help=said("option-country")),
        click.option("--recipient", "recipients", multiple=True, help=said("option-recipient")),
        click.option("--category", "categories", multiple=True, help=said("option-category")),
    ):
        command = option(command)
    return command


@consent.command(help=said("help-consent-ask"))
@_NODE
@click.argument("programme")
@click.argument("flow")
@click.argument("subject_id", metavar="SUBJECT")
@click.option("--until", required=True, metavar="TIME", help=said("option-until"))
@click.option("--of-age/--under-age", "age_reached", default=None, help=said("option-of-age"))
@click.option("--of-age-on", metavar="DAY", help=said("option-of-age-on"))
@click.option("--request", help=said("option-request"))
@_covers
@common
def ask(speaker: Speaker, node: Path, programme: str, flow: str, **about: object) -> None:
    """Ask somebody for a consent."""
    import sekisho
    from sekisho.gate.records.consents import ConsentRequest

    with sekisho.open(node, actor=speaker.actor) as opened:
        declared = opened.programme(programme).record_flow(flow)
        scope = _scope(declared.purpose if declared else "", about)
        asked = ConsentRequest(
            programme=programme,
            flow=flow,
            subject=str(about["subject_id"]),
            scope=scope,
            valid_until=_moment(str(about["until"])),
            age_reached=None if about["age_reached"] is None else bool(about["age_reached"]),
            of_age_on=_day(str(about["of_age_on"] or "")),
            request=str(about["request"]) if about["request"] else None,
        )
        _show(speaker, opened.records.request_consent(asked))


def _scope(purpose: str, about: dict[str, object]) -> "Scope":
    from sekisho.model.consent import Scope

    return Scope(
        purpose=purpose,
        categories=_words(about["categories"]),
        recipients=_words(about["recipients"]),
        countries=_words(about["countries"]),
        data_from=_day(str(about["data_from"] or "")),
        data_until=_day(str(about["data_until"] or "")),
        free_text=bool(about["free_text"]),
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple | list) else ()


def _expressed(command: Callable[..., R]) -> Callable[..., R]:
    """The options that say how a consent was expressed."""
    languages = click.Choice([each.value for each in Language])
    for option in (
        click.option("--signature", help=said("option-signature")),
        click.option(
            "--evidence",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help=said("option-evidence"),
        ),
        click.option("--speaker", "speaks", default="", help=said("option-speaker")),
        click.option("--notice-language", type=languages, help=said("option-notice-language")),
        click.option(
            "--by",
            type=click.Choice(["self", "guardian", "proxy"]),
            default="self",
            show_default=True,
            help=said("option-by"),
        ),
        click.option(
            "--method",
            type=click.Choice(_METHODS),
            default=_METHODS[0],
            show_default=True,
            help=said("option-method"),
        ),
    ):
        command = option(command)
    return command


@consent.command(help=said("help-consent-text"))
@_NODE
@_CONSENT
@_expressed
@common
def text(speaker: Speaker, node: Path, consent_id: str, **about: object) -> None:
    """What somebody signs to give a consent by key."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        asked = opened.records.consent(consent_id)
        expression = _expression(opened, asked, {**about, "method": _METHODS[1]}, speaker)
        agreed = (asked.scope, expression, _end(asked))
        signed = opened.records.consent_text(consent_id, agreed).decode()
    speaker.line(signed)
    speaker.answer({"consent": consent_id, "text": signed})


@consent.command(help=said("help-consent-give"))
@_NODE
@_CONSENT
@_expressed
@who
@common
def give(
    speaker: Speaker, node: Path, consent_id: str, secret_file: Path | None, **about: object
) -> None:
    """Write down that somebody agreed to what was asked."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        subject = _subject_of(opened, secret_file, consent_id)
        asked = next(each for each in subject.consents() if each.id == consent_id)
        expression = _expression(opened, asked, about, speaker)
        _show(speaker, subject.give(consent_id, (asked.scope, expression, _end(asked))))


def _end(asked: "Consent") -> datetime:
    from sekisho.errors import Conflict, fault

    if asked.valid_until is None:
        raise Conflict(fault("records.consent-state", state=asked.state.value))
    return asked.valid_until


def _expression(
    node: "Node", asked: "Consent", about: dict[str, object], speaker: Speaker
) -> "Expression":
    from sekisho.errors import Refused, fault
    from sekisho.model.consent import Expression, ExpressionMethod

    language = Language(str(about["notice_language"] or speaker.language))
    by = str(about["by"])
    flow = node.programme(asked.programme).record_flow(asked.flow)
    declared = flow.notices if flow else ()
    found = next((n for n in declared if n.language is language and by in n.by), None)
    if found is None:
        raise Refused(fault("records.notice-unknown", flow=asked.flow))
    file, signature = about["evidence"], about["signature"]
    evidence = sha256(file.read_bytes()).hexdigest() if isinstance(file, Path) else ""
    return Expression(
        method=ExpressionMethod(str(about["method"])),
        by="guardian" if by == "guardian" else "proxy" if by == "proxy" else "self",
        notice=found.id,
        notice_digest=found.digest,
        language=language,
        evidence=str(signature) if signature else evidence,
        speaker=str(about["speaks"] or ""),
    )


@consent.command(help=said("help-consent-narrow"))
@_NODE
@_CONSENT
@click.option("--until", metavar="TIME", help=said("option-until"))
@click.option("--no-free-text", is_flag=True, help=said("option-no-free-text"))
@_covers
@who
@common
def narrow(
    speaker: Speaker, node: Path, consent_id: str, secret_file: Path | None, **about: object
) -> None:
    """Make a consent smaller: what is named stays, what is not named of a kind stays as it is."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        subject = _subject_of(opened, secret_file, consent_id)
        held = next(each for each in subject.consents() if each.id == consent_id)
        until = _moment(str(about["until"])) if about["until"] else None
        _show(speaker, subject.narrow(consent_id, _smaller(held.scope, about), until))


def _smaller(scope: "Scope", about: dict[str, object]) -> "Scope":
    lists = {
        name: _words(about[name])
        for name in ("categories", "recipients", "countries")
        if about[name]
    }
    days = {name: _day(str(about[name])) for name in ("data_from", "data_until") if about[name]}
    free_text = scope.free_text and not about["no_free_text"]
    return replace(scope, **lists, **days, free_text=free_text)  # type: ignore[arg-type]


@consent.command(help=said("help-consent-pause"))
@_NODE
@_CONSENT
@who
@common
def pause(speaker: Speaker, node: Path, consent_id: str, secret_file: Path | None) -> None:
    """Let nothing pass until it is resumed."""
    _step(speaker, node, consent_id, secret_file, "pause")


@consent.command(help=said("help-consent-resume"))
@_NODE
@_CONSENT
@who
@common
def resume(speaker: Speaker, node: Path, consent_id: str, secret_file: Path | None) -> None:
    """Open a paused consent again."""
    _step(speaker, node, consent_id, secret_file, "resume")


@consent.command(help=said("help-consent-withdraw"))
@_NODE
@_CONSENT
@who
@common
def withdraw(speaker: Speaker, node: Path, consent_id: str, secret_file: Path | None) -> None:
    """End a consent, at once for everything not yet fetched."""
    _step(speaker, node, consent_id, secret_file, "withdraw")


def _step(
    speaker: Speaker, node: Path, consent_id: str, secret_file: Path | None, what: str
) -> None:
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        subject = _subject_of(opened, secret_file, consent_id)
        calls = {"pause": subject.pause, "resume": subject.resume, "withdraw": subject.withdraw}
        _show(speaker, calls[what](consent_id))


def _subject_of(node: "Node", secret_file: Path | None, consent_id: str) -> "ForSubject":
    """Whose consent it is: the person by the secret, else the staff's own knowledge of it."""
    from sekisho.errors import NotFound, fault

    whose = "" if has_secret(secret_file) else node.records.consent(consent_id).subject
    found = for_subject(node, secret_file, whose)
    if consent_id not in {each.id for each in found.consents()}:
        raise NotFound(fault("records.no-consent"))
    return found


@consent.command("list", help=said("help-consent-list"))
@_NODE
@common
def list_(speaker: Speaker, node: Path) -> None:
    """The consents that the actor's participant holds."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.records.consents()
    for each in found:
        until = f"{each.valid_until:%Y-%m-%d %H:%M}Z" if each.valid_until else "-"
        speaker.line(f"{each.id}  {each.state.value}  {each.flow}  {until}")
    speaker.answer({"consents": [_about(each) for each in found]})


@consent.command(help=said("help-consent-receipt"))
@_NODE
@_CONSENT
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@who
@common
def receipt(
    speaker: Speaker, node: Path, consent_id: str, file: Path, secret_file: Path | None
) -> None:
    """Write the receipt of a consent's newest change, which anyone can check offline."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        written = _subject_of(opened, secret_file, consent_id).consent_receipt(consent_id)
    file.write_text(written, encoding="utf-8")
    speaker.say("record-receipt", file=file.name)
    speaker.answer({"consent": consent_id, "file": str(file)})


def _show(speaker: Speaker, consent: "Consent") -> None:
    until = f"{consent.valid_until:%Y-%m-%d %H:%M}Z" if consent.valid_until else "-"
    speaker.say("consent-now", consent=consent.id, state=consent.state.value, until=until)
    speaker.answer(_about(consent))


def _about(consent: "Consent") -> dict[str, object]:
    from sekisho.lanes.record.consent import plain_scope

    return {
        "consent": consent.id,
        "subject": consent.subject,
        "state": consent.state.value,
        "programme": consent.programme,
        "flow": consent.flow,
        "scope": plain_scope(consent.scope),
        "valid_until": consent.valid_until.isoformat() if consent.valid_until else None,
    }
