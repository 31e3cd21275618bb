//! How long a model forecasts Lorenz63: one protocol for every model.
//!
//! Training on one stretch, settings chosen on validation segments, judged on test segments; all are
//! disjoint parts of one trajectory by RK4 with steps of 0.001. A forecast begins after the model has
//! heard 100 true samples and is valid until its error, in standard deviations over the three channels,
//! first exceeds 0.4. Times are in Lyapunov times; the truth itself, in double precision, cannot be
//! followed for more than some 33 of them, and beyond that the same map is compared with itself.

use nalgebra::DMatrix;
use neuropil_datasets::Integration;
use neuropil_datasets::generators::Lorenz63Config;
use neuropil_math::Real;
use neuropil_math::metrics::forecast::valid_steps;
use neuropil_reservoir::selection::deviations;
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// The largest Lyapunov exponent of Lorenz63.
pub(super) const EXPONENT: f64 = 0.9056;
/// Samples that a model hears before it forecasts.
pub(super) const HEARD: usize = 100;
/// The longest forecast, in Lyapunov times.
const LONGEST: f64 = 40.0;
const THRESHOLD: f64 = 0.4;

/// The parts of one trajectory.
pub(super) struct Parts {
    pub(super) dt: f64,
    pub(super) training: DMatrix<f64>,
    /// Each: what is heard, and what is to be forecast.
    pub(super) validation: Vec<DMatrix<f64>>,
    pub(super) test: Vec<DMatrix<f64>>,
    /// The test segments as measured: with the noise that the training has.
    heard: Vec<DMatrix<f64>>,
    pub(super) deviations: Vec<f64>,
}

impl Parts {
    /// `samples` of training, `counts` segments of validation and of test; normal noise of `noise`
    /// standard deviations is added to all but the truth of the test.
    pub(super) fn new(
        dt: f64,
        samples: usize,
        counts: (usize, usize),
        noise: f64,
    ) -> Result<Self, String> {
        let segment = HEARD + horizon(dt);
        let total = samples + (counts.0 + counts.1) * segment;
        let config = Lorenz63Config {
            dt,
            warmup: (40.0 / dt) as usize,
            integration: Integration::Rk4 {
                substeps: (dt / 0.001).round() as usize,
            },
            ..Lorenz63Config::default()
        };
        let clean: DMatrix<f64> = config.generate(total).map_err(|e| e.to_string())?;
        let training = clean.columns(0, samples).into_owned();
        let deviations = deviations([&training]).map_err(|e| e.to_string())?;
        let mut measured = clean.clone();
        if noise > 0.0 {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
            for mut column in measured.column_iter_mut() {
                for (value, deviation) in column.iter_mut().zip(&deviations) {
                    *value += noise * deviation * f64::standard_normal(&mut rng);
                }
            }
        }
        let parts = |of: &DMatrix<f64>, first: usize, count: usize| {
            let part = |i| {
                of.columns(samples + (first + i) * segment, segment)
                    .into_owned()
            };
            (0..count).map(part).collect::<Vec<_>>()
        };
        Ok(Self {
            dt,
            training: measured.columns(0, samples).into_owned(),
            validation: parts(&measured, 0, counts.0),
            test: parts(&clean, counts.0, counts.1),
            heard: parts(&measured, counts.0, counts.1),
            deviations,
        })
    }

    /// The steps of a forecast.
    pub(super) fn horizon(&self) -> usize {
        horizon(self.dt)
    }

    /// The valid time of every test segment, for a model given as what it says after it has heard some
    /// samples.
    pub(super) fn judge(
        &self,
        forecast: impl Fn(&DMatrix<f64>, usize) -> Result<DMatrix<f64>, String>,
    ) -> Result<Vec<f64>, String> {
        let pairs = self.heard.iter().zip(&self.test);
        pairs
            .map(|(heard, truth)| self.valid(heard, truth, &forecast))
            .collect()
    }

    /// The same of the validation segments.
    pub(super) fn validate(
        &self,
        forecast: impl Fn(&DMatrix<f64>, usize) -> Result<DMatrix<f64>, String>,
    ) -> Result<Vec<f64>, String> {
        self.validation
            .iter()
            .map(|v| self.valid(v, v, &forecast))
            .collect()
    }

    fn valid(
        &self,
        heard: &DMatrix<f64>,
        truth: &DMatrix<f64>,
        forecast: impl Fn(&DMatrix<f64>, usize) -> Result<DMatrix<f64>, String>,
    ) -> Result<f64, String> {
        let forecast = forecast(&heard.columns(0, HEARD).into_owned(), self.horizon())?;
        let truth = truth.columns(HEARD, self.horizon()).into_owned();
        let valid = valid_steps(&forecast, &truth, &self.deviations, THRESHOLD);
        Ok(valid
            .map_err(|e| e.to_string())?
            .lyapunov_times(self.dt, EXPONENT))
    }

    /// One forecast over the truth: the attractor and the first channel in time.
    pub(super) fn pictures(
        &self,
        title: &str,
        forecast: impl Fn(&DMatrix<f64>, usize) -> Result<DMatrix<f64>, String>,
    ) -> Result<(Figure, Figure), String> {
        let (heard, truth) = (&self.heard[0], &self.test[0]);
        let valid = self.valid(heard, truth, &forecast)?;
        let steps = self.horizon();
        let ours = forecast(&heard.columns(0, HEARD).into_owned(), steps)?;
        let time = |t: usize| t as f64 * self.dt * EXPONENT;
        let truth = truth.columns(HEARD, steps);
        let of_truth = (0..steps).map(|t| (time(t), truth[(0, t)])).collect();
        let of_ours = (0..steps).map(|t| (time(t), ours[(0, t)])).collect();
        let in_time = Figure::new(title).size(900, 230).panel(
            Panel::new(Axis::new("Lyapunov times"), Axis::new("x"))
                .with(Series::line("truth", of_truth))
                .with(Series::dashed("forecast", of_ours))
                .mark(valid, "valid prediction time"),
        );
        let shown = steps.min(1500);
        let attractor = Figure::new("The attractor, and what the forecast makes of it").panel(
            Panel::new(Axis::new("x"), Axis::new("z"))
                .with(Series::line(
                    "truth",
                    (0..shown).map(|t| (truth[(0, t)], truth[(2, t)])).collect(),
                ))
                .with(Series::dashed(
                    "forecast",
                    (0..shown).map(|t| (ours[(0, t)], ours[(2, t)])).collect(),
                )),
        );
        Ok((in_time, attractor))
    }
}

fn horizon(dt: f64) -> usize {
    (LONGEST / (EXPONENT * dt)).ceil() as usize
}

/// How many forecasts were valid for how long, for some models.
pub(super) fn histogram(title: &str, of: &[(String, Vec<f64>)]) -> Figure {
    let mut figure = Figure::new(title).size(760, 150);
    for (name, times) in of {
        let mut bins = vec![0.0; LONGEST as usize];
        for &time in times {
            bins[(time as usize).min(LONGEST as usize - 1)] += 1.0;
        }
        let bars = bins
            .iter()
            .enumerate()
            .map(|(i, &n)| (i as f64 + 0.5, n))
            .collect();
        figure = figure.panel(
            Panel::new(
                Axis::new("valid prediction time in Lyapunov times").range(0.0, LONGEST),
                Axis::new("forecasts"),
            )
            .with(Series::bars(name.clone(), bars)),
        );
    }
    figure
}

/// The quantile `q` of some times, between neighbours by proportion.
pub(super) fn quantile(times: &[f64], q: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = q * (sorted.len() as f64 - 1.0);
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] * (1.0 - part) + sorted[high] * part
}

/// Median and the range from the tenth to the ninetieth percentile, as the tables have it.
pub(super) fn summary(times: &[f64]) -> String {
    let at = |q| quantile(times, q);
    format!("{:.1} [{:.1}, {:.1}]", at(0.5), at(0.1), at(0.9))
}
