//! Fused and exponential steps on a liquid cell.

use neuropil_ode_core::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, GatedStep,
    Unfolding,
};
use neuropil_ode_core::systems::LiquidCell;

use super::super::{Context, Experiment};
use super::reference::Reference;
use crate::report::{Report, significant};

pub(in super::super) const FUSED: Experiment = Experiment {
    name: "ode-fused",
    about: "errors of fused and exponential steps on a liquid cell, beside the certified solution",
    short: true,
    run: table,
};

fn table(_: &Context) -> Result<Report, String> {
    let (_, states) = Reference::read()?.points("ltc4")?;
    let exact = &states[0];
    let heads = [
        "steps to t = 1",
        "fused",
        "exponential Euler",
        "fused midpoint",
        "exponential midpoint",
    ];
    let title = "A liquid cell of four neurons: largest error at t = 1";
    let mut report = Report::new(title, &heads);
    for steps in [3, 6, 12, 24, 48] {
        let errors = [
            error(FusedStep, steps, exact)?,
            error(ExponentialEulerStep, steps, exact)?,
            error(FusedMidpointStep, steps, exact)?,
            error(ExponentialMidpointStep, steps, exact)?,
        ];
        if steps == 6 {
            report.value("fused", significant(errors[0], 2));
            report.value("fused-midpoint", significant(errors[2], 2));
        }
        if steps == 3 {
            report.value("fused-midpoint-equal-cost", significant(errors[2], 2));
        }
        let cells = errors.map(|e| significant(e, 3));
        report.row([steps.to_string()].into_iter().chain(cells));
    }
    report.note(
        "Fused and exponential Euler evaluate drive and rate once a step, the midpoint methods twice. \
         Six fused steps are the customary setting.",
    );
    Ok(report)
}

fn error<M: GatedStep<f64>>(method: M, steps: usize, exact: &[f64]) -> Result<f64, String> {
    let mut y = LiquidCell::INITIAL;
    Unfolding::new(method, 4)
        .run(&LiquidCell::default(), 0.0, 1.0, steps, &mut y)
        .map_err(|e| e.to_string())?;
    let pairs = y.iter().zip(exact);
    Ok(pairs.fold(0.0_f64, |m, (a, b)| m.max((a - b).abs())))
}
