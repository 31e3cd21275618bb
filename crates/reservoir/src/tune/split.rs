use core::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Which samples a model learns from, which it is judged by, and which are kept for the end.
///
/// All parts are counted from the end of the series, so that the latest samples are used, and come one
/// after the other: no model is judged by samples older than those that it learned from. The last part,
/// the test, has no influence on the search; the [tuned](crate::tune::Tuned) model is judged by it once.
///
/// ```
/// use neuropil_reservoir::tune::Split;
///
/// let split = Split::Lengths { train: 600, validation: 200, test: 100 };
/// let folds = split.folds(1000)?;
/// assert_eq!((folds[0].training.clone(), folds[0].validation.clone()), (100..700, 700..900));
///
/// let split = Split::RollingOrigin { folds: 2, validation: 100, window: None, test: 100 };
/// let folds = split.folds(1000)?;
/// assert_eq!((folds[0].training.clone(), folds[0].validation.clone()), (0..700, 700..800));
/// assert_eq!((folds[1].training.clone(), folds[1].validation.clone()), (0..800, 800..900));
/// assert_eq!(split.test(1000), 900..1000);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Split {
    /// One model, trained on `train` samples and judged by the `validation` samples after them.
    Lengths {
        /// Samples to learn from.
        train: usize,
        /// Samples to judge by.
        validation: usize,
        /// Samples that are kept for the end; may be 0.
        test: usize,
    },
    /// A model for each of `folds` validation parts, trained on the samples before it.
    RollingOrigin {
        /// How many parts, each after the one before.
        folds: usize,
        /// Samples of each part.
        validation: usize,
        /// How many samples a model learns from; all from the beginning if nothing is given.
        window: Option<usize>,
        /// Samples that are kept for the end; may be 0.
        test: usize,
    },
}

/// A training part and the validation part after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    /// Samples to learn from.
    pub training: Range<usize>,
    /// Samples to judge by.
    pub validation: Range<usize>,
}

impl Split {
    /// The folds of a series of so many samples.
    ///
    /// # Errors
    /// If a part but the test is empty, or the series is too short.
    pub fn folds(&self, samples: usize) -> Result<Vec<Fold>, Error> {
        let (folds, train, validation, window, test) = match *self {
            Self::Lengths {
                train,
                validation,
                test,
            } => (1, train, validation, Some(train), test),
            Self::RollingOrigin {
                folds,
                validation,
                window,
                test,
            } => (folds, window.unwrap_or(1), validation, window, test),
        };
        for (what, size) in [
            ("folds of the split", folds),
            ("training samples of the split", train),
            ("validation samples of the split", validation),
        ] {
            if size == 0 {
                return Err(neuropil_math::Error::OutOfRange {
                    what,
                    value: 0.0,
                    range: "must be 1 at least",
                }
                .into());
            }
        }
        let needed = folds
            .saturating_mul(validation)
            .saturating_add(train)
            .saturating_add(test);
        if samples < needed {
            return Err(Error::TooShort {
                what: "series to be split",
                needed,
                found: samples,
            });
        }
        let first = samples - test - folds * validation;
        Ok((0..folds)
            .map(|fold| {
                let start = first + fold * validation;
                Fold {
                    training: window.map_or(0, |window| start - window)..start,
                    validation: start..start + validation,
                }
            })
            .collect())
    }

    /// How many samples a model learns from, if that is the same for all.
    pub(super) fn window(&self) -> Option<usize> {
        match *self {
            Self::Lengths { train, .. } => Some(train),
            Self::RollingOrigin { window, .. } => window,
        }
    }

    /// The samples that are kept for the end.
    #[must_use]
    pub fn test(&self, samples: usize) -> Range<usize> {
        let (Self::Lengths { test, .. } | Self::RollingOrigin { test, .. }) = *self;
        samples.saturating_sub(test)..samples
    }
}
