use core::f64::consts::{PI, TAU};

use nalgebra::{Complex, DMatrix};
use neuropil_math::{Real, check_finite, check_size};
use serde::{Deserialize, Serialize};

use super::fourier::Fourier;
use crate::Error;
use crate::integrate::{Samples, check_positive};

/// The Kuramoto–Sivashinsky equation on a periodic interval, a channel per grid point:
/// $$u_t = -u u_x - u_{xx} - u_{xxxx}.$$
///
/// Fourier modes in space, exponential time differencing with the Runge–Kutta method of order 4 in
/// time, its coefficients by contour integrals, all of Kassam and Trefethen (2005)[^1]. The products
/// are not dealiased, as there.
///
/// ```
/// use neuropil_datasets::generators::KuramotoSivashinskyConfig;
///
/// let config = KuramotoSivashinskyConfig { points: 64, length: 22.0, ..Default::default() };
/// let series = config.generate::<f64>(100)?;
/// assert_eq!(series.shape(), (64, 100));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// [^1]: A.-K. Kassam, L. N. Trefethen (2005), Fourth-order time-stepping for stiff PDEs, SIAM J. Sci.
///     Comput. 26, 1214–1233, sections 2 to 4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KuramotoSivashinskyConfig {
    /// Grid points, a power of two, at least 4.
    pub points: usize,
    /// The length of the interval.
    pub length: f64,
    /// The state at time 0 at the grid points; if empty, $\cos\theta\ (1 + \sin\theta)$ with
    /// $\theta_j = 2 \pi j/\mathrm{points}$, j from 1.
    pub initial: Vec<f64>,
    /// The time between samples, one step of the method.
    pub dt: f64,
    /// Samples that are computed first and left out.
    pub warmup: usize,
}

impl Default for KuramotoSivashinskyConfig {
    /// The example of Kassam and Trefethen: 128 points on 32π, steps of 0.25.
    fn default() -> Self {
        Self {
            points: 128,
            length: 32.0 * PI,
            initial: Vec::new(),
            dt: 0.25,
            warmup: 0,
        }
    }
}

const WHAT: &str = "the Kuramoto-Sivashinsky series";

/// Points on the upper half of the unit circle for the means that give the coefficients.
const CONTOUR_POINTS: usize = 16;

impl KuramotoSivashinskyConfig {
    /// The samples, `points` × `samples`; the first one is the state at time `warmup`·`dt`.
    ///
    /// # Errors
    /// If `samples` is 0, a setting is out of range, the initial state has another length or is not
    /// finite, or the state diverges.
    pub fn generate<T: Real>(&self, samples: usize) -> Result<DMatrix<T>, Error> {
        let n = self.points;
        if n < 4 || !n.is_power_of_two() {
            let range = "must be a power of two, at least 4";
            return Err(Error::out_of_range("points", n as f64, range));
        }
        check_positive("dt", self.dt)?;
        check_positive("length", self.length)?;
        let mut out = Samples::new(WHAT, n, samples)?;
        let mut state = if self.initial.is_empty() {
            let theta = |j: usize| TAU * (j + 1) as f64 / n as f64;
            let bump = |j: usize| theta(j).cos() * (1.0 + theta(j).sin());
            (0..n).map(bump).collect()
        } else {
            check_size("values of the initial state", n, self.initial.len())?;
            check_finite("the initial state", &self.initial)?;
            self.initial.clone()
        };
        let mut stepper = Stepper::new(n, self.length, self.dt);
        let mut modes: Vec<_> = state.iter().map(|&u| Complex::new(u, 0.0)).collect();
        stepper.fourier.forward(&mut modes);
        let last = self.warmup.saturating_add(samples - 1);
        for sample in 0..=last {
            if sample > 0 {
                stepper.step(&mut modes);
                stepper.points(&modes, &mut state);
            }
            if sample >= self.warmup || !state[0].is_finite() {
                out.push(WHAT, sample, &state)?;
            }
        }
        Ok(out.finish())
    }
}

struct Stepper {
    fourier: Fourier,
    /// -ik/2, the derivative in -(u²)ₓ/2.
    gradient: Vec<Complex<f64>>,
    /// exp(hL) and exp(hL/2) of the linear part L = k² - k⁴.
    full: Vec<f64>,
    half: Vec<f64>,
    q: Vec<f64>,
    f: [Vec<f64>; 3],
    a: Vec<Complex<f64>>,
    stage: Vec<Complex<f64>>,
    products: [Vec<Complex<f64>>; 4],
}

impl Stepper {
    fn new(n: usize, length: f64, h: f64) -> Self {
        let wave = TAU / length;
        let number = |i: usize| {
            // The mode n/2 has no derivative of a sign: it counts as 0.
            let k = match i.cmp(&(n / 2)) {
                core::cmp::Ordering::Less => i as f64,
                core::cmp::Ordering::Equal => 0.0,
                core::cmp::Ordering::Greater => i as f64 - n as f64,
            };
            k * wave
        };
        let linear: Vec<f64> = (0..n)
            .map(|i| number(i).powi(2) - number(i).powi(4))
            .collect();
        // Each coefficient cancels badly near hL = 0: the mean over a circle around hL does not.
        let mean = |value: fn(Complex<f64>) -> Complex<f64>| -> Vec<f64> {
            let average = |l: &f64| {
                let on_circle = |j: usize| {
                    let angle = PI * (j as f64 + 0.5) / CONTOUR_POINTS as f64;
                    value(Complex::cis(angle) + h * l).re
                };
                h * (0..CONTOUR_POINTS).map(on_circle).sum::<f64>() / CONTOUR_POINTS as f64
            };
            linear.iter().map(average).collect()
        };
        let zeros = vec![Complex::new(0.0, 0.0); n];
        Self {
            fourier: Fourier::new(n),
            gradient: (0..n)
                .map(|i| Complex::new(0.0, -0.5 * number(i)))
                .collect(),
            full: linear.iter().map(|l| (h * l).exp()).collect(),
            half: linear.iter().map(|l| (0.5 * h * l).exp()).collect(),
            q: mean(|z| ((z * 0.5).exp() - 1.0) / z),
            f: [
                mean(|z| (z.exp() * (z * z - z * 3.0 + 4.0) - z - 4.0) / (z * z * z)),
                mean(|z| (z.exp() * (z - 2.0) + z + 2.0) / (z * z * z)),
                mean(|z| (z.exp() * (-z + 4.0) - z * z - z * 3.0 - 4.0) / (z * z * z)),
            ],
            a: zeros.clone(),
            stage: zeros.clone(),
            products: [(); 4].map(|()| zeros.clone()),
        }
    }

    /// The non-linear part at `modes` into the given product.
    fn product(&mut self, which: usize) {
        let out = &mut self.products[which];
        out.copy_from_slice(&self.stage);
        self.fourier.inverse(out);
        for v in out.iter_mut() {
            *v = Complex::new(v.re * v.re, 0.0);
        }
        self.fourier.forward(out);
        for (v, g) in out.iter_mut().zip(&self.gradient) {
            *v *= g;
        }
    }

    fn step(&mut self, modes: &mut [Complex<f64>]) {
        let n = modes.len();
        self.stage.copy_from_slice(modes);
        self.product(0);
        for i in 0..n {
            self.a[i] = modes[i] * self.half[i] + self.products[0][i] * self.q[i];
        }
        self.stage.copy_from_slice(&self.a);
        self.product(1);
        for i in 0..n {
            self.stage[i] = modes[i] * self.half[i] + self.products[1][i] * self.q[i];
        }
        self.product(2);
        for i in 0..n {
            let difference = self.products[2][i] * 2.0 - self.products[0][i];
            self.stage[i] = self.a[i] * self.half[i] + difference * self.q[i];
        }
        self.product(3);
        for i in 0..n {
            let [p0, p1, p2, p3] = [0, 1, 2, 3].map(|s: usize| self.products[s][i]);
            modes[i] = modes[i] * self.full[i]
                + p0 * self.f[0][i]
                + (p1 + p2) * (2.0 * self.f[1][i])
                + p3 * self.f[2][i];
        }
        // The state is real, up to rounding. What rounding makes imaginary obeys the linear equation
        // alone, whose long waves grow without bound: within some hundred units of time it would
        // drown the state.
        modes[0].im = 0.0;
        modes[n / 2].im = 0.0;
        for i in 1..n / 2 {
            modes[n - i] = modes[i].conj();
        }
    }

    /// The state at the grid points.
    fn points(&mut self, modes: &[Complex<f64>], out: &mut [f64]) {
        self.stage.copy_from_slice(modes);
        self.fourier.inverse(&mut self.stage);
        for (u, v) in out.iter_mut().zip(&self.stage) {
            *u = v.re;
        }
    }
}
