"""How a node comes to be, and how an existing one is opened."""

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from sekisho.model.actor import Participant
from sekisho.node.facade import Node
from sekisho.terms import Language
from sekisho.wiring import OWNER, Founding, found_house, open_house


def open_node(folder: str | Path, *, actor: str | None = None) -> Node:
    """An existing node, on behalf of its owner or of another actor.

    Raises: StorageError when the folder is not a node.
    """
    house, settings = open_house(Path(folder))
    with ExitStack() as undo:
        undo.callback(house.store.close)
        owner = next(each for each in house.store.actors() if each.id == OWNER)
        node = Node(house, settings, owner)
        node = node if actor is None else node.as_(actor)
        undo.pop_all()
    return node


def init(
    folder: str | Path,
    owner: Participant,
    *,
    origin: str | None = None,
    language: Language = Language.EN,
    sensitivity: Mapping[str, int] | None = None,
) -> Node:
    """A new node; `sensitivity` sets the data holder's private parameters (settings reference).

    Raises: Conflict when something lies in the folder already.
    """
    named = origin or f"sekisho.invalid/{owner.id}-{secrets.token_hex(4)}"
    found_house(Path(folder), Founding(owner, named, language, sensitivity or {}))
    return open_node(folder)
