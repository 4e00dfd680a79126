"""How files leave: streamed, in parts where a part is asked for, not again to who has them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

BARE = "sekisho.bare"
"""In the scope of a request that asks for the head alone."""
TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".csv-metadata.json": "application/csvm+json",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".sdmx.csv": "application/vnd.sdmx.data+csv;version=2.1.0",
    ".structure.xml": "application/vnd.sdmx.structure+xml;version=3.0.0",
    ".svg": "image/svg+xml",
    ".tlog-proof": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/vnd.sdmx.data+xml;version=3.0.0",
    ".zip": "application/zip",
}
"""The end of a file name -> what it is; the longest end that fits counts."""
_SAVED = {".csv", ".parquet", ".xlsx", ".xml", ".zip"}
"""What a browser saves instead of showing."""
_WISHES = {
    "text/csv": "csv",
    "application/json": "json",
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.sdmx.data+xml": "xml",
    "application/vnd.sdmx.data+csv": "sdmx.csv",
    "application/vnd.sdmx.structure+xml": "structure.xml",
    "application/csvm+json": "csv-metadata.json",
    "application/xml": "xml",
    "application/zip": "zip",
}
_PAGES = ("text/html", "application/xhtml+xml")
_LONGEST_WISH = 1000


class WholeOrPart(FileResponse):
    """A file, or the parts of it that are asked for; its head alone where only that is wanted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        method = "HEAD" if scope.get(BARE) else scope["method"]
        await super().__call__({**scope, "method": method}, receive, send)


def type_of(name: str) -> str:
    """What a file is, by the end of its name."""
    ends = [end for end in TYPES if name.endswith(end)]
    return TYPES[max(ends, key=len)] if ends else "text/plain; charset=utf-8"


def is_saved(name: str) -> bool:
    """Whether a browser saves the file instead of showing it."""
    return f".{name.rsplit('.', 1)[-1]}" in _SAVED


def has_it(request: Request, tag: str) -> bool:
    """Whether the reader has this version already, as If-None-Match says."""
    known = request.headers.get("if-none-match", "")
    tags = [each.strip().removeprefix("W/") for each in known.split(",")]
    return tag in tags or "*" in tags


def send_file(request: Request, file: Path, name: str, headers: Mapping[str, str]) -> Response:
    """A file under its tag: whole, in parts, or not again."""
    if has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=dict(headers))
    return WholeOrPart(
        file, headers=dict(headers), media_type=type_of(name), stat_result=file.stat()
    )


def send_pieces(
    request: Request, pieces: Iterable[bytes], name: str, headers: Mapping[str, str]
) -> Response:
    """What is made while it is sent."""
    if has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=dict(headers))
    sent: Iterator[bytes] = iter(()) if request.scope.get(BARE) else iter(pieces)
    return StreamingResponse(sent, headers=dict(headers), media_type=type_of(name))


def wished_form(header: str) -> str | None:
    """The form of a release that an Accept header asks for before a page; None for a page."""
    weights: dict[str, float] = {}
    for part in header[:_LONGEST_WISH].split(","):
        name, *parameters = (each.strip().lower() for each in part.split(";"))
        weights[name] = _weight(parameters)
    page = max((weights.get(each, 0.0) for each in _PAGES), default=0.0)
    best = max(_WISHES, key=lambda each: weights.get(each, 0.0))
    return _WISHES[best] if weights.get(best, 0.0) > page else None


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        if each.startswith("q="):
            try:
                weight = float(each[2:])
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
