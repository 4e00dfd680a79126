"""`sekisho log`: verify, prove, show, compare with the store, have it witnessed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli.log_source import (
    KEYS,
    OUT,
    TARGET,
    is_node,
    keys_of,
    read_file,
    source_of,
    tell,
    words,
    write_file,
)
from sekisho.cli.options import Speaker, common, said
from sekisho.cli.progress import watched
from sekisho.errors import TamperedError, UsageError, fault, raise_all

if TYPE_CHECKING:
    from sekisho.ports import Watch
    from sekisho.tlog.note import Checkpoint, Verifier
    from sekisho.tlog.tree import Readable

NODE = click.argument("node", type=click.Path(path_type=Path))
SINCE = click.option("--since", type=click.Path(path_type=Path), help=words("argument-since"))
LAST = click.option(
    "--last",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help=words("argument-last"),
)


@click.group(help=said("help-log"))
def log() -> None:
    """Everything about the transparency log."""


@log.command("verify", help=words("help-log-verify"))
@TARGET
@KEYS
@SINCE
@common
def verify(speaker: Speaker, target: str, key: tuple[str, ...], since: Path | None) -> None:
    """Verify a whole log."""
    source, keys = source_of(target), keys_of(target, key)
    with watched(speaker) as watch:
        figures = _judged(target, source, keys, watch)
    checkpoint = _standing(source, keys)
    about = {"origin": checkpoint.origin, "root": checkpoint.root.hex(), **figures}
    tell(speaker, "verified-node" if "releases" in figures else "verified-log", **about)
    if since is not None:
        _check_growth(speaker, source, since, checkpoint, keys)
    names = sorted({each.name for each in checkpoint.cosigned})
    if names:
        tell(speaker, "verified-witnesses", names=", ".join(names))
    if figures["unsigned"]:
        tell(speaker, "verified-unsigned", count=figures["unsigned"])
    speaker.answer({"verified": True, **about, "witnesses": names})


def _standing(source: "Readable", keys: "tuple[Verifier, ...]") -> "Checkpoint":
    from sekisho.tlog.append import current_checkpoint

    checkpoint = current_checkpoint(source, keys)
    if checkpoint is None:
        raise TamperedError(fault("log.file-missing", path="checkpoint"))
    return checkpoint


def _judged(
    target: str, source: "Readable", keys: "tuple[Verifier, ...]", watch: "Watch"
) -> dict[str, int]:
    """How much was verified; raises with every fault found."""
    if is_node(target):
        from sekisho.gate.findings import verify_folder
        from sekisho.stores.tiles import FolderLog

        folder = Path(target)
        node = verify_folder(FolderLog(folder / "log"), folder / "releases", keys, watch)
        raise_all(TamperedError, node.faults)
        figures = {"size": node.size, "files": node.files, "releases": node.releases}
        return {**figures, "unsigned": len(node.unsigned)}
    from sekisho.tlog.verify import readable, verify_log

    found = verify_log(source, keys, readable, watch)
    raise_all(TamperedError, found.faults)
    return {"size": found.entries, "files": found.files, "unsigned": len(found.unsigned)}


def _check_growth(
    speaker: Speaker,
    source: "Readable",
    since: Path,
    checkpoint: "Checkpoint",
    keys: "tuple[Verifier, ...]",
) -> None:
    from sekisho.tlog.note import decode_note, open_checkpoint
    from sekisho.tlog.verify import verify_growth

    older = open_checkpoint(decode_note(read_file(since)), keys)
    raise_all(TamperedError, verify_growth(source, older, checkpoint))
    tell(speaker, "verified-since", size=older.size)


@log.command("prove", help=words("help-log-prove"))
@TARGET
@click.argument("index", type=click.IntRange(0))
@KEYS
@OUT
@common
def prove(
    speaker: Speaker, target: str, index: int, key: tuple[str, ...], out: Path | None
) -> None:
    """Write the receipt of an entry."""
    from sekisho.tlog.proof import write_receipt

    receipt = write_receipt(source_of(target), index, keys_of(target, key))
    if out is None:
        click.echo(receipt, nl=False)
        return
    write_file(out, receipt.encode())
    tell(speaker, "receipt-written", index=index, file=out)
    speaker.answer({"index": index, "file": str(out)})


@log.command("show", help=words("help-log-show"))
@TARGET
@click.argument("index", type=click.IntRange(0), nargs=-1)
@KEYS
@LAST
@common
def show(
    speaker: Speaker, target: str, index: tuple[int, ...], key: tuple[str, ...], last: int
) -> None:
    """Show entries, each proved to stand in the log before it is shown."""
    from sekisho.model.entry import parse_entry
    from sekisho.present.entry import entry_about, entry_line, entry_words
    from sekisho.tlog.proof import proved_entry
    from sekisho.tlog.tree import Tree

    source, keys = source_of(target), keys_of(target, key)
    checkpoint = _standing(source, keys)
    tree = Tree(source, checkpoint.size, checkpoint.root)
    chosen = index or tuple(range(max(0, checkpoint.size - last), checkpoint.size))
    read = [(at, parse_entry(proved_entry(checkpoint, tree, at))) for at in chosen]
    if not read:
        tell(speaker, "log-is-empty")
    entries: list[dict[str, object]] = []
    for at, entry in read:
        said = entry_words(entry, speaker.language)
        speaker.line(entry_line(at, entry, speaker.language))
        speaker.line(f"          {said}")
        about = {"index": at, "says": said, **entry_about(entry)}
        entries.append(about | (_witnesses(speaker, target, at) if index else {}))
    speaker.answer({"size": checkpoint.size, "entries": entries})


def _witnesses(speaker: Speaker, target: str, index: int) -> dict[str, object]:
    """Who has witnessed an entry of a node that is at hand."""
    if not is_node(target):
        return {}
    from sekisho.cli.witnesses import say_witnesses
    from sekisho.present.testimony import testimony_about
    from sekisho.settings import read_settings
    from sekisho.wiring import log_book

    book = log_book(Path(target), read_settings(Path(target) / "node.toml"))
    found = book.shown(index).witnesses
    say_witnesses(speaker, found)
    return {"witnesses": [testimony_about(each) for each in found]}


@log.command("fsck", help=words("help-log-fsck"))
@NODE
@common
def fsck(speaker: Speaker, node: Path) -> None:
    """Compare store and log; opening the node mends first what a kill left."""
    from sekisho.stores.tiles import FolderLog
    from sekisho.tlog.verify import counts_differ, same_as, verify_log
    from sekisho.wiring import open_house

    house, _settings = open_house(node)
    try:
        stored = house.store.entry_count()
        with watched(speaker) as watch:
            same = same_as(house.store.outbox)
            found = verify_log(FolderLog(node / "log"), keys_of(str(node), ()), same, watch)
    finally:
        house.store.close()
    raise_all(TamperedError, [*found.faults, *counts_differ(found.entries, stored)])
    tell(speaker, "store-agrees", size=stored)
    speaker.answer({"agree": True, "size": stored})


@log.command("cosign", help=words("help-log-cosign"))
@NODE
@click.option("--witness", multiple=True, help=words("argument-witness"))
@common
def cosign(speaker: Speaker, node: Path, witness: tuple[str, ...]) -> None:
    """Ask witnesses, serve what they sign, and raise when one saw another history."""
    from datetime import UTC, datetime

    from sekisho.settings import parse_witness, read_settings
    from sekisho.wiring import log_book, witness_at

    book = log_book(node, read_settings(node / "node.toml"))
    asked = [witness_at(parse_witness(each)) for each in witness] or book.witnesses
    if not asked:
        raise UsageError(fault("log.no-witnesses"))
    found = book.cosign(asked, datetime.now(UTC))
    raise_all(TamperedError, found.refused)
    names = [each.witness.name for each in found.heard if each.line]
    for each in found.heard:
        if each.fault is not None:
            speaker.line(f"  {each.witness.name}: {each.fault.sentence(speaker.language)}")
    if names:
        tell(speaker, "cosigned", names=", ".join(names), size=found.checkpoint.size)
    else:
        tell(speaker, "cosigned-by-none")
    speaker.answer({"size": found.checkpoint.size, "witnesses": names})


@log.command("witness", help=words("help-log-witness"))
@NODE
@click.option("--watch", multiple=True, help=words("argument-watch"))
@click.option("--name", help=words("argument-name"))
@common
def witness(speaker: Speaker, node: Path, watch: tuple[str, ...], name: str | None) -> None:
    """Make the node a witness of other logs; `serve` then answers them."""
    from sekisho.cli.log_source import read_keys
    from sekisho.stores.witness import FolderWitness

    own = keys_of(str(node), ())[0].name
    standing = FolderWitness(node)
    key = standing.begin(name or f"{own}/witness")
    if watch:
        standing.watch(read_keys(watch))
    origins = sorted(standing.logs())
    tell(speaker, "witness-stands", key=key.vkey)
    for origin in origins:
        tell(speaker, "witness-watches", origin=origin)
    speaker.answer({"key": key.vkey, "watches": origins})


@log.command("rotate", help=words("help-log-rotate"))
@NODE
@click.option("--finish", is_flag=True, help=words("argument-finish"))
@common
def rotate(speaker: Speaker, node: Path, finish: bool) -> None:  # noqa: FBT001
    """Change the key that signs the log, in two steps."""
    from sekisho.founding import rotate_key

    key = rotate_key(node, finish=finish).vkey
    tell(speaker, "rotated" if finish else "rotating", key=key)
    speaker.answer({"key": key, "finished": finish})
