"""The timeline as PDF, Japanese or English, with its font inside."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus.doctemplate import SimpleDocTemplate
from reportlab.platypus.flowables import CondPageBreak, Spacer
from reportlab.platypus.paragraph import Paragraph
from reportlab.platypus.tables import LongTable, TableStyle

from kuraban.home.incident.font import embedded
from kuraban.home.incident.model import Entry, Evidence
from kuraban.home.incident.wording import MINE, NOTE, TITLE, VERDICTS, moment
from kuraban.home.model import Words
from kuraban.home.wording import called

Language = Literal["ja", "en"]
MOST_ROWS = 2000
_SIZES = {"body": (8.0, 11.0), "small": (6.5, 8.5), "title": (16.0, 22.0), "head": (11.0, 16.0)}
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b0b0b0")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8edf2")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)


def pdf_bytes(evidence: Evidence, hashes: Sequence[tuple[str, str, str]], language: Language) -> bytes:
    """The PDF. hashes: of each original, its file name, its SHA-256 and its subject.

    Text of others stands in it as text only: markup is escaped, what the font cannot show becomes a box. At most
    MOST_ROWS of each kind are shown, with a sentence that says so. The same evidence gives the same bytes.
    """
    draft = _Sheet(evidence, language == "ja", "Helvetica", frozenset())
    draft.story(hashes)  # to learn which signs occur
    font, held = embedded(draft.signs)
    sheet = _Sheet(evidence, language == "ja", font, held)
    out = io.BytesIO()
    wide = landscape(A4)
    document = SimpleDocTemplate(
        out,
        pagesize=wide,
        leftMargin=14 * mm,
        rightMargin=14 * mm,
        topMargin=14 * mm,
        bottomMargin=16 * mm,
        title=sheet.said(TITLE),
        author="Kuraban",
        invariant=1,
    )

    def paint(canvas: Any, page: Any) -> None:
        canvas.setFont(font, 7)
        canvas.drawString(14 * mm, 9 * mm, f"Kuraban  {moment(evidence.made, evidence.zone)}")
        canvas.drawRightString(wide[0] - 14 * mm, 9 * mm, str(page.page))

    document.build(sheet.story(hashes), onFirstPage=paint, onLaterPages=paint)
    return out.getvalue()


@dataclass
class _Sheet:
    """What stands on the pages. held: the signs that the font has; signs: those that were asked for."""

    evidence: Evidence
    japanese: bool
    font: str
    held: frozenset[str]
    signs: set[str] = field(default_factory=set)
    looks: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, (size, leading) in _SIZES.items():
            self.looks[name] = ParagraphStyle(
                name, None, fontName=self.font, fontSize=size, leading=leading, wordWrap="CJK"
            )

    def said(self, words: Words) -> str:
        return words.ja if self.japanese else words.en

    def p(self, text: str, style: str = "body", most: int = 1000) -> Any:
        """A paragraph of plain text. most: signs shown, so that a row never grows longer than a page."""
        text = " ".join(text.split())
        text = text if len(text) <= most else text[: most - 1] + "…"
        self.signs.update(sign for sign in text if sign.isprintable())
        shown = "".join(sign if sign in self.held or not self.held else "□" for sign in text)
        if not self.held:
            return shown  # a draft needs the signs only
        return Paragraph(escape(shown), self.looks[style])

    def clock(self, text: str) -> str:
        """A time in a cell: digits that need no wrapping, which is what takes time."""
        self.signs.update(text)
        return text

    def story(self, hashes: Sequence[tuple[str, str, str]]) -> list[Any]:
        """Everything in its order."""
        evidence = self.evidence
        parts: list[Any] = [self.p(self.said(TITLE), "title"), Spacer(0, 4 * mm)]
        parts += [self.p(line) for line in self.summary()]
        parts += [Spacer(0, 2 * mm), self.p(self.said(NOTE), "small")]
        if evidence.alerts:
            title = Words("蔵番が知らせたこと", "What the owner was told")
            parts += self.section(title, self.alerts(), len(evidence.alerts))
        parts += self.section(Words("時系列", "Timeline"), self.timeline(), len(evidence.entries))
        if evidence.actions:
            title = Words("本人がしたこと", "What the owner did")
            parts += self.section(title, self.actions(), len(evidence.actions))
        if hashes:
            title = Words("元のメールとファイル", "Original mails and files")
            parts += self.section(title, self.originals(hashes), len(hashes))
        if evidence.missing:
            parts += self.heading(Words("含められなかったもの", "What could not be included"))
            parts += [self.p("・" + self.said(words)) for words in evidence.missing[:MOST_ROWS]]
        return parts

    def summary(self) -> list[str]:
        entries, zone = self.evidence.entries, self.evidence.zone
        not_mine = [entry for entry in entries if entry.mine == "not_mine"]
        told = [entry.told for entry in entries if entry.told is not None]
        made = moment(self.evidence.made, zone)
        first = moment(not_mine[0].happened, zone, not_mine[0].dated_only) if not_mine else "-"
        alerted = moment(min(told), zone) if told else "-"
        if self.japanese:
            return [
                f"口座: {'、'.join(called(one).ja for one in self.evidence.accounts)}",
                f"作成: {made}",
                f"記録した出来事: {len(entries)}件(うち本人の操作ではないもの {len(not_mine)}件、最初は {first})",
                f"本人に最初に知らせた時刻: {alerted}",
            ]
        return [
            f"Accounts: {', '.join(called(one).en for one in self.evidence.accounts)}",
            f"Made: {made}",
            f"Events recorded: {len(entries)}, of which not the owner's: {len(not_mine)}, the first at {first}",
            f"The owner was first alerted at: {alerted}",
        ]

    def heading(self, title: Words) -> list[Any]:
        """A heading, on one page with the first lines of what it heads."""
        return [Spacer(0, 3 * mm), CondPageBreak(25 * mm), self.p(self.said(title), "head")]

    def section(self, title: Words, rows: LongTable, count: int) -> list[Any]:
        parts: list[Any] = [*self.heading(title), rows]
        if count > MOST_ROWS:
            left = count - MOST_ROWS
            more = Words(f"ほか{left}件は表(CSV)にあります。", f"{left} more are in the table (CSV).")
            parts.append(self.p(self.said(more)))
        return parts

    def table(self, header: Sequence[Words], rows: list[list[Any]], widths: Sequence[float]) -> LongTable:
        """widths: millimetres."""
        head = [self.p(self.said(words)) for words in header]
        size, leading = _SIZES["body"]
        style = TableStyle([("FONT", (0, 0), (-1, -1), self.font, size, leading)], parent=_GRID)
        return LongTable([head, *rows], colWidths=[width * mm for width in widths], repeatRows=1, style=style)

    def alerts(self) -> LongTable:
        zone = self.evidence.zone
        header = (
            Words("知らせた時刻", "Owner alerted"),
            Words("内容", "What"),
            Words("そう考えた理由", "Why"),
            Words("本人の申告", "The owner says"),
        )
        rows = [
            [
                self.clock(moment(one.told, zone)),
                self.p(self.said(one.sentence)),
                self.p(" / ".join(self.said(reason) for reason in one.why) or "-"),
                self.p(self.said(MINE[one.mine])),
            ]
            for one in self.evidence.alerts[:MOST_ROWS]
        ]
        return self.table(header, rows, (33, 98, 104, 34))

    def timeline(self) -> LongTable:
        header = (
            Words("起きた時刻", "Happened"),
            Words("通知が届いた時刻", "Notice arrived"),
            Words("知らせた時刻", "Owner alerted"),
            Words("口座", "Account"),
            Words("内容", "What"),
            Words("本人の申告", "The owner says"),
            Words("通知の真偽", "Notice is"),
        )
        rows = [self.row(entry) for entry in self.evidence.entries[:MOST_ROWS]]
        return self.table(header, rows, (33, 33, 33, 26, 90, 30, 24))

    def row(self, entry: Entry) -> list[Any]:
        zone = self.evidence.zone
        verdict = VERDICTS.get(entry.verdict or "")
        what = self.said(entry.what) + ("" if entry.certain else self.said(Words("(推定)", " (uncertain)")))
        what = " / ".join((what, *(self.said(reason) for reason in entry.why)))
        return [
            self.clock(moment(entry.happened, zone, entry.dated_only)),
            self.clock(moment(entry.arrived, zone)),
            self.clock(moment(entry.told, zone)),
            self.p(self.said(called(entry.account)), most=60),
            self.p(what),
            self.p(self.said(MINE[entry.mine])),
            self.p(self.said(verdict) if verdict else "-"),
        ]

    def actions(self) -> LongTable:
        zone = self.evidence.zone
        header = (
            Words("した時刻", "When"),
            Words("記録した時刻", "Noted"),
            Words("口座", "Account"),
            Words("内容", "What"),
        )
        rows = [
            [
                self.clock(moment(one.at, zone)),
                self.clock(moment(one.noted, zone)),
                self.p(self.said(called(one.account or "-")), most=60),
                self.p(one.what),
            ]
            for one in self.evidence.actions[:MOST_ROWS]
        ]
        return self.table(header, rows, (33, 33, 26, 177))

    def originals(self, hashes: Sequence[tuple[str, str, str]]) -> LongTable:
        header = (Words("ファイル", "File"), Words("SHA-256", "SHA-256"), Words("件名", "Subject"))
        rows = [
            [self.p(name, "small"), self.p(value, "small"), self.p(subject, "small", 300)]
            for name, value, subject in hashes[:MOST_ROWS]
        ]
        return self.table(header, rows, (40, 102, 127))
