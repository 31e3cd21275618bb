use serde::{Deserialize, Serialize};

use crate::Error;

/// Successive halving: many trials on a small budget, the best of them on a larger one, and so on.
///
/// Rung $r$ gives each of its trials the budget $b_r = \min(b_0 \eta^r, b_{\max})$, and the best
/// $\lfloor n_r / \eta \rfloor$ of its $n_r$ trials (one at least) go on to the next rung; the last
/// rung is that of $b_{\max}$. What a unit of budget is (training samples, seeds) is the objective's
/// business: [`Trial::budget`](crate::tune::Trial::budget) tells it. A trial that goes on gets the
/// random numbers that it had before.
///
/// ```
/// use neuropil_reservoir::tune::Halving;
///
/// let halving = Halving { smallest: 100, largest: 900, reduction: 3 };
/// assert_eq!(halving.rungs(27), [(27, 100), (9, 300), (3, 900)]);
/// assert_eq!(halving.total(27), 27 * 100 + 9 * 300 + 3 * 900);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
///
/// Source: Jamieson and Talwalkar, *Non-stochastic best arm identification and hyperparameter
/// optimization*, AISTATS (2016), algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halving {
    /// The budget $b_0$ of a trial in the first rung.
    pub smallest: usize,
    /// The budget $b_{\max}$ of a trial in the last rung.
    pub largest: usize,
    /// The factor $\eta$ by which budgets grow and trials become fewer: 2 at least.
    pub reduction: usize,
}

impl Halving {
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (what, value, least) in [
            ("the smallest budget", self.smallest, 1),
            ("the largest budget", self.largest, self.smallest),
            ("the reduction of successive halving", self.reduction, 2),
        ] {
            if value < least {
                return Err(neuropil_math::Error::OutOfRange {
                    what,
                    value: value as f64,
                    range: if what == "the largest budget" {
                        "must not be below the smallest"
                    } else if least == 1 {
                        "must be 1 at least"
                    } else {
                        "must be 2 at least"
                    },
                }
                .into());
            }
        }
        Ok(())
    }

    /// Trials and budget of each rung, if `trials` begin and enough of them succeed.
    #[must_use]
    pub fn rungs(&self, trials: usize) -> Vec<(usize, usize)> {
        let (mut count, mut budget) = (trials, self.smallest);
        let mut rungs = vec![(count, budget)];
        // An unchecked reduction of 0 or 1 must not go on for ever.
        let reduction = self.reduction.max(2);
        while budget < self.largest && budget > 0 {
            count = (count / reduction).max(1);
            budget = budget.saturating_mul(reduction).min(self.largest);
            rungs.push((count, budget));
        }
        rungs
    }

    /// The budget of all of these together.
    #[must_use]
    pub fn total(&self, trials: usize) -> usize {
        self.rungs(trials)
            .iter()
            .fold(0, |sum: usize, (count, budget)| {
                sum.saturating_add(count.saturating_mul(*budget))
            })
    }
}
