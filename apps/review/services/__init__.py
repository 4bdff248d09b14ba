"""The acts of the room."""

from apps.review.services.agreeing import agreement_compute, agreement_request
from apps.review.services.deciding import flag_clear, review_decide
from apps.review.services.settling import adjudication_settle, read_adopt, shown_open

__all__ = [
    "adjudication_settle",
    "agreement_compute",
    "agreement_request",
    "flag_clear",
    "read_adopt",
    "review_decide",
    "shown_open",
]
