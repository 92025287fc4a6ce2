"""`python -m odt_core`: the command line."""

import sys

from odt_core.cli.main import main
from odt_core.cli.quiet import quiet_libraries
from odt_core.cli.stopping import ended_by_signals

if __name__ == "__main__":
    with quiet_libraries(), ended_by_signals():
        code = main(sys.argv[1:])
    sys.exit(code)
