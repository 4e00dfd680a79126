"""`sekisho transfer`: ask for a record, offer it, fetch it, open it, answer notices."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.fetch import collect
from sekisho.cli.options import Speaker, common, said

if TYPE_CHECKING:
    from sekisho.model.transfer import Transfer

_NODE = click.argument("node", type=click.Path(path_type=Path))
_TRANSFER = click.argument("transfer_id", metavar="TRANSFER")
_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_CATEGORY = click.option(
    "--category", "categories", multiple=True, help=said("option-transfer-category")
)
_REQUEST = click.option("--request", help=said("option-request"))
SLIP = ".slip.json"


@click.group(help=said("help-transfer"))
def transfer() -> None:
    """Records that move with consent."""


transfer.add_command(collect)


@transfer.command(help=said("help-transfer-ask"))
@_NODE
@click.argument("programme")
@click.argument("flow")
@click.argument("consent")
@_CATEGORY
@_REQUEST
@common
def ask(speaker: Speaker, node: Path, programme: str, flow: str, **about: object) -> None:
    """Ask a holder for a record under a consent."""
    import sekisho
    from sekisho.gate.records.requests import TransferRequest

    asked = TransferRequest(
        programme=programme,
        flow=flow,
        consent=str(about["consent"]),
        categories=_words(about["categories"]),
        request=str(about["request"]) if about["request"] else None,
    )
    with sekisho.open(node, actor=speaker.actor) as opened:
        _show(speaker, opened.records.request_transfer(asked))


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple | list) else ()


@transfer.command(help=said("help-transfer-offer"))
@_NODE
@click.argument("consent")
@click.argument("recipient")
@click.argument("record", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--address", required=True, help=said("option-address"))
@click.option("--transfer", "answers", help=said("option-answers"))
@click.option("--encounter", "encounters", multiple=True, help=said("option-encounter"))
@_CATEGORY
@_REQUEST
@common
def offer(speaker: Speaker, node: Path, consent: str, recipient: str, **about: object) -> None:
    """Send a record on its way: consent, rules, minimised, sealed, logged."""
    import sekisho
    from sekisho.cli.progress import watched
    from sekisho.gate.records.offers import Offering

    offering = Offering(
        consent=consent,
        recipient=recipient,
        record=Path(str(about["record"])),
        address=str(about["address"]),
        transfer=str(about["answers"]) if about["answers"] else None,
        request=str(about["request"]) if about["request"] else None,
        categories=_words(about["categories"]),
        encounters=_words(about["encounters"]),
    )
    with sekisho.open(node, actor=speaker.actor) as opened, watched(speaker) as watch:
        made = opened.records.offer(offering, watch)
    _show(speaker, made)


@transfer.command("list", help=said("help-transfer-list"))
@_NODE
@common
def list_(speaker: Speaker, node: Path) -> None:
    """The transfers that the actor's participant sends or receives."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.records.transfers()
    for each in found:
        speaker.line(f"{each.id}  {each.state.value}  {each.sender} -> {each.recipient}")
    speaker.answer({"transfers": [_about(each) for each in found]})


@transfer.command(help=said("help-transfer-fetch"))
@_NODE
@_TRANSFER
@_FILE
@click.option(
    "--own",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help=said("option-own-node"),
)
@common
def fetch(speaker: Speaker, node: Path, transfer_id: str, file: Path, own: Path) -> None:
    """Fetch a sealed payload from a node on this machine; its slip is written beside it."""
    import sekisho
    from sekisho.gate.records.opening import slip_of, slip_text
    from sekisho.gate.records.pick_up import copy_from

    with sekisho.open(node, actor=speaker.actor) as there, sekisho.open(own) as here:
        challenge = there.records.challenge(transfer_id)
        ticket = secrets.token_hex(32)
        proof = here.records.answer(there.origin, transfer_id, challenge, ticket)
        picked = there.records.fetch(transfer_id, proof)
        with picked.file:
            copy_from(picked, file)
    slip = file.with_name(file.name + SLIP)
    slip.write_text(slip_text(slip_of(picked.transfer)), encoding="utf-8")
    speaker.say("record-fetched", file=file.name, slip=slip.name)
    speaker.answer({**_about(picked.transfer), "file": str(file), "slip": str(slip)})


@transfer.command("open", help=said("help-transfer-open"))
@_NODE
@click.argument("sealed", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_FILE
@click.option(
    "--slip",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=said("option-slip"),
)
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), help=said("option-opening-key")
)
@common
def open_(
    speaker: Speaker, node: Path, sealed: Path, file: Path, slip: Path | None, key: Path | None
) -> None:
    """Open a sealed payload with the participant's own private key, or write nothing."""
    import sekisho
    from sekisho.gate.records.opening import read_slip

    said_ = (slip or sealed.with_name(sealed.name + SLIP)).read_text(encoding="utf-8")
    read = read_slip(said_)
    with sekisho.open(node, actor=speaker.actor) as opened:
        opened.records.open_sealed(sealed, read, file, key)
    speaker.say("record-opened", file=file.name, sender=read.sender)
    speaker.answer({"transfer": read.transfer, "digest": read.digest, "file": str(file)})


@transfer.command(help=said("help-transfer-acknowledge"))
@_NODE
@_TRANSFER
@click.argument("digest")
@common
def acknowledge(speaker: Speaker, node: Path, transfer_id: str, digest: str) -> None:
    """Say that what was received opened whole; the sealed copy vanishes."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        _show(speaker, opened.records.acknowledge(transfer_id, digest))


@transfer.command(help=said("help-transfer-receipt"))
@_NODE
@_TRANSFER
@click.argument("kind")
@_FILE
@common
def receipt(speaker: Speaker, node: Path, transfer_id: str, kind: str, file: Path) -> None:
    """Write the receipt of what became of a transfer, which anyone can check offline."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        written = opened.records.receipt(transfer_id, kind)
    file.write_text(written, encoding="utf-8")
    speaker.say("record-receipt", file=file.name)
    speaker.answer({"transfer": transfer_id, "kind": kind, "file": str(file)})


@transfer.command(help=said("help-transfer-notices"))
@_NODE
@common
def notices(speaker: Speaker, node: Path) -> None:
    """Notices about what was received: withdrawn, narrowed, to be erased."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        found = opened.records.recalls()
    for each in found:
        speaker.line(f"{each.id}  {each.kind.value}  {each.transfer}  {each.answer or '-'}")
    speaker.answer(
        {
            "notices": [
                {
                    "notice": each.id,
                    "kind": each.kind.value,
                    "transfer": each.transfer,
                    "answer": each.answer,
                }
                for each in found
            ]
        }
    )


@transfer.command(help=said("help-transfer-answer"))
@_NODE
@click.argument("notice")
@click.argument("answer_", metavar="ANSWER")
@common
def answer(speaker: Speaker, node: Path, notice: str, answer_: str) -> None:
    """Say what was done about a notice; the answer is kept, with its entry."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        done = opened.records.acknowledge_recall(notice, answer_)
    speaker.say("notice-answered", answer=done.answer)
    speaker.answer({"notice": done.id, "answer": done.answer})


@transfer.command(help=said("help-transfer-sweep"))
@_NODE
@common
def sweep(speaker: Speaker, node: Path) -> None:
    """Write down what ran out, and remove what nobody may fetch any more."""
    import sekisho

    with sekisho.open(node, actor=speaker.actor) as opened:
        changed = opened.records.sweep()
    speaker.say("records-swept", count=changed)
    speaker.answer({"changed": changed})


def _show(speaker: Speaker, shown: "Transfer") -> None:
    speaker.say("transfer-now", transfer=shown.id, state=shown.state.value)
    if shown.sealed is not None:
        speaker.say("transfer-sealed", size=f"{shown.sealed.bytes:,}", digest=shown.sealed.digest)
    for each in shown.left_out:
        speaker.say("transfer-left-out", what=each.what, reason=each.reason)
    speaker.answer(_about(shown))


def _about(shown: "Transfer") -> dict[str, object]:
    decision = shown.decision
    return {
        "transfer": shown.id,
        "state": shown.state.value,
        "sender": shown.sender,
        "recipient": shown.recipient,
        "categories": list(shown.categories),
        "rules": list(decision.rule_ids) if decision else [],
        "duties": [each.id for each in decision.duties] if decision else [],
        "digest": shown.sealed.digest if shown.sealed else None,
        "bytes": shown.sealed.bytes if shown.sealed else None,
        "ready_until": shown.ready_until.isoformat() if shown.ready_until else None,
        "left_out": [{"what": each.what, "reason": each.reason} for each in shown.left_out],
    }
