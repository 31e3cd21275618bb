//! Elementary functions against std and, where std has none or f32 allows more, against f64.

use neuropil_math::{Real, elementary};
use proptest::prelude::*;

type Function<T> = (&'static str, fn(&mut [T]), fn(f64) -> f64);

/// What the documentation of every function promises.
const ULPS: f64 = 4.0;

fn sigmoid(x: f64) -> f64 {
    let z = (-x.abs()).exp();
    if x < 0.0 {
        z / (1.0 + z)
    } else {
        1.0 / (1.0 + z)
    }
}

fn softplus(x: f64) -> f64 {
    x.max(if x.is_nan() { x } else { 0.0 }) + (-x.abs()).exp().ln_1p()
}

fn functions<T: Real>() -> [Function<T>; 8] {
    [
        ("exp", elementary::exp, f64::exp),
        ("exp_m1", elementary::exp_m1, f64::exp_m1),
        ("ln", elementary::ln, f64::ln),
        ("ln_1p", elementary::ln_1p, f64::ln_1p),
        ("tanh", elementary::tanh, f64::tanh),
        ("sigmoid", elementary::sigmoid, sigmoid),
        ("softplus", elementary::softplus, softplus),
        ("log_sigmoid", elementary::log_sigmoid, |x| -softplus(-x)),
    ]
}

/// The distance from |x| to the next larger `f64`.
fn ulp(x: f64) -> f64 {
    x.abs().next_up() - x.abs()
}

/// The distance of neighbouring `f32` at |x|.
fn ulp_f32(x: f64) -> f64 {
    let exponent = ((x.abs().to_bits() >> 52) as i32 - 1023).max(-126);
    2.0_f64.powi(exponent - 23)
}

#[test]
fn f32_is_within_4_ulp_everywhere() {
    for (name, function, reference) in functions::<f32>() {
        let mut worst = (0.0, 0.0);
        // An odd stride through all bit patterns: both signs, subnormals, infinities, NaN.
        let mut bits = (0..=u32::MAX).step_by(3079).peekable();
        while bits.peek().is_some() {
            let x: Vec<f32> = bits.by_ref().take(4096).map(f32::from_bits).collect();
            let mut y = x.clone();
            function(&mut y);
            for (x, y) in x.into_iter().zip(y) {
                let exact = reference(f64::from(x));
                if exact.is_nan() || !(exact as f32).is_finite() {
                    let same = y == exact as f32 || (exact.is_nan() && y.is_nan());
                    assert!(same, "{name}({x:e}) is {y:e}, not {exact:e}");
                    continue;
                }
                let error = (f64::from(y) - exact).abs() / ulp_f32(exact);
                assert!(error <= ULPS, "{name}({x:e}): {error} ulp");
                if error > worst.0 {
                    worst = (error, x);
                }
            }
        }
        println!("{name} f32: {:.3} ulp at {:e}", worst.0, worst.1);
    }
}

#[test]
fn f64_is_within_4_ulp_of_std() {
    let strided = (0..60_000_u64).map(|i| f64::from_bits(i.wrapping_mul(0x0001_1766_5ab3_c4d7)));
    let dense = (0..60_001).map(|i| f64::from(i) / 750.0 - 40.0);
    let near_one = (0..4001).map(|i| 1.0 + (f64::from(i) - 2000.0) * 1e-5);
    let ends = (0..20_000).map(|i| f64::from(i) * 0.075 - 750.0);
    let tiny = (0..64).flat_map(|i| [f64::from_bits(1 << i), -f64::from_bits(3 << i)]);
    let x: Vec<f64> = strided
        .chain(dense)
        .chain(near_one)
        .chain(ends)
        .chain(tiny)
        .collect();
    for (name, function, reference) in functions::<f64>() {
        let mut y = x.clone();
        function(&mut y);
        let mut worst = (0.0, 0.0);
        for (&x, y) in x.iter().zip(y) {
            let std = reference(x);
            if !std.is_finite() {
                let same = y == std || (std.is_nan() && y.is_nan());
                assert!(same, "{name}({x:e}) is {y:e}, not {std:e}");
                continue;
            }
            let error = (y - std).abs() / ulp(std);
            assert!(
                error <= ULPS,
                "{name}({x:e}) is {y:e}, std {std:e}: {error} ulp"
            );
            if error > worst.0 {
                worst = (error, x);
            }
        }
        println!("{name} f64: {:.0} ulp at {:e}", worst.0, worst.1);
    }
}

/// Φ(x), computed with 60 digits.
const NORMAL_CDF: [(f64, f64); 26] = [
    (-38.0, 2.88542835e-316),
    (-30.5, 1.3029379131780763e-204),
    (-20.25, 1.77619986494957e-91),
    (-12.1, 5.28055876743356e-34),
    (-8.0, 6.220960574271784e-16),
    (-5.3, 5.790134039964594e-08),
    (-3.0, 0.0013498980316300946),
    (-2.2, 0.013903447513498604),
    (-1.5, 0.06680720126885807),
    (-1.0, 0.15865525393145705),
    (-0.7, 0.24196365222307303),
    (-0.3, 0.3820885778110474),
    (-0.02, 0.492021686283098),
    (-1e-05, 0.49999601057719606),
    (0.0, 0.5),
    (1e-09, 0.5000000003989423),
    (0.01, 0.5039893563146316),
    (0.25, 0.5987063256829237),
    (0.6, 0.7257468822499265),
    (1.0, 0.8413447460685429),
    (1.9, 0.9712834401839981),
    (2.75, 0.9970202367649454),
    (4.0, 0.9999683287581669),
    (6.5, 0.99999999995984),
    (8.2, 0.9999999999999999),
    (20.0, 1.0),
];

#[test]
fn the_normal_distribution_is_right_in_both_tails() {
    for (x, exact) in NORMAL_CDF {
        let mut y = [x];
        elementary::normal_cdf(&mut y);
        let error = (y[0] - exact).abs() / ulp(exact);
        assert!(
            error <= 5.0,
            "Φ({x}) is {:e}, not {exact:e}: {error} ulp",
            y[0]
        );
        let mut y = [x as f32];
        elementary::normal_cdf(&mut y);
        // The argument was rounded too.
        let bound = (x * x + 1.0) * exact * f64::from(f32::EPSILON) + f64::from(f32::MIN_POSITIVE);
        assert!(
            (f64::from(y[0]) - exact).abs() <= bound,
            "Φ({x}) as f32 is {:e}",
            y[0]
        );
    }
    let mut y = [f64::NEG_INFINITY, f64::INFINITY, f64::NAN];
    elementary::normal_cdf(&mut y);
    assert!(y[0] == 0.0 && y[1] == 1.0 && y[2].is_nan());
}

fn limits<T: Real>() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    type Limits<'a, T> = (&'static str, fn(&mut [T]), &'a [(f64, f64)]);
    let cases: [Limits<'_, T>; 7] = [
        (
            "exp",
            elementary::exp,
            &[(-inf, 0.0), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (nan, nan)],
        ),
        (
            "exp_m1",
            elementary::exp_m1,
            &[
                (-inf, -1.0),
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, inf),
                (nan, nan),
            ],
        ),
        (
            "ln",
            elementary::ln,
            &[
                (-inf, nan),
                (-1.0, nan),
                (-0.0, -inf),
                (0.0, -inf),
                (1.0, 0.0),
                (inf, inf),
                (nan, nan),
            ],
        ),
        (
            "ln_1p",
            elementary::ln_1p,
            &[
                (-2.0, nan),
                (-1.0, -inf),
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, inf),
                (nan, nan),
            ],
        ),
        (
            "tanh",
            elementary::tanh,
            &[
                (-inf, -1.0),
                (-0.0, -0.0),
                (0.0, 0.0),
                (inf, 1.0),
                (nan, nan),
            ],
        ),
        (
            "sigmoid",
            elementary::sigmoid,
            &[(-inf, 0.0), (0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (nan, nan)],
        ),
        (
            "softplus",
            elementary::softplus,
            &[(-inf, 0.0), (inf, inf), (nan, nan)],
        ),
    ];
    for (name, function, values) in cases {
        for &(x, expected) in values {
            let mut y = [T::of(x)];
            function(&mut y);
            let y = y[0].to_f64();
            let same = y == expected && y.is_sign_negative() == expected.is_sign_negative();
            assert!(
                same || (y.is_nan() && expected.is_nan()),
                "{name}({x}) is {y}, not {expected}"
            );
        }
    }
}

#[test]
fn limits_and_signs_of_zero() {
    limits::<f32>();
    limits::<f64>();
}

#[test]
fn tanh_is_odd_and_monotone() {
    let grid: Vec<f64> = (0..1_000_000).map(|i| f64::from(i) * 2.1e-5).collect();
    let (mut up, mut down) = (grid.clone(), grid.iter().map(|x| -x).collect::<Vec<_>>());
    elementary::tanh(&mut up);
    elementary::tanh(&mut down);
    assert!(
        up.iter()
            .zip(&down)
            .all(|(a, b)| a.to_bits() == (-b).to_bits())
    );
    assert!(up.windows(2).all(|w| w[0] <= w[1]));
    assert_eq!(up.last(), Some(&1.0));
    let mut single: Vec<f32> = grid.iter().step_by(10).map(|&x| x as f32).collect();
    elementary::tanh(&mut single);
    assert!(single.windows(2).all(|w| w[0] <= w[1]));
    // Where tanh saturates, a ripple of one ulp would show between neighbours.
    let mut end: Vec<f64> = (0..200_000).map(|i| 16.0 + f64::from(i) * 2e-5).collect();
    elementary::tanh(&mut end);
    assert!(end.windows(2).all(|w| w[0] <= w[1]));
}

fn position_does_not_matter<T: Real>(of: impl Fn(T) -> u64) {
    // The sign and payload of NaN are the processor's choice.
    let bits = |v: T| if v.to_f64().is_nan() { u64::MAX } else { of(v) };
    let x: Vec<T> = (0..80)
        .map(|i| T::of(f64::from(i * i % 77) * 0.31 - 9.0))
        .collect();
    for (name, function, _) in functions::<T>() {
        let alone: Vec<u64> = x
            .iter()
            .map(|&v| {
                let mut y = [v];
                function(&mut y);
                bits(y[0])
            })
            .collect();
        for start in 0..20 {
            for end in start..=x.len() {
                let mut y = x[start..end].to_vec();
                function(&mut y);
                for (i, v) in y.into_iter().enumerate() {
                    assert_eq!(
                        bits(v),
                        alone[start + i],
                        "{name}, element {i} of {start}..{end}"
                    );
                }
            }
        }
    }
}

#[test]
fn results_depend_on_neither_position_nor_length() {
    position_does_not_matter::<f64>(f64::to_bits);
    position_does_not_matter::<f32>(|v| u64::from(v.to_bits()));
}

#[test]
fn scalars_give_the_bits_of_slices() {
    use elementary::scalar;
    type Pair = (fn(&mut [f64]), fn(f64) -> f64);
    for i in 0..2000 {
        let x = f64::from(i) * 0.037 - 37.0;
        let pairs: [Pair; 4] = [
            (elementary::exp, scalar::exp),
            (elementary::tanh, scalar::tanh),
            (elementary::sigmoid, scalar::sigmoid),
            (elementary::normal_cdf, scalar::normal_cdf),
        ];
        for (slice, scalar) in pairs {
            let mut y = [x];
            slice(&mut y);
            assert_eq!(y[0].to_bits(), scalar(x).to_bits(), "at {x}");
        }
    }
}

proptest! {
    #[test]
    fn identities_hold(x in -700.0..700.0_f64) {
        use elementary::scalar::{exp, ln, log_sigmoid, sigmoid, softplus, tanh};
        let eps = f64::EPSILON;
        prop_assert!((ln(exp(x)) - x).abs() <= 2.0 * eps * x.abs().max(1.0));
        prop_assert!((sigmoid(x) + sigmoid(-x) - 1.0).abs() <= eps);
        prop_assert!((softplus(x) - softplus(-x) - x).abs() <= 2.0 * eps * x.abs().max(1.0));
        prop_assert_eq!(log_sigmoid(x).to_bits(), (-softplus(-x)).to_bits());
        prop_assert!((tanh(x) - (2.0 * sigmoid(2.0 * x) - 1.0)).abs() <= 4.0 * eps);
    }
}
