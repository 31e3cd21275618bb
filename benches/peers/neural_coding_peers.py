"""pynapple and nemos doing what `benches/src/workloads/coding.rs` does."""

import numpy as np

from common import serve, uniform


def version(name, module):
    return lambda: f"{name} {__import__(module).__version__}"


UNITS, PLACES, BINS, DT = 60, 100, 20_000, 0.1


def bayes():
    import pynapple as nap
    import xarray as xr

    place = np.arange(PLACES) / PLACES
    unit = np.arange(UNITS) / UNITS
    rates = 0.5 + 15.0 * np.exp(-((place[None, :] - unit[:, None]) ** 2) / 0.005)
    counts = np.floor(3.0 * (uniform(11, UNITS * BINS) + 0.5)).reshape(BINS, UNITS)
    curves = xr.DataArray(rates, coords={"unit": np.arange(UNITS), "place": place})
    data = nap.TsdFrame(t=(np.arange(BINS) + 0.5) * DT, d=counts, columns=np.arange(UNITS))
    epochs = nap.IntervalSet(0.0, BINS * DT)

    def work():
        _, posterior = nap.decode_bayes(curves, data, epochs, bin_size=DT, uniform_prior=True)
        return float((np.asarray(posterior.values) ** 2).sum())

    return work


FEATURES, SAMPLES = 40, 60_000


def glm():
    import jax

    jax.config.update("jax_enable_x64", True)
    import nemos as nmo

    features = 2.0 * uniform(12, FEATURES * SAMPLES).reshape(SAMPLES, FEATURES)
    noise = uniform(13, SAMPLES)
    counts = np.floor(2.0 * (noise + 0.5) * np.exp(0.3 * features[:, ::2].sum(axis=1)))

    def work():
        model = nmo.glm.GLM(solver_name="LBFGS", solver_kwargs={"tol": 1e-10, "maxiter": 1000})
        model.fit(features, counts)
        return float(np.asarray(model.coef_).ravel()[2])

    # Compilation is not part of the work.
    work()
    return work


serve(
    {
        "coding-bayes": (bayes, version("pynapple", "pynapple")),
        "coding-glm": (glm, version("nemos", "nemos")),
    }
)
