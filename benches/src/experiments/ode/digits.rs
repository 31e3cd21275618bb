//! How many digits are right at tight tolerances.

use neuropil_ode_core::dde::DelaySolver;
use neuropil_ode_core::explicit::{
    DormandPrince54, DormandPrince853, Tableau, Tsitouras54, Verner65, Verner76, Verner98,
};
use neuropil_ode_core::systems::{
    AdaptiveExponential, Arenstorf, Hires, HodgkinHuxley, Izhikevich, LiquidCell, Lorenz63,
    MackeyGlass, Pleiades, Robertson, VanDerPol,
};
use neuropil_ode_core::{
    Event, Events, Method, Options, Output, SolverConfig, System, solve, solve_with,
};

use super::super::{Context, Experiment};
use super::reference::{Reference, digits, relative_error};
use super::{is_stiff, name};
use crate::report::Report;

pub(in super::super) const DIGITS: Experiment = Experiment {
    name: "ode-digits",
    about: "digits of every method at tolerances of 1e-10 and 1e-12, beside certified solutions",
    short: true,
    run: table,
};

const METHODS: [Method; 8] = [
    Method::DormandPrince54,
    Method::Tsitouras54,
    Method::Verner65,
    Method::Verner76,
    Method::DormandPrince853,
    Method::Verner98,
    Method::Rodas5P,
    Method::Radau5,
];

/// Its title, its name in the file, the system, the initial state.
type Case<'a> = (&'a str, &'a str, &'a dyn System<f64>, &'a [f64]);

const TOLERANCES: [f64; 2] = [1e-10, 1e-12];

fn table(context: &Context) -> Result<Report, String> {
    let reference = Reference::read()?;
    let mut heads = vec!["case"];
    heads.extend(METHODS.map(name));
    heads.push("rounding");
    let title = "Correct digits at tolerances of 10⁻¹⁰ / 10⁻¹²";
    let mut table = Table {
        report: Report::new(title, &heads),
        reference,
    };
    let (lorenz, van_der_pol) = (Lorenz63::default(), VanDerPol { mu: 1.0 });
    let hodgkin_huxley = HodgkinHuxley::default();
    let cases: [Case<'_>; 9] = [
        ("Lorenz63", "lorenz63_100", &lorenz, &[1.0, 0.0, 0.0]),
        (
            "Arenstorf",
            "arenstorf",
            &Arenstorf::default(),
            &Arenstorf::INITIAL,
        ),
        (
            "Pleiades",
            "pleiades",
            &Pleiades::default(),
            &Pleiades::INITIAL,
        ),
        (
            "Van der Pol, μ = 1",
            "vdp_mu1",
            &van_der_pol,
            &VanDerPol::INITIAL,
        ),
        (
            "Hodgkin–Huxley",
            "hodgkin_huxley",
            &hodgkin_huxley,
            &HodgkinHuxley::INITIAL,
        ),
        (
            "liquid cell",
            "ltc4",
            &LiquidCell::default(),
            &LiquidCell::INITIAL,
        ),
        ("HIRES", "hires", &Hires::default(), &Hires::INITIAL),
        (
            "Van der Pol, μ = 1000",
            "vdp_mu1000",
            &VanDerPol { mu: 1000.0 },
            &VanDerPol::INITIAL,
        ),
        (
            "Robertson",
            "robertson",
            &Robertson::default(),
            &Robertson::INITIAL,
        ),
    ];
    context.progress.set_length(cases.len() as u64 + 4);
    for (title, case, system, y0) in cases {
        let stiff = matches!(case, "vdp_mu1000" | "robertson");
        table.states(title, case, system, y0, stiff)?;
        context.progress.inc(1);
    }
    let upstroke = Event::new(|_t, y: &[f64]| y[0]).rising();
    table.spikes(
        "Hodgkin–Huxley",
        "hodgkin_huxley",
        &hodgkin_huxley,
        &HodgkinHuxley::INITIAL,
        &upstroke,
    )?;
    let neuron = Izhikevich::default();
    table.spikes(
        "Izhikevich",
        "izhikevich_rs",
        &neuron,
        &Izhikevich::INITIAL,
        &neuron,
    )?;
    let neuron = AdaptiveExponential::default();
    table.spikes(
        "AdEx",
        "adex",
        &neuron,
        &AdaptiveExponential::INITIAL,
        &neuron,
    )?;
    table.delays()?;
    let mut report = table.report;
    report.note(
        "The last component to agree with the certified solution decides; errors are relative to it or \
         to a thousandth of the largest one. Rounding: the digits that are left if the initial state \
         changes by one unit in its last place, that is, what double precision allows; not estimated for the stiff problems, which forget \
         it, and for spikes and delays. Lorenz63 after t = 30 is left out: few digits are left. States at times before the end come from the dense \
         output. Dashes: explicit methods on stiff problems, and stiff \
         methods on delays.",
    );
    Ok(report)
}

struct Table {
    report: Report,
    reference: Reference,
}

impl Table {
    fn states(
        &mut self,
        title: &str,
        case: &str,
        system: &dyn System<f64>,
        y0: &[f64],
        stiff: bool,
    ) -> Result<(), String> {
        let (mut times, mut expected) = self.reference.points(case)?;
        if case.starts_with("lorenz") {
            let kept = times.iter().filter(|&&t| t <= 30.0).count();
            times.truncate(kept);
            expected.truncate(kept);
        }
        let run = |method, tolerance, y0: &[f64]| {
            let options = Options {
                method,
                output: Output::At(times.clone()),
                ..Options::with_tolerance(tolerance)
            };
            let end = times[times.len() - 1];
            solve(system, 0.0..end, y0.to_vec(), &options)
                .map(|solution| solution.y)
                .map_err(|e| format!("{title}, {}: {e}", name(method)))
        };
        let mut cells = vec![Vec::new(); times.len()];
        for method in METHODS {
            if stiff && !is_stiff(method) {
                cells.iter_mut().for_each(|row| row.push("–".to_owned()));
                continue;
            }
            let coarse = run(method, TOLERANCES[0], y0)?;
            let fine = run(method, TOLERANCES[1], y0)?;
            for (i, row) in cells.iter_mut().enumerate() {
                if case.starts_with("lorenz") && times[i] == 20.0 {
                    let found = digits(relative_error(&coarse[i], &expected[i]));
                    self.report
                        .value(&format!("lorenz-20-{method:?}").to_lowercase(), found);
                }
                let [a, b] =
                    [&coarse, &fine].map(|found| digits(relative_error(&found[i], &expected[i])));
                row.push(format!("{a} / {b}"));
            }
        }
        let noise = if stiff {
            vec!["–".to_owned(); times.len()]
        } else {
            noise(y0, times.len(), |y0| run(Method::Verner98, 1e-12, y0))?
        };
        for ((t, row), noise) in times.iter().zip(cells).zip(noise) {
            let t = if *t < 1e4 {
                format!("{:.4}", t)
                    .trim_end_matches('0')
                    .trim_end_matches('.')
                    .to_owned()
            } else {
                format!("{t:e}")
            };
            let first = format!("{title}, t = {t}");
            self.report
                .row(std::iter::once(first).chain(row).chain([noise]));
        }
        Ok(())
    }

    fn spikes<E: Events<f64> + Clone>(
        &mut self,
        title: &str,
        case: &str,
        system: &dyn System<f64>,
        y0: &[f64],
        events: &E,
    ) -> Result<(), String> {
        let expected = self.reference.spike_times(case)?;
        let (times, _) = self.reference.points(case)?;
        let end = times[times.len() - 1];
        let mut row = vec![format!("{title}, {} spike times", expected.len())];
        for method in METHODS {
            let mut cell = Vec::new();
            for tolerance in TOLERANCES {
                let options = Options {
                    method,
                    output: Output::Last,
                    ..Options::with_tolerance(tolerance)
                };
                let run = solve_with(system, 0.0..end, y0.to_vec(), &options, events.clone())
                    .map_err(|e| format!("{title}, {}: {e}", name(method)))?;
                let found: Vec<f64> = run.times_of(0).collect();
                cell.push(if found.len() == expected.len() {
                    let pairs = found.iter().zip(&expected);
                    digits(pairs.fold(0.0_f64, |m, (f, e)| m.max(((f - e) / e).abs())))
                } else {
                    format!("{} spikes", found.len())
                });
            }
            row.push(cell.join(" / "));
        }
        row.push("–".to_owned());
        self.report.row(row);
        Ok(())
    }

    fn delays(&mut self) -> Result<(), String> {
        let (times, expected) = self.reference.points("mackey_glass_17")?;
        let chosen = [100.0, 1000.0];
        let mut rows: Vec<Vec<String>> = chosen
            .iter()
            .map(|t| vec![format!("Mackey–Glass, t = {t}")])
            .collect();
        for method in METHODS {
            let cells = match method {
                Method::DormandPrince54 => delayed::<DormandPrince54>(&times, &expected)?,
                Method::Tsitouras54 => delayed::<Tsitouras54>(&times, &expected)?,
                Method::Verner65 => delayed::<Verner65>(&times, &expected)?,
                Method::Verner76 => delayed::<Verner76>(&times, &expected)?,
                Method::DormandPrince853 => delayed::<DormandPrince853>(&times, &expected)?,
                Method::Verner98 => delayed::<Verner98>(&times, &expected)?,
                _ => vec!["–".to_owned(); times.len()],
            };
            for (row, t) in rows.iter_mut().zip(chosen) {
                let at = times.iter().position(|&time| time == t);
                row.push(cells[at.ok_or("no such time of Mackey–Glass")?].clone());
            }
        }
        for mut row in rows {
            row.push("–".to_owned());
            self.report.row(row);
        }
        Ok(())
    }
}

/// The digits that are left when each component of the initial state moves by one unit in its last
/// place.
fn noise(
    y0: &[f64],
    times: usize,
    run: impl Fn(&[f64]) -> Result<Vec<Vec<f64>>, String>,
) -> Result<Vec<String>, String> {
    let exact = run(y0)?;
    let mut noise = vec![f64::EPSILON / 2.0; times];
    for signs in [[1.0, 1.0], [1.0, -1.0]] {
        let moved = y0.iter().enumerate();
        let moved: Vec<f64> = moved
            .map(|(i, y)| y * (1.0 + signs[i % 2] * f64::EPSILON))
            .collect();
        for (noise, (a, b)) in noise.iter_mut().zip(run(&moved)?.iter().zip(&exact)) {
            *noise = noise.max(relative_error(a, b));
        }
    }
    Ok(noise.into_iter().map(digits).collect())
}

/// Digits at both tolerances, for each time.
fn delayed<M: Tableau>(times: &[f64], expected: &[Vec<f64>]) -> Result<Vec<String>, String> {
    let system = MackeyGlass::default();
    let mut cells: Vec<Vec<String>> = vec![Vec::new(); times.len()];
    for tolerance in TOLERANCES {
        let config = SolverConfig::with_tolerance(tolerance);
        let history = |_t: f64, y: &mut [f64]| y[0] = 1.2;
        let mut solver = DelaySolver::<M, _, _, _>::new(0.0, [1.2], &[17.0], history, &config)
            .map_err(|e| e.to_string())?;
        for ((&t, expected), cell) in times.iter().zip(expected).zip(&mut cells) {
            solver.advance_to(&system, t).map_err(|e| e.to_string())?;
            cell.push(digits(relative_error(solver.state(), expected)));
        }
    }
    Ok(cells.into_iter().map(|cell| cell.join(" / ")).collect())
}
