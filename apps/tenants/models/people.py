"""People, their membership in tenants, their sessions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from apps.tenants.constants import TenantRole
from kernel.ids import uuid7
from kernel.tenancy.models import TenantModel


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person or a service account. Belongs to no tenant; memberships say where they work.

    Nobody is a superuser: the table refuses it, so no library's shortcut for superusers can open a door.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150)
    is_service = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    totp_secret = models.BinaryField(null=True, editable=False)
    totp_confirmed_at = models.DateTimeField(null=True)
    totp_last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(is_superuser=False), name="tenants_user_no_superuser"),
        ]

    @property
    def totp_enabled(self) -> bool:
        """Whether a second factor is asked for at sign-in."""
        return self.totp_confirmed_at is not None


class RecoveryCode(models.Model):
    """A way in when the second factor is lost; works once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)


class Membership(TenantModel):
    """That a person works in a tenant, and as what. A person sees their own memberships across tenants."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=TenantRole.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant_id", "user"], name="tenants_membership_once")]


class PersonSession(AbstractBaseSession):
    """A signed-in browser: listed to its person, revocable, ended when idle."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user_id = models.UUIDField(null=True, db_index=True)
    source = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from apps.tenants.sessions import SessionStore  # the store imports this model

        return SessionStore
