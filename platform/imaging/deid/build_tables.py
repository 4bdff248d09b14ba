"""Rebuild the tables under `deid/data` from their published sources: `python -m imaging.deid.build_tables --help`.

Not used at run time. The sources are the re-tabulated PS3.15 Table E.1-1, TCIA's private-tag knowledge base, the module
maps of highdicom, and word lists; `data/SOURCE.md` names each with its licence. Output is byte-identical when rebuilt.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import importlib.util
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_description, dictionary_has_tag
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

DATA = Path(__file__).parent / "data"

# Rows of PS3.15 2026d that edition 2025b does not have: tag, basic profile, option columns that are set.
ROWS_2026D: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("(0040,0556)", "X", {"cleanDescOpt": "C"}),
    ("(003A,020C)", "X", {"cleanDescOpt": "C"}),
    ("(003A,0203)", "X", {"cleanDescOpt": "C"}),
    ("(003A,0020)", "X", {"cleanDescOpt": "C"}),
    ("(3004,007F)", "X", {"cleanDescOpt": "C"}),
    ("(0040,E012)", "X", {}),
    ("(0018,1010)", "X", {"rtnDevIdOpt": "K"}),
    ("(0018,1011)", "X", {"rtnDevIdOpt": "K"}),
    ("(0070,0006)", "D", {"cleanDescOpt": "C"}),
    ("(0040,B020)", "X/D", {"cleanStructContOpt": "C"}),
)
GPS_WITH_DATE_OPTIONS = re.compile(r"GPS (Date|Time) ?Stamp", re.IGNORECASE)
PRIVATE_VRS_KEPT = frozenset({"DS", "IS", "CS", "FL", "FD", "SL", "SS", "UL", "US"})
_PRIVATE_LEAF = re.compile(r'.*\(([0-9a-f]{4}),"*([^"(]*?)"*,([0-9a-f]{2})\)$', re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def write_profile_rows(references: Path) -> None:
    """Table E.1-1 of 2025b with the rows of 2026d, sorted as published, newlines in names removed."""
    with (references / "ps3.15_table_e1-1_2025b.csv").open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        columns = list(reader.fieldnames or [])
        rows = list(reader)
    for row in rows:
        row["name"] = " ".join(row["name"].split())
        if GPS_WITH_DATE_OPTIONS.search(row["name"]):
            row["rtnLongFullDatesOpt"], row["rtnLongModifDatesOpt"] = "K", "C"
    known = {row["tag"] for row in rows}
    for tag, action, options in ROWS_2026D:
        if tag not in known:
            number = int(tag[1:5] + tag[6:10], 16)
            name = dictionary_description(number) if dictionary_has_tag(number) else ""
            rows.append({**dict.fromkeys(columns, ""), "tag": tag, "name": name, "basicProfile": action, **options})
    with (DATA / "table_e1_1.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_attributes(references: Path) -> None:
    """Attributes of edition 2025b that pydicom's dictionary lacks."""
    text = (references / "attributes_2025b_missing_in_pydicom_3.0.2.csv").read_text("utf-8-sig")
    (DATA / "attributes.csv").write_text(text.replace("\r\n", "\n"), "utf-8")


def write_private_rows(references: Path) -> None:
    """The knowledge base's private elements that may stay: every row of the element says keep, and its VR is
    numeric or a code. "k" there means that somebody looked at it once, so texts never qualify."""
    verdicts: dict[tuple[str, str, str], set[tuple[str, str]]] = defaultdict(set)
    path = references / "tcia_private_tag_knowledge_base_2024-02-01.csv"
    with path.open(encoding="utf-8-sig", newline="") as handle:
        for row in csv.DictReader(handle):
            leaf = _PRIVATE_LEAF.match(row["element_sig_pattern"].strip())
            if leaf and leaf[2].strip():
                key = (leaf[1].lower(), leaf[2].strip(), leaf[3].lower())
                verdicts[key].add((row["vr"], row["private_disposition"].strip().lower()))
    with (DATA / "private_keep.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["group", "creator", "element", "vr"])
        for (group, creator, element), seen in sorted(verdicts.items()):
            kept = {vr for vr, disposition in seen if disposition == "k"} & PRIVATE_VRS_KEPT
            if kept and all(disposition in {"k", "na", ""} for _, disposition in seen):
                writer.writerow([group, creator, element, "|".join(sorted(kept))])


def write_types() -> None:
    """Type 1/1C/2/2C of attributes: by module for the top level, by parent sequence below it."""
    spec = importlib.util.find_spec("highdicom")
    assert spec is not None and spec.origin is not None
    standard = Path(spec.origin).parent / "_standard"
    modules = json.loads((standard / "module_attribute_map.json").read_text())
    top: dict[str, dict[str, str]] = {}
    nested: dict[str, str] = {}
    for module, attributes in sorted(modules.items()):
        for attribute in attributes:
            if attribute["type"] not in {"1", "1C", "2", "2C"}:
                continue
            if attribute["path"]:
                key = f"{attribute['path'][-1]}.{attribute['keyword']}"
                nested[key] = min(nested.get(key, "9"), attribute["type"])
            else:
                top.setdefault(module, {})[attribute["keyword"]] = attribute["type"]
    iods = {
        iod: [module["key"] for module in rows if module["key"] in top]
        for iod, rows in sorted(json.loads((standard / "iod_module_map.json").read_text()).items())
    }
    classes = json.loads((standard / "sop_class_iod_map.json").read_text())
    payload = {"classes": classes, "iods": iods, "modules": top, "nested": nested}
    write_gzip("types.json.gz", json.dumps(payload, sort_keys=True, separators=(",", ":")))


def standard_words() -> set[str]:
    """Words of the names in the DICOM dictionary and of the coded concepts of PS3.16."""
    words: set[str] = set()
    for _, _, name, _, keyword in DicomDictionary.values():
        words.update(_WORD.findall(name), _CAMEL.findall(keyword))
    coded: Any = concepts  # pydicom types this table as object
    for scheme in coded.values():
        for keyword, entries in scheme.items():
            words.update(_CAMEL.findall(keyword))
            for meaning, _ in entries.values():
                words.update(_WORD.findall(meaning))
    for scheme_cids in cid_concepts.values():
        for keywords in scheme_cids.values():
            for keyword in keywords:
                words.update(_CAMEL.findall(keyword))
    return {word.lower() for word in words if len(word) > 1}


def write_vocabulary(descriptor_tokens: Path | None, english: Path | None) -> None:
    """`vocabulary_technical`: DICOM's words and the tokens real descriptors share; `vocabulary_english`: the rest."""
    hand = set(_WORD.findall((DATA / "protocol_words.txt").read_text("utf-8").lower()))
    names = set((DATA / "common_names.txt").read_text("utf-8").lower().split())
    technical = standard_words()
    if descriptor_tokens is not None:
        seen = json.loads(descriptor_tokens.read_text())
        technical |= {word for word, counts in seen.items() if _is_shared(*counts)}
    technical = {word for word in technical if len(word) > 1} - names | hand
    write_words("vocabulary_technical.txt.gz", technical)
    if english is not None:
        words = {w.lower() for w in json.loads(english.read_text()) if w.isascii() and w.isalpha() and len(w) > 1}
        write_words("vocabulary_english.txt.gz", words - technical - names)


def _is_shared(patients: int, collections: int) -> bool:
    """A token that so many subjects share is no identifier of one of them."""
    return patients >= 50 or (patients >= 5 and collections >= 2)


def write_words(name: str, words: Iterable[str]) -> None:
    write_gzip(name, "\n".join(sorted(words)) + "\n")


def write_gzip(name: str, text: str) -> None:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as stream:
        stream.write(text.encode())
    (DATA / name).write_bytes(buffer.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--references", type=Path, help="folder with the published tables")
    parser.add_argument("--descriptor-tokens", type=Path, help="JSON {token: [patients, collections]}")
    parser.add_argument("--english", type=Path, help="JSON whose keys are words")
    args = parser.parse_args()
    if args.references:
        write_profile_rows(args.references)
        write_attributes(args.references)
        write_private_rows(args.references)
    write_types()
    write_vocabulary(args.descriptor_tokens, args.english)


if __name__ == "__main__":
    main()
