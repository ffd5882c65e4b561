"""What takes how long, beside what a user would do without Zveno: ``python -m benchmarks``."""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # for both sides: the matrices are small
