"""How far readers agree: every coefficient with its interval, its definition, percent agreement and prevalence."""

from imaging.agreement.bland_altman import BlandAltman, bland_altman
from imaging.agreement.chance import ChanceCorrected, fleiss_kappa, gwet_ac, percent_agreement
from imaging.agreement.cohen import cohen_kappa
from imaging.agreement.estimate import Estimate
from imaging.agreement.icc import ICC_FORMS, icc
from imaging.agreement.krippendorff import krippendorff_alpha
from imaging.agreement.ratings import (
    Ratings,
    ratings_from_contingency,
    ratings_from_distribution,
    ratings_from_matrix,
    ratings_from_records,
)
from imaging.agreement.report import AgreementReport, agreement_report

__all__ = [
    "ICC_FORMS",
    "AgreementReport",
    "BlandAltman",
    "ChanceCorrected",
    "Estimate",
    "Ratings",
    "agreement_report",
    "bland_altman",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac",
    "icc",
    "krippendorff_alpha",
    "percent_agreement",
    "ratings_from_contingency",
    "ratings_from_distribution",
    "ratings_from_matrix",
    "ratings_from_records",
]
