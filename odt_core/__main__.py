"""`python -m odt_core`: the command line."""

import sys

from odt_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
