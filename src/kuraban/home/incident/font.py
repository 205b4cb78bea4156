"""A Japanese font inside the PDF: of the packaged Noto Sans JP only the signs that occur, as outlines PDF can embed.

A PDF that only names its Japanese font shows empty boxes wherever that font is not installed, and evidence must be
readable anywhere. The package ships cubic (CFF) outlines, which reportlab cannot embed; the few glyphs that are needed
are turned into quadratic (TrueType) ones, as fontTools' own otf2ttf example does.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

import pylopdf_fonts_jp
from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import newTable
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

MAX_ERROR = 1.0  # font units of 1000 by which an outline may be off: invisible at any size
ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "□…"


def embedded(signs: Iterable[str]) -> tuple[str, frozenset[str]]:
    """Registers a font with these signs; its name, and the signs it really has (some have no glyph)."""
    wanted = sorted({*signs, *ALWAYS})
    name = "NotoSansJP-" + hashlib.sha256("".join(wanted).encode("utf-8", "replace")).hexdigest()[:12]
    with closing(_subset(wanted)) as font:
        held = frozenset(chr(code) for code in font.getBestCmap())
        if name not in pdfmetrics.getRegisteredFontNames():
            _to_quadratic(font)
            # reportlab takes two fonts of one PostScript name for the same font, and would use the first for both.
            font["name"].setName(name, 6, 3, 1, 0x409)
            file = io.BytesIO()
            font.save(file)
            file.seek(0)
            pdfmetrics.registerFont(TTFont(name, file))
    return name, held


def _subset(signs: list[str]) -> Any:
    options = subset.Options(layout_features=[], name_IDs=[1, 2, 4, 6], notdef_outline=True, hinting=False)
    font = subset.load_font(str(pylopdf_fonts_jp.sans_path()), options)
    font.recalcBBoxes = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(sign) for sign in signs])
    cutter.subset(font)
    return font


def _to_quadratic(font: Any) -> None:
    """CFF outlines to TrueType ones, in place."""
    glyphs = font.getGlyphSet()
    order = font.getGlyphOrder()
    outlines = {}
    for glyph in order:
        pen = TTGlyphPen(None)
        glyphs[glyph].draw(Cu2QuPen(pen, MAX_ERROR, reverse_direction=True))
        outlines[glyph] = pen.glyph()
    font["loca"] = newTable("loca")
    table: Any = newTable("glyf")
    font["glyf"] = table
    table.glyphOrder = order
    table.glyphs = outlines
    del font["CFF "]
    for unused in ("VORG", "DSIG"):
        if unused in font:
            del font[unused]
    table.compile(font)
    _bearings(font, outlines)
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in (
        *("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"),
        *("maxStackElements", "maxSizeOfInstructions"),
    ):
        setattr(maxp, field, 1 if field == "maxZones" else 0)
    maxp.maxComponentElements = max((len(getattr(g, "components", ())) for g in outlines.values()), default=0)
    maxp.compile(font)
    post = font["post"]
    post.formatType = 2.0
    post.extraNames = []
    post.mapping = {}
    post.glyphOrder = order
    font.sfntVersion = "\000\001\000\000"


def _bearings(font: Any, outlines: Mapping[str, object]) -> None:
    """Left side bearings are the outlines' left edges."""
    metrics = font["hmtx"].metrics
    for glyph, outline in outlines.items():
        metrics[glyph] = (metrics[glyph][0], getattr(outline, "xMin", 0))
