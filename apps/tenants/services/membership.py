"""Tenants and who works in them."""

from __future__ import annotations

import secrets
import uuid

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.tenants import permissions, selectors
from apps.tenants.constants import TenantAction, TenantRole
from apps.tenants.models import ApiToken, Membership, PersonSession, Region, Tenant, User
from kernel.actors import Actor, system_actor
from kernel.acts import Act
from kernel.errors import ConflictError, FieldProblem, InvalidError, NotFoundError
from kernel.events import publish
from kernel.tenancy.scope import tenant_scope


def tenant_create(*, slug: str, name: str, region: str = "local") -> Tenant:
    """A new tenant. For the operator's command; nobody signed in can call it.

    Raises `ConflictError` when the address is taken.
    """
    if selectors.tenant_by_slug(slug):
        raise ConflictError(f"There is already a tenant at {slug}.", code="tenant-exists")
    place, _ = Region.objects.get_or_create(slug=region, defaults={"name": region.title()})
    tenant = Tenant.objects.create(slug=slug, name=name, region=place)
    with tenant_scope(tenant.pk):
        publish(Act(system_actor(tenant.pk), "tenants.tenant.created", "tenant", tenant.pk))
    return tenant


@transaction.atomic
def member_add(*, actor: Actor, email: str, name: str, role: str, password: str | None = None) -> Membership:
    """Make a person a member; an account is created for an address nobody has.

    Raises `InvalidError` for a password too weak, `ConflictError` for one who is a member already.
    """
    permissions.require(actor, TenantAction.CHANGE_MEMBERS)
    _refuse_escalation(actor, role)
    user = User.objects.filter(email__iexact=email.strip()).first() or _account(email, name, password)
    if Membership.objects.filter(user=user).exists():
        raise ConflictError("This person is a member already.", code="already-member")
    membership = Membership.objects.create(user=user, role=role)
    _tell(actor, "tenants.member.added", membership, role)
    return membership


@transaction.atomic
def member_change_role(*, actor: Actor, membership_id: uuid.UUID, role: str) -> Membership:
    """Give a member another role. The last owner stays owner."""
    permissions.require(actor, TenantAction.CHANGE_MEMBERS)
    membership = Membership.objects.select_for_update().select_related("user").filter(pk=membership_id).first()
    if membership is None:
        raise NotFoundError()
    _refuse_escalation(actor, role)
    _refuse_escalation(actor, membership.role)
    _keep_an_owner(membership, role)
    membership.role = role
    membership.save(update_fields=["role"])
    _tell(actor, "tenants.member.changed", membership, role)
    return membership


@transaction.atomic
def member_remove(*, actor: Actor, membership_id: uuid.UUID) -> None:
    """End a membership: tokens of the person in this tenant die with it, open sessions see the tenant no more."""
    permissions.require(actor, TenantAction.CHANGE_MEMBERS)
    membership = Membership.objects.select_for_update().select_related("user").filter(pk=membership_id).first()
    if membership is None:
        raise NotFoundError()
    _refuse_escalation(actor, membership.role)
    _keep_an_owner(membership, "")
    _tell(actor, "tenants.member.removed", membership, membership.role)
    ApiToken.objects.filter(user_id=membership.user_id).delete()
    membership.delete()


@transaction.atomic
def service_account_add(*, actor: Actor, name: str) -> Membership:
    """An account for a program: no password, no session, tokens only."""
    permissions.require(actor, TenantAction.CHANGE_MEMBERS)
    user = User(email=f"{secrets.token_hex(8)}@service.invalid", name=name, is_service=True)
    user.set_unusable_password()
    user.save()
    membership = Membership.objects.create(user=user, role=TenantRole.MEMBER)
    _tell(actor, "tenants.member.added", membership, "service")
    return membership


def password_set(*, user: User, password: str) -> None:
    """A new password; every other session of the person ends. Raises `InvalidError` when it is too weak."""
    _check_password(password, user)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        PersonSession.objects.filter(user_id=user.pk).delete()


def _account(email: str, name: str, password: str | None) -> User:
    user = User(email=email.strip().lower(), name=name.strip() or email)
    if password:
        _check_password(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.save()
    return user


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems = [
            FieldProblem("/password", str(e.code or "weak").replace("_", "-"), e.messages[0]) for e in error.error_list
        ]
        raise InvalidError("This password is too easy to guess.", errors=problems) from None


def _refuse_escalation(actor: Actor, role: str) -> None:
    # An administrator may neither make nor unmake owners.
    if role == TenantRole.OWNER and not actor.is_system and actor.role != TenantRole.OWNER:
        raise NotFoundError()


def _keep_an_owner(membership: Membership, new_role: str) -> None:
    if membership.role != TenantRole.OWNER or new_role == TenantRole.OWNER:
        return
    if not Membership.objects.filter(role=TenantRole.OWNER).exclude(pk=membership.pk).exists():
        raise ConflictError(
            "A tenant needs an owner, and this is the last one.",
            code="last-owner",
            remedy="Make somebody else owner first.",
        )


def _tell(actor: Actor, action: str, membership: Membership, role: str) -> None:
    publish(Act(actor, action, "membership", membership.pk, details={"user_id": str(membership.user_id), "role": role}))
