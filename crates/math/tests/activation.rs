//! Activations: the catalogue, derivatives against differences, limits.

use neuropil_math::{Activation, Error, Real};
use neuropil_test_kit::gradient::check_gradient;
use neuropil_test_kit::tolerance::assert_close;

const POINTS: [f64; 9] = [-6.5, -2.0, -1.1, -0.4, -1e-3, 0.02, 0.7, 1.9, 5.0];

/// f(-2), f(-0.4) and f(1.9), computed with 40 digits. An activation without a row fails the test.
fn expected(activation: Activation) -> [f64; 3] {
    match activation {
        Activation::Identity => [-2.0, -0.4, 1.9],
        Activation::Tanh => [-0.9640275800758169, -0.3799489622552249, 0.9562374581277391],
        Activation::Sigmoid => [0.11920292202211756, 0.401312339887548, 0.8698915256370021],
        Activation::Relu => [0.0, 0.0, 1.9],
        Activation::Gelu => [
            -0.04550026389635842,
            -0.13783130335587035,
            1.8454385363495964,
        ],
        Activation::Silu => [-0.23840584404423512, -0.1605249359550192, 1.652793898710304],
        Activation::Softplus => [0.1269280110429725, 0.5130152523999526, 2.0393867582829603],
        Activation::LecunTanh => [
            -1.4923822251257401,
            -0.44660048596797364,
            1.4628836988745797,
        ],
    }
}

#[test]
fn every_activation_has_its_values() {
    for activation in Activation::ALL {
        let mut y = [-2.0, -0.4, 1.9];
        activation.apply(&mut y);
        assert_close(
            activation.name(),
            &y,
            &expected(activation),
            4.0 * f64::EPSILON,
            0.0,
        );
        let mut y = [-2.0_f32, -0.4, 1.9];
        activation.apply(&mut y);
        let y: Vec<f64> = y.into_iter().map(f64::from).collect();
        let rtol = 8.0 * f64::from(f32::EPSILON);
        assert_close(activation.name(), &y, &expected(activation), rtol, 0.0);
    }
}

#[test]
fn every_derivative_agrees_with_differences() {
    for activation in Activation::ALL {
        let mut derivative = POINTS;
        activation.derivative(&mut derivative);
        // Σ f(xᵢ) has the gradient f'(xᵢ).
        let sum = |x: &[f64]| -> f64 { x.iter().map(|&v| activation.value(v)).sum() };
        // The steps stay on one side of the kink of relu.
        check_gradient(sum, &POINTS, &derivative, 5e-4, 1e-9)
            .unwrap_or_else(|e| panic!("{activation}: {e}"));

        let mut chained: Vec<f64> = (0..POINTS.len()).map(|i| 0.5 + i as f64).collect();
        activation.backward(&POINTS, &mut chained).unwrap();
        for (i, c) in chained.into_iter().enumerate() {
            assert_eq!(c, derivative[i] * (0.5 + i as f64), "{activation}");
        }
    }
}

#[test]
fn derivatives_from_output_agree_with_those_from_input() {
    for activation in Activation::ALL {
        let mut derivative = POINTS;
        activation.derivative(&mut derivative);
        let mut output = POINTS;
        activation.apply(&mut output);
        let mut from_output = output;
        let mut chained = [2.0; POINTS.len()];
        let outcome = activation.derivative_from_output(&mut from_output);
        let chain = activation.backward_from_output(&output, &mut chained);
        if activation.has_derivative_from_output() {
            assert_eq!((outcome, chain), (Ok(()), Ok(())));
            // 1 - y² has lost what y rounded away.
            assert_close(
                activation.name(),
                &from_output,
                &derivative,
                0.0,
                4.0 * f64::EPSILON,
            );
            assert_eq!(chained, from_output.map(|d| 2.0 * d), "{activation}");
        } else {
            assert!(
                matches!(outcome, Err(Error::Undefined { .. })),
                "{activation}"
            );
            assert!(
                matches!(chain, Err(Error::Undefined { .. })),
                "{activation}"
            );
            assert_eq!(
                (from_output, chained),
                (output, [2.0; POINTS.len()]),
                "left alone"
            );
        }
    }
}

fn limits<T: Real>() {
    let infinity = f64::INFINITY;
    for activation in Activation::ALL {
        let (low, high, slopes) = match activation {
            Activation::Identity => (-infinity, infinity, [1.0, 1.0]),
            Activation::Tanh => (-1.0, 1.0, [0.0, 0.0]),
            Activation::Sigmoid => (0.0, 1.0, [0.0, 0.0]),
            Activation::LecunTanh => (-1.7159, 1.7159, [0.0, 0.0]),
            _ => (0.0, infinity, [0.0, 1.0]),
        };
        let mut y = [-infinity, infinity, f64::NAN].map(T::of);
        activation.apply(&mut y);
        assert_eq!([y[0], y[1]], [low, high].map(T::of), "{activation}");
        assert!(y[2].to_f64().is_nan(), "{activation}");
        let mut d = [-infinity, infinity].map(T::of);
        activation.derivative(&mut d);
        assert_eq!(d, slopes.map(T::of), "{activation}");
        // Large, but finite.
        let mut y = [-1e30, 1e30].map(T::of);
        activation.apply(&mut y);
        activation.derivative(&mut y);
        assert!(y.iter().all(|v| v.is_finite()), "{activation}");
    }
}

#[test]
fn infinity_gives_limits_and_nan_stays() {
    limits::<f32>();
    limits::<f64>();
}

#[test]
fn slices_give_the_bits_of_single_values() {
    let x: Vec<f64> = (0..1001).map(|i| f64::from(i) * 0.02 - 10.0).collect();
    for activation in Activation::ALL {
        let mut y = x.clone();
        activation.apply(&mut y);
        for (x, y) in x.iter().zip(y) {
            assert_eq!(
                y.to_bits(),
                activation.value(*x).to_bits(),
                "{activation}({x})"
            );
        }
    }
}

#[test]
fn names_are_the_same_everywhere() {
    for activation in Activation::ALL {
        let name = activation.to_string();
        assert_eq!(name.parse::<Activation>().unwrap(), activation);
        let json = serde_json::to_string(&activation).unwrap();
        assert_eq!(json, format!("\"{name}\""));
        assert_eq!(
            serde_json::from_str::<Activation>(&json).unwrap(),
            activation
        );
    }
    let error = "Tanh".parse::<Activation>().unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("unknown activation `Tanh`; known are"),
        "{message}"
    );
    for activation in Activation::ALL {
        assert!(message.contains(activation.name()), "{message}");
    }
}

#[test]
fn every_activation_has_a_row_in_the_documentation() {
    let source = include_str!("../src/activation.rs");
    for activation in Activation::ALL {
        let row = format!("/// | `{activation}` |");
        assert!(source.contains(&row), "no row {row}");
    }
}

#[test]
fn lengths_must_agree() {
    let mut gradient = [1.0; 2];
    for activation in Activation::ALL {
        let error = activation.backward(&[1.0; 3], &mut gradient).unwrap_err();
        assert!(matches!(
            error,
            Error::Shape {
                expected: 3,
                found: 2,
                ..
            }
        ));
        assert!(
            activation
                .backward_from_output(&[1.0; 3], &mut gradient)
                .is_err()
        );
    }
}
