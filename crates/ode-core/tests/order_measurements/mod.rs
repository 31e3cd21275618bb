//! The order of every method with fixed steps, measured: what the test `orders` checks and the
//! experiment `ode-orders` shows.
//!
//! Explicit methods are measured twice. On a smooth forced equation all conditions of their order must
//! hold. On a cascade of polynomials the leading term of the error is the only one, so that the order
//! shows even where the terms behind it are larger on all but the finest steps, which rounding hides.

use neuropil_ode_core::dde::DelayRk4;
use neuropil_ode_core::explicit::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Euler, Heun, Midpoint, Rk4, Tableau,
    Tsitouras54, Verner65, Verner76, Verner98, fixed_step,
};
use neuropil_ode_core::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, GatedStep,
    Unfolding,
};
use neuropil_ode_core::leapfrog::{Leapfrog, SeparableHamiltonian};
use neuropil_ode_core::stiff::{Radau5, Rodas5P, Stiff, StiffMethod};
use neuropil_ode_core::systems::{FitzHughNagumo, MackeyGlass};
use neuropil_ode_core::{Error, Gated, SolverConfig, System};
use neuropil_test_kit::order::observed_order;

/// One method, and what its errors say.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    pub(crate) method: String,
    /// The order that the method states.
    pub(crate) stated: u32,
    /// On a smooth problem.
    pub(crate) smooth: f64,
    /// On polynomials, where that was measured.
    pub(crate) polynomial: Option<f64>,
    /// On FitzHugh–Nagumo, where rounding leaves room for four halvings.
    pub(crate) fitzhugh_nagumo: Option<f64>,
    /// Of the dense output, where there is one: stated, and measured inside of a step.
    pub(crate) dense: Option<(u32, f64)>,
}

impl Measured {
    fn new(method: &str, stated: u32, smooth: f64) -> Self {
        Self {
            method: method.to_owned(),
            stated,
            smooth,
            polynomial: None,
            fitzhugh_nagumo: None,
            dense: None,
        }
    }
}

/// All of them.
pub(crate) fn measure() -> Result<Vec<Measured>, Error> {
    // The coarsest step on the smooth problem, its frequency, and the error that rounding makes.
    Ok(vec![
        explicit::<Euler>(0.0025, 1.0, 2e-13)?,
        explicit::<Midpoint>(0.01, 1.0, 2e-13)?,
        explicit::<Heun>(0.01, 1.0, 2e-13)?,
        explicit::<Rk4>(0.05, 1.0, 2e-13)?,
        explicit::<BogackiShampine32>(0.02, 1.0, 2e-13)?,
        explicit::<DormandPrince54>(0.06, 3.0, 2e-13)?,
        explicit::<Tsitouras54>(0.06, 3.0, 2e-13)?,
        explicit::<Verner65>(0.3, 1.0, 1.5e-14)?,
        explicit::<Verner76>(0.12, 3.0, 2e-13)?,
        explicit::<DormandPrince853>(0.6, 1.0, 2e-13)?,
        explicit::<Verner98>(0.9, 1.0, 2e-13)?,
        stiff::<Rodas5P>(Some(64))?,
        stiff::<Radau5>(None)?,
        gated("exponential Euler, Rush–Larsen", ExponentialEulerStep)?,
        gated(
            "exponential midpoint, Rush–Larsen 2",
            ExponentialMidpointStep,
        )?,
        gated("fused step", FusedStep)?,
        gated("fused midpoint step", FusedMidpointStep)?,
        leapfrog()?,
        delay()?,
    ])
}

fn explicit<M: Tableau>(coarsest: f64, omega: f64, floor: f64) -> Result<Measured, Error> {
    Ok(Measured {
        polynomial: Some(polynomial::<M>(floor)?),
        // Those of higher order reach rounding first; codegen measures them with more digits.
        fitzhugh_nagumo: if M::ORDER < 5 {
            Some(fitzhugh_nagumo(40, |n, y| {
                fixed_step::<M, _, _, _>(
                    &FitzHughNagumo::default(),
                    y,
                    0.0,
                    10.0 / f64::from(n),
                    n as usize,
                )
            })?)
        } else {
            None
        },
        dense: Some((M::DENSE_ORDER, dense::<M>(floor))),
        ..Measured::new(M::NAME, M::ORDER, smooth::<M>(coarsest, omega, floor)?)
    })
}

/// The slope through the four finest of the points whose errors are above the floor of rounding.
fn slope(points: &[(f64, f64)], floor: f64) -> f64 {
    let good: Vec<_> = points.iter().take_while(|&&(_, e)| e > floor).collect();
    let last = &good[good.len().saturating_sub(4)..];
    if last.len() < 4 {
        return f64::NAN;
    }
    let (sizes, errors): (Vec<f64>, Vec<f64>) = last.iter().copied().copied().unzip();
    observed_order(&sizes, &errors)
}

/// y' = ω y cos ω t with y = exp sin ω t, over six units of time. The error is the mean over the six
/// ends, for at one of them its leading term may happen to vanish.
fn smooth<M: Tableau>(coarsest: f64, omega: f64, floor: f64) -> Result<f64, Error> {
    let system = |t: f64, y: &[f64], dy: &mut [f64]| dy[0] = omega * y[0] * (omega * t).cos();
    let mut points = Vec::new();
    for k in 0..8 {
        let per_unit = (2.0_f64.powf(0.5 * f64::from(k)) / coarsest).ceil();
        let mut y = [1.0];
        let mut sum = 0.0;
        for i in 0..6 {
            let t = f64::from(i);
            fixed_step::<M, _, _, _>(&system, &mut y, t, 1.0 / per_unit, whole(per_unit))?;
            sum += (y[0] - (omega * (t + 1.0)).sin().exp()).powi(2);
        }
        points.push((1.0 / per_unit, (sum / 6.0_f64).sqrt()));
    }
    Ok(slope(&points, floor))
}

/// Through four halvings from `coarsest` steps in ten units of time. The reference is
/// Verner 9(8).
fn fitzhugh_nagumo(
    coarsest: u32,
    run: impl Fn(u32, &mut [f64; 2]) -> Result<(), Error>,
) -> Result<f64, Error> {
    let start = [-1.0, 1.0];
    let mut exact = start;
    fixed_step::<Verner98, _, _, _>(&FitzHughNagumo::default(), &mut exact, 0.0, 0.1, 100)?;
    let (mut sizes, mut errors) = (Vec::new(), Vec::new());
    for k in 0..5 {
        let n = coarsest << k;
        let mut y = start;
        run(n, &mut y)?;
        sizes.push(1.0 / f64::from(n));
        errors.push(distance(&y, &exact));
    }
    Ok(observed_order(&sizes, &errors))
}

/// FitzHugh–Nagumo as gates: v' = (I - w) - (v²/3 - 1) v and w' = (v + a)/τ - (b/τ) w.
struct GatedFitzHughNagumo;

impl Gated<f64> for GatedFitzHughNagumo {
    fn drive_and_rate(&self, _t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        let p = FitzHughNagumo::default();
        (drive[0], rate[0]) = (p.current - y[1], y[0] * y[0] / 3.0 - 1.0);
        (drive[1], rate[1]) = ((y[0] + p.a) / p.tau, p.b / p.tau);
    }
}

/// Polynomials of the degree d that make each other:
/// uₖ' = k uₖ₋₁ for k = 1 to d, xⱼ' = d uⱼ u₁ᵈ⁻¹⁻ʲ and zⱼ' = d uⱼ u_(d-1-j).
///
/// The solutions are uₖ = tᵏ and xⱼ = zⱼ = tᵈ. A method of order d - 1 makes an error of exactly
/// C hᵈ in each step: by homogeneity no higher power of h can occur.
struct Cascade(usize);

impl Cascade {
    fn exact(&self, t: f64) -> Vec<f64> {
        let d = i32::try_from(self.0).unwrap_or(0);
        let powers = (1..=d).map(|k| t.powi(k));
        let tops = (0..2 * (self.0 - 1)).map(|_| t.powi(d));
        powers.chain(tops).collect()
    }
}

impl System<f64> for Cascade {
    fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
        let degree = self.0;
        let d = degree as f64;
        let u = |k: usize| if k == 0 { 1.0 } else { y[k - 1] };
        for k in 1..=degree {
            dy[k - 1] = k as f64 * u(k - 1);
        }
        for j in 1..degree {
            let rest = degree - 1 - j;
            let power = (0..rest).fold(1.0, |p, _| p * u(1));
            dy[degree + j - 1] = d * u(j) * power;
            dy[2 * degree + j - 2] = d * u(j) * u(rest);
        }
    }
}

/// From -1/2 to 1/2, where the rounding of the polynomials is smallest beside the error.
fn polynomial<M: Tableau>(floor: f64) -> Result<f64, Error> {
    let cascade = Cascade(M::ORDER as usize + 1);
    let mut points = Vec::new();
    for n in [1_u32, 2, 3, 4, 6, 8, 12, 16, 24, 32] {
        let h = 1.0 / f64::from(n);
        let mut y = cascade.exact(-0.5);
        fixed_step::<M, _, _, _>(&cascade, &mut y, -0.5, h, n as usize)?;
        points.push((h, distance(&y, &cascade.exact(0.5))));
    }
    Ok(slope(&points, floor))
}

/// One step from exact polynomials, looked at inside.
fn dense<M: Tableau>(floor: f64) -> f64 {
    let cascade = Cascade(M::DENSE_ORDER as usize + 1);
    let start = 0.25;
    let y0 = cascade.exact(start);
    let mut points = Vec::new();
    for i in 0..8 {
        let h = 2.0_f64.powf(0.5 - 0.25 * f64::from(i));
        let (mut k, mut y1, mut work, mut inside) =
            (M::slopes(&y0), y0.clone(), y0.clone(), y0.clone());
        cascade.rhs(start, &y0, &mut k.as_mut()[0]);
        M::step(&cascade, start, h, &y0, &mut k, &mut y1);
        M::end(&cascade, start + h, &y1, &mut k);
        M::dense_stages(&cascade, start, h, &y0, &mut k, &mut work);
        let mut sum = 0.0;
        for theta in [0.3, 0.5, 0.7] {
            M::dense(theta, h, &y0, &y1, &k, &mut inside);
            sum += distance(&inside, &cascade.exact(start + theta * h)).powi(2);
        }
        points.push((h, sum.sqrt()));
    }
    slope(&points, 0.1 * floor) - 1.0
}

/// Solved by y₀ = exp sin t², y₁ = cos t; neither autonomous nor linear.
struct Swing;

impl Swing {
    fn exact(t: f64) -> [f64; 2] {
        [(t * t).sin().exp(), t.cos()]
    }
}

impl System<f64> for Swing {
    fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
        let drift = y[1] - t.cos();
        dy[0] = 2.0 * t * (t * t).cos() * y[0] + drift * y[0];
        dy[1] = -t.sin() - 2.0 * drift + drift * drift * y[0];
    }

    fn jacobian(&self, t: f64, y: &[f64], jacobian: &mut [f64]) -> bool {
        let drift = y[1] - t.cos();
        jacobian[0] = 2.0 * t * (t * t).cos() + drift;
        jacobian[1] = drift * drift;
        jacobian[2] = y[0];
        jacobian[3] = -2.0 + 2.0 * drift * y[0];
        true
    }

    fn time_derivative(&self, t: f64, y: &[f64], dt: &mut [f64]) -> bool {
        let (drift, change, t2) = (y[1] - t.cos(), t.sin(), t * t);
        dt[0] = (2.0 * t2.cos() - 4.0 * t2 * t2.sin() + change) * y[0];
        dt[1] = -t.cos() - 2.0 * change + 2.0 * drift * change * y[0];
        true
    }
}

/// With FitzHugh–Nagumo from `coarsest` steps; the steps for which Radau's iteration converges to the
/// last digits leave no error to see there.
fn stiff<M: StiffMethod>(coarsest: Option<u32>) -> Result<Measured, Error> {
    // Tight, so that the iteration of Radau does not show.
    let config = SolverConfig::with_tolerance(1e-13);
    let mut points = Vec::new();
    for count in [24_u32, 48, 96, 192] {
        let h = 1.5 / f64::from(count);
        let mut solver = Stiff::<M, _, _>::new(0.0, Swing::exact(0.0), &config)?;
        for _ in 0..count {
            solver.fixed_step(&Swing, h)?;
        }
        points.push((h, distance(solver.state(), &Swing::exact(solver.time()))));
    }
    let order = slope(&points, 0.0);
    points.clear();
    for k in 5..9 {
        let h = 0.5_f64.powi(k);
        let mut sum = 0.0_f64;
        for start in 0..20 {
            let start = 0.1 * f64::from(start);
            let mut solver = Stiff::<M, _, _>::new(start, Swing::exact(start), &config)?;
            solver.fixed_step(&Swing, h)?;
            for theta in [0.3, 0.5, 0.7] {
                let mut y = [0.0; 2];
                solver.interpolate(start + theta * h, &mut y)?;
                sum += distance(&y, &Swing::exact(start + theta * h)).powi(2);
            }
        }
        points.push((h, sum.sqrt()));
    }
    let spikes = |coarsest| {
        fitzhugh_nagumo(coarsest, |n, y| {
            let mut solver = Stiff::<M, _, _>::new(0.0, *y, &config)?;
            for _ in 0..n {
                solver.fixed_step(&FitzHughNagumo::default(), 10.0 / f64::from(n))?;
            }
            y.copy_from_slice(solver.state());
            Ok(())
        })
    };
    Ok(Measured {
        fitzhugh_nagumo: coarsest.map(spikes).transpose()?,
        dense: Some((M::DENSE_ORDER, slope(&points, 0.0) - 1.0)),
        ..Measured::new(M::NAME, M::ORDER, order)
    })
}

/// Two components that drive and gate each other, and a drive that depends on time.
struct Coupled;

impl Gated<f64> for Coupled {
    fn drive_and_rate(&self, t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        drive[0] = t.sin() + y[1];
        rate[0] = 1.0 + y[1] * y[1];
        drive[1] = 1.0 / (1.0 + (-2.0 * y[0]).exp());
        rate[1] = 0.5 + (0.7 * t).cos().powi(2);
    }
}

/// Against Verner 9(8) with small steps.
fn gated<M: GatedStep<f64> + Copy>(name: &str, method: M) -> Result<Measured, Error> {
    let system = |t: f64, y: &[f64], dy: &mut [f64]| {
        let (mut drive, mut rate) = ([0.0; 2], [0.0; 2]);
        Coupled.drive_and_rate(t, y, &mut drive, &mut rate);
        for i in 0..2 {
            dy[i] = drive[i] - rate[i] * y[i];
        }
    };
    let start = [0.3, -0.4];
    let mut exact = start;
    fixed_step::<Verner98, _, _, _>(&system, &mut exact, 0.0, 0.03, 100)?;
    let mut points = Vec::new();
    for n in [64_u32, 128, 256, 512] {
        let mut y = start;
        Unfolding::new(method, 2).run(&Coupled, 0.0, 3.0, n as usize, &mut y)?;
        points.push((3.0 / f64::from(n), distance(&y, &exact)));
    }
    let spikes = fitzhugh_nagumo(160, |n, y| {
        Unfolding::new(method, 2).run(&GatedFitzHughNagumo, 0.0, 10.0, n as usize, y)
    })?;
    Ok(Measured {
        fitzhugh_nagumo: Some(spikes),
        ..Measured::new(name, M::ORDER, slope(&points, 0.0))
    })
}

struct Kepler;

impl SeparableHamiltonian<f64> for Kepler {
    fn velocity(&self, p: &[f64], velocity: &mut [f64]) {
        velocity.copy_from_slice(p);
    }

    fn force(&self, q: &[f64], force: &mut [f64]) {
        let r = q[0].hypot(q[1]);
        for i in 0..2 {
            force[i] = -q[i] / (r * r * r);
        }
    }
}

/// One orbit of eccentricity 0.6.
fn leapfrog() -> Result<Measured, Error> {
    let mut points = Vec::new();
    for n in [1000_u32, 2000, 4000, 8000] {
        let h = core::f64::consts::TAU / f64::from(n);
        let (mut q, mut p) = ([0.4, 0.0], [0.0, 2.0]);
        Leapfrog::new(&Kepler, &q)?.run(&Kepler, h, n as usize, &mut q, &mut p)?;
        points.push((h, distance(&q, &[0.4, 0.0])));
    }
    Ok(Measured::new("leapfrog", 2, slope(&points, 0.0)))
}

/// Mackey–Glass over twelve delays, against the finest steps.
fn delay() -> Result<Measured, Error> {
    let system = MackeyGlass::default();
    let run = |per_delay: u32| -> Result<f64, Error> {
        let h = 17.0 / f64::from(per_delay);
        let history = |_t: f64, y: &mut [f64]| y[0] = 1.2;
        let mut solver = DelayRk4::new(0.0, h, &[1.2], &[17.0], history)?;
        solver.run(&system, 12 * per_delay as usize)?;
        Ok(solver.state()[0])
    };
    let exact = run(2720)?;
    let mut points = Vec::new();
    for n in [34, 68, 136, 272] {
        points.push((17.0 / f64::from(n), (run(n)? - exact).abs()));
    }
    Ok(Measured::new(
        "RK4 with delays, cubic history",
        4,
        slope(&points, 0.0),
    ))
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .fold(0.0, |worst: f64, (a, b)| worst.max((a - b).abs()))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small positive whole number"
)]
fn whole(count: f64) -> usize {
    count as usize
}
