"""A project's catalogue of distinct descriptors: what was approved once is not asked again.

Most series share their description with other subjects. A text that at least five subjects share and that is made of
listed words only approves itself; the rest is cleaned, or waits as one line for a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydicom.dataset import Dataset

from imaging.deid.actions import Action
from imaging.deid.dictionary import TEXT_VRS, keyword_of
from imaging.deid.identifiers import OriginalIdentifiers
from imaging.deid.policy import Policy
from imaging.deid.text import TextCleaner

SUBJECTS_FOR_APPROVAL = 5


class EntryState(StrEnum):
    APPROVED = "approved"
    CLEANED = "cleaned"
    REVIEW = "review"


@dataclass
class CatalogueEntry:
    """One distinct string of one attribute: how many subjects share it, and what it becomes."""

    keyword: str
    text: str
    subjects: set[str] = field(default_factory=set)
    replacement: str | None = None
    decided_by_person: bool = False

    @property
    def state(self) -> EntryState:
        """Approved by a person or by the rule, cleaned by the allow-list, or waiting for a person."""
        listed = TextCleaner(OriginalIdentifiers()).clean(self.text) == self.text
        if self.decided_by_person or (listed and len(self.subjects) >= SUBJECTS_FOR_APPROVAL):
            return EntryState.APPROVED
        return EntryState.REVIEW if listed else EntryState.CLEANED


class Catalogue:
    """Distinct descriptor strings of a project and the decisions about them."""

    def __init__(self, decisions: Mapping[tuple[str, str], str] | None = None) -> None:
        self._entries: dict[tuple[str, str], CatalogueEntry] = {}
        for (keyword, text), replacement in (decisions or {}).items():
            self.decide(keyword, text, replacement)

    def observe(self, dataset: Dataset, policy: Policy, subject: str) -> None:
        """Count the texts that the policy would clean. `subject` is a pseudonym, never a name."""
        for keyword, text in _cleaned_texts(dataset, policy):
            entry = self._entries.setdefault((keyword, text), CatalogueEntry(keyword, text))
            entry.subjects.add(subject)

    def decide(self, keyword: str, text: str, replacement: str) -> None:
        """Record a person's decision: what this string becomes, itself included."""
        entry = self._entries.setdefault((keyword, text), CatalogueEntry(keyword, text))
        entry.replacement, entry.decided_by_person = replacement, True

    def decision(self, keyword: str, text: str) -> str | None:
        """What a person decided for this string, or None: then the allow-list cleans it."""
        entry = self._entries.get((keyword, text))
        return entry.replacement if entry is not None and entry.decided_by_person else None

    def entries(self) -> list[CatalogueEntry]:
        """Every string, those shared by most subjects first."""
        return sorted(self._entries.values(), key=lambda e: (-len(e.subjects), e.keyword, e.text))

    def save(self, path: Path) -> None:
        """Write the decisions as JSON. The file holds original strings: it is kept as the vault is."""
        rows = [[e.keyword, e.text, e.replacement] for e in self.entries() if e.decided_by_person]
        path.write_text(json.dumps(sorted(rows), ensure_ascii=False, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Catalogue:
        """Read the decisions that `save` wrote."""
        rows = json.loads(path.read_text("utf-8"))
        return cls({(keyword, text): replacement for keyword, text, replacement in rows})


def _cleaned_texts(dataset: Dataset, policy: Policy) -> Iterator[tuple[str, str]]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _cleaned_texts(item, policy)
        elif element.VR in TEXT_VRS and not element.tag.is_private and element.value:
            if policy.rule_for(int(element.tag), element.VR).action is Action.CLEAN:
                values = [element.value] if isinstance(element.value, str) else list(element.value)
                for value in values:
                    yield keyword_of(int(element.tag)), str(value)
