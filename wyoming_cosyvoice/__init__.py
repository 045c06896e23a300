"""The Home Assistant surface: a Wyoming text-to-speech server over core."""
