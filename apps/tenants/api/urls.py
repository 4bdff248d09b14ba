"""Addresses of the room."""

from django.urls import path

from apps.tenants.api import oidc_views, session_views, tenant_views

urlpatterns = [
    path("api/v1/session", session_views.SessionView.as_view()),
    path("api/v1/session/sign-in", session_views.SignInView.as_view()),
    path("api/v1/session/sign-out", session_views.SignOutView.as_view()),
    path("api/v1/session/discover", session_views.DiscoverView.as_view()),
    path("api/v1/session/sessions", session_views.BrowserSessionsView.as_view()),
    path("api/v1/session/sessions/<uuid:session_id>", session_views.BrowserSessionView.as_view()),
    path("api/v1/session/totp", session_views.TotpView.as_view()),
    path("api/v1/session/totp/confirm", session_views.TotpConfirmView.as_view()),
    path("oidc/sign-in", oidc_views.OidcSignInView.as_view()),
    path("oidc/callback", oidc_views.OidcCallbackView.as_view(), name="oidc_authentication_callback"),
    path("api/v1/members", tenant_views.MembersView.as_view()),
    path("api/v1/members/<uuid:membership_id>", tenant_views.MemberView.as_view()),
    path("api/v1/tokens", tenant_views.TokensView.as_view()),
    path("api/v1/tokens/<uuid:token_id>", tenant_views.TokenView.as_view()),
    path("api/v1/identity-providers", tenant_views.ProvidersView.as_view()),
    path("api/v1/identity-providers/<uuid:provider_id>", tenant_views.ProviderView.as_view()),
]
