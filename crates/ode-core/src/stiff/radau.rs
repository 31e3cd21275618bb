use core::array::from_fn;

use neuropil_math::Real;

use super::coefficients::radau_iia_5::{C, DENSE, ERROR, GAMMA, PAIR, T as TRANSFORM, T_INVERSE};
use super::jacobian;
use super::linear::{ComplexLu, Lu};
use super::method::{Cause, Sealed, StiffMethod, Trial, Work};
use super::position::Position;
use crate::control::{Control, Controller, Tuning, power};
use crate::{Error, SolverConfig, State, System};

/// The collocation method Radau IIA with three stages, of order 5, as in Hairer and Wanner's code
/// RADAU5.
///
/// $$z_i = h \sum_j a_{ij} f(t + c_j h, y + z_j), \qquad y_1 = y + z_3$$
///
/// A simplified Newton iteration solves for the increments $z$. In the coordinates of the
/// eigenvectors of $A^{-1}$ its system of $3n$ unknowns falls apart into a real one of $n$ and a
/// complex one of $n$. Jacobian and factors are kept as long as the iteration converges well, and steps
/// that would grow by little do not change at all: by less than a fifth in small systems, while from a
/// hundred unknowns on, where factors cost as much as the iterations of many steps, even by twofold.
///
/// The collocation polynomial $u$, which starts the next iteration, is of order 3 between the ends. Its
/// error there is $-10 \int_0^\theta (s - c_1)(s - c_2)(s - 1) ds$ times the defect of its slope at the
/// start, and the estimate of the error is just this defect, freed of its stiff part:
///
/// $$e = \Bigl( \frac{\gamma}{h} I - J \Bigr)^{-1} \Bigl( f(t, y) - \frac{u'(0)}{h} \Bigr), \qquad
/// y(t + \theta h) \approx u(\theta) + \gamma e \theta (1 - \theta)^2 \Bigl( 1 - \frac 5 2 \theta \Bigr)$$
///
/// So the dense output is of order 4, and costs nothing.
///
/// The estimate is of order 3 only, too pessimistic for a solution of order 5. Hence the code works with
/// the relative tolerance $r' = r^{2/3} / 10$, below $r = 10^{-8}$ in proportion to $r^{4/5}$ as the sum of
/// many errors demands, and the absolute ones in proportion, so that errors come out near the tolerance
/// that was asked for.
///
/// [`Controller::Auto`] is the predictive controller of that code; the others do without its memory
/// of the last step.
///
/// E. Hairer and G. Wanner, Solving Ordinary Differential Equations II, 2nd ed., Springer 1996, IV.8.
#[derive(Debug, Clone, Copy, Default)]
pub struct Radau5;

impl Sealed for Radau5 {}

impl StiffMethod for Radau5 {
    const NAME: &'static str = "Radau IIA 5";
    const ORDER: u32 = 5;
    const DENSE_ORDER: u32 = 4;
    const ERROR_ORDER: u32 = 4;
    type Work<T: Real, S: State<T>> = RadauWork<T, S>;
}

/// Iterations after which Newton's method has failed.
const MOST_ITERATIONS: u32 = 7;

/// A rate of convergence below which the Jacobian of a system of `n` is good enough for the next step.
///
/// New factors cost as much as `n` / 6 iterations, an iteration some evaluations.
fn good_rate(n: usize) -> f64 {
    (5e-4 * n as f64).clamp(1e-3, 0.05)
}

/// Growth of a step up to which its size and its factors are kept.
fn kept_growth(n: usize) -> f64 {
    1.2 + 0.8 * (n as f64 * 0.01).min(1.0)
}

/// The relative tolerance of the estimate for a given one.
fn adapted(tolerance: f64) -> f64 {
    // Steps as the sixth root of the tolerance keep the error of each, at tight tolerances the fifth
    // root keeps their sum.
    0.1 * tolerance.powf(2.0 / 3.0) * (tolerance / 1e-8).min(1.0).powf(2.0 / 15.0)
}

/// What is known of the Jacobian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// It belongs to the position.
    Fresh,
    /// It belongs to an earlier one, but served well.
    Old,
    /// It is to be evaluated.
    Useless,
}

/// The iteration, its matrices, and what the step control remembers.
#[derive(Debug, Clone)]
pub struct RadauWork<T: Real, S: State<T>> {
    control: Option<Control>,
    safety: T,
    least: T,
    most: T,
    /// The tolerances that the estimate is held against.
    absolute: S,
    relative: T,
    newton_tolerance: T,
    good_rate: T,
    kept_growth: T,
    /// The inverse of what each component may err by.
    weight: S,
    real: Lu<T>,
    complex: ComplexLu<T>,
    /// The step that the factors belong to; zero if to none.
    factored: T,
    age: Age,
    /// Increments of the stages, the same in the coordinates of the eigenvectors, slopes.
    z: [S; 3],
    w: [S; 3],
    f: [S; 3],
    error: S,
    /// The bend of the collocation polynomial of the last step, the defect of its slope at the start, and
    /// its size; zero without one.
    bend: [S; 2],
    defect: S,
    increment: S,
    last_h: T,
    /// θ/(1-θ) of the last iteration and its rate θ.
    contraction: T,
    rate: T,
    /// The squared error of this trial, that of the last accepted step, and the size of that.
    error2: T,
    last_error2: T,
    rejected: bool,
}

impl<T: Real, S: State<T>> RadauWork<T, S> {
    /// Extrapolates the last collocation polynomial to the stages of a step of `h`.
    #[inline(always)]
    fn predict(&mut self, n: usize, h: T) {
        if self.last_h == T::zero() {
            for s in self.z.iter_mut().chain(&mut self.w) {
                s.as_mut_slice()[..n].fill(T::zero());
            }
            return;
        }
        let ratio = h / self.last_h;
        let [bend0, bend1] = self.bend.each_ref().map(|s| &s.as_slice()[..n]);
        let increment = &self.increment.as_slice()[..n];
        let defect = &self.defect.as_slice()[..n];
        let [z0, z1, z2] = self.z.each_mut().map(|s| &mut s.as_mut_slice()[..n]);
        let [w0, w1, w2] = self.w.each_mut().map(|s| &mut s.as_mut_slice()[..n]);
        let s: [T; 3] = from_fn(|i| T::of(C[i]) * ratio);
        let one = T::one();
        for r in 0..n {
            // y(1 + s) - y(1)
            let at = |s: T| {
                let t = one + s;
                let bend = bend0[r] + t * bend1[r] - s * (one - T::of(2.5) * t) * defect[r];
                s * (increment[r] - t * bend)
            };
            let z = [at(s[0]), at(s[1]), at(s[2])];
            let w = transform(&T_INVERSE, z);
            (z0[r], z1[r], z2[r]) = (z[0], z[1], z[2]);
            (w0[r], w1[r], w2[r]) = (w[0], w[1], w[2]);
        }
    }

    /// Iterates; gives the number of iterations, or the factor for a smaller step.
    #[inline(always)]
    fn iterate<F: System<T> + ?Sized>(
        &mut self,
        at: &mut Position<T, S>,
        system: &F,
        h: T,
    ) -> Result<u32, T> {
        let n = at.y.as_slice().len();
        let half = T::of(0.5);
        let inverse = T::one() / h;
        let gamma = T::of(GAMMA) * inverse;
        let (alpha, beta) = (T::of(PAIR[0]) * inverse, T::of(PAIR[1]) * inverse);
        let c: [T; 3] = from_fn(|i| T::of(C[i]) * h);
        let count = T::one() / T::of(3.0 * n as f64);
        let y = &at.y.as_slice()[..n];
        let weight = &self.weight.as_slice()[..n];
        let [f0, f1, f2] = self.f.each_mut().map(|s| &mut s.as_mut_slice()[..n]);
        let [z0, z1, z2] = self.z.each_mut().map(|s| &mut s.as_mut_slice()[..n]);
        let [w0, w1, w2] = self.w.each_mut().map(|s| &mut s.as_mut_slice()[..n]);
        let probe = &mut at.other.as_mut_slice()[..n];

        let floor = T::EPSILON;
        let old = self.contraction;
        self.contraction = T::of(power((if old > floor { old } else { floor }).to_f64(), 0.8));
        self.rate = T::of(1e-3);
        let (mut last, mut last_quotient2) = (T::one(), T::one());
        for iteration in 1..=MOST_ITERATIONS {
            for (z, c, f) in [
                (&*z0, c[0], &mut *f0),
                (&*z1, c[1], &mut *f1),
                (&*z2, c[2], &mut *f2),
            ] {
                for r in 0..n {
                    probe[r] = y[r] + z[r];
                }
                system.rhs(at.t + c, probe, f);
            }
            at.statistics.evaluations += 3;
            for r in 0..n {
                let f = transform(&T_INVERSE, [f0[r], f1[r], f2[r]]);
                f0[r] = f[0] - gamma * w0[r];
                f1[r] = f[1] - (alpha * w1[r] - beta * w2[r]);
                f2[r] = f[2] - (beta * w1[r] + alpha * w2[r]);
            }
            self.real.solve(n, f0);
            self.complex.solve(n, f1, f2);
            let mut sum = T::zero();
            for r in 0..n {
                let (a, b, c) = (f0[r] * weight[r], f1[r] * weight[r], f2[r] * weight[r]);
                sum += a * a + b * b + c * c;
                let w = [w0[r] + f0[r], w1[r] + f1[r], w2[r] + f2[r]];
                let z = transform(&TRANSFORM, w);
                (w0[r], w1[r], w2[r]) = (w[0], w[1], w[2]);
                (z0[r], z1[r], z2[r]) = (z[0], z[1], z[2]);
            }
            // All norms of this loop are squares.
            let change2 = sum * count;
            if iteration > 1 && iteration < MOST_ITERATIONS {
                let quotient2 = change2 / last;
                let rate2 = if iteration == 2 {
                    quotient2
                } else {
                    (quotient2 * last_quotient2).sqrt()
                };
                last_quotient2 = quotient2;
                let rate = rate2.sqrt();
                self.rate = rate;
                if rate >= T::of(0.99) || !rate.is_finite() {
                    return Err(half);
                }
                self.contraction = rate / (T::one() - rate);
                let left = MOST_ITERATIONS - 1 - iteration;
                let mut reached = self.contraction * change2.sqrt() / self.newton_tolerance;
                for _ in 0..left {
                    reached *= rate;
                }
                if reached >= T::one() {
                    // The last iteration allowed would not be good enough: a step for which it is.
                    let by = reached.to_f64().clamp(1e-4, 20.0);
                    let factor = 0.8 * power(by, -1.0 / f64::from(4 + left));
                    return Err(T::of(factor));
                }
            }
            let good = self.newton_tolerance / self.contraction;
            if change2 <= good * good {
                return Ok(iteration);
            }
            let floor2 = T::EPSILON * T::EPSILON;
            last = if change2 > floor2 { change2 } else { floor2 };
            if !change2.is_finite() {
                return Err(half);
            }
        }
        Err(half)
    }

    /// The squared norm of the estimate $(\gamma/h I - J)^{-1} (f + \sum_i e_i z_i / h)$, with $f$ in
    /// `slope`.
    #[inline(always)]
    fn estimate(&mut self, n: usize, slope: &[T], h: T) -> T {
        let inverse = T::one() / h;
        let e: [T; 3] = from_fn(|i| T::of(ERROR[i]) * inverse);
        let [z0, z1, z2] = self.z.each_ref().map(|s| &s.as_slice()[..n]);
        let slope = &slope[..n];
        let error = &mut self.error.as_mut_slice()[..n];
        for r in 0..n {
            error[r] = slope[r] + (e[0] * z0[r] + e[1] * z1[r] + e[2] * z2[r]);
        }
        self.real.solve(n, error);
        let weight = &self.weight.as_slice()[..n];
        let mut sum = T::zero();
        for r in 0..n {
            let e = error[r] * weight[r];
            sum += e * e;
        }
        sum / T::of(n as f64)
    }

    /// The factor by which a step of the squared error `error2` is multiplied.
    #[inline(always)]
    fn factor(&self, error2: T, iterations: u32) -> f64 {
        // Many iterations ask for a smaller step.
        let most = f64::from(2 * MOST_ITERATIONS);
        let effort = (1.0 + most) / (f64::from(iterations) + most);
        self.safety.to_f64() * effort * power(error2.to_f64(), -0.125)
    }
}

#[inline(always)]
fn transform<T: Real>(m: &[[f64; 3]; 3], v: [T; 3]) -> [T; 3] {
    from_fn(|i| {
        let row = m[i].map(T::of);
        row[0] * v[0] + row[1] * v[1] + row[2] * v[2]
    })
}

impl<T: Real, S: State<T>> Work<T, S> for RadauWork<T, S> {
    fn new(y: &S, config: &SolverConfig<T>) -> Result<Self, Error> {
        let n = y.as_slice().len();
        // Refuses bad settings in any case.
        let control = Control::new(config, f64::from(Radau5::ERROR_ORDER), Tuning::PI)?;
        let predictive = config.controller == Controller::Auto;
        let given = config.tolerance.relative;
        let least = (0..n).fold(config.tolerance.absolute(0), |least, i| {
            let a = config.tolerance.absolute(i);
            if a < least { a } else { least }
        });
        // Without a relative tolerance the absolute one takes its place.
        let reference = if given > T::zero() { given } else { least };
        let adapted = T::of(adapted(reference.to_f64()));
        let ratio = adapted / reference;
        let mut absolute = y.clone();
        for (i, a) in absolute.as_mut_slice().iter_mut().enumerate() {
            *a = config.tolerance.absolute(i) * ratio;
        }
        // A tenth of what RADAU5 allows, and less at tight tolerances: for a few per cent more iterations
        // their errors vanish beside those of the steps.
        let share = 0.1 * (reference.to_f64() / 1e-8).min(1.0).powf(0.2);
        let (lower, upper) = (
            T::EPSILON * T::of(10.0) / adapted,
            adapted.sqrt() * T::of(share),
        );
        let upper = if upper < T::of(0.03) {
            upper
        } else {
            T::of(0.03)
        };
        Ok(Self {
            control: (!predictive).then_some(control),
            safety: T::of(config.safety),
            least: T::of(config.least_factor),
            most: T::of(config.greatest_factor),
            absolute,
            relative: given * ratio,
            newton_tolerance: if lower > upper { lower } else { upper },
            good_rate: T::of(good_rate(n)),
            kept_growth: T::of(kept_growth(n)),
            weight: y.clone(),
            real: Lu::new(n),
            complex: ComplexLu::new(n),
            factored: T::zero(),
            age: Age::Useless,
            z: from_fn(|_| y.clone()),
            w: from_fn(|_| y.clone()),
            f: from_fn(|_| y.clone()),
            error: y.clone(),
            bend: from_fn(|_| y.clone()),
            defect: y.clone(),
            increment: y.clone(),
            last_h: T::zero(),
            contraction: T::one(),
            rate: T::one(),
            error2: T::zero(),
            last_error2: T::zero(),
            rejected: false,
        })
    }

    #[inline(always)]
    fn attempt<F: System<T> + ?Sized>(
        &mut self,
        at: &mut Position<T, S>,
        system: &F,
        h: T,
        fixed: bool,
    ) -> Result<Trial<T>, Error> {
        let n = at.y.as_slice().len();
        let size = h.abs();
        if self.age == Age::Useless {
            jacobian::evaluate(at, system, h)?;
            self.age = Age::Fresh;
            self.factored = T::zero();
        }
        if self.factored != h {
            self.factored = T::zero();
            at.statistics.factorisations += 1;
            let inverse = T::one() / h;
            let real = self.real.factor(n, T::of(GAMMA) * inverse, &at.jacobian);
            let complex = self.complex.factor(
                n,
                T::of(PAIR[0]) * inverse,
                T::of(PAIR[1]) * inverse,
                &at.jacobian,
            );
            if real.and(complex).is_err() {
                self.refuse();
                return Ok(Trial::Bad(size * T::of(0.5), Cause::Singular));
            }
            self.factored = h;
        }
        {
            let weight = &mut self.weight.as_mut_slice()[..n];
            let (y, absolute) = (&at.y.as_slice()[..n], &self.absolute.as_slice()[..n]);
            for r in 0..n {
                weight[r] = T::one() / (absolute[r] + self.relative * y[r].abs());
            }
        }
        self.predict(n, h);
        let iterations = match self.iterate(at, system, h) {
            Ok(iterations) => iterations,
            Err(factor) => {
                self.refuse();
                return Ok(Trial::Bad(size * factor, Cause::NoConvergence));
            }
        };
        {
            let other = &mut at.other.as_mut_slice()[..n];
            let (y, z) = (&at.y.as_slice()[..n], &self.z[2].as_slice()[..n]);
            for r in 0..n {
                other[r] = y[r] + z[r];
            }
        }
        // The dense output needs it in any case.
        let mut error2 = self.estimate(n, at.slope.as_slice(), h);
        if fixed {
            self.error2 = T::one();
            return Ok(Trial::Good(size));
        }
        if error2 >= T::one() && (self.rejected || self.last_h == T::zero()) {
            // The estimate is too large for very stiff components: filter it once more.
            let probe = &mut at.probe.as_mut_slice()[..n];
            let (y, error) = (&at.y.as_slice()[..n], &self.error.as_slice()[..n]);
            for r in 0..n {
                probe[r] = y[r] + error[r];
            }
            system.rhs(at.t, probe, at.probe_slope.as_mut_slice());
            at.statistics.evaluations += 1;
            error2 = self.estimate(n, at.probe_slope.as_slice(), h);
        }
        if !error2.is_finite() {
            self.refuse();
            return Ok(Trial::Bad(size * T::of(0.1), Cause::NotFinite));
        }
        let floor = T::of(1e-20);
        if error2 < floor {
            error2 = floor;
        }
        self.error2 = error2;
        if error2 > T::one() {
            let factor = match &mut self.control {
                Some(control) => control.reject(error2),
                None if self.last_h == T::zero() => T::of(0.1),
                None => {
                    let factor = T::of(self.factor(error2, iterations));
                    if factor < self.least {
                        self.least
                    } else {
                        factor
                    }
                }
            };
            self.refuse();
            return Ok(Trial::Bad(size * factor, Cause::Inaccurate));
        }
        let factor = match &mut self.control {
            Some(control) => control.accept(error2),
            None => {
                let mut factor = self.factor(error2, iterations);
                if self.last_h != T::zero() {
                    // Gustafsson's prediction from the errors of two steps.
                    let quotient = (error2 / self.last_error2).to_f64();
                    let predicted = self.safety.to_f64()
                        * (h / self.last_h).to_f64().abs()
                        * power(error2.to_f64() * quotient, -0.125);
                    if predicted < factor {
                        factor = predicted;
                    }
                }
                let factor = T::of(factor);
                let most = if self.rejected { T::one() } else { self.most };
                let factor = if factor > most { most } else { factor };
                if factor < self.least {
                    self.least
                } else {
                    factor
                }
            }
        };
        // New factors cost more than a slightly larger step saves.
        let keep = self.rate <= self.good_rate && factor >= T::one() && factor <= self.kept_growth;
        Ok(Trial::Good(if keep { size } else { size * factor }))
    }

    #[inline(always)]
    fn accept(&mut self, at: &Position<T, S>, h: T) {
        let n = at.y.as_slice().len();
        let [bend0, bend1] = self.bend.each_mut().map(|s| &mut s.as_mut_slice()[..n]);
        let increment = &mut self.increment.as_mut_slice()[..n];
        let (defect, error) = (
            &mut self.defect.as_mut_slice()[..n],
            &self.error.as_slice()[..n],
        );
        let [z0, z1, z2] = self.z.each_ref().map(|s| &s.as_slice()[..n]);
        for r in 0..n {
            let z = [z0[r], z1[r], z2[r]];
            let power = |p: usize| {
                T::of(DENSE[p][0]) * z[0] + T::of(DENSE[p][1]) * z[1] + T::of(DENSE[p][2]) * z[2]
            };
            let cubic = power(2);
            (bend0[r], bend1[r]) = (-(power(1) + cubic), -cubic);
            increment[r] = z[2];
            defect[r] = T::of(GAMMA) * error[r];
        }
        self.last_h = h;
        let floor = T::of(1e-4);
        self.last_error2 = if self.error2 > floor {
            self.error2
        } else {
            floor
        };
        self.rejected = false;
        self.age = if self.rate <= self.good_rate {
            Age::Old
        } else {
            Age::Useless
        };
    }

    #[cold]
    fn refuse(&mut self) {
        self.rejected = true;
        // A fresh Jacobian is still good at the same place.
        if self.age == Age::Old {
            self.age = Age::Useless;
        }
    }

    fn reset(&mut self) {
        if let Some(control) = &mut self.control {
            control.reset();
        }
        self.last_h = T::zero();
        self.contraction = T::one();
        self.rejected = false;
        self.age = Age::Useless;
    }

    fn interpolate(&mut self, at: &Position<T, S>, theta: T, out: &mut [T]) {
        let n = out.len();
        let (y0, y1) = (&at.other.as_slice()[..n], &at.y.as_slice()[..n]);
        let [bend0, bend1] = self.bend.each_ref().map(|s| &s.as_slice()[..n]);
        let defect = &self.defect.as_slice()[..n];
        let rest = T::one() - theta;
        let weight = rest * (T::one() - T::of(2.5) * theta);
        for r in 0..n {
            let bend = bend0[r] + theta * bend1[r] + weight * defect[r];
            out[r] = rest * y0[r] + theta * (y1[r] + rest * bend);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::coefficients::radau_iia_5::A;
    use super::*;

    fn product(a: &[[f64; 3]; 3], b: &[[f64; 3]; 3]) -> [[f64; 3]; 3] {
        from_fn(|i| from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
    }

    #[test]
    fn the_transform_makes_two_blocks_of_the_inverse_matrix() {
        let [alpha, beta] = PAIR;
        let blocks = [[GAMMA, 0.0, 0.0], [0.0, alpha, -beta], [0.0, beta, alpha]];
        // A T Λ = T, and T T⁻¹ = I.
        let same = product(&product(&A, &TRANSFORM), &blocks);
        let one = product(&TRANSFORM, &T_INVERSE);
        for i in 0..3 {
            for j in 0..3 {
                assert!((same[i][j] - TRANSFORM[i][j]).abs() < 1e-14);
                assert!((one[i][j] - f64::from(i == j)).abs() < 1e-14);
            }
        }
    }
}
