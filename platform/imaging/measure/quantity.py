"""One measured number: what it is, its UCUM unit, the method that gave it, and what limits it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imaging.labelmap import CodedConcept


@dataclass(frozen=True)
class Quantity:
    """`method` is a stable id; a number computed another way has another. `note` says how the number may be off.

    `value` is None where the quantity is not defined (an empty segment has no diameter).
    """

    name: CodedConcept
    value: float | None
    unit: str
    method: str
    note: str | None = None
    derivation: CodedConcept | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values, the note only where there is one."""
        content: dict[str, Any] = {
            "value": self.value,
            "unit": self.unit,
            "method": self.method,
            "code": list(self.name),
        }
        if self.derivation is not None:
            content["derivation"] = list(self.derivation)
        if self.note is not None:
            content["note"] = self.note
        return content


UNITS = {
    "mm3": CodedConcept("mm3", "UCUM", "cubic millimeter"),
    "mm2": CodedConcept("mm2", "UCUM", "square millimeter"),
    "mm": CodedConcept("mm", "UCUM", "millimeter"),
    "mL": CodedConcept("mL", "UCUM", "milliliter"),
    "[hnsf'U]": CodedConcept("[hnsf'U]", "UCUM", "Hounsfield unit"),
    "g/mL": CodedConcept("g/mL", "UCUM", "gram per milliliter"),
    "Bq/mL": CodedConcept("Bq/mL", "UCUM", "Becquerels per milliliter"),
    "d": CodedConcept("d", "UCUM", "day"),
    "%": CodedConcept("%", "UCUM", "percent"),
    "1": CodedConcept("1", "UCUM", "no units"),
}


def unit_code(unit: str) -> CodedConcept:
    """The coded UCUM unit; an unlisted unit is its own meaning."""
    return UNITS.get(unit, CodedConcept(unit, "UCUM", unit))
