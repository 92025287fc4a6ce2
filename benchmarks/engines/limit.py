"""How fast one core multiplies matrices here: the limit that a train step is measured against.

python -m benchmarks.engines.limit prints it; the race asks for it in a process of its own, in which
nothing steers OpenBLAS to another processor's kernels.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from benchmarks.engines.environments import ROOT

# As OPENBLAS_CORETYPE picks a kernel by name, some environments set it for old versions' sake.
STEERING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
SIZES = (512, 1024, 2048)


def sgemm_limit() -> dict[str, Any]:
    """The best rate found: {"gflops", "size", "kernel", "version"}, on one thread."""
    environment = {k: v for k, v in os.environ.items() if k not in STEERING}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.engines.limit"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def _measure() -> dict[str, Any]:
    import numpy as np
    from threadpoolctl import threadpool_info

    rates = {}
    for size in SIZES:
        rng = np.random.default_rng(0)
        a, b = (rng.random((size, size), np.float32) for _ in range(2))
        out = np.empty_like(a)
        least = float("inf")
        end = time.perf_counter() + 0.7
        while time.perf_counter() < end:
            began = time.perf_counter()
            np.matmul(a, b, out=out)
            least = min(least, time.perf_counter() - began)
        rates[size] = 2 * size**3 / least / 1e9
    best = max(rates, key=rates.__getitem__)
    (blas,) = [lib for lib in threadpool_info() if lib["internal_api"] == "openblas"]
    return {
        "gflops": rates[best],
        "size": best,
        "kernel": blas["architecture"],
        "threads": blas["num_threads"],
        "version": f"numpy {np.__version__}, OpenBLAS {blas['version']}",
    }


if __name__ == "__main__":
    print(json.dumps(_measure()))
