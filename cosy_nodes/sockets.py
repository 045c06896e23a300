"""The types that travel between our nodes, and the inputs that several of them have.

Saved graphs hold widgets by their place. So whatever a node can do without is optional, in this order for ever: new
inputs are appended behind the last one.
"""

from __future__ import annotations

from comfy_api.latest import io

from .. import core

CATEGORY = "CosyVox"
AUTO, NONE = "auto", "none"
MOST_VOICES = 16
LARGEST_SEED = 0xFFFF_FFFF_FFFF_FFFF

Model = io.Custom("COSYVOX_MODEL")
Voice = io.Custom("COSYVOX_VOICE")
Subtitles = io.Custom("COSYVOX_SUBTITLES")


def model() -> io.Input:
    return Model.Input("model", tooltip="From CosyVox Load Model.")


def voice(tooltip: str, *, optional: bool = True) -> io.Input:
    """A voice, or a recording that is cloned as it comes."""
    return io.MultiType.Input("voice", types=[Voice, io.Audio], optional=optional, tooltip=tooltip)


def language() -> io.Input:
    return io.Combo.Input(
        "language",
        options=[AUTO, *core.LANGUAGES],
        default=AUTO,
        optional=True,
        advanced=True,
        tooltip="What the text is written in; it decides how numbers are read. auto tells it sentence by sentence.",
    )


def speed() -> io.Input:
    return io.Float.Input(
        "speed", default=1.0, min=0.5, max=2.0, step=0.05, optional=True, tooltip="1 is the voice's own pace."
    )


def seed() -> io.Input:
    return io.Int.Input(
        "seed",
        default=0,
        min=0,
        max=LARGEST_SEED,
        control_after_generate=io.ControlAfterGenerate.fixed,
        optional=True,
        tooltip="The same seed, text, voice and settings give the same audio.",
    )


def voices() -> io.Input:
    names = [f"voice{number}" for number in range(1, MOST_VOICES + 1)]
    return io.Autogrow.Input(
        "voices",
        template=io.Autogrow.TemplateNames(Voice.Input("voice", optional=True), names=names, min=0),
        optional=True,
        tooltip="One for each speaker. A voice whose name is a speaker's is theirs; the others are given out in order.",
    )


def cast() -> io.Input:
    return io.String.Input(
        "cast",
        default="",
        multiline=True,
        dynamic_prompts=False,
        optional=True,
        placeholder='Alice = voice1 speed=0.9 seed=4 gain=-2 instruct="…"\nBob = james',
        tooltip="One line for a speaker: name = a linked voice (voice1) or one of the library, and settings.",
    )
