"""Is the process alive; can it serve; what has it done."""

from __future__ import annotations

import threading

from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis import Redis, RedisError

from config.settings.base import ENVIRONMENT


def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database reachable and migrated, broker reachable. 503 names what is missing."""
    problems = [*_database_problems(), *_broker_problems()]
    return JsonResponse(
        {"status": "unready" if problems else "ready", "problems": problems}, status=503 if problems else 200
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text format. nginx keeps it inside."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


_migrated = threading.Event()


def _database_problems() -> list[str]:
    try:
        if not _is_migrated():
            return ["migrations are pending: run `manage.py migrate --database owner`"]
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone()[0]:
                return ["the application's database role passes row-level security: use a plain role in DATABASE_URL"]
    except DatabaseError:
        return ["the database does not answer"]
    return []


def _is_migrated() -> bool:
    # Comparing the migrations costs seconds; once this code finds all of its own applied, they stay so.
    if not _migrated.is_set():
        executor = MigrationExecutor(connections["default"])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.set()
    return True


def _broker_problems() -> list[str]:
    try:
        Redis.from_url(ENVIRONMENT.redis_url, socket_timeout=2).ping()
    except RedisError:
        return ["the broker does not answer"]
    return []
