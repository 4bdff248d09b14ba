"""As production, on throw-away services; see tests/conftest.py."""

from config.settings.base import *  # noqa: F403  # Django's way of layering settings

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {"json": False}
