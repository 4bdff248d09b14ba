"""Tables of text as `agreement` and `detect` take them."""

from __future__ import annotations

import csv
from collections.abc import Hashable, Sequence
from pathlib import Path

from imaging.errors import InputError, UnreadableFileError


def read_rows(path: Path) -> list[list[str]]:
    """All rows that hold anything, comma or semicolon or tab between cells. Raises `UnreadableFileError`."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError("The file is no text", remedy="Export it as CSV in UTF-8.", path=path) from error
    first = text.lstrip("\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter)]
    return [row for row in rows if any(row)]


def read_columns(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> dict[str, list[str]]:
    """Named columns as text, in the order of the rows. Raises `InputError` for an absent column or a ragged row."""
    rows = read_rows(path)
    if not rows:
        raise InputError("The table is empty", remedy="Give a header and rows.", code="empty-table", path=path)
    header = [name.lower() for name in rows[0]]
    missing = [name for name in needed if name not in header]
    if missing:
        raise InputError(
            f"The table has no column {', '.join(missing)}",
            remedy=f"Name {', '.join(needed)} in the first row.",
            code="column-missing",
            path=path,
        )
    if any(len(row) != len(header) for row in rows):
        raise InputError("The rows differ in length", remedy="Export the table again.", code="ragged-table", path=path)
    wanted = [name for name in (*needed, *optional) if name in header]
    return {name: [row[header.index(name)] for row in rows[1:]] for name in wanted}


def numbers_where_possible(cells: Sequence[str]) -> list[Hashable | None]:
    """Numbers where every cell that is not empty is one, whole ones as int; else the text. Empty cells are None."""
    present = [cell for cell in cells if cell not in ("", "NA", "NaN", "nan", "null")]
    given = set(present)
    try:
        numbers: dict[str, Hashable] = {cell: _number(cell) for cell in given}
    except ValueError:
        numbers = {cell: cell for cell in given}
    return [numbers.get(cell) for cell in cells]


def _number(cell: str) -> int | float:
    value = float(cell)
    return int(value) if value.is_integer() else value
