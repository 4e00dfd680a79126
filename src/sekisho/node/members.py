"""Who acts on a node, and by which token: the calls that follow after somebody was taken in."""

from sekisho.gate import members
from sekisho.gate.house import Call
from sekisho.people import new_token


class Members:
    """Access tokens of actors; for the node's owner."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def renew_token(self, actor: str) -> str:
        """A new access token for an actor, shown this once; the one before opens nothing more."""
        token, token_hash = new_token()
        members.set_token(self._call, actor, token_hash)
        return token

    def withdraw_token(self, actor: str) -> None:
        """Leave an actor without a token: nobody speaks for it from outside any more."""
        members.set_token(self._call, actor, None)
