//! Differential equations, beside Rust crates and SciPy, at the same tolerances.

use neuropil_ode_core::batch::fixed_batch;
use neuropil_ode_core::explicit::{
    DormandPrince54, DormandPrince853, Explicit, Rk4, Tableau, Tsitouras54, Verner98, fixed_step,
};
use neuropil_ode_core::stiff::{Radau5, Stiff};
use neuropil_ode_core::{Absolute, SolverConfig, State, System, Tolerance};

use super::{Prepare, Side, Work, Workload, repeated};

const TOLERANCE: f64 = 1e-8;
const ODE_SOLVERS: &str = "ode_solvers 0.6.2";
const IVP: &str = "ivp 0.6.0, low level";
const DIFFERENTIAL: &str = "differential-equations 0.7.0";

pub(super) fn workloads() -> Vec<Workload> {
    let rust = |name, about, peer, times_faster: f64, prepare| Workload {
        name,
        of: "ode-core",
        about,
        peer,
        side: Side::Rust,
        aim: Some(times_faster),
        // Errors at this tolerance, stretched by chaos.
        agreement: 2e-5,
        // Certified to 30 digits.
        truth: Some(-5.857_685_382_424_09),
        pairs: (9, 31),
        prepare,
    };
    let scipy = |name, about, prepare| Workload {
        side: Side::Python,
        pairs: (3, 7),
        ..rust(name, about, "SciPy solve_ivp", 200.0, prepare)
    };
    let stiff = |name, about, prepare| Workload {
        agreement: 1e-6,
        truth: Some(1.706_167_732_170_465),
        ..rust(name, about, DIFFERENTIAL, 1.0, prepare)
    };
    let batch = |name, about, alone, prepare| Workload {
        side: Side::Ours(alone),
        truth: None,
        // The same bits.
        agreement: 0.0,
        ..rust(name, about, "ourselves, one by one", 6.0, prepare)
    };
    vec![
        rust(
            "dopri5-ode_solvers",
            "Lorenz63 to t = 10, DOPRI5, tolerance 1e-8, [f64; 3] (100 times)",
            ODE_SOLVERS,
            1.0 / 0.72,
            adaptive::<DormandPrince54>,
        ),
        rust(
            "dopri5-differential-equations",
            "Lorenz63 to t = 10, DOPRI5, tolerance 1e-8, [f64; 3] (100 times)",
            DIFFERENTIAL,
            1.0 / 0.9,
            adaptive::<DormandPrince54>,
        ),
        rust(
            "dopri5-ivp",
            "Lorenz63 to t = 10, DOPRI5, tolerance 1e-8, [f64; 3] (100 times)",
            IVP,
            1.0,
            adaptive::<DormandPrince54>,
        ),
        rust(
            "dop853-ivp",
            "Lorenz63 to t = 10, DOP853, tolerance 1e-8, [f64; 3] (100 times)",
            IVP,
            1.0,
            adaptive::<DormandPrince853>,
        ),
        rust(
            "dopri5-dynamic-ode_solvers",
            "Lorenz63 to t = 10, DOPRI5, tolerance 1e-8, DVector (100 times)",
            ODE_SOLVERS,
            1.0 / 0.22,
            dynamic,
        ),
        rust(
            "tsit5-diffsol",
            "Lorenz63 to t = 10, Tsitouras 5(4), tolerance 1e-8 (100 times)",
            "diffsol 0.18.0",
            2.0,
            adaptive::<Tsitouras54>,
        ),
        rust(
            "dop853-ode_solvers",
            "Lorenz63 to t = 10, DOP853, tolerance 1e-8, [f64; 3] (100 times)",
            ODE_SOLVERS,
            1.0 / 0.95,
            adaptive::<DormandPrince853>,
        ),
        rust(
            "dop853-differential-equations",
            "Lorenz63 to t = 10, DOP853, tolerance 1e-8, [f64; 3] (100 times)",
            DIFFERENTIAL,
            1.0 / 0.95,
            adaptive::<DormandPrince853>,
        ),
        Workload {
            truth: Some(-8.021_143_613_317_44),
            ..rust(
                "rk4-ode_solvers",
                "Lorenz63 to t = 20, 2000 steps of RK4, [f64; 3] (100 times)",
                ODE_SOLVERS,
                1.0 / 0.82,
                rk4,
            )
        },
        stiff(
            "radau5-1e-6",
            "Van der Pol, mu = 1000, to t = 2000, Radau IIA 5, relative 1e-6 (100 times)",
            || radau(1e-6),
        ),
        stiff(
            "radau5-1e-9",
            "Van der Pol, mu = 1000, to t = 2000, Radau IIA 5, relative 1e-9 (100 times)",
            || radau(1e-9),
        ),
        scipy(
            "scipy-rk45",
            "Lorenz63 to t = 10, Dormand-Prince 5(4), tolerance 1e-8 (once)",
            once::<DormandPrince54>,
        ),
        scipy(
            "scipy-dop853",
            "Lorenz63 to t = 10, DOP853, tolerance 1e-8 (once)",
            once::<DormandPrince853>,
        ),
        batch(
            "rk4-batch-8",
            "Lorenz63, 2000 steps of RK4, eight trajectories at once (20 times)",
            "rk4-alone-8",
            || together(8),
        ),
        batch(
            "rk4-batch-32",
            "Lorenz63, 2000 steps of RK4, 32 trajectories at once (20 times)",
            "rk4-alone-32",
            || together(32),
        ),
        Workload {
            aim: None,
            agreement: 1e-4,
            side: Side::Ours("dopri5-ode_solvers"),
            ..rust(
                "verner98",
                "Lorenz63 to t = 10, Verner 9(8), tolerance 1e-8: 100 times the accuracy",
                "our own DOPRI5",
                1.0,
                adaptive::<Verner98>,
            )
        },
    ]
}

/// The other side of the batches; nobody is compared with these.
pub(super) fn opponent(name: &str) -> Option<Prepare> {
    match name {
        "rk4-alone-8" => Some(|| one_by_one(8)),
        "rk4-alone-32" => Some(|| one_by_one(32)),
        _ => None,
    }
}

struct Lorenz;

impl System<f64> for Lorenz {
    #[inline(always)]
    fn rhs(&self, _: f64, y: &[f64], dy: &mut [f64]) {
        dy[0] = 10.0 * (y[1] - y[0]);
        dy[1] = y[0] * (28.0 - y[2]) - y[1];
        dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2];
    }
}

fn run<M: Tableau, S: State<f64>>(start: S) -> Result<f64, String> {
    let config = SolverConfig::with_tolerance(TOLERANCE);
    let mut solver = Explicit::<M, _, _>::new(0.0, start, &config).map_err(|e| e.to_string())?;
    solver
        .advance_to(&Lorenz, 10.0)
        .map_err(|e| e.to_string())?;
    Ok(solver.state().as_slice()[0])
}

fn adaptive<M: Tableau + 'static>() -> Result<Work, String> {
    Ok(repeated(100, || run::<M, _>([1.0, 0.0, 0.0])))
}

fn once<M: Tableau + 'static>() -> Result<Work, String> {
    Ok(repeated(1, || run::<M, _>([1.0, 0.0, 0.0])))
}

fn dynamic() -> Result<Work, String> {
    let start = nalgebra::DVector::from_vec(vec![1.0, 0.0, 0.0]);
    Ok(repeated(100, move || {
        run::<DormandPrince54, _>(start.clone())
    }))
}

fn rk4() -> Result<Work, String> {
    Ok(repeated(100, || {
        let mut y = [1.0, 0.0, 0.0];
        fixed_step::<Rk4, _, _, _>(&Lorenz, &mut y, 0.0, 0.01, 2000).map_err(|e| e.to_string())?;
        Ok(y[0])
    }))
}

/// Trajectories that start a little apart.
fn starts(count: usize) -> Vec<[f64; 3]> {
    (0..count)
        .map(|i| [1.0 + 1e-3 * i as f64, 0.0, 0.0])
        .collect()
}

/// Chaos makes of the smallest difference a large one: the sum tells whether all bits agree.
fn sum(states: &[[f64; 3]]) -> f64 {
    states.iter().flatten().sum()
}

fn together(count: usize) -> Result<Work, String> {
    let starts = starts(count);
    let lorenz = |_: f64, y: &[f64], _: &[f64], dy: &mut [f64]| Lorenz.rhs(0.0, y, dy);
    Ok(repeated(20, move || {
        let mut states = starts.clone();
        fixed_batch::<Rk4, _, _, 3, 0>(&lorenz, &mut states, &[[]], 0.0, 0.01, 2000)
            .map_err(|e| e.to_string())?;
        Ok(sum(&states))
    }))
}

fn one_by_one(count: usize) -> Result<Work, String> {
    let starts = starts(count);
    Ok(repeated(20, move || {
        let mut states = starts.clone();
        for state in &mut states {
            fixed_step::<Rk4, _, _, _>(&Lorenz, state, 0.0, 0.01, 2000)
                .map_err(|e| e.to_string())?;
        }
        Ok(sum(&states))
    }))
}

/// The Jacobian by differences, as the peer forms it.
fn radau(relative: f64) -> Result<Work, String> {
    let van_der_pol = |_: f64, y: &[f64], dy: &mut [f64]| {
        dy[0] = y[1];
        dy[1] = 1000.0 * (1.0 - y[0] * y[0]) * y[1] - y[0];
    };
    let config = SolverConfig {
        tolerance: Tolerance {
            relative,
            absolute: Absolute::All(1e-3 * relative),
        },
        ..SolverConfig::default()
    };
    Ok(repeated(100, move || {
        let mut solver =
            Stiff::<Radau5, _, _>::new(0.0, [2.0, 0.0], &config).map_err(|e| e.to_string())?;
        solver
            .advance_to(&van_der_pol, 2000.0)
            .map_err(|e| e.to_string())?;
        Ok(solver.state()[0])
    }))
}
