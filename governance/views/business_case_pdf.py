"""A business case drawn as PDF on A4. The library is loaded when somebody asks for one: few processes ever do."""

from functools import cache
from html import escape
from io import BytesIO
from typing import Any

from django.conf import settings
from django.utils import timezone

from governance.services.business_case import BusinessCase

INK, MUTED, LINE, ACCENT = "#161d29", "#616d80", "#d3d9e2", "#2150c4"
REGULAR, BOLD = "Inter", "Inter-SemiBold"


def pdf_of(case: BusinessCase) -> bytes:
    """The document's bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    _fonts()
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=42,  # the frame adds six points on each side
        rightMargin=42,
        topMargin=42,
        bottomMargin=42,
        title=f"Business case: {case.name}",
        author=settings.ENV.ORGANISATION_NAME,
        subject=f"{case.key}, {case.version}",
        lang="en-GB",
    )

    def foot(canvas: Any, _: Any) -> None:
        canvas.setFont(REGULAR, 7)
        canvas.setFillColor(MUTED)
        canvas.drawString(48, 26, f"{case.key} {case.name}, {case.version}, {as_of(case)}")
        canvas.drawRightString(A4[0] - 48, 26, f"Page {canvas.getPageNumber()}")

    document.build(story(case, A4[0] - 96), onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def as_of(case: BusinessCase) -> str:
    """When it was read, exactly: paper stays."""
    at = timezone.localtime(case.as_of)
    return f"as of {at.day} {at:%B %Y, %H:%M}"


@cache
def _fonts() -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
    from reportlab.pdfbase.ttfonts import TTFont

    folder = settings.BASE_DIR / "static" / "vendor" / "inter"
    for name, file in ((REGULAR, "inter-regular.ttf"), (BOLD, "inter-semibold.ttf")):
        registerFont(TTFont(name, str(folder / file)))
    registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


def story(case: BusinessCase, width: float) -> list[Any]:
    """Everything that is drawn, from top to bottom; ``width`` is that of the text in points."""
    from reportlab.platypus import Spacer

    return [
        _text(f"Business case, {case.version}", size=8, colour=MUTED),
        _text(case.name, size=16, font=BOLD, leading=21),
        _text(case.summary, size=9, colour=MUTED),
        Spacer(1, 8),
        _columns([[_text(name, size=7, colour=MUTED), _text(value, size=8.5)] for name, value in case.facts], width),
        Spacer(1, 8),
        _figures(case, width),
        Spacer(1, 10),
        _text("Recommendation", font=BOLD, size=10, leading=14),
        _text(case.recommendation, font=BOLD, size=9),
        *[_text(reason, size=8.5) for reason in case.reasons],
        *_scores(case, width),
        Spacer(1, 8),
        _text(f"The questions, {case.accepted} of {len(case.questions)} accepted", font=BOLD, size=10, leading=14),
        _questions(case, width),
        Spacer(1, 22),
        _signatures(case, width),
    ]


def _text(words: str, *, size: float = 8.5, colour: str = INK, font: str = REGULAR, leading: float = 0) -> Any:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle(font, fontName=font, fontSize=size, leading=leading or size * 1.4, textColor=colour)
    return Paragraph(escape(words).replace("\n", "<br/>"), style)


def _table(rows: list[list[Any]], widths: list[float], style: list[tuple[Any, ...]]) -> Any:
    from reportlab.platypus import Table, TableStyle

    plain = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
    return Table(rows, colWidths=widths, hAlign="LEFT", style=TableStyle([*plain, *style]))


def _columns(cells: list[list[Any]], width: float) -> Any:
    return _table([cells], [width / len(cells)] * len(cells), [("RIGHTPADDING", (0, 0), (-1, -1), 4)])


def _figures(case: BusinessCase, width: float) -> Any:
    cells = [
        [
            _text(item.label, size=7.5, colour=MUTED),
            _text(item.value, size=14, font=BOLD, leading=18),
            _text(item.note, size=7, colour=MUTED),
        ]
        for item in case.figures
    ]
    lines = [
        ("BOX", (0, 0), (-1, -1), 0.6, LINE),
        ("INNERGRID", (0, 0), (-1, -1), 0.6, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 8),
    ]
    return _table([cells], [width / len(cells)] * len(cells), lines)


def _scores(case: BusinessCase, width: float) -> list[Any]:
    if not case.scores:
        return []
    from reportlab.platypus import Spacer

    cells = [
        [_text(title, size=7, colour=MUTED), _text(mean, font=BOLD), _text(f"reviewers {spread}", size=7, colour=MUTED)]
        for title, mean, spread in case.scores
    ]
    return [Spacer(1, 6), _columns(cells, width)]


def _questions(case: BusinessCase, width: float) -> Any:
    rows = [
        [
            [
                _text(f"{number}. {item.question}", font=BOLD, size=8.5),
                *([_text(f"Data sets: {item.data_line}", size=8)] if item.datasets else []),
                _text(item.line, size=8, colour=MUTED),
            ],
            _text(item.state, size=8),
        ]
        for number, item in enumerate(case.questions, 1)
    ]
    lines = [("LINEABOVE", (0, 0), (-1, -1), 0.5, LINE), ("RIGHTPADDING", (-1, 0), (-1, -1), 0)]
    return _table(rows, [width - 70, 70], lines)


def _signatures(case: BusinessCase, width: float) -> Any:
    from reportlab.platypus import KeepTogether

    cells = [
        [_text(item.role, font=BOLD, size=8), _text(item.name or " ", size=8), _text(item.said, size=7, colour=MUTED)]
        for item in case.signatures
    ]
    gaps: list[tuple[Any, ...]] = [("LINEABOVE", (n, 0), (n, 0), 0.8, MUTED) for n in range(len(cells))]
    return KeepTogether([_table([cells], [width / len(cells)] * len(cells), gaps)])
