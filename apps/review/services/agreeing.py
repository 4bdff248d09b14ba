"""Once every read of a stage is signed: agreement, then consensus, or a third reader."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from apps.annotations.domain.handles import SeriesStack
from apps.annotations.selectors import answers_of, segmentation_states
from apps.annotations.services import answers_save, segmentation_write
from apps.audit.services import event_record
from apps.projects.domain.definitions import CharterDefinition, SchemaDefinition
from apps.projects.selectors import charter_of, label_schema_of
from apps.review.constants import HowSettled
from apps.review.domain.agreement import Agreed, Mask, ReaderWork, agreed_answers, agreement_of
from apps.review.domain.consensus import CaseConsensus, consensus_of
from apps.review.domain.order import shown_order
from apps.review.models import Agreement, Consensus, Discordance
from apps.review.services.settling import case_key, case_settle
from apps.tasks.domain.states import CaseState
from apps.tasks.selectors import case_by_id, handle_of, signed_reads
from apps.tasks.services import adjudication_open, case_move, computed_read_create, computed_read_sign
from imaging import ENGINE_VERSION
from kernel.actors import Actor
from kernel.errors import ConflictError
from kernel.jobs.runner import JobContext
from kernel.jobs.services import enqueue
from kernel.tenancy.scope import tenant_scope

_NAMES = uuid.UUID("6c1b6f0e-6a0e-5c0a-9a58-0d6f3a4d2b11")
"""Namespace of the names of computed saves: the same computation saves under the same name."""


def agreement_request(*, case_id: uuid.UUID, project_id: uuid.UUID) -> None:
    """Ask for the comparison, in the name of nobody: a job of a reader's own would tell them that they were the last."""
    enqueue(
        "review.compute_agreement",
        project_id=project_id,
        subject=("case", case_id),
        dedup_key=str(case_id),
        case_id=case_id,
    )


def agreement_compute(*, context: JobContext, case_id: uuid.UUID) -> dict[str, Any]:
    """Compare the signed reads of a case and settle it, or open its adjudication.

    All is written in one transaction after everything is computed: killed at any point, it runs again from the start
    and changes nothing when it had finished. Raises `ConflictError` (`stacks-differ`), `KeyDestroyedError`.
    """
    with tenant_scope(context.tenant_id):
        case = case_by_id(case_id)
        if case.state != CaseState.READING:
            return {"state": case.state}
        _, charter = charter_of(case.project_id, case.charter_version)
        _, schema = label_schema_of(case.project_id, case.schema_version)
        reads = signed_reads(case_id, "read")
        stacks: dict[str, SeriesStack] = {}
        readers = [_work_of(read, stacks) for read in reads]
    context.progress(1, 3, unit="steps", message="Measuring agreement")
    agreed = agreement_of(schema, readers, charter.threshold)
    concordant = all(a.concordant for a in agreed)
    context.progress(2, 3, unit="steps", message="Writing what follows")
    consensus = consensus_of(readers, charter.consensus) if concordant else None
    with tenant_scope(context.tenant_id):
        if not _conclude(context.actor, case_id, schema, charter, readers, agreed, consensus, stacks):
            return {"state": case_by_id(case_id).state}
    context.progress(3, 3, unit="steps", message="Done")
    return {"concordant": concordant, "classes": len(agreed)}


@transaction.atomic
def _conclude(
    actor: Actor,
    case_id: uuid.UUID,
    schema: SchemaDefinition,
    charter: CharterDefinition,
    readers: Sequence[ReaderWork],
    agreed: Sequence[Agreed],
    consensus: CaseConsensus | None,
    stacks: dict[str, SeriesStack],
) -> bool:
    case = case_by_id(case_id, lock=True)
    if case.state != CaseState.READING:
        return False
    Agreement.objects.bulk_create([_row(case, a) for a in agreed], ignore_conflicts=True)
    event_record(
        actor=actor,
        action="review.agreement.computed",
        object_kind="case",
        object_id=case.pk,
        object_label=case.label,
        details={"concordant": consensus is not None, "reads": len(readers), "engine": ENGINE_VERSION},
    )
    if consensus is None:
        _open_discordance(actor, case, readers)
        return True
    read = computed_read_create(case=case)
    _write_consensus(actor, read, schema, readers, consensus, stacks)
    computed_read_sign(actor=actor, read_id=read.pk)
    case_settle(actor=actor, case=case, read=read, how=HowSettled.CONSENSUS, readers=len(readers), charter=charter)
    return True


def _write_consensus(
    actor: Actor,
    read: Any,
    schema: SchemaDefinition,
    readers: Sequence[ReaderWork],
    consensus: CaseConsensus,
    stacks: dict[str, SeriesStack],
) -> None:
    handle = handle_of(read, writable=True)
    for uid, masks in consensus.masks.items():
        name = uuid.uuid5(_NAMES, f"{read.pk} {uid}")
        segmentation_write(actor=actor, handle=handle, stack=stacks[uid], masks=masks, client_id=name)
    answers_save(
        actor=actor,
        handle=handle,
        client_id=uuid.uuid5(_NAMES, f"{read.pk} answers"),
        base_revision=0,
        values=agreed_answers(schema, readers),
        nothing_found=all(reader.nothing_found for reader in readers),
    )
    Consensus.objects.create(
        case_id=read.case_id,
        read=read,
        algorithm=consensus.algorithm,
        version=consensus.version,
        parameters=consensus.parameters,
        results=consensus.results,
        engine_version=ENGINE_VERSION,
    )


def _open_discordance(actor: Actor, case: Any, readers: Sequence[ReaderWork]) -> None:
    shown = shown_order(case_key(case), [reader.read_id for reader in readers])
    Discordance.objects.create(case=case, shown=shown)
    case_move(case_id=case.pk, state=CaseState.DISCORDANT)
    task = adjudication_open(case_id=case.pk)
    event_record(
        actor=actor,
        action="review.discordance.opened",
        object_kind="case",
        object_id=case.pk,
        object_label=case.label,
        details={"adjudication": task is not None},
    )


def _work_of(read: Any, stacks: dict[str, SeriesStack]) -> ReaderWork:
    answers = answers_of(read.pk)
    masks: dict[tuple[str, int], Mask] = {}
    for uid, (stack, state) in segmentation_states(read.pk).items():
        if stacks.setdefault(uid, stack).sop_instance_uids != stack.sop_instance_uids:
            raise ConflictError(
                "The series grew between two reads, so that their slices do not match.",
                code="stacks-differ",
                remedy="Have the case read again: its earlier reads are kept.",
            )
        masks |= {(uid, segment): mask for segment, mask in state.masks().items()}
    return ReaderWork(
        read_id=str(read.pk),
        masks=masks,
        answers=answers.values,
        nothing_found=answers.nothing_found,
        spacing_mm={uid: stack.spacing_mm for uid, stack in stacks.items()},
    )


def _row(case: Any, agreed: Agreed) -> Agreement:
    return Agreement(
        case=case,
        project_id=case.project_id,
        key=agreed.key,
        class_number=agreed.class_number,
        name=agreed.name,
        metric=agreed.metric,
        definition_id=agreed.definition_id,
        engine_version=ENGINE_VERSION,
        value=agreed.value,
        limit=agreed.limit,
        outcome=agreed.outcome,
        concordant=agreed.concordant,
        pairs=list(agreed.pairs),
    )
