"""The page that checks a receipt: one HTML file, without server and without network.

It is handed out with a receipt and says the same in English and Japanese. Its hash is published, so
that whoever got the page from somewhere else can tell whether it is this one.
"""

from hashlib import sha256
from importlib import resources

FILE_NAME = "receipt_verifier.html"


def receipt_page() -> bytes:
    """The page's bytes."""
    return resources.files("sekisho.tlog").joinpath(FILE_NAME).read_bytes()


def receipt_page_digest() -> str:
    """SHA-256 of the page, hexadecimal: what is to be published."""
    return sha256(receipt_page()).hexdigest()
