"""How often a participant may be turned away: who keeps asking in vain is not heard for a while.

Each request that is turned away leaves an entry in the log, of which nobody may make as many as
they like. What is counted lies in this process's memory, for a bounded number of participants.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock

from sekisho.errors import Refused, fault
from sekisho.gate.house import House

MOST = 60
"""So many requests may be turned away within `WINDOW`."""
WINDOW = timedelta(hours=1)
MOST_PARTICIPANTS = 1_000

_turned_away: "OrderedDict[tuple[Path, str], deque[datetime]]" = OrderedDict()
_lock = Lock()


def refuse_persistent(house: House, participant: str) -> None:
    """Refuse a participant that was turned away too often, before anything is looked up.

    Whether what it asks for now exists makes no difference: it is not looked at.
    """
    now = house.clock.now()
    with _lock:
        known = _turned_away.get((house.folder.root, participant))
        while known and known[0] <= now - WINDOW:
            known.popleft()
        if known and len(known) >= MOST:
            again = f"{known[0] + WINDOW:%Y-%m-%dT%H:%M:%SZ}"
            raise Refused(fault("records.asked-too-often", count=MOST, again=again))


def note_turned_away(house: House, participant: str) -> None:
    """Count a request that was turned away."""
    name = (house.folder.root, participant)
    with _lock:
        _turned_away.setdefault(name, deque(maxlen=MOST)).append(house.clock.now())
        _turned_away.move_to_end(name)
        while len(_turned_away) > MOST_PARTICIPANTS:
            _turned_away.popitem(last=False)
