"""Dubbing: scripts and subtitles as speech that fits the time there is for it."""
