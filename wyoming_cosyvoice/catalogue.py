"""Which voices there are, and what clients are told of them.

Names that clients send are looked up in here and nowhere else: none of them becomes a path.
"""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker

from .. import __version__, core
from .settings import Settings
from .styles import Styles, read_styles

if TYPE_CHECKING:
    from ..core.families import Family

PROGRAM = "CosyVox"
ATTRIBUTION = Attribution(name=PROGRAM, url="https://github.com/cosyvox/cosyvox")
# What a family that speaks all languages is offered for. Bare tags: those with a region match fewer of Home
# Assistant's languages.
TAGS = ("zh", "yue", "en", "ja", "ko", "de", "es", "fr", "it", "ru")
# Their script tells these, or nothing that core does differs: an id that carries the language would change nothing.
_TOLD_BY_SCRIPT = frozenset({"zh", "ko", "ru"})
FRESH_SECONDS = 5.0
KNOWN_SECONDS = 30.0  # for who asks for a voice that was seen: a request does not wait for the disk
_MOST_TOLD = 1000  # warnings that are kept in mind: clients choose what is in them


@dataclass(frozen=True)
class Offer:
    """A voice as it is listed. name: what a client sends back. languages: bare tags. version: of its recording."""

    name: str
    description: str
    languages: tuple[str, ...]
    version: str
    speakers: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Seen:
    """What was there when somebody looked."""

    voices: dict[str, core.StoredVoice]  # by folded id
    versions: dict[str, str]  # by id
    default: str
    offers: tuple[Offer, ...]
    info: Info


class Catalogue:
    """The voices of the library and those that come with CosyVox. Safe from many threads; every method may block."""

    def __init__(
        self, settings: Settings, family: Callable[[], Family], *, log: logging.Logger, styles: Styles | None = None
    ) -> None:
        """family: of the model that is to speak. styles: None reads the settings' file.

        Raises StorageError where this user has no folder for voices.
        """
        self.settings, self._family, self._log = settings, family, log
        self.styles = self._read_styles() if styles is None else styles
        self._store = core.VoiceStore(settings.voices, presets=True)
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._looked = -FRESH_SECONDS
        self._seen: _Seen | None = None
        self._told: set[str] = set()

    def info(self) -> Info:
        """What Describe is answered with; the same object while nothing has changed."""
        return self._look().info

    def offers(self) -> tuple[Offer, ...]:
        """Every voice as it is listed."""
        return self._look().offers

    def find(self, name: str) -> core.StoredVoice | None:
        """The voice of this name, in any case; None if there is none."""
        voice = self._look(KNOWN_SECONDS).voices.get(folded(name))
        return voice or self._look().voices.get(folded(name))

    def ids(self) -> tuple[str, ...]:
        """All voices, the default one first."""
        seen = self._look()
        return tuple(sorted(seen.versions, key=lambda id: (id != seen.default, id)))

    def version(self, id: str) -> str:
        """Differs when the recording or its words do."""
        return self._look(KNOWN_SECONDS).versions.get(id, "")

    @property
    def default(self) -> str:
        """The id of the voice that speaks when none is named."""
        return self._look(KNOWN_SECONDS).default

    @property
    def follows_styles(self) -> bool:
        """Whether the model that is to speak follows instructions; where it does not, the log is told."""
        family = self._family()
        if "instruct" in family.capabilities:
            return True
        self.warn(f"{family.name} follows no instructions: styles are left out")
        return False

    def warn(self, message: str) -> None:
        """Tell the log, once."""
        with self._lock:
            known = message in self._told
            if len(self._told) >= _MOST_TOLD:
                self._told.clear()
            self._told.add(message)
        if not known:
            self._log.warning(message)

    def _look(self, age: float = FRESH_SECONDS) -> _Seen:
        """What is there, or was within `age` seconds: while somebody looks, the others do not wait for the disk."""
        seen = self._seen
        if seen is not None:
            if time.monotonic() - self._looked < age or not self._looking.acquire(blocking=False):
                return seen
        else:
            self._looking.acquire()
        try:
            if self._seen is None or time.monotonic() - self._looked >= age:
                self._keep(self._read())
                self._looked = time.monotonic()
        finally:
            self._looking.release()
        assert self._seen is not None
        return self._seen

    def _keep(self, seen: _Seen) -> None:
        """The same Info object while it says the same, so that whoever sends it sees that at once."""
        before = self._seen
        self._seen = replace(seen, info=before.info) if before and before.offers == seen.offers else seen

    def _read(self) -> _Seen:
        try:
            found, problems = self._store.list(), self._store.problems()
        except core.StorageError as error:
            self.warn(f"{error}; the voices that come with {PROGRAM} are offered")
            found, problems = self._store.presets(), {}
        for name, problem in problems.items():
            self.warn(f"the voice {name!r} is left out: {problem}")
        family = self._family().name
        voices = {folded(voice.id): voice for voice in found if voice.recording is not None or voice.family == family}
        return self._describe(voices, {voice.id: _version(voice) for voice in voices.values()})

    def _describe(self, voices: dict[str, core.StoredVoice], versions: dict[str, str]) -> _Seen:
        default = self._default(voices)
        listed = (
            offer
            for voice in voices.values()
            for offer in self._offers(voice.id, versions[voice.id], default)
            # A voice may be called as another one in some style would be.
            if offer.name == voice.id or folded(offer.name) not in voices
        )
        offers = tuple(sorted(listed, key=lambda offer: (offer.description, offer.name)))
        return _Seen(voices, versions, default, offers, _info(offers))

    def _default(self, voices: dict[str, core.StoredVoice]) -> str:
        named = self.settings.default_voice
        if named and folded(named) in voices:
            return voices[folded(named)].id
        if named:
            self.warn(f"there is no voice {named[:64]!r} to be the default: {core.DEFAULT_VOICE} is")
        preset = voices.get(folded(core.DEFAULT_VOICE))
        return preset.id if preset else next((voice.id for voice in voices.values()), core.DEFAULT_VOICE)

    def _offers(self, id: str, version: str, default: str) -> list[Offer]:
        """One voice under all names that are worth a place in a list; see `order` for what else is understood."""
        family, label = self._family(), id[:1].upper() + id[1:]
        tags = TAGS if family.languages is None else tuple(sorted(family.languages))
        carried = tuple(tag for tag in tags if tag in self._carried(tags))
        styles = self.styles.offered if "instruct" in family.capabilities else ()
        # Home Assistant takes the first of a sorted list: nothing sorts before a space, and no id begins with one.
        first = f" {label}" if id == default else label
        speakers = tuple(style.name for style in styles)
        offers = [Offer(id, first, tuple(tag for tag in tags if tag not in carried), version, speakers)]
        offers += [Offer(f"{id}@{tag}", first, (tag,), version, speakers) for tag in carried]
        for style in styles:
            languages = tuple(tag for tag in tags if style.languages is None or tag in style.languages)
            if languages:
                offers.append(Offer(f"{id} ({style.name})", f"{label} ({style.name})", languages, version))
        return offers

    def _carried(self, tags: tuple[str, ...]) -> frozenset[str]:
        """Languages that have an id of their own: those that a voice's plain name would not be sure to read."""
        usual = (self.settings.language or "en").partition("-")[0].casefold()
        return frozenset(tags) - _TOLD_BY_SCRIPT - {usual} if len(tags) > 1 else frozenset()

    def _read_styles(self) -> Styles:
        try:
            return read_styles(self.settings.styles)
        except core.CosyVoxError as error:
            self._log.warning("%s; the styles that come with %s are used", error, PROGRAM)
            return Styles()


def folded(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def _version(voice: core.StoredVoice) -> str:
    """Of the recording and its words, without listening to it."""
    try:
        state = (voice.recording or voice.path).stat()
    except OSError:  # it was removed a moment ago
        return ""
    # A digest goes with the voice wherever it is copied; the time of a file does not.
    mark = voice.digest or str(state.st_mtime_ns)
    return sha256(f"{mark} {state.st_size}\n{voice.transcript}".encode()).hexdigest()[:12]


def _info(offers: tuple[Offer, ...]) -> Info:
    voices = [
        TtsVoice(
            name=offer.name,
            attribution=ATTRIBUTION,
            installed=True,
            description=offer.description,
            version=offer.version,
            languages=list(offer.languages),
            speakers=[TtsVoiceSpeaker(name=name) for name in offer.speakers] or None,
        )
        for offer in offers
    ]
    program = TtsProgram(
        name=PROGRAM,
        attribution=ATTRIBUTION,
        installed=True,
        description="CosyVoice speech, of voices of your own",
        version=__version__,
        voices=voices,
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])
