"""ReservoirPy, and NumPy by hand, doing what benches/src/workloads/{ngrc,esn}.rs do."""

import numpy as np
import reservoirpy
import scipy.sparse as sparse
from reservoirpy.nodes import NVAR, Reservoir, Ridge

from common import repeated, serve, uniform

LAMBDA = 2.5e-6
# With this penalty a thousand free steps stay on the attractor.
STABLE = 0.1


def rpy_versions():
    return f"ReservoirPy {reservoirpy.__version__}"


def numpy_versions():
    return f"NumPy {np.__version__}"


def lorenz(samples, dt=0.025, substeps=10, warmup=200):
    def field(s):
        x, y, z = s
        return np.array([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])

    h = dt / substeps
    s = np.array([17.67715816276679, 12.931379185960404, 43.91404334248268])
    rows = []
    for i in range(warmup + samples):
        if i >= warmup:
            rows.append(s)
        for _ in range(substeps):
            k1 = field(s)
            k2 = field(s + h / 2 * k1)
            k3 = field(s + h / 2 * k2)
            k4 = field(s + h * k3)
            s = s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.array(rows)


def rpy_model(series, penalty=LAMBDA):
    model = NVAR(delay=2, order=2, strides=1) >> Ridge(ridge=penalty)
    x, y = series[:-1], series[1:] - series[:-1]
    return model.fit(x, y, warmup=1)


def rpy_fit():
    series = lorenz(402)

    def work():
        model = rpy_model(series)
        increments = model.run(series)
        return series[-1, 2] + increments[-1, 2]

    return repeated(100, work)


def rpy_forecast():
    series = lorenz(402)
    model = rpy_model(series, STABLE)

    def work():
        model.reset()
        model.step(series[-2])
        state, kept = series[-1], []
        for _ in range(1000):
            state = state + model.step(state)
            kept.append(state)
        return kept[4][2]

    return repeated(10, work)


ROWS, COLUMNS = np.triu_indices(6)


def features(linear):
    """[1, linear, products]; samples in columns."""
    return np.vstack([np.ones((1, linear.shape[1])), linear, linear[ROWS] * linear[COLUMNS]])


def numpy_weights(series, penalty=LAMBDA):
    linear = np.vstack([series[1:].T, series[:-1].T])
    phi = features(linear[:, :-1])
    targets = (series[2:] - series[1:-1]).T
    gram = phi @ phi.T + penalty * np.eye(28)
    return np.linalg.solve(gram, phi @ targets.T).T, features(linear), series[1:].T


def numpy_fit():
    series = lorenz(402)

    def work():
        weights, phi, now = numpy_weights(series)
        return (now + weights @ phi)[2, -1]

    return repeated(100, work)


def numpy_forecast():
    series = lorenz(402)
    weights, _, _ = numpy_weights(series, STABLE)

    def work():
        phi = np.ones(28)
        linear = np.concatenate([series[-1], series[-2]])
        kept = np.empty((1000, 3))
        for i in range(1000):
            phi[1:7] = linear
            phi[7:] = linear[ROWS] * linear[COLUMNS]
            kept[i] = linear[:3] + weights @ phi
            linear[3:] = linear[:3]
            linear[:3] = kept[i]
        return kept[4, 2]

    return repeated(10, work)


WASHOUT = 100


def esn_weights(units, degree):
    """`degree` synapses in every row, one in each stratum of columns; spectral radius about 0.9."""
    stratum = units // degree
    draws = uniform(11, 2 * units * degree)
    places, weights = draws[: units * degree], draws[units * degree :]
    columns = np.arange(units * degree) % degree * stratum
    columns = columns + ((places + 0.5) * stratum).astype(np.int64)
    weights = weights * 0.9 * np.sqrt(12.0 / degree)
    rows = np.repeat(np.arange(units), degree)
    w = sparse.csr_array((weights, (rows, columns)), shape=(units, units))
    w_in = 2.0 * uniform(12, units * 3).reshape(units, 3)
    bias = 2.0 * uniform(13, units)
    return w, w_in, bias


def esn_series():
    return 0.05 * lorenz(10_001 + WASHOUT)


def esn_parts(units, degree):
    w, w_in, bias = esn_weights(units, degree)
    reservoir = Reservoir(units=units, lr=0.3, W=w, Win=w_in, bias=bias)
    return reservoir, Ridge(ridge=1e-6)


def esn_fit(units, degree):
    def prepare():
        series = esn_series()
        x, y = series[:-1], series[1:]

        def work():
            reservoir, readout = esn_parts(units, degree)
            (reservoir >> readout).fit(x, y, warmup=WASHOUT)
            return (reservoir.state["out"] @ readout.Wout + readout.bias)[2]

        return work

    return prepare


def esn_generate(units, degree):
    def prepare():
        series = esn_series()
        reservoir, readout = esn_parts(units, degree)
        model = reservoir >> readout
        model.fit(series[:-1], series[1:], warmup=WASHOUT)
        history = series[-1 - WASHOUT :]

        def work():
            model.reset()
            state = model.run(history)[-1]
            kept = [state]
            for _ in range(999):
                state = model.step(state)
                kept.append(state)
            return kept[4][2]

        return work

    return prepare


def esn(fits, generations):
    fits = {f"esn-fit-{n}-{d}": (esn_fit(n, d), rpy_versions) for n, d in fits}
    generations = {f"esn-forecast-{n}-{d}": (esn_generate(n, d), rpy_versions) for n, d in generations}
    return fits | generations


serve(
    esn(
        [(100, 10), (500, 10), (1000, 10), (1000, 100), (2000, 10), (5000, 10)],
        [(100, 10), (1000, 10)],
    )
    | {
        "ngrc-fit-reservoirpy": (rpy_fit, rpy_versions),
        "ngrc-fit-numpy": (numpy_fit, numpy_versions),
        "ngrc-forecast-reservoirpy": (rpy_forecast, rpy_versions),
        "ngrc-forecast-numpy": (numpy_forecast, numpy_versions),
    }
)
