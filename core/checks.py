"""What a loaded model can be asked for; everything else is an error that names what could be done instead."""

from __future__ import annotations

from .dtypes import DTYPES
from .errors import RequestError
from .families import FAMILIES, Family
from .job import shown
from .modes import MODES
from .request import SpeechRequest
from .text.language import LANGUAGES, all_latin, guess

_SPEEDS = (0.5, 2.0)
_GAINS = (-60.0, 40.0)
_RATES = (4_000, 192_000)


def check_request(request: SpeechRequest, family: Family) -> None:
    """Raises RequestError for what cannot be done, naming what can."""
    limits = {"speed": _SPEEDS, "gain_db": _GAINS, "sample_rate": _RATES}
    for name, (least, most) in limits.items():
        value = getattr(request, name)
        if value is not None and not least <= value <= most:
            raise RequestError(f"{name} is {value}: choose {least:g} to {most:g}")
    if request.dtype is not None and request.dtype not in DTYPES:
        raise RequestError(f"no dtype {request.dtype!r}: choose one of {', '.join(DTYPES)}")
    if request.mode is not None and request.mode not in MODES:
        raise RequestError(f"no mode {request.mode!r}: choose one of {', '.join(MODES)}")
    if request.language is not None and request.language not in LANGUAGES:
        raise RequestError(f"no language {request.language!r}: choose one of {', '.join(LANGUAGES)}, or leave it out")
    if request.voice.family != family.name:
        raise RequestError(
            f"the voice was cloned for {request.voice.family}, this model is {family.name}: clone the recording again"
        )


def check_language(text: str, language: str, family: Family) -> None:
    """Raises RequestError for what this model would only babble or leave out, naming models that can say it."""
    spoken = family.languages
    if spoken is None:
        return
    # A short sentence of another language may lie in the same segment, a name in another script in a sentence.
    guessed = guess(text, language)
    if {language, guessed} <= spoken and all_latin(text):
        return
    able = [f.name for f in FAMILIES if f is not family and (f.languages is None or guessed in f.languages)]
    raise RequestError(
        f"the model {family.name} speaks {', '.join(sorted(spoken))} only, and {shown(text)} is another "
        f"language: use {' or '.join(able)} (`cosyvox models download {able[0]}`)"
    )


def check_conversion(family: Family) -> None:
    """Raises RequestError where the model cannot take over what somebody else said."""
    if "convert" not in family.capabilities:
        able = [other.name for other in FAMILIES if "convert" in other.capabilities]
        raise RequestError(
            f"the model {family.name} cannot convert voices: use {' or '.join(able)} "
            f"(`cosyvox models download {able[0]}`)"
        )
