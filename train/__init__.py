"""How the embedded voice is made: a small CosyVoice 2, trained from nothing on synthetic speech. See README.md."""
