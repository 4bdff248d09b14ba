"""Text burned into pixels: which images to look at, finding it, deciding about it, removing it."""

from imaging.burnedin.boxes import TextBox, Verdict
from imaging.burnedin.find import find_text
from imaging.burnedin.redact import redact
from imaging.burnedin.triage import Scrutiny, TriageDecision, triage

__all__ = ["Scrutiny", "TextBox", "TriageDecision", "Verdict", "find_text", "redact", "triage"]
