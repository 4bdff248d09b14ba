"""The connection: an address, a token, retries that are safe."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from fiducial_client.errors import ClientError

_TRIES = 5
_RETRIED = {429, 502, 503, 504}


class Client:
    """One server and one API token. A token belongs to one organisation, so no address needs to name it.

    >>> with Client("https://labels.example.org", token="fid_…") as client:
    ...     client.get("/api/v1/releases")
    """

    def __init__(self, server: str, token: str, *, timeout_s: float = 60.0) -> None:
        self.server = server.rstrip("/")
        self._http = httpx.Client(
            base_url=self.server,
            headers={"Authorization": f"Bearer {token}", "User-Agent": "fiducial-client/0.1"},
            timeout=timeout_s,
            follow_redirects=False,
        )

    @classmethod
    def from_environment(cls, server: str = "", token_file: str = "") -> Client:
        """From arguments, else FIDUCIAL_SERVER, FIDUCIAL_TOKEN or FIDUCIAL_TOKEN_FILE. Raises `ClientError`."""
        address = server or os.environ.get("FIDUCIAL_SERVER", "")
        path = token_file or os.environ.get("FIDUCIAL_TOKEN_FILE", "")
        token = Path(path).expanduser().read_text().strip() if path else os.environ.get("FIDUCIAL_TOKEN", "")
        if not address or not token:
            raise ClientError(
                "not-configured",
                "No server or token is known.",
                "Set FIDUCIAL_SERVER and FIDUCIAL_TOKEN (or FIDUCIAL_TOKEN_FILE), or give --server and --token-file.",
            )
        return cls(address, token)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """A JSON answer. Raises `ClientError` with the server's code."""
        return self.request("GET", path, params=params or None).json()

    def post(self, path: str, body: Any = None, *, idempotency_key: str = "") -> Any:
        """POST JSON; the answer's JSON, or None."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        response = self.request("POST", path, json=body, headers=headers)
        return response.json() if response.content else None

    def rows(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every row of a paged list."""
        cursor: str | None = None
        while True:
            page = self.get(path, **params, page_size=500, **({"cursor": cursor} if cursor else {}))
            yield from page["results"]
            cursor = page["next"]
            if cursor is None:
                return

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, tried again with patience when the server is away. Raises `ClientError`."""
        for attempt in range(_TRIES):
            try:
                response = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                if attempt == _TRIES - 1:
                    raise ClientError(
                        "unreachable", f"{self.server} does not answer ({type(error).__name__})."
                    ) from None
            else:
                if response.status_code not in _RETRIED or attempt == _TRIES - 1:
                    return _checked(response)
            time.sleep(min(30, 2**attempt))
        raise AssertionError("unreachable")

    def stream(self, path: str, *, offset: int) -> Any:
        """A streamed GET from `offset`; a context manager over the response."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        return self._http.stream("GET", path, headers=headers)


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code < 400:
        return response
    raise problem_of(response)


def problem_of(response: httpx.Response) -> ClientError:
    """The server's refusal as an exception."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    code = str(body.get("code", f"http-{response.status_code}"))
    return ClientError(code, str(body.get("detail", response.reason_phrase)), str(body.get("remedy", "")))
