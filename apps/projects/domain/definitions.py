"""What a project's label schema and charter say: plain data, checked here, immutable once used.

A charter is how a project is read: who reads, how blind, when readers disagree, who settles it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

_COLOUR = re.compile(r"^#[0-9a-f]{6}$")
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,39}$")

GeometryKind = Literal["segmentation", "contour", "box", "point", "measurement"]


class DefinitionError(ValueError):
    """A schema or charter that contradicts itself; `pointer` says where, as a JSON pointer."""

    def __init__(self, pointer: str, detail: str) -> None:
        self.pointer = pointer
        self.detail = detail
        super().__init__(f"{pointer}: {detail}")


@dataclass(frozen=True)
class Concept:
    """A coded concept (PS3.3 8.8): value, coding scheme designator, meaning."""

    value: str
    scheme_designator: str
    meaning: str


@dataclass(frozen=True)
class LabelClass:
    """One thing readers mark, as DICOM SEG needs it (PS3.3 C.8.20.2)."""

    number: int
    name: str
    colour: str
    category: Concept
    type: Concept
    anatomic_region: Concept | None = None
    laterality: Concept | None = None
    required: bool = False
    geometry_kinds: tuple[GeometryKind, ...] = ("segmentation",)


@dataclass(frozen=True)
class Choice:
    key: str
    text: str
    concept: Concept | None = None


@dataclass(frozen=True)
class Question:
    """One thing readers answer."""

    key: str
    text: str
    kind: Literal["single_choice", "multiple_choice", "number", "text", "boolean"]
    level: Literal["study", "series", "image", "finding"] = "study"
    required: bool = False
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class SchemaDefinition:
    """A version of a label schema."""

    classes: tuple[LabelClass, ...]
    questions: tuple[Question, ...] = ()

    def class_by_number(self, number: int) -> LabelClass | None:
        """The class with this segment number."""
        return next((c for c in self.classes if c.number == number), None)


@dataclass(frozen=True)
class Stage:
    """One round of reading. `readers` independent reads are wanted; `blinded` hides every other read."""

    key: str
    kind: Literal["read", "adjudicate", "review"]
    readers: int = 1
    blinded: bool = True
    lease_s: int = 3600


@dataclass(frozen=True)
class CharterDefinition:
    """A version of a charter."""

    task_sentence: str
    stages: tuple[Stage, ...]
    metric: Literal["dice"] = "dice"
    threshold: float = 0.8
    consensus: Literal["majority", "staple"] = "majority"
    rationale_required: bool = True
    sample_review: float = 0.0

    @property
    def read_stage(self) -> Stage:
        """The stage of independent reads."""
        return next(s for s in self.stages if s.kind == "read")

    @property
    def adjudicate_stage(self) -> Stage | None:
        """The stage that settles disagreement, if the charter has one."""
        return next((s for s in self.stages if s.kind == "adjudicate"), None)


def schema_from_json(data: Mapping[str, Any]) -> SchemaDefinition:
    """Check and build. Raises `DefinitionError`."""
    classes = tuple(_label_class(c, f"/classes/{i}") for i, c in enumerate(_list(data, "classes", "")))
    questions = tuple(_question(q, f"/questions/{i}") for i, q in enumerate(data.get("questions") or []))
    if not classes and not questions:
        raise DefinitionError("/classes", "A schema needs at least one class or question.")
    _unique([c.number for c in classes], "/classes", "Two classes have the same number.")
    _unique([c.name for c in classes], "/classes", "Two classes have the same name.")
    _unique([q.key for q in questions], "/questions", "Two questions have the same key.")
    return SchemaDefinition(classes, questions)


def charter_from_json(data: Mapping[str, Any]) -> CharterDefinition:
    """Check and build. Raises `DefinitionError`."""
    stages = tuple(_stage(s, f"/stages/{i}") for i, s in enumerate(_list(data, "stages", "")))
    _unique([s.key for s in stages], "/stages", "Two stages have the same key.")
    if [s.kind for s in stages].count("read") != 1:
        raise DefinitionError("/stages", "A charter has exactly one stage of independent reads.")
    agreement = data.get("agreement") or {}
    threshold = agreement.get("threshold", 0.8)
    if not isinstance(threshold, int | float) or not 0 < threshold <= 1:
        raise DefinitionError("/agreement/threshold", "The Dice limit lies above 0 and is at most 1.")
    metric = agreement.get("metric", "dice")
    if metric != "dice":
        raise DefinitionError("/agreement/metric", "Agreement is measured by dice.")
    algorithm = (data.get("consensus") or {}).get("algorithm", "majority")
    if algorithm not in ("majority", "staple"):
        raise DefinitionError("/consensus/algorithm", "The consensus is majority or staple.")
    sample = data.get("sample_review", 0.0)
    if not isinstance(sample, int | float) or not 0 <= sample <= 1:
        raise DefinitionError("/sample_review", "The share of settled cases to review lies between 0 and 1.")
    return CharterDefinition(
        task_sentence=_text(data, "task_sentence", "", 200),
        stages=stages,
        metric="dice",
        threshold=float(threshold),
        consensus=algorithm,
        rationale_required=bool(data.get("rationale_required", True)),
        sample_review=float(sample),
    )


def schema_as_json(schema: SchemaDefinition) -> dict[str, Any]:
    """The plain form `schema_from_json` takes."""
    return asdict(schema)


def charter_as_json(charter: CharterDefinition) -> dict[str, Any]:
    """The plain form `charter_from_json` takes."""
    return {
        "task_sentence": charter.task_sentence,
        "stages": [asdict(s) for s in charter.stages],
        "agreement": {"metric": charter.metric, "threshold": charter.threshold},
        "consensus": {"algorithm": charter.consensus},
        "rationale_required": charter.rationale_required,
        "sample_review": charter.sample_review,
    }


def definition_digest(kind: str, plain: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes: kind and version line, then JSON with sorted keys."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=list)
    return hashlib.sha256(f"fiducial-{kind}/1\n{text}".encode()).hexdigest()


def _label_class(data: Mapping[str, Any], at: str) -> LabelClass:
    number = data.get("number")
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= 65535:
        raise DefinitionError(f"{at}/number", "A segment number lies between 1 and 65535 (PS3.3 C.8.20.2).")
    colour = str(data.get("colour", "")).lower()
    if not _COLOUR.match(colour):
        raise DefinitionError(f"{at}/colour", "A colour is written #rrggbb.")
    kinds = tuple(data.get("geometry_kinds") or ("segmentation",))
    if not set(kinds) <= {"segmentation", "contour", "box", "point", "measurement"}:
        raise DefinitionError(f"{at}/geometry_kinds", "Unknown geometry kind.")
    return LabelClass(
        number=number,
        name=_text(data, "name", at, 64),
        colour=colour,
        category=_concept(data.get("category"), f"{at}/category"),
        type=_concept(data.get("type"), f"{at}/type"),
        anatomic_region=_concept_or_none(data.get("anatomic_region"), f"{at}/anatomic_region"),
        laterality=_concept_or_none(data.get("laterality"), f"{at}/laterality"),
        required=bool(data.get("required", False)),
        geometry_kinds=kinds,
    )


def _question(data: Mapping[str, Any], at: str) -> Question:
    key = str(data.get("key", ""))
    if not _KEY.match(key):
        raise DefinitionError(f"{at}/key", "A key is lower-case letters, digits and underscores, letter first.")
    kind, level = data.get("kind"), data.get("level", "study")
    if kind not in ("single_choice", "multiple_choice", "number", "text", "boolean"):
        raise DefinitionError(f"{at}/kind", "Unknown kind of question.")
    if level not in ("study", "series", "image", "finding"):
        raise DefinitionError(f"{at}/level", "Unknown level.")
    choices = tuple(
        Choice(
            str(c.get("key", "")), _text(c, "text", f"{at}/choices/{i}", 100), _concept_or_none(c.get("concept"), at)
        )
        for i, c in enumerate(data.get("choices") or [])
    )
    if kind in ("single_choice", "multiple_choice") and len(choices) < 2:
        raise DefinitionError(f"{at}/choices", "A choice needs at least two answers.")
    _unique([c.key for c in choices], f"{at}/choices", "Two answers have the same key.")
    return Question(key, _text(data, "text", at, 300), kind, level, bool(data.get("required", False)), choices)


def _stage(data: Mapping[str, Any], at: str) -> Stage:
    kind = data.get("kind")
    if kind not in ("read", "adjudicate", "review"):
        raise DefinitionError(f"{at}/kind", "A stage reads, adjudicates or reviews.")
    key = str(data.get("key", ""))
    if not _KEY.match(key):
        raise DefinitionError(f"{at}/key", "A key is lower-case letters, digits and underscores, letter first.")
    readers, lease_s = data.get("readers", 1), data.get("lease_s", 3600)
    if not isinstance(readers, int) or not 1 <= readers <= 20:
        raise DefinitionError(f"{at}/readers", "A stage has 1 to 20 readers.")
    if not isinstance(lease_s, int) or not 60 <= lease_s <= 14 * 86400:
        raise DefinitionError(f"{at}/lease_s", "A lease lasts a minute to two weeks.")
    return Stage(key, kind, readers, bool(data.get("blinded", True)), lease_s)


def _concept(data: Any, at: str) -> Concept:
    if not isinstance(data, Mapping):
        raise DefinitionError(at, "A coded concept has value, scheme_designator and meaning.")
    value, scheme = _text(data, "value", at, 64), _text(data, "scheme_designator", at, 16)
    if scheme == "SCT":
        _check_snomed(value, f"{at}/value")
    return Concept(value, scheme, _text(data, "meaning", at, 64))


def _check_snomed(value: str, at: str) -> None:
    from imaging.terminology.sctid import check_sctid  # a second to import, and only those who write schemas wait

    checked = check_sctid(value)
    if not checked.valid:
        hint = f" Did you mean {checked.near_miss}?" if checked.near_miss else ""
        raise DefinitionError(at, f"{value} is no SNOMED CT concept: {checked.reason}.{hint}")


def _concept_or_none(data: Any, at: str) -> Concept | None:
    return _concept(data, at) if data else None


def _text(data: Mapping[str, Any], name: str, at: str, most: int) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise DefinitionError(f"{at}/{name}", f"A text of 1 to {most} characters is needed.")
    return value.strip()


def _list(data: Mapping[str, Any], name: str, at: str) -> Sequence[Any]:
    value = data.get(name)
    if not isinstance(value, list | tuple):
        raise DefinitionError(f"{at}/{name}", "A list is needed.")
    return value


def _unique(values: Sequence[object], at: str, detail: str) -> None:
    if len(set(values)) != len(values):
        raise DefinitionError(at, detail)
