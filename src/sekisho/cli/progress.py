"""Progress of long work in the terminal, and a cancel with Ctrl-C that leaves nothing behind."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sekisho import text
from sekisho.cli.options import Speaker
from sekisho.ports import Watch


@contextmanager
def watched(speaker: Speaker) -> Iterator[Watch]:
    """A watch that draws a bar on standard error while it is a terminal, else one line a phase."""
    if speaker.as_json:
        yield Watch()
        return
    if not sys.stderr.isatty():
        yield Watch(progress=_lines(speaker))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def progress(phase: str, done: int, total: int) -> None:
            words = text.sentence(phase, {}, speaker.language)
            bar.update(task, description=words, completed=done, total=total or None)

        yield Watch(progress=progress)


class _Lines:
    """Says each phase once."""

    def __init__(self, speaker: Speaker) -> None:
        self.speaker = speaker
        self.said: set[str] = set()

    def __call__(self, phase: str, _done: int, _total: int) -> None:
        if phase not in self.said:
            self.said.add(phase)
            words = text.sentence(phase, {}, self.speaker.language)
            print(f"  {words}", file=sys.stderr, flush=True)


def _lines(speaker: Speaker) -> _Lines:
    return _Lines(speaker)
