"""What comes with CosyVox: four voices for any model, and a small English model, so that it speaks without a download.

How both are made is in `train/`.
"""

from pathlib import Path

MODEL = Path(__file__).with_name("model")
VOICES = Path(__file__).with_name("voices")
DEFAULT_VOICE = "emma"
