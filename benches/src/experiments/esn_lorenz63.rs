//! How long an echo state network forecasts Lorenz63.

use nalgebra::DMatrix;
use neuropil_reservoir::{
    ClosedLoopChoice, Esn, EsnConfig, Lambda, Leak, ReservoirConfig, RidgeMethod, Scaling,
    StateFeatures,
};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::valid_time::{HEARD, Parts, histogram, quantile, summary};
use super::{Context, Experiment};
use crate::report::Report;

pub(super) const LORENZ63: Experiment = Experiment {
    name: "esn-lorenz63",
    about: "how long an echo state network forecasts Lorenz63, noise-free and noisy",
    short: true,
    run,
};

const DT: f64 = 0.02;
const SAMPLES: usize = 10_000;
const VALIDATION: usize = 20;
const TEST: usize = 100;

/// The settings of random searches, 120 trials with 300 units and 24 with 1000, judged by closed-loop
/// forecasts of validation segments: all but no recurrence, so that the units are random features of
/// the present.
fn config(units: usize) -> EsnConfig {
    let (spectral_radius, input_scaling, bias_scaling) = if units < 1000 {
        (0.0113, 0.191, 1.86)
    } else {
        (0.005, 0.36, 2.76)
    };
    EsnConfig {
        reservoir: ReservoirConfig {
            units,
            spectral_radius,
            leak: Leak::Scalar(1.0),
            input_scaling: Scaling::Uniform(input_scaling),
            bias_scaling,
            ..ReservoirConfig::default()
        },
        features: StateFeatures {
            constant: true,
            input: true,
            ..StateFeatures::default()
        },
        intercept: false,
        washout: HEARD,
        method: RidgeMethod::Qr,
        ..EsnConfig::default()
    }
}

fn new(config: EsnConfig) -> Result<Esn<f64>, String> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    Esn::new(config, 3, &mut rng).map_err(|e| e.to_string())
}

fn forecasts(
    model: &Esn<f64>,
) -> impl Fn(&DMatrix<f64>, usize) -> Result<DMatrix<f64>, String> + '_ {
    move |heard, steps| match model.forecast(heard, steps) {
        Ok(forecast) => Ok(forecast),
        // What a forecast is after it has diverged.
        Err(neuropil_reservoir::Error::Diverged { .. }) => {
            Ok(DMatrix::from_element(heard.nrows(), steps, f64::NAN))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// By QR, λ by closed-loop forecasts of the validation segments, all from one factorisation.
fn by_qr(units: usize, parts: &Parts, lambdas: Vec<f64>) -> Result<Esn<f64>, String> {
    let mut model = new(EsnConfig {
        lambda: Lambda::ClosedLoop(ClosedLoopChoice {
            lambdas,
            windows: parts.validation.len(),
            horizon: parts.horizon(),
            refit: false,
            ..ClosedLoopChoice::default()
        }),
        ..config(units)
    })?;
    let validation: Vec<&DMatrix<f64>> = parts.validation.iter().collect();
    model
        .fit_validated(&[&parts.training], &validation)
        .map_err(|e| e.to_string())?;
    Ok(model)
}

/// By normal equations and Cholesky's factorisation, the same choice of λ.
fn by_cholesky(units: usize, parts: &Parts) -> Result<(Esn<f64>, f64), String> {
    let mut best: Option<(f64, Esn<f64>, f64)> = None;
    for lambda in Lambda::decades(-13, -6) {
        let mut model = new(EsnConfig {
            lambda: Lambda::Fixed(lambda),
            method: RidgeMethod::Primal,
            ..config(units)
        })?;
        // A matrix that is no longer positive definite is an answer too.
        if model.fit(&parts.training).is_err() {
            continue;
        }
        let median = quantile(&parts.validate(forecasts(&model))?, 0.5);
        if best.as_ref().is_none_or(|(m, ..)| median > *m) {
            best = Some((median, model, lambda));
        }
    }
    let (_, model, lambda) = best.ok_or("no λ leaves the normal equations positive definite")?;
    Ok((model, lambda))
}

fn run(context: &Context) -> Result<Report, String> {
    let sizes = [300, 1000];
    let noises = [1e-4, 1e-3, 1e-2];
    context
        .progress
        .set_length((2 * sizes.len() + noises.len()) as u64);
    let mut report = Report::new(
        "Lorenz63: how long an echo state network forecasts it, in Lyapunov times",
        &[
            "units",
            "noise",
            "readout",
            "λ chosen",
            "median [10 %, 90 %]",
            "reference program",
        ],
    );
    let noise_free = Parts::new(DT, SAMPLES, (VALIDATION, TEST), 0.0)?;
    let mut times = Vec::new();
    for (units, reference) in sizes.into_iter().zip(["25.9", "28.6"]) {
        let model = by_qr(units, &noise_free, Lambda::decades(-28, -16))?;
        let judged = noise_free.judge(forecasts(&model))?;
        let lambda = model.lambda().map_err(|e| e.to_string())?.lambda;
        report.value(
            &format!("median-{units}"),
            format!("{:.1}", quantile(&judged, 0.5)),
        );
        report.row([
            units.to_string(),
            "noise-free".to_owned(),
            "QR".to_owned(),
            format!("{lambda:.0e}"),
            summary(&judged),
            reference.to_owned(),
        ]);
        if units == 1000 {
            let (in_time, attractor) = noise_free.pictures(
                "A forecast of Lorenz63 by 1000 units, noise-free data",
                forecasts(&model),
            )?;
            report.figure("esn-lorenz63-forecast", in_time);
            report.figure("esn-lorenz63-attractor", attractor);
        }
        times.push((format!("{units} units, QR"), judged));
        context.progress.inc(1);
    }
    for (units, reference) in sizes.into_iter().zip(["12.3", "11.7"]) {
        let (model, lambda) = by_cholesky(units, &noise_free)?;
        let judged = noise_free.judge(forecasts(&model))?;
        report.row([
            units.to_string(),
            "noise-free".to_owned(),
            "normal equations".to_owned(),
            format!("{lambda:.0e}"),
            summary(&judged),
            reference.to_owned(),
        ]);
        if units == 300 {
            times.push((format!("{units} units, normal equations"), judged));
        }
        context.progress.inc(1);
    }
    for (noise, reference) in noises.into_iter().zip(["7.7", "5.0", "3.3"]) {
        let parts = Parts::new(DT, SAMPLES, (VALIDATION, TEST / 2), noise)?;
        let model = by_qr(300, &parts, Lambda::decades(-10, 2))?;
        let judged = parts.judge(forecasts(&model))?;
        let lambda = model.lambda().map_err(|e| e.to_string())?.lambda;
        report.value(
            &format!("median-noise-{noise:e}"),
            format!("{:.1}", quantile(&judged, 0.5)),
        );
        report.row([
            "300".to_owned(),
            format!("{noise:.0e}"),
            "QR".to_owned(),
            format!("{lambda:.0e}"),
            summary(&judged),
            reference.to_owned(),
        ]);
        context.progress.inc(1);
    }
    report.note(format!(
        "Trained on {SAMPLES} samples, {DT} apart; λ by closed-loop forecasts of {VALIDATION} validation \
         segments; {TEST} other segments for the test, {} where there is noise. A forecast follows \
         {HEARD} samples that are heard and is valid until its error exceeds 0.4 standard deviations. \
         Noise: in standard deviations, on everything but the truth of the test. The numbers of the \
         noise-free rows hold for noise-free data alone: with a ten-thousandth of noise two thirds of \
         them are gone, and the readout's solver makes no difference any more.",
        TEST / 2
    ));
    report.note(
        "Reference program: NumPy and LAPACK, the same protocol, other reservoirs, the settings of 300 units for both sizes.",
    );
    report.figure(
        "esn-lorenz63",
        histogram(
            "How long forecasts of Lorenz63 are valid, noise-free",
            &times,
        ),
    );
    Ok(report)
}
