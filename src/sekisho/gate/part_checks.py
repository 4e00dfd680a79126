"""What is asked of one holder's part when it is brought; its holder alone reads the answers."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sekisho.errors import DeliveryError, NotPermitted, UsageError, fault
from sekisho.gate.house import House
from sekisho.model.dataset import Dataset
from sekisho.model.release import Delivery
from sekisho.ports import Watch


@dataclass(frozen=True, slots=True)
class SaidOfPart:
    """What a holder says of its part when it brings it."""

    key_check: str
    """Of the key that its pseudonyms were made with."""
    days: tuple[date, date] | None = None
    """First and last day that it covers, both included."""


def check_said(dataset: Dataset, holder: str, said: SaidOfPart | None) -> None:
    """Pass when a part may be brought as it is described; no row is read.

    Raises: NotPermitted for who is none of its holders; DeliveryError when the pseudonyms were
    made with another key than the holders agreed; UsageError when the days are not said.
    """
    parts = dataset.parts
    if parts is None:
        if said is not None:
            raise UsageError(fault("parts.one-holder", dataset=dataset.id))
        return
    if holder not in parts.holders:
        raise NotPermitted(fault("parts.not-a-holder", dataset=dataset.id))
    if said is None or said.key_check != parts.key_check:
        raise DeliveryError(fault("parts.other-key", dataset=dataset.id))
    if parts.days is not None and (said.days is None or said.days[0] > said.days[1]):
        raise UsageError(fault("parts.days-unsaid", dataset=dataset.id, column=parts.days))


def check_days(
    house: House, dataset: Dataset, said: SaidOfPart | None, brought: tuple[Path, Watch]
) -> None:
    """Refuse a part with rows outside the days that it covers, or with a day without a row.

    Raises: DeliveryError.
    """
    if dataset.parts is None or dataset.parts.days is None or said is None or said.days is None:
        return
    first, last = said.days
    held = house.engine.days(brought[0], dataset.parts.days, brought[1])
    within = sum(first <= day <= last for day in held)
    missing = (last - first).days + 1 - within
    if within < len(held):
        count = len(held) - within
        raise DeliveryError(fault("parts.days-outside", dataset=dataset.id, count=count))
    if missing:
        raise DeliveryError(fault("parts.days-missing", dataset=dataset.id, count=missing))


def own_before(house: House, programme: str, dataset: Dataset, holder: str) -> list[Delivery]:
    """Earlier deliveries whose rows a new one must not repeat: a holder's own, of several.

    One person may stand in two parts on one day; in one part that is a fault of the file.
    """
    before = house.store.deliveries(programme, dataset.id)
    return before if dataset.parts is None else [each for each in before if each.holder == holder]


def same_before(house: House, new: Delivery) -> Delivery | None:
    """The very same file, brought before by the same holder; DeliveryError when it is another's."""
    for each in house.store.deliveries(new.programme, new.dataset):
        if each.digest == new.digest:
            if each.holder != new.holder:
                raise DeliveryError(fault("parts.others-file", dataset=new.dataset))
            return each
    return None
