"""Who takes part: participants, actors with their tokens, registered keys."""

from sekisho.errors import NotFound, fault
from sekisho.gate.admit import permit
from sekisho.gate.house import Call, Said, entry_of
from sekisho.gate.sequence import sequence
from sekisho.model.actor import Actor, Participant, RegisteredKey
from sekisho.model.entry import EntryKind
from sekisho.people import Action, check_actor, check_participant


def add_participant(call: Call, participant: Participant) -> int:
    """Take an organisation in; the index of its entry."""
    permit(call, Action.PARTICIPANT_ADD)
    check_participant(participant)
    house = call.house
    public = (("participant", participant.id), ("change", "added"))
    entry = entry_of(house, EntryKind.PARTICIPANT_CHANGED, Said(public=public))
    index = house.store.add_participant(participant, entry)
    sequence(house)
    return index


def add_actor(call: Call, actor: Actor, token_hash: bytes | None) -> int:
    """Let a person or organisation act on this node; the index of its entry."""
    permit(call, Action.ACTOR_ADD)
    check_actor(actor)
    house = call.house
    public = (("participant", actor.participant), ("change", "actor-added"))
    entry = entry_of(house, EntryKind.PARTICIPANT_CHANGED, Said(public=public))
    index = house.store.add_actor(actor, token_hash, entry)
    sequence(house)
    return index


def set_token(call: Call, actor_id: str, token_hash: bytes | None) -> int:
    """Give an actor another access token, or none; the one before opens nothing from now on.

    Raises: NotFound when there is no such actor.
    """
    permit(call, Action.TOKEN_REPLACE)
    house = call.house
    found = next((each for each in house.store.actors() if each.id == actor_id), None)
    if found is None:
        raise NotFound(fault("people.no-actor", actor=actor_id))
    change = "token-withdrawn" if token_hash is None else "token-replaced"
    public = (("participant", found.participant), ("change", change))
    entry = entry_of(house, EntryKind.PARTICIPANT_CHANGED, Said(public=public))
    index = house.store.set_token(actor_id, token_hash, entry)
    sequence(house)
    return index


def add_key(call: Call, key: RegisteredKey) -> int:
    """Register a participant's public key; the index of its entry."""
    permit(call, Action.KEY_ADD)
    house = call.house
    public = (
        ("key", key.fingerprint),
        ("change", "registered"),
        ("participant", key.participant),
        ("purpose", key.purpose),
    )
    entry = entry_of(house, EntryKind.KEY_CHANGED, Said(public=public))
    index = house.store.add_key(key, entry)
    sequence(house)
    return index
