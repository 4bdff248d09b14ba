from apps.tenants.models.access import ApiToken, SignInAttempt
from apps.tenants.models.identity import DomainRoute, ExternalIdentity, IdentityProvider
from apps.tenants.models.people import Membership, PersonSession, RecoveryCode, User
from apps.tenants.models.tenant import Region, Tenant

__all__ = [
    "ApiToken",
    "DomainRoute",
    "ExternalIdentity",
    "IdentityProvider",
    "Membership",
    "PersonSession",
    "RecoveryCode",
    "Region",
    "SignInAttempt",
    "Tenant",
    "User",
]
