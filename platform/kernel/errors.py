"""The one hierarchy of refusals. Every non-2xx answer under /api/ is one of these, as RFC 9457 problem+json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """One member of `errors`: a JSON pointer (RFC 6901), a stable code, and what to do."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """Says what happened, whose move it is and what to do. Never carries personal data.

    `code` is stable and kebab-case; clients switch on it. `title` is a sentence for people.
    """

    code = "domain-error"
    status = 400
    title = "This cannot be done"
    remedy = "Check what was sent and try again."

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        title: str | None = None,
        status: int | None = None,
        remedy: str | None = None,
        errors: Sequence[FieldProblem] = (),
        extra: dict[str, object] | None = None,
        refused: object = None,
    ) -> None:
        self.code = code or self.code
        self.title = title or self.title
        self.status = status or self.status
        self.remedy = remedy or self.remedy
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.extra = extra or {}
        # A `kernel.acts.Act` to keep although the request is rolled back: somebody reached for what is not theirs.
        self.refused = refused
        super().__init__(f"{self.code}: {self.detail}")

    def as_problem(self) -> dict[str, object]:
        """The body of the answer (RFC 9457)."""
        problem: dict[str, object] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "remedy": self.remedy,
            **self.extra,
        }
        if self.errors:
            problem["errors"] = [vars(e) for e in self.errors]
        return problem


class NotFoundError(DomainError):
    """Absent, or not yours: the two look the same."""

    code = "not-found"
    status = 404
    title = "There is nothing here"
    remedy = "Check the address, or ask the project's manager for access."


class SignedOutError(DomainError):
    code = "signed-out"
    status = 401
    title = "You are signed out"
    remedy = "Sign in again; what you saved is kept."


class ForbiddenError(DomainError):
    """Only for what the person may know exists (their own session, CSRF)."""

    code = "forbidden"
    status = 403
    title = "This is not allowed"
    remedy = "Ask an administrator of your organisation."


class ConflictError(DomainError):
    code = "conflict"
    status = 409
    title = "Something else came first"
    remedy = "Load the newest state and try again."


class StaleEditError(DomainError):
    code = "stale-edit"
    status = 412
    title = "This was changed by somebody else"
    remedy = "Load the newest state, then make your change again."


class InvalidError(DomainError):
    code = "invalid"
    status = 422
    title = "Some values are not valid"
    remedy = "Correct the marked values."


class TooManyAttemptsError(DomainError):
    code = "too-many-attempts"
    status = 429
    title = "Too many attempts"
    remedy = "Wait a few minutes, then try again."


class ConfigurationError(Exception):
    """A setting is missing or contradicts another; raised at start, with the remedy."""
