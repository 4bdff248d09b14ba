"""What is saved is kept: append-only in the database, sealed on disk, gone with the subject's secret."""

from __future__ import annotations

import json
import threading
import uuid

import numpy as np
import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import Sum
from django.db.models.functions import Length
from django.test.utils import CaptureQueriesContext

from apps.annotations.domain.container import PlaneEntry, Submission, encode_submission
from apps.annotations.domain.planes import compress, pack
from apps.annotations.models import Annotation, AnnotationRevision, SegmentSlice
from apps.annotations.selectors import drawn_segments, segmentation_array, segmentation_state
from apps.annotations.services import segmentation_save
from apps.audit.models import AuditEvent
from apps.studies.models import Subject
from apps.tasks.selectors import handle_for_writing
from kernel.errors import ConflictError
from kernel.keys.errors import KeyDestroyedError
from kernel.keys.services import key_destroy
from kernel.tenancy.scope import tenant_scope
from tests.tasks.panel import COLUMNS, ROWS, SLICES, Panel, box, submission
from tests.world import TenantWorld


@pytest.mark.django_db
def test_revisions_are_append_only(panel: Panel) -> None:
    panel.anna.draw(panel.anna.claim(), panel.series, box(1, 1, 1, 3))
    with tenant_scope(panel.world.id):
        for table in ("annotations_annotationrevision", "annotations_segmentslice"):
            for statement in ("UPDATE {} SET number = number + 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
                with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement.format(table))
        assert (AnnotationRevision.objects.count(), SegmentSlice.objects.count()) == (1, SLICES)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_owner_of_the_tables_cannot_change_a_revision_either(north: TenantWorld) -> None:
    panel = Panel(north)
    panel.anna.draw(panel.anna.claim(), panel.series, box(1, 1, 1, 3))
    with tenant_scope(north.id, using="owner"):
        assert SegmentSlice.objects.using("owner").count() == SLICES
        for table in ("annotations_annotationrevision", "annotations_segmentslice"):
            for statement in ("UPDATE {} SET number = number + 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
                with (
                    pytest.raises(DatabaseError, match="append-only"),
                    transaction.atomic(using="owner"),
                    connections["owner"].cursor() as cursor,
                ):
                    cursor.execute(statement.format(table))
        assert SegmentSlice.objects.using("owner").count() == SLICES


@pytest.mark.django_db
def test_every_revision_can_be_shown_and_an_erased_slice_is_a_saved_fact(panel: Panel) -> None:
    read_id = panel.anna.claim()
    states = [box(1, 2, 1, 4), box(1, 3, 2, 5), np.zeros_like(box(0, 0, 0, 0)), box(0, 0, 0, 9)]
    digests = [
        panel.anna.draw(read_id, panel.series, mask, base_revision=base)["content_digest"]
        for base, mask in enumerate(states)
    ]
    assert len(set(digests)) == 4
    with tenant_scope(panel.world.id):
        for number, mask in enumerate(states, start=1):
            arrays, present = segmentation_array(uuid.UUID(read_id), panel.series, number)
            assert present == ((1,) if mask.any() else ())
            drawn = {segment: array.tolist() for segment, array in arrays.items()}
            assert drawn == ({1: mask.astype(int).tolist()} if mask.any() else {})
        assert drawn_segments([uuid.UUID(read_id)]) == {uuid.UUID(read_id): {1}}
        events = AuditEvent.objects.filter(action="annotations.segmentation.saved").order_by("recorded_at")
        assert [e.digest_after for e in events] == digests
    back = panel.anna.draw(read_id, panel.series, states[0], base_revision=4)
    assert back["content_digest"] == digests[0]


@pytest.mark.django_db
def test_reading_a_state_takes_few_queries_however_many_slices(panel: Panel) -> None:
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(0, 3, 1, 4))
    with tenant_scope(panel.world.id):
        segmentation_state(uuid.UUID(read_id), panel.series)
        with CaptureQueriesContext(connection) as captured:
            segmentation_state(uuid.UUID(read_id), panel.series)
    assert len(captured) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"segment": 2}, "unknown-segment", "/slices/0/segment"),
        ({"slice_index": SLICES}, "not-this-stack", "/slices/0/slice_index"),
        ({"slice_index": 1}, "not-this-stack", "/slices/0/sop_instance_uid"),
        ({"rows": COLUMNS, "columns": ROWS}, "not-this-stack", "/slices/0/rows"),
        ({"payload": compress(bytes(16))}, "bad-container", "/slices"),
        ({"payload": b"no zlib"}, "bad-container", "/slices"),
    ],
)
def test_what_does_not_fit_the_series_is_refused_and_nothing_is_kept(
    panel: Panel, change: dict[str, object], code: str, pointer: str
) -> None:
    read_id = panel.anna.claim()
    plane = compress(pack(box(0, 0, 1, 4)[0]))
    fields: dict[str, object] = {
        "segment": 1,
        "slice_index": 0,
        "sop_instance_uid": f"{panel.series}.1",
        "rows": ROWS,
        "columns": COLUMNS,
        "encoding": "bits-deflate",
        "payload": plane,
    }
    entry = PlaneEntry(**(fields | change))  # type: ignore[arg-type]  # hostile on purpose
    content = encode_submission(Submission(uuid.uuid4(), 0, (entry,)))
    response = panel.anna.save_raw(read_id, panel.series, content)
    body = json.loads(response.content)
    assert (response.status_code, body["code"], body["errors"][0]["pointer"]) == (422, code, pointer)
    assert panel.anna.save_raw(read_id, "1.2.3", content).status_code == 404
    with tenant_scope(panel.world.id):
        assert (Annotation.objects.count(), SegmentSlice.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_nothing_readable_lies_in_the_tables_and_erasure_leaves_noise(panel: Panel) -> None:
    read_id = panel.anna.claim()
    mask = box(1, 1, 1, 4)
    panel.anna.draw(read_id, panel.series, mask)
    assert panel.anna.answer(read_id, nothing_found=False).status_code == 201
    with tenant_scope(panel.world.id):
        plane = pack(mask[1])
        (row,) = [r for r in SegmentSlice.objects.all() if r.digest]
        sealed = bytes(row.sealed)
        assert plane not in sealed and compress(plane) not in sealed
        assert b"nothing_found" not in b"".join(bytes(r.sealed) for r in AnnotationRevision.objects.all())
        key_destroy(Subject.objects.select_related("key").get().key)
        with pytest.raises(KeyDestroyedError):
            segmentation_state(uuid.UUID(read_id), panel.series)
        assert SegmentSlice.objects.count() == SLICES
    assert panel.anna.get(f"/api/v1/reads/{read_id}/segmentations/{panel.series}").status_code == 410


@pytest.mark.django_db
def test_a_plane_costs_little_more_than_its_compressed_bytes(panel: Panel) -> None:
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(0, 3, 1, 8))
    with tenant_scope(panel.world.id):
        stored = SegmentSlice.objects.aggregate(total=Sum(Length("sealed")))["total"]
    assert stored == sum(len(compress(pack(m))) + 28 for m in box(0, 3, 1, 8))


@pytest.mark.django_db
def test_another_tenant_sees_no_row(panel: Panel, south: TenantWorld) -> None:
    read_id = panel.anna.claim()
    panel.anna.draw(read_id, panel.series, box(1, 1, 1, 4))
    with tenant_scope(south.id):
        for model in (Annotation, AnnotationRevision, SegmentSlice):
            assert model.objects.count() == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            SegmentSlice.objects.create(
                annotation_id=uuid.uuid4(), revision_id=uuid.uuid4(), number=1, segment=1, slice_index=0
            )
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db(transaction=True)
def test_of_saves_at_the_same_moment_one_is_kept_and_the_others_are_stale(north: TenantWorld) -> None:
    panel = Panel(north)
    read_id = uuid.UUID(panel.anna.claim())
    barrier = threading.Barrier(4)
    outcomes: list[str] = []

    def save(index: int) -> None:
        content = submission(panel.series, box(index, index, 1, 4))
        barrier.wait(timeout=30)
        try:
            with tenant_scope(north.id):
                handle = handle_for_writing(actor=panel.anna.actor, read_id=read_id)
                segmentation_save(
                    actor=panel.anna.actor, handle=handle, series_instance_uid=panel.series, content=content
                )
            outcomes.append("saved")
        except ConflictError as refusal:
            outcomes.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["saved", "stale-revision", "stale-revision", "stale-revision"]
    with tenant_scope(north.id):
        assert Annotation.objects.get().head_number == AnnotationRevision.objects.count() == 1
