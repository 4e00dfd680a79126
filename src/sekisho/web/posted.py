"""What a page's form sends: fields and files, never more than one form may hold."""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from sekisho.errors import UsageError, fault

MOST_BYTES = 52 * 1024 * 1024
MOST_PLAIN = 2 * 1024 * 1024
"""Of a form without files: its signs are decoded one by one, on everybody's time."""
MOST_FIELDS = 20_000
MOST_OF_FIELD = 1024 * 1024
_TYPES = re.compile(r"(application/x-www-form-urlencoded|multipart/form-data)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Posted:
    """The fields and files of one form."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Field -> name of the file, and its bytes; a field left empty is not here."""

    def one(self, name: str) -> str:
        """The value of a field that stands once; empty when it does not stand."""
        return self.fields.get(name, [""])[0]


async def read_posted(request: Request) -> Posted:
    """What was sent.

    Raises: UsageError when it is too large or cannot be read.
    """
    kind = _TYPES.match(request.headers.get("content-type", ""))
    if kind is None:
        raise UsageError(fault("web.posted-unreadable"))
    is_plain = kind[1].lower() == "application/x-www-form-urlencoded"
    body = await _body(request, MOST_PLAIN if is_plain else MOST_BYTES)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    found = Posted()
    try:
        reading = Request(request.scope, receive)
        async with reading.form(
            max_files=100, max_fields=MOST_FIELDS, max_part_size=MOST_OF_FIELD
        ) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    data = await value.read()
                    if data or value.filename:
                        found.files[name] = (value.filename or "", data)
                else:
                    found.fields.setdefault(name, []).append(value)
    except (HTTPException, ValueError):
        raise UsageError(fault("web.posted-unreadable")) from None
    return found


async def _body(request: Request, most: int) -> bytes:
    """The body, of which nothing is read beyond the most that a form may hold."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise UsageError(fault("web.posted-too-large", most=most // 1024**2))
        parts.append(part)
    return b"".join(parts)
