//! Predicted classes against the true ones.

use core::fmt;

use crate::{Error, Real, check_size};

/// The fraction of predictions that are right.
///
/// # Errors
/// [`Error::Shape`] unless there is one prediction for each label, [`Error::Empty`] without any.
pub fn accuracy(predicted: &[usize], labels: &[usize]) -> Result<f64, Error> {
    check_size("predictions of the labels", labels.len(), predicted.len())?;
    if labels.is_empty() {
        return Err(Error::Empty { what: "the labels" });
    }
    let right = predicted.iter().zip(labels).filter(|(p, l)| p == l).count();
    Ok(right as f64 / labels.len() as f64)
}

/// The index of the largest score of each sample, the first of several; scores are one sample after
/// another, `classes` for each. NaN is never the largest.
///
/// # Errors
/// - [`Error::OutOfRange`] without classes;
/// - [`Error::Shape`] if the scores are not whole samples.
pub fn largest<T: Real>(scores: &[T], classes: usize) -> Result<Vec<usize>, Error> {
    if classes == 0 {
        return Err(Error::OutOfRange {
            what: "classes",
            value: 0.0,
            range: "must be at least 1",
        });
    }
    check_size(
        "scores in whole samples",
        scores.len() / classes * classes,
        scores.len(),
    )?;
    Ok(scores
        .chunks_exact(classes)
        .map(|sample| {
            let mut best: Option<usize> = None;
            for (i, v) in sample.iter().enumerate() {
                if !v.to_f64().is_nan() && best.is_none_or(|b| *v > sample[b]) {
                    best = Some(i);
                }
            }
            best.unwrap_or(0)
        })
        .collect())
}

/// How often each class was predicted for each true class.
///
/// With the true positives $t$, false positives $p$ and false negatives $n$ of a class,
/// precision is $t/(t + p)$, recall $t/(t + n)$ and $F_1 = 2t/(2t + p + n)$. Where a quotient is 0/0 the
/// value of the class is `None`; the macro averages take it as 0, over the classes that occur as label
/// or prediction. The micro average of all three, over single-label predictions, is the accuracy.
///
/// ```
/// use neuropil_math::metrics::classification::ConfusionMatrix;
///
/// let confusion = ConfusionMatrix::new(&[0, 1, 1, 2], &[0, 1, 2, 2], 3)?;
/// assert_eq!(confusion.count(2, 1), 1);
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!(confusion.precision(1), Some(0.5));
/// assert_eq!(confusion.recall(2), Some(0.5));
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// One row for each label.
    counts: Vec<usize>,
}

impl ConfusionMatrix {
    /// Counts predictions of `classes` classes, numbered from 0.
    ///
    /// # Errors
    /// - [`Error::Shape`] unless there is one prediction for each label;
    /// - [`Error::Empty`] without any;
    /// - [`Error::OutOfRange`] for a class that is not below `classes`.
    pub fn new(predicted: &[usize], labels: &[usize], classes: usize) -> Result<Self, Error> {
        check_size("predictions of the labels", labels.len(), predicted.len())?;
        if labels.is_empty() {
            return Err(Error::Empty { what: "the labels" });
        }
        let out_of_range = |what, class: usize| Error::OutOfRange {
            what,
            value: class as f64,
            range: "must be below the number of classes",
        };
        let mut counts = vec![0; classes.saturating_mul(classes)];
        for (&p, &l) in predicted.iter().zip(labels) {
            if l >= classes {
                return Err(out_of_range("a label", l));
            }
            if p >= classes {
                return Err(out_of_range("a predicted class", p));
            }
            counts[l * classes + p] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How often `predicted` was predicted for `label`; never, for a class that does not exist.
    #[must_use]
    pub fn count(&self, label: usize, predicted: usize) -> usize {
        if label < self.classes && predicted < self.classes {
            self.counts[label * self.classes + predicted]
        } else {
            0
        }
    }

    fn labelled(&self, class: usize) -> usize {
        (0..self.classes).map(|p| self.count(class, p)).sum()
    }

    fn predicted(&self, class: usize) -> usize {
        (0..self.classes).map(|l| self.count(l, class)).sum()
    }

    /// The fraction of predictions that are right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.classes).map(|c| self.count(c, c)).sum();
        right as f64 / self.counts.iter().sum::<usize>() as f64
    }

    /// Of the predictions of `class`, the fraction that is right; `None` if there are none.
    #[must_use]
    pub fn precision(&self, class: usize) -> Option<f64> {
        ratio(self.count(class, class), self.predicted(class))
    }

    /// Of the samples of `class`, the fraction that was found; `None` if there are none.
    #[must_use]
    pub fn recall(&self, class: usize) -> Option<f64> {
        ratio(self.count(class, class), self.labelled(class))
    }

    /// The harmonic mean of precision and recall; `None` if the class does not occur.
    #[must_use]
    pub fn f1(&self, class: usize) -> Option<f64> {
        ratio(
            2 * self.count(class, class),
            self.labelled(class) + self.predicted(class),
        )
    }

    /// The mean of [`precision`](Self::precision) over the classes that occur.
    #[must_use]
    pub fn macro_precision(&self) -> f64 {
        self.macro_average(Self::precision)
    }

    /// The mean of [`recall`](Self::recall) over the classes that occur.
    #[must_use]
    pub fn macro_recall(&self) -> f64 {
        self.macro_average(Self::recall)
    }

    /// The mean of [`f1`](Self::f1) over the classes that occur.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        self.macro_average(Self::f1)
    }

    /// $F_1$ of the counts summed over the classes: with one label and one prediction for each sample
    /// the same as the accuracy, and as micro precision and micro recall.
    #[must_use]
    pub fn micro_f1(&self) -> f64 {
        self.accuracy()
    }

    fn macro_average(&self, metric: impl Fn(&Self, usize) -> Option<f64>) -> f64 {
        let (mut sum, mut occurring) = (0.0, 0_usize);
        for class in 0..self.classes {
            if self.labelled(class) + self.predicted(class) > 0 {
                sum += metric(self, class).unwrap_or(0.0);
                occurring += 1;
            }
        }
        sum / occurring as f64
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl fmt::Display for ConfusionMatrix {
    /// A table with one row for each label and one column for each prediction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let largest = self.counts.iter().copied().max().unwrap_or(0);
        let width = largest.max(self.classes).to_string().len();
        write!(f, "{:>width$}", "")?;
        for p in 0..self.classes {
            write!(f, " {p:>width$}")?;
        }
        for l in 0..self.classes {
            write!(f, "\n{l:>width$}")?;
            for p in 0..self.classes {
                write!(f, " {:>width$}", self.count(l, p))?;
            }
        }
        Ok(())
    }
}

/// The area under the receiver operating characteristic: the probability that a positive sample
/// scores above a negative one, a tie counting one half.
///
/// Exact: the pairs are counted in integers by rank, in O(n log n). Infinite scores are scores like
/// others.
///
/// ```
/// use neuropil_math::metrics::classification::roc_auc;
///
/// let auc = roc_auc(&[0.1, 0.4, 0.4, 0.8], &[false, false, true, true])?;
/// assert_eq!(auc, 3.5 / 4.0);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// - [`Error::Shape`] unless there is one score for each label, [`Error::Empty`] without any;
/// - [`Error::NonFinite`] if a score is NaN;
/// - [`Error::Undefined`] if all labels are equal.
pub fn roc_auc<T: Real>(scores: &[T], positive: &[bool]) -> Result<f64, Error> {
    check_size("scores of the labels", positive.len(), scores.len())?;
    if scores.is_empty() {
        return Err(Error::Empty { what: "the scores" });
    }
    if let Some(index) = scores.iter().position(|s| s.to_f64().is_nan()) {
        return Err(Error::NonFinite {
            what: "the scores",
            index,
        });
    }
    let mut ranked: Vec<(f64, bool)> = scores
        .iter()
        .zip(positive)
        .map(|(s, &p)| (s.to_f64(), p))
        .collect();
    ranked.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut positives, mut negatives) = (0_u128, 0_u128);
    // Twice the number of pairs in the right order.
    let mut twice = 0_u128;
    // Not by `total_cmp`: -0 and 0 are a tie.
    for tie in ranked.chunk_by(|a, b| a.0 == b.0) {
        let p = tie.iter().filter(|(_, positive)| *positive).count() as u128;
        let n = tie.len() as u128 - p;
        twice += p * (2 * negatives + n);
        positives += p;
        negatives += n;
    }
    if positives == 0 || negatives == 0 {
        return Err(Error::Undefined {
            what: "ROC-AUC",
            why: "there are only positive or only negative samples",
        });
    }
    Ok(twice as f64 / (2 * positives * negatives) as f64)
}
