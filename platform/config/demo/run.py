"""The main job, step by step, through the platform's own doors: HTTP for everyone, the client for the customer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from apps.audit.services.sealing import seal
from apps.audit.services.verifying import verify
from config.demo import DEMO_CT
from config.demo.orthanc import is_installed, orthanc
from config.demo.people import PROJECT, Organisation, organisation_make
from config.demo.stack import running
from config.demo.web import Person
from imaging.labelmap_grid import align
from imaging.metrics import compare_masks
from imaging.nifti import read_nifti
from imaging.volume import load_volume
from kernel.tenancy.scope import tenant_scope

Say = Callable[[str], None]
Mask = NDArray[np.bool_]

_BATCH = 25
_PATIENCE_S = 300
DATASET, RELEASE = "lung-nodules", "2026.1"
TERMS = "Research use. Cite Armato et al. 2011 (LIDC-IDRI) and Clark et al. 2013 (TCIA). CC BY 3.0."


class Demo:
    """One run; `steps` becomes the report."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder = folder
        self.say = say
        self.steps: list[dict[str, Any]] = []
        self.address = ""
        self.vendor: Organisation
        self.files = sorted((DEMO_CT / "dicom").glob("*.dcm"))
        self.masks: dict[str, Mask] = {}

    def run(self) -> None:
        """All steps; leaves `report.json` and `pulled/`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with running(self.folder / "logs") as self.address:
            for name, step in (
                ("organisations", self.organisations),
                ("import", self.deliver),
                ("quality and de-identification", self.admitted),
                ("blinded read 1", lambda: self.read("reader1", 1)),
                ("blinded read 2", lambda: self.read("reader2", 2)),
                ("agreement", self.agreement),
                ("adjudication", self.adjudication),
                ("reference standard", self.reference),
                ("dataset version", self.version),
                ("exports", self.exports),
                ("release", self.release),
                ("pull as the customer", self.pull),
                ("verify", self.verify),
            ):
                self._step(name, step)

    def _step(self, name: str, act: Callable[[], dict[str, Any]]) -> None:
        self.say(f"── {name}")
        begun = time.perf_counter()
        figures = act()
        seconds = round(time.perf_counter() - begun, 2)
        self.steps.append({"step": name, "seconds": seconds, "figures": figures})
        (self.folder / "report.json").write_text(json.dumps(self.steps, indent=2, ensure_ascii=False) + "\n")
        shown = "  ".join(f"{key}={value}" for key, value in figures.items())
        self.say(f"   {seconds:.2f} s  {shown}")

    def person(self, who: str) -> Person:
        """Somebody of the vendor, signed in."""
        return Person(self.address, self.vendor.slug, self.vendor.email(who), self.vendor.password)

    def organisations(self) -> dict[str, Any]:
        self.vendor = organisation_make(f"demo-{uuid.uuid4().hex[:6]}", "Demo Imaging")
        stranger = organisation_make(f"other-{uuid.uuid4().hex[:6]}", "Northern Trial Group")
        with Person(self.address, stranger.slug, stranger.email("manager"), stranger.password) as other:
            refused = other.elsewhere(f"/t/{self.vendor.slug}/api/v1/projects")
        return {"organisations": 2, "people": 16, "stranger_is_answered": refused.status_code}

    def deliver(self) -> dict[str, Any]:
        size = sum(f.stat().st_size for f in self.files)
        with self.person("manager") as manager:
            begun = time.perf_counter()
            for start in range(0, len(self.files), _BATCH):
                self._stow(manager.http, f"{manager.prefix}/dicomweb/v1/projects/{PROJECT}/studies", start)
            ours = len(self.files) / (time.perf_counter() - begun)
        figures: dict[str, Any] = {
            "files": len(self.files),
            "megabytes": round(size / 1e6, 1),
            "files_per_s": round(ours, 1),
        }
        if is_installed():
            with orthanc() as root, httpx.Client(timeout=120) as http:
                begun = time.perf_counter()
                for start in range(0, len(self.files), _BATCH):
                    self._stow(http, f"{root}/studies", start)
                theirs = len(self.files) / (time.perf_counter() - begun)
            figures |= {"orthanc_files_per_s": round(theirs, 1), "ratio": round(ours / theirs, 2)}
        return figures

    def _stow(self, http: httpx.Client, url: str, start: int) -> None:
        boundary = uuid.uuid4().hex
        parts = [f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + f.read_bytes() + b"\r\n"
                 for f in self.files[start : start + _BATCH]]  # fmt: skip
        content = b"".join(parts) + f"--{boundary}--\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        headers = {"Content-Type": kind, "Accept": "application/dicom+json"}
        answer = http.post(url, content=content, headers=headers)
        if answer.status_code not in (200, 202):
            raise RuntimeError(f"STOW was answered {answer.status_code}: {answer.text[:500]}")

    def admitted(self) -> dict[str, Any]:
        with self.person("manager") as manager:
            for delivery in manager.ask("GET", f"/api/v1/projects/{PROJECT}/deliveries")["results"]:
                if delivery["state"] == "receiving":
                    manager.ask("POST", f"/api/v1/deliveries/{delivery['id']}/complete")
            study = self._wait_for(lambda: self._admitted_study(manager), "the study to be admitted")
            page = manager.ask("GET", f"/api/v1/studies/{study['id']}")
            series = page["series"][0]
            changes = manager.ask("GET", f"/api/v1/series/{series['id']}/deidentification")
            findings = series["quality"]["findings"]
        return {
            "admitted": study["instance_count"],
            "pseudonym": study["subject"]["pseudonym"],
            "quality_findings": len(findings),
            "tags_changed": len(changes["changes"]),
            "policy": changes["policy"] if isinstance(changes["policy"], str) else changes["policy"].get("name", ""),
        }

    def _admitted_study(self, manager: Person) -> dict[str, Any] | None:
        rows: list[dict[str, Any]] = manager.ask("GET", f"/api/v1/projects/{PROJECT}/studies")["results"]
        return rows[0] if rows and rows[0]["instance_count"] == len(self.files) else None

    def read(self, who: str, number: int) -> dict[str, Any]:
        with self.person(who) as reader:
            claimed = self._wait_for(lambda: self._claim(reader), "a case to read")
            return self._read(reader, claimed["read_id"], number)

    def _claim(self, reader: Person) -> dict[str, Any] | None:
        answer = reader.call("POST", "/api/v1/worklist/claim-next", {})
        return answer.json() if answer.status_code == 201 else None

    def _read(self, reader: Person, read_id: str, number: int, *, rationale: str = "") -> dict[str, Any]:
        page = reader.ask("GET", f"/api/v1/reads/{read_id}")
        series_uid, root, study_uid = (
            page["series"][0]["series_instance_uid"],
            page["dicomweb_root"],
            page["study_instance_uid"],
        )
        begun = time.perf_counter()
        uids = reader.sorted_uids(root, study_uid, series_uid)
        first = time.perf_counter() - begun
        for uid in uids[:: max(len(uids) // 20, 1)]:
            reader.frame(root, study_uid, series_uid, uid)
        frames = time.perf_counter() - begun - first
        mask = self._mask(number)
        saved = reader.save_masks(read_id, series_uid, {1: mask}, uids, base=self._head(page, series_uid))
        reader.ask("POST", f"/api/v1/reads/{read_id}/heartbeat", {"active_s": 10})
        body = {"signature_meaning": "I have read this case.", **({"rationale": rationale} if rationale else {})}
        signed = reader.ask("POST", f"/api/v1/reads/{read_id}/submit", body)
        return {
            "voxels": int(mask.sum()),
            "slices_saved": int(mask.any(axis=(1, 2)).sum()),
            "revision": saved["revision"],
            "metadata_s": round(first, 3),
            "frame_ms": round(frames * 1000 / 20, 1),
            "state": signed["state"],
        }

    def _head(self, page: dict[str, Any], series_uid: str) -> int:
        found = [s["head_revision"] for s in page["segmentations"] if s["series_instance_uid"] == series_uid]
        return int(found[0]) if found else 0

    def _mask(self, number: int) -> Mask:
        """Radiologist `number`'s contours of the LIDC study, on the grid of the series."""
        array, geometry = read_nifti(DEMO_CT / "gt" / f"reader{number}_mask.nii.gz")
        grid = load_volume(self.files, values="stored").geometry
        mask: Mask = align(np.asarray(array > 0, np.uint8), geometry, grid).astype(bool)
        self.masks[f"reader{number}"] = mask
        return mask

    def agreement(self) -> dict[str, Any]:
        with self.person("manager") as manager:
            case = self._wait_for(
                lambda: self._case(manager, {"discordant", "adjudicating", "settled"}), "the agreement"
            )
            page = manager.ask("GET", f"/api/v1/cases/{case['id']}")
        grid = load_volume(self.files, values="stored").geometry
        own = compare_masks(self.masks["reader1"], self.masks["reader2"], grid.spacing_mm)
        row = page["agreement_by_class"][0]
        return {
            "dice": round(row["value"], 4),
            "limit": row["limit"],
            "concordant": row["concordant"],
            "recomputed_dice": round(own.dice or 0.0, 4),
            "hd95_mm": round(own.hd95_mm or 0.0, 2),
            "state": case["state"],
        }

    def _case(self, manager: Person, states: set[str]) -> dict[str, Any] | None:
        rows: list[dict[str, Any]] = manager.ask("GET", f"/api/v1/projects/{PROJECT}/cases")["results"]
        return rows[0] if rows and rows[0]["state"] in states else None

    def adjudication(self) -> dict[str, Any]:
        with self.person("adjudicator") as adjudicator:
            claimed = self._wait_for(lambda: self._claim(adjudicator), "a case to adjudicate")
            page = adjudicator.ask("GET", f"/api/v1/reads/{claimed['read_id']}")
            shown = [entry["label"] for entry in page["adjudication"]["shown"]]
            figures = self._read(
                adjudicator,
                claimed["read_id"],
                4,
                rationale="The lateral margin belongs to the vessel, not the nodule.",
            )
        return {"shown": "+".join(shown), **figures}

    def reference(self) -> dict[str, Any]:
        with self.person("manager") as manager:
            case = self._wait_for(lambda: self._case(manager, {"settled"}), "the case to settle")
            page = manager.ask("GET", f"/api/v1/cases/{case['id']}")
        return {"how": page["reference_standard"]["how"], "reads": len(page["reads"]), "state": case["state"]}

    def version(self) -> dict[str, Any]:
        with self.person("manager") as manager:
            body = {"slug": DATASET, "name": "Lung nodules", "description": "Nodules of 3 mm or more."}
            manager.ask("POST", f"/api/v1/projects/{PROJECT}/datasets", body)
            job = manager.ask("POST", f"/api/v1/datasets/{DATASET}/versions", {"message": "First version"})
            self._job(manager, job["id"])
            version = manager.ask("GET", f"/api/v1/datasets/{DATASET}/versions")["results"][0]
        self.digest = version["digest"]
        return {"digest": self.digest[:16], "members": version["member_count"], "subjects": version["subject_count"]}

    def exports(self) -> dict[str, Any]:
        figures: dict[str, Any] = {}
        with self.person("manager") as manager:
            self.export_ids = []
            for fmt in ("nifti", "dicom-seg"):
                export = manager.ask("POST", f"/api/v1/dataset-versions/{self.digest}/exports", {"format": fmt})
                self._job(manager, export["job_id"])
                check = manager.ask("POST", f"/api/v1/exports/{export['id']}/verify")
                self._job(manager, check["id"])
                self.export_ids.append(export["id"])
            for export in manager.ask("GET", f"/api/v1/dataset-versions/{self.digest}/exports")["results"]:
                name = export["format"].replace("-", "_")
                figures[f"{name}_files"] = export["artifact_count"]
                figures[f"{name}_megabytes"] = round(export["bytes"] / 1e6, 1)
        figures["second_writing_equal"] = True
        return figures

    def release(self) -> dict[str, Any]:
        with self.person("manager") as manager:
            body = {"name": RELEASE, "terms": TERMS, "exports": self.export_ids}
            release = manager.ask("POST", f"/api/v1/dataset-versions/{self.digest}/releases", body)
            customer = self.vendor.email("customer")
            manager.ask("POST", f"/api/v1/releases/{release['id']}/grants", {"email": customer})
            published = manager.ask("POST", f"/api/v1/releases/{release['id']}/publish")
        with self.person("auditor") as auditor:
            others = auditor.call("GET", f"/api/v1/releases/{DATASET}/{RELEASE}").status_code
        return {"name": f"{DATASET}@{RELEASE}", "state": published["state"], "others_are_answered": others}

    def pull(self) -> dict[str, Any]:
        with self.person("customer") as customer:
            upstream = customer.call("GET", f"/api/v1/projects/{PROJECT}/studies").status_code
            expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
            body = {"name": "demo", "scopes": ["releases:pull"], "expires_at": expires}
            token = customer.ask("POST", "/api/v1/tokens", body)["token"]
        out = self.folder / "pulled"
        command = [sys.executable, "-m", "fiducial_client", "pull", f"{DATASET}@{RELEASE}", "--out", str(out), "--json"]
        env = {**os.environ, "FIDUCIAL_SERVER": self.address, "FIDUCIAL_TOKEN": token}
        first = json.loads(subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE).stdout)
        again = json.loads(subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE).stdout)
        return {
            "files": first["files"],
            "megabytes": round(first["bytes"] / 1e6, 1),
            "pulled_again": again["files"] - again["already_there"],
            "upstream_is_answered": upstream,
        }

    def verify(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "fiducial_client", "verify", str(self.folder / "pulled")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        labels = sorted((self.folder / "pulled").rglob("labels_01.nii.gz"))
        voxels = int(np.count_nonzero(read_nifti(labels[0])[0]))
        seal(tenant_id=self.vendor.tenant_id)
        with tenant_scope(self.vendor.tenant_id):
            verdict = verify()
        if not verdict.ok or voxels != int(self.masks["reader4"].sum()):
            raise RuntimeError(f"the result does not verify: {verdict.problems}, {voxels} voxels")
        return {
            "files_as_released": True,
            "label_voxels": voxels,
            "audit_events": verdict.events,
            "audit_checkpoints": verdict.checkpoints,
            "audit_sound": verdict.ok,
        }

    def _job(self, manager: Person, job_id: str) -> dict[str, Any]:
        def ended() -> dict[str, Any] | None:
            job: dict[str, Any] = manager.ask("GET", f"/api/v1/jobs/{job_id}")
            if job["state"] in ("failed", "cancelled"):
                raise RuntimeError(f"{job['title']} {job['state']}: {job['error']}")
            return job if job["state"] == "done" else None

        return self._wait_for(ended, "a job")

    def _wait_for(self, ready: Callable[[], dict[str, Any] | None], what: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            found = ready()
            if found is not None:
                return found
            time.sleep(0.25)
        raise RuntimeError(f"waited {_PATIENCE_S} s for {what}")
