"""The one page of the browser application, for every address that is not an API."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import ensure_csrf_cookie

from kernel.api.problems import problem_response
from kernel.errors import NotFoundError


@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    """The application's index; the router in the browser does the rest."""
    index = settings.FRONTEND_DIST / "index.html"
    if request.method not in {"GET", "HEAD"} or not index.exists():
        return absent(request)
    response = HttpResponse(index.read_bytes(), content_type="text/html; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response


def absent(request: HttpRequest) -> JsonResponse:
    """No such address."""
    return problem_response(NotFoundError())
