"""As production, on throw-away services; see tests/conftest.py."""

import os

from kernel.launcher.testing import nominal_settings

if "DATABASE_URL" not in os.environ:  # the type checker and the schema generator open no connection
    os.environ.update(nominal_settings())

from config.settings.base import *  # noqa: E402, F403  # Django's way of layering settings, and after the environment

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {"json": False}
