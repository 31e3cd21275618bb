use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::elementary::dispatch::{Map, map_in_place, multiply_by_map};
use crate::elementary::{maps, normal, scalar};
use crate::{Error, Real, check_size};

/// The function that a unit applies to its input.
///
/// | name | $f(x)$ | $f'(x)$ | $f'$ from $y = f(x)$ |
/// |---|---|---|---|
/// | `identity` | $x$ | 1 | 1 |
/// | `tanh` | $\tanh x$ | $1 - \tanh^2 x$ | $1 - y^2$ |
/// | `sigmoid` | $\sigma(x) = 1/(1 + e^{-x})$ | $\sigma(x)\sigma(-x)$ | $y(1 - y)$ |
/// | `relu` | $\max(x, 0)$ | 1 for $x > 0$, else 0 | 1 for $y > 0$, else 0 |
/// | `gelu` | $x\Phi(x)$ | $\Phi(x) + x\varphi(x)$ | none |
/// | `silu` | $x\sigma(x)$ | $\sigma(x)(1 + x\sigma(-x))$ | none |
/// | `softplus` | $\ln(1 + e^x)$ | $\sigma(x)$ | $1 - e^{-y}$ |
/// | `lecun_tanh` | $1.7159\tanh(0.666x)$ | $1.7159 \cdot 0.666(1 - \tanh^2(0.666x))$ | $0.666(1.7159 - y^2/1.7159)$ |
///
/// $\Phi$ and $\varphi$ are the distribution function and density of the standard normal
/// distribution: this is the exact GELU[^gelu], not its approximation by tanh. The slope 0.666 instead
/// of LeCun's 2/3[^lecun] is that of the published liquid networks (ncps), so that their weights can be
/// loaded.
///
/// Every function propagates NaN and gives its limit at $\pm\infty$; results are the same bits on every
/// platform and for every position in a slice (see [`elementary`](crate::elementary)).
///
/// ```
/// use neuropil_math::Activation;
///
/// let mut x = [-1.0, 0.0, 2.0];
/// Activation::Relu.apply(&mut x);
/// assert_eq!(x, [0.0, 0.0, 2.0]);
///
/// let named: Activation = "lecun_tanh".parse()?;
/// assert_eq!(named, Activation::LecunTanh);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// [^gelu]: Hendrycks & Gimpel (2016), Gaussian error linear units, arXiv:1606.08415.
/// [^lecun]: LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// $x$.
    Identity,
    /// $\tanh x$.
    #[default]
    Tanh,
    /// $1/(1 + e^{-x})$.
    Sigmoid,
    /// $\max(x, 0)$.
    Relu,
    /// $x\Phi(x)$.
    Gelu,
    /// $x\sigma(x)$, also called swish.
    Silu,
    /// $\ln(1 + e^x)$.
    Softplus,
    /// $1.7159\tanh(0.666x)$.
    LecunTanh,
}

impl Activation {
    /// All activations, in the order of their table.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Tanh,
        Self::Sigmoid,
        Self::Relu,
        Self::Gelu,
        Self::Silu,
        Self::Softplus,
        Self::LecunTanh,
    ];

    /// The name that [`Display`](fmt::Display), [`FromStr`] and serde use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
            Self::Relu => "relu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Softplus => "softplus",
            Self::LecunTanh => "lecun_tanh",
        }
    }

    /// $f(x)$ of one element, the same bits as [`apply`](Self::apply).
    #[inline]
    #[must_use]
    pub fn value<T: Real>(self, x: T) -> T {
        match self {
            Self::Identity => x,
            Self::Tanh => maps::Tanh.at(x),
            Self::Sigmoid => maps::Sigmoid.at(x),
            Self::Relu => Relu.at(x),
            Self::Gelu => Gelu.at(x),
            Self::Silu => Silu.at(x),
            Self::Softplus => maps::Softplus.at(x),
            Self::LecunTanh => LecunTanh.at(x),
        }
    }

    /// Replaces every $x$ by $f(x)$.
    pub fn apply<T: Real>(self, x: &mut [T]) {
        match self {
            Self::Identity => {}
            Self::Tanh => map_in_place(x, maps::Tanh),
            Self::Sigmoid => map_in_place(x, maps::Sigmoid),
            Self::Relu => map_in_place(x, Relu),
            Self::Gelu => map_in_place(x, Gelu),
            Self::Silu => map_in_place(x, Silu),
            Self::Softplus => map_in_place(x, maps::Softplus),
            Self::LecunTanh => map_in_place(x, LecunTanh),
        }
    }

    /// Replaces every input $x$ by $f'(x)$.
    pub fn derivative<T: Real>(self, x: &mut [T]) {
        match self {
            Self::Identity => map_in_place(x, One),
            Self::Tanh => map_in_place(x, maps::TanhDerivative),
            Self::Sigmoid => map_in_place(x, maps::SigmoidDerivative),
            Self::Relu => map_in_place(x, Step),
            Self::Gelu => map_in_place(x, GeluDerivative),
            Self::Silu => map_in_place(x, SiluDerivative),
            Self::Softplus => map_in_place(x, maps::Sigmoid),
            Self::LecunTanh => map_in_place(x, LecunTanhDerivative),
        }
    }

    /// Whether $f'(x)$ can be had from $f(x)$: not for `gelu` and `silu`, which take most of their
    /// values twice.
    #[must_use]
    pub fn has_derivative_from_output(self) -> bool {
        !matches!(self, Self::Gelu | Self::Silu)
    }

    /// Replaces every output $y = f(x)$ by $f'(x)$. Cheaper than [`derivative`](Self::derivative), but
    /// where $f$ saturates the derivative has lost its digits with the output.
    ///
    /// # Errors
    /// [`Error::Undefined`] without [`has_derivative_from_output`](Self::has_derivative_from_output).
    pub fn derivative_from_output<T: Real>(self, y: &mut [T]) -> Result<(), Error> {
        match self {
            Self::Identity => map_in_place(y, One),
            Self::Tanh => map_in_place(y, TanhFromOutput),
            Self::Sigmoid => map_in_place(y, SigmoidFromOutput),
            Self::Relu => map_in_place(y, Step),
            Self::Softplus => map_in_place(y, SoftplusFromOutput),
            Self::LecunTanh => map_in_place(y, LecunTanhFromOutput),
            Self::Gelu | Self::Silu => return Err(NO_INVERSE),
        }
        Ok(())
    }

    /// The chain rule: multiplies every $\partial L/\partial y_i$ in `gradient` by $f'(x_i)$.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there is one gradient for each input.
    pub fn backward<T: Real>(self, input: &[T], gradient: &mut [T]) -> Result<(), Error> {
        check_size("gradients of inputs", input.len(), gradient.len())?;
        match self {
            Self::Identity => {}
            Self::Tanh => multiply_by_map(input, gradient, maps::TanhDerivative),
            Self::Sigmoid => multiply_by_map(input, gradient, maps::SigmoidDerivative),
            Self::Relu => multiply_by_map(input, gradient, Step),
            Self::Gelu => multiply_by_map(input, gradient, GeluDerivative),
            Self::Silu => multiply_by_map(input, gradient, SiluDerivative),
            Self::Softplus => multiply_by_map(input, gradient, maps::Sigmoid),
            Self::LecunTanh => multiply_by_map(input, gradient, LecunTanhDerivative),
        }
        Ok(())
    }

    /// [`backward`](Self::backward) from the outputs $y = f(x)$ instead of the inputs.
    ///
    /// # Errors
    /// - [`Error::Shape`] unless there is one gradient for each output;
    /// - [`Error::Undefined`] without [`has_derivative_from_output`](Self::has_derivative_from_output).
    pub fn backward_from_output<T: Real>(
        self,
        output: &[T],
        gradient: &mut [T],
    ) -> Result<(), Error> {
        check_size("gradients of outputs", output.len(), gradient.len())?;
        match self {
            Self::Identity => {}
            Self::Tanh => multiply_by_map(output, gradient, TanhFromOutput),
            Self::Sigmoid => multiply_by_map(output, gradient, SigmoidFromOutput),
            Self::Relu => multiply_by_map(output, gradient, Step),
            Self::Softplus => multiply_by_map(output, gradient, SoftplusFromOutput),
            Self::LecunTanh => multiply_by_map(output, gradient, LecunTanhFromOutput),
            Self::Gelu | Self::Silu => return Err(NO_INVERSE),
        }
        Ok(())
    }
}

const NO_INVERSE: Error = Error::Undefined {
    what: "the derivative from the output of gelu or silu",
    why: "most outputs belong to two inputs; use the input",
};

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|a| a.name() == name)
            .ok_or_else(|| Error::UnknownName {
                what: "activation",
                name: name.to_owned(),
                known: "identity, tanh, sigmoid, relu, gelu, silu, softplus, lecun_tanh",
            })
    }
}

const LECUN_SCALE: f64 = 1.7159;
const LECUN_SLOPE: f64 = 0.666;

/// Where the normal distribution and the logistic function are zero or one to the last digit, x stops
/// growing: ∞·0 is not the limit.
const FAR: f64 = 800.0;

macro_rules! map {
    ($name:ident, $x:ident => $body:expr) => {
        #[derive(Clone, Copy)]
        struct $name;

        impl<T: Real> Map<T> for $name {
            #[inline(always)]
            fn at(self, $x: T) -> T {
                $body
            }
        }
    };
}

// 1 also at NaN: the slope of the identity does not depend on x.
map!(One, _x => T::one());
map!(Relu, x => if x < T::zero() { T::zero() } else { x });
map!(Step, x => if x > T::zero() {
    T::one()
} else if x <= T::zero() {
    T::zero()
} else {
    x
});
map!(TanhFromOutput, y => (T::one() - y) * (T::one() + y));
map!(SigmoidFromOutput, y => y * (T::one() - y));
map!(SoftplusFromOutput, y => -scalar::exp_m1(-y));
map!(Silu, x => {
    let bounded = if x < T::of(-FAR) { T::of(-FAR) } else { x };
    bounded * scalar::sigmoid(x)
});
map!(SiluDerivative, x => {
    let bounded = scalar::clamp(x, T::of(-FAR), T::of(FAR));
    scalar::sigmoid(x) * (T::one() + bounded * scalar::sigmoid(-x))
});
map!(Gelu, x => {
    let wide = x.to_f64();
    let bounded = if wide < -FAR { -FAR } else { wide };
    T::of(bounded * normal::cdf_and_density(wide).0)
});
map!(GeluDerivative, x => {
    let wide = x.to_f64();
    let (cdf, density) = normal::cdf_and_density(wide);
    T::of(cdf + scalar::clamp(wide, -FAR, FAR) * density)
});
map!(LecunTanh, x => T::of(LECUN_SCALE) * scalar::tanh(T::of(LECUN_SLOPE) * x));
map!(LecunTanhDerivative, x => {
    T::of(LECUN_SCALE * LECUN_SLOPE) * scalar::tanh_derivative(T::of(LECUN_SLOPE) * x)
});
map!(LecunTanhFromOutput, y => {
    let scale = T::of(LECUN_SCALE);
    T::of(LECUN_SLOPE / LECUN_SCALE) * ((scale - y) * (scale + y))
});
