"""`python -m odt_core`: the command line."""

import sys

from odt_core.cli.main import main
from odt_core.cli.quiet import quiet_libraries

if __name__ == "__main__":
    with quiet_libraries():
        code = main(sys.argv[1:])
    sys.exit(code)
