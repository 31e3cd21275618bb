use nalgebra::{DMatrix, DVector};
use neuropil_math::metrics::classification::largest;
use neuropil_math::ridge::RidgePath;
use neuropil_math::statistics::{RunningMoments, Standardizer};
use neuropil_math::{Real, check_size};
use rand::Rng;

use crate::classify::pool::pool;
use crate::reservoir::series::{allocate, check_samples, check_series};
use crate::selection::{self, ClosedLoopScore, LambdaChoice};
use crate::{
    ClassifierConfig, Error, Lambda, Pooling, Reservoir, ReservoirState, Ridge, RidgeConfig,
    RidgeMethod,
};

/// A classifier of sequences: a reservoir, what is [pooled](Pooling) of its states, and a ridge
/// regression on the classes.
///
/// Every sequence (channels × time, each of its own length) is run from rest. The readout learns scores
/// $W \varphi + b$ of which that of the sequence's class is 1 and all others are 0; the largest score
/// tells the class. Classes are counted from 0.
///
/// # Limits
/// The states of one sequence at a time, and the pooled features of all of them, are held in memory.
/// Scores are no probabilities.
///
/// Source: Lukoševičius and Jaeger, *Reservoir computing approaches to recurrent neural network
/// training*, Computer Science Review 3, 127–149 (2009), section 8.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_reservoir::{Classifier, ClassifierConfig};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// // Slow and quick waves, of several lengths and phases.
/// let wave = |class: usize, i: usize| {
///     let speed = if class == 0 { 0.2 } else { 0.5 };
///     DMatrix::from_fn(1, 20 + i, |_, t| (speed * t as f64 + i as f64).sin())
/// };
/// let labels: Vec<usize> = (0..40).map(|i| i % 2).collect();
/// let sequences: Vec<_> = labels.iter().enumerate().map(|(i, &c)| wave(c, i)).collect();
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut model = Classifier::<f64>::new(ClassifierConfig::default(), 1, &mut rng)?;
/// model.fit(&sequences, &labels)?;
/// assert_eq!(model.predict(&wave(0, 50))?, 0);
/// assert_eq!(model.predict(&wave(1, 51))?, 1);
/// # Ok::<(), neuropil_reservoir::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Classifier<T: Real> {
    pub(super) config: ClassifierConfig,
    pub(super) reservoir: Reservoir<T>,
    pub(super) fitted: Option<Fitted<T>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fitted<T: Real> {
    pub(super) standardizer: Option<Standardizer>,
    /// Classes × features.
    pub(super) weights: DMatrix<T>,
    pub(super) intercept: DVector<T>,
    pub(super) choice: LambdaChoice,
}

/// A sequence that arrives sample by sample.
#[derive(Debug, Clone)]
pub struct ClassifierState<T> {
    reservoir: ReservoirState<T>,
    input: Vec<T>,
    /// Of the states, and of the inputs after them.
    sums: Vec<T>,
    seen: usize,
    features: Vec<T>,
}

impl<T: Real> ClassifierState<T> {
    /// How many samples of the sequence it has seen.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// A new sequence begins.
    pub fn reset(&mut self) {
        self.reservoir.reset();
        self.sums.fill(T::zero());
        self.seen = 0;
    }
}

impl<T: Real> Classifier<T> {
    /// A classifier of sequences of `inputs` channels that is not fitted yet; draws its
    /// [`Reservoir`].
    ///
    /// # Errors
    /// Those of [`ClassifierConfig::check`] and [`Reservoir::new`], and without inputs.
    pub fn new<R: Rng + ?Sized>(
        config: ClassifierConfig,
        inputs: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        config.check()?;
        if inputs == 0 {
            return Err(neuropil_math::Error::Empty { what: "inputs" }.into());
        }
        let reservoir = Reservoir::new(&config.reservoir, inputs, rng)?;
        Ok(Self {
            config,
            reservoir,
            fitted: None,
        })
    }

    /// Learns from sequences (channels × time) and their classes. Every class from 0 to the largest
    /// must occur.
    ///
    /// # Errors
    /// If there is not one label for each sequence, fewer than two classes occur or one is missing; if a
    /// sequence has other channels, no samples, or NaN or infinity (with channel and time, and the
    /// sequence: [`Error::Sequence`]); if the states diverge; if the regression cannot be solved.
    pub fn fit(&mut self, sequences: &[DMatrix<T>], labels: &[usize]) -> Result<(), Error> {
        check_size("labels of the sequences", sequences.len(), labels.len())?;
        let classes = count_classes(labels)?;
        for (index, sequence) in sequences.iter().enumerate() {
            self.check_sequence(sequence)
                .map_err(|e| Error::sequence(index, e))?;
        }
        let standardizer = if self.config.standardise {
            let mut moments = RunningMoments::new(self.reservoir.inputs());
            for sequence in sequences {
                moments.add_columns(sequence)?;
            }
            Some(Standardizer::from_moments(&moments)?)
        } else {
            None
        };
        let size = self.feature_count()?;
        let mut features = allocate(size, sequences.len())?;
        features.clear();
        let order = self.order(sequences.len());
        for &index in &order {
            self.pool(&sequences[index], standardizer.as_ref(), &mut features)
                .map_err(|e| Error::sequence(index, e))?;
        }
        let x = DMatrix::from_vec(size, sequences.len(), features);
        let mut y = DMatrix::zeros(classes, sequences.len());
        for (column, &index) in order.iter().enumerate() {
            y[(labels[index], column)] = T::one();
        }
        let (ridge, choice) = match self.config.lambda {
            Lambda::Fixed(lambda) => {
                let config = RidgeConfig {
                    lambda,
                    intercept: true,
                    method: RidgeMethod::Auto,
                };
                (Ridge::fit(&x, &y, &config)?, LambdaChoice::fixed(lambda))
            }
            ref lambda => {
                let path = RidgePath::new(&x, &y, true)?;
                // A choice by forecasts was refused by the settings.
                let mut never = |_: &Ridge<T>| Ok(ClosedLoopScore::default());
                selection::choose(&path, lambda, &mut never)?
            }
        };
        let (weights, intercept) = ridge.into_parts();
        self.fitted = Some(Fitted {
            standardizer,
            weights,
            intercept,
            choice,
        });
        Ok(())
    }

    /// The class of a sequence (channels × time): the first that has the largest score.
    ///
    /// # Errors
    /// As [`scores`](Self::scores).
    pub fn predict(&self, sequence: &DMatrix<T>) -> Result<usize, Error> {
        Ok(class_of(&self.scores(sequence)?))
    }

    /// The classes of several sequences.
    ///
    /// # Errors
    /// As [`scores`](Self::scores), with the number of the sequence: [`Error::Sequence`].
    pub fn predict_many(&self, sequences: &[DMatrix<T>]) -> Result<Vec<usize>, Error> {
        let scores = self.scores_many(sequences)?;
        Ok(largest(scores.as_slice(), scores.nrows())?)
    }

    /// The score of every class for a sequence (channels × time).
    ///
    /// # Errors
    /// If the model is not fitted; if the sequence has other channels, no samples, or NaN or infinity;
    /// if the states diverge.
    pub fn scores(&self, sequence: &DMatrix<T>) -> Result<Vec<T>, Error> {
        let fitted = self.fitted()?;
        self.check_sequence(sequence)?;
        let mut features = Vec::with_capacity(fitted.weights.ncols());
        self.pool(sequence, fitted.standardizer.as_ref(), &mut features)?;
        let mut scores = vec![T::zero(); fitted.weights.nrows()];
        fitted.scores_into(&features, &mut scores);
        Ok(scores)
    }

    /// The scores of several sequences, classes × sequences.
    ///
    /// # Errors
    /// As [`scores`](Self::scores), with the number of the sequence: [`Error::Sequence`].
    pub fn scores_many(&self, sequences: &[DMatrix<T>]) -> Result<DMatrix<T>, Error> {
        let classes = self.fitted()?.weights.nrows();
        let mut all = allocate(classes, sequences.len())?;
        for (index, (sequence, out)) in sequences
            .iter()
            .zip(all.chunks_exact_mut(classes))
            .enumerate()
        {
            let scores = self
                .scores(sequence)
                .map_err(|e| Error::sequence(index, e))?;
            out.copy_from_slice(&scores);
        }
        Ok(DMatrix::from_vec(classes, sequences.len(), all))
    }

    /// What the readout sees of several sequences, features × sequences: for readouts of another kind.
    ///
    /// # Errors
    /// As [`scores`](Self::scores), with the number of the sequence: [`Error::Sequence`].
    pub fn features(&self, sequences: &[DMatrix<T>]) -> Result<DMatrix<T>, Error> {
        let fitted = self.fitted()?;
        let size = fitted.weights.ncols();
        let mut features = allocate(size, sequences.len())?;
        features.clear();
        for (index, sequence) in sequences.iter().enumerate() {
            self.check_sequence(sequence)
                .and_then(|()| self.pool(sequence, fitted.standardizer.as_ref(), &mut features))
                .map_err(|e| Error::sequence(index, e))?;
        }
        Ok(DMatrix::from_vec(size, sequences.len(), features))
    }

    /// A sequence that has not begun, for [`step`](Self::step).
    ///
    /// # Errors
    /// If the model is not fitted, or pools segments: where they end is known only at the end of the
    /// sequence.
    pub fn state(&self) -> Result<ClassifierState<T>, Error> {
        let fitted = self.fitted()?;
        if self
            .config
            .pooling
            .iter()
            .any(|p| matches!(p, Pooling::Segments(_)))
        {
            return Err(neuropil_math::Error::Undefined {
                what: "the class of a sequence that goes on",
                why: "segments are known at its end",
            }
            .into());
        }
        let inputs = self.reservoir.inputs();
        Ok(ClassifierState {
            reservoir: self.reservoir.state(),
            input: vec![T::zero(); inputs],
            sums: vec![T::zero(); self.reservoir.units() + inputs],
            seen: 0,
            features: vec![T::zero(); fitted.weights.ncols()],
        })
    }

    /// Takes in one more sample of a sequence and writes the scores of what there is of it, one for each
    /// class; those of [`scores`](Self::scores) up to rounding. Allocates nothing.
    ///
    /// # Errors
    /// If the model is not fitted, a slice or the state is of another size, or the sample holds NaN or
    /// infinity: nothing is changed then.
    pub fn step(
        &self,
        state: &mut ClassifierState<T>,
        input: &[T],
        scores: &mut [T],
    ) -> Result<(), Error> {
        let fitted = self.fitted()?;
        let channels = self.reservoir.inputs();
        let units = self.reservoir.units();
        check_size("channels of the input", channels, input.len())?;
        check_size("scores", fitted.weights.nrows(), scores.len())?;
        check_size("sums of the state", units + channels, state.sums.len())?;
        check_size(
            "features of the state",
            fitted.weights.ncols(),
            state.features.len(),
        )?;
        check_samples("input", input, channels)?;
        state.input.copy_from_slice(input);
        if let Some(standardizer) = &fitted.standardizer {
            standardizer.apply_sample(&mut state.input)?;
        }
        self.reservoir.step(&mut state.reservoir, &state.input)?;
        state.seen += 1;
        let newest = || state.reservoir.values().iter().chain(&state.input);
        for (sum, &value) in state.sums.iter_mut().zip(newest()) {
            *sum += value;
        }
        let size = if self.config.inputs {
            units + channels
        } else {
            units
        };
        let share = T::of(1.0 / state.seen as f64);
        for (pooling, block) in self
            .config
            .pooling
            .iter()
            .zip(state.features.chunks_exact_mut(size))
        {
            if *pooling == Pooling::Last {
                for (feature, &value) in block.iter_mut().zip(newest()) {
                    *feature = value;
                }
            } else {
                for (feature, &sum) in block.iter_mut().zip(&state.sums) {
                    *feature = sum * share;
                }
            }
        }
        fitted.scores_into(&state.features, scores);
        Ok(())
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ClassifierConfig {
        &self.config
    }

    /// The reservoir.
    #[must_use]
    pub fn reservoir(&self) -> &Reservoir<T> {
        &self.reservoir
    }

    /// The number of classes.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn classes(&self) -> Result<usize, Error> {
        Ok(self.fitted()?.weights.nrows())
    }

    /// $W$, classes × features: block after block of [`pooling`](ClassifierConfig::pooling), in each
    /// the units and then the inputs if they are seen.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn weights(&self) -> Result<&DMatrix<T>, Error> {
        Ok(&self.fitted()?.weights)
    }

    /// $b$, one for each class.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn intercept(&self) -> Result<&DVector<T>, Error> {
        Ok(&self.fitted()?.intercept)
    }

    /// The λ of the readout, and what it was chosen from.
    ///
    /// # Errors
    /// [`Error::NotFitted`].
    pub fn lambda(&self) -> Result<&LambdaChoice, Error> {
        Ok(&self.fitted()?.choice)
    }

    pub(super) fn fitted(&self) -> Result<&Fitted<T>, Error> {
        self.fitted.as_ref().ok_or(Error::NotFitted)
    }

    pub(super) fn feature_count(&self) -> Result<usize, Error> {
        let inputs = self.reservoir.inputs();
        self.config.features(inputs).ok_or(Error::OutOfMemory {
            features: usize::MAX,
            samples: 1,
        })
    }

    fn check_sequence(&self, sequence: &DMatrix<T>) -> Result<(), Error> {
        check_series("sequence", sequence, self.reservoir.inputs(), 1)
    }

    /// The order in which the regression sees the sequences: its folds are blocks.
    fn order(&self, count: usize) -> Vec<usize> {
        match self.config.lambda {
            Lambda::Folds { folds, .. } if folds <= count => interleaved(count, folds),
            _ => (0..count).collect(),
        }
    }

    /// Appends the features of one sequence.
    fn pool(
        &self,
        sequence: &DMatrix<T>,
        standardizer: Option<&Standardizer>,
        features: &mut Vec<T>,
    ) -> Result<(), Error> {
        let scaled;
        let sequence = match standardizer {
            Some(standardizer) => {
                let mut copy = sequence.clone();
                standardizer.apply(&mut copy)?;
                scaled = copy;
                &scaled
            }
            None => sequence,
        };
        let states = self.reservoir.run(&mut self.reservoir.state(), sequence)?;
        for &pooling in &self.config.pooling {
            pool(pooling, states.as_slice(), states.nrows(), features);
            if self.config.inputs {
                pool(pooling, sequence.as_slice(), sequence.nrows(), features);
            }
        }
        Ok(())
    }
}

impl<T: Real> Fitted<T> {
    fn scores_into(&self, features: &[T], scores: &mut [T]) {
        scores.copy_from_slice(self.intercept.as_slice());
        let columns = self.weights.as_slice().chunks_exact(scores.len());
        for (&feature, column) in features.iter().zip(columns) {
            for (score, &weight) in scores.iter_mut().zip(column) {
                *score += weight * feature;
            }
        }
    }
}

/// An order whose blocks, from $\lfloor ic/k \rfloor$ to $\lfloor (i+1)c/k \rfloor$ of the count $c$, hold every
/// $k$-th sequence each.
fn interleaved(count: usize, folds: usize) -> Vec<usize> {
    // Of the remainders modulo k, the first ones occur once more; so do some of the blocks.
    let longer = count % folds;
    let (mut long, mut short) = (0..longer, longer..folds);
    (0..folds)
        .filter_map(|fold| {
            let size = (fold + 1) * count / folds - fold * count / folds;
            if size > count / folds {
                long.next()
            } else {
                short.next()
            }
        })
        .flat_map(|remainder| (remainder..count).step_by(folds))
        .collect()
}

fn class_of<T: Real>(scores: &[T]) -> usize {
    let mut best = 0;
    for (class, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = class;
        }
    }
    best
}

/// How many classes there are, if all of them occur.
fn count_classes(labels: &[usize]) -> Result<usize, Error> {
    let Some(&largest) = labels.iter().max() else {
        return Err(neuropil_math::Error::Empty { what: "sequences" }.into());
    };
    // So many labels cannot name more classes.
    let mut occurs = vec![false; labels.len()];
    for &label in labels {
        if let Some(occurs) = occurs.get_mut(label) {
            *occurs = true;
        }
    }
    match occurs.iter().position(|o| !o) {
        Some(missing) if missing < largest => Err(neuropil_math::Error::OutOfRange {
            what: "a class without sequences",
            value: missing as f64,
            range: "must occur among the labels: classes are counted from 0",
        }
        .into()),
        _ if largest == 0 => Err(neuropil_math::Error::OutOfRange {
            what: "classes",
            value: 1.0,
            range: "must be 2 at least",
        }
        .into()),
        _ => Ok(largest + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_holds_every_kth() {
        for count in 1..40 {
            for folds in 1..=count {
                let order = interleaved(count, folds);
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..count), "{count} in {folds}");
                for fold in 0..folds {
                    let block = &order[fold * count / folds..(fold + 1) * count / folds];
                    assert!(
                        block.iter().all(|i| i % folds == block[0] % folds),
                        "{count} in {folds}: {block:?}"
                    );
                }
            }
        }
    }
}
