"""Downloads under stable addresses, and the log's static files for outside tools."""

import hashlib
from collections.abc import Mapping

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from sekisho.errors import NotFound, fault
from sekisho.present.history import history_about, status_word
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import public_file
from sekisho.tlog.paths import CHECKPOINT, parse_path
from sekisho.web.languages import asked_language, wished_language
from sekisho.web.pages.views import DOWNLOADS, PAPERS
from sekisho.web.security import only
from sekisho.web.served import (
    Served,
    ServedRelease,
    is_handed_out,
    refuse_tampered,
    revision,
)

MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".tlog-proof": "text/plain; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SAVED = {".csv", ".parquet", ".xlsx"}
"""What a browser saves instead of showing."""
_FOREVER = "public, max-age=31536000, immutable"
_AN_HOUR = "public, max-age=3600"
"""A revision never changes, but it can be withdrawn."""
_ASK_AGAIN = "no-cache"
KEY_FILE = "log.vkey"
STATUS = "status.json"
"""What became of a revision; no file of the release, since it may change."""


def downloads(node: Served) -> APIRouter:
    """`/releases/<programme>/<plan>.csv` for the newest, `…/<plan>/r2/<file>` for exactly one."""
    router = APIRouter(prefix="/releases", include_in_schema=False)

    @router.get("/{programme}/{plan}/r{number:number}/{name}", dependencies=[Depends(only())])
    def exact(request: Request, programme: str, plan: str, number: int, name: str) -> Response:
        _, released = revision(node, programme, plan, number)
        if name == STATUS:
            about = history_about(released.release, released.became)
            return JSONResponse(about, headers={"Cache-Control": _ASK_AGAIN})
        return _handed_out(request, released, name, _AN_HOUR)

    @router.get("/{programme}/{name}", dependencies=[Depends(only("lang"))])
    def newest(request: Request, programme: str, name: str) -> Response:
        for suffix, file in _names(name):
            _, released = revision(node, programme, name.removesuffix(suffix), None)
            only()(request)
            return _handed_out(request, released, file, _ASK_AGAIN)
        _, released = revision(node, programme, name, None)
        wished = wished_language(request.headers.get("accept-language", ""))
        language = asked_language(request) or wished
        plan = released.release.plan
        return RedirectResponse(
            f"/{language.value}/releases/{released.release.programme}/{plan}",
            307,
            {"Vary": "Accept-Language"},
        )

    return router


def _names(name: str) -> list[tuple[str, str]]:
    """The suffix of an address and the file that it names; the longest suffix wins."""
    every = [*PAPERS.items(), *((suffix, name) for suffix in DOWNLOADS)]
    fitting = [(suffix, file) for suffix, file in every if name.endswith(suffix)]
    return sorted(fitting, key=lambda pair: -len(pair[0]))[:1]


def _handed_out(request: Request, released: ServedRelease, name: str, caching: str) -> Response:
    files = released.files
    if name not in files or (name in released.release.files and not is_handed_out(released)):
        raise NotFound(fault("web.no-such-file"))
    data = files[name].read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    refuse_tampered(released, name, digest)
    suffix = f".{name.rsplit('.', 1)[-1]}"
    status = status_word(released.release, released.became)
    headers = {"ETag": f'"{digest}"', "Cache-Control": caching, **marked(released, status)}
    if suffix in _SAVED:
        saved = name if status == "current" else f"{status}-r{released.release.revision}-{name}"
        headers["Content-Disposition"] = f'attachment; filename="{saved}"'
    return _unless_known(request, data, MEDIA_TYPES.get(suffix, "text/plain"), headers)


def marked(released: ServedRelease, status: str) -> dict[str, str]:
    """What a download says of its release: the file itself stays as the log's digest has it."""
    headers = {"Sekisho-Status": status}
    later = released.became.corrected_by
    if later is not None:
        place = f"/releases/{later.programme}/{later.plan}/r{later.revision}"
        headers["Link"] = f'<{place}>; rel="successor-version"'
    return headers


def _unless_known(
    request: Request, data: bytes, media_type: str, headers: Mapping[str, str]
) -> Response:
    """The data, or 304 when the reader has it already."""
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=dict(headers))
    return Response(data, media_type=media_type, headers=dict(headers))


def log_files(node: Served) -> APIRouter:
    """The log as C2SP tlog-tiles: checkpoint, tiles, entry bundles; nothing else of its folder."""
    router = APIRouter(prefix="/log", dependencies=[Depends(only())], include_in_schema=False)

    @router.get("/{path:path}")
    def static(path: str) -> Response:
        if path == KEY_FILE:
            return Response(f"{node.verifier_key}\n", media_type="text/plain; charset=utf-8")
        known = path == CHECKPOINT or parse_path(path) is not None
        data = public_file(FolderLog(node.log_folder), path) if known else None
        if data is None:
            raise NotFound(fault("web.no-such-file"))
        plain = path == CHECKPOINT
        return Response(
            data,
            media_type="text/plain; charset=utf-8" if plain else "application/octet-stream",
            headers={"Cache-Control": _ASK_AGAIN if plain else _FOREVER},
        )

    return router
