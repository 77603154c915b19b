"""Draw a contact sheet: images in rows and columns, with labels. Runs on an I/O thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from server.storage.provenance import XMP

MAX_CELLS_PX = 5800
CELL_PX, MIN_CELL_PX = 256, 80
GAP_PX = 8
LINE_PX = 20
FONT_PX = 14
MAX_HEADING_LINES = 3
PAPER, INK, FAINT, EMPTY = "#ffffff", "#1a1a1a", "#5c5c5c", "#e4e4e7"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """`heading` is printed above the row, over its whole width; None: no heading. `pictures` are files, one for each
    column; None: no such image."""

    heading: str | None
    label: str
    images: Sequence[bytes | None]


def contact_sheet(columns: Sequence[str], rows: Sequence[SheetRow]) -> bytes:
    """A JPEG of at most about 6,000 pixels a side; the same images give the same bytes."""
    return _Sheet(columns, rows).draw()


class _Sheet:
    def __init__(self, columns: Sequence[str], rows: Sequence[SheetRow]) -> None:
        self._rows = rows
        self._font = ImageFont.load_default(FONT_PX)
        cell_px = max(MIN_CELL_PX, min(CELL_PX, MAX_CELLS_PX // max(len(columns), len(rows)) - GAP_PX))
        self._cell_px = cell_px
        self._left_px = max(int(self._font.getlength(row.label)) for row in rows) + 2 * GAP_PX
        self._width_px = self._left_px + len(columns) * (cell_px + GAP_PX)
        self._titles = [self._lines(label, cell_px) for label in columns]
        self._headings = [
            self._lines(row.heading, self._width_px - 2 * GAP_PX) if row.heading is not None else [] for row in rows
        ]

    def draw(self) -> bytes:
        top_px = max(map(len, self._titles)) * LINE_PX + 2 * GAP_PX
        headings_px = sum(len(lines) * LINE_PX + GAP_PX for lines in self._headings if lines)
        height_px = top_px + headings_px + len(self._rows) * (self._cell_px + GAP_PX)
        sheet = Image.new("RGB", (self._width_px, height_px), PAPER)
        pen = ImageDraw.Draw(sheet)
        for column, lines in enumerate(self._titles):
            self._write(pen, self._x(column), GAP_PX, lines, INK)
        y = top_px
        for row, heading in zip(self._rows, self._headings, strict=True):
            if heading:
                self._write(pen, GAP_PX, y, heading, INK)
                y += len(heading) * LINE_PX + GAP_PX
            self._write(pen, GAP_PX, y, [row.label], FAINT)
            for column, data in enumerate(row.images):
                self._paste(sheet, pen, self._x(column), y, data)
            y += self._cell_px + GAP_PX
        file = BytesIO()
        sheet.save(file, "JPEG", quality=90, xmp=XMP.encode())
        return file.getvalue()

    def _x(self, column: int) -> int:
        return self._left_px + column * (self._cell_px + GAP_PX)

    def _paste(self, sheet: Image.Image, pen: ImageDraw.ImageDraw, x: int, y: int, data: bytes | None) -> None:
        side = self._cell_px
        if data is None:
            pen.rectangle((x, y, x + side - 1, y + side - 1), fill=EMPTY)
            self._write(pen, x + GAP_PX, y + GAP_PX, ["not made"], FAINT)
            return
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            small = image.convert("RGB")
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        sheet.paste(small, (x + (side - small.width) // 2, y + (side - small.height) // 2))

    def _write(self, pen: ImageDraw.ImageDraw, x: int, y: int, lines: Sequence[str], color: str) -> None:
        for number, line in enumerate(lines):
            pen.text((x, y + number * LINE_PX), line, fill=color, font=self._font)

    def _lines(self, text: str, width_px: int) -> list[str]:
        """The text wrapped to that width, three lines at most."""
        plain = " ".join(text.split()) or "-"
        num_characters = max(4, int(width_px / max(self._font.getlength(plain) / len(plain), 1)) - 1)
        return wrap(plain, num_characters, max_lines=MAX_HEADING_LINES, placeholder=" ...")
