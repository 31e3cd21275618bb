//! Error against work.

use cpu_time::ThreadTime;
use neuropil_ode_core::systems::{Arenstorf, Hires, Pleiades, Robertson, VanDerPol};
use neuropil_ode_core::{
    Absolute, Method, Options, Output, SolverConfig, System, Tolerance, solve,
};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};

use super::super::{Context, Experiment};
use super::reference::{Reference, relative_error};
use super::{is_stiff, name, power};
use crate::report::{Report, significant};

pub(in super::super) const WORK_PRECISION: Experiment = Experiment {
    name: "ode-work-precision",
    about: "error against evaluations and CPU time, every method on five problems",
    short: true,
    run: table,
};

/// Errors at which the work is read off.
const ERRORS: [i32; 4] = [-3, -6, -9, -11];

struct Problem<'a, F, const N: usize> {
    name: &'a str,
    file: &'a str,
    system: F,
    y0: [f64; N],
    /// Absolute tolerances as multiples of the tolerance.
    absolute: [f64; N],
    end: f64,
    expected: Vec<f64>,
    /// Whether explicit methods would take steps without end.
    stiff: bool,
    /// The figure has room for seven methods.
    shown: &'a [Method],
}

/// Evaluations that prose quotes: the figure's file, the method, the error.
const QUOTED: [(&str, Method, i32); 14] = [
    ("ode-work-arenstorf", Method::Tsitouras54, -3),
    ("ode-work-arenstorf", Method::DormandPrince54, -3),
    ("ode-work-arenstorf", Method::DormandPrince853, -3),
    ("ode-work-pleiades", Method::BogackiShampine32, -3),
    ("ode-work-pleiades", Method::Tsitouras54, -3),
    ("ode-work-pleiades", Method::DormandPrince853, -3),
    ("ode-work-pleiades", Method::Tsitouras54, -6),
    ("ode-work-pleiades", Method::DormandPrince853, -6),
    ("ode-work-pleiades", Method::Tsitouras54, -9),
    ("ode-work-pleiades", Method::DormandPrince853, -9),
    ("ode-work-pleiades", Method::Verner98, -9),
    ("ode-work-hires", Method::Tsitouras54, -6),
    ("ode-work-hires", Method::Rodas5P, -6),
    ("ode-work-hires", Method::Radau5, -6),
];

/// One run: error, evaluations, CPU seconds.
type Point = (f64, f64, f64);

const SMOOTH: [Method; 7] = [
    Method::BogackiShampine32,
    Method::DormandPrince54,
    Method::Tsitouras54,
    Method::Verner65,
    Method::Verner76,
    Method::DormandPrince853,
    Method::Verner98,
];

const MILD: [Method; 7] = [
    Method::BogackiShampine32,
    Method::Tsitouras54,
    Method::Verner76,
    Method::DormandPrince853,
    Method::Verner98,
    Method::Rodas5P,
    Method::Radau5,
];

const STIFF: [Method; 2] = [Method::Rodas5P, Method::Radau5];

fn table(context: &Context) -> Result<Report, String> {
    let reference = Reference::read()?;
    let at = |case: &str, index: usize| -> Result<(f64, Vec<f64>), String> {
        let (times, states) = reference.points(case)?;
        Ok((times[index], states[index].clone()))
    };
    let heads: Vec<String> = ["problem", "method"]
        .map(str::to_owned)
        .into_iter()
        .chain(ERRORS.map(|e| format!("error {}", power(e))))
        .collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let title = "Evaluations (CPU time in µs) that an error takes";
    let mut report = Report::new(title, &heads);
    context.progress.set_length(5);

    let (end, expected) = at("pleiades", 0)?;
    run(
        &mut report,
        &Problem {
            name: "Pleiades",
            file: "ode-work-pleiades",
            system: Pleiades::default(),
            y0: Pleiades::INITIAL,
            absolute: [1.0; 28],
            end,
            expected,
            stiff: false,
            shown: &SMOOTH,
        },
    )?;
    context.progress.inc(1);
    let (end, expected) = at("arenstorf", 1)?;
    run(
        &mut report,
        &Problem {
            name: "Arenstorf",
            file: "ode-work-arenstorf",
            system: Arenstorf::default(),
            y0: Arenstorf::INITIAL,
            absolute: [1.0; 4],
            end,
            expected,
            stiff: false,
            shown: &SMOOTH,
        },
    )?;
    context.progress.inc(1);
    let (end, expected) = at("hires", 0)?;
    run(
        &mut report,
        &Problem {
            name: "HIRES",
            file: "ode-work-hires",
            system: Hires::default(),
            y0: Hires::INITIAL,
            absolute: [1e-3; 8],
            end,
            expected,
            stiff: false,
            shown: &MILD,
        },
    )?;
    context.progress.inc(1);
    let (end, expected) = at("robertson", 1)?;
    run(
        &mut report,
        &Problem {
            name: "Robertson, t = 10⁴",
            file: "ode-work-robertson",
            system: Robertson::default(),
            y0: Robertson::INITIAL,
            absolute: [1e-2, 1e-6, 1e-2],
            end,
            expected,
            stiff: true,
            shown: &STIFF,
        },
    )?;
    context.progress.inc(1);
    let (end, expected) = at("vdp_mu1000", 1)?;
    run(
        &mut report,
        &Problem {
            name: "Van der Pol, μ = 1000",
            file: "ode-work-van-der-pol",
            system: VanDerPol { mu: 1000.0 },
            y0: VanDerPol::INITIAL,
            absolute: [1.0; 2],
            end,
            expected,
            stiff: true,
            shown: &STIFF,
        },
    )?;
    report.note(
        "Read off between runs at tolerances from 10⁻³ to 10⁻¹³ (10⁻⁹ for Bogacki–Shampine), by lines through the logarithms; a \
         dash where no tolerance reached the error. The error at the end of the span is the largest \
         one, relative to its component or to a thousandth of the largest. Evaluations are those of \
         the right-hand side: the stiff methods also form Jacobians, given in closed form, and factor \
         matrices, which only the times tell. Times: the least of repeats on one thread; they \
         depend on the machine, all else does not. The absolute tolerances of HIRES and Robertson are \
         smaller than the relative one, as their components are.",
    );
    Ok(report)
}

fn run<F: System<f64>, const N: usize>(
    report: &mut Report,
    problem: &Problem<'_, F, N>,
) -> Result<(), String> {
    let logarithmic = |label: &str| Axis::new(label).logarithmic();
    let panel = |work: &str| Panel::new(logarithmic(work), logarithmic("error"));
    let (mut evaluations, mut times) = (panel("evaluations"), panel("CPU time (µs)"));
    if problem.file == "ode-work-hires" {
        // The explicit methods' curves stand where the legend would.
        let error = logarithmic("error").range(1e-14, 1e8);
        evaluations = Panel::new(logarithmic("evaluations"), error);
    }
    let mut curves = Vec::new();
    for method in Method::ALL {
        if problem.stiff && !is_stiff(method) {
            continue;
        }
        let curve = curve(problem, method)?;
        let cells = ERRORS.map(|e| match work_at(&curve, 10.0_f64.powi(e)) {
            Some((evaluations, seconds)) => {
                format!("{evaluations:.0} ({})", significant(1e6 * seconds, 3))
            }
            None => "–".to_owned(),
        });
        for (_, _, error) in QUOTED
            .iter()
            .filter(|(file, quoted, _)| *file == problem.file && *quoted == method)
        {
            if let Some((evaluations, _)) = work_at(&curve, 10.0_f64.powi(*error)) {
                let key = format!("{}-{method:?}{error}", &problem.file["ode-work-".len()..]);
                report.value(&key.to_lowercase(), format!("{evaluations:.0}"));
            }
        }
        report.row(
            [problem.name, name(method)]
                .map(str::to_owned)
                .into_iter()
                .chain(cells),
        );
        curves.push((method, curve));
    }
    for &method in problem.shown {
        let Some((_, curve)) = curves.iter().find(|(m, _)| *m == method) else {
            continue;
        };
        let by = |work: fn(&Point) -> f64| curve.iter().map(|p| (work(p), p.0)).collect();
        evaluations = evaluations.with(Series::line(name(method), by(|p| p.1)));
        times = times.with(Series::line("", by(|p| 1e6 * p.2)));
    }
    let figure = Figure::new(format!("{}: error against work", problem.name)).size(760, 330);
    report.figure(problem.file, figure.panel(evaluations).panel(times));
    Ok(())
}

/// Tolerances from 10⁻³ to 10⁻¹³.
fn curve<F: System<f64>, const N: usize>(
    problem: &Problem<'_, F, N>,
    method: Method,
) -> Result<Vec<Point>, String> {
    // The method of order 3 would need millions of steps.
    let last = match method {
        Method::BogackiShampine32 => 9,
        _ => 13,
    };
    let mut points = Vec::new();
    for exponent in 3..=last {
        let tolerance = 10.0_f64.powi(-exponent);
        let options = Options {
            method,
            output: Output::Last,
            config: SolverConfig {
                tolerance: Tolerance {
                    relative: tolerance,
                    absolute: Absolute::Each(problem.absolute.map(|a| a * tolerance).to_vec()),
                },
                max_steps: 10_000_000,
                ..SolverConfig::default()
            },
            ..Options::default()
        };
        let (mut least, mut total, mut repeats) = (f64::INFINITY, 0.0, 0);
        let mut outcome = None;
        while repeats < 3 || (total < 0.015 && repeats < 200) {
            let start = ThreadTime::now();
            let solution = solve(&problem.system, 0.0..problem.end, problem.y0, &options);
            let seconds = start.elapsed().as_secs_f64();
            let solution = solution
                .map_err(|e| format!("{}, {} at {tolerance:e}: {e}", problem.name, name(method)))?;
            least = least.min(seconds);
            total += seconds;
            repeats += 1;
            outcome = Some(solution);
        }
        if let Some(solution) = outcome
            && let Some((_, y)) = solution.last()
        {
            let error = relative_error(y, &problem.expected);
            points.push((error, solution.statistics.evaluations as f64, least));
        }
    }
    Ok(points)
}

/// Evaluations and seconds where the curve first falls to this error.
fn work_at(curve: &[Point], error: f64) -> Option<(f64, f64)> {
    let first = curve.first()?;
    if first.0 <= error {
        return Some((first.1, first.2));
    }
    let pair = curve.windows(2).find(|pair| pair[1].0 <= error)?;
    let (a, b) = (pair[0], pair[1]);
    // An error of zero has no logarithm.
    let weight = if b.0 > 0.0 {
        (a.0 / error).ln() / (a.0 / b.0).ln()
    } else {
        1.0
    };
    let between = |a: f64, b: f64| a * (b / a).powf(weight);
    Some((between(a.1, b.1), between(a.2, b.2)))
}
