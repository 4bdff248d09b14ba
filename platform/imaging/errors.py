"""One hierarchy for everything the engine refuses.

Each error names the file, the DICOM tag where one is to blame, and the remedy. Messages carry no patient data:
a path is given as the caller gave it, a value never.
"""

from __future__ import annotations

from pathlib import Path


class ImagingError(Exception):
    """The engine refuses, says what is wrong, where, and what to do.

    `code` is stable and kebab-case; callers switch on it and never on the text.
    """

    code = "imaging-error"

    def __init__(
        self,
        detail: str,
        *,
        remedy: str,
        path: str | Path | None = None,
        tag: str | None = None,
        code: str | None = None,
    ) -> None:
        self.detail = detail
        self.remedy = remedy
        self.path = None if path is None else str(path)
        self.tag = tag
        if code is not None:
            self.code = code
        super().__init__(self._text())

    def _text(self) -> str:
        where = " ".join(part for part in (self.path, self.tag) if part)
        return f"{self.detail}{f' [{where}]' if where else ''}. {self.remedy}"

    def as_json(self) -> dict[str, str | None]:
        """The error as the command line prints it: code, detail, remedy, path, tag."""
        return {
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
            "path": self.path,
            "tag": self.tag,
        }


class UnreadableFileError(ImagingError):
    """The bytes are not a DICOM file that can be parsed."""

    code = "unreadable-file"


class UnsupportedError(ImagingError):
    """A valid object of a kind the engine does not handle."""

    code = "unsupported-object"


class PixelDataError(ImagingError):
    """Pixel data are absent, do not fit their description, or cannot be decoded."""

    code = "pixel-data-error"


class GeometryError(ImagingError):
    """Positions or orientations that do not make a volume."""

    code = "geometry-error"


class ConversionError(ImagingError):
    """A conversion that would lose or invent information."""

    code = "conversion-error"


class ReferencedInstanceError(ImagingError):
    """An object refers to instances that are absent or do not match."""

    code = "referenced-instance-error"


class InputError(ImagingError):
    """Arguments or tables that contradict each other or the definition of the statistic."""

    code = "input-error"
