"""The node that loads a model."""

from __future__ import annotations

from comfy_api.latest import io

from .. import core
from . import comfy, sockets
from .handle import handle
from .models import model_folder, model_names
from .sockets import AUTO, CATEGORY


class CosyVoxLoadModel(io.ComfyNode):
    """A model's folder -> a handle that ComfyUI may load, unload and load again."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CosyVoxLoadModel",
            display_name="CosyVox Load Model",
            category=CATEGORY,
            description="Loads a CosyVoice model. “embedded” comes with CosyVox and speaks English without a download.",
            search_aliases=["cosyvoice", "tts", "text to speech", "voice model"],
            inputs=[
                io.Combo.Input(
                    "model",
                    options=model_names(),
                    default=core.EMBEDDED.name,
                    tooltip="The embedded voice, the published models, and other folders found on this machine.",
                ),
                io.Combo.Input(
                    "device",
                    options=[AUTO, *comfy.devices()],
                    default=AUTO,
                    optional=True,
                    tooltip="auto is the one that ComfyUI uses.",
                ),
                io.Combo.Input(
                    "precision",
                    options=[AUTO, "float32", "bfloat16"],
                    default=AUTO,
                    optional=True,
                    tooltip="bfloat16 halves memory and is faster, not bit-equal to the published code. "
                    "auto: float32 on a CPU, bfloat16 for the language model on a GPU.",
                ),
                io.Boolean.Input(
                    "download",
                    default=False,
                    optional=True,
                    tooltip="Fetch the model (gigabytes) if it is not on this machine. Off: nothing is downloaded.",
                ),
                io.Int.Input(
                    "flow_steps",
                    default=0,
                    min=0,
                    max=100,
                    optional=True,
                    advanced=True,
                    tooltip="Solver steps; 0 is the model's own number (10). Fewer are faster and less accurate.",
                ),
                io.Boolean.Input(
                    "guidance",
                    default=True,
                    optional=True,
                    advanced=True,
                    tooltip="Off halves the work of the flow and costs likeness to the voice.",
                ),
                io.Boolean.Input(
                    "int8",
                    default=False,
                    optional=True,
                    advanced=True,
                    tooltip="Weights of the language model in 8 bits: faster, less accurate. CPU only.",
                ),
            ],
            outputs=[sockets.Model.Output("model")],
        )

    @classmethod
    def execute(
        cls,
        model: str,
        device: str = AUTO,
        precision: str = AUTO,
        download: bool = False,
        flow_steps: int = 0,
        guidance: bool = True,
        int8: bool = False,
    ) -> io.NodeOutput:
        options = core.EngineOptions(
            flow_steps=flow_steps or None, guidance=guidance, int8=int8, flow_memory_mb=0, voice_memory_mb=0
        )
        with comfy.watched() as watch:
            folder = model_folder(model, download=download, watch=watch)
            loaded = handle(folder, comfy.load_device(None if device == AUTO else device), precision, options)
            loaded.read(watch)
        return io.NodeOutput(loaded)
