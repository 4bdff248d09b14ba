"""Second step: the quality of each series, as it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.intake.domain import reasons
from apps.intake.domain.states import FileState
from apps.intake.models import Delivery, IncomingFile, QualityFinding
from apps.intake.services import steps
from apps.studies.services.subjects import subject_keys
from imaging.deid.keys import SubjectKeys
from imaging.errors import ImagingError
from imaging.quality import QualityReport, check_series
from kernel.actors import Actor


def quality_of(contents: Sequence[bytes]) -> QualityReport | None:
    """The report on a series; None where the check did not come to an end."""
    try:
        return check_series(contents)
    except (ImagingError, MemoryError, ValueError, ArithmeticError, LookupError, TypeError):
        return None  # held for a person: nothing passes because a check crashed


def series_checked(
    *, actor: Actor, delivery: Delivery, files: Sequence[IncomingFile], report: QualityReport | None
) -> None:
    """Keep the findings of one series: read → checked, or held where something is critical. Repeating replaces."""
    QualityFinding.objects.filter(delivery=delivery, series_digest=files[0].series_digest).delete()
    if report is not None:
        keys = subject_keys(files[0].subject) if files[0].subject else None
        QualityFinding.objects.bulk_create(
            QualityFinding(
                delivery=delivery,
                series_digest=files[0].series_digest,
                code=finding["code"],
                severity=finding["severity"],
                report=_without_original_uids(finding, keys),
            )
            for finding in _plain(report)
        )
    reason = reasons.QUALITY_FAILED if report is None else reasons.QUALITY if report.worst == "critical" else None
    for file in files:
        if reason is None or reason.code in file.released_for.split():
            steps.move(file, FileState.CHECKED)
        else:
            steps.move(file, FileState.HELD, reason)
    steps.save(actor, files)


def _plain(report: QualityReport) -> list[dict[str, Any]]:
    found: Any = report.as_json()["findings"]
    return list(found)


def _without_original_uids(finding: dict[str, Any], keys: SubjectKeys | None) -> dict[str, Any]:
    """Affected instances by the UIDs they get; nothing of a finding names an original."""

    def mapped(names: Sequence[str]) -> list[str]:
        return [name if name.startswith("#") or keys is None else keys.uid(name) for name in names]

    proposals = [{**proposal, "instances": mapped(proposal["instances"])} for proposal in finding.get("proposals", [])]
    return {**finding, "affected": mapped(finding["affected"]), "proposals": proposals}
