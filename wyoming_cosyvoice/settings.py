"""Every setting of the server, once: a field here is a flag, a variable and a key of the settings file.

`first_name` is `--first-name`, `COSYVOX_FIRST_NAME` and `first_name:`. A flag wins over a variable, a variable over
the file, the file over the default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KIB, MIB = 1 << 10, 1 << 20


def _setting(
    default: Any,
    group: str,
    text: str,
    *,
    metavar: str = "",
    choices: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A field with what `--help` and the checks say of it."""
    about = {"group": group, "help": text, "metavar": metavar, "choices": choices, "least": least, "most": most}
    return field(default=default, metadata=about)


@dataclass(frozen=True)
class Settings:
    """What the server is told. None: not set. Seconds are floats, sizes are bytes."""

    uri: str = _setting(
        "tcp://localhost:10200",
        "where it listens",
        "tcp://HOST:PORT (tcp://:10200 is every address of this machine, IPv4 and IPv6), unix:///PATH, or stdio://",
        metavar="URI",
    )
    zeroconf: bool = _setting(True, "where it listens", "be found by Home Assistant on this network (tcp only)")
    zeroconf_name: str | None = _setting(None, "where it listens", "the name it is found by", metavar="NAME")
    zeroconf_host: str | None = _setting(
        None,
        "where it listens",
        "the address it is found at: needed in a container whose own address nobody reaches",
        metavar="ADDRESS",
    )
    http_port: int | None = _setting(
        None, "where it listens", "serve GET /healthz and /metrics here", metavar="PORT", least=0, most=65535
    )
    http_host: str = _setting("127.0.0.1", "where it listens", "address of that port", metavar="ADDRESS")

    model: str | None = _setting(
        None, "what speaks", 'model folder or name, "embedded" for the small English one', metavar="DIR|NAME"
    )
    device: str = _setting("auto", "what speaks", "where it computes", choices=("auto", "cpu", "cuda"))
    dtype: str = _setting("auto", "what speaks", "what it computes in", choices=("auto", "float32", "bfloat16"))
    download: bool = _setting(False, "what speaks", "fetch the model named by --model if it is not here")
    flow_steps: int | None = _setting(
        None, "what speaks", "fewer are faster and coarser", metavar="N", least=1, most=100
    )
    guidance: bool = _setting(True, "what speaks", "off: faster, and further from the voice")
    int8: bool = _setting(False, "what speaks", "language model in 8 bits on a CPU: faster, not exact")
    slots: int | None = _setting(
        None, "what speaks", "requests that are spoken side by side (4 on a CPU, 16 elsewhere)", metavar="N", least=1
    )
    queue: int = _setting(
        64, "what speaks", "requests that may wait; one more is refused as busy", metavar="N", least=1
    )
    fallback: bool = _setting(
        True, "what speaks", "while the model loads or fails, the embedded voice answers; off: such requests fail"
    )
    wait_for_model: float = _setting(
        0.0, "what speaks", "how long a request waits for a model that is loading", metavar="SECONDS", least=0, most=600
    )
    retry_seconds: float = _setting(
        60.0, "what speaks", "until a model that could not be loaded is tried again", metavar="SECONDS", least=1
    )
    idle_unload: float = _setting(
        0.0,
        "what speaks",
        "minutes without a request after which the model is unloaded (0: never)",
        metavar="MINUTES",
        least=0,
    )

    voices: str | None = _setting(
        None, "voices", "folder of voices (default: the one that `cosyvox voices` uses)", metavar="DIR"
    )
    default_voice: str | None = _setting(None, "voices", "who speaks when nobody is named; listed first", metavar="ID")
    language: str | None = _setting(
        None, "voices", "of texts whose client names none (default: told sentence by sentence)", metavar="TAG"
    )
    speed: float = _setting(1.0, "voices", "pace of every voice", metavar="X", least=0.5, most=2.0)
    gain_db: float = _setting(0.0, "voices", "added loudness, in dB", metavar="DB", least=-40, most=40)
    equal_loudness: bool = _setting(True, "voices", "all voices equally loud")
    styles: str | None = _setting(
        None, "voices", "file of styles: name and instruction (default: emotions, whisper, dialects)", metavar="FILE"
    )
    replacements: str | None = _setting(None, "voices", "file of words and how they are said", metavar="FILE")

    pause_seconds: float = _setting(
        0.5, "while it speaks", "without new text, after which a held sentence is spoken", metavar="SECONDS", least=0.05
    )
    text_idle_seconds: float = _setting(
        20.0,
        "while it speaks",
        "without new text, after which a stream of text is taken to be over",
        metavar="SECONDS",
        least=0.1,
    )
    keep_alive: bool = _setting(
        False, "while it speaks", "send silence while the text pauses, so that a player never runs dry"
    )
    stop_seconds: float = _setting(
        8.0,
        "while it speaks",
        "that what is being said may take to end when the server is stopped",
        metavar="SECONDS",
        least=0,
    )

    max_connections: int = _setting(256, "limits", "at once; one more is refused as busy", metavar="N", least=1)
    max_text: int = _setting(100_000, "limits", "characters of one request", metavar="N", least=1)
    max_header: int = _setting(64 * KIB, "limits", "of an event's first line", metavar="BYTES", least=256)
    max_data: int = _setting(MIB, "limits", "of an event's data", metavar="BYTES", least=256)
    max_payload: int = _setting(MIB, "limits", "of an event's payload", metavar="BYTES", least=0)
    event_seconds: float = _setting(
        30.0, "limits", "that a peer may take from an event's first byte to its last", metavar="SECONDS", least=0.1
    )
    idle_seconds: float = _setting(
        600.0,
        "limits",
        "without an event, after which a connection that speaks nothing is closed",
        metavar="SECONDS",
        least=0.1,
    )
    write_seconds: float = _setting(
        60.0, "limits", "that a peer may take to read what was sent", metavar="SECONDS", least=0.1
    )

    log_level: str = _setting(
        "info",
        "what it tells",
        "the text of requests is told at debug only",
        choices=("debug", "info", "warning", "error"),
    )
    log_format: str = _setting("text", "what it tells", "lines for people or for machines", choices=("text", "json"))
