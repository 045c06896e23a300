"""The recipe, stage by stage: `python -m cosyvox.train [STAGE …]`, or `make train`. See README.md."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from ..core.errors import CosyVoxError
from ..core.families.embedded import EMBEDDED
from ..core.lm.speech_lm import SpeechLM
from ..core.storage import remove_folder
from ..core.text.phones import SPELLING, PhoneTokenizer
from ..core.vocoder.hift import HiFT
from .config import FLOW, VOCODER, language_model
from .corpus import Corpus, Line, lines, make_corpus
from .export import export
from .flite import FliteMissing, Speaker
from .flow import hear, train_flow
from .language_model import train_language_model
from .presets import make_presets
from .recognise import RecogniserMissing
from .speaker_encoder import SpeakerEncoder, train_speaker_encoder
from .speech_corpus import entropy, speech_corpus
from .speech_tokenizer import SpeechTokenizer, examine, train_tokenizer
from .spelling import make_spelling
from .texts import sentences
from .vocoder import train_vocoder

_logger = logging.getLogger(__name__)
_SEED = 1


@dataclass(frozen=True)
class Plan:
    """How much of everything. Hours of speech, steps and batches of training."""

    acoustic_hours: float
    token_hours: float
    tokenizer: int
    speaker: int
    vocoder: int
    flow: int
    lm: int
    batch: int
    positions: int  # of a batch of the language model
    words: tuple[str, ...] | None = None  # to learn spelling from, instead of the whole dictionary


PLANS = {
    "full": Plan(4, 18, 5000, 1200, 1500, 12_000, 11_000, 16, 3000),
    "smoke": Plan(0.02, 0.005, 4, 4, 2, 4, 4, 2, 600, ("turn", "off", "the", "kitchen", "light")),
}


class Recipe:
    """Every stage in turn; what an earlier run finished is taken from its files in `folder`."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan

    @cached_property
    def corpus(self) -> Corpus:
        """Audio for everything that hears or makes sound."""
        return make_corpus(self.folder / "acoustic", lines(sentences(_SEED), _SEED), self.plan.acoustic_hours)

    @cached_property
    def unseen(self) -> Corpus:
        """awb, of whom nothing is learnt."""
        todo = (Line(text, Speaker("awb"), 1.0) for text in sentences(_SEED + 1))
        return make_corpus(self.folder / "unseen", todo, min(0.1, self.plan.acoustic_hours))

    @cached_property
    def tokenizer(self) -> SpeechTokenizer:
        trained = train_tokenizer(
            self.corpus, self._state("tokenizer"), steps=self.plan.tokenizer, batch=self.plan.batch, seed=_SEED
        )
        _logger.info("tokenizer: %.1f %% of awb's phones right", 100 * examine(trained, self.unseen))
        return trained

    @cached_property
    def speaker(self) -> SpeakerEncoder:
        return train_speaker_encoder(
            self.corpus, self._state("speaker"), steps=self.plan.speaker, batch=2 * self.plan.batch, seed=_SEED
        )

    @cached_property
    def vocoder(self) -> HiFT:
        return train_vocoder(
            VOCODER, self.corpus, self._state("vocoder"), steps=self.plan.vocoder, batch=8, seed=_SEED
        ).eval()

    @cached_property
    def flow(self) -> torch.nn.Module:
        hearing = hear(self.corpus, self.tokenizer, self.speaker, self._state("heard"))
        return train_flow(
            FLOW, self.corpus, hearing, self._state("flow"), steps=self.plan.flow, batch=self.plan.batch, seed=_SEED
        )

    @cached_property
    def text_tokenizer(self) -> PhoneTokenizer:
        make_spelling(EMBEDDED.path(self.folder, "tokenizer") / SPELLING, self.plan.words)
        return PhoneTokenizer(EMBEDDED.path(self.folder, "tokenizer"), EMBEDDED.control_tokens)

    @cached_property
    def lm(self) -> SpeechLM:
        todo: Iterator[Line] = lines(sentences(_SEED + 3), _SEED + 3)
        spoken = speech_corpus(self.folder / "speech.jsonl", todo, self.plan.token_hours, self.tokenizer)
        config = language_model(self.text_tokenizer.vocab_size)
        _logger.info("speech tokens: %.2f bits each", entropy(spoken, config.speech_vocab))
        return train_language_model(
            config,
            self.text_tokenizer,
            spoken,
            self._state("lm"),
            steps=self.plan.lm,
            positions=self.plan.positions,
            seed=_SEED,
        )

    @cached_property
    def export(self) -> Path:
        """The model, once all of it is trained."""
        target = self.folder / "model"
        if target.exists():
            remove_folder(target)
        stages = {"lm": self.lm, "flow": self.flow, "vocoder": self.vocoder}
        export(target, self.folder, self.text_tokenizer.vocab_size, stages, self.tokenizer, self.speaker)
        _logger.info("model: %s", target)
        return target

    @cached_property
    def voices(self) -> Path:
        """The recordings that come with the model."""
        target = self.folder / "voices"
        if not target.exists():
            make_presets(target)
        return target

    def _state(self, name: str) -> Path:
        return self.folder / f"{name}.pt"


STAGES: dict[str, Callable[[Recipe], object]] = {
    "corpus": lambda recipe: recipe.corpus,
    "tokenizer": lambda recipe: recipe.tokenizer,
    "speaker": lambda recipe: recipe.speaker,
    "vocoder": lambda recipe: recipe.vocoder,
    "flow": lambda recipe: recipe.flow,
    "lm": lambda recipe: recipe.lm,
    "export": lambda recipe: recipe.export,
    "voices": lambda recipe: recipe.voices,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cosyvox.train", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"{', '.join(STAGES)}; all of them if none is given")
    parser.add_argument("--plan", choices=PLANS, default="full", help="smoke: a minute, to see that it runs")
    parser.add_argument("--folder", type=Path, help="where everything is kept; build/train/PLAN if not given")
    args = parser.parse_args()
    unknown = sorted(set(args.stages) - STAGES.keys())
    if unknown:
        parser.error(f"there is no stage {unknown[0]!r}; stages: {', '.join(STAGES)}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    recipe = Recipe(args.folder or Path("build/train") / args.plan, PLANS[args.plan])
    try:
        for name, stage in STAGES.items():
            if not args.stages or name in args.stages:
                stage(recipe)
    except (FliteMissing, RecogniserMissing, CosyVoxError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped: the same command goes on where it was", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
