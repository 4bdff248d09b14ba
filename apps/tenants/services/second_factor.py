"""Time-based one-time passwords (RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import io
import secrets
import time
from urllib.parse import quote, urlencode

import qrcode
import qrcode.image.svg
from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP

from apps.tenants.models import RecoveryCode, User
from kernel.errors import InvalidError
from kernel.keys.small import open_secret, seal_secret

_PURPOSE = "totp"
_CODES = 10


def enrol(*, user: User) -> dict[str, str]:
    """A new secret, not yet asked for: shown once as text and as a QR code."""
    secret = secrets.token_bytes(20)
    User.objects.filter(pk=user.pk).update(totp_secret=seal_secret(_PURPOSE, secret), totp_confirmed_at=None)
    text = base64.b32encode(secret).decode()
    label = quote(f"Fiducial:{user.email}")
    uri = f"otpauth://totp/{label}?{urlencode({'secret': text, 'issuer': 'Fiducial'})}"
    picture = io.BytesIO()
    qrcode.make(uri, image_factory=qrcode.image.svg.SvgPathImage).save(picture)
    return {"secret": text, "otpauth_uri": uri, "qr_svg": picture.getvalue().decode()}


@transaction.atomic
def confirm(*, user: User, code: str) -> list[str]:
    """Turn the second factor on, once the authenticator shows the right code. Returns the recovery codes, once."""
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.totp_secret is None or not _code_is_right(locked, code):
        raise InvalidError("The code does not match.", code="wrong-code", remedy="Wait for the next code and enter it.")
    locked.totp_confirmed_at = timezone.now()
    locked.save(update_fields=["totp_confirmed_at"])
    RecoveryCode.objects.filter(user=locked).delete()
    codes = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(_CODES)]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=locked, digest=_digest(c)) for c in codes])
    return codes


@transaction.atomic
def disable(*, user: User, code: str) -> None:
    """Turn the second factor off; needs a code. Raises `InvalidError`."""
    if not accept(user=user, code=code):
        raise InvalidError("The code does not match.", code="wrong-code", remedy="Enter a current code.")
    User.objects.filter(pk=user.pk).update(totp_secret=None, totp_confirmed_at=None)
    RecoveryCode.objects.filter(user=user).delete()


@transaction.atomic
def accept(*, user: User, code: str) -> bool:
    """Whether the code opens the account; each code works once."""
    if not code:
        return False
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.totp_secret is not None and _code_is_right(locked, code):
        return True
    return bool(
        RecoveryCode.objects.filter(user=locked, digest=_digest(code.strip().lower()), used_at=None).update(
            used_at=timezone.now()
        )
    )


def _code_is_right(user: User, code: str) -> bool:
    if not code.isdigit() or user.totp_secret is None:
        return False
    totp = TOTP(open_secret(_PURPOSE, bytes(user.totp_secret)))
    totp.time = time.time()
    if not totp.verify(int(code), tolerance=1, min_t=user.totp_last_step + 1):
        return False
    user.totp_last_step = totp.t()
    User.objects.filter(pk=user.pk).update(totp_last_step=totp.t())
    return True


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
