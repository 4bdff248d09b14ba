"""The bases of API views: decode, call one service or selector, encode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from kernel.actors import Actor
from kernel.api.pagination import KeysetPagination
from kernel.api.permissions import READ_SCOPE, WRITE_SCOPE, InTenant
from kernel.errors import SignedOutError


class TenantView(APIView):
    """A view inside a tenant. `read_scope` and `write_scope` say what an API token needs."""

    permission_classes = [InTenant]
    read_scope = READ_SCOPE
    write_scope = WRITE_SCOPE

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return cast(Actor, self.request.auth)

    def page(
        self,
        rows: QuerySet[Any],
        serializer: type[BaseSerializer[Any]],
        *,
        ordering: tuple[str, ...] = ("-created_at", "-id"),
        extra: dict[str, Any] | None = None,
        prepare: Callable[[list[Any]], list[Any]] | None = None,
        context: dict[str, Any] | None = None,
    ) -> Response:
        """One page of a list, by keyset. `prepare` may decorate the rows of the page with a constant number of queries."""
        paginator = KeysetPagination(ordering)
        page = paginator.paginate_queryset(rows, self.request, view=self) or []
        decorated = prepare(list(page)) if prepare else page
        body = serializer(decorated, many=True, context=context or {}).data
        return paginator.response(body, extra or {})

    def valid(self, serializer: type[BaseSerializer[Any]], data: Any = None) -> Any:
        """The request's body, validated. Raises the 422 problem."""
        checked = serializer(data=self.request.data if data is None else data)
        checked.is_valid(raise_exception=True)
        return checked.validated_data


class SignedInView(APIView):
    """A view for a signed-in person outside any tenant."""

    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not request.user.is_authenticated:
            raise SignedOutError()


class PublicView(APIView):
    """A view for anybody; says so in its name because it is rare."""

    permission_classes = [AllowAny]
