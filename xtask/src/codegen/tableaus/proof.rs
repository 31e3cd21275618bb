//! Order conditions, and what is left of them.

use anyhow::{bail, ensure};

use super::file::{self, Tableau};
use super::fixed::{FRACTION, Fixed};
use super::trees::{self, Tree};

/// A condition that fails by less than this is taken to hold by mistake: one order more than stated.
const FAILS: (u64, u64) = (1, 10_000_000);

/// What rounding may leave of a condition.
#[derive(Debug, Clone, Copy)]
pub(super) enum Allowed {
    /// Nothing: all coefficients are fractions over this denominator.
    Exact(u128),
    /// As much as the published digits leave.
    Digits(Fixed),
}

/// Conditions that hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof {
    pub(super) conditions: usize,
    pub(super) worst: Fixed,
}

impl Allowed {
    /// The setting `key` of a file.
    pub(super) fn read(file: &Tableau, key: &str) -> anyhow::Result<Self> {
        match (file.text(key)?, file.denominator) {
            ("exact", Some(denominator)) => Ok(Self::Exact(denominator)),
            ("exact", None) => bail!("{key} exact, but not all coefficients are small fractions"),
            (text, _) => Ok(Self::Digits(file::value(text)?)),
        }
    }

    /// The largest residual of a condition whose terms are products of `factors` coefficients, over
    /// `density`.
    ///
    /// A residual of fractions over `d` is a multiple of 1 / (d^factors density), so that one below
    /// that is zero. The computed one errs by much less than 2^-400.
    pub(super) fn bound(self, factors: usize, density: u64) -> anyhow::Result<Fixed> {
        match self {
            Self::Digits(bound) => Ok(bound),
            Self::Exact(denominator) => {
                let bits = factors as f64 * (denominator as f64).log2() + (density as f64).log2();
                let enough = FRACTION - 112;
                ensure!(
                    bits < enough as f64,
                    "the common denominator {denominator} is too large for an exact proof"
                );
                Ok(Fixed::tiny(enough))
            }
        }
    }
}

impl Default for Proof {
    /// No condition yet.
    fn default() -> Self {
        Self {
            conditions: 0,
            worst: Fixed::ZERO,
        }
    }
}

impl Proof {
    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            conditions: self.conditions + other.conditions,
            worst: self.larger(other.worst),
        }
    }

    fn larger(self, residual: Fixed) -> Fixed {
        if residual.abs() > self.worst {
            residual.abs()
        } else {
            self.worst
        }
    }

    /// One more condition, which must hold.
    pub(super) fn require(
        &mut self,
        residual: Fixed,
        bound: Fixed,
        what: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        self.conditions += 1;
        self.worst = self.larger(residual);
        ensure!(
            residual.abs() <= bound,
            "{} fails by {:.1e}, {:.1e} is allowed",
            what(),
            residual.to_f64(),
            bound.to_f64()
        );
        Ok(())
    }
}

/// Proves that the weights `b` have exactly this order: Σ b Φ(t) = 1 / γ(t) for all trees up to it,
/// and not for all of the next order.
pub(super) fn order(
    what: &str,
    b: &[Fixed],
    trees: &[Tree],
    phi: &[Vec<Fixed>],
    order: usize,
    allowed: Allowed,
) -> anyhow::Result<Proof> {
    let b = b.to_vec();
    conditions(what, &[b], |_, _| true, trees, phi, order, allowed)
}

/// Proves that the polynomials `b[p]` of $\theta^{p+1}$ have exactly this order: power by power,
/// $\sum b(\theta) \Phi(t) = \theta^{|t|} / \gamma(t)$.
pub(super) fn dense_order(
    what: &str,
    b: &[Vec<Fixed>],
    trees: &[Tree],
    phi: &[Vec<Fixed>],
    order: usize,
    allowed: Allowed,
) -> anyhow::Result<Proof> {
    let power = |p, tree: &Tree| p + 1 == tree.order;
    conditions(what, b, power, trees, phi, order, allowed)
}

/// The rows of `b` for which `counts` says so must give 1 / γ, the others zero.
fn conditions(
    what: &str,
    b: &[Vec<Fixed>],
    counts: impl Fn(usize, &Tree) -> bool,
    trees: &[Tree],
    phi: &[Vec<Fixed>],
    order: usize,
    allowed: Allowed,
) -> anyhow::Result<Proof> {
    let mut proof = Proof::default();
    let mut beyond = false;
    for (index, tree) in trees.iter().enumerate() {
        let exact = Fixed::fraction(1, tree.density);
        for (p, b) in b.iter().enumerate() {
            let left: Fixed = b.iter().zip(&phi[index]).map(|(&b, &phi)| b * phi).sum();
            let residual = if counts(p, tree) { left - exact } else { left };
            if tree.order <= order {
                let bound = allowed.bound(tree.order, tree.density)?;
                proof.require(residual, bound, || {
                    let tree = trees::name(trees, index);
                    format!(
                        "{what}: the condition of order {} for the tree {tree}",
                        trees[index].order
                    )
                })?;
            } else if tree.order == order + 1 {
                beyond |= residual.abs() > Fixed::fraction(FAILS.0, FAILS.1);
            }
        }
    }
    ensure!(
        beyond,
        "{what}: order {order} is stated, but all conditions of order {} hold too",
        order + 1
    );
    Ok(proof)
}
