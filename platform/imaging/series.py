"""Series and the coherent volumes inside them.

`read_headers(paths)` → `group(headers)` → `Series` → `VolumeStack`. Nothing here reads pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from imaging.enhanced import frames_of
from imaging.enhanced_mosaic import is_mosaic, mosaic_frames
from imaging.enhanced_tiled import is_tiled, tiled_frame
from imaging.errors import ImagingError, PixelDataError
from imaging.series_frames import FrameRef, Label, StackKind, frame_of_single, unit_normal
from imaging.series_geometry import StackGeometry, fit
from imaging.series_header import MEDIA_DIRECTORY, InstanceHeader, UnreadableFile, read_header, read_headers
from imaging.series_split import coherent_stacks, hard_groups, positions

__all__ = [
    "FrameRef",
    "InstanceHeader",
    "Series",
    "StackGeometry",
    "UnreadableFile",
    "VolumeStack",
    "group",
    "read_header",
    "read_headers",
    "stacks_of",
]


@dataclass(frozen=True, slots=True, eq=False)
class VolumeStack:
    """Frames that belong together, in the order of the array they make.

    kind        volume       frames at positions along one normal
                localizer    scout images, kept apart from what they locate
                cine         frames of one place in time, or without a place
                image        one image without a position (CR, photographs)
                tiled        a whole-slide level: one frame reference stands for all tiles
                segmentation SEG objects, read by `imaging.segmentation`
    labels      what set this stack apart from others of the series (echo, b_value, temporal …)
    duplicates  further frames at a position that is already taken
    fit         positions against the grid; None where frames have no position
    """

    kind: StackKind
    frames: tuple[FrameRef, ...]
    labels: dict[str, Label] = field(default_factory=dict)
    duplicates: tuple[FrameRef, ...] = ()
    fit: StackGeometry | None = None

    @property
    def headers(self) -> list[InstanceHeader]:
        """The instances of the stack, each once, in the order of its frames."""
        unique: dict[int, InstanceHeader] = {id(frame.header): frame.header for frame in self.frames}
        return list(unique.values())

    @property
    def is_regular(self) -> bool:
        """Whether the frames lie on one grid."""
        return self.fit is not None and self.fit.is_regular and self.fit.geometry is not None


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Instances that share study and series UID.

    `stacks` hold the images, `others` the instances without pixels (reports, structure sets, presentation states),
    `unreadable` the images whose frames could not be described, `repeated` the same instance received again.
    """

    study_instance_uid: str
    series_instance_uid: str
    modality: str
    headers: tuple[InstanceHeader, ...]
    stacks: tuple[VolumeStack, ...]
    others: tuple[InstanceHeader, ...]
    unreadable: tuple[UnreadableFile, ...] = ()
    repeated: tuple[InstanceHeader, ...] = ()

    @property
    def lacking_pixels(self) -> list[UnreadableFile]:
        """Instances that claim to be images, or do not say what they are, and have no pixel data."""
        return [_lacks_pixels(header) for header in self.others if header.lacks_pixels]

    @property
    def volumes(self) -> list[VolumeStack]:
        """The stacks that are volumes, largest first."""
        return sorted((s for s in self.stacks if s.kind == "volume"), key=lambda s: -len(s.frames))


def _lacks_pixels(header: InstanceHeader) -> UnreadableFile:
    error = PixelDataError(
        "An image has no pixel data" if header.pixel_data is None else "An image has no rows or no columns",
        remedy="Ask the sender for the file again, or leave it out knowingly.",
        path=header.path,
        tag="(7FE0,0010)" if header.pixel_data is None else "(0028,0010)",
        code="no-pixel-data",
    )
    return UnreadableFile(header.source, header.path, error)


def group(headers: Iterable[InstanceHeader | UnreadableFile]) -> list[Series]:
    """Series of the given headers, in order of first appearance; unreadable files and DICOMDIRs are left out.

    Within a series, frames are split by orientation, size, frame of reference, echo, b-value and stack always, and by
    image type, temporal position, phase, acquisition or time where they would otherwise share positions.
    """
    by_uid: dict[tuple[str, str], list[InstanceHeader]] = {}
    for header in headers:
        if isinstance(header, InstanceHeader) and header.sop_class_uid != MEDIA_DIRECTORY:
            by_uid.setdefault((header.study_instance_uid, header.series_instance_uid), []).append(header)
    return [_series(study, series, members) for (study, series), members in by_uid.items()]


def _series(study: str, series: str, members: list[InstanceHeader]) -> Series:
    frames: list[FrameRef] = []
    special: list[VolumeStack] = []
    unreadable: list[UnreadableFile] = []
    unique, repeated = _without_repeats([header for header in members if header.is_image])
    for header in unique:
        try:
            stack = _special(header)
            if stack is not None:
                special.append(stack)
            elif is_mosaic(header):
                frames.extend(mosaic_frames(header))
            elif header.is_multiframe or header.number_of_frames < 1:
                frames.extend(frames_of(header))
            else:
                frames.append(frame_of_single(header))
        except ImagingError as error:
            unreadable.append(UnreadableFile(header.source, header.path, error))
    return Series(
        study_instance_uid=study,
        series_instance_uid=series,
        modality=members[0].modality,
        headers=tuple(members),
        stacks=tuple([*stacks_of(frames), *special]),
        others=tuple(h for h in members if not h.is_image),
        unreadable=tuple(unreadable),
        repeated=tuple(repeated),
    )


def _without_repeats(headers: list[InstanceHeader]) -> tuple[list[InstanceHeader], list[InstanceHeader]]:
    """Instances each once, and those received again: one UID at one place, in files of one size.

    One UID at different places is no repetition but a broken exporter; those all stay and quality control says so.
    """
    seen: set[tuple[object, ...]] = set()
    unique: list[InstanceHeader] = []
    repeated: list[InstanceHeader] = []
    for header in headers:
        key = (header.sop_instance_uid, header.position_lps, header.instance_number, header.size_bytes)
        (repeated if header.sop_instance_uid and key in seen else unique).append(header)
        seen.add(key)
    return unique, repeated


def _special(header: InstanceHeader) -> VolumeStack | None:
    if header.modality == "SEG":
        frame = FrameRef(header, 0, None, None, header.pixel_spacing_mm, 1.0, 0.0)
        return VolumeStack("segmentation", (frame,))
    if is_tiled(header):
        frame, geometry = tiled_frame(header)
        return VolumeStack("tiled", (frame,), fit=geometry)
    return None


def stacks_of(frames: Sequence[FrameRef]) -> list[VolumeStack]:
    """Coherent stacks of the frames of one series."""
    placed = [f for f in frames if f.position_lps is not None and unit_normal(f.orientation) is not None]
    placed_ids = {id(frame) for frame in placed}
    scouts = [f for f in placed if _is_localizer(f)]
    scout_ids = {id(frame) for frame in scouts}
    stacks = [_scout(f) for f in scouts]
    for members in hard_groups(f for f in placed if id(f) not in scout_ids):
        for part, labels in coherent_stacks(members):
            stacks.append(_placed_stack(part, labels))
    unplaced = [f for f in frames if id(f) not in placed_ids]
    return stacks + _unplaced_stacks(unplaced)


def _is_localizer(frame: FrameRef) -> bool:
    kinds = {part.upper() for part in frame.header.image_type[2:]}
    return "LOCALIZER" in kinds or "SCOUT" in kinds


def _scout(frame: FrameRef) -> VolumeStack:
    return VolumeStack("localizer", (frame,), fit=fit([frame]))


def _placed_stack(frames: list[FrameRef], labels: dict[str, Label]) -> VolumeStack:
    places = positions(frames)
    if len(places) == 1 and len(frames) > 1:
        return VolumeStack("cine", tuple(frames), labels, fit=fit(frames[:1]))
    first = [place[0] for place in places]
    duplicates = tuple(frame for place in places for frame in place[1:])
    return VolumeStack("volume", tuple(first), labels, duplicates, fit(first))


def _unplaced_stacks(frames: Sequence[FrameRef]) -> list[VolumeStack]:
    """Multi-frame objects stay one cine each; single images stand alone."""
    by_instance: dict[int, list[FrameRef]] = {}
    for frame in frames:
        by_instance.setdefault(id(frame.header), []).append(frame)
    return [
        VolumeStack(
            "localizer" if _is_localizer(members[0]) else ("cine" if len(members) > 1 else "image"), tuple(members)
        )
        for members in by_instance.values()
    ]
