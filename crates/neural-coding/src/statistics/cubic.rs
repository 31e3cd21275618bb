use neuropil_math::elementary::scalar::normal_cdf;
use serde::{Deserialize, Serialize};

use crate::Error;

/// How [`cubic`] tests.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CubicConfig {
    /// The level $\alpha$ of each test.
    pub alpha: f64,
    /// The highest order that is tested.
    pub max_order: u32,
}

impl Default for CubicConfig {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            max_order: 100,
        }
    }
}

/// What [`cubic`] found.
#[derive(Debug, Clone, PartialEq)]
pub struct Cubic {
    /// The lowest order of correlation that explains the third cumulant; `None` if not even the
    /// highest that was tested does.
    pub order: Option<u32>,
    /// The p-values of the orders from 1.
    pub p_values: Vec<f64>,
    /// The first three cumulants of the counts, without bias.
    pub cumulants: [f64; 3],
}

/// CuBIC: the lowest order of correlation in a population that explains the third cumulant of its
/// counts.
///
/// For a compound Poisson process with correlations up to order $\xi$ and the first two cumulants of
/// the data, the cumulant of order $m$ is at most
/// $$\kappa_m^\ast = \frac{\kappa_2 (\xi^{m-1} - 1) - \kappa_1 (\xi^{m-1} - \xi)}{\xi - 1},$$
/// or $\kappa_2$ for $\xi = 1$. The orders are tested one after the other until the measured third
/// cumulant is not above $\kappa_3^\ast$ at the level $\alpha$, its estimate being taken for Gaussian.
///
/// `counts` are those of all trains together, bin by bin
/// ([`BinnedCounts::pooled`](crate::BinnedCounts::pooled)). `None` if their variance is below their
/// mean: then no such process has these cumulants; or if there is no spike. Staude, Rotter, Grün,
/// Journal of Computational Neuroscience 29 (2010).
///
/// ```
/// use neuropil_neural_coding::statistics::{CubicConfig, cubic};
///
/// // Ten trains that spike together in one bin of twenty, and not at all else.
/// let counts: Vec<u64> = (0..400).map(|i| if i % 20 == 0 { 10 } else { 0 }).collect();
/// let found = cubic(&counts, &CubicConfig::default())?.unwrap();
/// assert!(found.order.unwrap() > 2);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::TooFew`] for fewer than three bins, [`Error::OutOfRange`] if $\alpha$ is not between 0 and 1
/// or no order is to be tested.
pub fn cubic(counts: &[u64], config: &CubicConfig) -> Result<Option<Cubic>, Error> {
    if !(config.alpha > 0.0 && config.alpha < 1.0) {
        return Err(Error::OutOfRange {
            what: "alpha",
            value: config.alpha,
            range: "must be between 0 and 1",
        });
    }
    if config.max_order == 0 {
        return Err(Error::OutOfRange {
            what: "highest order",
            value: 0.0,
            range: "must be at least 1",
        });
    }
    if counts.len() < 3 {
        return Err(Error::TooFew {
            what: "bins",
            needed: 3,
            found: counts.len(),
        });
    }
    let cumulants = cumulants(counts);
    let [k1, k2, k3] = cumulants;
    if k1 == 0.0 || k2 < k1 {
        return Ok(None);
    }
    let n = counts.len() as f64;
    let mut p_values = Vec::new();
    for order in 1..=config.max_order {
        let [s2, s3, s4, _, s6] =
            [2, 3, 4, 5, 6].map(|m| largest_cumulant(k1, k2, m, f64::from(order)));
        // The variance of the third k-statistic.
        let variance = s6 / n
            + 9.0 * (s4 * s2 + s3 * s3) / (n - 1.0)
            + 6.0 * n * s2 * s2 * s2 / ((n - 1.0) * (n - 2.0));
        let p = normal_cdf((s3 - k3) / variance.sqrt());
        p_values.push(p);
        if p >= config.alpha {
            return Ok(Some(Cubic {
                order: Some(order),
                p_values,
                cumulants,
            }));
        }
    }
    Ok(Some(Cubic {
        order: None,
        p_values,
        cumulants,
    }))
}

fn largest_cumulant(k1: f64, k2: f64, m: i32, order: f64) -> f64 {
    if order == 1.0 {
        return k2;
    }
    let power = order.powi(m - 1);
    (k2 * (power - 1.0) - k1 * (power - order)) / (order - 1.0)
}

/// The k-statistics of the first three orders, of at least three counts.
fn cumulants(counts: &[u64]) -> [f64; 3] {
    let n = counts.len() as f64;
    let mean = counts.iter().map(|&c| c as f64).sum::<f64>() / n;
    let (mut second, mut third) = (0.0, 0.0);
    for &count in counts {
        let d = count as f64 - mean;
        second += d * d;
        third += d * d * d;
    }
    [
        mean,
        second / (n - 1.0),
        n * third / ((n - 1.0) * (n - 2.0)),
    ]
}
