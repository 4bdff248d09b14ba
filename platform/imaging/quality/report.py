"""What a quality check says: findings, what they rest on, what they mean, and what to do.

Evidence is numbers, tags and counts. It never carries a value that could identify a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction someone may accept; nothing is ever changed silently.

    `before` is what the instances say (None where they say nothing), `after` what they would say.
    """

    tag: str
    keyword: str
    before: str | None
    after: str
    instances: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "tag": self.tag,
            "keyword": self.keyword,
            "before": self.before,
            "after": self.after,
            "instances": list(self.instances),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    `code` is stable and kebab-case. `affected` names instances by SOP Instance UID where they have one, else by
    `#index` in the order the sources were given. `evidence` holds the numbers the finding rests on.
    """

    code: str
    severity: Severity
    title: str
    affected: tuple[str, ...]
    evidence: dict[str, object]
    consequence: str
    remedy: str
    proposals: tuple[Proposal, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Plain values, in a stable order."""
        return {
            "code": self.code,
            "severity": self.severity,
            "title": self.title,
            "affected": list(self.affected),
            "evidence": self.evidence,
            "consequence": self.consequence,
            "remedy": self.remedy,
            "proposals": [proposal.as_json() for proposal in self.proposals],
        }


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Findings over a set of instances, gravest first.

    `instances` counts sources read, `unreadable` those that could not be, `series` those found.
    """

    findings: tuple[Finding, ...]
    instances: int
    unreadable: int
    series: int
    volumes: int = 0
    frames: int = 0

    @property
    def worst(self) -> Severity | None:
        """The gravest severity found."""
        return max((f.severity for f in self.findings), key=SEVERITIES.index, default=None)

    def having(self, code: str) -> list[Finding]:
        """Findings of one code."""
        return [finding for finding in self.findings if finding.code == code]

    def as_json(self) -> dict[str, object]:
        """Plain values, in a stable order: the same input gives the same bytes."""
        return {
            "instances": self.instances,
            "unreadable": self.unreadable,
            "series": self.series,
            "volumes": self.volumes,
            "frames": self.frames,
            "worst": self.worst,
            "findings": [finding.as_json() for finding in self.findings],
        }


def ordered(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Gravest first, then by code and first affected instance."""
    return tuple(
        sorted(findings, key=lambda f: (-SEVERITIES.index(f.severity), f.code, f.affected[:1], len(f.affected)))
    )
