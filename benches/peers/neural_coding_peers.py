"""What benches/src/workloads/{coding,spike_distances,rate_code}.rs do, by the libraries of the field."""

from importlib import metadata

import numpy as np

from common import serve, uniform


def versions(*packages):
    return lambda: ", ".join(f"{name} {metadata.version(name)}" for name in packages)


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
        # Of its solvers the fastest here, with the tolerance at which it agrees to seven digits.
        model = nmo.glm.GLM(solver_name="NonlinearCG", solver_kwargs={"tol": 1e-7, "maxiter": 1000})
        model.fit(features, counts)
        return float(np.asarray(model.coef_).ravel()[2])

    # Compilation is not part of the work.
    work()
    return work


SPIKES, WINDOW, TRAINS, PAIRS = 1000, 100.0, 200, 20


def trains(seed, count):
    return np.sort((uniform(seed, count * SPIKES) + 0.5).reshape(count, SPIKES) * WINDOW)


def neo_trains(seed, count):
    import neo

    return [neo.SpikeTrain(times, t_stop=WINDOW, units="s") for times in trains(seed, count)]


def victor_purpura():
    import quantities as pq
    from elephant.spike_train_dissimilarity import victor_purpura_distance

    all_trains, q = neo_trains(15, 2 * PAIRS), 10.0 * pq.Hz
    pairs = list(zip(all_trains[::2], all_trains[1::2]))

    def work():
        distances = [victor_purpura_distance(pair, q, sort=False)[0, 1] for pair in pairs]
        return sum((k + 1) * d for k, d in enumerate(distances))

    return work


def matrix(of, many):
    """The sum of the elements with weights that no two of them share, so that each one counts."""
    weights = 1.0 + uniform(16, TRAINS * TRAINS).reshape(TRAINS, TRAINS)
    return lambda: float((of(many) * weights).sum())


def van_rossum():
    import quantities as pq
    from elephant.spike_train_dissimilarity import van_rossum_distance

    tau = 0.01 * pq.s
    return matrix(lambda many: van_rossum_distance(many, tau, sort=False), neo_trains(14, TRAINS))


def pyspike_matrix(name):
    def prepare():
        import pyspike

        # Without it PySpike falls back to Python: a failure here is better than an easy win.
        import pyspike.cython.cython_distances

        many = [pyspike.SpikeTrain(times, [0.0, WINDOW]) for times in trains(14, TRAINS)]
        return matrix(getattr(pyspike, name), many)

    return prepare


STEPS, IMAGES, PIXELS = 100, 128, 784


def rate(encoder):
    def prepare():
        import torch

        torch.set_num_threads(1)
        p = uniform(17, IMAGES * PIXELS) + 0.5
        values = torch.tensor(p, dtype=torch.float32).reshape(IMAGES, PIXELS)
        encode = encoder(values)

        spikes = encode()
        assert spikes.shape == (STEPS, IMAGES, PIXELS) and spikes.dtype == torch.float32
        assert bool(((spikes == 0.0) | (spikes == 1.0)).all())
        deviation = np.sqrt(STEPS * (p * (1.0 - p)).sum())
        assert abs(float(spikes.sum(dtype=torch.float64)) - STEPS * p.sum()) < 6.0 * deviation
        return lambda: float(encode()[-1].sum(dtype=torch.float64))

    return prepare


def snntorch(values):
    from snntorch import spikegen

    return lambda: spikegen.rate(values, num_steps=STEPS)


def norse(values):
    from norse.torch.functional.encode import poisson_encode

    return lambda: poisson_encode(values, STEPS, f_max=1000.0, dt=0.001)


def spikingjelly(values):
    import torch
    from spikingjelly.activation_based.encoding import PoissonEncoder

    encoder = PoissonEncoder()

    def encode():
        # Faster than all steps in one call, and than stacking them.
        spikes = torch.empty(STEPS, IMAGES, PIXELS)
        for step in range(STEPS):
            spikes[step] = encoder(values)
        return spikes

    return encode


serve(
    {
        "coding-bayes": (bayes, versions("pynapple")),
        "coding-glm": (glm, versions("nemos", "jax")),
        "coding-victor-purpura": (victor_purpura, versions("elephant")),
        "coding-van-rossum": (van_rossum, versions("elephant")),
        "coding-isi": (pyspike_matrix("isi_distance_matrix"), versions("pyspike")),
        "coding-spike": (pyspike_matrix("spike_distance_matrix"), versions("pyspike")),
        "coding-sync": (pyspike_matrix("spike_sync_matrix"), versions("pyspike")),
    }
    | {
        f"coding-rate-{name}{memory}": (rate(encoder), versions(name, "torch"))
        for name, encoder in [("spikingjelly", spikingjelly), ("norse", norse), ("snntorch", snntorch)]
        for memory in ["", "-kept"]
    }
)
