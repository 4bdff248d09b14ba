"""What the client refuses, with what to do."""

from __future__ import annotations


class ClientError(Exception):
    """`code` is the server's stable code, or one of the client's own; `remedy` says what to do."""

    def __init__(self, code: str, detail: str, remedy: str = "") -> None:
        self.code = code
        self.detail = detail
        self.remedy = remedy
        super().__init__(f"{detail}{' ' + remedy if remedy else ''}")
