import struct
from importlib import resources
from pathlib import Path

import pytest
import vl_convert

from sekisho.present.chart import FONT, chart_svg
from sekisho.present.glyphs import cut_font
from sekisho.terms import Language
from sekisho.text import codes
from tests.lib.releases import purchases

ROOT = Path(__file__).resolve().parents[2]
FONTS = resources.files("sekisho.present") / "fonts"
CONTROL = {"\n", "\r", "\t"}


def shipped_characters():
    """The characters of the TrueType file, read from its cmap (format 4, and 12 if there is one)."""
    data = (FONTS / "noto-sans-jp-400.ttf").read_bytes()
    cmap = cmap_of(data)
    (subtables,) = struct.unpack_from(">H", data, cmap + 2)
    found = set()
    for number in range(subtables):
        (offset,) = struct.unpack_from(">I", data, cmap + 8 + 8 * number)
        found |= of_subtable(data, cmap + offset)
    return found


def cmap_of(font):
    (count,) = struct.unpack_from(">H", font, 4)
    entries = [struct.unpack_from(">4s4xI", font, 12 + 16 * number) for number in range(count)]
    return dict(entries)[b"cmap"]


def of_subtable(data, at):
    form, _, _, doubled = struct.unpack_from(">HHHH", data, at)
    if form == 12:
        (groups,) = struct.unpack_from(">I", data, at + 12)
        spans = [struct.unpack_from(">II", data, at + 16 + 12 * n) for n in range(groups)]
    elif form == 4:
        ends = struct.unpack_from(f">{doubled // 2}H", data, at + 14)
        starts = struct.unpack_from(f">{doubled // 2}H", data, at + 16 + doubled)
        spans = zip(starts, ends, strict=True)
    else:
        return set()
    return {chr(c) for first, last in spans for c in range(first, last + 1) if c != 0xFFFF}


def test_every_sentence_and_template_has_its_characters_in_the_shipped_font():
    shipped = shipped_characters() | CONTROL
    said = {f"{lang}:{code}": text for lang in Language for code, text in codes(lang).items()}
    for folder, pattern in (("src/sekisho/web/templates", "*.html"), ("programmes", "*.toml")):
        for file in (ROOT / folder).rglob(pattern):
            said[str(file.relative_to(ROOT))] = file.read_text(encoding="utf-8")
    missing = {place: set(text) - shipped for place, text in said.items() if set(text) - shipped}
    assert missing == {}


def test_the_font_holds_all_kana_and_every_kanji_of_level_1():
    shipped = shipped_characters()
    cells = [
        bytes([0xA0 + row, 0xA0 + cell]) for row in (4, 5, *range(16, 48)) for cell in range(1, 95)
    ]
    wanted = {text for cell in cells if (text := cell.decode("euc_jp", "ignore"))}
    assert len(wanted) == 83 + 86 + 2965
    assert wanted <= shipped


def test_the_fonts_come_with_their_licence_and_origin_and_stay_small():
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "noto-sans-jp" in (FONTS / "README.md").read_text(encoding="utf-8")
    sizes = [
        len((FONTS / f"noto-sans-jp-{name}").read_bytes())
        for name in ("400.ttf", "400.woff2", "700.woff2")
    ]
    assert sum(sizes) < 2_500_000


def test_a_cut_font_draws_the_same_signs_and_no_others(tmp_path):
    font = (FONTS / "noto-sans-jp-400.ttf").read_bytes()
    cut = cut_font(font, "東京 2026\U000f0000")
    assert set(of_subtable(cut, cmap_of(cut) + 12)) == set("東京 206")
    assert len(cut) < 4_000
    (checksum,) = {sum(struct.unpack(f">{len(cut) // 4}I", cut)) & 0xFFFFFFFF}
    assert checksum == 0xB1B0AFBA


def test_a_font_of_another_kind_is_refused():
    cut = cut_font((FONTS / "noto-sans-jp-400.ttf").read_bytes(), "東")
    with pytest.raises(ValueError, match="format 4"):
        cut_font(cut, "東")


@pytest.mark.parametrize("sign", ["東", "ア", "公", "（"])
def test_charts_are_measured_with_the_shipped_font(sign):
    chart_svg(purchases(), Language.JA)
    one = f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="4" y="30" font-size="28" font-family="{FONT}">{sign}</text></svg>'
    unknown = one.replace(sign, "\U000f0000")
    assert vl_convert.svg_to_png(one) != vl_convert.svg_to_png(unknown)
