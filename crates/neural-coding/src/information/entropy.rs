use core::f64::consts::LN_2;

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contingency::{MAX_CELLS, at_zero, shuffle, spread};
use super::gamma::digamma;
use super::nsb;
use super::panzeri_treves::relevant_responses;
use super::{Histogram, Spread};
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
    /// Plug-in with $(\tilde R - 1)/2N$ added, where $\tilde R$ is how many symbols are expected to occur
    /// by Bayesian counting (Panzeri and Treves 1996). Uses the alphabet.
    PanzeriTreves,
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

    /// Quadratic extrapolation (Strong et al. 1998): the estimates from all samples, from random halves
    /// and from random quarters, fitted by $H_N = H + a/N + b/N^2$; returns the mean and the deviation of
    /// $H$ over `repeats` divisions, in bits.
    ///
    /// ```
    /// use neuropil_neural_coding::information::{Estimator, Histogram};
    /// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
    ///
    /// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    /// // Four bits: each of 16 symbols as often as it should be.
    /// let seen = Histogram::new(&[8; 16])?;
    /// let plugin = seen.entropy(Estimator::Plugin)?;
    /// let bits = seen.extrapolated(Estimator::Plugin, 20, &mut rng)?;
    /// assert!(bits.mean > plugin);
    /// # Ok::<(), neuropil_neural_coding::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two repeats or eight samples, [`Error::TooLarge`] for more samples
    /// than can be dealt, and those of [`entropy`](Self::entropy).
    pub fn extrapolated<R: Rng + ?Sized>(
        &self,
        estimator: Estimator,
        repeats: usize,
        rng: &mut R,
    ) -> Result<Spread, Error> {
        let samples = usize::try_from(self.samples).unwrap_or(usize::MAX);
        if samples < 8 {
            return Err(Error::TooFew {
                what: "samples of an extrapolation",
                needed: 8,
                found: samples,
            });
        }
        if samples > MAX_CELLS {
            return Err(Error::TooLarge {
                what: "samples to deal out",
                size: samples,
                limit: MAX_CELLS,
            });
        }
        // Which symbol each sample was: their order plays no part.
        let counts = self.multiplicities.iter();
        let counts = counts.flat_map(|&(n, many)| (0..many).map(move |_| n as usize));
        let symbols = counts.enumerate();
        let mut symbols: Vec<usize> = symbols
            .flat_map(|(symbol, n)| core::iter::repeat_n(symbol, n))
            .collect();
        let whole = self.entropy(estimator)?;
        spread(repeats, || {
            shuffle(&mut symbols, rng);
            // Equal parts, so that their mean has one N; up to three samples are left over.
            let of_parts = |parts: usize| -> Result<(f64, f64), Error> {
                let size = symbols.len() / parts;
                let mut sum = 0.0;
                for part in symbols.chunks_exact(size).take(parts) {
                    let mut counts = vec![0; self.observed as usize];
                    for &symbol in part {
                        counts[symbol] += 1;
                    }
                    let mut of_part = Self::new(&counts)?;
                    of_part.alphabet = self.alphabet;
                    sum += of_part.entropy(estimator)?;
                }
                Ok((1.0 / size as f64, sum / parts as f64))
            };
            let points = [(1.0 / samples as f64, whole), of_parts(2)?, of_parts(4)?];
            Ok(at_zero(points))
        })
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
            Estimator::PanzeriTreves => {
                plugin(self) + (relevant_responses(self) - 1.0) / (2.0 * total)
            }
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
