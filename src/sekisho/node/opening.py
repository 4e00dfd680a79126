"""How a node comes to be, and how an existing one is opened."""

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from sekisho.founding import Founding, found_house
from sekisho.model.actor import Participant
from sekisho.node.facade import Node
from sekisho.settings import founded_on
from sekisho.terms import Language
from sekisho.wiring import OWNER, open_house


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
    store: str | None = None,
) -> Node:
    """A new node; `sensitivity` sets the data holder's private parameters (settings reference).

    `store` is the address of an empty PostgreSQL database; without one, and without SEKISHO_STORE
    in the environment, the store is a file in the folder.

    Raises: Conflict when something lies in the folder already, or the database is not empty.
    """
    named = origin or f"sekisho.invalid/{owner.id}-{secrets.token_hex(4)}"
    founding = Founding(owner, named, language, sensitivity or {}, founded_on(store))
    found_house(Path(folder), founding)
    return open_node(folder)
