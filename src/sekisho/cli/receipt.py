"""`sekisho receipt`: verify one offline, write the page that does it, find what concerns you."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho import text
from sekisho.cli.log_source import (
    KEYS,
    OUT,
    TARGET,
    keys_of,
    read_file,
    read_keys,
    source_of,
    tell,
    words,
    write_file,
)
from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched
from sekisho.errors import TamperedError, raise_all

if TYPE_CHECKING:
    from sekisho.model.entry import Entry
    from sekisho.tlog.note import Verifier
    from sekisho.tlog.tree import Readable


@click.group(help=said("help-receipt"))
def receipt() -> None:
    """What a person or firm keeps."""


@receipt.command("verify", help=words("help-receipt-verify"))
@click.argument("file", type=click.Path(path_type=Path))
@KEYS
@click.option("--entry", type=click.Path(path_type=Path), help=words("argument-entry"))
@common
def verify(speaker: Speaker, file: Path, key: tuple[str, ...], entry: Path | None) -> None:
    """Verify a receipt; raises when anything in it does not hold."""
    from sekisho.model.entry import parse_entry
    from sekisho.present.entry import entry_about, entry_line
    from sekisho.tlog.note import decode_note
    from sekisho.tlog.proof import verify_proof, verify_receipt

    if file.is_dir() or file.suffix == ".zip":
        _verify_release(speaker, file, key)
        return
    keys, said_ = read_keys(key), decode_note(read_file(file))
    opened: dict[str, str] = {}
    if entry is None:
        checked = verify_receipt(said_, keys)
        proven, found, opened = checked.proven, checked.entry, checked.opened
    else:
        proven = verify_proof(said_, read_file(entry), keys)
        found = parse_entry(proven.entry)
    checkpoint = proven.checkpoint
    about = {"index": proven.index, "origin": checkpoint.origin, "size": checkpoint.size}
    names = sorted({each.name for each in checkpoint.cosigned})
    tell(speaker, "receipt-good", **about)
    speaker.line(entry_line(proven.index, found, speaker.language))
    for field, value in opened.items():
        name = text.sentence(f"log.commitment-{field}", {}, speaker.language)
        tell(speaker, "receipt-opened", field=name, value=_plain(value))
    if names:
        tell(speaker, "verified-witnesses", names=", ".join(names))
    answer = {**about, "entry": entry_about(found), "opened": opened, "witnesses": names}
    speaker.answer({"verified": True, **answer})


def _verify_release(speaker: Speaker, file: Path, key: tuple[str, ...]) -> None:
    """Verify every file of a release, in its archive or unpacked; raises with every fault."""
    from sekisho.node.exports import check_archive
    from sekisho.tlog.proof import verify_receipt

    keys = read_keys(key)
    proof = check_archive(file, keys)
    raise_all(TamperedError, proof.faults)
    entry = verify_receipt(proof.text, keys).entry
    about = {"index": proof.index, "origin": proof.origin, "size": proof.size}
    release = str(entry.public["release"])
    said_ = text.sentence("exports.archive-good", {"release": release, **about}, speaker.language)
    speaker.line(said_)
    speaker.answer({"verified": True, "release": release, **about})


@receipt.command("history", help=words("help-receipt-history"))
@TARGET
@click.option(
    "--secret",
    type=click.Path(path_type=Path),
    required=True,
    multiple=True,
    help=words("argument-secret"),
)
@click.option("--receipts", type=click.Path(path_type=Path), help=words("argument-receipts"))
@KEYS
@common
def history(
    speaker: Speaker,
    target: str,
    secret: tuple[Path, ...],
    receipts: Path | None,
    key: tuple[str, ...],
) -> None:
    """Show the entries that concern the holder of a secret; the whole log is verified meanwhile."""
    from sekisho.present.entry import entry_about, entry_line, entry_words
    from sekisho.tlog.history import read_secret
    from sekisho.tlog.verify import concerning_any, verify_log

    own = [read_secret(read_file(each).decode("utf-8", "replace")) for each in secret]
    found: list[tuple[int, Entry]] = []
    source, keys = source_of(target), keys_of(target, key)
    with watched(speaker) as watch:
        judged = verify_log(source, keys, concerning_any(own, found), watch)
    raise_all(TamperedError, judged.faults)
    tell(speaker, "history", count=len(found), size=judged.entries)
    for index, entry in found:
        speaker.line(entry_line(index, entry, speaker.language))
        speaker.line(f"          {entry_words(entry, speaker.language)}")
    if receipts is not None:
        _write_receipts(source, keys, [index for index, _ in found], receipts)
        tell(speaker, "receipts-written", count=len(found), folder=receipts)
    entries = [{"index": index, **entry_about(entry)} for index, entry in found]
    speaker.answer({"size": judged.entries, "entries": entries})


def _write_receipts(
    source: "Readable", keys: "tuple[Verifier, ...]", indices: list[int], folder: Path
) -> None:
    """Write a receipt of each entry; what only the node knows of its values stays closed."""
    from sekisho.tlog.proof import SUFFIX, write_receipt

    folder.mkdir(parents=True, exist_ok=True)
    for index in indices:
        write_file(folder / f"{index}{SUFFIX}", write_receipt(source, index, keys).encode())


def _plain(value: str) -> str:
    """The words of a value, without letters that would steer a terminal."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value
    )


@receipt.command("page", help=words("help-receipt-page"))
@OUT
@common
def page(speaker: Speaker, out: Path | None) -> None:
    """Write the page that verifies receipts in a browser."""
    from sekisho.tlog.receipt_page import FILE_NAME, receipt_page, receipt_page_digest

    target = out or Path(FILE_NAME)
    write_file(target, receipt_page())
    tell(speaker, "page-written", file=target, digest=receipt_page_digest())
    speaker.answer({"file": str(target), "sha256": receipt_page_digest()})
