"""Challenges: random, for one thing, for five minutes, worth nothing a second time.

The node keeps none that it gave out, so nobody can fill it up by asking: a challenge carries the
node's own keyed hash. Only those that were answered are remembered, until they run out.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sekisho.errors import Refused, fault
from sekisho.gate.house import House
from sekisho.model.dossier import SpentChallenge

LIFE = timedelta(minutes=5)
_PARTS = 3


def new_challenge(house: House, about: str) -> str:
    """A challenge for one thing, which `about` names."""
    until = int((house.clock.now() + LIFE).timestamp())
    nonce = secrets.token_hex(16)
    return f"{until}.{nonce}.{_keyed(house, about, str(until), nonce)}"


def answered(house: House, challenge: str, about: str) -> SpentChallenge:
    """The challenge as spent, to be written with the change that it opens.

    Raises: Refused when it is not this node's, for something else, or has run out.
    """
    parts = challenge.split(".") if challenge.isascii() and len(challenge) < 200 else []
    now = house.clock.now()
    if len(parts) == _PARTS and parts[0].isdigit() and len(parts[0]) < 12:
        right = hmac.compare_digest(parts[2], _keyed(house, about, parts[0], parts[1]))
        until = datetime.fromtimestamp(int(parts[0]), UTC)
        if right and now < until:
            return SpentChallenge(sha256(challenge.encode()).hexdigest(), now, until)
    raise Refused(fault("records.challenge-wrong"))


def _keyed(house: House, about: str, until: str, nonce: str) -> str:
    message = f"sekisho/challenge/v1\n{about}\n{until}\n{nonce}".encode()
    return hmac.digest(house.secret, message, sha256).hex()
