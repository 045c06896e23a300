"""What every chunk of a stream costs, as a picture."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from statistics import median

from at_once import Round


def require_matplotlib() -> None:
    try:
        import matplotlib

        matplotlib.use("Agg")
    except ImportError:
        raise SystemExit("--plot draws with matplotlib: pip install matplotlib, or leave --plot out") from None


def draw(path: Path, systems: dict[str, list[Round]], machine: str) -> None:
    """Seconds of flow and of vocoder per second of audio in each chunk, over the place of the chunk in the audio.

    So the area under a chunk is what it cost, however long it is.
    """
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4), sharex=True)
    for axis, stage in zip(axes, ("flow", "vocoder"), strict=True):
        for name, rounds in systems.items():
            if any(done.failed for done in rounds):
                continue
            ends = [0.0, *(chunk.until for chunk in rounds[0].chunks)]
            costs = [
                median(getattr(done.chunks[index], stage) for done in rounds) / (stop - start)
                for index, (start, stop) in enumerate(pairwise(ends))
            ]
            axis.stairs(costs, ends, baseline=None, label=name)
        axis.set_title(stage)
        axis.set_xlabel("s of audio")
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("s of work per s of audio, in each chunk")
    axes[0].legend()
    figure.suptitle(f"{next(iter(systems.values()))[0].line:g} s in chunks: {machine}", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
