"""comfy_execution."""
