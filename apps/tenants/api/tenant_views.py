"""The tenant's own pages: members, tokens, identity providers."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.tenants import selectors
from apps.tenants.api import serializers as s
from apps.tenants.services import membership, providers, tokens
from kernel.api.schemas import CURSOR_PARAMETERS, page_of
from kernel.api.views import TenantView


class MembersView(TenantView):
    @extend_schema(operation_id="member_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.MemberOut))
    def get(self, request: Request) -> Response:
        """The members of the tenant."""
        return self.page(selectors.member_list_for(self.actor), s.MemberOut)

    @extend_schema(operation_id="member_add", request=s.MemberIn, responses={201: s.MemberOut})
    def post(self, request: Request) -> Response:
        """Make a person a member."""
        added = membership.member_add(actor=self.actor, **self.valid(s.MemberIn))
        return Response(s.MemberOut(added).data, status=201)


class MemberView(TenantView):
    @extend_schema(operation_id="member_change", request=s.MemberRoleIn, responses=s.MemberOut)
    def patch(self, request: Request, membership_id: uuid.UUID) -> Response:
        """Give a member another role."""
        role = self.valid(s.MemberRoleIn)["role"]
        changed = membership.member_change_role(actor=self.actor, membership_id=membership_id, role=role)
        return Response(s.MemberOut(changed).data)

    @extend_schema(operation_id="member_remove", responses={204: None})
    def delete(self, request: Request, membership_id: uuid.UUID) -> Response:
        """End a membership."""
        membership.member_remove(actor=self.actor, membership_id=membership_id)
        return Response(status=204)


class TokensView(TenantView):
    @extend_schema(operation_id="token_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.TokenOut))
    def get(self, request: Request) -> Response:
        """My API tokens; for administrators, all of the tenant."""
        return self.page(selectors.token_list_for(self.actor), s.TokenOut)

    @extend_schema(operation_id="token_create", request=s.TokenIn, responses={201: s.NewTokenOut})
    def post(self, request: Request) -> Response:
        """A new token; its text is in this answer and nowhere else."""
        token, text = tokens.token_create(actor=self.actor, **self.valid(s.TokenIn))
        return Response({**s.TokenOut(token).data, "token": text}, status=201)


class TokenView(TenantView):
    @extend_schema(operation_id="token_revoke", responses={204: None})
    def delete(self, request: Request, token_id: uuid.UUID) -> Response:
        """Revoke a token."""
        tokens.token_revoke(actor=self.actor, token_id=token_id)
        return Response(status=204)


class ProvidersView(TenantView):
    @extend_schema(
        operation_id="identity_provider_list", parameters=CURSOR_PARAMETERS, responses=page_of(s.ProviderOut)
    )
    def get(self, request: Request) -> Response:
        """The tenant's identity providers."""
        return self.page(selectors.provider_list_for(self.actor), s.ProviderOut)

    @extend_schema(operation_id="identity_provider_add", request=s.ProviderIn, responses={201: s.ProviderOut})
    def post(self, request: Request) -> Response:
        """Bring an identity provider; its endpoints are read from its discovery document unless given."""
        added = providers.provider_add(actor=self.actor, values=self.valid(s.ProviderIn))
        return Response(s.ProviderOut(added).data, status=201)


class ProviderView(TenantView):
    @extend_schema(operation_id="identity_provider_change", request=s.ProviderIn, responses=s.ProviderOut)
    def patch(self, request: Request, provider_id: uuid.UUID) -> Response:
        """Change an identity provider."""
        body = s.ProviderIn(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        values = {name: value for name, value in body.validated_data.items() if name in request.data}
        changed = providers.provider_change(actor=self.actor, provider_id=provider_id, values=values)
        return Response(s.ProviderOut(changed).data)
