// ComfyUI gives a player to its own audio nodes only, by an input of this type that holds no value and is never sent.
import { app } from "../../scripts/app.js";

app.registerExtension({
  name: "CosyVox.Player",
  beforeRegisterNodeDef(_nodeType, nodeData) {
    if (nodeData.name.startsWith("CosyVox") && nodeData.output_node && nodeData.output.includes("AUDIO")) {
      nodeData.input.required.audioUI = ["AUDIO_UI", {}];
    }
  },
});
