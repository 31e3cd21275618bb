//! The generated code against what its constants state: orders as measured, ends, slopes.

use neuropil_ode_core::System;
use neuropil_ode_core::explicit::{
    BogackiShampine32, DormandPrince54, DormandPrince853, Euler, Heun, Midpoint, Rk4, Tableau,
    Tsitouras54, Verner65, Verner76, Verner98,
};

type Y = [f64; 2];

/// Nonlinear, not autonomous, coupled: y₀ = exp(sin t), y₁ = cos t.
fn f(t: f64, y: &[f64], dy: &mut [f64]) {
    dy[0] = y[0] * y[1];
    dy[1] = -y[0].ln() + 0.3 * (y[0] - t.sin().exp()) * y[1];
}

fn exact(t: f64) -> Y {
    [t.sin().exp(), t.cos()]
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

/// What one step from the exact solution errs by: the solution, the estimate of its error, the
/// dense output and its derivative.
fn step<M: Tableau>(t: f64, h: f64) -> [f64; 4] {
    let y0 = exact(t);
    let mut k = M::slopes(&y0);
    let mut y1 = y0;
    f(t, &y0, &mut k.as_mut()[0]);
    M::step(&f, t, h, &y0, &mut k, &mut y1);
    M::end(&f, t + h, &y1, &mut k);
    let mut work = y0;
    M::dense_stages(&f, t, h, &y0, &mut k, &mut work);
    let mut estimate = [0.0; 2];
    M::error(h, &k, &mut estimate);
    let mut errors = [
        distance(&y1, &exact(t + h)),
        distance(&estimate, &[0.0; 2]),
        0.0,
        0.0,
    ];
    for i in 1..20 {
        let theta = f64::from(i) / 20.0;
        let mut y = [0.0; 2];
        M::dense(theta, h, &y0, &y1, &k, &mut y);
        let truth = exact(t + theta * h);
        errors[2] = errors[2].max(distance(&y, &truth));
        let mut slope = [0.0; 2];
        let mut dy = [0.0; 2];
        M::dense_derivative(theta, h, &y0, &y1, &k, &mut dy);
        f(t + theta * h, &truth, &mut slope);
        errors[3] = errors[3].max(distance(&dy, &slope));
    }
    errors
}

/// The orders that steps of `h` and `h / 2` show, from the sum of the errors at many places: at
/// one place alone terms of two orders may cancel.
fn orders<M: Tableau>(h: f64) -> [f64; 4] {
    let sum = |h: f64| {
        (0..40).fold([0.0; 4], |sum: [f64; 4], i| {
            let errors = step::<M>(f64::from(i) * 0.15, h);
            core::array::from_fn(|j| sum[j] + errors[j])
        })
    };
    let (coarse, fine) = (sum(h), sum(h / 2.0));
    core::array::from_fn(|i| (coarse[i] / fine[i]).log2())
}

/// A step of `h` is small enough for the leading term, and large enough for rounding. Efficient
/// methods have a small leading term, and show almost one order more at such steps; that their
/// order is no higher is proved when they are generated.
fn check<M: Tableau>(h: f64) {
    let measured = orders::<M>(h);
    let close = |what: &str, measured: f64, stated: u32| {
        let above = measured - f64::from(stated);
        assert!(
            (-0.15..1.3).contains(&above),
            "{}: {what} has the local order {measured}, not {stated}",
            M::NAME
        );
    };
    close("the solution", measured[0], M::ORDER + 1);
    if let Some(order) = M::EMBEDDED_ORDER {
        close("the estimate", measured[1], order.min(M::ORDER) + 1);
    } else {
        assert!(measured[1].is_nan(), "{}: an estimate of zero", M::NAME);
    }
    // The order of dense output is that of the solution to which it belongs.
    close("the dense output", measured[2], M::DENSE_ORDER + 1);
    close("its derivative", measured[3], M::DENSE_ORDER);
}

#[test]
fn orders_are_as_stated() {
    check::<Euler>(0.01);
    check::<Midpoint>(0.01);
    check::<Heun>(0.01);
    check::<BogackiShampine32>(0.02);
    check::<Rk4>(0.04);
    check::<DormandPrince54>(0.1);
    check::<Tsitouras54>(0.1);
    check::<Verner65>(0.25);
    check::<Verner76>(0.3);
    check::<DormandPrince853>(0.4);
    check::<Verner98>(0.65);
}

/// The second estimate of DOP853 is of order 3.
#[test]
fn second_estimate_is_of_its_order() {
    let estimate = |h: f64| {
        let y0 = exact(0.4);
        let mut k = DormandPrince853::slopes(&y0);
        let mut y1 = y0;
        f(0.4, &y0, &mut k.as_mut()[0]);
        DormandPrince853::step(&f, 0.4, h, &y0, &mut k, &mut y1);
        let mut error = [0.0; 2];
        DormandPrince853::second_error(h, &k, &mut error);
        distance(&error, &[0.0; 2])
    };
    let order = (estimate(0.05) / estimate(0.025)).log2();
    assert!((order - 4.0).abs() < 0.2, "{order}");
    assert_eq!(DormandPrince853::SECOND_EMBEDDED_ORDER, Some(3));
}

/// The constants say the same as the code: a step from rows and weights.
fn from_constants<M: Tableau>() {
    let (t, h) = (0.4, 0.1);
    let y0 = exact(t);
    let mut k = M::slopes(&y0);
    let mut y1 = y0;
    f(t, &y0, &mut k.as_mut()[0]);
    M::step(&f, t, h, &y0, &mut k, &mut y1);
    M::end(&f, t + h, &y1, &mut k);
    let mut work = y0;
    M::dense_stages(&f, t, h, &y0, &mut k, &mut work);

    let mut slopes: Vec<Y> = Vec::new();
    for (row, &c) in M::A.iter().zip(M::C) {
        let mut y = y0;
        for (&a, k) in row.iter().zip(&slopes) {
            y[0] += h * a * k[0];
            y[1] += h * a * k[1];
        }
        let mut slope = [0.0; 2];
        f(t + c * h, &y, &mut slope);
        slopes.push(slope);
    }
    assert_eq!(slopes.len(), M::SLOPES);
    assert_eq!(M::SLOPES, M::END + 1 + M::DENSE_STAGES);
    assert_eq!(M::B.len(), M::STAGES);
    for (i, (ours, theirs)) in k.as_ref().iter().zip(&slopes).enumerate() {
        assert!(distance(ours, theirs) < 1e-12, "{}: slope {i}", M::NAME);
    }
    let sum = |weights: &[f64], i: usize| -> f64 {
        weights.iter().zip(&slopes).map(|(b, k)| h * b * k[i]).sum()
    };
    let mut error = [1.0; 2];
    M::error(h, &k, &mut error);
    for i in 0..2 {
        assert!((y1[i] - y0[i] - sum(M::B, i)).abs() < 1e-14, "{}", M::NAME);
        assert!((error[i] - sum(M::ERROR, i)).abs() < 1e-14, "{}", M::NAME);
    }
    assert_eq!(M::ERROR.is_empty(), M::EMBEDDED_ORDER.is_none());
}

#[test]
fn code_and_constants_agree() {
    from_constants::<Euler>();
    from_constants::<Midpoint>();
    from_constants::<Heun>();
    from_constants::<Rk4>();
    from_constants::<BogackiShampine32>();
    from_constants::<DormandPrince54>();
    from_constants::<Tsitouras54>();
    from_constants::<Verner65>();
    from_constants::<Verner76>();
    from_constants::<Verner98>();
    from_constants::<DormandPrince853>();
}

/// Both ends of the dense output are the states themselves, to the bit, and its slopes there are
/// those of the solution.
fn ends<M: Tableau>() {
    let (t, h) = (0.4, 0.1);
    let y0 = exact(t);
    let mut k = M::slopes(&y0);
    let mut y1 = y0;
    f(t, &y0, &mut k.as_mut()[0]);
    M::step(&f, t, h, &y0, &mut k, &mut y1);
    M::end(&f, t + h, &y1, &mut k);
    let mut work = y0;
    M::dense_stages(&f, t, h, &y0, &mut k, &mut work);
    for (theta, y, slope) in [(0.0, y0, k.as_ref()[0]), (1.0, y1, k.as_ref()[M::END])] {
        let mut out = [0.0; 2];
        M::dense(theta, h, &y0, &y1, &k, &mut out);
        assert_eq!(out, y, "{}", M::NAME);
        M::dense_derivative(theta, h, &y0, &y1, &k, &mut out);
        assert!(
            distance(&out, &slope) < 1e-9,
            "{}: {out:?} {slope:?}",
            M::NAME
        );
    }
    let mut last = [0.0; 2];
    f(t + h, &y1, &mut last);
    assert_eq!(k.as_ref()[M::END], last, "{}", M::NAME);
}

#[test]
fn dense_output_meets_both_ends() {
    ends::<Euler>();
    ends::<Midpoint>();
    ends::<Heun>();
    ends::<Rk4>();
    ends::<BogackiShampine32>();
    ends::<DormandPrince54>();
    ends::<Tsitouras54>();
    ends::<Verner65>();
    ends::<Verner76>();
    ends::<Verner98>();
    ends::<DormandPrince853>();
}

/// Stack arrays, vectors and both precisions take the same code.
#[test]
fn storage_does_not_change_a_bit() {
    fn lorenz<T: neuropil_math::Real>(_: T, y: &[T], dy: &mut [T]) {
        dy[0] = T::of(10.0) * (y[1] - y[0]);
        dy[1] = y[0] * (T::of(28.0) - y[2]) - y[1];
        dy[2] = y[0] * y[1] - T::of(8.0 / 3.0) * y[2];
    }
    fn run<T: neuropil_math::Real, S: neuropil_ode_core::State<T>>(mut y: S) -> Vec<T> {
        let mut k = Verner98::slopes(&y);
        let mut next = y.clone();
        for _ in 0..10 {
            System::<T>::rhs(&lorenz::<T>, T::zero(), y.as_slice(), k[0].as_mut_slice());
            Verner98::step(&lorenz::<T>, T::zero(), T::of(0.01), &y, &mut k, &mut next);
            core::mem::swap(&mut y, &mut next);
        }
        y.as_slice().to_vec()
    }
    let array = run([1.0_f64, 0.0, 0.0]);
    assert_eq!(run(vec![1.0_f64, 0.0, 0.0]), array);
    assert_eq!(run(nalgebra::SVector::<f64, 3>::new(1.0, 0.0, 0.0)), array);
    assert_eq!(
        run(nalgebra::DVector::from_vec(vec![1.0_f64, 0.0, 0.0])),
        array
    );
    let single: Vec<f64> = run([1.0_f32, 0.0, 0.0])
        .into_iter()
        .map(f64::from)
        .collect();
    assert!(distance(&single, &array) < 1e-4 * array[0].abs());
}
