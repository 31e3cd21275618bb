use neuropil_math::Real;

use super::{DifferentiableGated, StepAdjoint};
use crate::Error;
use crate::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, GatedStep, gain,
    relax, split,
};

/// The derivative of a step for gated systems: fused and exponential ones, of either order.
///
/// What the training of liquid networks needs: the gradient of the very numbers that the step
/// computes, however coarse it is.
///
/// ```
/// use neuropil_ode_core::Gated;
/// use neuropil_ode_core::exponential::FusedMidpointStep;
/// use neuropil_ode_core::sensitivity::{
///     DifferentiableGated, DiscreteAdjoint, GatedAdjoint, Steps,
/// };
///
/// /// y' = 1 - p y.
/// struct Leak(f64);
/// impl Gated<f64> for Leak {
///     fn drive_and_rate(&self, _t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
///         (drive[0], rate[0]) = (1.0, self.0);
///     }
/// }
/// impl DifferentiableGated<f64> for Leak {
///     fn parameters(&self) -> usize {
///         1
///     }
///     fn vjp(
///         &self, _t: f64, _y: &[f64], _drive: &[f64], rate: &[f64], _gy: &mut [f64], gp: &mut [f64],
///     ) {
///         gp[0] += rate[0];
///     }
/// }
///
/// let method = GatedAdjoint::new(FusedMidpointStep, 1)?;
/// let mut adjoint = DiscreteAdjoint::new(&Leak(2.0), method, 4)?;
/// let (mut grad_y, mut grad_p) = ([0.0], [0.0]);
/// // One step of Crank and Nicolson: y1 = ((1 - p/2) y0 + 1) / (1 + p/2).
/// let steps = Steps::equal(0.0, 1.0, 1)?;
/// let last = |i: usize, _t: f64, _y: &[f64], cotangent: &mut [f64]| {
///     cotangent[0] += if i == 1 { 1.0 } else { 0.0 };
/// };
/// adjoint.run(&Leak(1.0), &[0.0], &steps, last, &mut grad_y, &mut grad_p)?;
/// assert!((grad_y[0] - 1.0 / 3.0).abs() < 1e-15 && (grad_p[0] + 2.0 / 9.0).abs() < 1e-15);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct GatedAdjoint<M, T> {
    method: M,
    y: Vec<T>,
    workspace: Vec<T>,
}

/// A step for gated systems whose derivative is known.
pub trait GatedStepAdjoint<T: Real>: GatedStep<T> {
    /// Takes the cotangent of the end of the step $(t, h)$ from `y` to its start, and adds to
    /// `grad_p`. The workspace holds six vectors of the length of the state.
    ///
    /// # Errors
    /// If the workspace is shorter.
    fn reverse<G: DifferentiableGated<T> + ?Sized>(
        &self,
        system: &G,
        step: (T, T),
        y: &[T],
        cotangent: &mut [T],
        grad_p: &mut [T],
        workspace: &mut [T],
    ) -> Result<(), Error>;
}

/// Vectors of the workspace of [`GatedStepAdjoint::reverse`].
const WORKSPACE: usize = 6;

impl<T: Real, M: GatedStep<T>> GatedAdjoint<M, T> {
    /// The workspace for states of `components` values.
    ///
    /// # Errors
    /// No component.
    pub fn new(method: M, components: usize) -> Result<Self, Error> {
        if components == 0 {
            return Err(Error::EmptySystem);
        }
        let vectors = if M::WORKSPACE > WORKSPACE {
            M::WORKSPACE
        } else {
            WORKSPACE
        };
        Ok(Self {
            method,
            y: vec![T::zero(); components],
            workspace: vec![T::zero(); vectors * components],
        })
    }
}

impl<T, M, D> StepAdjoint<T, D> for GatedAdjoint<M, T>
where
    T: Real,
    M: GatedStepAdjoint<T>,
    D: DifferentiableGated<T> + ?Sized,
{
    fn components(&self) -> usize {
        self.y.len()
    }

    fn parameters(&self, system: &D) -> usize {
        system.parameters()
    }

    fn take(&mut self, system: &D, t: T, h: T, y: &mut [T]) {
        let taken = self.method.step(system, t, h, y, &mut self.workspace);
        debug_assert!(taken.is_ok(), "the workspace is long enough");
    }

    fn record(&mut self, system: &D, t: T, h: T, y: &mut [T]) {
        self.y.copy_from_slice(y);
        StepAdjoint::take(self, system, t, h, y);
    }

    fn start(&self) -> &[T] {
        &self.y
    }

    fn reverse(&mut self, system: &D, t: T, h: T, cotangent: &mut [T], grad_p: &mut [T]) {
        let workspace = &mut self.workspace;
        let step = (t, h);
        let reversed = self
            .method
            .reverse(system, step, &self.y, cotangent, grad_p, workspace);
        debug_assert!(reversed.is_ok(), "the workspace is long enough");
    }
}

/// How a leak is solved over a step: its value, and the cotangents of value, drive and rate.
trait Leak<T> {
    fn solve(y: T, drive: T, rate: T, h: T) -> T;
    fn reverse(y: T, drive: T, rate: T, h: T, cotangent: T) -> (T, T, T);
}

struct ImplicitEuler;
struct CrankNicolson;
struct Exponential;

impl<T: Real> Leak<T> for ImplicitEuler {
    #[inline(always)]
    fn solve(y: T, drive: T, rate: T, h: T) -> T {
        (y + h * drive) / (T::one() + h * rate)
    }

    #[inline(always)]
    fn reverse(y: T, drive: T, rate: T, h: T, cotangent: T) -> (T, T, T) {
        let below = T::one() + h * rate;
        let above = cotangent / below;
        let end = (y + h * drive) / below;
        (above, h * above, -h * above * end)
    }
}

impl<T: Real> Leak<T> for CrankNicolson {
    #[inline(always)]
    fn solve(y: T, drive: T, rate: T, h: T) -> T {
        let keep = T::one() - h * T::of(0.5) * rate;
        let keep = if keep < T::zero() { T::zero() } else { keep };
        (keep * y + h * drive) / (keep + h * rate)
    }

    /// Where the bound on `keep` begins to hold there is a kink; the derivative is that beyond it.
    #[inline(always)]
    fn reverse(y: T, drive: T, rate: T, h: T, cotangent: T) -> (T, T, T) {
        let half = h * T::of(0.5);
        let free = T::one() - half * rate;
        let bound = free <= T::zero();
        let keep = if bound { T::zero() } else { free };
        let below = keep + h * rate;
        let end = (keep * y + h * drive) / below;
        let above = cotangent / below;
        let of_keep = if bound { T::zero() } else { above * (y - end) };
        (above * keep, h * above, -h * above * end - half * of_keep)
    }
}

impl<T: Real> Leak<T> for Exponential {
    #[inline(always)]
    fn solve(y: T, drive: T, rate: T, h: T) -> T {
        relax(y, drive, rate, h)
    }

    #[inline(always)]
    fn reverse(y: T, drive: T, rate: T, h: T, cotangent: T) -> (T, T, T) {
        let g = gain(rate, h);
        let slope = drive - rate * y;
        let of_rate = slope * (h * h * gain_slope(h * rate)) - y * g;
        (
            cotangent * (T::one() - rate * g),
            cotangent * g,
            cotangent * of_rate,
        )
    }
}

/// The derivative of $(1 - e^{-h r}) / r$ by $r$, over $h^2$: $((1 + x) e^{-x} - 1) / x^2$ at $x = h r$.
#[inline(always)]
fn gain_slope<T: Real>(x: T) -> T {
    if x.abs() < T::one() {
        // Σ (-x)^k (1 - k) / k! from k = 2, divided by x²: nothing cancels.
        let mut power = T::of(0.5);
        let mut sum = -power;
        for k in 3..20_u32 {
            let k = T::of(f64::from(k));
            power *= -x / k;
            sum += power * (T::one() - k);
        }
        sum
    } else {
        ((T::one() + x) * neuropil_math::elementary::scalar::exp(-x) - T::one()) / (x * x)
    }
}

/// Back through a step that evaluates drive and rate once.
fn reverse_one<L: Leak<T>, T: Real, G: DifferentiableGated<T> + ?Sized>(
    system: &G,
    (t, h): (T, T),
    y: &[T],
    cotangent: &mut [T],
    grad_p: &mut [T],
    workspace: &mut [T],
) -> Result<(), Error> {
    let [drive, rate] = split(workspace, y.len())?;
    system.drive_and_rate(t, y, drive, rate);
    for i in 0..y.len() {
        (cotangent[i], drive[i], rate[i]) = L::reverse(y[i], drive[i], rate[i], h, cotangent[i]);
    }
    system.vjp(t, y, drive, rate, cotangent, grad_p);
    Ok(())
}

/// Back through a step that takes drive and rate in the middle, where half a step has led.
fn reverse_two<Half: Leak<T>, Whole: Leak<T>, T: Real, G: DifferentiableGated<T> + ?Sized>(
    system: &G,
    (t, h): (T, T),
    y: &[T],
    cotangent: &mut [T],
    grad_p: &mut [T],
    workspace: &mut [T],
) -> Result<(), Error> {
    let n = y.len();
    let half = h * T::of(0.5);
    let [drive, rate, middle, drive1, rate1, of_middle] = split::<T, WORKSPACE>(workspace, n)?;
    system.drive_and_rate(t, y, drive, rate);
    for i in 0..n {
        middle[i] = Half::solve(y[i], drive[i], rate[i], half);
    }
    system.drive_and_rate(t + half, middle, drive1, rate1);
    for i in 0..n {
        (cotangent[i], drive1[i], rate1[i]) =
            Whole::reverse(y[i], drive1[i], rate1[i], h, cotangent[i]);
    }
    of_middle.fill(T::zero());
    system.vjp(t + half, middle, drive1, rate1, of_middle, grad_p);
    for i in 0..n {
        let of_start;
        (of_start, drive[i], rate[i]) = Half::reverse(y[i], drive[i], rate[i], half, of_middle[i]);
        cotangent[i] += of_start;
    }
    system.vjp(t, y, drive, rate, cotangent, grad_p);
    Ok(())
}

macro_rules! step_adjoint {
    ($step:ty, $reverse:ident::<$($leak:ty),+>) => {
        impl<T: Real> GatedStepAdjoint<T> for $step {
            fn reverse<G: DifferentiableGated<T> + ?Sized>(
                &self,
                system: &G,
                step: (T, T),
                y: &[T],
                cotangent: &mut [T],
                grad_p: &mut [T],
                workspace: &mut [T],
            ) -> Result<(), Error> {
                $reverse::<$($leak,)+ T, G>(system, step, y, cotangent, grad_p, workspace)
            }
        }
    };
}

step_adjoint!(FusedStep, reverse_one::<ImplicitEuler>);
step_adjoint!(
    FusedMidpointStep,
    reverse_two::<ImplicitEuler, CrankNicolson>
);
step_adjoint!(ExponentialEulerStep, reverse_one::<Exponential>);
step_adjoint!(
    ExponentialMidpointStep,
    reverse_two::<Exponential, Exponential>
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_of_the_gain_is_smooth() {
        // Both branches at their border, and the limit.
        let (below, above) = (1.0 - 1e-12_f64, 1.0 + 1e-12);
        assert!((gain_slope(below) - gain_slope(above)).abs() < 1e-11);
        let exact = |x: f64| ((1.0 + x) * (-x).exp() - 1.0) / (x * x);
        for x in [-0.99, -0.7, 0.6, 0.99] {
            assert!((gain_slope(x) / exact(x) - 1.0).abs() < 1e-14, "{x}");
        }
        assert_eq!(gain_slope(0.0), -0.5);
    }
}
