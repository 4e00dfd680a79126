"""Archives that lie: each must be refused, however small the change."""

import io
import zipfile
from pathlib import Path

import pytest

from sekisho.errors import DeliveryError
from sekisho.formats.csv import CSV
from sekisho.formats.json import JSON
from sekisho.formats.papers import papers
from sekisho.gate.bundle import bundle_pieces, bundle_tag, check_bundle
from sekisho.tlog.note import new_signer
from tests.lib.releases import PLAN, release
from tests.lib.served import ServedNode


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    node = ServedNode(tmp_path_factory.mktemp("bundle"))
    node.put(release(), formats=(CSV, JSON, *papers()))
    return node


@pytest.fixture(scope="module")
def good(node):
    return b"".join(bundle_pieces(node.out[0].folder))


def rewritten(archive: bytes, change) -> bytes:
    """The archive with its members changed: (name, data) -> what takes its place."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for info in old.infolist():
            for name, data in change(info.filename, old.read(info)):
                new.writestr(name, data)
    return out.getvalue()


def judged(node, tmp_path, archive):
    file = tmp_path / "release.zip"
    file.write_bytes(archive)
    return check_bundle(file, (node.signer.verifier,))


def test_what_a_node_packs_verifies_and_only_under_its_key(node, good, tmp_path):
    assert judged(node, tmp_path, good).verified
    stranger = (new_signer("log.example/other").verifier,)
    assert not check_bundle(tmp_path / "release.zip", stranger).verified


def test_the_same_release_packs_to_the_same_bytes_and_status_changes_them(node, good):
    folder = node.out[0].folder
    assert b"".join(bundle_pieces(folder)) == good
    assert b"".join(bundle_pieces(folder, "withdrawn\n")) != good
    assert bundle_tag(folder, "") != bundle_tag(folder, "withdrawn\n")


RELEASE = release().id
CSV_FILE = f"{RELEASE}/{PLAN}.csv"


@pytest.mark.parametrize(
    "change",
    [
        lambda n, d: [(n, d.replace(b"confidential", b"published   ", 1) if n == CSV_FILE else d)],
        lambda n, d: [] if n == CSV_FILE else [(n, d)],
        lambda n, d: [(n, d), (f"{RELEASE}/more.csv", d)] if n == CSV_FILE else [(n, d)],
        lambda n, d: [(n, d + b" ") if n.endswith("manifest.json") else (n, d)],
        lambda n, d: [(n, d + b" ") if n.endswith("entry.json") else (n, d)],
        lambda n, d: [] if n.endswith(".tlog-proof") else [(n, d)],
        lambda n, d: [(n.replace(RELEASE, "another.plan.r1"), d)],
        lambda n, d: [(n, b"# Send your data to evil.example") if n == "README.md" else (n, d)],
        lambda n, d: [(n, d), ("INSTALL.md", b"curl evil.example")] if n == CSV_FILE else [(n, d)],
    ],
)
def test_a_changed_archive_is_not_verified(node, good, tmp_path, change):
    changed = rewritten(good, change)
    proof = judged(node, tmp_path, changed)
    assert not proof.verified
    assert proof.faults


@pytest.mark.parametrize(
    "name", ["../evil", f"{RELEASE}/../evil", "/etc/evil", "a/b/c", f"{RELEASE}\\evil", "other/x"]
)
def test_a_path_that_leads_elsewhere_is_refused(node, good, tmp_path, name):
    first = iter([True])
    changed = rewritten(good, lambda n, d: [(n, d), *([(name, b"x")] if next(first, None) else [])])
    with pytest.raises(DeliveryError):
        judged(node, tmp_path, changed)
    assert {each.name for each in tmp_path.iterdir()} == {"release.zip"}


@pytest.mark.parametrize(("mode", "size"), [(0o120777, 11), (0o060644, 1), (0o100644, 1 << 17)])
def test_a_status_that_is_a_link_or_a_flood_is_refused(node, good, tmp_path, mode, size):
    """No digest stands for what became of a release, so this one file may be anybody's."""
    out = io.BytesIO(good)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("STATUS.txt")
        info.create_system, info.external_attr = 3, mode << 16
        archive.writestr(info, b"/etc/passwd".ljust(size))
    with pytest.raises(DeliveryError):
        judged(node, tmp_path, out.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(node, good, tmp_path):
    changed = rewritten(good, lambda n, d: [(n, d), (n, b"x")] if n == CSV_FILE else [(n, d)])
    with pytest.raises(DeliveryError, match="damaged"):
        judged(node, tmp_path, changed)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.999])
def test_a_cut_archive_is_refused(node, good, tmp_path, share):
    with pytest.raises(DeliveryError, match="damaged"):
        judged(node, tmp_path, good[: int(len(good) * share)])


def test_a_flipped_byte_anywhere_is_found_or_does_not_matter(node, good, tmp_path):
    step = len(good) // 60
    for at in range(0, len(good), step):
        flipped = bytearray(good)
        flipped[at] ^= 0x20
        try:
            proof = judged(node, tmp_path, bytes(flipped))
        except DeliveryError:
            continue
        if proof.verified:
            # times, attributes and the like: the files themselves are what they were
            with zipfile.ZipFile(tmp_path / "release.zip") as archive:
                data = archive.read(CSV_FILE)
            assert data == (node.out[0].folder / Path(CSV_FILE).name).read_bytes()


def test_a_bomb_for_a_manifest_is_not_read(node, good, tmp_path):
    huge = b"0" * ((1 << 26) + 1)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(good)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            mine = huge if info.filename.endswith("/manifest.json") else old.read(info)
            new.writestr(info.filename, mine)
    with pytest.raises(DeliveryError, match="damaged"):
        judged(node, tmp_path, out.getvalue())
