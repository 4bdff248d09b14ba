"""The small process for sockets. HTTP is served by the WSGI process."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

http = get_asgi_application()  # before anything that touches models

from django.conf import settings  # noqa: E402  # needs the settings module named above

from apps.projects.api.sockets import socket_urls  # noqa: E402  # needs the app registry

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter(socket_urls)), [settings.PUBLIC_URL, settings.SOCKET_URL]
        ),
    }
)
