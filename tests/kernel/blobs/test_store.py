"""What a back end must do; the folder and the bucket do the same."""

from __future__ import annotations

import pytest

from kernel.blobs.store import ObjectStore
from kernel.errors import ConfigurationError
from kernel.keys.errors import SealBrokenError


def test_a_path_is_written_once(store):
    store.put("t/aa/one", b"first")
    with pytest.raises(FileExistsError):
        store.put("t/aa/one", b"second")
    assert store.get_range("t/aa/one", 0, 5) == b"first"


def test_a_range_is_exact(store):
    store.put("t/aa/one", b"0123456789")
    assert store.get_range("t/aa/one", 3, 4) == b"3456"


@pytest.mark.parametrize(("start", "length"), [(0, 11), (8, 5), (10, 1), (500, 1)])
def test_a_short_object_is_damage(store, start, length):
    store.put("t/aa/one", b"0123456789")
    with pytest.raises(SealBrokenError):
        store.get_range("t/aa/one", start, length)


def test_a_missing_object_is_damage(store):
    with pytest.raises(SealBrokenError):
        store.get_range("t/aa/none", 0, 1)


def test_a_stream_is_written_in_parts(store):
    pieces = [bytes([n]) * 1_000_000 for n in range(20)]
    store.put_stream("t/aa/large", iter(pieces))
    assert store.get_range("t/aa/large", 8_388_000, 3_000_000) == b"".join(pieces)[8_388_000:11_388_000]


def test_deleting_twice_is_harmless(store):
    store.put("t/aa/one", b"x")
    store.delete(["t/aa/one"])
    store.delete(["t/aa/one"])
    assert list(store.list("t/")) == []


def test_a_list_names_the_folder_only(store):
    store.put("t/aa/one", b"x")
    store.put("u/aa/two", b"x")
    assert [path for path, _ in store.list("t/")] == ["t/aa/one"]


def test_an_unknown_scheme_says_what_to_do():
    with pytest.raises(ConfigurationError, match="STORAGE_URL"):
        ObjectStore("ftp://somewhere")
