//! Certified reference values for the stiff methods.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use neuropil_ode_core::stiff::{Radau5, Rodas5P, Stiff, StiffMethod};
use neuropil_ode_core::{Absolute, SolverConfig, System, Tolerance};
use neuropil_test_kit::golden;
use serde_json::Value;

#[test]
fn golden_stiff() {
    let folder = golden::folder(env!("CARGO_MANIFEST_DIR"), "ode-core");
    let file: Value = golden::read_json(&folder.join("reference.json")).unwrap();
    type Check = fn(&Value) -> Result<(), String>;
    let checks: [(&str, Check); 3] = [
        ("vdp_mu1000", vdp_mu1000),
        ("hires", hires),
        ("robertson", robertson),
    ];
    golden::report(
        &folder,
        checks.map(|(name, check)| {
            let case = &file["cases"][name];
            (name.to_owned(), check(case))
        }),
    );
}

struct VanDerPol;

impl System<f64> for VanDerPol {
    fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
        dy[0] = y[1];
        dy[1] = 1e3 * (1.0 - y[0] * y[0]) * y[1] - y[0];
    }

    fn jacobian(&self, _t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        jacobian[0] = 0.0;
        jacobian[1] = -2e3 * y[0] * y[1] - 1.0;
        jacobian[2] = 1.0;
        jacobian[3] = 1e3 * (1.0 - y[0] * y[0]);
        true
    }

    fn time_derivative(&self, _t: f64, _y: &[f64], dt: &mut [f64]) -> bool {
        dt.fill(0.0);
        true
    }
}

struct Hires;

impl System<f64> for Hires {
    fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
        let pair = 280.0 * y[5] * y[7];
        dy[0] = -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007;
        dy[1] = 1.71 * y[0] - 8.75 * y[1];
        dy[2] = -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4];
        dy[3] = 8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3];
        dy[4] = -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6];
        dy[5] = -pair + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6];
        dy[6] = pair - 1.81 * y[6];
        dy[7] = -pair + 1.81 * y[6];
    }

    fn jacobian(&self, _t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        jacobian.fill(0.0);
        let (a, b) = (280.0 * y[7], 280.0 * y[5]);
        for (row, column, value) in [
            (0, 0, -1.71),
            (0, 1, 0.43),
            (0, 2, 8.32),
            (1, 0, 1.71),
            (1, 1, -8.75),
            (2, 2, -10.03),
            (2, 3, 0.43),
            (2, 4, 0.035),
            (3, 1, 8.32),
            (3, 2, 1.71),
            (3, 3, -1.12),
            (4, 4, -1.745),
            (4, 5, 0.43),
            (4, 6, 0.43),
            (5, 3, 0.69),
            (5, 4, 1.71),
            (5, 5, -a - 0.43),
            (5, 6, 0.69),
            (5, 7, -b),
            (6, 5, a),
            (6, 6, -1.81),
            (6, 7, b),
            (7, 5, -a),
            (7, 6, 1.81),
            (7, 7, -b),
        ] {
            jacobian[row + 8 * column] = value;
        }
        true
    }

    fn time_derivative(&self, _t: f64, _y: &[f64], dt: &mut [f64]) -> bool {
        dt.fill(0.0);
        true
    }
}

struct Robertson;

impl System<f64> for Robertson {
    fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
        let (a, b, c) = (0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]);
        dy[0] = b - a;
        dy[1] = a - b - c;
        dy[2] = c;
    }

    fn jacobian(&self, _t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        let (b1, b2, c) = (1e4 * y[2], 1e4 * y[1], 6e7 * y[1]);
        jacobian.copy_from_slice(&[-0.04, 0.04, 0.0, b1, -b1 - c, c, b2, -b2, 0.0]);
        true
    }

    fn time_derivative(&self, _t: f64, _y: &[f64], dt: &mut [f64]) -> bool {
        dt.fill(0.0);
        true
    }
}

/// The same system without its derivatives.
struct Bare<F>(F);

impl<F: System<f64>> System<f64> for Bare<F> {
    fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
        self.0.rhs(t, y, dy);
    }
}

fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::String(text) => text.parse().map_err(|e| format!("{text}: {e}")),
        _ => value
            .as_f64()
            .ok_or_else(|| format!("{value} is no number")),
    }
}

fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{value} is no list"))?;
    list.iter().map(number).collect()
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
    let y0 = numbers(&case["y0"])?;
    let mut solver = Stiff::<M, _, _>::new(number(&case["t0"])?, y0, &config)
        .map_err(|error| error.to_string())?;
    let points = case["points"].as_array().ok_or("the case has no points")?;
    let (mut digits, mut units) = (Vec::new(), Vec::new());
    for point in points {
        solver
            .advance_to(system, number(&point["t"])?)
            .map_err(|error| format!("{}: {error}", M::NAME))?;
        let expected = numbers(&point["y"])?;
        let (mut worst, mut most) = (0.0_f64, 0.0_f64);
        for (y, e) in solver.state().iter().zip(&expected) {
            let error = (y - e).abs();
            worst = worst.max(error / e.abs());
            most = most.max(error / (absolute + relative * e.abs()));
        }
        digits.push(worst);
        units.push(most);
    }
    if std::env::var_os("NEUROPIL_SHOW").is_some() {
        let s = solver.statistics();
        eprintln!(
            "{} {relative:e} {absolute:e}: {digits:?} {units:?} {s:?}",
            M::NAME
        );
    }
    Ok((digits, units))
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

fn vdp_mu1000(case: &Value) -> Result<(), String> {
    for (relative, bound) in [(1e-6, 1e-6), (1e-9, 4e-9)] {
        let bare = Bare(VanDerPol);
        for (name, error) in [
            ("Radau5", end::<Radau5>(&VanDerPol, case, relative)?),
            ("Radau5, differences", end::<Radau5>(&bare, case, relative)?),
            ("Rodas5P", end::<Rodas5P>(&VanDerPol, case, relative)?),
            (
                "Rodas5P, differences",
                end::<Rodas5P>(&bare, case, relative)?,
            ),
        ] {
            within(&format!("{name} at {relative:e}"), &[error], bound)?;
        }
    }
    for tolerance in [1e-10, 1e-11, 1e-12] {
        let (_, units) = errors::<Rodas5P>(&VanDerPol, case, tolerance, tolerance)?;
        within("Rodas5P", &units, 10.0)?;
        let (_, units) = errors::<Radau5>(&VanDerPol, case, tolerance, tolerance)?;
        within("Radau5", &units, 30.0)?;
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
    let y0 = numbers(&case["y0"])?;
    let mut solver =
        Stiff::<M, _, _>::new(0.0, [y0[0], y0[1]], &config).map_err(|error| error.to_string())?;
    solver
        .advance_to(system, 2000.0)
        .map_err(|error| error.to_string())?;
    Ok((solver.state()[0] - number(&case["points"][1]["y"][0])?).abs())
}

fn hires(case: &Value) -> Result<(), String> {
    for tolerance in [1e-10, 1e-11, 1e-12] {
        let bare = Bare(Hires);
        let (_, units) = errors::<Rodas5P>(&Hires, case, tolerance, tolerance)?;
        within("Rodas5P", &units, 10.0)?;
        let (_, units) = errors::<Radau5>(&Hires, case, tolerance, tolerance)?;
        within("Radau5", &units, 30.0)?;
        let (_, units) = errors::<Radau5>(&bare, case, tolerance, tolerance)?;
        within("Radau5, differences", &units, 30.0)?;
    }
    // The digits of the small components too.
    let (digits, _) = errors::<Rodas5P>(&Hires, case, 1e-12, 1e-17)?;
    within("Rodas5P", &digits, 1e-11)?;
    let (digits, _) = errors::<Radau5>(&Hires, case, 1e-12, 1e-17)?;
    within("Radau5", &digits, 1e-10)
}

fn robertson(case: &Value) -> Result<(), String> {
    // The second component falls to 1e-13: the absolute tolerance has to stay far below.
    for (tolerance, bound) in [(1e-10, 1e-9), (1e-11, 1e-10), (1e-12, 1e-11)] {
        let absolute = tolerance * 1e-14;
        let (digits, _) = errors::<Rodas5P>(&Robertson, case, tolerance, absolute)?;
        within("Rodas5P", &digits, bound)?;
        let (digits, _) = errors::<Radau5>(&Robertson, case, tolerance, absolute)?;
        within("Radau5", &digits, bound)?;
        let (digits, _) = errors::<Radau5>(&Bare(Robertson), case, tolerance, absolute)?;
        within("Radau5, differences", &digits, bound)?;
    }
    // With equal tolerances only what the absolute one promises.
    let (_, units) = errors::<Rodas5P>(&Robertson, case, 1e-12, 1e-12)?;
    within("Rodas5P", &units, 10.0)?;
    let (_, units) = errors::<Radau5>(&Robertson, case, 1e-12, 1e-12)?;
    within("Radau5", &units, 10.0)
}
