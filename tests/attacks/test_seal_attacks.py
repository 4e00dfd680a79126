"""A sealed record is read by nobody else and changed by nobody unseen."""

import io
import itertools
import os
import tracemalloc
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sekisho.errors import Refused, SekishoError, StorageError, TamperedError, UsageError
from sekisho.lanes.record import seal_layout as layout
from sekisho.lanes.record.seal import intact_until, open_sealed, open_sealed_file, seal

RECIPIENT, OTHER = X25519PrivateKey.generate(), X25519PrivateKey.generate()
SENDER, IMPOSTOR = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CONTEXT = layout.SealContext("hospital-a", "hospital-b", "t-1", "referral", "application/fhir+json")
CHUNK = 16 * 1024 + 16
SECRET = b"diagnosis: nobody's business"


def sealed(content=SECRET, context=CONTEXT, key=RECIPIENT, sign=SENDER, **how):
    target = io.BytesIO()
    public = key.public_key().public_bytes_raw()
    seal(io.BytesIO(content), target, context, public, sign.private_bytes_raw(), **how)
    return target.getvalue()


def opened(file, context=CONTEXT, key=RECIPIENT, sender=SENDER):
    target = io.BytesIO()
    private, public = key.private_bytes_raw(), sender.public_key().public_bytes_raw()
    try:
        open_sealed(io.BytesIO(file), target, context, private, public)
    except SekishoError:
        assert target.getvalue() == b"", "something was handed out before all was proved"
        raise
    return target.getvalue()


def codes(refused):
    return [fault.code for fault in refused.value.faults]


def payload_of(file):
    return 19 + int.from_bytes(file[15:19], "big") + 56


def test_the_operator_finds_neither_content_nor_parties_in_the_file():
    file = sealed(SECRET * 100)
    for word in (SECRET, SECRET[:8], b"hospital", b"referral", b"t-1", b"fhir"):
        assert word not in file


def test_another_recipient_opens_nothing():
    with pytest.raises(Refused) as refused:
        opened(sealed(), key=OTHER)
    assert codes(refused) == ["seal.not-for-you"]


@pytest.mark.parametrize("part", ["sender", "recipient", "transfer", "programme", "content_type"])
def test_a_seal_opens_only_in_the_context_it_was_made_for(part):
    with pytest.raises(Refused) as refused:
        opened(sealed(), context=replace(CONTEXT, **{part: "other"}))
    assert codes(refused) == ["seal.not-for-you"]


def test_parts_of_a_context_do_not_run_into_each_other():
    one = layout.SealContext("ab", "c", "t", "p", "x")
    with pytest.raises(Refused):
        opened(sealed(context=one), context=layout.SealContext("a", "bc", "t", "p", "x"))


def test_the_signature_of_another_sender_is_refused():
    with pytest.raises(TamperedError) as refused:
        opened(sealed(sign=IMPOSTOR))
    assert codes(refused) == ["seal.not-signed"]


def test_a_signature_from_another_file_of_the_sender_is_refused():
    one, two = sealed(b"one"), sealed(b"two")
    with pytest.raises(TamperedError) as refused:
        opened(one[:-64] + two[-64:])
    assert codes(refused) == ["seal.not-signed"]


def test_no_single_bit_can_be_flipped_anywhere():
    file = sealed(b"", size_classes=False)
    assert len(file) < 500
    for at, bit in itertools.product(range(len(file)), range(8)):
        changed = bytearray(file)
        changed[at] ^= 1 << bit
        with pytest.raises((TamperedError, Refused)):
            opened(bytes(changed))


def test_no_byte_can_be_cut_off_or_added():
    file = sealed(b"", size_classes=False)
    for end in range(len(file)):
        with pytest.raises(TamperedError) as refused:
            opened(file[:end])
        assert codes(refused) == ["seal.cut"]
    with pytest.raises(TamperedError) as refused:
        opened(file + b"\0")
    assert codes(refused) == ["seal.too-long"]


def test_chunks_keep_their_order_and_number():
    file = sealed(os.urandom(5 * 16 * 1024), size_classes=False)
    start = payload_of(file)
    head, tail = file[:start], file[-64:]
    body = file[start:-64]
    chunks = [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]
    assert len(chunks) == 6
    assert opened(head + b"".join(chunks) + tail)
    for one, two in itertools.combinations(range(6), 2):
        swapped = list(chunks)
        swapped[one], swapped[two] = swapped[two], swapped[one]
        with pytest.raises(TamperedError):
            opened(head + b"".join(swapped) + tail)
    for number in range(6):
        dropped = chunks[:number] + chunks[number + 1 :]
        doubled = chunks[: number + 1] + chunks[number:]
        replaced = [*chunks[:number], chunks[(number + 1) % 6], *chunks[number + 1 :]]
        for wrong in (dropped, doubled, replaced):
            with pytest.raises(TamperedError):
                opened(head + b"".join(wrong) + tail)


def test_chunks_and_headers_of_another_seal_do_not_fit():
    content = os.urandom(3 * 16 * 1024)
    one, two = sealed(content), sealed(content)
    start = payload_of(one)
    assert payload_of(two) == start
    assert len(one) == len(two)
    for splice in (
        one[:start] + two[start:],
        one[: start - 56] + two[start - 56 :],
        one[: start + CHUNK] + two[start + CHUNK : start + 2 * CHUNK] + one[start + 2 * CHUNK :],
        two[: start - 56] + one[start - 56 :],
    ):
        with pytest.raises(TamperedError):
            opened(splice)


def test_a_recipient_cannot_pass_a_seal_on_as_sealed_by_the_sender_for_another():
    private = RECIPIENT.private_bytes_raw()
    file = sealed()
    wrapped = layout.read_header(file[19 : payload_of(file) - 56]).wrapped_key
    key = layout.SUITE.decrypt(wrapped, RECIPIENT, info=layout.KEY_INFO + CONTEXT.bound)
    onward = replace(CONTEXT, recipient="insurer")
    public = OTHER.public_key()
    rewrapped = layout.SUITE.encrypt(key, public, info=layout.KEY_INFO + onward.bound)
    header = layout.Header(rewrapped, layout.size_class(len(SECRET)))
    with pytest.raises(TamperedError):
        opened(header.prefix + file[payload_of(file) - 56 :], context=onward, key=OTHER)
    assert private == RECIPIENT.private_bytes_raw()


@pytest.mark.parametrize(
    "said",
    [
        b"{}",
        b"[]",
        b"null",
        b'{"size":8}',
        b"\xff",
        b"[" * 1000,
        b'{"hpke":[32,1,2],"key":"AAAA","payload":"","size":8}',
        b'{"size":true}',
        b'{"size":1e3}',
    ],
)
def test_a_header_that_is_none_is_refused(said):
    with pytest.raises(TamperedError) as refused:
        opened(b"sekisho-seal/1\n" + len(said).to_bytes(4, "big") + said)
    assert codes(refused) == ["seal.bad-header"]


def test_a_header_cannot_ask_for_memory():
    with pytest.raises(TamperedError):
        opened(b"sekisho-seal/1\n" + b"\xff\xff\xff\xff" + b"{" * 5000)
    file = sealed()
    header = layout.read_header(file[19 : payload_of(file) - 56])
    large = replace(header, size=1 << 45).prefix
    tracemalloc.start()
    with pytest.raises((TamperedError, Refused)):
        opened(large + file[payload_of(file) - 56 :])
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_sizes_within_a_class_cannot_be_told_apart():
    sizes = {len(sealed(bytes(n))) for n in (0, 1, 17, 2000, 4000, 4088)}
    assert len(sizes) == 1
    step = layout.size_class(1_000_000)
    same = {len(sealed(bytes(n))) for n in range(step - 8 - 3, step - 8 + 1)}
    assert len(same) == 1
    assert len(sealed(bytes(step - 7))) not in same


@given(st.integers(0, 1 << 40))
def test_a_size_class_holds_the_content_and_adds_less_than_twelve_percent(length):
    size = layout.size_class(length)
    assert size >= length + 8
    assert size <= max(4096, (length + 8) * 1.12)
    assert layout.size_class(size - 8) == size
    assert layout.size_class(length) <= layout.size_class(length + 1)


def test_there_are_few_size_classes():
    classes = {layout.size_class(n) for n in range(0, 1 << 20, 61)}
    assert len(classes) == 4 * 16 + 4 * 32 + 1


def test_keys_that_are_none_are_refused():
    signing, public = SENDER.private_bytes_raw(), RECIPIENT.public_key().public_bytes_raw()
    for recipient, sign in ((b"", signing), (bytes(32), signing), (public, b"x"), (b"x", signing)):
        with pytest.raises(UsageError) as refused:
            seal(io.BytesIO(b""), io.BytesIO(), CONTEXT, recipient, sign)
        assert codes(refused) == ["seal.bad-key"]
    for private, sender in ((b"", SENDER.public_key().public_bytes_raw()), (bytes(32), b"x")):
        with pytest.raises(UsageError) as refused:
            open_sealed(io.BytesIO(sealed()), io.BytesIO(), CONTEXT, private, sender)
        assert codes(refused) == ["seal.bad-key"]


class Growing(io.BytesIO):
    """Says it is shorter than it is."""

    def seek(self, offset, whence=io.SEEK_SET, /):
        return super().seek(offset, whence) - (3 if whence == io.SEEK_END else 0)


def test_a_source_that_changes_while_it_is_sealed_is_noticed():
    public, signing = RECIPIENT.public_key().public_bytes_raw(), SENDER.private_bytes_raw()
    with pytest.raises(StorageError) as refused:
        seal(Growing(b"abcdef"), io.BytesIO(), CONTEXT, public, signing)
    assert codes(refused) == ["seal.source-changed"]


def test_a_broken_file_leaves_no_file_behind(tmp_path):
    private, public = RECIPIENT.private_bytes_raw(), SENDER.public_key().public_bytes_raw()
    file = sealed(os.urandom(200_000))
    (tmp_path / "sealed").write_bytes(file)
    open_sealed_file(tmp_path / "sealed", tmp_path / "record.json", CONTEXT, private, public)
    assert (tmp_path / "record.json").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "record.json").read_bytes()
    (tmp_path / "sealed").write_bytes(file[:-1] + bytes([file[-1] ^ 1]))
    with pytest.raises(TamperedError):
        open_sealed_file(tmp_path / "sealed", tmp_path / "new.json", CONTEXT, private, public)
    with pytest.raises(TamperedError):
        open_sealed_file(tmp_path / "sealed", tmp_path / "record.json", CONTEXT, private, public)
    assert (tmp_path / "record.json").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["record.json", "sealed"]


def test_a_failed_opening_keeps_what_the_target_held():
    target = io.BytesIO(b"kept")
    target.seek(4)
    private, public = RECIPIENT.private_bytes_raw(), IMPOSTOR.public_key().public_bytes_raw()
    with pytest.raises(TamperedError):
        open_sealed(io.BytesIO(sealed(bytes(99_999))), target, CONTEXT, private, public)
    assert target.getvalue() == b"kept"


def test_a_fetch_in_parts_goes_on_where_the_chunks_are_proved():
    content, private = os.urandom(100_000), RECIPIENT.private_bytes_raw()
    file, at, had = sealed(content), 0, b""
    for _ in range(100):
        had = had[:at] + file[at : at + 30_000]
        at = intact_until(io.BytesIO(had), CONTEXT, private)
        if len(had) == len(file):
            break
    assert at == len(file) - 64
    assert opened(had) == content
    assert intact_until(io.BytesIO(file[:10]), CONTEXT, private) == 0
    changed = bytearray(file[:60_000])
    changed[40_000] ^= 1
    with pytest.raises(TamperedError):
        intact_until(io.BytesIO(bytes(changed)), CONTEXT, private)


class Counted(io.RawIOBase):
    """A source of zeros, or a target that forgets."""

    def __init__(self, length=0):
        self.length, self.at = length, 0

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET, /):
        self.at = offset if whence == io.SEEK_SET else self.length + offset
        return self.at

    def tell(self):
        return self.at

    def read(self, count=-1, /):
        count = min(count, self.length - self.at)
        self.at += count
        return bytes(count)

    def write(self, data, /):
        return len(data)


@pytest.mark.parametrize("length", [1 << 20, 1 << 26])
def test_memory_stays_flat_whatever_is_sealed(length):
    public, signing = RECIPIENT.public_key().public_bytes_raw(), SENDER.private_bytes_raw()
    tracemalloc.start()
    seal(Counted(length), Counted(), CONTEXT, public, signing)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
