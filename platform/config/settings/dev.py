"""One machine, plain HTTP on loopback."""

from config.settings.base import *  # noqa: F403  # Django's way of layering settings
