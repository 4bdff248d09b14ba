"""Logs are JSON lines of events and ids. No path with a query, no body, no name: nothing of a patient or a person."""

from __future__ import annotations

import logging.config
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from kernel.ids import uuid7

_REQUESTS = Counter("fiducial_http_requests", "Requests answered", ["method", "route", "status"])
_SECONDS = Histogram("fiducial_http_seconds", "Time to answer", ["method", "route"])

_log = structlog.get_logger("fiducial.http")


def configure(settings: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG: structlog renders its own events and those of the standard library alike."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer = structlog.processors.JSONRenderer() if settings.get("json", True) else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "structured": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                # Django logs every 4xx with its path; ours says the same without what a path may hold.
                "django.request": {"level": "ERROR"},
                "django.security": {"level": "ERROR"},
                "pydicom": {"level": "ERROR"},
                "highdicom": {"level": "ERROR"},
                "celery": {"level": "WARNING"},
                "rapidocr": {"level": "ERROR"},
                "httpx": {"level": "WARNING"},  # it logs whole addresses
            },
        }
    )


class RequestLogMiddleware:
    """One line a request: method, route pattern (never the path), status, milliseconds, request id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid7())
        request.request_id = request_id  # type: ignore[attr-defined]  # ours, read by the tenant middleware
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.perf_counter()
        try:
            response = self.get_response(request)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")
        seconds = time.perf_counter() - begun
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method or ""
        _REQUESTS.labels(method, route, response.status_code).inc()
        _SECONDS.labels(method, route).observe(seconds)
        _log.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            request_id=request_id,
        )
        response["X-Request-Id"] = request_id
        return response
