from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    name = "kernel"
    label = "kernel"

    def ready(self) -> None:
        # Every process knows every job: an unknown name fails in the request that enqueues it.
        autodiscover_modules("jobs", "blobs.sweep")
