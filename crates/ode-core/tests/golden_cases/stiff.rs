//! Stiff problems, by the implicit methods.

use neuropil_ode_core::stiff::{Radau5, Rodas5P, Stiff, StiffMethod};
use neuropil_ode_core::systems::{Hires, Robertson, VanDerPol};
use neuropil_ode_core::{Absolute, SolverConfig, System, Tolerance};
use serde_json::Value;

use crate::Check;
use crate::reader::{digits, number_or, numbers, parameters, points, words};

pub(crate) fn check(name: &str, case: &Value) -> Option<Check> {
    let stiff = case["stiff"].as_bool().unwrap_or(false);
    match name {
        _ if name.starts_with("vdp") && stiff => Some(van_der_pol),
        _ if name.starts_with("hires") => Some(hires),
        _ if name.starts_with("robertson") => Some(robertson),
        _ => None,
    }
}

/// The same system without its derivatives.
struct Bare<F>(F);

impl<F: System<f64>> System<f64> for Bare<F> {
    fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
        self.0.rhs(t, y, dy);
    }
}

/// Integrates through the points of a case: the largest error at each, relative to its component and
/// in units of the tolerance.
fn errors<M: StiffMethod>(
    system: &impl System<f64>,
    case: &Value,
    relative: f64,
    absolute: f64,
) -> Result<(Vec<f64>, Vec<f64>), String> {
    let config = SolverConfig {
        tolerance: Tolerance {
            relative,
            absolute: Absolute::All(absolute),
        },
        ..SolverConfig::default()
    };
    let (t0, y0) = (number_or(case, "t0", 0.0)?, numbers(&case["y0"])?);
    let mut solver = Stiff::<M, _, _>::new(t0, y0, &config).map_err(words)?;
    let (times, states) = points(case)?;
    let (mut errors, mut units) = (Vec::new(), Vec::new());
    let mut line = String::new();
    for (&t, expected) in times.iter().zip(&states) {
        solver.advance_to(system, t).map_err(words)?;
        let (mut worst, mut most) = (0.0_f64, 0.0_f64);
        for (y, e) in solver.state().iter().zip(expected) {
            let error = (y - e).abs();
            worst = worst.max(error / e.abs());
            most = most.max(error / (absolute + relative * e.abs()));
        }
        line += &format!(" t={t:e}: {:.1} digits;", digits(worst));
        errors.push(worst);
        units.push(most);
    }
    let cost = solver.statistics();
    println!(
        "  {} at {relative:e} and {absolute:e}, {} evaluations, {} factorisations:{line}",
        M::NAME,
        cost.evaluations,
        cost.factorisations
    );
    Ok((errors, units))
}

fn within(what: &str, errors: &[f64], bound: f64) -> Result<(), String> {
    for (point, &error) in errors.iter().enumerate() {
        if error.is_nan() || error > bound {
            return Err(format!(
                "{what}: error {error:.2e} at point {point}, {bound:.1e} is allowed"
            ));
        }
    }
    Ok(())
}

fn van_der_pol(case: &Value) -> Result<(), String> {
    let [mu] = parameters(case, [("mu", None)])?;
    let system = VanDerPol { mu };
    for (relative, bound) in [(1e-6, 1e-6), (1e-9, 4e-9)] {
        let bare = Bare(system);
        for (name, error) in [
            ("Radau5", end::<Radau5>(&system, case, relative)?),
            ("Radau5, differences", end::<Radau5>(&bare, case, relative)?),
            ("Rodas5P", end::<Rodas5P>(&system, case, relative)?),
            (
                "Rodas5P, differences",
                end::<Rodas5P>(&bare, case, relative)?,
            ),
        ] {
            within(&format!("{name} at {relative:e}"), &[error], bound)?;
        }
    }
    for tolerance in [1e-10, 1e-11, 1e-12] {
        let (_, units) = errors::<Rodas5P>(&system, case, tolerance, tolerance)?;
        within("Rodas5P", &units, 10.0)?;
        let (_, units) = errors::<Radau5>(&system, case, tolerance, tolerance)?;
        within("Radau5", &units, 10.0)?;
    }
    Ok(())
}

/// The error of the first component at the end, where the absolute tolerance is a hundredth of the
/// relative one.
fn end<M: StiffMethod>(
    system: &impl System<f64>,
    case: &Value,
    relative: f64,
) -> Result<f64, String> {
    let config = SolverConfig {
        tolerance: Tolerance {
            relative,
            absolute: Absolute::All(relative * 0.01),
        },
        ..SolverConfig::default()
    };
    let (t0, y0) = (number_or(case, "t0", 0.0)?, numbers(&case["y0"])?);
    let (times, states) = points(case)?;
    let (Some(&t), Some(expected)) = (times.last(), states.last()) else {
        return Err("no points".to_owned());
    };
    let mut solver = Stiff::<M, _, _>::new(t0, y0, &config).map_err(words)?;
    solver.advance_to(system, t).map_err(words)?;
    Ok((solver.state()[0] - expected[0]).abs())
}

fn hires(case: &Value) -> Result<(), String> {
    let [] = parameters(case, [])?;
    let system = Hires {};
    for tolerance in [1e-10, 1e-11, 1e-12] {
        let bare = Bare(system);
        let (_, units) = errors::<Rodas5P>(&system, case, tolerance, tolerance)?;
        within("Rodas5P", &units, 10.0)?;
        let (_, units) = errors::<Radau5>(&system, case, tolerance, tolerance)?;
        within("Radau5", &units, 10.0)?;
        let (_, units) = errors::<Radau5>(&bare, case, tolerance, tolerance)?;
        within("Radau5, differences", &units, 10.0)?;
    }
    // The digits of the small components too.
    let (digits, _) = errors::<Rodas5P>(&system, case, 1e-12, 1e-17)?;
    within("Rodas5P", &digits, 1e-11)?;
    let (digits, _) = errors::<Radau5>(&system, case, 1e-12, 1e-17)?;
    within("Radau5", &digits, 1e-11)
}

fn robertson(case: &Value) -> Result<(), String> {
    let [] = parameters(case, [])?;
    let system = Robertson::default();
    // The second component falls to 1e-13: the absolute tolerance has to stay far below.
    for (tolerance, bound) in [(1e-10, 1e-9), (1e-11, 1e-10), (1e-12, 1e-11)] {
        let absolute = tolerance * 1e-14;
        let (digits, _) = errors::<Rodas5P>(&system, case, tolerance, absolute)?;
        within("Rodas5P", &digits, bound)?;
        let (digits, _) = errors::<Radau5>(&system, case, tolerance, absolute)?;
        within("Radau5", &digits, bound)?;
        let (digits, _) = errors::<Radau5>(&Bare(system), case, tolerance, absolute)?;
        within("Radau5, differences", &digits, bound)?;
    }
    // With equal tolerances only what the absolute one promises.
    let (_, units) = errors::<Rodas5P>(&system, case, 1e-12, 1e-12)?;
    within("Rodas5P", &units, 10.0)?;
    let (_, units) = errors::<Radau5>(&system, case, 1e-12, 1e-12)?;
    within("Radau5", &units, 10.0)
}
