use core::f64::consts::{LN_2, PI, SQRT_2};

use neuropil_math::elementary::scalar::{exp, normal_cdf};
use serde::{Deserialize, Serialize};

use crate::Error;

/// The median of an alpha kernel over its time constant: $(1 + x) e^{-x} = 1/2$.
const ALPHA_MEDIAN: f64 = 1.678_346_990_016_660_5;

/// What a spike is blurred to, with standard deviation $\sigma$ and area 1.
///
/// With $\tau$ the constant that gives this deviation:
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KernelShape {
    /// $e^{-t^2 / 2 \sigma^2} / (\sigma \sqrt{2 \pi})$.
    #[default]
    Gaussian,
    /// $1 / 2 \tau$ for $|t| < \tau = \sqrt 3 \sigma$.
    Rectangular,
    /// $(\tau - |t|) / \tau^2$ for $|t| < \tau = \sqrt 6 \sigma$.
    Triangular,
    /// $\frac{3}{4 \tau} (1 - t^2 / \tau^2)$ for $|t| < \tau = \sqrt 5 \sigma$.
    Epanechnikov,
    /// $e^{-|t| / \tau} / 2 \tau$ with $\tau = \sigma / \sqrt 2$.
    Laplacian,
    /// $e^{-t / \tau} / \tau$ for $t \ge 0$, with $\tau = \sigma$.
    Exponential,
    /// $t e^{-t / \tau} / \tau^2$ for $t \ge 0$, with $\tau = \sigma / \sqrt 2$.
    Alpha,
}

/// A kernel of a shape and a standard deviation.
///
/// ```
/// use neuropil_neural_coding::statistics::{Kernel, KernelShape};
///
/// let kernel = Kernel::new(KernelShape::Exponential, 0.1)?;
/// assert_eq!((kernel.value(0.0), kernel.value(-0.01)), (10.0, 0.0));
/// assert!((kernel.cdf(kernel.median()) - 0.5).abs() < 1e-15);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kernel {
    shape: KernelShape,
    sigma: f64,
    tau: f64,
}

impl Kernel {
    /// A kernel with a standard deviation of `sigma` seconds.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it is not between 10⁻¹⁰⁰ and 10¹⁰⁰: its square must be a number too.
    pub fn new(shape: KernelShape, sigma: f64) -> Result<Self, Error> {
        if !(1e-100..=1e100).contains(&sigma) {
            return Err(Error::OutOfRange {
                what: "standard deviation of the kernel",
                value: sigma,
                range: "must be positive, from 1e-100 to 1e100",
            });
        }
        let tau = sigma
            * match shape {
                KernelShape::Gaussian | KernelShape::Exponential => 1.0,
                KernelShape::Rectangular => 3.0_f64.sqrt(),
                KernelShape::Triangular => 6.0_f64.sqrt(),
                KernelShape::Epanechnikov => 5.0_f64.sqrt(),
                KernelShape::Laplacian | KernelShape::Alpha => 1.0 / SQRT_2,
            };
        Ok(Self { shape, sigma, tau })
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> KernelShape {
        self.shape
    }

    /// Its standard deviation in seconds.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// The constant $\tau$ of its shape in seconds.
    pub(super) fn tau(&self) -> f64 {
        self.tau
    }

    /// What a spike contributes `t` seconds after it, in hertz.
    #[must_use]
    pub fn value(&self, t: f64) -> f64 {
        let tau = self.tau;
        let x = t / tau;
        match self.shape {
            KernelShape::Gaussian => exp(-0.5 * x * x) / (tau * (2.0 * PI).sqrt()),
            KernelShape::Rectangular if t.abs() < tau => 0.5 / tau,
            KernelShape::Triangular if t.abs() < tau => (tau - t.abs()) / (tau * tau),
            KernelShape::Epanechnikov if t.abs() < tau => 0.75 * (1.0 - x * x) / tau,
            KernelShape::Laplacian => 0.5 * exp(-x.abs()) / tau,
            KernelShape::Exponential if t >= 0.0 => exp(-x) / tau,
            KernelShape::Alpha if t >= 0.0 => x * exp(-x) / tau,
            _ => 0.0,
        }
    }

    /// Its area before `t`.
    #[must_use]
    pub fn cdf(&self, t: f64) -> f64 {
        let x = t / self.tau;
        let inside = x.clamp(-1.0, 1.0);
        match self.shape {
            KernelShape::Gaussian => normal_cdf(x),
            KernelShape::Rectangular => 0.5 * (1.0 + inside),
            KernelShape::Triangular => {
                let tail = 0.5 * (1.0 - inside.abs()).powi(2);
                if x < 0.0 { tail } else { 1.0 - tail }
            }
            KernelShape::Epanechnikov => 0.5 + 0.25 * inside * (3.0 - inside * inside),
            KernelShape::Laplacian => {
                let tail = 0.5 * exp(-x.abs());
                if x < 0.0 { tail } else { 1.0 - tail }
            }
            KernelShape::Exponential => 1.0 - exp(-x.max(0.0)),
            KernelShape::Alpha => 1.0 - (1.0 + x.max(0.0)) * exp(-x.max(0.0)),
        }
    }

    /// The time before which half of its area lies.
    #[must_use]
    pub fn median(&self) -> f64 {
        match self.shape {
            KernelShape::Exponential => LN_2 * self.tau,
            KernelShape::Alpha => ALPHA_MEDIAN * self.tau,
            _ => 0.0,
        }
    }

    /// Whether it is the same before and after a spike, rather than zero before.
    #[must_use]
    pub fn is_symmetric(&self) -> bool {
        !matches!(self.shape, KernelShape::Exponential | KernelShape::Alpha)
    }
}
