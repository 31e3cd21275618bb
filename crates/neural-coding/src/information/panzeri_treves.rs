//! How many responses there are behind those that were seen.

/// The number of relevant responses $\tilde R$ of Panzeri and Treves (1996): of `counts` over an
/// alphabet of `counts.len()` responses.
///
/// The responses seen are fewer than those that can occur. Responses are added one by one, each given
/// a share $\gamma / x$ of the probability that a Bayesian with pseudo-counts gives to the unseen, until
/// the number that would be *expected* to be seen meets the number that *was* seen.
pub(super) fn relevant_responses(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let total = total as f64;
    let seen = counts.iter().filter(|&&n| n > 0).count();
    let most = counts.len();
    let observed = seen as f64;
    if seen == most || total == 0.0 {
        return observed;
    }
    let missed = |p: f64| (total * (-p).ln_1p()).exp();
    let found = |p: f64| if p < 1.0 { 1.0 - missed(p) } else { 1.0 };
    let naive: f64 = counts
        .iter()
        .filter(|&&n| n > 0)
        .map(|&n| found(n as f64 / total))
        .sum();
    let mut previous = most as f64;
    let mut gap = (observed - naive).abs();
    let mut added = 0.0;
    while gap < previous && observed + added < most as f64 {
        added += 1.0;
        let gamma = added * (1.0 - (total / (total + observed)).powf(1.0 / total));
        let scale = (1.0 - gamma) / (total + observed);
        let known = counts.iter().filter(|&&n| n > 0);
        let expected = known.map(|&n| found(scale * (n as f64 + 1.0))).sum::<f64>()
            + added * found(gamma / added);
        previous = gap;
        gap = (observed - expected).abs();
    }
    // The last step went too far, unless the alphabet ended it.
    observed + if gap < previous { added } else { added - 1.0 }
}
