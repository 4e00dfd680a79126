"""The columns that a file has against those that its dataset declares."""

from collections import Counter
from collections.abc import Sequence

from sekisho.errors import Fault, Place, fault
from sekisho.model.dataset import Dataset
from sekisho.query.names import nearest


def column_faults(names: Sequence[str], dataset: Dataset, place: Place) -> list[Fault]:
    """Unknown, missing and doubled columns, each with the column that was probably meant."""
    declared = {c.name for c in dataset.columns}
    missing = [c.name for c in dataset.columns if c.name not in names]
    found: list[Fault] = []
    for name, count in Counter(names).items():
        if count > 1:
            found.append(fault("delivery.column-twice", place, dataset=dataset.id, column=name))
        if name in declared:
            continue
        near = nearest(name, missing) if name else None
        if near is not None:
            missing.remove(near)
            found.append(
                fault("delivery.column-near", place, dataset=dataset.id, column=name, near=near)
            )
        else:
            found.append(fault("delivery.column-unknown", place, dataset=dataset.id, column=name))
    found += [
        fault("delivery.column-missing", place, dataset=dataset.id, column=name) for name in missing
    ]
    return found
