use crate::Error;
use crate::error::{check_between, check_finite, check_positive, check_shape};

/// A number as a population of Gaussian receptive fields (Bohte et al. 2002)[^1]: field $i$ answers with
/// $a_i = \exp\bigl(-(x - c_i)^2 / 2\sigma^2\bigr)$ and spikes at $T (1 - a_i)$.
///
/// $\sigma$ is in the units of the number.
///
/// ```
/// use neuropil_neural_coding::encode::ReceptiveFields;
///
/// let fields = ReceptiveFields::bohte(8, 0.0, 1.0, 1.5)?;
/// let times = fields.spike_times(0.3, 10.0, 0.1)?;
/// let back = fields.decode(&times, 10.0)?;
/// assert!((back.unwrap() - 0.3).abs() < 1e-9);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// [^1]: S. M. Bohte, H. La Poutré, J. N. Kok (2002), Unsupervised clustering with spiking neurons by
///     sparse temporal coding and multilayer RBF networks, IEEE Trans. Neural Netw. 13, 426–435.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceptiveFields {
    centers: Vec<f64>,
    sigma: f64,
}

impl ReceptiveFields {
    /// Fields around these centres, with this width.
    ///
    /// # Errors
    /// [`Error::TooFew`] without any, [`Error::NonFinite`], and [`Error::OutOfRange`] for a width that is
    /// not positive.
    pub fn new(centers: Vec<f64>, sigma: f64) -> Result<Self, Error> {
        if centers.is_empty() {
            return Err(Error::TooFew {
                what: "receptive fields",
                needed: 1,
                found: 0,
            });
        }
        check_finite("centers", &centers)?;
        check_positive("sigma", sigma)?;
        Ok(Self { centers, sigma })
    }

    /// The `n` fields of the paper over `[low, high]`: centres at
    /// $low + \frac{2i - 3}{2} \frac{high - low}{n - 2}$ for $i = 1 \dots n$, the outer two outside, and
    /// width $\frac{1}{\beta} \frac{high - low}{n - 2}$.
    ///
    /// # Errors
    /// [`Error::TooFew`] for less than 3 fields, [`Error::Window`] for an empty range, and
    /// [`Error::OutOfRange`] for a $\beta$ that is not positive.
    pub fn bohte(n: usize, low: f64, high: f64, beta: f64) -> Result<Self, Error> {
        if n < 3 {
            return Err(Error::TooFew {
                what: "receptive fields",
                needed: 3,
                found: n,
            });
        }
        crate::train::check_window(low, high)?;
        check_positive("beta", beta)?;
        let spacing = (high - low) / (n - 2) as f64;
        let center = |i: usize| low + (i as f64 - 0.5) * spacing;
        Self::new((0..n).map(center).collect(), spacing / beta)
    }

    /// The centres $c_i$.
    #[must_use]
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// The width $\sigma$.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.sigma
    }

    /// The answers $a_i$ to a number, between 0 and 1; NaN and infinity answer as they calculate.
    #[must_use]
    pub fn activations(&self, x: f64) -> Vec<f64> {
        self.answers(x).collect()
    }

    /// [`activations`](Self::activations) into the memory of the caller. Allocates nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] if `out` has not one element for each field.
    pub fn activations_into(&self, x: f64, out: &mut [f64]) -> Result<(), Error> {
        check_shape("answers of receptive fields", self.centers.len(), out.len())?;
        for (out, answer) in out.iter_mut().zip(self.answers(x)) {
            *out = answer;
        }
        Ok(())
    }

    fn answers(&self, x: f64) -> impl Iterator<Item = f64> + '_ {
        self.centers.iter().map(move |&center| {
            let z = (x - center) / self.sigma;
            (-0.5 * z * z).exp()
        })
    }

    /// When each field spikes, between 0 and `latest`; `None` where the answer is below `cut`.
    ///
    /// # Errors
    /// [`Error::NonFinite`], and [`Error::OutOfRange`] for a time that is not positive and a cut outside
    /// of [0, 1].
    pub fn spike_times(&self, x: f64, latest: f64, cut: f64) -> Result<Vec<Option<f64>>, Error> {
        check_finite("a value to encode", &[x])?;
        check_positive("latest time", latest)?;
        check_between("cut", cut, (0.0, 1.0), "must be in [0, 1]")?;
        let time = |a: f64| (a >= cut).then_some(latest * (1.0 - a));
        Ok(self.answers(x).map(time).collect())
    }

    /// The number at which the fields spike so, up to rounding: between two fields the logarithm of
    /// the ratio of answers is linear in it, and the two that have spiked first decide.
    ///
    /// `None` if fewer than two fields of different centres spike before `latest`: one alone leaves the
    /// side open.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of fields, and [`Error::OutOfRange`] for a time outside of
    /// [0, `latest`] or a `latest` that is not positive.
    pub fn decode(&self, times: &[Option<f64>], latest: f64) -> Result<Option<f64>, Error> {
        check_positive("latest time", latest)?;
        if times.len() != self.centers.len() {
            return Err(Error::Shape {
                what: "times of receptive fields",
                expected: self.centers.len(),
                found: times.len(),
            });
        }
        for &time in times.iter().flatten() {
            check_between("a time", time, (0.0, latest), "must be in [0, latest]")?;
        }
        let answers = times.iter().map(|t| t.map_or(0.0, |t| 1.0 - t / latest));
        let mut spiking: Vec<(f64, f64)> = answers
            .zip(&self.centers)
            .filter(|(a, _)| *a > 0.0)
            .map(|(a, &center)| (a, center))
            .collect();
        spiking.sort_by(|x, y| y.0.total_cmp(&x.0));
        let Some(&(a, center)) = spiking.first() else {
            return Ok(None);
        };
        let other = spiking.iter().find(|(_, c)| *c != center);
        Ok(other.map(|&(b, other)| {
            let slope = self.sigma * self.sigma / (center - other);
            0.5 * (center + other) + slope * (a / b).ln()
        }))
    }
}
