"""What de-identifying one instance gives: bytes and a manifest, or the reason why it is withheld."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TagChange:
    """One attribute that was changed. It never holds the original value.

    `path`           `(gggg,eeee)[item].(gggg,eeee)`, items from 0
    `action`         what was done: X removed, Z emptied, D dummy, C cleaned, U mapped, A added
    `reason`         the option, `profile`, `override` or engine rule that decided
    `before_kind`    `empty`, `text`, `number`, `bytes` or `sequence`
    `before_digest`  keyed digest of the original value: equal values of one subject have equal digests
    """

    path: str
    keyword: str
    vr: str
    action: str
    reason: str
    before_kind: str
    before_digest: str


@dataclass(frozen=True)
class VaultRecord:
    """An original value, for the vault only: it is kept sealed and never travels with the manifest."""

    path: str
    keyword: str
    vr: str
    original: str

    def __repr__(self) -> str:
        return f"VaultRecord({self.path}, {self.keyword}, <sealed>)"


@dataclass(frozen=True)
class Withheld:
    """Why an instance stays in quarantine, and what a person can do."""

    code: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class PixelCheck:
    """What is known about the pixels when the attributes are written: nothing is claimed without it.

    `text_free`          burned-in text was looked for, and is absent or was redacted: (0028,0301) NO and 113101
    `features_attested`  a person attested that no face can be recognised: (0028,0302) NO and 113102
    """

    text_free: bool = False
    features_attested: bool = False


@dataclass(frozen=True)
class DeidResult:
    """The outcome for one instance. `file_bytes` is empty and the UIDs are "" where it is withheld."""

    file_bytes: bytes
    manifest: list[TagChange]
    vault_records: list[VaultRecord] = field(repr=False)
    withheld: Withheld | None
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str

    @property
    def ok(self) -> bool:
        """Whether there are bytes to go on with."""
        return self.withheld is None


def withhold(code: str, reason: str, remedy: str, sop_class_uid: str = "") -> DeidResult:
    """A result that lets nothing through."""
    return DeidResult(b"", [], [], Withheld(code, reason, remedy), sop_class_uid, "", "", "")
