//! Smooth problems, by every explicit method of order 5 and more.

use neuropil_ode_core::systems::{
    Arenstorf, Hires, HodgkinHuxley, LiquidCell, Lorenz63, Pleiades, VanDerPol,
};
use neuropil_ode_core::{Method, Options, Output, System, solve};
use serde_json::Value;

use crate::Check;
use crate::reader::{
    digits, number_or, numbers, parameters, points, relative_error, within, words,
};

pub(crate) fn check(name: &str, case: &Value) -> Option<Check> {
    let stiff = case["stiff"].as_bool().unwrap_or(false);
    match name {
        _ if name.starts_with("lorenz63") => Some(lorenz63),
        _ if name.starts_with("arenstorf") => Some(arenstorf),
        _ if name.starts_with("pleiades") => Some(pleiades),
        _ if name.starts_with("vdp") && !stiff => Some(van_der_pol),
        _ if name.starts_with("hodgkin_huxley") => Some(hodgkin_huxley),
        _ if name.starts_with("ltc4") => Some(liquid_cell),
        // Stiff by name only: its fastest rate is 10.
        "hires" => Some(hires),
        _ => None,
    }
}

pub(crate) const METHODS: [Method; 6] = [
    Method::DormandPrince54,
    Method::Tsitouras54,
    Method::Verner65,
    Method::Verner76,
    Method::DormandPrince853,
    Method::Verner98,
];

fn states(
    system: &dyn System<f64>,
    t0: f64,
    y0: &[f64],
    times: &[f64],
    method: Method,
    tolerance: f64,
) -> Result<(Vec<Vec<f64>>, u64), String> {
    let options = Options {
        method,
        output: Output::At(times.to_vec()),
        ..Options::with_tolerance(tolerance)
    };
    let end = times[times.len() - 1];
    let run = solve(system, t0..end, y0.to_vec(), &options).map_err(words)?;
    Ok((run.y, run.statistics.evaluations))
}

/// What double precision allows at each time: how far apart are solutions from initial states that
/// differ in their last place?
fn noise(system: &dyn System<f64>, t0: f64, y0: &[f64], times: &[f64]) -> Result<Vec<f64>, String> {
    let run = |y0: &[f64]| states(system, t0, y0, times, Method::Verner98, 1e-12);
    let (exact, _) = run(y0)?;
    let largest = y0.iter().fold(0.0_f64, |m, y| m.max(y.abs()));
    let mut noise = vec![f64::EPSILON; times.len()];
    for pattern in [0b0101_u32, 0b0110, 0b0001] {
        let mut near = y0.to_vec();
        for (i, y) in near.iter_mut().enumerate() {
            let sign = if pattern >> (i % 4) & 1 == 1 {
                1.0
            } else {
                -1.0
            };
            *y += sign * f64::EPSILON * if *y == 0.0 { 0.5 * largest } else { y.abs() };
        }
        let (moved, _) = run(&near)?;
        // What has grown once may shrink for a while, and grows again.
        let mut most = 0.0_f64;
        for ((noise, y), e) in noise.iter_mut().zip(&moved).zip(&exact) {
            most = most.max(relative_error(y, e));
            *noise = noise.max(most);
        }
    }
    Ok(noise)
}

/// Runs all methods at 10⁻¹⁰, 10⁻¹¹, 10⁻¹² and 10⁻¹⁴ and prints their digits beside those that double
/// precision allows. Asks of each for as many as its tolerance and the growth of small errors let it
/// have, and of the methods of high order, at the tightest, for all.
fn all_methods(
    system: &dyn System<f64>,
    case: &Value,
    expected: &[Vec<f64>],
) -> Result<(), String> {
    let (t0, y0) = (number_or(case, "t0", 0.0)?, numbers(&case["y0"])?);
    let (times, _) = points(case)?;
    let noise = noise(system, t0, &y0, &times)?;
    let mut failures = String::new();
    let mut best = vec![f64::INFINITY; times.len()];
    for method in METHODS {
        for tolerance in [1e-10, 1e-11, 1e-12, 1e-14] {
            let (found, evaluations) = states(system, t0, &y0, &times, method, tolerance)?;
            let mut line = format!("  {method:?} at {tolerance:e}, {evaluations} evaluations:");
            for (i, &t) in times.iter().enumerate() {
                let error = relative_error(&found[i], &expected[i]);
                best[i] = best[i].min(error);
                let (have, most) = (digits(error), digits(noise[i]));
                line += &format!(" t={t:.4}: {have:.1} of {most:.1} digits;");
                // An error of the tolerance in each of some steps grows as the noise does, which
                // was an ulp at the start.
                let growth = noise[i] / f64::EPSILON;
                let allowed = 20.0 * tolerance * growth + 100.0 * noise[i];
                if !(error <= allowed || allowed > 0.01) {
                    failures += &format!(
                        "\n    {method:?} at {tolerance:e}, t = {t}: error {error:e} > {allowed:e}"
                    );
                }
            }
            println!("{line}");
        }
    }
    for ((t, best), noise) in times.iter().zip(best).zip(noise) {
        println!(
            "  best at t={t:.4}: {:.1} of {:.1} digits",
            digits(best),
            digits(noise)
        );
        if !(best <= 30.0 * noise || noise > 1e-3) {
            failures += &format!("\n    t = {t}: {best:e} at best, {noise:e} of noise");
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures)
    }
}

fn lorenz63(case: &Value) -> Result<(), String> {
    let [sigma, rho, beta] = parameters(case, [("s", None), ("r", None), ("b", None)])?;
    let system = Lorenz63 { sigma, rho, beta };
    let (times, expected) = points(case)?;
    all_methods(&system, case, &expected)?;
    // In absolute terms, where the field's papers compare.
    let (t0, y0) = (number_or(case, "t0", 0.0)?, numbers(&case["y0"])?);
    for method in METHODS {
        let (found, _) = states(&system, t0, &y0, &times, method, 1e-10)?;
        for ((t, found), expected) in times.iter().zip(&found).zip(&expected) {
            let pairs = found.iter().zip(expected);
            let error = pairs.fold(0.0_f64, |m, (f, e)| m.max((f - e).abs()));
            if *t <= 20.0 && !within(error, 1e-3) {
                return Err(format!("{method:?} at 1e-10, t = {t}: error {error:e}"));
            }
            // Lost in chaos, but on the attractor.
            if !within(error, 100.0) {
                return Err(format!("{method:?}, t = {t}: {found:?}"));
            }
        }
    }
    Ok(())
}

fn arenstorf(case: &Value) -> Result<(), String> {
    let [mu] = parameters(case, [("mu", None)])?;
    let (_, mut expected) = points(case)?;
    // The orbit amplifies the rounding of its own data: the file has the exact image of those.
    if let (Some(rounded), Some(last)) = (case.get("f64_data_yT"), expected.last_mut()) {
        *last = numbers(rounded)?;
    }
    all_methods(&Arenstorf { mu }, case, &expected)
}

fn pleiades(case: &Value) -> Result<(), String> {
    let [] = parameters(case, [])?;
    let (_, expected) = points(case)?;
    all_methods(&Pleiades::default(), case, &expected)
}

fn van_der_pol(case: &Value) -> Result<(), String> {
    let [mu] = parameters(case, [("mu", None)])?;
    let (_, expected) = points(case)?;
    all_methods(&VanDerPol { mu }, case, &expected)
}

fn hodgkin_huxley(case: &Value) -> Result<(), String> {
    let [current] = parameters(case, [("I", None)])?;
    let (_, expected) = points(case)?;
    let system = HodgkinHuxley {
        current,
        ..HodgkinHuxley::default()
    };
    all_methods(&system, case, &expected)
}

fn hires(case: &Value) -> Result<(), String> {
    let [] = parameters(case, [])?;
    let (_, expected) = points(case)?;
    all_methods(&Hires {}, case, &expected)
}

fn liquid_cell(case: &Value) -> Result<(), String> {
    // The file describes the parameters in words; these are the words that `LiquidCell` follows.
    let words = "i=post,j=pre,0..3: g=(1+2i)/10; vl=(i-2)/10; cm=(8+i)/20; \
                 w_ji=(2+((3j+5i)%7))/20; sig_ji=3+((j+2i)%5); mu_ji=(3+((2j+i)%5))/10; \
                 er_ji=+1 if (i+j) even else -1; sw=(2+i)/10; serev=+1 even i else -1";
    if case["params"].as_str() != Some(words) {
        return Err(format!("other parameters: {}", case["params"]));
    }
    let (_, expected) = points(case)?;
    all_methods(&LiquidCell::default(), case, &expected)
}
