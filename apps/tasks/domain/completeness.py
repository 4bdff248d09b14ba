"""What a read still lacks before it can be signed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from apps.annotations.domain.answers import unanswered
from apps.projects.domain.definitions import SchemaDefinition


@dataclass(frozen=True)
class Missing:
    """One thing that is missing; `pointer` is a JSON pointer into the read."""

    pointer: str
    code: str
    detail: str


def missing_of(
    schema: SchemaDefinition, drawn: Collection[int], values: Mapping[str, Any], nothing_found: bool
) -> list[Missing]:
    """What keeps a read from being signed, in the schema's order; empty when it is complete.

    "Nothing found" is an answer: it stands for every class, and contradicts anything drawn. Otherwise every required
    class is drawn somewhere, and a schema that has classes wants at least one of them.
    """
    found = []
    if nothing_found and drawn:
        found.append(
            Missing(
                "/nothing_found", "contradiction", "Something is drawn although nothing was found: clear one of both."
            )
        )
    if not nothing_found and schema.classes and not drawn:
        found.append(Missing("/segmentations", "nothing-drawn", "Draw at least one segment, or answer nothing found."))
    if not nothing_found:
        found += [
            Missing(f"/classes/{c.number}", "required-class", f"{c.name} is required and not drawn.")
            for c in schema.classes
            if c.required and c.number not in drawn and drawn
        ]
    found += [
        Missing(f"/answers/{q.key}", "required-question", f"{q.text} is not answered.")
        for q in unanswered(schema, values)
    ]
    return found
