"""Walking a dataset: every element at every depth gets the one action that the policy has for it.

Elements that need nothing keep their original bytes. An element whose value cannot be read is removed, emptied or
replaced as its type allows; an element nobody knows is removed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.deid.actions import Action, Option, Rule
from imaging.deid.catalogue import Catalogue
from imaging.deid.dates import cap_age, is_tm, shift_da, shift_dt
from imaging.deid.dictionary import BINARY_NUMBER_VRS, BYTE_VRS, CLASS_UID, TEXT_VRS, format_tag, keyword_of, vr_of
from imaging.deid.elements import (
    as_list,
    bytes_of,
    for_stored_vr,
    kind_of,
    original_text,
    plain_values,
    reads_as_sequence,
)
from imaging.deid.iod import Iod
from imaging.deid.keys import SubjectKeys
from imaging.deid.policy import Policy
from imaging.deid.private import is_plain, safe_vr
from imaging.deid.result import TagChange, VaultRecord
from imaging.deid.text import TextCleaner
from imaging.deid.values import dummy_value, looks_like_text, raw_is_code, raw_is_number

_KEPT_AS_IT_IS = frozenset({0x00080005, 0x00080016, 0x00020010})
_UID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+")
_DESCRIPTIVE = re.compile(
    r"Description|Comment|Label|Notes|Explanation|Reason|Meaning|Title|Text|Creator$"
    r"|^(BeamName|BlockName|RTImageName|ContactDisplayName|ApplicationSetupName|TemplateName|RadiationMachineName"
    r"|HangingProtocolName|HangingProtocolUserGroupName|PrinterName|AssignedLocation|OwnerID)$"
)
_TECHNICAL = re.compile(
    r"Manufacturer|Model|Software|Version|SequenceName|CoilName|Kernel|FilterType|CodeValue|CodingScheme|Algorithm"
)
_IDENTITY_SEQUENCES = frozenset(
    {
        "PersonIdentificationCodeSequence",
        "VerifyingObserverSequence",
        "FlowIdentifierSequence",
        "InstitutionCodeSequence",
        "OperatorIdentificationSequence",
    }
)
_TIMEZONE = 0x00080201
_NAME, _PATIENT_ID, _ACCESSION = 0x00100010, 0x00100020, 0x00080050
_BULK = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010, 0x00660023, 0x54001010})


@dataclass
class Walk:
    """One instance being de-identified: what decides, and what was done so far."""

    policy: Policy
    keys: SubjectKeys
    iod: Iod
    cleaner: TextCleaner
    catalogue: Catalogue | None = None
    changes: list[TagChange] = field(default_factory=list)
    vault: list[VaultRecord] = field(default_factory=list)

    def dataset(self, dataset: Dataset, path: str = "", parent: str = "", strict: bool = False) -> None:
        """De-identify a dataset or item in place. `strict` replaces every text, for items that name a person."""
        overlays = {tag >> 16 for tag in dataset.keys() if tag >> 24 == 0x60 and tag & 0xFFFF == 0x3000}
        for tag in sorted(dataset.keys()):
            if tag not in dataset:
                continue  # removed with the creator of its private block
            place = f"{path}{format_tag(tag)}"
            if tag & 0xFFFF == 0 or tag >> 16 in {0x0000, 0x0002}:
                del dataset[tag]  # group lengths, and commands and file meta that strayed in
            elif (tag >> 16) % 2:
                self._private(dataset, tag, place, parent)
            elif tag >> 24 == 0x50 or tag >> 16 in overlays:
                self._remove(dataset, tag, place, "curve" if tag >> 24 == 0x50 else "overlay")
            else:
                self._public(dataset, tag, place, parent, strict)

    def _public(self, dataset: Dataset, tag: int, place: str, parent: str, strict: bool) -> None:
        raw = dataset.get_item(tag)
        if raw is None or tag in _KEPT_AS_IT_IS:
            return
        standard_vr = vr_of(tag)
        if standard_vr is None:
            self._remove(dataset, tag, place, "unknown attribute")
            return
        vr = standard_vr.split(" ")[0] if raw.VR is None or raw.VR == "UN" else str(raw.VR)
        rule = self.policy.rule_for(tag, standard_vr)
        if tag >> 24 == 0x60 and tag & 0xFFFF == 0x4000:
            rule = Rule(Action.REMOVE, "profile")
        if tag not in self.policy.rules:
            rule = for_stored_vr(rule, vr, standard_vr)
        if strict and vr in TEXT_VRS:
            rule = Rule(Action.DUMMY, rule.origin)
        if rule.action is Action.KEEP and vr in BINARY_NUMBER_VRS:
            return
        try:
            self._apply(dataset, tag, vr, rule, place, parent, strict)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, NotImplementedError):
            self._drop(dataset, tag, vr, place, parent, "unreadable value")

    def _apply(self, dataset: Dataset, tag: int, vr: str, rule: Rule, place: str, parent: str, strict: bool) -> None:
        action = self._resolve(rule.action, tag, vr, parent)
        origin = rule.origin
        if action is Action.REMOVE:
            self._remove(dataset, tag, place, origin)
        elif action is Action.EMPTY:
            self._empty(dataset, tag, vr, place, origin)
        elif vr == "SQ":
            self._sequence(dataset, tag, place, parent, strict or keyword_of(tag) in _IDENTITY_SEQUENCES)
        elif action is Action.DUMMY:
            self._dummy(dataset, tag, vr, place, origin)
        elif action is Action.MAP_UID or (action in {Action.CLEAN, Action.SCAN} and vr == "UI"):
            self._map_uid(dataset, tag, place, origin)
        elif action is Action.KEEP and origin == "override":
            return
        else:
            self._clean(dataset, tag, vr, action, place, parent, origin)

    def _resolve(self, action: Action, tag: int, vr: str, parent: str) -> Action:
        """The one letter that holds for this object, by the type of the attribute in its IOD."""
        if action in {Action.KEEP, Action.CLEAN, Action.MAP_UID, Action.SCAN, Action.DUMMY}:
            return action
        if action is Action.REMOVE_EMPTY_OR_MAP:
            return Action.CLEAN
        kind = self.iod.type_of(keyword_of(tag), parent)
        if kind.startswith("1"):
            if vr == "SQ" and kind == "1C" and action is Action.REMOVE:
                return Action.REMOVE
            return Action.DUMMY
        if action is Action.EMPTY or kind.startswith("2"):
            return Action.EMPTY
        return Action.EMPTY if action is Action.EMPTY_OR_DUMMY else Action.REMOVE

    def _clean(self, dataset: Dataset, tag: int, vr: str, action: Action, place: str, parent: str, origin: str) -> None:
        if vr in TEXT_VRS or vr == "CS":
            self._clean_text(dataset, tag, vr, action, place, parent, origin)
        elif vr in {"DA", "DT", "TM"}:
            self._clean_date(dataset, tag, vr, action, place, parent, origin)
        elif vr == "AS":
            self._each(dataset, tag, vr, lambda v: cap_age(v, self.policy.age_cap_years), place, parent, origin)
        elif vr in {"DS", "IS"}:
            self._check_number(dataset, tag, vr, place, parent)
        elif vr in BYTE_VRS:
            self._check_bytes(dataset, tag, vr, action, place, parent, origin)
        elif vr in {"PN", "AE", "UR"} and action is not Action.KEEP:
            self._drop(dataset, tag, vr, place, parent, origin)
        elif vr == "UI" and action is Action.KEEP:
            self._each(dataset, tag, vr, lambda v: v if _UID.fullmatch(v) else self.keys.uid(v), place, parent, origin)
        elif vr in {"PN", "AE", "UR"}:
            self._each(dataset, tag, vr, lambda v: None if self.cleaner.has_identifier(v) else v, place, parent, origin)

    def _clean_text(
        self, dataset: Dataset, tag: int, vr: str, action: Action, place: str, parent: str, origin: str
    ) -> None:
        keyword = keyword_of(tag)
        if tag == _TIMEZONE:
            self._each(dataset, tag, vr, lambda v: v if re.fullmatch(r"[+-]\d{4}", v) else None, place, parent, origin)
            return
        if vr == "CS":
            raw = dataset.get_item(tag)
            valid = isinstance(raw, RawDataElement) and raw_is_code(raw.value or b"")
            self._each(dataset, tag, vr, self._code_cleaner(valid, action is Action.CLEAN), place, parent, origin)
        elif action is Action.CLEAN:
            self._each(dataset, tag, vr, lambda v: self._catalogued(keyword, v), place, parent, origin)
        else:
            self._each(dataset, tag, vr, lambda v: self._scanned(keyword, v), place, parent, origin)

    def _code_cleaner(self, valid: bool, listed_only: bool) -> Callable[[str], str | None]:
        if valid and not listed_only:
            return lambda v: None if self.cleaner.has_identifier(v) else v
        return lambda v: self.cleaner.clean(v).upper()[:16] if self.cleaner.clean(v) != v else v

    def _catalogued(self, keyword: str, value: str) -> str:
        if self.catalogue is not None:
            decided = self.catalogue.decision(keyword, value)
            if decided is not None and not self.cleaner.has_identifier(decided):
                return decided
        return self.cleaner.clean(value)

    def _scanned(self, keyword: str, value: str) -> str:
        technical = bool(_TECHNICAL.search(keyword))
        suspect = self.cleaner.is_suspect(value, technical=technical)
        if not suspect and not technical and _DESCRIPTIVE.search(keyword):
            suspect = self.cleaner.has_unlisted_word(value)
        return self.cleaner.clean(value) if suspect else value

    def _clean_date(
        self, dataset: Dataset, tag: int, vr: str, action: Action, place: str, parent: str, origin: str
    ) -> None:
        shifted = Option.RETAIN_LONGITUDINAL_MODIFIED in self.policy.options
        days = self.keys.date_shift_days if action is Action.CLEAN and shifted else 0
        if vr == "TM":
            self._each(dataset, tag, vr, lambda v: v if is_tm(v) else None, place, parent, origin)
        elif vr == "DA":
            self._each(dataset, tag, vr, lambda v: shift_da(v, days), place, parent, origin)
        else:
            self._each(dataset, tag, vr, lambda v: shift_dt(v, days), place, parent, origin)

    def _check_number(self, dataset: Dataset, tag: int, vr: str, place: str, parent: str) -> None:
        raw = dataset.get_item(tag)
        value = raw.value if isinstance(raw, RawDataElement) else None
        if value is None:
            element = dataset[tag]
            value = str(element.value if element.value is not None else "").encode()
            value = b"\\".join(str(v).encode() for v in element.value) if element.VM > 1 else value
        if not raw_is_number(value, vr) or self.cleaner.has_identifier(value.decode("latin-1")):
            self._drop(dataset, tag, vr, place, parent, "not a number")

    def _check_bytes(
        self, dataset: Dataset, tag: int, vr: str, action: Action, place: str, parent: str, origin: str
    ) -> None:
        if action is Action.CLEAN:
            self._drop(dataset, tag, vr, place, parent, origin)
        elif tag not in _BULK:
            raw = dataset.get_item(tag)
            value = raw.value if raw is not None else None
            if isinstance(value, bytes) and looks_like_text(value):
                self._drop(dataset, tag, vr, place, parent, "bytes that read as text")

    def _each(
        self,
        dataset: Dataset,
        tag: int,
        vr: str,
        change: Callable[[str], str | None],
        place: str,
        parent: str,
        origin: str,
    ) -> None:
        """Change each value of a string attribute; None drops it. Unchanged, the element keeps its bytes."""
        raw = dataset.get_item(tag)
        plain = plain_values(raw, vr)
        if plain is not None and [change(v) if v else v for v in plain] == plain:
            return
        element = dataset[tag]
        values = [str(v) for v in as_list(element.value)]
        changed = [change(v) if v else v for v in values]
        if changed == values:
            if raw is not None:
                dataset._dict[element.tag] = raw
            return
        kept = [v for v in changed if v is not None]
        if any(kept):
            kept = [v if v is not None else "" for v in changed] if vr in {"DA", "DT", "TM", "UI"} else kept
            self._note(element, place, "U" if vr == "UI" else "C", origin)
            dataset[tag] = DataElement(tag, vr, kept if len(kept) > 1 else kept[0])
        else:
            self._drop(dataset, tag, vr, place, parent, origin)

    def _map_uid(self, dataset: Dataset, tag: int, place: str, origin: str) -> None:
        keeps = bool(CLASS_UID.search(keyword_of(tag)))

        def mapped(value: str) -> str:
            return value if keeps and _UID.fullmatch(value) else self.keys.uid(value)

        self._each(dataset, tag, "UI", mapped, place, "", origin)

    def _sequence(self, dataset: Dataset, tag: int, place: str, parent: str, strict: bool) -> None:
        element = dataset[tag]
        if not isinstance(element.value, Sequence):
            raise ValueError("not a sequence")
        for index, item in enumerate(element.value):
            self.dataset(item, f"{place}[{index}].", keyword_of(tag), strict)

    def _private(self, dataset: Dataset, tag: int, place: str, parent: str) -> None:
        creator_tag = tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8
        if not 0x1000 <= tag & 0xFFFF:
            if 0x10 <= tag & 0xFFFF <= 0xFF and self._block_in_use(dataset, tag):
                return  # decided when its elements are: an empty block's creator goes below
            self._remove(dataset, tag, place, "private")
            return
        try:
            kept = Option.RETAIN_SAFE_PRIVATE in self.policy.options and self._keeps(dataset, tag, creator_tag, place)
        except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
            kept = False
        if not kept:
            self._remove(dataset, tag, place, "private")
        if creator_tag in dataset and not self._block_in_use(dataset, creator_tag):
            self._remove(dataset, creator_tag, f"{place.rpartition('(')[0]}{format_tag(creator_tag)}", "private")

    def _block_in_use(self, dataset: Dataset, creator_tag: int) -> bool:
        block = creator_tag & 0xFFFF0000 | (creator_tag & 0xFF) << 8
        return any(block <= tag <= block | 0xFF for tag in dataset.keys())

    def _keeps(self, dataset: Dataset, tag: int, creator_tag: int, place: str) -> bool:
        creator = dataset.get_item(creator_tag)
        if creator is None:
            return False
        name = creator.value.decode("latin-1") if isinstance(creator.value, bytes) else str(creator.value)
        raw = dataset.get_item(tag)
        assert raw is not None
        if raw.VR == "SQ" or (raw.VR in {None, "UN"} and reads_as_sequence(dataset, tag)):
            return self._keeps_sequence(dataset, tag, place)
        vr = safe_vr(name, tag, raw.VR)
        if vr is None or not isinstance(raw, RawDataElement) or raw.value is None:
            return False
        return is_plain(raw.value, vr) and not self.cleaner.has_identifier(raw.value.decode("latin-1"))

    def _keeps_sequence(self, dataset: Dataset, tag: int, place: str) -> bool:
        element = dataset[tag]
        if not isinstance(element.value, Sequence):
            return False
        mark = len(self.changes), len(self.vault)
        for index, item in enumerate(element.value):
            self.dataset(item, f"{place}[{index}].", "")
        # A private sequence stays only for the safe private elements in it.
        if any((tag >> 16) % 2 for item in element.value for tag in item.keys()):
            return True
        del self.changes[mark[0] :], self.vault[mark[1] :]
        return False

    def _drop(self, dataset: Dataset, tag: int, vr: str, place: str, parent: str, origin: str) -> None:
        """Remove, empty or replace, the first that the object allows."""
        action = self._resolve(Action.REMOVE_EMPTY_OR_DUMMY, tag, vr, parent)
        if action is Action.DUMMY:
            self._dummy(dataset, tag, vr, place, origin)
        elif action is Action.EMPTY:
            self._empty(dataset, tag, vr, place, origin)
        else:
            self._remove(dataset, tag, place, origin)

    def _remove(self, dataset: Dataset, tag: int, place: str, origin: str) -> None:
        self._note(dataset.get_item(tag), place, "X", origin)
        del dataset[tag]

    def _empty(self, dataset: Dataset, tag: int, vr: str, place: str, origin: str) -> None:
        raw = dataset.get_item(tag)
        if raw is not None and not raw.value and raw.VR in {None, vr}:
            return
        self._note(raw, place, "Z", origin)
        dataset[tag] = DataElement(tag, vr, [] if vr == "SQ" else None)

    def _dummy(self, dataset: Dataset, tag: int, vr: str, place: str, origin: str) -> None:
        raw = dataset.get_item(tag)
        value = self._stand_in(dataset, tag, vr)
        self._note(raw, place, "D", origin)
        dataset[tag] = DataElement(tag, vr, value)

    def _stand_in(self, dataset: Dataset, tag: int, vr: str) -> Any:
        if tag in {_NAME, _PATIENT_ID}:
            return self.keys.pseudonym()
        if tag == _ACCESSION:
            original = str(dataset[tag].value or "").strip()
            return self.keys.accession(original) if original else ""
        return dummy_value(vr, keyword_of(tag))

    def _note(self, element: DataElement | RawDataElement | None, place: str, action: str, origin: str) -> None:
        if element is None:
            return
        value = bytes_of(element)
        tag = int(element.tag)
        vr = str(element.VR or vr_of(tag) or "UN")
        keyword = keyword_of(tag)
        kind = kind_of(vr, value)
        self.changes.append(TagChange(place, keyword, vr, action, origin, kind, self.keys.digest(value)))
        self.vault.append(VaultRecord(place, keyword, vr, original_text(element, vr, value)))
