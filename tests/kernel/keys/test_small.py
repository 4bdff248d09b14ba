"""Small secrets open for their purpose only, and show nothing."""

from __future__ import annotations

import pytest

from kernel.errors import ConfigurationError
from kernel.keys.errors import SealBrokenError
from kernel.keys.root import FileRootKey, root_key
from kernel.keys.small import open_secret, seal_secret


def test_a_secret_opens_for_its_purpose():
    sealed = seal_secret("tenants.totp:1", b"JBSWY3DPEHPK3PXP")
    assert b"JBSW" not in sealed
    assert open_secret("tenants.totp:1", sealed) == b"JBSWY3DPEHPK3PXP"


def test_another_purpose_does_not_open_it():
    sealed = seal_secret("tenants.totp:1", b"seed")
    with pytest.raises(SealBrokenError):
        open_secret("tenants.totp:2", sealed)


@pytest.mark.parametrize("position", [4, 20, -1])
def test_a_changed_byte_is_found(position):
    sealed = bytearray(seal_secret("p", b"seed"))
    sealed[position] ^= 1
    with pytest.raises(SealBrokenError):
        open_secret("p", bytes(sealed))


def test_two_seals_of_one_secret_differ():
    assert seal_secret("p", b"seed") != seal_secret("p", b"seed")


def test_another_root_key_does_not_open_it(tmp_path):
    (tmp_path / "root.hex").write_text("ab" * 32)
    other = FileRootKey(tmp_path / "root.hex")
    wrapped = other.wrap(b"secret", b"context")
    with pytest.raises(SealBrokenError):
        root_key().unwrap(wrapped, b"context")
    assert other.unwrap(wrapped, b"context") == b"secret"


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "ab" * 33])
def test_a_wrong_key_file_says_so_without_its_content(tmp_path, content):
    (tmp_path / "root.hex").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        FileRootKey(tmp_path / "root.hex")
    assert "ROOT_KEY_FILE" in str(caught.value)
    assert not content or content not in str(caught.value)


def test_repr_shows_no_key(tmp_path):
    (tmp_path / "root.hex").write_text("ab" * 32)
    assert "abab" not in repr(FileRootKey(tmp_path / "root.hex"))
