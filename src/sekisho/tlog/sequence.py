"""From the store's outbox into the log: waiting entries are taken in groups until none is left.

Any process of a node may do it at any time: the log's lock lets one write, the others find their
entries written. What a stopped run left undone is done by the next.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sekisho.errors import TamperedError, fault
from sekisho.tlog.append import current_checkpoint, integrate
from sekisho.tlog.note import Checkpoint, Signer

if TYPE_CHECKING:  # the ports bring numpy, which a log does not need
    from sekisho.ports import LogStorage

GROUP = 4096

Outbox = Callable[[int, int], Sequence[tuple[int, bytes]]]
"""(first index, how many at most) -> entries with their indices, in order."""


def sequence(
    storage: "LogStorage", signers: Sequence[Signer], outbox: Outbox, through: int | None = None
) -> Checkpoint:
    """The signed checkpoint once the outbox is in the log, at least through the given index.

    What is to be handed out waits for this call with its entry's index. Called when nothing
    waits, it signs the empty log or returns the checkpoint that stands.

    Raises: as `integrate`; TamperedError when the outbox does not reach the index or has a gap.
    """
    verifiers = [signer.verifier for signer in signers]
    while True:
        standing = current_checkpoint(storage, verifiers)
        size = standing.size if standing else 0
        if standing is not None and through is not None and through < size:
            return standing
        waiting = outbox(size, GROUP)
        if [index for index, _ in waiting] != list(range(size, size + len(waiting))):
            raise TamperedError(fault("log.outbox-gap", size=size))
        if waiting or standing is None:
            standing = integrate(storage, signers, [entry for _, entry in waiting], size)
        if len(waiting) < GROUP:
            if through is not None and standing.size <= through:
                raise TamperedError(fault("log.outbox-gap", size=standing.size))
            return standing
