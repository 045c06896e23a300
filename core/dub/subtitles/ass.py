"""Advanced SubStation Alpha, .ass and .ssa."""
