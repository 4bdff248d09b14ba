"""The live socket of an open page: tells that something moved, never what it says."""

from __future__ import annotations

import uuid
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.urls import path

from apps.projects.selectors import overseen_projects
from apps.tenants.selectors import actor_for_membership, tenant_of_session
from kernel.actors import Actor
from kernel.jobs.live import group_name
from kernel.tenancy.scope import tenant_scope

_SIGNED_OUT = 4401
_ABSENT = 4404


class LiveConsumer(AsyncJsonWebsocketConsumer):
    """Joins the group of the tenant named in the address, if the signed-in person belongs to it."""

    group: str = ""
    hears_all: bool = False
    projects: frozenset[str] = frozenset()

    async def connect(self) -> None:
        user = self.scope.get("user")
        await self.accept()
        if user is None or not user.is_authenticated:
            await self.close(_SIGNED_OUT)
            return
        actor = await self._actor(user, self.scope["url_route"]["kwargs"]["slug"])
        if actor is None:
            await self.close(_ABSENT)
            return
        self.user_id = str(user.pk)
        self.group = group_name(actor.tenant_id)
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.send_json({"type": "ready"})

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """The page has nothing to say here."""

    async def live_message(self, event: dict[str, Any]) -> None:
        """Pass a message on to those who may hear it.

        Readers hear of their own worklist only: the movement of a job or a case would tell them that another has read.
        """
        message = event["message"]
        if "user_id" in message:
            may_hear = message["user_id"] == self.user_id
        else:
            may_hear = self.hears_all or message.get("project_id") in self.projects
        if may_hear:
            await self.send_json(message)

    @database_sync_to_async
    def _actor(self, user: Any, slug: str) -> Actor | None:
        actor = actor_for_membership(
            user=user,
            slug=slug,
            source="socket",
            request_id=str(uuid.uuid4()),
            only_tenant=tenant_of_session(self.scope["session"]),
        )
        if actor is not None:
            with tenant_scope(actor.tenant_id):
                overseen, everything = overseen_projects(actor)
            self.projects, self.hears_all = frozenset(map(str, overseen)), everything
        return actor


socket_urls = [path("ws/t/<slug:slug>/live", LiveConsumer.as_asgi())]
