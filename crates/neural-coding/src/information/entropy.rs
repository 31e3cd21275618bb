use core::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

use super::Histogram;
use super::gamma::digamma;
use super::nsb;
use crate::Error;

/// How an entropy is estimated from counts $n_i$ of $N$ samples; $p_i = n_i / N$, $f_k$ symbols were
/// seen $k$ times.
///
/// When most symbols were seen several times all agree. When many were seen once, [`Nsb`](Self::Nsb)
/// has the least bias if the alphabet is known, [`ChaoShen`](Self::ChaoShen) and
/// [`Grassberger`](Self::Grassberger) if it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Estimator {
    /// $-\sum p_i \log p_i$: too small by about $(K - 1)/2N$.
    #[default]
    Plugin,
    /// Plug-in with that bias added for the symbols seen, $(K_{obs} - 1)/2N$ (Miller 1955).
    MillerMadow,
    /// $\ln N - \frac1N \sum n_i G(n_i)$ with
    /// $G(n) = \psi(n) + \frac{(-1)^n}{2} \[\psi(\frac{n+1}{2}) - \psi(\frac{n}{2})\]$ (Grassberger 2003).
    Grassberger,
    /// $\sum p_i \[\ln N - \psi(n_i) - \frac{(-1)^{n_i}}{n_i + 1}\]$ (Grassberger 1988).
    Grassberger1988,
    /// Coverage $C = 1 - f_1/N$, then Horvitz and Thompson:
    /// $-\sum \frac{C p_i \ln C p_i}{1 - (1 - C p_i)^N}$ (Chao and Shen 2003).
    ChaoShen,
    /// The unseen slope of the accumulation curve extrapolated (Chao, Wang and Jost 2013).
    ChaoWangJost,
    /// Plug-in of $\lambda \frac1K + (1 - \lambda) p_i$ with the $\lambda$ of least expected error
    /// (Hausser and Strimmer 2009). Uses the alphabet.
    Shrinkage,
    /// The mean over Dirichlet priors, mixed so that the entropy is nearly uniform a priori
    /// (Nemenman, Shafee and Bialek 2002). Uses the alphabet.
    Nsb,
    /// $\frac{1}{N+2} \sum (n_i + 1) \sum_{j=n_i+2}^{N+2} \frac1j$ over the symbols seen, balanced for
    /// tiny samples of two symbols (Bonachela, Hinrichsen and Muñoz 2008); of many symbols with many
    /// samples it is bits too large.
    Bonachela,
    /// $\psi(N) - \frac1N \sum n_i \psi(n_i)$ (Zhang 2012, in the form of Schürmann 2015).
    Zhang,
    /// $N H - \frac{N-1}{N} \sum n_i H_{-i}$, with $H_{-i}$ the plug-in value without one sample of
    /// symbol $i$ (Efron and Stein 1981).
    Jackknife,
}

impl Histogram {
    /// The entropy in bits. Of a single symbol that was always seen every estimator but
    /// [`Estimator::Nsb`], [`Estimator::Bonachela`] and Grassberger's two, which are not exact there,
    /// gives 0.
    ///
    /// # Errors
    /// [`Error::TooFew`] for [`Estimator::Jackknife`] of a single sample.
    pub fn entropy(&self, estimator: Estimator) -> Result<f64, Error> {
        Ok(self.nats(estimator)? / LN_2)
    }

    fn nats(&self, estimator: Estimator) -> Result<f64, Error> {
        let total = self.samples as f64;
        Ok(match estimator {
            Estimator::Plugin => plugin(self),
            Estimator::MillerMadow => plugin(self) + (self.observed as f64 - 1.0) / (2.0 * total),
            Estimator::Grassberger => total.ln() - self.sum(|n| n * grassberger(n)) / total,
            Estimator::Grassberger1988 => {
                self.sum(|n| n * (total.ln() - digamma(n) - sign(n) / (n + 1.0))) / total
            }
            Estimator::ChaoShen => chao_shen(self),
            Estimator::ChaoWangJost => chao_wang_jost(self),
            Estimator::Shrinkage => shrinkage(self),
            Estimator::Nsb => nsb::mean_entropy(self),
            Estimator::Bonachela => {
                let end = digamma(total + 3.0);
                self.sum(|n| (n + 1.0) * (end - digamma(n + 2.0))) / (total + 2.0)
            }
            Estimator::Zhang => digamma(total) - self.sum(|n| n * digamma(n)) / total,
            Estimator::Jackknife => jackknife(self)?,
        })
    }

    /// The weight of the uniform distribution in [`Estimator::Shrinkage`], between 0 and 1.
    #[must_use]
    pub fn shrinkage(&self) -> f64 {
        let (total, k) = (self.samples as f64, self.alphabet as f64);
        let unseen = k - self.observed as f64;
        let squares = self.sum(|n| (n / total).powi(2));
        let distance = self.sum(|n| (1.0 / k - n / total).powi(2)) + unseen / (k * k);
        let lambda = (1.0 - squares) / ((total - 1.0) * distance);
        // One sample, or a uniform histogram: nothing speaks against the uniform distribution.
        if lambda.is_finite() {
            lambda.clamp(0.0, 1.0)
        } else {
            1.0
        }
    }
}

/// $(-1)^n$ of a whole number.
fn sign(n: f64) -> f64 {
    if n % 2.0 == 0.0 { 1.0 } else { -1.0 }
}

fn grassberger(n: f64) -> f64 {
    digamma(n) + 0.5 * sign(n) * (digamma(0.5 * (n + 1.0)) - digamma(0.5 * n))
}

fn plugin(histogram: &Histogram) -> f64 {
    let total = histogram.samples as f64;
    (-histogram.sum(|n| n / total * (n / total).ln())).max(0.0)
}

fn chao_shen(histogram: &Histogram) -> f64 {
    let total = histogram.samples as f64;
    let once = histogram.seen(1) as f64;
    // If all were seen once the coverage would be 0; one is taken to be seen again.
    let once = if once == total { total - 1.0 } else { once };
    let coverage = 1.0 - once / total;
    -histogram.sum(|n| {
        let p = coverage * n / total;
        // 1 - (1 - p)^N, which is 1 for p = 1.
        let found = if p < 1.0 {
            -(total * (-p).ln_1p()).exp_m1()
        } else {
            1.0
        };
        p * p.ln() / found
    })
}

fn chao_wang_jost(histogram: &Histogram) -> f64 {
    let total = histogram.samples as f64;
    let seen = digamma(total);
    let known = histogram.sum(|n| n / total * (seen - digamma(n)));
    let (once, twice) = (histogram.seen(1) as f64, histogram.seen(2) as f64);
    if once == 0.0 {
        return known;
    }
    let a = if twice > 0.0 {
        2.0 * twice / ((total - 1.0) * once + 2.0 * twice)
    } else {
        2.0 / ((total - 1.0) * (once - 1.0) + 2.0)
    };
    if a >= 1.0 {
        return known;
    }
    // (1 - A)^(1 - N) times what is left of the series -ln A = Σ (1 - A)^r / r behind r = N - 1; summed
    // from there, because the difference would lose all digits.
    let mut tail = 0.0;
    let mut power = 1.0 - a;
    let mut r = total;
    while power / r > 1e-17 * tail || tail == 0.0 {
        tail += power / r;
        power *= 1.0 - a;
        r += 1.0;
    }
    known + once / total * tail
}

fn shrinkage(histogram: &Histogram) -> f64 {
    let (total, k) = (histogram.samples as f64, histogram.alphabet as f64);
    let lambda = histogram.shrinkage();
    let term = |p: f64| if p > 0.0 { p * p.ln() } else { 0.0 };
    let unseen = k - histogram.observed as f64;
    let seen = histogram.sum(|n| term(lambda / k + (1.0 - lambda) * n / total));
    (-seen - unseen * term(lambda / k)).max(0.0)
}

fn jackknife(histogram: &Histogram) -> Result<f64, Error> {
    let total = histogram.samples as f64;
    if total < 2.0 {
        return Err(Error::TooFew {
            what: "samples of a jackknife",
            needed: 2,
            found: 1,
        });
    }
    // H = ln N - S/N with S = Σ n ln n; without one of n the sum changes in one term.
    let term = |n: f64| if n > 0.0 { n * n.ln() } else { 0.0 };
    let sum = histogram.sum(term);
    let rest = total - 1.0;
    let left_out = histogram.sum(|n| n * (rest.ln() - (sum - term(n) + term(n - 1.0)) / rest));
    Ok(total * plugin(histogram) - rest / total * left_out)
}
