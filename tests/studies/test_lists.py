"""Lists cost the same number of queries however long they are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.intake.files import ct_series
from tests.studies.admitting import admit

pytestmark = pytest.mark.django_db


def _queries(client, path, **headers):
    with CaptureQueriesContext(
        connection,
    ) as context:
        answer = client.get(path, **headers)
        assert answer.status_code == 200, answer.content
        if answer.streaming:
            b"".join(answer.streaming_content)
    return len(context)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/projects/lung/studies",
        "/dicomweb/v1/projects/lung/studies",
        "/dicomweb/v1/projects/lung/series",
        "/dicomweb/v1/projects/lung/instances",
        "/dicomweb/v1/projects/lung/instances?includefield=all",
    ],
)
def test_a_list_costs_the_same_for_one_and_for_many(north, project, manager, path):
    admit(north, project, ct_series(1), patient="p0")
    manager.get(path)
    few = _queries(manager, path)
    for n in range(1, 4):
        admit(north, project, ct_series(3), patient=f"p{n}")
    assert _queries(manager, path) <= few


def test_a_study_costs_the_same_for_one_and_for_many_series(north, project, manager):
    from tests.intake.files import uid

    study = uid()
    first = admit(north, project, ct_series(1, study=study))
    path = f"/api/v1/studies/{first.study.pk}"
    manager.get(path)
    few = _queries(manager, path)
    admit(north, project, [f for _ in range(3) for f in ct_series(2, study=study)])
    answer = manager.get(path).json()
    assert (len(answer["series"]), answer["instance_count"]) == (4, 7)
    assert _queries(manager, path) == few


def test_a_frame_costs_few_queries(manager, admitted, django_capture_on_commit_callbacks):
    study, series = admitted.study.study_instance_uid, admitted.series.series_instance_uid
    path = f"/dicomweb/v1/projects/lung/studies/{study}/series/{series}/instances"
    accept = {"HTTP_ACCEPT": "application/octet-stream; transfer-syntax=*"}
    first = admitted.instances[0].sop_instance_uid
    with django_capture_on_commit_callbacks(execute=True):
        manager.get(f"{path}/{first}/frames/1", **accept)
    assert _queries(manager, f"{path}/{first}/frames/1", **accept) <= 15


def test_the_pages_of_studies_say_what_the_pages_need(manager, admitted):
    (row,) = manager.get("/api/v1/projects/lung/studies").json()["results"]
    assert row["subject"] == {"id": str(admitted.subject.pk), "pseudonym": admitted.subject.pseudonym}
    assert (row["modalities"], row["series_count"], row["instance_count"]) == (["CT"], 1, 5)
    assert row["quality"] == {"worst": "ok", "count": 0}
    (series,) = manager.get(f"/api/v1/studies/{row['id']}").json()["series"]
    assert (series["rows"], series["columns"], series["spacing_mm"]) == (24, 32, [0.7, 0.8])
    assert manager.get(series["thumbnail_url"]).status_code == 200
    detail = manager.get(f"/api/v1/series/{series['id']}").json()
    assert detail["dicomweb_root"] == f"/t/{manager.slug}/dicomweb/v1/projects/lung"
    timeline = manager.get(f"/api/v1/series/{series['id']}/timeline").json()["results"]
    assert [event["action"] for event in timeline][-1] == "studies.series.admit"


def test_studies_are_searched(manager, admitted):
    path = "/api/v1/projects/lung/studies"
    assert len(manager.get(f"{path}?search={admitted.subject.pseudonym[:6]}").json()["results"]) == 1
    assert manager.get(f"{path}?search=nothing").json()["results"] == []
    assert len(manager.get(f"{path}?modality=CT").json()["results"]) == 1
    assert manager.get(f"{path}?modality=MR").json()["results"] == []
