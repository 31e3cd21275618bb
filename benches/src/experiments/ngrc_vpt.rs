//! How long NG-RC forecasts Lorenz63, against its order, the time step and the number of training points:
//! noise-free, and with noise beside it.
//!
//! λ is chosen by forecasts of a series of its own; the valid time is that of 100 forecasts of another.
//! Truth is the trajectory of RK4 at a step of 0.001, whatever the time between samples.

use nalgebra::DMatrix;
use neuropil_datasets::Integration;
use neuropil_datasets::generators::Lorenz63Config;
use neuropil_math::Real;
use neuropil_reservoir::judge::{median, valid_steps};
use neuropil_reservoir::selection::deviations;
use neuropil_reservoir::{ClosedLoopChoice, Error, Lambda, Ngrc, NgrcConfig, Orders};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

use super::{Context, Experiment};
use crate::report::{Report, significant};

pub(super) const VALID_TIME: Experiment = Experiment {
    name: "ngrc-vpt",
    about: "valid prediction time of NG-RC on Lorenz63 against order, step and training length",
    short: false,
    run,
};

/// The largest Lyapunov exponent.
const EXPONENT: f64 = 0.9056;
const THRESHOLD: f64 = 0.4;
const TESTS: usize = 100;
/// Samples of history before each forecast, and what the states at their beginnings are apart.
const SYNCHRONISATION: usize = 100;
const APART: f64 = 5.0;
const VALIDATIONS: usize = 20;
/// Lyapunov times of a forecast; double precision ends before.
const LONGEST: f64 = 40.0;
/// In deviations of a channel.
const NOISE: [f64; 4] = [0.0, 1e-4, 1e-3, 1e-2];

/// One setting, and what normal equations gave for it in NumPy, λ chosen in the same way.
#[derive(Clone, Copy)]
struct Setting {
    taps: usize,
    order: usize,
    dt: f64,
    points: usize,
    normal_equations: &'static str,
}

const fn setting(taps: usize, order: usize, dt: f64, points: usize) -> Setting {
    Setting {
        taps,
        order,
        dt,
        points,
        normal_equations: "–",
    }
}

const fn beside(setting: Setting, normal_equations: &'static str) -> Setting {
    Setting {
        normal_equations,
        ..setting
    }
}

/// The first is the forecaster of the paper; then by order, by step, by length.
const SETTINGS: [Setting; 20] = [
    beside(setting(2, 2, 0.025, 400), "5.2"),
    beside(setting(1, 7, 0.025, 400), "16.3"),
    setting(1, 8, 0.025, 400),
    setting(1, 2, 0.01, 5000),
    setting(1, 3, 0.01, 5000),
    setting(1, 4, 0.01, 5000),
    setting(1, 5, 0.01, 5000),
    setting(1, 6, 0.01, 5000),
    setting(1, 7, 0.01, 5000),
    beside(setting(1, 8, 0.01, 5000), "15.3"),
    setting(1, 9, 0.01, 5000),
    beside(setting(2, 5, 0.01, 5000), "16.9"),
    setting(1, 8, 0.005, 5000),
    setting(1, 8, 0.02, 5000),
    setting(1, 8, 0.04, 5000),
    setting(1, 8, 0.01, 200),
    setting(1, 8, 0.01, 400),
    setting(1, 8, 0.01, 1000),
    setting(1, 8, 0.01, 2000),
    setting(1, 8, 0.01, 20_000),
];

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive whole number"
)]
fn whole(count: f64) -> usize {
    count.round() as usize
}

/// Samples that were taken `dt` apart, from the state that is reached `start` units of time after
/// `initial`.
fn lorenz(initial: [f64; 3], start: f64, dt: f64, samples: usize) -> Result<DMatrix<f64>, String> {
    let config = Lorenz63Config {
        initial,
        dt,
        warmup: whole(start / dt),
        integration: Integration::Rk4 {
            substeps: whole(dt / 0.001),
        },
        ..Lorenz63Config::default()
    };
    config.generate(samples).map_err(|e| e.to_string())
}

fn with_noise(
    series: &DMatrix<f64>,
    noise: f64,
    deviations: &[f64],
    rng: &mut Xoshiro256PlusPlus,
) -> DMatrix<f64> {
    if noise == 0.0 {
        return series.clone();
    }
    let mut noisy = series.clone();
    for (i, value) in noisy.as_mut_slice().iter_mut().enumerate() {
        *value += noise * deviations[i % 3] * f64::standard_normal(rng);
    }
    noisy
}

/// What a setting gave at one level of noise.
struct Outcome {
    features: usize,
    /// Of all forecasts after all trainings, in Lyapunov times.
    times: Vec<f64>,
    lambdas: Vec<f64>,
    method: String,
}

impl Outcome {
    fn quantile(&self, q: f64) -> f64 {
        let mut sorted = self.times.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted[whole(q * (sorted.len() - 1) as f64)]
    }

    fn words(&self) -> String {
        format!(
            "{:.1} [{:.1}, {:.1}]",
            median(&self.times),
            self.quantile(0.1),
            self.quantile(0.9)
        )
    }
}

/// Fits by each of some trainings, and forecasts the same test segments.
fn measure(
    setting: &Setting,
    noise: f64,
    trainings: usize,
    choice: &dyn Fn(ClosedLoopChoice) -> Lambda,
) -> Result<Outcome, String> {
    let text = |error: Error| error.to_string();
    let dt = setting.dt;
    // With noise the forecasts end much earlier.
    let longest = if noise > 0.0 { 20.0 } else { LONGEST };
    let horizon = whole(longest / EXPONENT / dt);
    let apart = whole(APART / dt);
    let clean = lorenz(
        [-4.0, 5.0, 15.0],
        50.0,
        dt,
        SYNCHRONISATION + (TESTS - 1) * apart + horizon,
    )?;
    let deviations = deviations([&clean]).map_err(text)?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let test = with_noise(&clean, noise, &deviations, &mut rng);
    let validation = lorenz(
        [2.0, -3.0, 20.0],
        50.0,
        dt,
        SYNCHRONISATION + (VALIDATIONS - 1) * apart + horizon,
    )?;
    let validation = with_noise(&validation, noise, &deviations, &mut rng);
    let mut outcome = Outcome {
        features: 0,
        times: Vec::new(),
        lambdas: Vec::new(),
        method: String::new(),
    };
    let mut out = DMatrix::zeros(3, horizon);
    for training in 0..trainings {
        let start = 50.0 + 25.0 * training as f64;
        let points = setting.points + setting.taps;
        let series = lorenz([1.0, 1.0, 1.05], start, dt, points)?;
        let series = with_noise(&series, noise, &deviations, &mut rng);
        let lambda = choice(ClosedLoopChoice {
            lambdas: Lambda::decades(-22, 0),
            windows: VALIDATIONS,
            horizon,
            threshold: THRESHOLD,
            ..ClosedLoopChoice::default()
        });
        let by_forecasts = matches!(lambda, Lambda::ClosedLoop(_));
        let mut model = Ngrc::new(NgrcConfig {
            taps: setting.taps,
            orders: Orders::UpTo(setting.order),
            lambda,
            ..NgrcConfig::default()
        })
        .map_err(text)?;
        if by_forecasts {
            model.fit_validated(&[&series], &[&validation])
        } else {
            model.fit(&series)
        }
        .map_err(text)?;
        outcome.features = model.features().map_err(text)?.len();
        outcome.lambdas.push(model.lambda().map_err(text)?.lambda);
        outcome.method = format!("{:?}", model.method().map_err(text)?);
        for segment in 0..TESTS {
            let first = segment * apart;
            let history = test.columns(first, SYNCHRONISATION).into_owned();
            let mut state = model.state_after(&history).map_err(text)?;
            out.fill(f64::NAN);
            match model.forecast_into(&mut state, out.as_mut_slice()) {
                Ok(()) | Err(Error::Diverged { .. }) => {}
                Err(error) => return Err(error.to_string()),
            }
            let truth = clean.columns(first + SYNCHRONISATION, horizon).into_owned();
            let valid = valid_steps(&out, &truth, &deviations, THRESHOLD);
            let valid = valid.map_err(|e| e.to_string())?;
            outcome.times.push(valid.lyapunov_times(dt, EXPONENT));
        }
    }
    Ok(outcome)
}

fn run(context: &Context) -> Result<Report, String> {
    let trainings = if context.full { 10 } else { 5 };
    let count = SETTINGS.len() * NOISE.len() + 1;
    context.progress.set_length(count as u64);
    let heads = [
        "taps, order, Δt, points",
        "features",
        "noise-free",
        "noise 10⁻⁴",
        "noise 10⁻³",
        "noise 10⁻²",
        "noise-free, normal equations in NumPy",
    ];
    let mut report = Report::new(
        "Lorenz63: valid prediction time of NG-RC in Lyapunov times, median [10 %, 90 %]",
        &heads,
    );
    let mut rows: Vec<Vec<Outcome>> = Vec::new();
    for setting in &SETTINGS {
        let mut outcomes = Vec::new();
        for noise in NOISE {
            outcomes.push(measure(setting, noise, trainings, &Lambda::ClosedLoop)?);
            context.progress.inc(1);
        }
        let Setting {
            taps,
            order,
            dt,
            points,
            normal_equations,
        } = setting;
        let mut cells = vec![
            format!("{taps}, {order}, {dt}, {points}"),
            outcomes[0].features.to_string(),
        ];
        cells.extend(outcomes.iter().map(Outcome::words));
        cells.push((*normal_equations).to_owned());
        report.row(cells);
        rows.push(outcomes);
    }
    let by_gcv = measure(&SETTINGS[0], 0.0, trainings, &|c| Lambda::Gcv(c.lambdas))?;
    context.progress.inc(1);
    notes(&mut report, &rows, &by_gcv, trainings);
    report.figure("ngrc-vpt", figure(&rows));
    Ok(report)
}

fn notes(report: &mut Report, rows: &[Vec<Outcome>], by_gcv: &Outcome, trainings: usize) {
    report.note(format!(
        "Until the error, in deviations of the channels, exceeds {THRESHOLD}; λ₁ = {EXPONENT}. \
         {TESTS} forecasts after each of {trainings} training stretches; λ from 10⁻²² to 1 by {VALIDATIONS} \
         forecasts of a series of its own. The features are the constant and all monomials up to the \
         order, of standardised channels. Truth is RK4 with a step of 0.001: one noise-free \
         trajectory of that very map, which nothing measured is."
    ));
    report.note(
        "Noise is added to training, validation and the samples a forecast starts from, in deviations of a \
         channel; forecasts are compared with the truth without it. The advantage of high orders \
         and exact solvers is one of noise-free data alone.",
    );
    report.note(format!(
        "The first row has the settings of Gauthier et al. (2021). Readouts by {}; by normal equations, λ \
         chosen by validation as well, half of the noise-free valid time is lost where the order is \
         high.",
        rows[0][0].method
    ));
    report.note(format!(
        "The least GCV error of the first row is at λ = {:e}: its forecasts are valid for {} \
         Lyapunov times, against {} with the λ of the forecasts, {:e}.",
        by_gcv.lambdas[0],
        significant(median(&by_gcv.times), 1),
        significant(median(&rows[0][0].times), 2),
        rows[0][0].lambdas[0],
    ));
    for (name, row) in [("best-400", 2), ("best-5000", 9)] {
        let times = &rows[row][0].times;
        let each: Vec<f64> = times.chunks(TESTS).map(median).collect();
        let least = each.iter().copied().fold(f64::INFINITY, f64::min);
        let most = each.iter().copied().fold(0.0, f64::max);
        report.value(name, format!("{:.1}", median(times)));
        let Setting { order, points, .. } = SETTINGS[row];
        report.note(format!(
            "Order {order} from {points} noise-free points: {:.1} Lyapunov times; the medians of the single \
             training stretches are from {least:.1} to {most:.1}.",
            median(times)
        ));
    }
}

/// Against order, step and length, for each level of noise.
fn figure(rows: &[Vec<Outcome>]) -> Figure {
    let y = || Axis::new("valid time (Lyapunov times)").range(0.0, 48.0);
    let panel = |x: Axis, of: &dyn Fn(&Setting) -> f64, chosen: &[usize], named: bool| {
        let mut panel = Panel::new(x, y());
        for (level, noise) in NOISE.iter().enumerate() {
            let mut points: Vec<(f64, f64)> = chosen
                .iter()
                .map(|&row| (of(&SETTINGS[row]), median(&rows[row][level].times)))
                .collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let name = match (named, *noise > 0.0) {
                (false, _) => String::new(),
                (true, false) => "noise-free".to_owned(),
                (true, true) => format!("noise {noise:e}"),
            };
            panel = panel.with(Series::line(name, points));
        }
        panel
    };
    Figure::new("Valid prediction time of NG-RC on Lorenz63")
        .size(760, 230)
        .panel(panel(
            Axis::new("order (one tap, Δt = 0.01, 5000 points)"),
            &|s| s.order as f64,
            &[3, 4, 5, 6, 7, 8, 9, 10],
            true,
        ))
        .panel(panel(
            Axis::new("Δt (one tap, order 8, 5000 points)"),
            &|s| s.dt,
            &[12, 9, 13, 14],
            false,
        ))
        .panel(panel(
            Axis::new("training points (one tap, order 8, Δt = 0.01)").logarithmic(),
            &|s| s.points as f64,
            &[15, 16, 17, 18, 9, 19],
            false,
        ))
}
