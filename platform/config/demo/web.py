"""A person at the platform, through the same HTTP calls the browser makes."""

from __future__ import annotations

import json
import struct
import uuid
import zlib
from types import TracebackType
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

_SLICES = "application/vnd.fiducial.slices"


class Person:
    """A signed-in browser session inside one organisation."""

    def __init__(self, address: str, slug: str, email: str, password: str) -> None:
        self.prefix = f"/t/{slug}"
        self.http = httpx.Client(base_url=address, timeout=120)
        token = self.http.get("/api/v1/session").json()["csrf_token"]
        self.http.headers["X-CSRFToken"] = token
        self.http.headers["Origin"] = address
        self.http.headers["Referer"] = address + "/"
        answer = self.http.post("/api/v1/session/sign-in", json={"email": email, "password": password})
        answer.raise_for_status()
        self.http.headers["X-CSRFToken"] = answer.json()["csrf_token"]

    def __enter__(self) -> Person:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One call; a refusal is returned, not raised."""
        if body is not None:
            options["json"] = body
        return self.http.request(method, self.prefix + path, **options)

    def elsewhere(self, path: str) -> httpx.Response:
        """A GET outside the person's own organisation."""
        return self.http.get(path)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """One call that must succeed; its JSON, or None."""
        response = self.call(method, path, body, **options)
        if response.status_code >= 400:
            raise RuntimeError(f"{method} {path} was answered {response.status_code}: {response.text[:500]}")
        return response.json() if response.content else None

    def save_masks(
        self, read_id: str, series_uid: str, masks: dict[int, NDArray[np.bool_]], uids: list[str], *, base: int
    ) -> Any:
        """Save the non-empty slices of each segment, as the viewer's autosave does."""
        slices, payloads = [], []
        for segment, mask in masks.items():
            for index in np.flatnonzero(mask.any(axis=(1, 2))):
                payload = zlib.compress(np.packbits(mask[index], bitorder="little").tobytes(), 6)
                slices.append(
                    {
                        "segment": segment,
                        "slice_index": int(index),
                        "sop_instance_uid": uids[index],
                        "rows": mask.shape[1],
                        "columns": mask.shape[2],
                        "encoding": "bits-deflate",
                        "length": len(payload),
                    }
                )
                payloads.append(payload)
        header = json.dumps({"client_id": str(uuid.uuid4()), "base_revision": base, "slices": slices}).encode()
        content = struct.pack(">I", len(header)) + header + b"".join(payloads)
        path = f"/api/v1/reads/{read_id}/segmentations/{series_uid}/revisions"
        return self.ask("POST", path, content=content, headers={"Content-Type": _SLICES})

    def sorted_uids(self, dicomweb_root: str, study_uid: str, series_uid: str) -> list[str]:
        """SOP Instance UIDs along the normal of the stack (PS3.3 C.7.6.2.1.1), first slice first."""
        path = f"{dicomweb_root}/studies/{study_uid}/series/{series_uid}/metadata"
        rows = self.http.get(path, headers={"Accept": "application/dicom+json"}).raise_for_status().json()
        orientation = np.array(rows[0]["00200037"]["Value"], float)
        normal = np.cross(orientation[:3], orientation[3:])
        heights = [float(np.dot(normal, np.array(row["00200032"]["Value"], float))) for row in rows]
        return [rows[i]["00080018"]["Value"][0] for i in np.argsort(heights)]

    def frame(self, dicomweb_root: str, study_uid: str, series_uid: str, uid: str) -> bytes:
        """One frame, as the viewer asks for it."""
        path = f"{dicomweb_root}/studies/{study_uid}/series/{series_uid}/instances/{uid}/frames/1"
        accept = {"Accept": "application/octet-stream; transfer-syntax=*"}
        return self.http.get(path, headers=accept).raise_for_status().content
