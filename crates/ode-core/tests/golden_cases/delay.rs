//! Mackey–Glass with a constant history.

use neuropil_ode_core::SolverConfig;
use neuropil_ode_core::dde::{DelayRk4, DelaySolver};
use neuropil_ode_core::explicit::{
    DormandPrince54, DormandPrince853, Tableau, Tsitouras54, Verner65, Verner76, Verner98,
};
use neuropil_ode_core::systems::MackeyGlass;
use serde_json::Value;

use crate::Check;
use crate::reader::{digits, number_or, parameters, points, words};

pub fn check(name: &str, _case: &Value) -> Option<Check> {
    name.starts_with("mackey_glass")
        .then_some(mackey_glass as Check)
}

struct Problem {
    system: MackeyGlass,
    delay: f64,
    t0: f64,
    history: f64,
    times: Vec<f64>,
    expected: Vec<f64>,
}

fn mackey_glass(case: &Value) -> Result<(), String> {
    let names = ["beta", "gamma", "n", "tau"].map(|name| (name, None));
    let [beta, gamma, exponent, delay] = parameters(case, names)?;
    let start = case["y0"][0].as_str().ok_or("no initial value")?;
    // "1.2 (constant history)"
    let history = start.split_whitespace().next().unwrap_or_default();
    let (times, states) = points(case)?;
    let problem = Problem {
        system: MackeyGlass {
            beta,
            gamma,
            exponent,
        },
        delay,
        t0: number_or(case, "t0", 0.0)?,
        history: history.parse().map_err(|e| format!("{start}: {e}"))?,
        times,
        expected: states.iter().map(|y| y[0]).collect(),
    };
    adaptive::<DormandPrince54>(&problem)?;
    adaptive::<Tsitouras54>(&problem)?;
    adaptive::<Verner65>(&problem)?;
    adaptive::<Verner76>(&problem)?;
    adaptive::<DormandPrince853>(&problem)?;
    adaptive::<Verner98>(&problem)?;
    fixed(&problem)
}

/// 10⁻⁹ at all times, at a tolerance of 10⁻¹².
fn adaptive<M: Tableau>(p: &Problem) -> Result<(), String> {
    for tolerance in [1e-10, 1e-11, 1e-12] {
        let config = SolverConfig::with_tolerance(tolerance);
        let history = |_t: f64, y: &mut [f64]| y[0] = p.history;
        let mut solver =
            DelaySolver::<M, _, _, _>::new(p.t0, [p.history], &[p.delay], history, &config)
                .map_err(words)?;
        let mut line = String::new();
        for (&t, expected) in p.times.iter().zip(&p.expected) {
            solver.advance_to(&p.system, t).map_err(words)?;
            let error = (solver.state()[0] - expected).abs();
            line += &format!(" t={t}: {:.1} digits;", digits(error / expected.abs()));
            if tolerance < 5e-12 && !(error <= 1e-9) {
                return Err(format!("{} at {tolerance:e}, t = {t}: {error:e}", M::NAME));
            }
        }
        let evaluations = solver.statistics().evaluations;
        println!(
            "  {} at {tolerance:e}, {evaluations} evaluations:{line}",
            M::NAME
        );
    }
    Ok(())
}

/// Fixed steps that divide delay and times: 2·10⁻⁸ with 170 of them in a delay, 10⁻⁵ with 34.
fn fixed(p: &Problem) -> Result<(), String> {
    for (steps, allowed) in [(34.0, 1e-5), (170.0, 2e-8)] {
        let h = p.delay / steps;
        let constant = |_t: f64, y: &mut [f64]| y[0] = p.history;
        let mut solver =
            DelayRk4::new(p.t0, h, &[p.history], &[p.delay], constant).map_err(words)?;
        let mut made = 0;
        for (&t, expected) in p.times.iter().zip(&p.expected) {
            let count = ((t - p.t0) / h).round();
            if (count * h - (t - p.t0)).abs() > 1e-9 {
                continue;
            }
            solver
                .run(&p.system, count as usize - made)
                .map_err(words)?;
            made = count as usize;
            let error = (solver.state()[0] - expected).abs();
            println!("  RK4, {steps} steps per delay, t = {t}: error {error:.1e}");
            if !(error <= allowed) {
                return Err(format!("RK4, {steps} steps per delay, t = {t}: {error:e}"));
            }
        }
    }
    Ok(())
}
