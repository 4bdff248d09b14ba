"""Coded concepts: SNOMED check digits, DICOM's dictionary, laterality as a modifier, suggestions for free text."""

from imaging.terminology.concept import BILATERAL, LEFT, RIGHT, CodedConcept, checked_concept
from imaging.terminology.dictionary import find_concept, in_dicom_set
from imaging.terminology.sctid import SctidCheck, check_sctid, verhoeff_digit
from imaging.terminology.suggest import Suggestion, suggest

__all__ = [
    "BILATERAL",
    "LEFT",
    "RIGHT",
    "CodedConcept",
    "SctidCheck",
    "Suggestion",
    "check_sctid",
    "checked_concept",
    "find_concept",
    "in_dicom_set",
    "suggest",
    "verhoeff_digit",
]
