"""What one subject's secret gives: pseudonym, accession numbers, UIDs, the date shift.

Everything is a keyed function (HMAC-SHA-256) of the subject's own 32 random bytes: nobody without the secret can go
back, nor test a guess, and once the secret is destroyed nothing links the outputs to the person.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cached_property

from imaging.errors import InputError

SECRET_BYTES = 32
DICOM_ROOT = "1.2.840.10008"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_SHIFT_WEEKS_LEAST = 52
_SHIFT_WEEKS_SPAN = 470


class SubjectKeys:
    """The derivations of one subject in one project. `secret` is 32 random bytes, kept sealed by the caller."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise InputError("A subject's secret is 32 bytes", remedy="Draw it from a secure random source.")
        self._secret = secret
        self._uids: dict[str, str] = {}

    def __repr__(self) -> str:
        return "SubjectKeys(<secret>)"

    @cached_property
    def _pseudonym(self) -> str:
        return "F" + _base32(self._derive("pseudonym", b""), 16)

    def pseudonym(self) -> str:
        """PatientID and PatientName of the subject: 17 characters of [0-9A-Z], at most 18 as asked of PatientID."""
        return self._pseudonym

    def accession(self, original: str) -> str:
        """The accession number that stands for `original`: 15 characters, SH allows 16."""
        return "A" + _base32(self._derive("accession", original.strip().encode()), 14)

    def uid(self, original: str) -> str:
        """The UID that stands for `original`: `2.25.` and a UUIDv8 (PS3.5 B.2), at most 44 characters.

        UIDs that the DICOM standard itself registers (1.2.840.10008…) are returned as they are.
        """
        plain = original.strip("\0 ")
        if plain == DICOM_ROOT or plain.startswith(DICOM_ROOT + "."):
            return plain
        mapped = self._uids.get(plain)
        if mapped is None:
            number = int.from_bytes(self._derive("uid", plain.encode())[:16], "big")
            number = number & ~(0xF << 76) | 8 << 76  # version 8
            number = number & ~(0b11 << 62) | 0b10 << 62  # variant
            mapped = self._uids[plain] = f"2.25.{number}"
        return mapped

    @cached_property
    def date_shift_days(self) -> int:
        """Days to add to each date: whole weeks, always backwards, between one and ten years."""
        number = int.from_bytes(self._derive("date-shift", b"")[:8], "big")
        return -7 * (_SHIFT_WEEKS_LEAST + number % _SHIFT_WEEKS_SPAN)

    def digest(self, value: bytes) -> str:
        """A keyed digest of an original value for the manifest: comparable, but not guessable. 32 hex digits."""
        return self._derive("value", value).hex()[:32]

    def _derive(self, purpose: str, data: bytes) -> bytes:
        return hmac.new(self._secret, b"fiducial-deid/1/" + purpose.encode() + b"\0" + data, hashlib.sha256).digest()


def subject_secret(project_key: bytes, patient_id: str, issuer: str = "") -> bytes:
    """A subject's secret derived from a project key and the original identity, for use without a vault.

    The platform draws a random secret per subject instead; a folder of files has nowhere to keep one.
    """
    if len(project_key) < SECRET_BYTES:
        raise InputError("A project key has at least 32 bytes", remedy="Write 32 random bytes to the key file.")
    message = b"fiducial-subject/1\0" + issuer.strip().encode() + b"\0" + patient_id.strip().encode()
    return hmac.new(project_key, message, hashlib.sha256).digest()


def _base32(digest: bytes, length: int) -> str:
    number = int.from_bytes(digest[:16], "big")
    return "".join(_ALPHABET[number >> 5 * index & 31] for index in range(length))
