"""The command line, `cosyvox`: a surface over `core`, like the nodes and the server."""

from .app import main

__all__ = ["main"]
