"""``python -m zveno`` and the ``zveno`` command."""

from __future__ import annotations

import sys

from zveno.cli import run


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
