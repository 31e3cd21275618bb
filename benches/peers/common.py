"""What the peers' workloads share: the input numbers and the loop that answers the driver."""

import json
import os
import resource
import sys
import time

import numpy as np


def uniform(seed, count):
    """Uniform numbers in [-1/2, 1/2): SplitMix64 of the index, as in benches/src/workloads.rs."""
    with np.errstate(over="ignore"):
        i = np.arange(1, count + 1, dtype=np.uint64)
        z = np.uint64(seed) * np.uint64(0x2545F4914F6CDD1D) + i * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) / 9007199254740992.0 - 0.5


def repeated(times, work):
    """Runs `work` `times` times as one piece."""

    def run():
        last = 0.0
        for _ in range(times):
            last = work()
        return last

    return run


def serve(workloads):
    """Prepares the workload named on the command line, then runs it once for each line read."""
    prepare, versions = workloads[sys.argv[1]]
    work = prepare()
    print(json.dumps({"versions": versions()}), flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        value = work()
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "value": float(value), "peak": peak}), flush=True)


def thread_note():
    """The setting under which BLAS runs, for the record."""
    return os.environ.get("OPENBLAS_NUM_THREADS", "not set")
