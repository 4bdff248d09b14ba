"""De-identification of DICOM objects: a policy, a subject's keys, one instance in, one out, or a reason why not."""

from imaging.deid.catalogue import Catalogue
from imaging.deid.deidentify import deidentify
from imaging.deid.identifiers import OriginalIdentifiers, collect_identifiers
from imaging.deid.keys import SubjectKeys, subject_secret
from imaging.deid.policy import Policy, load_policy
from imaging.deid.residual import Residual, find_residuals
from imaging.deid.result import DeidResult, PixelCheck, TagChange, VaultRecord, Withheld

__all__ = [
    "Catalogue",
    "DeidResult",
    "OriginalIdentifiers",
    "PixelCheck",
    "Policy",
    "Residual",
    "SubjectKeys",
    "TagChange",
    "VaultRecord",
    "Withheld",
    "collect_identifiers",
    "deidentify",
    "find_residuals",
    "load_policy",
    "subject_secret",
]
