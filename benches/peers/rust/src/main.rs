//! Rust crates doing what `benches/src/workloads/{ode,esn}.rs` do: `neuropil-rust-peers NAME` serves one
//! workload, a run for each line read.

use std::hint::black_box;
use std::io::{BufRead, Write};

use cpu_time::ProcessTime;
use serde_json::json;

mod reservoirs;

const TOLERANCE: f64 = 1e-8;

fn lorenz(y: &[f64], dy: &mut [f64]) {
    dy[0] = 10.0 * (y[1] - y[0]);
    dy[1] = y[0] * (28.0 - y[2]) - y[1];
    dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2];
}

/// Van der Pol, µ = 1000.
fn van_der_pol(y: &[f64], dy: &mut [f64]) {
    dy[0] = y[1];
    dy[1] = 1000.0 * (1.0 - y[0] * y[0]) * y[1] - y[0];
}

mod by_ode_solvers {
    use ode_solvers::dop_shared::OutputType;
    use ode_solvers::{DVector, Dop853, Dopri5, Rk4, SVector, System};

    use super::TOLERANCE;

    struct Lorenz;

    type Static = SVector<f64, 3>;
    type Dynamic = DVector<f64>;

    impl System<f64, Static> for Lorenz {
        fn system(&self, _: f64, y: &Static, dy: &mut Static) {
            dy[0] = 10.0 * (y[1] - y[0]);
            dy[1] = y[0] * (28.0 - y[2]) - y[1];
            dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2];
        }
    }

    impl System<f64, Dynamic> for Lorenz {
        fn system(&self, _: f64, y: &Dynamic, dy: &mut Dynamic) {
            super::lorenz(y.as_slice(), dy.as_mut_slice());
        }
    }

    macro_rules! adaptive {
        ($name:ident, $method:ident, $start:expr) => {
            pub fn $name(end: f64) -> f64 {
                let mut solver = $method::new(Lorenz, 0.0, end, end, $start, TOLERANCE, TOLERANCE);
                // Its dense output would cost it more.
                solver.set_output(OutputType::Sparse);
                solver.integrate().expect("it integrates");
                solver.y_out().last().expect("a last state")[0]
            }
        };
    }

    adaptive!(dopri5, Dopri5, Static::new(1.0, 0.0, 0.0));
    adaptive!(dop853, Dop853, Static::new(1.0, 0.0, 0.0));
    adaptive!(
        dopri5_dynamic,
        Dopri5,
        Dynamic::from_vec(vec![1.0, 0.0, 0.0])
    );

    pub fn rk4() -> f64 {
        let mut solver = Rk4::new(Lorenz, 0.0, Static::new(1.0, 0.0, 0.0), 20.0, 0.01);
        solver.integrate().expect("it integrates");
        solver.y_out().last().expect("a last state")[0]
    }
}

mod by_differential_equations {
    use differential_equations::prelude::*;

    use super::TOLERANCE;

    struct Lorenz;
    struct VanDerPol;

    impl ODE<f64, [f64; 3]> for Lorenz {
        fn diff(&self, _: f64, y: &[f64; 3], dy: &mut [f64; 3]) {
            super::lorenz(y, dy);
        }
    }

    impl ODE<f64, [f64; 2]> for VanDerPol {
        fn diff(&self, _: f64, y: &[f64; 2], dy: &mut [f64; 2]) {
            super::van_der_pol(y, dy);
        }
    }

    pub fn dopri5(end: f64) -> f64 {
        let method = ExplicitRungeKutta::dopri5()
            .rtol(TOLERANCE)
            .atol(TOLERANCE)
            .max_steps(1_000_000);
        let problem = IVP::ode(&Lorenz, 0.0, end, [1.0, 0.0, 0.0]).method(method);
        problem
            .solve()
            .expect("it integrates")
            .y
            .last()
            .expect("a state")[0]
    }

    pub fn dop853(end: f64) -> f64 {
        let method = ExplicitRungeKutta::dop853()
            .rtol(TOLERANCE)
            .atol(TOLERANCE)
            .max_steps(1_000_000);
        let problem = IVP::ode(&Lorenz, 0.0, end, [1.0, 0.0, 0.0]).method(method);
        problem
            .solve()
            .expect("it integrates")
            .y
            .last()
            .expect("a state")[0]
    }

    pub fn radau5(tolerance: f64) -> f64 {
        let method = ImplicitRungeKutta::radau5()
            .rtol(tolerance)
            .atol(1e-3 * tolerance)
            .max_steps(1_000_000);
        let problem = IVP::ode(&VanDerPol, 0.0, 2000.0, [2.0, 0.0]).method(method);
        problem
            .solve()
            .expect("it integrates")
            .y
            .last()
            .expect("a state")[0]
    }
}

mod by_diffsol {
    use diffsol::{NalgebraMat, OdeBuilder, OdeSolverMethod, OdeSolverStopReason};

    use super::TOLERANCE;

    pub fn tsit45(end: f64) -> f64 {
        let problem = OdeBuilder::<NalgebraMat<f64>>::new()
            .p([10.0])
            .rtol(TOLERANCE)
            .atol([TOLERANCE; 3])
            .rhs(|y, _, _, dy| {
                dy[0] = 10.0 * (y[1] - y[0]);
                dy[1] = y[0] * (28.0 - y[2]) - y[1];
                dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2];
            })
            .init(
                |_, _, y| {
                    y[0] = 1.0;
                    y[1] = 0.0;
                    y[2] = 0.0;
                },
                3,
            )
            .build()
            .expect("a problem");
        let mut solver = problem.tsit45().expect("a solver");
        solver.set_stop_time(end).expect("a stop");
        while !matches!(
            solver.step().expect("it steps"),
            OdeSolverStopReason::TstopReached
        ) {}
        solver.state().y[0]
    }
}

mod by_ivp {
    use ivp::ivp::FirstOrderSystem;
    use ivp::methods::{DOP853, DOPRI5};
    use ivp::solout::{ControlFlag, SolOut};

    use super::TOLERANCE;

    struct Lorenz;

    impl FirstOrderSystem for Lorenz {
        fn derivative(&self, _: f64, y: &[f64], dy: &mut [f64]) {
            super::lorenz(y, dy);
        }
    }

    /// Its low level gives the state to a callback alone.
    struct Last(f64);

    impl SolOut for Last {
        fn solout(
            &mut self,
            _: f64,
            _: &mut f64,
            y: &mut [f64],
            _: Option<&ivp::dense::StepInterpolant<'_>>,
        ) -> ControlFlag {
            self.0 = y[0];
            ControlFlag::Continue
        }
    }

    macro_rules! adaptive {
        ($name:ident, $method:ident) => {
            pub fn $name(end: f64) -> f64 {
                let mut last = Last(f64::NAN);
                $method::builder()
                    .dense_output(false)
                    .build()
                    .solve(
                        &Lorenz,
                        0.0,
                        &[1.0, 0.0, 0.0],
                        end,
                        TOLERANCE.into(),
                        TOLERANCE.into(),
                        Some(&mut last),
                    )
                    .expect("it integrates");
                last.0
            }
        };
    }

    adaptive!(dopri5, DOPRI5);
    adaptive!(dop853, DOP853);
}

type Work = Box<dyn FnMut() -> f64>;

/// As many times as our side does it, in one timed piece.
fn repeated(times: usize, work: impl Fn() -> f64 + 'static) -> Work {
    Box::new(move || {
        let mut last = 0.0;
        for _ in 0..times {
            last = black_box(work());
        }
        last
    })
}

fn work(name: &str) -> Option<Work> {
    Some(match name {
        "dopri5-ode_solvers" => repeated(100, || by_ode_solvers::dopri5(10.0)),
        "dopri5-dynamic-ode_solvers" => repeated(100, || by_ode_solvers::dopri5_dynamic(10.0)),
        "dop853-ode_solvers" => repeated(100, || by_ode_solvers::dop853(10.0)),
        "rk4-ode_solvers" => repeated(100, by_ode_solvers::rk4),
        "dopri5-differential-equations" => {
            repeated(100, || by_differential_equations::dopri5(10.0))
        }
        "dop853-differential-equations" => {
            repeated(100, || by_differential_equations::dop853(10.0))
        }
        "dopri5-ivp" => repeated(100, || by_ivp::dopri5(10.0)),
        "dop853-ivp" => repeated(100, || by_ivp::dop853(10.0)),
        "tsit5-diffsol" => repeated(100, || by_diffsol::tsit45(10.0)),
        "radau5-1e-6" => repeated(100, || by_differential_equations::radau5(1e-6)),
        "radau5-1e-9" => repeated(100, || by_differential_equations::radau5(1e-9)),
        name => return reservoirs::work(name),
    })
}

fn main() {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(mut work) = work(&name) else {
        eprintln!("no workload {name}");
        std::process::exit(1);
    };
    let versions = if name.starts_with("esn-") {
        "reservoir-train 0.1.0, echo-state-network 0.0.2"
    } else {
        "ode_solvers 0.6.2, differential-equations 0.7.0, ivp 0.6.0, diffsol 0.18.0"
    };
    let mut out = std::io::stdout().lock();
    let mut say = |message: serde_json::Value| {
        writeln!(out, "{message}")
            .and_then(|()| out.flush())
            .expect("the driver listens");
    };
    say(json!({ "versions": versions }));
    for _ in std::io::stdin().lock().lines() {
        let start = ProcessTime::now();
        let value = work();
        let seconds = start.elapsed().as_secs_f64();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
            .unwrap_or(0)
            * 1024;
        say(json!({ "seconds": seconds, "value": value, "peak": peak }));
    }
}
