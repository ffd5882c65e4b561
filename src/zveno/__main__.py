"""``python -m zveno`` and the ``zveno`` command."""

from __future__ import annotations

import os
import sys

from zveno.cli import run

_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main() -> None:
    """Run the command line and exit with its code.

    The matrices of a balance are small: threads of the linear algebra library only wait for each other, five
    times as long where the machine has other work. Who wants them sets the variables.
    """
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
