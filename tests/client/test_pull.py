"""The customer's client against a server that misbehaves. The real server is met in the browser tests and the demonstration."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fiducial_client import Client, ClientError, pull, verify_folder
from fiducial_client.cli import main

MANIFEST = b"fiducial-dataset-manifest/1\n{}"
FILES = {"manifest.json": MANIFEST, "train/case-1/labels_01.nii.gz": bytes(range(256)) * 5000, "labels.json": b"{}\n"}


class Server:
    """Answers as the platform does; tests bend what it says."""

    def __init__(self) -> None:
        self.files = dict(FILES)
        sums = "".join(f"{hashlib.sha256(c).hexdigest()}  {p}\n" for p, c in sorted(FILES.items()))
        self.files["SHA256SUMS"] = sums.encode()
        self.served: list[tuple[str, int]] = []
        self.cut_once: set[str] = set()
        self.key = Ed25519PrivateKey.generate()
        self.page: dict[str, Any] = {
            "dataset": "nodules",
            "name": "2026.1",
            "terms": "Research use.",
            "version_digest": hashlib.sha256(MANIFEST).hexdigest(),
            "public_key": base64.b64encode(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode(),
        }
        plain = {k: v for k, v in (("dataset", "nodules"), ("release", "2026.1"), ("terms", "Research use."),
                                   ("version", self.page["version_digest"]))}  # fmt: skip
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
        self.page["signature"] = base64.b64encode(self.key.sign(b"fiducial-release/1\n" + text.encode())).decode()
        self.rename: dict[str, str] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/2026.1"):
            return httpx.Response(200, json=self.page)
        if path.endswith("/artifacts"):
            rows = [
                {
                    "id": p,
                    "format": "nifti",
                    "path": self.rename.get(p, p),
                    "sha256": hashlib.sha256(c).hexdigest(),
                    "size": len(c),
                }
                for p, c in self.files.items()
            ]
            return httpx.Response(200, json={"results": rows, "next": None})
        if "/artifacts/" in path:
            return self._content(request, path.removeprefix("/api/v1/artifacts/").removesuffix("/content"))
        problem = {"code": "not-found", "detail": "There is nothing here", "remedy": "Check the address."}
        return httpx.Response(404, json=problem)

    def _content(self, request: httpx.Request, name: str) -> httpx.Response:
        offset = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        content = self.files[name][offset:]
        self.served.append((name, offset))
        if name in self.cut_once:
            self.cut_once.discard(name)
            return httpx.Response(200, stream=Cut(content[: len(content) // 2]))
        return httpx.Response(206 if offset else 200, content=content)


class Cut(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Any:
        yield self.content
        raise httpx.ReadError("connection lost")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("time.sleep", lambda _: None)
    made = Client("https://labels.test", "fid_x")
    made._http = httpx.Client(base_url="https://labels.test", transport=httpx.MockTransport(server))
    return made


def test_every_file_comes_whole_and_a_second_pull_fetches_nothing(
    server: Server, client: Client, tmp_path: Path
) -> None:
    first = pull(client, "nodules@2026.1", tmp_path)
    assert (first.files, first.already_there) == (4, 0)
    assert all((tmp_path / p).read_bytes() == c for p, c in server.files.items())
    served = len(server.served)
    assert pull(client, "nodules@2026.1", tmp_path).already_there == 4
    assert len(server.served) == served
    assert verify_folder(tmp_path) == []


def test_a_cut_transfer_goes_on_where_it_stopped(server: Server, client: Client, tmp_path: Path) -> None:
    name = "train/case-1/labels_01.nii.gz"
    server.cut_once.add(name)
    pull(client, "nodules@2026.1", tmp_path, jobs=1)
    offsets = [offset for served, offset in server.served if served == name]
    assert offsets == [0, 640000]
    assert (tmp_path / name).read_bytes() == FILES[name]


def test_a_file_changed_on_disk_is_found_and_mended(server: Server, client: Client, tmp_path: Path) -> None:
    pull(client, "nodules@2026.1", tmp_path)
    (tmp_path / "labels.json").write_bytes(b"{]\n")
    (tmp_path / "train/case-1/labels_01.nii.gz").unlink()
    assert verify_folder(tmp_path) == ["labels.json: changed", "train/case-1/labels_01.nii.gz: missing"]
    assert main(["verify", str(tmp_path)]) == 1
    assert pull(client, "nodules@2026.1", tmp_path).already_there == 2
    assert main(["verify", str(tmp_path)]) == 0


def test_changed_bytes_are_not_kept(server: Server, client: Client, tmp_path: Path) -> None:
    good = server.files["labels.json"]
    original = server._content
    server._content = lambda request, name: (  # type: ignore[method-assign]  # the line is tampered with
        httpx.Response(200, content=b"!" * len(good)) if name == "labels.json" else original(request, name)
    )
    with pytest.raises(ClientError) as caught:
        pull(client, "nodules@2026.1", tmp_path)
    assert caught.value.code == "digest-differs"
    assert not (tmp_path / "labels.json").exists()


@pytest.mark.parametrize("field", ["terms", "version_digest", "signature", "public_key"])
def test_a_release_that_says_other_than_was_signed_is_refused(
    server: Server, client: Client, tmp_path: Path, field: str
) -> None:
    changed = {"terms": "Anything.", "version_digest": "0" * 64, "signature": base64.b64encode(bytes(64)).decode()}
    changed["public_key"] = base64.b64encode(bytes(31) + b"\x01").decode()
    server.page[field] = changed[field]
    with pytest.raises(ClientError) as caught:
        pull(client, "nodules@2026.1", tmp_path)
    assert caught.value.code == "bad-signature"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["../outside", "/etc/outside", "a/../../outside"])
def test_a_file_cannot_lie_outside_the_folder(server: Server, client: Client, tmp_path: Path, path: str) -> None:
    server.rename["labels.json"] = path
    with pytest.raises(ClientError) as caught:
        pull(client, "nodules@2026.1", tmp_path / "in")
    assert caught.value.code == "unsafe-path"
    assert not (tmp_path / "outside").exists()


def test_what_is_not_granted_is_said_in_words(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ClientError) as caught:
        pull(client, "nodules@other", tmp_path)
    assert (caught.value.code, caught.value.remedy) == ("not-found", "Check the address.")
    with pytest.raises(ClientError):
        pull(client, "no-at-sign", tmp_path)


def test_without_an_address_the_command_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FIDUCIAL_SERVER", "FIDUCIAL_TOKEN", "FIDUCIAL_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert main(["releases"]) == 1
    assert "FIDUCIAL_SERVER" in capsys.readouterr().err
