"""Names of incoming files: sealed, because people put patients' names into them."""

from __future__ import annotations

from apps.intake.models import Delivery, IncomingFile
from kernel.keys.derive import derive, keyed_digest
from kernel.keys.errors import KeyDestroyedError
from kernel.keys.root import AesGcmKey
from kernel.keys.services import key_secret

MAX_NAME = 500


class NameSealer:
    """Seals and opens the names of one delivery; the delivery's secret is looked up once."""

    def __init__(self, delivery: Delivery) -> None:
        secret = key_secret(delivery.key_id)
        self._key = AesGcmKey(derive(secret, "file names"))
        self._secret = secret

    def seal(self, name: str) -> bytes:
        """The sealed name."""
        return self._key.wrap(name[:MAX_NAME].encode(), b"name")

    def digest(self, name: str) -> str:
        """A keyed digest that finds the name again."""
        return keyed_digest(self._secret, "file name digest", name[:MAX_NAME].encode())

    def open(self, file: IncomingFile) -> str:
        """The name of a file."""
        return self._key.unwrap(bytes(file.sealed_name), b"name").decode()


def names_of(files: list[IncomingFile]) -> list[IncomingFile]:
    """Put the name beside each file; once a delivery is closed its files are numbered instead."""
    sealers: dict[object, NameSealer | None] = {}
    for file in files:
        if file.delivery_id not in sealers:
            sealers[file.delivery_id] = _sealer(file.delivery)
        sealer = sealers[file.delivery_id]
        file.name = sealer.open(file) if sealer else f"file {file.number}"  # type: ignore[attr-defined]  # for the serializer
    return files


def _sealer(delivery: Delivery) -> NameSealer | None:
    if delivery.closed_at is not None:
        return None
    try:
        return NameSealer(delivery)
    except KeyDestroyedError:
        return None
