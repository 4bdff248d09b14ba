"""The identifiers that an object carries about its subject, gathered before anything is changed.

Text that stays is compared with them, and so is the finished output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from imaging.deid.actions import Option
from imaging.deid.dictionary import CLASS_UID, keyword_of, vr_of

if TYPE_CHECKING:
    from imaging.deid.policy import Policy

_NAME_SPLIT = re.compile(r"[\s^=,.;:\\/()\[\]_-]+")
# Attributes whose values point at the subject, at people or at places; matched wherever they are nested.
_ID_KEYWORD = re.compile(
    r"^(PatientID|OtherPatientIDs|AccessionNumber|StudyID|MedicalRecordLocator|AdmissionID|ServiceEpisodeID"
    r"|RequestedProcedureID|ScheduledProcedureStepID|PerformedProcedureStepID|ClinicalTrialSubjectID"
    r"|PlacerOrderNumberImagingServiceRequest|FillerOrderNumberImagingServiceRequest|SpecimenIdentifier"
    r"|ContainerIdentifier|PatientTelephoneNumbers|PatientTelecomInformation|PersonTelephoneNumbers"
    r"|ReferringPhysicianTelephoneNumbers)$"
)
_PLACE_KEYWORD = re.compile(
    r"^(InstitutionName|InstitutionAddress|PatientAddress|InstitutionalDepartmentName|ReferringPhysicianAddress"
    r"|PersonAddress|PatientInstitutionResidence|CurrentPatientLocation|RegionOfResidence|VerifyingOrganization)$"
)
_STANDARD_UID = "1.2.840.10008."


@dataclass(frozen=True)
class OriginalIdentifiers:
    """What must not be read in the output. All texts are case-folded.

    `names` whole person names as words joined by one space; `name_parts` their words; `ids` numbers and codes of the
    subject, visits, orders and specimens; `places` institutions and addresses; `dates` YYYYMMDD; `birth_dates` those
    that are never shifted; `uids` UIDs outside the DICOM root.
    """

    names: frozenset[str] = frozenset()
    name_parts: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    birth_dates: frozenset[str] = frozenset()
    uids: frozenset[str] = field(default=frozenset())

    def merged(self, other: OriginalIdentifiers) -> OriginalIdentifiers:
        """The identifiers of both, for a subject of whom several objects were read."""
        return OriginalIdentifiers(
            self.names | other.names,
            self.name_parts | other.name_parts,
            self.ids | other.ids,
            self.places | other.places,
            self.dates | other.dates,
            self.birth_dates | other.birth_dates,
            self.uids | other.uids,
        )

    def without_kept(self, policy: Policy) -> OriginalIdentifiers:
        """The identifiers that the policy does not keep on purpose: its dates, UIDs and institutions are left out."""
        options = policy.options
        return replace(
            self,
            dates=frozenset() if Option.RETAIN_LONGITUDINAL_FULL in options else self.dates,
            uids=frozenset() if Option.RETAIN_UIDS in options else self.uids,
            places=frozenset() if Option.RETAIN_INSTITUTION in options else self.places,
        )


def collect_identifiers(dataset: Dataset) -> OriginalIdentifiers:
    """Every identifier of the dataset, at any depth. Values that cannot be read are left out: they do not survive."""
    found: dict[str, set[str]] = {key: set() for key in ("names", "ids", "places", "dates", "births", "uids")}
    for element in _walk(dataset):
        _sort_in(element, found)
    parts = {part for name in found["names"] for part in name.split(" ") if len(part) > 1 or not part.isascii()}
    return OriginalIdentifiers(
        names=frozenset(name for name in found["names"] if " " in name),
        name_parts=frozenset(parts),
        ids=frozenset(found["ids"]),
        places=frozenset(found["places"]),
        dates=frozenset(found["dates"]),
        birth_dates=frozenset(found["births"]),
        uids=frozenset(found["uids"]),
    )


_WANTED_VRS = frozenset({"PN", "DA", "DT", "UI", "SQ", "LO", "SH", "ST", "LT", "UC", "UT"})


def _walk(dataset: Dataset) -> Iterator[DataElement]:
    for tag in list(dataset.keys()):
        raw = dataset.get_item(tag)
        if raw is None or not _is_wanted(int(tag), raw.VR, raw.value):
            continue
        try:
            element = dataset[tag]
            items = element.value if element.VR == "SQ" else None
        except Exception:  # any value pydicom cannot convert: the engine removes it
            continue
        if items is None:
            # Reading converts the element in place; the raw one goes back so that its bytes stay as they came.
            dataset._dict[element.tag] = raw
            yield element
        else:
            for item in items:
                yield from _walk(item)


def _is_wanted(tag: int, vr: str | None, value: Any) -> bool:
    if tag >> 16 == 0x7FE0 or not value:
        return False
    if vr in {None, "UN"}:
        vr = vr_of(tag)
        if vr is None:
            return isinstance(value, bytes) and value[:4] == b"\xfe\xff\x00\xe0"
    return vr in _WANTED_VRS


def _sort_in(element: DataElement, found: dict[str, set[str]]) -> None:
    vr, values = element.VR, _values(element.value)
    if vr == "PN":
        for value in values:
            # Alphabetic, ideographic and phonetic forms are three names.
            for group in value.split("="):
                found["names"].add(normal_name(group))
        found["names"].discard("")
    elif vr == "UI":
        if CLASS_UID.search(keyword_of(element.tag)):
            return
        found["uids"].update(v.strip("\0 ") for v in values if not v.startswith(_STANDARD_UID) and len(v) > 9)
    elif vr in {"DA", "DT"}:
        keyword = keyword_of(element.tag)
        days = {v.replace(".", "")[:8] for v in values}
        found["births" if "BirthDate" in keyword else "dates"].update(d for d in days if len(d) == 8 and d.isdigit())
    else:
        keyword = keyword_of(element.tag)
        if _ID_KEYWORD.match(keyword):
            found["ids"].update(v.strip().casefold() for v in values if v.strip())
        elif _PLACE_KEYWORD.match(keyword):
            found["places"].update(" ".join(v.casefold().split()) for v in values if v.strip())


def normal_name(value: str) -> str:
    """A person name as case-folded words joined by one space."""
    return " ".join(part for part in _NAME_SPLIT.split(value.casefold()) if part)


def _values(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bytes):
        return [value.decode("latin-1").strip("\0 ")]
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable) and not hasattr(value, "original_string"):
        return [str(v) for v in value]
    return [str(value)]
