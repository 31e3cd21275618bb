"""NumPy and SciPy doing what benches/src/workloads/linear_algebra.rs does."""

import numpy as np
import scipy
from scipy.linalg import solve

from common import repeated, serve, uniform


def versions():
    return f"NumPy {np.__version__}, SciPy {scipy.__version__}"


def data(seed, rows, columns):
    """Column by column, as nalgebra stores it."""
    return np.asfortranarray(uniform(seed, rows * columns).reshape(columns, rows).T)


def gram():
    x = data(1, 1000, 10_000)

    def work():
        g = x @ x.T
        return g[0, 0] + g[999, 3] + g[500, 500]

    return repeated(1, work)


def cholesky():
    x = data(2, 2000, 2200)
    a = x @ x.T + np.eye(2000)
    return repeated(1, lambda: np.linalg.cholesky(a)[1999, 1999])


def ridge(features, samples, times):
    x, y = data(3, features, samples), data(4, 3, samples)
    identity = np.eye(features)

    def work():
        xc = x - x.mean(axis=1, keepdims=True)
        yc = y - y.mean(axis=1, keepdims=True)
        w = solve(xc @ xc.T + 1e-2 * identity, xc @ yc.T, assume_a="pos")
        return np.linalg.norm(w)

    return repeated(times, work)


serve(
    {
        "gram": (gram, versions),
        "cholesky": (cholesky, versions),
        "ridge": (lambda: ridge(1000, 10_000, 1), versions),
        "ridge-small": (lambda: ridge(28, 400, 100), versions),
    }
)
