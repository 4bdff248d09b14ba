"""Sessions in the database, with an idle time-out and a person's list of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from apps.tenants.models import PersonSession

_TOUCH_EVERY = dt.timedelta(seconds=60)


class SessionStore(DatabaseStore):
    """Django's store over `PersonSession`. A session unseen for the idle time is gone."""

    @classmethod
    def get_model_class(cls) -> type[PersonSession]:
        return PersonSession

    def create_model_instance(self, data: dict[str, Any]) -> PersonSession:
        # Saving again must keep what is not in the data: public id, first and last sight.
        key = self.session_key or self._get_new_session_key()  # type: ignore[attr-defined]  # private in the stubs
        row = PersonSession.objects.filter(session_key=key).first() or PersonSession(session_key=key)
        row.session_data = self.encode(data)
        row.expire_date = self.get_expiry_date()
        row.user_id = data.get("_auth_user_id")
        row.source = data.get("source", "")[:60]
        return row

    def _get_session_from_db(self) -> PersonSession | None:
        row: PersonSession | None = super()._get_session_from_db()  # type: ignore[misc]  # private in the stubs
        if row is None:
            return None
        now = timezone.now()
        if now - row.last_seen_at > dt.timedelta(seconds=settings.SESSION_IDLE_TIMEOUT_S):
            row.delete()
            self._session_key = None
            return None
        if now - row.last_seen_at > _TOUCH_EVERY:
            PersonSession.objects.filter(session_key=row.session_key).update(last_seen_at=now)
        return row
