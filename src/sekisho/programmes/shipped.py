"""The programme folders that come with Sekisho."""

from importlib.resources import files
from pathlib import Path


def shipped_programmes() -> dict[str, Path]:
    """Name -> folder of each programme that comes with this installation, by name.

    A wheel carries them inside the package, as `shipped/`; a checkout has them in `programmes/`.
    """
    package = Path(str(files("sekisho")))
    for room in (package / "shipped", package.parent.parent / "programmes"):
        if room.is_dir():
            found = (folder.parent for folder in room.glob("*/programme.toml"))
            return {folder.name: folder for folder in sorted(found)}
    return {}
