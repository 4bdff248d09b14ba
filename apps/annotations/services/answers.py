"""Answers to the schema's questions, "nothing found" among them, as revisions."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.annotations.domain.answers import problems_of
from apps.annotations.domain.handles import ReadHandle
from apps.annotations.domain.planes import plane_digest
from apps.annotations.models import AnnotationKind
from apps.annotations.selectors.sealing import annotation_keys
from apps.annotations.selectors.states import answers_place
from apps.annotations.services.saving import (
    Saved,
    annotation_locked,
    answered_before,
    require_head,
    require_writable,
    revision_append,
)
from kernel.actors import Actor
from kernel.errors import FieldProblem, InvalidError


@transaction.atomic
def answers_save(
    *,
    actor: Actor,
    handle: ReadHandle,
    client_id: uuid.UUID,
    base_revision: int,
    values: Mapping[str, Any],
    nothing_found: bool,
) -> Saved:
    """Keep all answers as the next revision; `values` replaces what was there.

    Raises `InvalidError` pointing at answers the questions do not take, `ConflictError` as `segmentation_save` does.
    """
    require_writable(handle)
    problems = [FieldProblem(p.pointer, p.code, p.detail) for p in problems_of(handle.schema, values)]
    if problems:
        raise InvalidError("Some answers do not fit their questions.", errors=problems)
    plain = _canonical(values, nothing_found)
    annotation = annotation_locked(handle, AnnotationKind.ANSWERS, "", {})
    sealer, digest_key = annotation_keys(annotation.subject_key_id, annotation.pk)
    digest = plane_digest(digest_key, plain)
    submitted = plane_digest(digest_key, f"{base_revision}\n{digest}".encode())
    before = answered_before(annotation, client_id, submitted)
    if before is not None:
        return before
    require_head(annotation, base_revision)
    row = revision_append(
        actor=actor,
        handle=handle,
        annotation=annotation,
        client_id=client_id,
        content_digest=digest,
        submission_digest=submitted,
        sealed=sealer.seal(answers_place(annotation.pk, annotation.head_number + 1), plain),
    )
    return Saved(row.number, row.saved_at, row.content_digest, is_new=True)


def _canonical(values: Mapping[str, Any], nothing_found: bool) -> bytes:
    plain = {"nothing_found": nothing_found, "values": {k: v for k, v in values.items() if v is not None}}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
