"""The demonstration: two organisations, their people, and one real CT read by four radiologists of the LIDC study."""

from pathlib import Path

DEMO_CT = Path(__file__).resolve().parents[3] / "demo" / "ct_lidc0314"
