"""Keys that protect nothing: whoever registers one could disown it, or let everyone read."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from sekisho.errors import UsageError
from sekisho.people import read_public_key

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
I = pow(2, (P - 1) // 4, P)  # noqa: E741 - the square root of -1, as RFC 8032 names it


def root(square: int) -> int | None:
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square % P:
        x = x * I % P
    return x if x * x % P == square % P else None


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P,
    )


def points_of_small_order() -> set[tuple[int, int]]:
    """The eight points whose multiples are few, found from any point times the large order."""
    large = 2**252 + 27742317777372353535851937790883648493
    for y in range(2, 100):
        x = root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
        if x is None:
            continue
        point, double = (0, 1), (x, y)
        for bit in range(large.bit_length()):
            if large >> bit & 1:
                point = add(point, double)
            double = add(double, double)
        found, each = {(0, 1)}, point
        while each != (0, 1):
            found.add(each)
            each = add(each, point)
        if len(found) == 8:
            return found
    raise AssertionError("no generator found")


def encodings() -> list[bytes]:
    """Canonical encodings, both signs, and those with y beyond the field."""
    texts = set()
    for x, y in points_of_small_order():
        for high in (y, y + P):
            if high < 2**255:
                for sign in (x & 1, 1 - (x & 1)):
                    texts.add((high | sign << 255).to_bytes(32, "little"))
    return sorted(texts)


SMALL = encodings()


def refused(raw: bytes, purpose: str) -> bool:
    try:
        read_public_key(base64.b64encode(raw).decode(), purpose)
    except UsageError as error:
        return error.faults[0].code == "people.key-weak"
    return False


def test_no_signing_key_of_small_order_is_registered():
    assert len(SMALL) >= 10
    assert all(refused(raw, "sign") for raw in SMALL)


def test_such_a_key_would_have_verified_a_signature_that_nobody_made():
    """Why they are refused: R = S = 0 verifies for a message of the attacker's choice."""
    identity = (1).to_bytes(32, "little")
    Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"anything")


@pytest.mark.parametrize("above", [0, P])
def test_no_sealing_key_with_a_known_secret_is_registered(above):
    candidates = {0, 1, P - 1}
    candidates |= {(1 + y) * pow(1 - y, -1, P) % P for _, y in points_of_small_order() if y != 1}
    assert len(candidates) == 5
    for u in candidates:
        for top in (0, 1 << 255):
            if u + above < 2**255:
                raw = (u + above | top).to_bytes(32, "little")
                assert refused(raw, "seal")
                with pytest.raises(ValueError, match="shared"):
                    X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(raw))


def test_text_that_is_no_point_of_the_curve_is_refused():
    off_curve = [
        raw
        for n in range(2, 40)
        if root((n * n - 1) * pow(D * n * n + 1, -1, P) % P) is None
        for raw in [n.to_bytes(32, "little")]
    ]
    assert len(off_curve) > 10
    assert all(refused(raw, "sign") for raw in off_curve)
