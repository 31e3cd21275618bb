"""SciPy doing what benches/src/workloads/ode.rs does."""

import numpy as np
import scipy
from scipy.integrate import solve_ivp

from common import serve


def versions():
    return f"SciPy {scipy.__version__}, NumPy {np.__version__}"


def lorenz(_, y):
    return [10.0 * (y[1] - y[0]), y[0] * (28.0 - y[2]) - y[1], y[0] * y[1] - 8.0 / 3.0 * y[2]]


def adaptive(method):
    def work():
        solution = solve_ivp(lorenz, (0.0, 10.0), [1.0, 0.0, 0.0], method=method, rtol=1e-8, atol=1e-8)
        return solution.y[0, -1]

    return work


serve(
    {
        "scipy-rk45": (lambda: adaptive("RK45"), versions),
        "scipy-dop853": (lambda: adaptive("DOP853"), versions),
    }
)
