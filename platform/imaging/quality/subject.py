"""The set of instances under check, arranged so that each check can ask its own question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from imaging.quality.facts import Facts, FrameStatistics
from imaging.series import FrameRef, Series, UnreadableFile, VolumeStack


@dataclass(slots=True, eq=False)
class Subject:
    """Facts by instance, and the series and stacks they form."""

    facts: list[Facts]
    series: list[Series]
    unreadable: list[tuple[int, UnreadableFile]]
    by_header: dict[int, Facts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_header = {id(facts.header): facts for facts in self.facts}

    @property
    def images(self) -> list[Facts]:
        """Instances with pixels."""
        return [facts for facts in self.facts if facts.header.is_image]

    def stacks(self) -> Iterator[tuple[Series, VolumeStack]]:
        """Every stack with its series."""
        for series in self.series:
            for stack in series.stacks:
                yield series, stack

    def volumes(self) -> Iterator[tuple[Series, VolumeStack]]:
        """Every stack that is a volume of at least two slices."""
        for series, stack in self.stacks():
            if stack.kind == "volume" and len(stack.frames) > 1:
                yield series, stack

    def facts_of(self, frame: FrameRef) -> Facts:
        """The instance a frame belongs to."""
        return self.by_header[id(frame.header)]

    def statistics_of(self, frame: FrameRef) -> FrameStatistics | None:
        """The numbers of one frame; None where it was not decoded."""
        frames = self.facts_of(frame).frames
        if len(frames) == 1 and frame.header.number_of_frames == 1:
            return frames[0]
        return next((s for s in frames if s.frame_index == frame.frame_index), None)

    def names(self, frames: Iterable[FrameRef]) -> tuple[str, ...]:
        """Names of the instances of frames, each once, in order."""
        return tuple(dict.fromkeys(self.facts_of(frame).name for frame in frames))


def names_of(facts: Iterable[Facts]) -> tuple[str, ...]:
    """Names of instances, each once, in order."""
    return tuple(dict.fromkeys(one.name for one in facts))


def grouped(facts: Sequence[Facts], key: Callable[[Facts], Hashable]) -> dict[Hashable, list[Facts]]:
    """Instances by a key, in order of first appearance."""
    groups: dict[Hashable, list[Facts]] = defaultdict(list)
    for one in facts:
        groups[key(one)].append(one)
    return dict(groups)


def minority(groups: dict[Hashable, list[Facts]]) -> list[Facts]:
    """The instances that differ from the most common value."""
    most = max(groups.values(), key=len)
    return [one for members in groups.values() if members is not most for one in members]
