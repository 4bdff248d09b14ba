"""Names of incoming files: sealed, because people put patients' names into them."""

from __future__ import annotations

from apps.intake.models import Delivery, IncomingFile
from kernel.keys.derive import derive, keyed_digest
from kernel.keys.root import AesGcmKey
from kernel.keys.services import key_secret, key_secrets

MAX_NAME = 500


class NameSealer:
    """Seals and opens the names of one delivery, under its secret."""

    def __init__(self, secret: bytes) -> None:
        self._key = AesGcmKey(derive(secret, "file names"))
        self._secret = secret

    def __repr__(self) -> str:
        return "<NameSealer>"

    @classmethod
    def of(cls, delivery: Delivery) -> NameSealer:
        """The sealer of an open delivery. Raises `KeyDestroyedError` for a closed one."""
        return cls(key_secret(delivery.key_id))

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
    """Put the name beside each file; once a delivery is closed its files are numbered instead.

    The secrets of all their deliveries are looked up at once.
    """
    keys = {file.delivery_id: file.delivery.key_id for file in files if file.delivery.closed_at is None}
    secrets = key_secrets(keys.values())
    sealers = {delivery_id: NameSealer(secrets[key_id]) for delivery_id, key_id in keys.items()}
    for file in files:
        sealer = sealers.get(file.delivery_id)
        file.name = sealer.open(file) if sealer else f"file {file.number}"  # type: ignore[attr-defined]  # for the serializer
    return files
