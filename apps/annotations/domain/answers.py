"""Answers to a schema's questions: what may be kept, what is still missing, when two readers say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.projects.domain.definitions import Question, SchemaDefinition

_MOST_TEXT = 10_000


@dataclass(frozen=True)
class AnswerProblem:
    """What is wrong with an answer; `pointer` is a JSON pointer into the values."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class AnswersState:
    """The answers of one read at one revision (0 = nothing saved yet). "Nothing found" is an answer."""

    revision: int = 0
    values: dict[str, Any] = field(default_factory=dict, repr=False)
    nothing_found: bool = False


def problems_of(schema: SchemaDefinition, values: Mapping[str, Any]) -> list[AnswerProblem]:
    """Why these values cannot be kept; empty when they can. Missing answers are no problem while reading."""
    questions = {question.key: question for question in schema.questions}
    found = []
    for key, value in values.items():
        question = questions.get(key)
        if question is None:
            found.append(AnswerProblem(f"/values/{key[:40]}", "unknown-question", "The schema has no such question."))
        elif value is not None and not _fits(question, value):
            found.append(AnswerProblem(f"/values/{key}", "wrong-answer", _WANTED[question.kind]))
    return found


def unanswered(schema: SchemaDefinition, values: Mapping[str, Any]) -> list[Question]:
    """The required questions without an answer."""
    return [q for q in schema.questions if q.required and values.get(q.key) in (None, "", [])]


def comparable(question: Question) -> bool:
    """Whether two answers can be equal by rule; free text cannot."""
    return question.kind != "text"


def canonical(question: Question, value: Any) -> Any:
    """The form in which equal answers are equal: choices sorted, numbers as floats, nothing as None."""
    if value in (None, "", []):
        return None
    if question.kind == "multiple_choice":
        return tuple(sorted(value))
    return float(value) if question.kind == "number" else value


_WANTED = {
    "single_choice": "One of the question's choices is needed.",
    "multiple_choice": "A list of the question's choices is needed.",
    "number": "A number is needed.",
    "text": f"A text of at most {_MOST_TEXT} characters is needed.",
    "boolean": "Yes or no is needed.",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _keys(question: Question) -> set[str]:
    return {choice.key for choice in question.choices}


_CHECKS: dict[str, Callable[[Question, Any], bool]] = {
    "single_choice": lambda q, v: isinstance(v, str) and v in _keys(q),
    "multiple_choice": lambda q, v: (
        isinstance(v, list) and all(isinstance(k, str) for k in v) and len(set(v)) == len(v) and set(v) <= _keys(q)
    ),
    "number": lambda q, v: _is_number(v),
    "text": lambda q, v: isinstance(v, str) and len(v) <= _MOST_TEXT,
    "boolean": lambda q, v: isinstance(v, bool),
}


def _fits(question: Question, value: Any) -> bool:
    return _CHECKS[question.kind](question, value)
