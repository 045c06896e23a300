"""Every error a user can meet. Each message says what happened and what to do about it."""

import traceback


class CosyVoxError(Exception):
    """Base of all errors that are the caller's to handle; the command line prints them as one line."""


class ModelNotFound(CosyVoxError):
    """No model folder where one was named, or nothing that looks like a model in it."""


class ConfigError(CosyVoxError):
    """A model folder's configuration cannot be read, is unsafe, or describes another family."""


class CheckpointError(CosyVoxError):
    """Weights that do not fit the model: a key is missing, extra or misshapen, or a file is damaged."""


class AudioError(CosyVoxError):
    """A recording that cannot be used: unreadable, silent, too short, too long, not finite."""


class VoiceError(CosyVoxError):
    """A voice that is not in the store, is damaged there, or has a name that no file should have."""


class TextError(CosyVoxError):
    """Nothing in the text can be spoken, or a tag in it says what cannot be done."""


class SubtitleError(CosyVoxError):
    """Subtitles that cannot be read or moved as asked; the message names the line and what is expected there."""


class RequestError(CosyVoxError):
    """A request that the loaded model cannot fulfil; the message names what could."""


class StorageError(CosyVoxError):
    """A file could not be written: no space, no permission, or it exists already."""


class OutOfMemory(CosyVoxError):
    """The device ran out of memory; the engine stays usable."""


class Busy(CosyVoxError):
    """As many requests are waiting as may wait; the same request may succeed in a moment."""


class DownloadError(CosyVoxError):
    """A model could not be fetched; the message says why and how to place it by hand."""


class Cancelled(CosyVoxError):
    """The caller asked to stop."""


def readable(error: BaseException, device: object) -> BaseException:
    """The error of a computation as a user can do something about it: running out of memory has many faces.

    What the failed computation still holds is freed, though the error may be kept.
    """
    traceback.clear_frames(error.__traceback__)
    exhausted = (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"  # torch's, and whatever else is called so
        or (isinstance(error, RuntimeError) and "not enough memory" in str(error))
    )
    if not exhausted:
        return error
    advice = OutOfMemory(f"{device} ran out of memory: speak shorter sentences, use a shorter prompt, or the CPU")
    advice.__cause__ = error
    return advice
