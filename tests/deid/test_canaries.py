"""Planted identifiers: none may be readable in the output. Others with other seeds run against the same engine."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import pydicom
import pytest
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
)

from imaging.deid import SubjectKeys, deidentify, load_policy
from imaging.deid.actions import Action
from imaging.deid.policy import Policy, ready_made
from tests.deid.canaries import Canary, Planter, base_dataset, nest, readable, table_rows, to_bytes

KEYS = SubjectKeys(bytes(range(32)))
PLACES = ("AnatomicRegionSequence", "AnatomicRegionModifierSequence")
SEED = 20261


def _rows(policy: Policy) -> Iterator[tuple[int, str]]:
    """Rows that this policy does not keep; times of day stay where dates are shifted."""
    for tag, vr in table_rows():
        action = policy.rule_for(tag, vr).action
        if tag >> 16 not in (0x0000, 0x0002, 0x0004) and action is not Action.KEEP:
            if not (action is Action.CLEAN and vr == "TM"):
                yield tag, vr


def _leaks(dataset: pydicom.FileDataset, policy: Policy, canaries: list[Canary]) -> list[str]:
    result = deidentify(to_bytes(dataset), policy, KEYS)
    assert result.withheld is None, result.withheld
    return readable(result.file_bytes, canaries)


@pytest.mark.parametrize("name", ["basic", "research-tcia"])
def test_no_row_of_the_table_leaks_at_any_depth(name: str) -> None:
    policy = load_policy(name)
    planter = Planter(SEED)
    leaks: list[str] = []
    planted = 0
    for tag, vr in _rows(policy):
        dataset = base_dataset(pixels=False)
        top, top_needles = planter.value(vr)
        deep, deep_needles = planter.value(vr)
        dataset[tag] = DataElement(tag, vr, top)
        nest(dataset, DataElement(tag, vr, deep), PLACES)
        planted += 2
        leaks += _leaks(
            dataset, policy, [Canary(f"{tag:08X} top", top_needles), Canary(f"{tag:08X} nested", deep_needles)]
        )
    assert planted > 1000
    assert leaks == []


@pytest.mark.parametrize("name", ready_made())
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_all_rows_together_leak_nothing(name: str, syntax: UID) -> None:
    policy = load_policy(name)
    planter = Planter(SEED + 1)
    dataset = base_dataset(pixels=False)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    canaries = []
    for tag, vr in _rows(policy):
        value, needles = planter.value(vr)
        dataset[tag] = DataElement(tag, vr, value)
        canaries.append(Canary(f"{tag:08X}", needles))
    assert len(canaries) > 450
    assert _leaks(dataset, policy, canaries) == []


def _private_cases(planter: Planter) -> tuple[pydicom.FileDataset, list[Canary]]:
    dataset = base_dataset()
    words = [planter.word() for _ in range(8)]
    block = dataset.private_block(0x0009, words[0], create=True)
    block.add_new(0x01, "LO", words[1])
    siemens = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    siemens.add_new(0x10, "OB", words[2].encode() + b"\0")
    inner = Dataset()
    inner_block = inner.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    inner_block.add_new(0x0E, "FL", 1.5)
    inner_block.add_new(0x20, "LT", words[3])
    inner.PatientComments = words[4]
    philips = dataset.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    philips.add_new(0x0E, "FL", 2.5)
    philips.add_new(0x7F, "SQ", [inner])
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0D, "CS", words[5])
    dataset[0x00210001] = DataElement(0x00210001, "LO", words[6])
    nested = Dataset()
    nested.PatientComments = words[7]
    raw = io.BytesIO()
    pydicom.filewriter.write_dataset(_little(raw), nested)
    item = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(raw.getvalue())) + raw.getvalue()
    dataset[0x00330010] = DataElement(0x00330010, "LO", "UNKNOWN SEQ")
    dataset[0x00331001] = DataElement(0x00331001, "UN", item)
    return dataset, [Canary(f"private {index}", (word.encode(),)) for index, word in enumerate(words)]


def _little(buffer: io.BytesIO) -> pydicom.filebase.DicomIO:
    file = pydicom.filebase.DicomIO(buffer)
    file.is_little_endian, file.is_implicit_VR = True, True
    return file


@pytest.mark.parametrize("name", ["basic", "research-tcia"])
def test_private_elements_leak_nothing_and_safe_numbers_stay(name: str) -> None:
    dataset, canaries = _private_cases(Planter(SEED + 2))
    policy = load_policy(name)
    result = deidentify(to_bytes(dataset), policy, KEYS)
    assert readable(result.file_bytes, [c for c in canaries if c.where != "private 5"]) == []
    output = pydicom.dcmread(io.BytesIO(result.file_bytes))
    private = [element.tag for element in output.iterall() if element.tag.is_private]
    if name == "basic":
        assert private == []
    else:
        assert output[0x2005100E].value == 2.5
        assert output[0x2005107F].value[0][0x2005100E].value == 1.5
        assert output[0x0019100C].value == "1000"
        assert {tag.group for tag in private} == {0x0019, 0x2005}


def _graphics(planter: Planter) -> tuple[pydicom.FileDataset, list[Canary]]:
    dataset = base_dataset()
    words = [planter.word(12) for _ in range(7)]
    for group in (0x6000, 0x6002, 0x601E):
        dataset.add_new(group << 16 | 0x0010, "US", 8)
        dataset.add_new(group << 16 | 0x0011, "US", 12)
        dataset.add_new(group << 16 | 0x0022, "LO", words[0])
        dataset.add_new(group << 16 | 0x3000, "OW", words[1].encode())
        dataset.add_new(group << 16 | 0x4000, "LT", words[2])
    dataset.add_new(0x60041500, "LO", words[6])
    dataset.add_new(0x60044000, "LT", words[6])
    dataset.add_new(0x50000005, "US", 2)
    dataset.add_new(0x50002500, "LO", words[3])
    dataset.add_new(0x50003000, "OW", words[4].encode())
    icon = Dataset()
    icon.Rows = icon.Columns = 2
    icon.BitsAllocated = icon.BitsStored = 8
    icon.HighBit, icon.PixelRepresentation, icon.SamplesPerPixel = 7, 0, 1
    icon.PixelData = words[5].encode()
    dataset.IconImageSequence = [icon]
    return dataset, [Canary(f"graphics {i}", (w.encode(),)) for i, w in enumerate(words)]


@pytest.mark.parametrize("name", ready_made())
def test_overlays_curves_and_icons_leak_nothing(name: str) -> None:
    dataset, canaries = _graphics(Planter(SEED + 3))
    assert _leaks(dataset, load_policy(name), canaries) == []


def test_overlay_bits_embedded_in_pixels_are_cleared_and_stored_values_stay() -> None:
    dataset = base_dataset()
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    stored = bytes(dataset.PixelData)
    masked = bytes(b & 0x0F if i % 2 else b for i, b in enumerate(stored))
    dataset.PixelData = bytes(b | 0x80 if i % 2 else b for i, b in enumerate(masked))
    dataset.add_new(0x60000010, "US", 128)
    dataset.add_new(0x60000011, "US", 128)
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 15)
    result = deidentify(to_bytes(dataset), load_policy("basic"), KEYS)
    assert pydicom.dcmread(io.BytesIO(result.file_bytes)).PixelData == masked


def test_file_meta_preamble_and_trailing_bytes_leak_nothing() -> None:
    planter = Planter(SEED + 4)
    words = [planter.word(12) for _ in range(7)]
    dataset = base_dataset()
    dataset.preamble = words[0].encode().ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = words[1]
    dataset.file_meta.ImplementationVersionName = words[2]
    dataset.file_meta.PrivateInformationCreatorUID = UID("1.2.3.4.5")
    dataset.file_meta.PrivateInformation = words[3].encode()
    dataset.PixelData = bytes(dataset.PixelData) + words[4].encode()
    dataset.DataSetTrailingPadding = words[5].encode()
    data = to_bytes(dataset) + words[6].encode()
    result = deidentify(data, load_policy("research-tcia"), KEYS)
    # What follows the data set is no element: the file is not complete.
    assert result.withheld is not None and result.file_bytes == b""
    result = deidentify(to_bytes(dataset), load_policy("research-tcia"), KEYS)
    assert readable(result.file_bytes, [Canary(w, (w.encode(),)) for w in words]) == []
    assert result.file_bytes[:128] == b"\0" * 128
    assert len(pydicom.dcmread(io.BytesIO(result.file_bytes)).PixelData) == 128 * 128 * 2


def _jpeg(word: bytes) -> bytes:
    import imagecodecs
    import numpy as np

    plain = bytes(imagecodecs.jpeg8_encode(np.arange(256, dtype=np.uint8).reshape(16, 16), level=90))
    comment = b"\xff\xfe" + struct.pack(">H", len(word) + 2) + word
    exif = b"\xff\xe1" + struct.pack(">H", len(word) + 8) + b"Exif\0\0" + word
    return plain[:2] + comment + exif + plain[2:] + word


def _jpeg2000(word: bytes) -> bytes:
    import imagecodecs
    import numpy as np

    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    plain = bytes(imagecodecs.jpeg2k_encode(ramp, codecformat="j2k", reversible=True, level=0))
    at = 4 + int.from_bytes(plain[4:6], "big")
    comment = b"\xff\x64" + struct.pack(">H", len(word) + 4) + b"\0\1" + word
    return plain[:at] + comment + plain[at:]


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless])
def test_comments_in_codestreams_go_and_pixels_stay(syntax: UID) -> None:
    word = Planter(SEED + 5).word(14).encode()
    frame = _jpeg(word) if syntax == JPEGBaseline8Bit else _jpeg2000(word)
    dataset = base_dataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    before = pydicom.dcmread(io.BytesIO(to_bytes(dataset))).pixel_array
    result = deidentify(to_bytes(dataset), load_policy("basic"), KEYS)
    assert readable(result.file_bytes, [Canary("comment", (word,))]) == []
    assert (pydicom.dcmread(io.BytesIO(result.file_bytes)).pixel_array == before).all()


def _report(planter: Planter) -> tuple[pydicom.FileDataset, list[Canary]]:
    dataset = base_dataset()
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, keyword)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    dataset.Modality = "SR"
    words = [planter.word() for _ in range(6)]
    text = _content("TEXT")
    text.TextValue = f"The nodule seen by {words[0]} measures 12 mm."
    person = _content("PNAME")
    person.PersonName = f"{words[1]}^{words[2]}"
    coded = _content("CODE")
    coded.ConceptCodeSequence = [_code("1", "99LOCAL", f"Ward {words[3]}")]
    date = _content("DATE")
    date.Date = "19450607"
    uid = _content("UIDREF")
    uid.UID = "1.2.3.99887766554433"
    container = _content("CONTAINER")
    container.ContentSequence = [text, person, coded, date, uid]
    dataset.ConceptNameCodeSequence = [_code("126000", "DCM", "Imaging Measurement Report")]
    dataset.ContentSequence = [container]
    observer = Dataset()
    observer.VerifyingObserverName = f"{words[4]}^X"
    observer.VerifyingOrganization = words[5]
    observer.VerificationDateTime = "19450607101112"
    dataset.VerifyingObserverSequence = [observer]
    needles = [w.encode() for w in words] + [b"19450607", b"99887766554433"]
    return dataset, [Canary(f"report {i}", (n,)) for i, n in enumerate(needles)]


def _content(value_type: str) -> Dataset:
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    item.ValueType = value_type
    item.ConceptNameCodeSequence = [_code("121071", "DCM", "Finding")]
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


@pytest.mark.parametrize("name", ready_made())
def test_reports_leak_nothing_and_keep_their_tree(name: str) -> None:
    dataset, canaries = _report(Planter(SEED + 6))
    result = deidentify(to_bytes(dataset), load_policy(name), KEYS)
    assert readable(result.file_bytes, canaries) == []
    output = pydicom.dcmread(io.BytesIO(result.file_bytes))
    items = output.ContentSequence[0].ContentSequence
    assert [item.ValueType for item in items] == ["TEXT", "PNAME", "CODE", "DATE", "UIDREF"]
    assert "nodule" in items[0].TextValue and "12 mm" in items[0].TextValue
    assert items[0].ConceptNameCodeSequence[0].CodeMeaning == "Finding"


UNLISTED = [
    ("ConvolutionKernel", "SH", "{last}"),
    ("Manufacturer", "LO", "made for {last}^{first}"),
    ("SoftwareVersions", "LO", "{id}"),
    ("FilterType", "SH", "{first} {last}"),
    ("RescaleType", "LO", "{dob}"),
    ("PaddleDescription", "LO", "call 555-431-8876"),
    ("AcquisitionMode", "LO", "seen by Dr {word}"),
    ("ReceiveCoilName", "SH", "{word}^{word}"),
    ("AlgorithmParameters", "LT", "patient {word} of ward {word2}"),
    ("DocumentTitle", "ST", "Report for {word}"),
    ("TextValue", "UT", "{word} {word2} came on 3 March 2011"),
    ("EvaluatorName", "PN", "{word}^{word2}"),
    ("RetrieveURL", "UR", "http://{word}.example.org/{word2}"),
    ("DateOfGainCalibration", "DA", "19450912"),
    ("ExpirationDateTime", "DT", "19450912101112"),
    ("ImageType", "CS", "{last}"),
    ("SegmentLabel", "LO", "nodule {word}"),
    ("AccessoryCode", "LO", "{id}"),
]


@pytest.mark.parametrize("name", ["basic", "hipaa-safe-harbor", "research-tcia"])
@pytest.mark.parametrize(("keyword", "vr", "template"), UNLISTED)
def test_attributes_the_table_does_not_name_leak_nothing(name: str, keyword: str, vr: str, template: str) -> None:
    planter = Planter(SEED + 7)
    words = {"word": planter.word(), "word2": planter.word(), "last": "QUILLFEATHER", "first": "OSGOOD"}
    words |= {"id": "QF-884213", "dob": "19410207"}
    dataset = base_dataset()
    element = DataElement(keyword, vr, template.format(**words))
    dataset[element.tag] = element
    needles = [*words.values(), "555-431-8876", "March 2011", "19450912"]
    canaries = [Canary(keyword, (needle.encode(),)) for needle in needles]
    assert _leaks(dataset, load_policy(name), canaries) == []
    nested = base_dataset()
    nest(nested, element, PLACES)
    assert _leaks(nested, load_policy(name), canaries) == []


ENCODINGS = [
    ("ISO_IR 100", "Äneçker^Jürgen"),
    ("ISO_IR 144", "Люксембург^Роза"),
    ("ISO_IR 192", "王^小東"),
    ("GB18030", "王^小东"),
    (["ISO 2022 IR 6", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    ("ISO_IR 138", "שרון^דבורה"),
]


@pytest.mark.parametrize(("charset", "name"), ENCODINGS)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_names_in_other_encodings_leak_nothing(charset: str | list[str], name: str, syntax: UID) -> None:
    dataset = base_dataset()
    dataset.SpecificCharacterSet = charset
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PatientName = name
    dataset.ReferringPhysicianName = name
    dataset.StudyDescription = "CT " + name.split("=")[-1].split("^")[0]
    dataset.FilterType = name.split("=")[-1].split("^")[0]
    encoded = [c for c in dataset["PatientName"].value.encode(pydicom.charset.convert_encodings(charset)).split(b"^")]
    result = deidentify(to_bytes(dataset), load_policy("research-tcia"), KEYS)
    output = pydicom.dcmread(io.BytesIO(result.file_bytes))
    plain = to_bytes(_explicit(output))
    assert [part for part in encoded if len(part) > 2 and part in plain] == []
    assert str(output.PatientName) == KEYS.pseudonym()


def _explicit(dataset: pydicom.FileDataset) -> pydicom.FileDataset:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def test_values_that_do_not_fit_their_vr_leak_nothing() -> None:
    planter = Planter(SEED + 8)
    words = [planter.word() for _ in range(7)]
    dataset = base_dataset()
    cases = [
        (0x00180050, "DS"),
        (0x00200013, "IS"),
        (0x00080020, "DA"),
        (0x00080030, "TM"),
        (0x00181041, "LO"),
        (0x00280106, "LO"),
        (0x00189004, "LT"),
    ]
    for (tag, vr), word in zip(cases, words, strict=True):
        value = word.encode() + b" " * (len(word) % 2)
        dataset._dict[Tag(tag)] = RawDataElement(Tag(tag), vr, len(value), value, 0, False, True)
    leaks = _leaks(
        dataset,
        load_policy("research-tcia"),
        [Canary(f"{t:08X}", (w.encode(),)) for (t, _), w in zip(cases, words, strict=True)],
    )
    assert leaks == []


def test_unknown_public_and_retired_attributes_leak_nothing() -> None:
    planter = Planter(SEED + 9)
    words = [planter.word() for _ in range(3)]
    dataset = base_dataset()
    dataset[0x00084321] = DataElement(0x00084321, "LO", words[0])
    dataset[0x00324000] = DataElement(0x00324000, "LT", words[1])
    dataset[0x40084000] = DataElement(0x40084000, "ST", words[2])
    assert _leaks(dataset, load_policy("research-tcia"), [Canary(w, (w.encode(),)) for w in words]) == []


def test_a_sequence_of_a_sequence_is_walked_to_the_bottom() -> None:
    planter = Planter(SEED + 10)
    word = planter.word()
    item = Dataset()
    item.PatientName = f"{word}^A"
    for _ in range(40):
        outer = Dataset()
        outer.AnatomicRegionSequence = Sequence([item])
        item = outer
    dataset = base_dataset()
    dataset.AnatomicRegionSequence = Sequence([item])
    assert _leaks(dataset, load_policy("basic"), [Canary("deep", (word.encode(),))]) == []
