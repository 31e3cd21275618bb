//! Gradients: against differences, against each other, and their memory.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the tests themselves"
)]

use neuropil_ode_core::explicit::{
    BogackiShampine32, DenseSolution, DormandPrince54, DormandPrince853, Euler, Explicit,
    FixedStep, Heun, Midpoint, Rk4, Tableau, Tsitouras54, Verner65, Verner76, Verner98, fixed_step,
};
use neuropil_ode_core::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, Unfolding,
};
use neuropil_ode_core::sensitivity::{
    AdjointStatistics, By, ContinuousAdjoint, Differentiable, DifferentiableGated, DiscreteAdjoint,
    ForwardSensitivity, ForwardSolution, GatedAdjoint, GatedStepAdjoint, Parametric, RungeKutta,
    Steps, WithParameters, WithoutParameters,
};
use neuropil_ode_core::{Error, Gated, SolverConfig, System};
use neuropil_test_kit::alloc::{CountingAllocator, allocations};
use neuropil_test_kit::gradient::check_gradient;
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// A system that can be built anew from its parameters, to form differences.
trait Case: Differentiable<f64> + Sized {
    fn with(p: &[f64]) -> Self;
    fn values() -> Vec<f64>;
    fn start() -> Vec<f64>;
    fn system() -> Self {
        Self::with(&Self::values())
    }
}

struct Lorenz([f64; 3]);

impl System<f64> for Lorenz {
    fn rhs(&self, _t: f64, y: &[f64], dy: &mut [f64]) {
        let [s, r, b] = self.0;
        dy[0] = s * (y[1] - y[0]);
        dy[1] = y[0] * (r - y[2]) - y[1];
        dy[2] = y[0] * y[1] - b * y[2];
    }
}

impl Differentiable<f64> for Lorenz {
    fn parameters(&self) -> usize {
        3
    }
    fn jvp(&self, _t: f64, y: &[f64], d: &[f64], p: &[f64], out: &mut [f64]) {
        let [s, r, b] = self.0;
        out[0] = s * (d[1] - d[0]) + p[0] * (y[1] - y[0]);
        out[1] = d[0] * (r - y[2]) - y[0] * d[2] - d[1] + p[1] * y[0];
        out[2] = d[0] * y[1] + y[0] * d[1] - b * d[2] - p[2] * y[2];
    }
    fn vjp(&self, _t: f64, y: &[f64], l: &[f64], gy: &mut [f64], gp: &mut [f64]) {
        let [s, r, b] = self.0;
        gy[0] += -s * l[0] + (r - y[2]) * l[1] + y[1] * l[2];
        gy[1] += s * l[0] - l[1] + y[0] * l[2];
        gy[2] += -y[0] * l[1] - b * l[2];
        gp[0] += (y[1] - y[0]) * l[0];
        gp[1] += y[0] * l[1];
        gp[2] -= y[2] * l[2];
    }
}

impl Case for Lorenz {
    fn with(p: &[f64]) -> Self {
        Self([p[0], p[1], p[2]])
    }
    fn values() -> Vec<f64> {
        vec![10.0, 28.0, 8.0 / 3.0]
    }
    fn start() -> Vec<f64> {
        vec![1.0, 0.0, 0.0]
    }
}

/// Van der Pol, driven so that time matters: y'' = μ (1 - y²) y' - y + a cos t.
struct VanDerPol([f64; 2]);

impl System<f64> for VanDerPol {
    fn rhs(&self, t: f64, y: &[f64], dy: &mut [f64]) {
        let [mu, a] = self.0;
        dy[0] = y[1];
        dy[1] = mu * (1.0 - y[0] * y[0]) * y[1] - y[0] + a * t.cos();
    }
}

impl Differentiable<f64> for VanDerPol {
    fn parameters(&self) -> usize {
        2
    }
    fn jvp(&self, t: f64, y: &[f64], d: &[f64], p: &[f64], out: &mut [f64]) {
        let mu = self.0[0];
        let bend = 1.0 - y[0] * y[0];
        out[0] = d[1];
        out[1] = -(2.0 * mu * y[0] * y[1] + 1.0) * d[0] + mu * bend * d[1];
        out[1] += p[0] * bend * y[1] + p[1] * t.cos();
    }
    fn vjp(&self, t: f64, y: &[f64], l: &[f64], gy: &mut [f64], gp: &mut [f64]) {
        let mu = self.0[0];
        let bend = 1.0 - y[0] * y[0];
        gy[0] -= (2.0 * mu * y[0] * y[1] + 1.0) * l[1];
        gy[1] += l[0] + mu * bend * l[1];
        gp[0] += bend * y[1] * l[1];
        gp[1] += t.cos() * l[1];
    }
}

impl Case for VanDerPol {
    fn with(p: &[f64]) -> Self {
        Self([p[0], p[1]])
    }
    fn values() -> Vec<f64> {
        vec![1.0, 0.3]
    }
    fn start() -> Vec<f64> {
        vec![2.0, 0.0]
    }
}

/// The liquid cell of four neurons of the golden case; parameters are the leaks, the weights and the
/// midpoints of the synapses.
struct Liquid(Vec<f64>);

impl Liquid {
    const LEAK: [f64; 4] = [-0.2, -0.1, 0.0, 0.1];

    fn capacitance(i: usize) -> f64 {
        (8 + i) as f64 / 20.0
    }

    /// Sensory conductance and its reversal.
    fn sense(i: usize) -> (f64, f64) {
        let s = (2 + i) as f64 / 10.0 / (1.0 + (-0.4_f64).exp());
        (s, if i.is_multiple_of(2) { 1.0 } else { -1.0 })
    }

    /// Weight, slope, midpoint, reversal and activation of the synapse from `j` to `i`.
    fn synapse(&self, i: usize, j: usize, v: f64) -> (f64, f64, f64, f64) {
        let (w, mu) = (self.0[4 + 4 * i + j], self.0[20 + 4 * i + j]);
        let slope = (3 + (j + 2 * i) % 5) as f64;
        let reversal = if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
        (w, slope, reversal, 1.0 / (1.0 + (-slope * (v - mu)).exp()))
    }
}

impl Gated<f64> for Liquid {
    fn drive_and_rate(&self, _t: f64, v: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        for i in 0..4 {
            let (s, e) = Self::sense(i);
            drive[i] = self.0[i] * Self::LEAK[i] + s * e;
            rate[i] = self.0[i] + s;
            for j in 0..4 {
                let (w, _, e, a) = self.synapse(i, j, v[j]);
                drive[i] += w * a * e;
                rate[i] += w * a;
            }
            drive[i] /= Self::capacitance(i);
            rate[i] /= Self::capacitance(i);
        }
    }
}

impl DifferentiableGated<f64> for Liquid {
    fn parameters(&self) -> usize {
        36
    }
    fn vjp(&self, _t: f64, v: &[f64], d: &[f64], r: &[f64], gy: &mut [f64], gp: &mut [f64]) {
        for i in 0..4 {
            let c = Self::capacitance(i);
            let (d, r) = (d[i] / c, r[i] / c);
            gp[i] += d * Self::LEAK[i] + r;
            for j in 0..4 {
                let (w, slope, e, a) = self.synapse(i, j, v[j]);
                let q = (d * e + r) * w * slope * a * (1.0 - a);
                gy[j] += q;
                gp[4 + 4 * i + j] += (d * e + r) * a;
                gp[20 + 4 * i + j] -= q;
            }
        }
    }
}

impl System<f64> for Liquid {
    fn rhs(&self, t: f64, v: &[f64], dv: &mut [f64]) {
        let mut rate = [0.0; 4];
        self.drive_and_rate(t, v, dv, &mut rate);
        for i in 0..4 {
            dv[i] -= rate[i] * v[i];
        }
    }
}

impl Differentiable<f64> for Liquid {
    fn parameters(&self) -> usize {
        36
    }
    fn jvp(&self, t: f64, v: &[f64], dv: &[f64], dp: &[f64], out: &mut [f64]) {
        // Row by row from the other side.
        for i in 0..4 {
            let (mut unit, mut gy, mut gp) = ([0.0; 4], [0.0; 4], [0.0; 36]);
            unit[i] = 1.0;
            Differentiable::vjp(self, t, v, &unit, &mut gy, &mut gp);
            let of_state: f64 = gy.iter().zip(dv).map(|(a, b)| a * b).sum();
            let of_parameters: f64 = gp.iter().zip(dp).map(|(a, b)| a * b).sum();
            out[i] = of_state + of_parameters;
        }
    }
    fn vjp(&self, t: f64, v: &[f64], l: &[f64], gy: &mut [f64], gp: &mut [f64]) {
        let (mut drive, mut rate, mut r) = ([0.0; 4], [0.0; 4], [0.0; 4]);
        self.drive_and_rate(t, v, &mut drive, &mut rate);
        for i in 0..4 {
            r[i] = -l[i] * v[i];
            gy[i] -= rate[i] * l[i];
        }
        DifferentiableGated::vjp(self, t, v, l, &r, gy, gp);
    }
}

impl Case for Liquid {
    fn with(p: &[f64]) -> Self {
        Self(p.to_vec())
    }
    fn values() -> Vec<f64> {
        let synapses = || (0..16).map(|k| (k / 4, k % 4));
        let leaks = (0..4).map(|i| (1 + 2 * i) as f64 / 10.0);
        let weights = synapses().map(|(i, j)| (2 + (3 * j + 5 * i) % 7) as f64 / 20.0);
        let middles = synapses().map(|(i, j)| (3 + (2 * j + i) % 5) as f64 / 10.0);
        leaks.chain(weights).chain(middles).collect()
    }
    fn start() -> Vec<f64> {
        vec![0.1, 0.2, 0.3, 0.4]
    }
}

/// The last state and a weighted sum of it: the loss at the end.
fn weighted(y: &[f64]) -> f64 {
    y.iter()
        .enumerate()
        .map(|(i, v)| v * (1.0 + i as f64))
        .sum()
}

fn weighted_gradient(cotangent: &mut [f64]) {
    for (i, c) in cotangent.iter_mut().enumerate() {
        *c += 1.0 + i as f64;
    }
}

/// The gradient by (y0, p) that a discrete adjoint gives for the loss at the end.
fn discrete<M: Tableau, C: Case>(steps: &Steps<f64>, checkpoints: usize) -> Vec<f64> {
    let (system, y0) = (C::system(), C::start());
    let method = RungeKutta::<M, f64, _>::new(&y0).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, method, checkpoints).unwrap();
    let (mut gy, mut gp) = (vec![0.0; y0.len()], vec![0.0; system.parameters()]);
    let last = |i: usize, _t: f64, _y: &[f64], c: &mut [f64]| {
        if i == steps.len() {
            weighted_gradient(c);
        }
    };
    adjoint
        .run(&system, &y0, steps, last, &mut gy, &mut gp)
        .unwrap();
    gy.extend(gp);
    gy
}

/// The variables (y0, p) in one.
fn variables<C: Case>() -> Vec<f64> {
    let mut x = C::start();
    x.extend(C::values());
    x
}

fn fixed_matches_differences<M: Tableau, C: Case>(h: f64, count: usize) {
    let gradient = discrete::<M, C>(&Steps::equal(0.0, h, count).unwrap(), 7);
    let n = C::start().len();
    let loss = |x: &[f64]| {
        let mut y = x[..n].to_vec();
        fixed_step::<M, _, _, _>(&C::with(&x[n..]), &mut y, 0.0, h, count).unwrap();
        weighted(&y)
    };
    check_gradient(loss, &variables::<C>(), &gradient, 2e-4, 1e-7).unwrap();
}

#[test]
fn discrete_adjoint_of_fixed_steps_equals_differences() {
    fixed_matches_differences::<Rk4, Lorenz>(0.01, 150);
    fixed_matches_differences::<Rk4, VanDerPol>(0.05, 100);
    fixed_matches_differences::<Rk4, Liquid>(0.1, 10);
    // Coarse steps: the derivative of what is computed, not of the solution.
    fixed_matches_differences::<Euler, VanDerPol>(0.1, 30);
    fixed_matches_differences::<Euler, Liquid>(0.25, 4);
    fixed_matches_differences::<DormandPrince54, Lorenz>(0.03, 40);
    fixed_matches_differences::<Verner98, Lorenz>(0.1, 12);
    fixed_matches_differences::<DormandPrince853, VanDerPol>(0.5, 8);
}

/// An adaptive run, its steps and its last state.
fn adaptive<M: Tableau, C: Case>(t1: f64, tolerance: f64) -> (Steps<f64>, Vec<f64>) {
    let (system, mut steps) = (C::system(), Steps::recorded());
    let config = SolverConfig::with_tolerance(tolerance);
    let mut solver = Explicit::<M, _, _>::new(0.0, C::start(), &config).unwrap();
    while solver.time() < t1 {
        let _ = solver.step(&system, t1).unwrap();
        steps.record(&solver).unwrap();
    }
    (steps, solver.into_state())
}

fn adaptive_matches_differences<M: Tableau, C: Case>(t1: f64, tolerance: f64) {
    let (steps, end) = adaptive::<M, C>(t1, tolerance);
    let gradient = discrete::<M, C>(&steps, 5);
    let n = end.len();
    // The same steps again, frozen.
    let mut pieces = Vec::new();
    let (system, y0) = (C::system(), C::start());
    let method = RungeKutta::<M, f64, _>::new(&y0).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, method, 3).unwrap();
    let (mut gy, mut gp) = (vec![0.0; n], vec![0.0; system.parameters()]);
    let look = |i: usize, t: f64, y: &[f64], _c: &mut [f64]| {
        pieces.push(t);
        if i == steps.len() {
            let worst = y.iter().zip(&end).map(|(a, b)| (a - b).abs());
            assert!(worst.fold(0.0, f64::max) < 1e-11, "the run is not the same");
        }
    };
    adjoint
        .run(&system, &y0, &steps, look, &mut gy, &mut gp)
        .unwrap();
    pieces.reverse();
    let loss = |x: &[f64]| {
        let (system, mut y) = (C::with(&x[n..]), x[..n].to_vec());
        let mut one = FixedStep::<M, f64, _>::new(&y).unwrap();
        for pair in pieces.windows(2) {
            one.run(&system, &mut y, pair[0], pair[1] - pair[0], 1)
                .unwrap();
        }
        weighted(&y)
    };
    check_gradient(loss, &variables::<C>(), &gradient, 2e-4, 1e-7).unwrap();
}

#[test]
fn discrete_adjoint_of_adaptive_steps_equals_differences() {
    adaptive_matches_differences::<DormandPrince54, Lorenz>(1.5, 1e-6);
    adaptive_matches_differences::<Tsitouras54, VanDerPol>(5.0, 1e-4);
    adaptive_matches_differences::<BogackiShampine32, Liquid>(1.0, 1e-3);
    adaptive_matches_differences::<DormandPrince853, Lorenz>(1.0, 1e-9);
}

/// Entry by entry, relative to the largest.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let worst = a
        .iter()
        .zip(b)
        .fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
    worst / largest
}

fn forward_equals_adjoint<M: Tableau, C: Case>(h: f64, count: usize) {
    let (system, y0) = (C::system(), C::start());
    let n = y0.len();
    let forward = ForwardSensitivity::new(&system, n, By::Both).unwrap();
    let mut state = forward.start(&y0).unwrap();
    fixed_step::<M, _, _, _>(&forward, &mut state, 0.0, h, count).unwrap();
    let s = forward.sensitivity(&state).unwrap();
    let mut weights = vec![0.0; n];
    weighted_gradient(&mut weights);
    let gradient: Vec<f64> = (0..s.ncols())
        .map(|j| (0..n).map(|i| s[(i, j)] * weights[i]).sum())
        .collect();
    let adjoint = discrete::<M, C>(&Steps::equal(0.0, h, count).unwrap(), 4);
    let error = distance(&adjoint, &gradient);
    // The coefficients of Verner's 6(5) reach 200 and cancel, so rounding errors are multiplied.
    let greatest = |rows: &[&[f64]]| {
        let all = rows.iter().flat_map(|row| row.iter());
        all.fold(0.0_f64, |m, a| m.max(a.abs()))
    };
    let amplified = greatest(&M::A[..M::STAGES]) * greatest(&[M::B]);
    assert!(
        error < 1e-15 * (100.0 + amplified),
        "{}: {error:e}",
        M::NAME
    );
}

#[test]
fn forward_sensitivities_equal_the_discrete_adjoint_to_rounding() {
    fn every_tableau<C: Case>(h: f64, count: usize) {
        forward_equals_adjoint::<Euler, C>(h, count);
        forward_equals_adjoint::<Midpoint, C>(h, count);
        forward_equals_adjoint::<Heun, C>(h, count);
        forward_equals_adjoint::<Rk4, C>(h, count);
        forward_equals_adjoint::<BogackiShampine32, C>(h, count);
        forward_equals_adjoint::<DormandPrince54, C>(h, count);
        forward_equals_adjoint::<Tsitouras54, C>(h, count);
        forward_equals_adjoint::<Verner65, C>(h, count);
        forward_equals_adjoint::<Verner76, C>(h, count);
        forward_equals_adjoint::<Verner98, C>(h, count);
        forward_equals_adjoint::<DormandPrince853, C>(h, count);
    }
    every_tableau::<Lorenz>(0.02, 30);
    every_tableau::<VanDerPol>(0.1, 20);
    every_tableau::<Liquid>(0.2, 5);
}

#[test]
fn forward_sensitivities_by_parts_are_columns_of_the_whole() {
    let (system, y0) = (VanDerPol::system(), VanDerPol::start());
    let solve = |by| {
        let forward = ForwardSensitivity::new(&system, 2, by).unwrap();
        let mut state = forward.start(&y0).unwrap();
        assert_eq!(state.len(), forward.len());
        fixed_step::<Rk4, _, _, _>(&forward, &mut state, 0.0, 0.1, 10).unwrap();
        let s = forward.sensitivity(&state).unwrap().into_owned();
        assert_eq!(s.ncols(), forward.columns());
        assert_eq!(forward.state(&state).unwrap(), &state[..2]);
        s
    };
    let both = solve(By::Both);
    assert_eq!(both.columns(0, 2), solve(By::InitialState));
    assert_eq!(both.columns(2, 2), solve(By::Parameters));
}

fn gated_matches_differences<M: GatedStepAdjoint<f64> + Copy>(method: M, span: f64, count: usize) {
    let (system, y0) = (Liquid::system(), Liquid::start());
    let steps = Steps::equal(0.0, span / count as f64, count).unwrap();
    let gated = GatedAdjoint::new(method, 4).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, gated, 3).unwrap();
    let (mut gy, mut gp) = (vec![0.0; 4], vec![0.0; 36]);
    let last = |i: usize, _t: f64, _y: &[f64], c: &mut [f64]| {
        if i == count {
            weighted_gradient(c);
        }
    };
    adjoint
        .run(&system, &y0, &steps, last, &mut gy, &mut gp)
        .unwrap();
    gy.extend(gp);
    let loss = |x: &[f64]| {
        let mut y = x[..4].to_vec();
        Unfolding::new(method, 4)
            .run(&Liquid::with(&x[4..]), 0.0, span, count, &mut y)
            .unwrap();
        weighted(&y)
    };
    check_gradient(loss, &variables::<Liquid>(), &gy, 1e-3, 1e-8).unwrap();
}

#[test]
fn discrete_adjoint_of_gated_steps_equals_differences() {
    // Six steps, as liquid networks take; and one so long that the bound of the fused step holds.
    for (span, count) in [(1.0, 6), (5.0, 1), (5.0, 40)] {
        gated_matches_differences(FusedStep, span, count);
        gated_matches_differences(FusedMidpointStep, span, count);
        gated_matches_differences(ExponentialEulerStep, span, count);
        gated_matches_differences(ExponentialMidpointStep, span, count);
    }
}

fn continuous<M: Tableau, C: Case>(t1: f64, tolerance: f64, interpolated: bool) -> Vec<f64> {
    let (system, y0) = (C::system(), C::start());
    let n = y0.len();
    let config = SolverConfig::with_tolerance(tolerance);
    let mut solver = Explicit::<M, _, _>::new(0.0, y0, &config).unwrap();
    let mut dense = DenseSolution::new();
    while solver.time() < t1 {
        let _ = solver.step(&system, t1).unwrap();
        dense.record(&mut solver, &system).unwrap();
    }
    let state = solver.into_state();
    let forward = if interpolated {
        ForwardSolution::Interpolated(&dense)
    } else {
        ForwardSolution::Recomputed {
            start: 0.0,
            end: t1,
            state: &state,
        }
    };
    let mut adjoint = ContinuousAdjoint::<M, f64>::new(&system, n, &config).unwrap();
    let (mut gy, mut gp) = (vec![0.0; n], vec![0.0; system.parameters()]);
    let last = |_, _, _: &[f64], c: &mut [f64]| weighted_gradient(c);
    let statistics = adjoint
        .run(&system, &forward, &[t1], last, &mut gy, &mut gp)
        .unwrap();
    assert!(statistics.accepted > 0 && statistics.evaluations > statistics.accepted);
    gy.extend(gp);
    gy
}

#[test]
fn continuous_adjoint_converges_to_the_discrete_one() {
    fn check<M: Tableau, C: Case>(t1: f64, amplification: f64, recomputed: f64) {
        for tolerance in [1e-4, 1e-6, 1e-8, 1e-10] {
            let (steps, _) = adaptive::<M, C>(t1, tolerance);
            let exact = discrete::<M, C>(&steps, 20);
            let error = distance(&continuous::<M, C>(t1, tolerance, true), &exact);
            assert!(
                error < amplification * tolerance,
                "{tolerance:e}: {error:e}"
            );
            let error = distance(&continuous::<M, C>(t1, tolerance, false), &exact);
            assert!(
                error < recomputed * tolerance,
                "recomputed, {tolerance:e}: {error:e}"
            );
        }
    }
    check::<DormandPrince54, VanDerPol>(3.0, 100.0, 1e4);
    check::<DormandPrince54, Liquid>(1.0, 100.0, 1e4);
    check::<Tsitouras54, Lorenz>(1.0, 100.0, 1e6);
    check::<Verner76, VanDerPol>(3.0, 100.0, 1e4);
}

#[test]
fn losses_at_chosen_times() {
    // Σ weighted(y(tᵢ))² at 0, 1, 2.5 and 3.
    let times = [0.0, 1.0, 2.5, 3.0];
    let (system, y0) = (VanDerPol::system(), VanDerPol::start());
    let config = SolverConfig::with_tolerance(1e-10);
    let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, y0.clone(), &config).unwrap();
    let (mut steps, mut dense, mut marks) = (Steps::recorded(), DenseSolution::new(), vec![0]);
    let mut total = weighted(&y0).powi(2);
    for t in &times[1..] {
        while solver.time() < *t {
            let _ = solver.step(&system, *t).unwrap();
            steps.record(&solver).unwrap();
            dense.record(&mut solver, &system).unwrap();
        }
        marks.push(steps.len());
        total += weighted(solver.state()).powi(2);
    }
    let add = |y: &[f64], c: &mut [f64]| {
        let weight = 2.0 * weighted(y);
        for (i, c) in c.iter_mut().enumerate() {
            *c += weight * (1.0 + i as f64);
        }
    };
    let method = RungeKutta::<DormandPrince54, f64, _>::new(&y0).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, method, 6).unwrap();
    let (mut gy, mut gp) = ([0.0; 2], [0.0; 2]);
    let (mut seen, mut expected_index) = (0.0, steps.len());
    adjoint
        .run(
            &system,
            &y0,
            &steps,
            |i, _t, y, c| {
                assert_eq!(i, expected_index);
                expected_index = expected_index.wrapping_sub(1);
                if marks.contains(&i) {
                    seen += weighted(y).powi(2);
                    add(y, c);
                }
            },
            &mut gy,
            &mut gp,
        )
        .unwrap();
    assert!((seen - total).abs() < 1e-10 * total);
    let exact = [gy, gp].concat();

    let loss = |x: &[f64]| {
        let (system, mut y) = (VanDerPol::with(&x[2..]), [x[0], x[1]]);
        let mut total = weighted(&y).powi(2);
        for pair in times.windows(2) {
            let h = (pair[1] - pair[0]) / 1000.0;
            fixed_step::<Rk4, _, _, _>(&system, &mut y, pair[0], h, 1000).unwrap();
            total += weighted(&y).powi(2);
        }
        total
    };
    check_gradient(loss, &variables::<VanDerPol>(), &exact, 2e-4, 1e-7).unwrap();

    let mut adjoint = ContinuousAdjoint::<DormandPrince54, f64>::new(&system, 2, &config).unwrap();
    let mut order = Vec::new();
    let jump = |i: usize, t: f64, y: &[f64], c: &mut [f64]| {
        order.push((i, t));
        add(y, c);
    };
    let forward = ForwardSolution::Interpolated(&dense);
    adjoint
        .run(&system, &forward, &times, jump, &mut gy, &mut gp)
        .unwrap();
    assert_eq!(order, [(3, 3.0), (2, 2.5), (1, 1.0), (0, 0.0)]);
    assert!(distance(&[gy, gp].concat(), &exact) < 1e-8);
}

#[test]
fn backward_in_time() {
    // Steps of negative size, and a dense solution that runs backward.
    let gradient = discrete::<Rk4, VanDerPol>(&Steps::equal(0.0, -0.01, 50).unwrap(), 5);
    let loss = |x: &[f64]| {
        let mut y = [x[0], x[1]];
        fixed_step::<Rk4, _, _, _>(&VanDerPol::with(&x[2..]), &mut y, 0.0, -0.01, 50).unwrap();
        weighted(&y)
    };
    check_gradient(loss, &variables::<VanDerPol>(), &gradient, 2e-4, 1e-7).unwrap();

    let system = VanDerPol::system();
    let config = SolverConfig::with_tolerance(1e-9);
    let mut solver =
        Explicit::<DormandPrince54, _, _>::new(0.0, VanDerPol::start(), &config).unwrap();
    let mut dense = DenseSolution::new();
    while solver.time() > -0.5 {
        let _ = solver.step(&system, -0.5).unwrap();
        dense.record(&mut solver, &system).unwrap();
    }
    let mut adjoint = ContinuousAdjoint::<DormandPrince54, f64>::new(&system, 2, &config).unwrap();
    let (mut gy, mut gp) = ([0.0; 2], [0.0; 2]);
    let forward = ForwardSolution::Interpolated(&dense);
    let last = |_, _, _: &[f64], c: &mut [f64]| weighted_gradient(c);
    adjoint
        .run(&system, &forward, &[-0.5], last, &mut gy, &mut gp)
        .unwrap();
    assert!(distance(&[gy, gp].concat(), &gradient) < 1e-7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Which states are kept does not change a bit, and never more than allowed are.
    #[test]
    fn checkpoints_do_not_change_the_gradient(count in 1_usize..80, checkpoints in 1_usize..100) {
        let steps = Steps::equal(0.0, 0.02, count).unwrap();
        let all = discrete::<Tsitouras54, Lorenz>(&steps, count);
        prop_assert_eq!(discrete::<Tsitouras54, Lorenz>(&steps, checkpoints), all);
    }

    /// Linear systems y' = a y: the adjoint of a step is the stability polynomial.
    #[test]
    fn linear_systems_in_closed_form(a in -2.0_f64..2.0, h in 0.01_f64..0.5, count in 1_usize..20) {
        let f = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = p[0] * y[0];
        let system = WithParameters::new(f, 1, vec![a]).unwrap();
        let method = RungeKutta::<Rk4, f64, _>::new(&[1.0]).unwrap();
        let mut adjoint = DiscreteAdjoint::new(&system, method, 3).unwrap();
        let (mut gy, mut gp) = ([0.0], [0.0]);
        let last = |i: usize, _t: f64, _y: &[f64], c: &mut [f64]| {
            c[0] += if i == count { 1.0 } else { 0.0 };
        };
        let steps = Steps::equal(0.0, h, count).unwrap();
        adjoint.run(&system, &[1.0], &steps, last, &mut gy, &mut gp).unwrap();
        let z = a * h;
        let growth = 1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0)));
        let slope = h * (1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0)));
        let n = count as i32;
        let (by_y, by_p) = (growth.powi(n), count as f64 * growth.powi(n - 1) * slope);
        prop_assert!((gy[0] / by_y - 1.0).abs() < 1e-8);
        prop_assert!((gp[0] / by_p - 1.0).abs() < 1e-8);
    }
}

#[test]
fn memory_is_that_of_the_checkpoints() {
    let (system, y0) = (Lorenz::system(), Lorenz::start());
    let (mut gy, mut gp) = ([0.0; 3], [0.0; 3]);
    let mut reversal = |checkpoints: usize, count: usize| -> AdjointStatistics {
        let method = RungeKutta::<Rk4, f64, _>::new(&y0).unwrap();
        let mut adjoint = DiscreteAdjoint::new(&system, method, checkpoints).unwrap();
        let steps = Steps::equal(0.0, 1e-4, count).unwrap();
        let last = |i: usize, _t: f64, _y: &[f64], c: &mut [f64]| {
            if i == count {
                weighted_gradient(c);
            }
        };
        // All memory is had by now: however many steps there are, none is added.
        let (result, allocated) =
            allocations(|| adjoint.run(&system, &y0, &steps, last, &mut gy, &mut gp));
        assert_eq!(allocated, 0);
        let statistics = result.unwrap();
        assert_eq!(statistics.reversed, count as u64);
        statistics
    };
    // r l - C(c + r, c + 1) with the least r for which C(c + r, c) steps are within reach.
    assert_eq!(reversal(10, 286).taken, 3 * 286 - 78);
    assert_eq!(reversal(3, 10_000).taken, 38 * 10_000 - 101_270);
    assert_eq!(reversal(1, 100).taken, 99 * 100 / 2);
    assert_eq!(reversal(100, 100).taken, 99);
    assert_eq!(reversal(1000, 100).taken, 99);
}

#[test]
fn nothing_allocates() {
    let (system, y0) = (Liquid::system(), Liquid::start());
    let (mut gy, mut gp) = ([0.0; 4], [0.0; 36]);
    let last = |i: usize, _t: f64, _y: &[f64], c: &mut [f64]| {
        if i == 100 {
            weighted_gradient(c);
        }
    };
    let steps = Steps::equal(0.0, 0.01, 100).unwrap();
    let method = GatedAdjoint::new(FusedMidpointStep, 4).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, method, 5).unwrap();
    let (result, count) = allocations(|| adjoint.run(&system, &y0, &steps, last, &mut gy, &mut gp));
    result.unwrap();
    assert_eq!(count, 0);

    let forward = ForwardSensitivity::new(&system, 4, By::Both).unwrap();
    let mut state = forward.start(&y0).unwrap();
    let mut fixed = FixedStep::<Rk4, f64, _>::new(&state).unwrap();
    let (result, count) = allocations(|| fixed.run(&forward, &mut state, 0.0, 0.01, 100));
    result.unwrap();
    assert_eq!(count, 0);

    let config = SolverConfig::default();
    let mut solver = Explicit::<DormandPrince54, _, _>::new(0.0, y0, &config).unwrap();
    let mut dense = DenseSolution::new();
    while solver.time() < 1.0 {
        let _ = solver.step(&system, 1.0).unwrap();
        dense.record(&mut solver, &system).unwrap();
    }
    let forward = ForwardSolution::Interpolated(&dense);
    let mut adjoint = ContinuousAdjoint::<DormandPrince54, f64>::new(&system, 4, &config).unwrap();
    let end = |_, _, _: &[f64], c: &mut [f64]| weighted_gradient(c);
    let (result, count) =
        allocations(|| adjoint.run(&system, &forward, &[1.0], end, &mut gy, &mut gp));
    result.unwrap();
    assert_eq!(count, 0);

    let f = |_t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| dy[0] = p[0] * y[0];
    let system = WithParameters::new(f, 1, vec![0.5]).unwrap();
    let (mut gy, mut gp) = ([0.0], [0.0]);
    let (_, count) = allocations(|| {
        system.vjp(0.0, &[1.0], &[1.0], &mut gy, &mut gp);
        system.jvp(0.0, &[1.0], &[1.0], &[1.0], &mut [0.0]);
    });
    assert_eq!(count, 0);
}

/// Lorenz with its Jacobians as matrices.
struct Matrices;

impl Parametric<f64> for Matrices {
    fn rhs(&self, t: f64, y: &[f64], p: &[f64], dy: &mut [f64]) {
        Lorenz::with(p).rhs(t, y, dy);
    }
    fn jacobian(&self, _t: f64, y: &[f64], p: &[f64], j: &mut [f64]) -> bool {
        let columns = [
            -p[0],
            p[1] - y[2],
            y[1],
            p[0],
            -1.0,
            y[0],
            0.0,
            -y[0],
            -p[2],
        ];
        j.copy_from_slice(&columns);
        true
    }
    fn parameter_jacobian(&self, _t: f64, y: &[f64], _p: &[f64], j: &mut [f64]) -> bool {
        j.copy_from_slice(&[y[1] - y[0], 0.0, 0.0, 0.0, y[0], 0.0, 0.0, 0.0, -y[2]]);
        true
    }
}

#[test]
fn derivatives_by_matrices_and_by_differences_equal_those_by_hand() {
    fn check<A: Differentiable<f64>>(other: &A, rtol: f64) {
        let exact = Lorenz::system();
        let (y, l, d, p) = (
            [1.5, -2.0, 20.0],
            [0.3, -1.0, 2.0],
            [1.0, 0.5, -0.2],
            [0.1, -0.3, 0.2],
        );
        let p = &p[..other.parameters()];
        let all = [p, &[0.0; 3]].concat();
        let (mut a, mut b) = ([0.0; 3], [7.0; 3]);
        exact.jvp(0.0, &y, &d, &all[..3], &mut a);
        other.jvp(0.0, &y, &d, p, &mut b);
        assert!(distance(&b, &a) < rtol);
        let (mut gy, mut gp) = ([1.0; 3], [2.0; 3]);
        exact.vjp(0.0, &y, &l, &mut gy, &mut gp);
        let (mut hy, mut hp) = ([1.0; 3], vec![2.0; p.len()]);
        other.vjp(0.0, &y, &l, &mut hy, &mut hp);
        assert!(distance(&hy, &gy) < rtol);
        assert!(hp.is_empty() || distance(&hp, &gp) < rtol);
    }
    let values = Lorenz::values();
    check(
        &WithParameters::new(Matrices, 3, values.clone()).unwrap(),
        1e-15,
    );
    let rhs = |t: f64, y: &[f64], p: &[f64], dy: &mut [f64]| Lorenz::with(p).rhs(t, y, dy);
    check(&WithParameters::new(rhs, 3, values).unwrap(), 1e-9);
    let plain = WithoutParameters(Lorenz::system());
    check(&WithParameters::new(plain, 3, Vec::new()).unwrap(), 1e-9);
}

#[test]
fn single_precision() {
    let f = |_t: f32, y: &[f32], p: &[f32], dy: &mut [f32]| dy[0] = -p[0] * y[0];
    let system = WithParameters::new(f, 1, vec![0.5_f32]).unwrap();
    let method = RungeKutta::<Rk4, f32, _>::new(&[2.0]).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, method, 4).unwrap();
    let (mut gy, mut gp) = ([0.0], [0.0]);
    let last = |i: usize, _t: f32, _y: &[f32], c: &mut [f32]| {
        c[0] += if i == 10 { 1.0 } else { 0.0 };
    };
    let steps = Steps::equal(0.0, 0.1, 10).unwrap();
    adjoint
        .run(&system, &[2.0], &steps, last, &mut gy, &mut gp)
        .unwrap();
    let end = (-0.5_f32).exp();
    assert!((gy[0] - end).abs() < 1e-3 && (gp[0] + 2.0 * end).abs() < 1e-3);
}

#[test]
fn bad_input_is_named() {
    let (system, y0) = (Lorenz::system(), Lorenz::start());
    let method = || RungeKutta::<Rk4, f64, _>::new(&[0.0; 3]).unwrap();
    let mut adjoint = DiscreteAdjoint::new(&system, method(), 4).unwrap();
    let steps = Steps::equal(0.0, 0.1, 5).unwrap();
    let nothing = |_: usize, _: f64, _: &[f64], _: &mut [f64]| {};
    let (mut gy, mut gp) = ([0.0; 3], [0.0; 3]);

    let error = adjoint.run(&system, &y0[..2], &steps, nothing, &mut gy, &mut gp);
    assert!(matches!(
        error,
        Err(Error::Shape {
            expected: 3,
            found: 2,
            ..
        })
    ));
    let error = adjoint.run(&system, &y0, &steps, nothing, &mut gy[..1], &mut gp);
    assert!(matches!(
        error,
        Err(Error::Shape {
            expected: 3,
            found: 1,
            ..
        })
    ));
    let error = adjoint.run(&system, &y0, &steps, nothing, &mut gy, &mut []);
    assert!(matches!(
        error,
        Err(Error::Shape {
            expected: 3,
            found: 0,
            ..
        })
    ));
    let none = Steps::equal(1.0, 0.1, 0).unwrap();
    let error = adjoint.run(&system, &y0, &none, nothing, &mut gy, &mut gp);
    assert_eq!(error, Err(Error::ZeroSpan { t: 1.0 }));
    let error = adjoint.run(
        &system,
        &[0.0, f64::NAN, 0.0],
        &steps,
        nothing,
        &mut gy,
        &mut gp,
    );
    assert!(matches!(error, Err(Error::NonFinite { component: 1, .. })));
    let long = Steps::equal(0.0, 10.0, 50).unwrap();
    let error = adjoint.run(&system, &y0, &long, nothing, &mut gy, &mut gp);
    assert!(matches!(
        error,
        Err(Error::NonFinite {
            what: "the state",
            ..
        })
    ));
    let wild = |_: usize, _: f64, _: &[f64], c: &mut [f64]| c[0] = f64::INFINITY;
    let error = adjoint.run(&system, &y0, &steps, wild, &mut gy, &mut gp);
    assert!(matches!(error, Err(Error::NonFinite { .. })));

    for checkpoints in [0, usize::MAX] {
        let error = DiscreteAdjoint::new(&system, method(), checkpoints).map(|_| ());
        assert!(matches!(error, Err(Error::OutOfRange { .. })));
    }
    assert!(matches!(
        RungeKutta::<Rk4, f64, _>::new(&[]),
        Err(Error::EmptySystem)
    ));
    assert!(matches!(
        GatedAdjoint::<_, f64>::new(FusedStep, 0),
        Err(Error::EmptySystem)
    ));
    assert!(matches!(
        Steps::equal(0.0, 0.0, 3),
        Err(Error::ZeroSpan { .. })
    ));
    assert!(matches!(
        Steps::equal(f64::NAN, 1.0, 3),
        Err(Error::OutOfRange { .. })
    ));
    assert!(Steps::equal(0.0, 1.0, 3).unwrap().push(3.0, 1.0).is_err());
    let empty = ForwardSensitivity::new(&system, 0, By::Both).map(|_| ());
    assert_eq!(empty, Err(Error::EmptySystem));
    let forward = ForwardSensitivity::new(&system, 3, By::Both).unwrap();
    assert!(matches!(forward.start(&[1.0]), Err(Error::Shape { .. })));
    assert!(matches!(
        forward.sensitivity(&[1.0]),
        Err(Error::Shape { expected: 21, .. })
    ));
    let f = |_: f64, _: &[f64], _: &[f64], _: &mut [f64]| {};
    assert!(WithParameters::new(f, 0, vec![1.0]).is_err());
    assert!(WithParameters::new(f, 1, vec![1.0, f64::NAN]).is_err());

    let config = SolverConfig::default();
    let mut adjoint = ContinuousAdjoint::<DormandPrince54, f64>::new(&system, 3, &config).unwrap();
    let nothing = |_: usize, _: f64, _: &[f64], _: &mut [f64]| {};
    let unrecorded = DenseSolution::<Rk4, f64, Vec<f64>>::new();
    let forward = ForwardSolution::Interpolated(&unrecorded);
    let error = adjoint.run(&system, &forward, &[], nothing, &mut gy, &mut gp);
    assert!(matches!(error, Err(Error::ZeroSpan { .. })));
    let forward: ForwardSolution<'_, Rk4, f64, Vec<f64>> = ForwardSolution::Recomputed {
        start: 0.0,
        end: 1.0,
        state: &y0,
    };
    for times in [&[0.5, 0.4][..], &[1.5], &[-1.0], &[f64::NAN]] {
        let error = adjoint.run(&system, &forward, times, nothing, &mut gy, &mut gp);
        assert!(matches!(error, Err(Error::Time { .. })), "{times:?}");
    }
}
