//! How many responses there are behind those that were seen.

use super::Histogram;

/// The number of relevant responses $\tilde R$ of Panzeri and Treves (1996).
///
/// The responses seen are fewer than those that can occur. Responses are added one by one, each given
/// a share $\gamma / x$ of the probability that a Bayesian with pseudo-counts gives to the unseen, until
/// the number that would be *expected* to be seen meets the number that *was* seen.
pub(super) fn relevant_responses(histogram: &Histogram) -> f64 {
    let total = histogram.samples as f64;
    let most = histogram.alphabet as f64;
    let observed = histogram.observed as f64;
    if histogram.observed == histogram.alphabet {
        return observed;
    }
    let missed = |p: f64| (total * (-p).ln_1p()).exp();
    let found = |p: f64| if p < 1.0 { 1.0 - missed(p) } else { 1.0 };
    let naive = histogram.sum(|n| found(n / total));
    let mut previous = most;
    let mut gap = (observed - naive).abs();
    let mut added = 0.0;
    while gap < previous && observed + added < most {
        added += 1.0;
        let gamma = added * (1.0 - (total / (total + observed)).powf(1.0 / total));
        let scale = (1.0 - gamma) / (total + observed);
        let expected = histogram.sum(|n| found(scale * (n + 1.0))) + added * found(gamma / added);
        previous = gap;
        gap = (observed - expected).abs();
    }
    // The last step went too far, unless the alphabet ended it.
    observed + if gap < previous { added } else { added - 1.0 }
}
