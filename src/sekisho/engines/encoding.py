"""Whether a file is UTF-8, and which encoding it looks like when it is not."""

import codecs
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
SAMPLE = 1 << 16
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
CANDIDATES = {
    "cp932": "SHIFT_JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "cp1252": "WINDOWS-1252",
}


@dataclass(frozen=True, slots=True)
class NotUtf8:
    """The first place that is not UTF-8."""

    line: int
    looks_like: str
    """A name that `iconv -f` understands."""


def find_not_utf8(file: Path) -> NotUtf8 | None:
    """The first place of a file that is not UTF-8; None when all of it is.

    ISO-2022-JP is valid UTF-8 byte by byte, so its escapes are looked for in the beginning.
    """
    line, pending = 1, b""
    with file.open("rb") as stream:
        marked = _marked(stream.read(SAMPLE))
        if marked is not None:
            return NotUtf8(1, marked)
        stream.seek(0)
        while chunk := stream.read(CHUNK):
            held = pending + chunk
            bad = _first_bad(held)
            if bad is not None:
                rest = held[bad:] + stream.read(SAMPLE)
                return NotUtf8(line + held[:bad].count(b"\n"), guess(rest[:SAMPLE]))
            pending = held[_whole_characters(held) :]
            line += held.count(b"\n") - pending.count(b"\n")
    return NotUtf8(line, "UTF-8") if pending else None


def _first_bad(held: bytes) -> int | None:
    """Where bytes stop being UTF-8; a character cut off at the end is not bad yet."""
    try:
        held.decode("utf-8")
    except UnicodeDecodeError as error:
        return None if error.reason == "unexpected end of data" else error.start
    return None


def _whole_characters(held: bytes) -> int:
    """How many bytes come before a character that is cut off at the end."""
    try:
        held.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return len(held)


def _marked(start: bytes) -> str | None:
    for mark, name in MARKS.items():
        if start.startswith(mark):
            return name
    if b"\x1b$B" in start or b"\x1b$@" in start:
        return "ISO-2022-JP"
    if start.count(b"\0") > len(start) // 8 > 0:
        return "UTF-16"
    return None


def _good_bytes(chunk: bytes) -> int:
    """How many bytes of a chunk come before its first bad one, at most four too few."""
    for skipped in range(4):
        try:
            chunk[skipped:].decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start > 0 or skipped == 3:
                return max(error.start + skipped - 3, 0)
    return 0


def guess(sample: bytes) -> str:
    """The encoding that a sample of text most likely has."""
    scores = {name: _score(sample, codec) for codec, name in CANDIDATES.items()}
    return max(scores, key=lambda name: scores[name])


def _score(sample: bytes, codec: str) -> float:
    decoder = codecs.getincrementaldecoder(codec)("strict")
    try:
        text = decoder.decode(sample)
    except UnicodeDecodeError:
        return -1.0
    beyond = [c for c in text if c > "\x7f"]
    if not beyond:
        return 0.0
    likely = sum(_likelihood(c, codec) for c in beyond)
    return likely / len(beyond)


def _likelihood(character: str, codec: str) -> float:
    """How likely a character is in a text of ours; kana speak for Japanese encodings."""
    if "぀" <= character <= "ヿ":
        return 1.0
    if "｡" <= character <= "ﾟ" or character < "\xa0":
        return -1.0
    if "一" <= character <= "鿿":
        return 0.3 if codec == "gb18030" else 0.6
    return 0.4 if character.isalpha() and codec == "cp1252" else 0.1
