"""Model folders by name: where they lie on this machine, and how they get there."""
