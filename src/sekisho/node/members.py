"""Who acts on a node, and by which token: the calls that follow after somebody was taken in."""

from pathlib import Path

from sekisho.gate import members
from sekisho.gate.holdings import set_holdings
from sekisho.gate.house import Call
from sekisho.people import new_token


class Members:
    """Access tokens of actors, for the node's owner; which contributors are one, for the holder."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def renew_token(self, actor: str) -> str:
        """A new access token for an actor, shown this once; the one before opens nothing more."""
        token, token_hash = new_token()
        members.set_token(self._call, actor, token_hash)
        return token

    def set_holdings(self, programme: str, file: str | Path) -> int:
        """Bring the data holder's private table of which contributors belong together.

        How many contributors stand in it. Protection counts a holding as one contributor.

        Raises: DeliveryError when the table cannot be read; NotPermitted for all but the holder.
        """
        return set_holdings(self._call, programme, Path(file))

    def withdraw_token(self, actor: str) -> None:
        """Leave an actor without a token: nobody speaks for it from outside any more."""
        members.set_token(self._call, actor, None)

    @property
    def owner(self) -> str:
        """The participant whose node this is."""
        return self._call.house.participant
