"""Where things lie in a node's folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NodeFolder:
    """The folder of one node; nothing of a node lies elsewhere."""

    root: Path

    @property
    def settings(self) -> Path:
        """The node's settings, private ones too; mode 0600."""
        return self.root / "node.toml"

    @property
    def keys(self) -> Path:
        """Signing keys and secrets; mode 0700."""
        return self.root / "keys"

    @property
    def store(self) -> Path:
        """The embedded store."""
        return self.root / "store.sqlite"

    @property
    def log(self) -> Path:
        """The transparency log: static files that anyone may read."""
        return self.root / "log"

    @property
    def aside(self) -> Path:
        """Where files are written before they count; may be emptied whenever nobody works."""
        return self.root / "aside"

    @property
    def spill(self) -> Path:
        """Where the engine spills; holds personal data, mode 0700."""
        return self.root / "spill"

    def programme(self, programme: str, digest: str) -> Path:
        """The copy of a programme's folder that the node took in."""
        return self.root / "programmes" / programme / digest

    def deliveries(self, programme: str, dataset: str) -> Path:
        """The deliveries of a dataset."""
        return self.root / "deliveries" / programme / dataset

    def delivery(self, programme: str, dataset: str, delivery_id: str) -> Path:
        """The file of one delivery."""
        return self.deliveries(programme, dataset) / f"{delivery_id}.parquet"

    def release(self, release_id: str) -> Path:
        """The published files of one release."""
        return self.root / "releases" / release_id

    def embargoed(self, release_id: str) -> Path:
        """The files of a release that waits for its moment; mode 0700 around them."""
        return self.root / "embargoed" / release_id

    def transfer(self, transfer_id: str) -> Path:
        """The sealed payload of one transfer, until it was fetched or nobody may any more."""
        return self.root / "transfers" / f"{transfer_id}.sealed"

    def upload(self, participant: str, digest: str) -> Path:
        """A file that came with a participant's answer, under its SHA-256; mode 0700 around it."""
        return self.root / "uploads" / participant / digest

    def private(self, programme: str) -> Path:
        """What only the data holder sees: patterns and certificates; mode 0700."""
        return self.root / "private" / programme
