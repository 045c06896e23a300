"""What can go wrong between the server, the machine it runs on, and its peers."""

from __future__ import annotations

from ..core import Busy, CosyVoxError, OutOfMemory, RequestError, TextError, VoiceError

_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (Busy, "busy"),
    (OutOfMemory, "out-of-memory"),
    (TextError, "text"),
    (VoiceError, "voice"),
    (RequestError, "request"),
)


class ServerError(CosyVoxError):
    """The server cannot be run as it was told to."""


class Refused(CosyVoxError):
    """A request that the server does not take. code: what a program is told."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class PeerError(Refused):
    """What a peer sent is not Wyoming, or more than is taken."""


def code_of(error: BaseException) -> str:
    """What an `error` event calls it."""
    if isinstance(error, Refused):
        return error.code
    return next((code for kind, code in _CODES if isinstance(error, kind)), "failed")
