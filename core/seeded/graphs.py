"""Stand-ins for the published ONNX files: their inputs and outputs, a few thousand seeded weights inside.

Like the published networks they hear: their results follow the audio, and mean nothing.
"""

from __future__ import annotations

import numpy as np

from .onnx_writer import Node, Value, onnx_model
from .weights import seeded_tensor, uniform

WHISPER_BINS, FBANK_BINS = 128, 80
DIGITS = 8  # of a speech token, in base 3
X_VECTOR = 192
_HIDDEN = 64


def speech_tokenizer() -> bytes:
    """`speech_tokenizer_v2.onnx`: whisper log-mel to one id below 3**8 per 40 ms.

    feats [1, 128, T] float32 at 100 frames a second, feats_length [1] int32 -> indices [1, ceil(T / 4)] int32.
    Two strided convolutions, then finite scalar quantisation (arXiv:2412.10117, equation 2) to eight digits.
    """
    nodes = [
        Node("Cast", ["feats_length"], "length", {"to": 7}),
        Node("Slice", ["feats", "zero", "length", "time"], "heard"),
        Node("Conv", ["heard", "narrow", "level"], "halved", {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
        Node("Conv", ["halved", "mix"], "quartered", {"kernel_shape": [3], "strides": [2], "pads": [1, 1]}),
        Node("Tanh", ["quartered"], "bounded"),
        Node("Round", ["bounded"], "digits"),
        Node("Conv", ["digits", "powers", "middle"], "number", {"kernel_shape": [1]}),
        Node("Squeeze", ["number"], "ids", {"axes": [1]}),
        Node("Cast", ["ids"], "indices", {"to": 6}),
    ]
    powers = 3.0 ** np.arange(DIGITS)
    constants = {
        "zero": np.array([0]),
        "time": np.array([2]),
        "narrow": 4 * seeded_tensor("speech_tokenizer.narrow.weight", (DIGITS, WHISPER_BINS, 3)),
        "level": uniform("speech_tokenizer.level", DIGITS),
        "mix": 2 * seeded_tensor("speech_tokenizer.mix.weight", (DIGITS, DIGITS, 3)),
        "powers": powers.astype(np.float32).reshape(1, DIGITS, 1),
        "middle": powers.sum(keepdims=True).astype(np.float32),
    }
    inputs = [Value("feats", "float32", (1, WHISPER_BINS, "T")), Value("feats_length", "int32", (1,))]
    return onnx_model("speech_tokenizer", inputs, Value("indices", "int32", (1, "N")), nodes, constants)


def speaker_encoder() -> bytes:
    """`campplus.onnx`: Kaldi filter banks, less their mean over time, to an x-vector.

    input [1, T, 80] float32 -> output [1, 192] float32. The mean over time of what a few directions of the
    spectrum rise to, projected.
    """
    nodes = [
        Node("MatMul", ["input", "directions"], "projected"),
        Node("Relu", ["projected"], "raised"),
        Node("ReduceMean", ["raised"], "mean", {"axes": [1], "keepdims": 0}),
        Node("MatMul", ["mean", "spread"], "output"),
    ]
    constants = {
        "directions": seeded_tensor("speaker_encoder.directions.weight", (_HIDDEN, FBANK_BINS)).T.copy(),
        "spread": seeded_tensor("speaker_encoder.spread.weight", (X_VECTOR, _HIDDEN)).T.copy(),
    }
    inputs = [Value("input", "float32", (1, "T", FBANK_BINS))]
    return onnx_model("speaker_encoder", inputs, Value("output", "float32", (1, X_VECTOR)), nodes, constants)
