"""Every refusal under /api/ and /dicomweb/ leaves as application/problem+json."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.authentication import CSRFCheck
from rest_framework.response import Response

from kernel.errors import DomainError, FieldProblem, ForbiddenError, InvalidError, NotFoundError, SignedOutError

_log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: turn what a view raised into a problem, and undo what the request had begun."""
    problem = as_domain_error(error)
    if problem is None:
        return None
    if problem.refused is not None:
        context["request"]._request.refused_act = problem.refused  # the tenant middleware records it after the rollback
    if getattr(context["request"]._request, "actor", None) is not None and connection.in_atomic_block:
        # The tenant's scope is the request's transaction; outside a tenant each service has its own.
        transaction.set_rollback(True)
    response = Response(problem.as_problem(), status=problem.status, content_type=CONTENT_TYPE)
    if isinstance(problem, SignedOutError):
        response["WWW-Authenticate"] = "Bearer"
    retry_after = problem.extra.get("retry_after_s")
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def as_domain_error(error: Exception) -> DomainError | None:
    """The refusal an exception means; None for what is a fault of the program."""
    match error:
        case DomainError():
            return error
        case exceptions.ValidationError():
            return InvalidError(errors=tuple(_field_problems(error.detail)))
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return SignedOutError()
        case Http404() | exceptions.NotFound():
            return NotFoundError()
        case PermissionDenied():
            return ForbiddenError()
        case exceptions.PermissionDenied():
            return ForbiddenError(str(error.detail))
        case exceptions.APIException():
            code = str(error.default_code).replace("_", "-")
            return DomainError(
                str(error.detail), code=code, status=error.status_code, title="The request was not understood"
            )
    return None


def _field_problems(detail: Any, pointer: str = "") -> list[FieldProblem]:
    if isinstance(detail, dict):
        return [p for key, value in detail.items() for p in _field_problems(value, f"{pointer}/{_escaped(str(key))}")]
    if isinstance(detail, list):
        found: list[FieldProblem] = []
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            found += _field_problems(value, f"{pointer}/{index}" if nested else pointer)
        return found
    code = str(getattr(detail, "code", "invalid")).replace("_", "-")
    return [FieldProblem(pointer.replace("/non_field_errors", ""), code, str(detail))]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def ensure_csrf(request: Any) -> None:
    """Refuse a browser's unsafe request without the page's token, also before anybody is signed in.

    Raises `ForbiddenError`.
    """
    check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]  # DRF calls it the same way
    check.process_request(request._request)
    if check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]  # no view is wrapped
        raise ForbiddenError(
            "The request did not carry the page's CSRF token.", code="csrf", remedy="Reload the page and try again."
        )


def problem_response(error: DomainError) -> JsonResponse:
    """A problem outside DRF: middleware and plain Django views."""
    return JsonResponse(error.as_problem(), status=error.status, content_type=CONTENT_TYPE)
