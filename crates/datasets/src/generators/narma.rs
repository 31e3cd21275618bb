use nalgebra::DMatrix;
use neuropil_math::{Real, check_finite};
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::integrate::Samples;

/// The non-linear autoregressive moving average of order n (NARMA-n) of Atiya and Parlos (2000)[^1],
/// a benchmark of memory and non-linearity:
/// $$y_{t+1} = a_1 y_t + a_2 y_t \sum_{i=0}^{n-1} y_{t-i} + b\ u_{t-n+1} u_t + c,$$
/// driven by $u_t$, uniform on [0, 0.5), from $y_0 = \dots = y_{n-1} = 0$.
///
/// The system is not stable for every input. A series that diverges is an error; draw again.
///
/// ```
/// use neuropil_datasets::generators::NarmaConfig;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let series = NarmaConfig::default().generate::<f64, _>(2000, &mut rng)?;
/// assert_eq!((series.input.ncols(), series.target.ncols()), (2000, 2000));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// [^1]: A. F. Atiya, A. G. Parlos (2000), New results on recurrent network training, IEEE Trans.
///     Neural Netw. 11, 697–709.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NarmaConfig {
    /// The order $n$.
    pub order: usize,
    /// $a_1$.
    pub a1: f64,
    /// $a_2$.
    pub a2: f64,
    /// $b$.
    pub b: f64,
    /// $c$.
    pub c: f64,
    /// Which of the two recurrences.
    pub form: NarmaForm,
}

/// Which terms the recurrence adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NarmaForm {
    /// That of the paper, $y_t$ to $y_{t-n+1}$ and $u_{t-n+1}$.
    #[default]
    Canonical,
    /// That of ReservoirPy 0.4, later by one, $y_{t-1}$ to $y_{t-n}$ and $u_{t-n}$, for comparisons
    /// with numbers made by it.
    ReservoirPy,
}

/// An input and the response of the system to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Narma<T> {
    /// $u$, 1 × samples.
    pub input: DMatrix<T>,
    /// $y$, 1 × samples; $y_t$ depends on the inputs before $u_t$.
    pub target: DMatrix<T>,
}

impl Default for NarmaConfig {
    /// NARMA-10: 0.3, 0.05, 1.5, 0.1.
    fn default() -> Self {
        Self {
            order: 10,
            a1: 0.3,
            a2: 0.05,
            b: 1.5,
            c: 0.1,
            form: NarmaForm::Canonical,
        }
    }
}

const WHAT: &str = "the NARMA series";

impl NarmaConfig {
    /// NARMA-30 with the constants that keep it stable: 0.2, 0.04, 1.5, 0.001.
    #[must_use]
    pub fn narma30() -> Self {
        Self {
            order: 30,
            a1: 0.2,
            a2: 0.04,
            b: 1.5,
            c: 0.001,
            form: NarmaForm::Canonical,
        }
    }

    /// Draws an input and computes the response.
    ///
    /// The targets of the first `order` samples are zeros of the initial state: leave them out of a
    /// training, as part of the warm-up.
    ///
    /// # Errors
    /// If `samples` is 0, the order is 0, a constant is not finite, or the series diverges.
    pub fn generate<T: Real, R: Rng + ?Sized>(
        &self,
        samples: usize,
        rng: &mut R,
    ) -> Result<Narma<T>, Error> {
        let mut input = Samples::new(WHAT, 1, samples)?;
        let mut drawn = Samples::<f64>::new(WHAT, 1, samples)?;
        for t in 0..samples {
            let u = 0.5 * rng.random::<f64>();
            input.push(WHAT, t, &[u])?;
            drawn.push(WHAT, t, &[u])?;
        }
        Ok(Narma {
            input: input.finish(),
            target: self.respond(drawn.finish().as_slice())?.map(T::of),
        })
    }

    /// The response to an input, 1 × the length of it.
    ///
    /// # Errors
    /// If `input` is empty, a value or a constant is not finite, the order is 0, or the series
    /// diverges.
    pub fn respond(&self, input: &[f64]) -> Result<DMatrix<f64>, Error> {
        let n = self.order;
        if n == 0 {
            return Err(Error::out_of_range("order", 0.0, "must be at least 1"));
        }
        check_finite("constants of NARMA", &[self.a1, self.a2, self.b, self.c])?;
        check_finite("the input of NARMA", input)?;
        // Beyond |1 - a1|/(a2 n) growth feeds itself. Ten times that is no fluctuation.
        let runaway = ((1.0 - self.a1) / (self.a2 * n as f64)).abs();
        let bound = 10.0 * runaway.max(1.0);
        // The first time at which the recurrence has all of its terms.
        let (first, late) = match self.form {
            NarmaForm::Canonical => (n - 1, 0),
            NarmaForm::ReservoirPy => (n, 1),
        };
        let mut out = Samples::new(WHAT, 1, input.len())?;
        let mut y: Vec<f64> = Vec::new();
        y.try_reserve_exact(input.len())
            .map_err(|_| Error::TooLarge {
                what: WHAT,
                values: input.len(),
            })?;
        for t in 0..input.len() {
            let value = if t <= first {
                0.0
            } else {
                let now = t - 1;
                // Summed anew each time: a running sum would drift over long series.
                let sum: f64 = y[now + 1 - late - n..=now - late].iter().sum();
                let driven = input[now + 1 - late - n] * input[now];
                self.a1 * y[now] + self.a2 * y[now] * sum + self.b * driven + self.c
            };
            if value.is_nan() || value.abs() > bound {
                return Err(Error::Diverged {
                    what: WHAT,
                    sample: t,
                    value,
                });
            }
            y.push(value);
            out.push(WHAT, t, &[value])?;
        }
        Ok(out.finish())
    }
}
