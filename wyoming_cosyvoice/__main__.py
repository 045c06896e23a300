"""`python -m cosyvox.wyoming_cosyvoice`: the same as `cosyvox serve`."""

import sys

from ..cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
