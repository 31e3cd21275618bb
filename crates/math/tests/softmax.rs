//! Softmax and log-sum-exp: equations, limits, masks, blocks.

use nalgebra::DMatrix;
use neuropil_math::Real;
use neuropil_math::softmax::{
    RunningSoftmax, log_softmax, log_softmax_columns, log_sum_exp, log_sum_exp_columns, softmax,
    softmax_columns,
};
use neuropil_test_kit::gradient::check_gradient;
use neuropil_test_kit::tolerance::assert_close;
use proptest::prelude::*;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn weights<T: Real>(x: &[f64], beta: f64) -> Vec<f64> {
    let mut w: Vec<T> = x.iter().map(|&v| T::of(v)).collect();
    softmax(&mut w, T::of(beta));
    w.into_iter().map(Real::to_f64).collect()
}

#[test]
fn limits() {
    let cases: [(&[f64], f64, &[f64], f64); 14] = [
        (&[1e308, -1e308], 1.0, &[1.0, 0.0], 1e308),
        (
            &[-1e308, -1e308],
            1e-300,
            &[0.5, 0.5],
            -1e308 + 2.0_f64.ln() * 1e300,
        ),
        (&[-INF, -INF, -INF, -INF], 2.0, &[0.25; 4], -INF),
        (&[-INF, 3.0], 2.0, &[0.0, 1.0], 3.0),
        (&[INF, 3.0, INF], 2.0, &[0.5, 0.0, 0.5], INF),
        (&[INF, -INF], 2.0, &[1.0, 0.0], INF),
        (&[1.0, 2.0, 2.0], INF, &[0.0, 0.5, 0.5], 2.0),
        (&[1.0, -INF], 0.0, &[0.5, 0.5], INF),
        (&[1.0, 2.0], -INF, &[1.0, 0.0], 1.0),
        (&[7.0], 0.0, &[1.0], 7.0),
        (&[], 1.0, &[], -INF),
        (&[1.0, NAN], 1.0, &[NAN, NAN], NAN),
        (&[NAN, -INF], 1.0, &[NAN, NAN], NAN),
        (&[NAN], 1.0, &[NAN], NAN),
    ];
    for (x, beta, expected, lse) in cases {
        let what = format!("softmax({beta}·{x:?})");
        assert_close(&what, &weights::<f64>(x, beta), expected, 0.0, 0.0);
        assert_close(
            &what,
            &[log_sum_exp(x, beta)],
            &[lse],
            2.0 * f64::EPSILON,
            0.0,
        );
        let mut logs = x.to_vec();
        log_softmax(&mut logs, beta);
        let expected: Vec<f64> = expected.iter().map(|w| w.ln()).collect();
        assert_close(&what, &logs, &expected, 2.0 * f64::EPSILON, 0.0);
    }
}

#[test]
fn single_precision_does_not_overflow() {
    assert_eq!(weights::<f32>(&[1e38, 1e38, -3e38], 30.0), [0.5, 0.5, 0.0]);
    assert_eq!(log_sum_exp(&[200.0_f32, 0.0], 1.0), 200.0);
}

#[test]
fn small_losses_keep_their_digits() {
    // ln(1 + e⁻⁴⁰): the sum itself rounds to 1.
    let lse = log_sum_exp(&[0.0, -40.0], 1.0);
    assert_close("lse", &[lse], &[(-40.0_f64).exp()], 4.0 * f64::EPSILON, 0.0);
}

#[test]
fn softmax_is_the_gradient_of_log_sum_exp() {
    let x = [0.3, -1.2, 2.0, 0.31, -4.0];
    for beta in [0.4, 1.0, 3.0, -1.5] {
        let gradient = weights::<f64>(&x, beta);
        check_gradient(|x| log_sum_exp(x, beta), &x, &gradient, 1e-3, 1e-9).unwrap();
    }
}

#[test]
fn columns_are_independent() {
    let x = DMatrix::from_fn(21, 5, |i, j| (i as f64 * 0.7 - j as f64).sin() * 3.0);
    let (mut soft, mut logs) = (x.clone(), x.clone());
    softmax_columns(&mut soft, 2.0);
    log_softmax_columns(&mut logs, 2.0);
    let sums = log_sum_exp_columns(&x, 2.0);
    for j in 0..5 {
        let column: Vec<f64> = x.column(j).iter().copied().collect();
        assert_eq!(
            soft.column(j).iter().copied().collect::<Vec<_>>(),
            weights::<f64>(&column, 2.0)
        );
        assert_eq!(sums[j], log_sum_exp(&column, 2.0));
        assert_close(
            "sum",
            &[soft.column(j).sum()],
            &[1.0],
            4.0 * f64::EPSILON,
            0.0,
        );
        for i in 0..21 {
            assert!((logs[(i, j)] - soft[(i, j)].ln()).abs() < 1e-14);
        }
    }
    let mut empty = DMatrix::<f64>::zeros(0, 3);
    softmax_columns(&mut empty, 1.0);
    assert_eq!(log_sum_exp_columns(&empty, 1.0), [-INF; 3]);
    assert!(log_sum_exp_columns(&DMatrix::<f64>::zeros(3, 0), 1.0).is_empty());
}

#[test]
fn masked_blocks_count_nothing_once_a_score_is_there() {
    let mut running = RunningSoftmax::new(1.0);
    assert_eq!(running.log_sum_exp(), -INF);
    let mut masked = [-INF; 3];
    assert_eq!(running.absorb(&mut masked), 1.0);
    assert_eq!(
        (masked, running.mass(), running.log_sum_exp()),
        ([1.0; 3], 3.0, -INF)
    );
    let mut block = [-INF, 2.0];
    assert_eq!(running.absorb(&mut block), 0.0);
    assert_eq!(
        (block, running.mass(), running.log_sum_exp()),
        ([0.0, 1.0], 1.0, 2.0)
    );
    let mut masked = [-INF; 2];
    assert_eq!((running.absorb(&mut masked), masked), (1.0, [0.0; 2]));
    let mut none: [f64; 0] = [];
    assert_eq!((running.absorb(&mut none), running.mass()), (1.0, 1.0));
    assert_eq!(running.absorb(&mut [NAN]), 1.0);
    assert!(running.mass().is_nan() && running.log_sum_exp().is_nan());
}

proptest! {
    #[test]
    fn weights_are_a_distribution_that_shifts_do_not_change(
        x in prop::collection::vec(-50.0..50.0_f64, 1..60),
        beta in -3.0..3.0_f64,
        shift in -100.0..100.0_f64,
    ) {
        let w = weights::<f64>(&x, beta);
        prop_assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        prop_assert!(w.iter().all(|v| (0.0..=1.0).contains(v)));
        let moved: Vec<f64> = x.iter().map(|v| v + shift).collect();
        for (a, b) in w.iter().zip(weights::<f64>(&moved, beta)) {
            // The shift rounds the entries, and the exponential multiplies that by |βx|.
            prop_assert!((a - b).abs() <= 1e-12 * a.max(b));
        }
        if beta > 0.01 {
            let lse = log_sum_exp(&x, beta);
            let largest = x.iter().copied().fold(-INF, f64::max);
            prop_assert!(lse >= largest);
            prop_assert!(lse <= largest + (x.len() as f64).ln() / beta + 1e-12);
        }
    }

    #[test]
    fn blocks_give_what_the_whole_gives(
        x in prop::collection::vec(-300.0..300.0_f64, 1..80),
        cut in 0..80_usize,
        beta in prop::sample::select(vec![-2.0, -0.1, 0.0, 0.5, 4.0]),
    ) {
        let cut = cut.min(x.len());
        let mut whole = x.clone();
        softmax(&mut whole, beta);

        let mut first = x[..cut].to_vec();
        let mut second = x[cut..].to_vec();
        let mut running = RunningSoftmax::new(beta);
        running.absorb(&mut first);
        let factor = running.absorb(&mut second);
        prop_assert!((0.0..=1.0).contains(&factor));
        let streamed = first.iter().map(|w| w * factor).chain(second.iter().copied());
        for (a, b) in streamed.zip(&whole) {
            prop_assert!((a / running.mass() - b).abs() <= 1e-14 + 1e-12 * b);
        }
        if beta != 0.0 {
            let lse = log_sum_exp(&x, beta);
            prop_assert!((running.log_sum_exp() - lse).abs() <= 1e-12 * lse.abs().max(1.0));
        }

        let (mut a, mut b) = (RunningSoftmax::new(beta), RunningSoftmax::new(beta));
        let (mut first, mut second) = (x[..cut].to_vec(), x[cut..].to_vec());
        a.absorb(&mut first);
        b.absorb(&mut second);
        let (here, there) = a.merge(&b);
        prop_assert!((a.mass() - running.mass()).abs() <= 1e-12 * running.mass());
        let merged = first.iter().map(|w| w * here).chain(second.iter().map(|w| w * there));
        for (m, w) in merged.zip(&whole) {
            prop_assert!((m / a.mass() - w).abs() <= 1e-14 + 1e-12 * w);
        }
    }
}
