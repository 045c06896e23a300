"""server: what is sent to the browser."""

from __future__ import annotations

sent: list[tuple[str, str]] = []  # (node, text)


class PromptServer:
    def send_progress_text(self, text: str, node_id: str) -> None:
        sent.append((node_id, text))


PromptServer.instance = PromptServer()  # type: ignore[attr-defined]
