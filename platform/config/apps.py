from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The top of the house is an app too, for the commands that use every room."""

    name = "config"
    label = "config"
