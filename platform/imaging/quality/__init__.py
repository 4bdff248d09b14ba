"""Quality check of image series: what is wrong with a delivery, what it means, and what to do.

`check_series(sources)` reads every source once and never raises for a bad one: what cannot be read is a finding.
Corrections are proposals with before and after; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imaging.quality.checks_files import check_files
from imaging.quality.checks_geometry import check_geometry
from imaging.quality.checks_identity import check_identity
from imaging.quality.checks_modality import check_modality
from imaging.quality.checks_pixels import check_pixels
from imaging.quality.checks_slices import check_slices
from imaging.quality.facts import FactReader, Facts
from imaging.quality.report import Finding, Proposal, QualityReport, Severity, ordered
from imaging.quality.subject import Subject
from imaging.scan import Source
from imaging.series import UnreadableFile, group, read_headers

__all__ = ["Finding", "Proposal", "QualityReport", "Severity", "check_series"]

_CHECKS = (check_files, check_identity, check_geometry, check_slices, check_pixels, check_modality)
Progress = Callable[[int, int], None]


def check_series(sources: Sequence[Source], *, progress: Progress | None = None, pixels: bool = True) -> QualityReport:
    """Findings over the instances of one series, study or delivery.

    `sources` are paths, file contents, open files or parsed data sets. `progress(done, total)` is called after each.
    `pixels=False` leaves out everything that needs decoding. The order of sources does not change the findings.
    """
    headers = read_headers(sources)
    reader = FactReader()
    facts: list[Facts] = []
    unreadable: list[tuple[int, UnreadableFile]] = []
    for index, (source, header) in enumerate(zip(sources, headers, strict=True)):
        if isinstance(header, UnreadableFile):
            unreadable.append((index, header))
        else:
            facts.append(reader.read(index, source, header, pixels=pixels))
        if progress is not None:
            progress(index + 1, len(sources))
    series = group(one.header for one in facts)
    subject = Subject(facts, series, unreadable)
    findings = [finding for check in _CHECKS for finding in check(subject)]
    return QualityReport(
        findings=ordered(findings),
        instances=len(facts),
        unreadable=len(unreadable),
        series=len(series),
        volumes=sum(stack.kind == "volume" for one in series for stack in one.stacks),
        frames=sum(len(one.frames) for one in facts),
    )
