use core::f64::consts::LN_2;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::gamma::digamma;
use crate::Error;

/// Which of the two estimators of Kraskov, Stögbauer and Grassberger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Ksg {
    /// $\psi(k) + \psi(N) - \langle \psi(n_x + 1) + \psi(n_y + 1) \rangle$: the neighbours strictly
    /// nearer in $x$, and in $y$, than the $k$-th in the larger of both. Less spread.
    #[default]
    First,
    /// $\psi(k) - \frac1k + \psi(N) - \langle \psi(n_x) + \psi(n_y) \rangle$: each axis has the radius
    /// of its own among the $k$ neighbours. Less bias in high dimensions.
    Second,
}

/// The mutual information in bits of two continuous variables by the distances to nearest neighbours
/// (Kraskov, Stögbauer and Grassberger 2004, equations 8 and 9), in the maximum norm. `x` and `y` hold a
/// sample in each column; their rows are what is measured together.
///
/// `k` around 4 is usual: less has less bias and more spread. Values that repeat (rounded data) break
/// the theory: add a little noise to them.
///
/// The neighbours are sought in the order of the first row of `x` outward, so that the time grows as
/// $N^{3/2}$ for one-dimensional data.
///
/// # Errors
/// [`Error::Shape`] if the numbers of samples differ, [`Error::TooFew`] for no more than `k` samples or
/// an empty variable, [`Error::OutOfRange`] for `k` of 0, [`Error::NonFinite`] for NaN or infinity.
pub fn ksg(x: &DMatrix<f64>, y: &DMatrix<f64>, k: usize, form: Ksg) -> Result<f64, Error> {
    let samples = x.ncols();
    if y.ncols() != samples {
        return Err(Error::Shape {
            what: "samples of the second variable",
            expected: samples,
            found: y.ncols(),
        });
    }
    if k == 0 {
        return Err(Error::OutOfRange {
            what: "the number of neighbours",
            value: 0.0,
            range: "must be at least 1",
        });
    }
    for (what, needed, found) in [
        ("samples", k.saturating_add(1), samples),
        ("rows of the first variable", 1, x.nrows()),
        ("rows of the second variable", 1, y.nrows()),
    ] {
        if found < needed {
            return Err(Error::TooFew {
                what,
                needed,
                found,
            });
        }
    }
    let (x, y) = (
        Variable::new("the first variable", x)?,
        Variable::new("the second variable", y)?,
    );
    let mut nearest: Vec<(f64, f64, f64)> = Vec::with_capacity(k + 1);
    let mut sum = 0.0;
    for i in 0..samples {
        neighbours(&x, &y, i, k, &mut nearest);
        sum += match form {
            Ksg::First => {
                let radius = nearest[k - 1].0;
                let count = |v: &Variable<'_>| v.within(i, |d| d < radius) as f64;
                digamma(count(&x) + 1.0) + digamma(count(&y) + 1.0)
            }
            Ksg::Second => {
                let radius =
                    |f: fn(&(f64, f64, f64)) -> f64| nearest.iter().map(f).fold(0.0, f64::max);
                let (rx, ry) = (radius(|n| n.1), radius(|n| n.2));
                digamma(x.within(i, |d| d <= rx) as f64) + digamma(y.within(i, |d| d <= ry) as f64)
            }
        };
    }
    let count = samples as f64;
    let start = match form {
        Ksg::First => digamma(k as f64),
        Ksg::Second => digamma(k as f64) - 1.0 / k as f64,
    };
    Ok((start + digamma(count) - sum / count) / LN_2)
}

/// The `k` nearest of sample `i`, by the larger of the two distances: that, and both.
fn neighbours(
    x: &Variable<'_>,
    y: &Variable<'_>,
    i: usize,
    k: usize,
    nearest: &mut Vec<(f64, f64, f64)>,
) {
    nearest.clear();
    let place = x.rank[i];
    let (mut below, mut above) = (place, place + 1);
    loop {
        let gap = |rank: Option<usize>| {
            rank.and_then(|r| x.order.get(r))
                .map_or(f64::INFINITY, |&j| x.first_gap(i, j))
        };
        let (down, up) = (gap(below.checked_sub(1)), gap(Some(above)));
        let worst = if nearest.len() == k {
            nearest[k - 1].0
        } else {
            f64::INFINITY
        };
        let least = down.min(up);
        if least > worst || least == f64::INFINITY {
            return;
        }
        let j = if down <= up {
            below -= 1;
            x.order[below]
        } else {
            above += 1;
            x.order[above - 1]
        };
        let (dx, dy) = (x.distance(i, j), y.distance(i, j));
        let d = dx.max(dy);
        if d < worst {
            nearest.truncate(k - 1);
            let at = nearest.partition_point(|n| n.0 <= d);
            nearest.insert(at, (d, dx, dy));
        }
    }
}

/// Samples with their order along the first row.
struct Variable<'a> {
    data: &'a DMatrix<f64>,
    order: Vec<usize>,
    rank: Vec<usize>,
}

impl<'a> Variable<'a> {
    fn new(what: &'static str, data: &'a DMatrix<f64>) -> Result<Self, Error> {
        if let Some(index) = data.iter().position(|v| !v.is_finite()) {
            return Err(Error::NonFinite { what, index });
        }
        let mut order: Vec<usize> = (0..data.ncols()).collect();
        order.sort_by(|&a, &b| data[(0, a)].total_cmp(&data[(0, b)]));
        let mut rank = vec![0; order.len()];
        for (place, &sample) in order.iter().enumerate() {
            rank[sample] = place;
        }
        Ok(Self { data, order, rank })
    }

    fn first_gap(&self, i: usize, j: usize) -> f64 {
        (self.data[(0, i)] - self.data[(0, j)]).abs()
    }

    fn distance(&self, i: usize, j: usize) -> f64 {
        let (a, b) = (self.data.column(i), self.data.column(j));
        a.iter()
            .zip(b.iter())
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    }

    /// How many samples but `i` itself lie at a distance that `near` accepts; it accepts all that are
    /// smaller than one it accepts.
    fn within(&self, i: usize, near: impl Fn(f64) -> bool) -> usize {
        let (below, above) = self.order.split_at(self.rank[i]);
        let above = &above[1..];
        let first = below.partition_point(|&j| !near(self.first_gap(i, j)));
        let last = above.partition_point(|&j| near(self.first_gap(i, j)));
        if self.data.nrows() == 1 {
            return below.len() - first + last;
        }
        let candidates = below[first..].iter().chain(&above[..last]);
        candidates.filter(|&&j| near(self.distance(i, j))).count()
    }
}
