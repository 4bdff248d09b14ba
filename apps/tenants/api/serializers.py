"""What the session and tenant endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.tenants.constants import TenantRole, TokenScope


class PersonOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()


class SignedInPersonOut(PersonOut):
    totp_enabled = serializers.BooleanField()


class TenantChoiceOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    region = serializers.CharField()


class SessionOut(serializers.Serializer[Any]):
    signed_in = serializers.BooleanField()
    user = SignedInPersonOut(allow_null=True)
    tenants = TenantChoiceOut(many=True)
    socket_url = serializers.CharField()
    idle_timeout_s = serializers.IntegerField()
    version = serializers.CharField()
    csrf_token = serializers.CharField()


class SignInIn(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)
    otp_code = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class DiscoverIn(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)


class DiscoverOut(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=["password", "oidc"])
    tenant = serializers.CharField(required=False)
    sign_in_url = serializers.CharField(required=False)


class BrowserSessionOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    created_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    source = serializers.CharField()
    current = serializers.SerializerMethodField()

    def get_current(self, row: Any) -> bool:
        return bool(row.session_key == self.context.get("session_key"))


class TotpEnrolOut(serializers.Serializer[Any]):
    secret = serializers.CharField()
    otpauth_uri = serializers.CharField()
    qr_svg = serializers.CharField()


class CodeIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40)


class RecoveryCodesOut(serializers.Serializer[Any]):
    recovery_codes = serializers.ListField(child=serializers.CharField())


class MemberOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user = PersonOut()
    role = serializers.CharField()
    created_at = serializers.DateTimeField()


class MemberIn(serializers.Serializer[Any]):
    email = serializers.EmailField()
    name = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=TenantRole.choices)
    password = serializers.CharField(max_length=1000, required=False, trim_whitespace=False)


class MemberRoleIn(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=TenantRole.choices)


class TokenOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    user = PersonOut()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class NewTokenOut(TokenOut):
    token = serializers.CharField()


class TokenIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=TokenScope.choices), allow_empty=False)
    expires_at = serializers.DateTimeField()


class ClaimRuleField(serializers.Serializer[Any]):
    claim = serializers.CharField(max_length=100)
    value = serializers.CharField(max_length=200)
    role = serializers.ChoiceField(choices=TenantRole.choices)


class ProviderIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    issuer = serializers.URLField()
    client_id = serializers.CharField(max_length=200)
    client_secret = serializers.CharField(max_length=500, required=False, write_only=True)
    domains = serializers.ListField(child=serializers.CharField(max_length=253), default=list)
    claim_rules = ClaimRuleField(many=True, default=list)
    default_role = serializers.ChoiceField(choices=[("", "none"), *TenantRole.choices], default="", allow_blank=True)
    link_by_verified_email = serializers.BooleanField(default=False)
    enabled = serializers.BooleanField(default=True)
    authorization_endpoint = serializers.URLField(required=False)
    token_endpoint = serializers.URLField(required=False)
    userinfo_endpoint = serializers.URLField(required=False)
    jwks_uri = serializers.URLField(required=False)


class ProviderOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    issuer = serializers.CharField()
    client_id = serializers.CharField()
    domains = serializers.ListField(child=serializers.CharField())
    claim_rules = ClaimRuleField(many=True)
    default_role = serializers.CharField()
    link_by_verified_email = serializers.BooleanField()
    enabled = serializers.BooleanField()
