"""Downloads under stable addresses, and the log's static files for outside tools."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from sekisho.errors import NotFound, UsageError, fault
from sekisho.gate.bundle import SUFFIX, bundle_name
from sekisho.model.export import EXCEL_CSV
from sekisho.node.exports import BOM, archive_of, file_digest, file_pieces
from sekisho.present.history import history_about, status_word
from sekisho.stores.tiles import FolderLog
from sekisho.tlog.append import public_file
from sekisho.tlog.paths import CHECKPOINT, parse_path
from sekisho.web.languages import asked_language, wished_language
from sekisho.web.pages.views import DOWNLOADS, PAPERS
from sekisho.web.security import only
from sekisho.web.sending import is_saved, send_file, send_pieces, wished_form
from sekisho.web.served import (
    Served,
    ServedRelease,
    is_handed_out,
    refuse_tampered,
    revision,
)

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

    @router.get("/{programme}/{name}", dependencies=[Depends(only("lang", "bom"))])
    def newest(request: Request, programme: str, name: str) -> Response:
        for suffix, file in _names(name):
            _, released = revision(node, programme, name.removesuffix(suffix), None)
            only(*(["bom"] if suffix == ".csv" else []))(request)
            wanted = _with_mark(request, file or bundle_name(released.release.id))
            return _handed_out(request, released, wanted, _ASK_AGAIN)
        only("lang")(request)
        _, released = revision(node, programme, name, None)
        return _led(request, f"/releases/{released.release.programme}/{released.release.plan}")

    return router


def _led(request: Request, place: str) -> Response:
    """To the page in the reader's language, or to the file that the reader asks for instead."""
    form = wished_form(request.headers.get("accept", ""))
    wished = wished_language(request.headers.get("accept-language", ""))
    language = asked_language(request) or wished
    target = f"{place}.{form}" if form else f"/{language.value}{place}"
    return RedirectResponse(target, 307, {"Vary": "Accept, Accept-Language"})


def _with_mark(request: Request, name: str) -> str:
    """The name of the file, of its twin with a byte-order mark where `?bom=1` asks for it.

    Raises: UsageError when the parameter says anything but 0 or 1.
    """
    asked = request.query_params.get("bom", "0")
    if asked not in {"0", "1"}:
        raise UsageError(fault("web.unknown-parameter", known="`bom=0`, `bom=1`"))
    return f"{name.removesuffix('.csv')}.{EXCEL_CSV}" if asked == "1" else name


def _names(name: str) -> list[tuple[str, str]]:
    """The suffix of an address and the file that it names; the longest suffix wins.

    The archive is named after its release: its file is empty here.
    """
    every = [*PAPERS.items(), *((suffix, name) for suffix in (*DOWNLOADS, f".{EXCEL_CSV}"))]
    every.append((SUFFIX, ""))
    fitting = [(suffix, file) for suffix, file in every if name.endswith(suffix)]
    return sorted(fitting, key=lambda pair: -len(pair[0]))[:1]


def _handed_out(request: Request, released: ServedRelease, name: str, caching: str) -> Response:
    """A file of a release, streamed; what is made from its files, made now."""
    status = status_word(released.release, released.became)
    headers = {"Cache-Control": caching, **marked(released, status)}
    if is_saved(name):
        saved = name if status == "current" else f"{status}-r{released.release.revision}-{name}"
        headers["Content-Disposition"] = f'attachment; filename="{saved}"'
    if name == bundle_name(released.release.id):
        _refuse_gone(released)
        tag, pieces = archive_of(released)
        return send_pieces(request, pieces, name, {**headers, "ETag": f'"{tag}"'})
    twin = name.endswith(f".{EXCEL_CSV}")
    source = f"{name.removesuffix(EXCEL_CSV)}csv" if twin else name
    files = released.files
    if source not in files:
        raise NotFound(fault("web.no-such-file"))
    if source in released.release.files:
        _refuse_gone(released)
    digest = file_digest(files[source])
    refuse_tampered(released, source, digest)
    if twin:
        headers["ETag"] = f'"{digest}-bom"'
        return send_pieces(request, file_pieces(files[source], BOM), name, headers)
    return send_file(request, files[source], name, {**headers, "ETag": f'"{digest}"'})


def _refuse_gone(released: ServedRelease) -> None:
    if not is_handed_out(released):
        raise NotFound(fault("web.no-such-file"))


def marked(released: ServedRelease, status: str) -> dict[str, str]:
    """What a download says of its release: the file itself stays as the log's digest has it."""
    headers = {"Sekisho-Status": status}
    later = released.became.corrected_by
    if later is not None:
        place = f"/releases/{later.programme}/{later.plan}/r{later.revision}"
        headers["Link"] = f'<{place}>; rel="successor-version"'
    return headers


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
