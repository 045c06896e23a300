"""As much of ComfyUI as the nodes touch, for tests without it. Written from its documented behaviour."""
