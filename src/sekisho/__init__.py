"""Sekisho (関所): a checkpoint for data.

    node = sekisho.open("folder")
    node.load("programme", "dataset", "file.parquet")
    release = node.release("programme", "plan")

Names that are not listed here are internal.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.errors import Fault, Refused, SekishoError
    from sekisho.model.actor import Actor, Participant
    from sekisho.model.decision import Decision
    from sekisho.model.release import Delivery, Release
    from sekisho.model.table import SUPPRESSED, Suppressed, Table
    from sekisho.model.text import Text
    from sekisho.node import Node, init
    from sekisho.node import open_node as open  # noqa: A004 - read as `sekisho.open`
    from sekisho.ports import Watch
    from sekisho.present.answer import Queried
    from sekisho.present.released import Released

_ROOMS = {
    "Actor": "sekisho.model.actor",
    "Decision": "sekisho.model.decision",
    "Delivery": "sekisho.model.release",
    "Fault": "sekisho.errors",
    "Node": "sekisho.node",
    "Participant": "sekisho.model.actor",
    "Queried": "sekisho.present.answer",
    "Refused": "sekisho.errors",
    "Release": "sekisho.model.release",
    "Released": "sekisho.present.released",
    "SUPPRESSED": "sekisho.model.table",
    "SekishoError": "sekisho.errors",
    "Suppressed": "sekisho.model.table",
    "Table": "sekisho.model.table",
    "Text": "sekisho.model.text",
    "Watch": "sekisho.ports",
    "init": "sekisho.node",
    "open": "sekisho.node",
}

__all__ = [
    "SUPPRESSED",
    "Actor",
    "Decision",
    "Delivery",
    "Fault",
    "Node",
    "Participant",
    "Queried",
    "Refused",
    "Release",
    "Released",
    "SekishoError",
    "Suppressed",
    "Table",
    "Text",
    "Watch",
    "init",
    "open",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for, so that `import sekisho` costs nothing."""
    from importlib import import_module

    if name not in _ROOMS:
        raise AttributeError(f"module 'sekisho' has no attribute '{name}'")
    return getattr(import_module(_ROOMS[name]), {"open": "open_node"}.get(name, name))


def __dir__() -> list[str]:
    return sorted(_ROOMS)
