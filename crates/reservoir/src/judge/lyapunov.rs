//! The Lyapunov spectrum of a map that is stepped: of a model in closed loop, or of a system itself.

use neuropil_math::check_finite;
use serde::{Deserialize, Serialize};

use crate::{Error, Esn, Ngrc};

/// A map of a state onto the next one. Any closure on the state is one.
pub trait StepMap {
    /// Replaces the state by the next one.
    ///
    /// # Errors
    /// Whatever stops the map; [`Error::Diverged`] if it leaves the finite numbers.
    fn step(&mut self, state: &mut [f64]) -> Result<(), Error>;

    /// The same, and replaces each of the tangent vectors $v$ (one after the other in `tangents`, each as
    /// long as the state) by $D v$, with the derivative $D$ of the map at the old state.
    ///
    /// By itself, central differences of `difference` times the size of the state: good to 10⁻⁹ of the
    /// vectors, whose growth is measured over thousands of steps. Maps that know their derivative give
    /// their own.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    fn step_with_tangents(
        &mut self,
        state: &mut [f64],
        tangents: &mut [f64],
        difference: f64,
    ) -> Result<(), Error> {
        let size = state.iter().fold(1e-3_f64, |a, x| a.max(x.abs()));
        let h = difference * size;
        let mut ahead = state.to_vec();
        let mut behind = state.to_vec();
        for tangent in tangents.chunks_exact_mut(state.len()) {
            for (i, v) in tangent.iter().enumerate() {
                ahead[i] = state[i] + h * v;
                behind[i] = state[i] - h * v;
            }
            self.step(&mut ahead)?;
            self.step(&mut behind)?;
            for ((v, a), b) in tangent.iter_mut().zip(&ahead).zip(&behind) {
                *v = (a - b) / (2.0 * h);
            }
        }
        self.step(state)
    }
}

impl<F: FnMut(&mut [f64]) -> Result<(), Error>> StepMap for F {
    fn step(&mut self, state: &mut [f64]) -> Result<(), Error> {
        self(state)
    }
}

/// The settings of a [`lyapunov_spectrum`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LyapunovConfig {
    /// How many exponents, from the largest on.
    pub exponents: usize,
    /// The time of a step: exponents are per unit of time.
    pub dt: f64,
    /// Steps until state and tangent vectors have settled.
    pub transient: usize,
    /// Steps that are measured.
    pub steps: usize,
    /// The relative size of the differences by which derivatives are taken.
    pub difference: f64,
}

impl Default for LyapunovConfig {
    /// One exponent per step, over 10 000 steps after 1000; differences of 10⁻⁶.
    fn default() -> Self {
        Self {
            exponents: 1,
            dt: 1.0,
            transient: 1000,
            steps: 10_000,
            difference: 1e-6,
        }
    }
}

/// Lyapunov exponents, the largest first.
#[derive(Debug, Clone, PartialEq)]
pub struct LyapunovSpectrum {
    /// Per unit of time. −∞ for a direction that the map forgets altogether, as it does the oldest of
    /// delayed samples.
    pub exponents: Vec<f64>,
    /// The standard error of each, from ten parts of the trajectory.
    pub errors: Vec<f64>,
}

impl LyapunovSpectrum {
    /// The dimension of Kaplan and Yorke,
    /// $$D = j + \frac{\sum_{i \le j} \lambda_i}{\lvert\lambda_{j+1}\rvert},$$
    /// with the largest $j$ whose sum is not negative. Nothing if that is not determined by these
    /// exponents: too few were computed.
    #[must_use]
    pub fn kaplan_yorke_dimension(&self) -> Option<f64> {
        let mut sum = 0.0;
        for (j, &exponent) in self.exponents.iter().enumerate() {
            if sum + exponent < 0.0 {
                return Some(if j == 0 {
                    0.0
                } else {
                    j as f64 + sum / -exponent
                });
            }
            sum += exponent;
        }
        None
    }
}

/// Parts of the trajectory for the standard errors.
const PARTS: usize = 10;

/// The Lyapunov exponents of a map along the trajectory from `state`, which ends as the last state.
///
/// Tangent vectors are carried along and made orthonormal after each step; the logarithms of the lengths
/// that they lose are averaged (Benettin, Galgani, Giorgilli and Strelcyn 1980; Shimada and Nagashima
/// 1979):
/// $$\lambda_j = \frac{1}{n \Delta t} \sum_{t=1}^{n} \ln R_{jj}(t), \qquad D_t Q_{t-1} = Q_t R_t.$$
///
/// The Hénon map, whose exponents are 0.419 and −1.623 (Sprott 2003):
///
/// ```
/// use neuropil_reservoir::judge::{LyapunovConfig, lyapunov_spectrum};
///
/// let mut henon = |x: &mut [f64]| {
///     (x[0], x[1]) = (1.0 - 1.4 * x[0] * x[0] + x[1], 0.3 * x[0]);
///     Ok(())
/// };
/// let config = LyapunovConfig { exponents: 2, ..LyapunovConfig::default() };
/// let spectrum = lyapunov_spectrum(&mut henon, &mut [0.1, 0.1], &config)?;
/// assert!((spectrum.exponents[0] - 0.419).abs() < 0.01);
/// // They add up to the logarithm of the determinant.
/// let sum: f64 = spectrum.exponents.iter().sum();
/// assert!((sum - 0.3_f64.ln()).abs() < 1e-6);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// # Errors
/// If a setting is out of range, the state is empty or not finite, there are more exponents than
/// variables, or the map stops.
pub fn lyapunov_spectrum(
    map: &mut impl StepMap,
    state: &mut [f64],
    config: &LyapunovConfig,
) -> Result<LyapunovSpectrum, Error> {
    let n = state.len();
    if n == 0 {
        return Err(neuropil_math::Error::Empty { what: "state" }.into());
    }
    check_finite("state", state)?;
    let out_of_range = |what, value, range| -> Error {
        neuropil_math::Error::OutOfRange { what, value, range }.into()
    };
    let m = config.exponents;
    if m == 0 || m > n {
        return Err(out_of_range(
            "Lyapunov exponents",
            m as f64,
            "must be in [1, number of variables]",
        ));
    }
    for (what, value) in [("dt", config.dt), ("difference", config.difference)] {
        if !(value > 0.0 && value.is_finite()) {
            return Err(out_of_range(what, value, "must be positive and finite"));
        }
    }
    if config.steps < PARTS {
        return Err(out_of_range(
            "steps of a Lyapunov spectrum",
            config.steps as f64,
            "must be 10 at least",
        ));
    }
    // Columns of a cosine transform: orthogonal, and no direction is left out.
    let mut tangents: Vec<f64> = (0..m)
        .flat_map(|j| {
            (0..n).map(move |i| {
                let angle = core::f64::consts::PI * (i as f64 + 0.5) * j as f64 / n as f64;
                angle.cos()
            })
        })
        .collect();
    let mut logarithms = vec![0.0; m];
    orthonormalise(&mut tangents, n, &mut logarithms);
    let mut advance = |state: &mut [f64], tangents: &mut [f64], logarithms: &mut [f64], step| {
        map.step_with_tangents(state, tangents, config.difference)?;
        if let Some(channel) = state.iter().position(|x| !x.is_finite()) {
            return Err(Error::Diverged { step, channel });
        }
        orthonormalise(tangents, n, logarithms);
        Ok(())
    };
    for step in 0..config.transient {
        advance(state, &mut tangents, &mut logarithms, step)?;
    }
    let mut means = Vec::with_capacity(PARTS);
    for part in 0..PARTS {
        let (first, end) = (
            part * config.steps / PARTS,
            (part + 1) * config.steps / PARTS,
        );
        logarithms.fill(0.0);
        for step in first..end {
            advance(
                state,
                &mut tangents,
                &mut logarithms,
                config.transient + step,
            )?;
        }
        let time = (end - first) as f64 * config.dt;
        means.push((
            time,
            logarithms.iter().map(|l| l / time).collect::<Vec<f64>>(),
        ));
    }
    let total: f64 = means.iter().map(|(time, _)| time).sum();
    let mean = |j: usize| means.iter().map(|(time, m)| time * m[j]).sum::<f64>() / total;
    let exponents: Vec<f64> = (0..m).map(mean).collect();
    let errors = (0..m)
        .map(|j| {
            let squares = means.iter().map(|(_, m)| (m[j] - exponents[j]).powi(2));
            let parts = PARTS as f64;
            let error = (squares.sum::<f64>() / (parts * (parts - 1.0))).sqrt();
            // Of −∞ nothing is uncertain.
            if error.is_nan() { 0.0 } else { error }
        })
        .collect();
    Ok(LyapunovSpectrum { exponents, errors })
}

/// Makes the vectors orthonormal, and adds to `logarithms` those of the lengths that were left of each.
fn orthonormalise(vectors: &mut [f64], n: usize, logarithms: &mut [f64]) {
    for (j, logarithm) in logarithms.iter_mut().enumerate() {
        let (before, rest) = vectors.split_at_mut(j * n);
        let v = &mut rest[..n];
        let mut length = project_out(before, v);
        *logarithm += length.ln();
        // Nothing is left of a direction that the map forgets: go on with any other one.
        let mut axis = 0;
        while !(length > 0.0 && length.is_finite()) && axis < n {
            v.fill(0.0);
            v[axis] = 1.0;
            length = project_out(before, v);
            if length < 0.5 / (n as f64).sqrt() {
                length = 0.0;
            }
            axis += 1;
        }
        for v in v {
            *v /= length;
        }
    }
}

/// Takes out of `v` its parts along orthonormal vectors, twice, and gives the length that remains; zero if
/// that is rounding.
fn project_out(vectors: &[f64], v: &mut [f64]) -> f64 {
    let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
    let start = norm(v);
    for _ in 0..2 {
        for q in vectors.chunks_exact(v.len()) {
            let along: f64 = q.iter().zip(&*v).map(|(q, v)| q * v).sum();
            for (v, q) in v.iter_mut().zip(q) {
                *v -= along * q;
            }
        }
    }
    let left = norm(v);
    if left > 1e-13 * start { left } else { 0.0 }
}

impl Ngrc<f64> {
    /// The Lyapunov spectrum of the free-running model, from the end of `history`. Its variables are the
    /// last $(k-1)s+1$ samples of each channel.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast) and [`lyapunov_spectrum`].
    pub fn lyapunov_spectrum(
        &self,
        history: &nalgebra::DMatrix<f64>,
        config: &LyapunovConfig,
    ) -> Result<LyapunovSpectrum, Error> {
        let mut memory = self.state_after(history)?;
        // Refuses what cannot be forecast from.
        self.forecast_into(&mut memory.clone(), &mut [])?;
        let mut state = memory.history().as_slice().to_vec();
        let channels = history.nrows();
        let mut next = vec![0.0; channels];
        let mut map = |window: &mut [f64]| {
            memory.reset();
            for sample in window.chunks_exact(channels) {
                memory.push(sample);
            }
            self.forecast_into(&mut memory, &mut next)?;
            window.copy_within(channels.., 0);
            let last = window.len() - channels;
            window[last..].copy_from_slice(&next);
            Ok(())
        };
        lyapunov_spectrum(&mut map, &mut state, config)
    }
}

impl Esn<f64> {
    /// The Lyapunov spectrum of the free-running network, from the end of `history`. Its variables are
    /// the units of the reservoir, the newest sample, the same as the reservoir got it, and the newest
    /// output that is fed back: each of the last three depends on the others, so that as many exponents
    /// are −∞.
    ///
    /// # Errors
    /// As [`forecast`](Self::forecast) and [`lyapunov_spectrum`].
    pub fn lyapunov_spectrum(
        &self,
        history: &nalgebra::DMatrix<f64>,
        config: &LyapunovConfig,
    ) -> Result<LyapunovSpectrum, Error> {
        let mut memory = self.state_after(history)?;
        // Refuses what cannot be forecast from.
        self.forecast_into(&mut memory.clone(), &mut [])?;
        let (units, channels) = (self.reservoir().units(), memory.input.len());
        let mut state = memory.reservoir.x.clone();
        state.extend_from_slice(&memory.input);
        state.extend_from_slice(&memory.scaled);
        state.extend_from_slice(&memory.output);
        let mut next = vec![0.0; channels];
        let mut map = |state: &mut [f64]| {
            let (x, rest) = state.split_at_mut(units);
            let (input, rest) = rest.split_at_mut(channels);
            let (scaled, output) = rest.split_at_mut(channels);
            memory.reservoir.x.copy_from_slice(x);
            memory.input.copy_from_slice(input);
            memory.scaled.copy_from_slice(scaled);
            memory.output.copy_from_slice(output);
            self.forecast_into(&mut memory, &mut next)?;
            x.copy_from_slice(&memory.reservoir.x);
            input.copy_from_slice(&memory.input);
            scaled.copy_from_slice(&memory.scaled);
            output.copy_from_slice(&memory.output);
            Ok(())
        };
        lyapunov_spectrum(&mut map, &mut state, config)
    }
}
