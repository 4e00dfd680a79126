"""Which resources of a record may leave, a few bytes each however many there are."""

from array import array

from sekisho.lanes.record.choose import Verdict


class Ledger:
    """Verdicts by the ordinals of those resources that may leave."""

    def __init__(self) -> None:
        self._verdicts: list[Verdict] = []
        self._places: dict[Verdict, int] = {}
        self._of = array("i")
        """Place of the verdict, plus one; zero for what stays."""
        self._count = 0

    def __setitem__(self, number: int, verdict: Verdict) -> None:
        place = self._places.get(verdict)
        if place is None:
            place = self._places[verdict] = len(self._verdicts)
            self._verdicts.append(verdict)
        missing = number + 1 - len(self._of)
        if missing > 0:
            self._of.extend([0] * missing)
        self._count += self._of[number] == 0
        self._of[number] = place + 1

    def __getitem__(self, number: int) -> Verdict:
        return self._verdicts[self._of[number] - 1]

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and 0 <= number < len(self._of) and self._of[number] != 0

    def __delitem__(self, number: int) -> None:
        self._count -= self._of[number] != 0
        self._of[number] = 0

    def __len__(self) -> int:
        return self._count
