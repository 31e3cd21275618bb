use core::ops::Range;
use std::sync::Arc;

use nalgebra::DMatrix;
use neuropil_math::{Real, check_finite, check_size};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A series with what a model is to say at each of its samples.
///
/// Numbers are kept as `f32`, as in the programs of the papers; a batch is written as either scalar.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Features × time.
    pub inputs: DMatrix<f32>,
    /// What is to be said, at the same times.
    pub targets: Targets,
    /// The time that passed before each sample, where sampling is irregular; 1 everywhere if `None`.
    pub spans: Option<Vec<f32>>,
}

/// What a model is to say at each sample of a [`Recording`].
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Numbers, outputs × time.
    Values(DMatrix<f32>),
    /// One of `count` classes, counted from 0.
    Classes {
        /// How many classes there are.
        count: usize,
        /// The class at each time.
        classes: Vec<usize>,
    },
}

/// How [`Windows::cut`] places windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WindowConfig {
    /// The samples in a window.
    pub steps: usize,
    /// The samples from the start of a window to that of the next.
    pub stride: usize,
    /// Whether a window that ends with the last sample counts. The papers' programs leave it out.
    pub keep_last: bool,
}

impl Default for WindowConfig {
    /// Windows of 32 samples, every 16, with the last.
    fn default() -> Self {
        Self {
            steps: 32,
            stride: 16,
            keep_last: true,
        }
    }
}

impl WindowConfig {
    /// Where windows start in a series of `length` samples.
    ///
    /// # Errors
    /// If `steps` or `stride` is 0.
    pub fn starts(
        &self,
        length: usize,
    ) -> Result<impl Iterator<Item = usize> + Clone + use<>, Error> {
        let sizes = [
            ("samples in a window", self.steps),
            ("stride of windows", self.stride),
        ];
        for (what, size) in sizes {
            if size == 0 {
                return Err(Error::out_of_range(what, 0.0, "must be at least 1"));
            }
        }
        let room = length + usize::from(self.keep_last);
        Ok((0..room.saturating_sub(self.steps)).step_by(self.stride))
    }
}

/// Sequences for learning, kept as places in longer series.
///
/// Overlapping windows share the samples: 13 000 windows of 64 samples take the memory of the series
/// they were cut from. A batch is written where the caller says, [`Windows::copy_batch`].
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_datasets::{Batch, BatchOrder, Recording, Targets, WindowConfig, Windows};
///
/// // The next of the numbers 0, 1, 2, …
/// let count = |from: f32| DMatrix::from_fn(1, 10, |_, t| from + t as f32);
/// let series = Recording { inputs: count(0.0), targets: Targets::Values(count(1.0)), spans: None };
/// let config = WindowConfig { steps: 4, stride: 3, keep_last: true };
/// let windows = Windows::cut(&[series], &config)?;
/// assert_eq!(windows.len(), 3);
///
/// let mut batch = Batch::<f64>::new(&windows, 2, BatchOrder::TimeMajor)?;
/// windows.copy_batch(&[2, 0], &mut batch)?;
/// assert_eq!(batch.inputs.as_slice(), [6.0, 0.0, 7.0, 1.0, 8.0, 2.0, 9.0, 3.0]);
/// assert_eq!(batch.targets[(0, 7)], 4.0);
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Windows {
    samples: Arc<Samples>,
    /// The samples of each window.
    places: Vec<Range<usize>>,
    steps: usize,
}

/// The samples of all recordings, one after the other.
#[derive(Debug)]
struct Samples {
    features: usize,
    /// Features × samples.
    inputs: Vec<f32>,
    targets: SampleTargets,
    /// One for each sample, or none at all where each is 1.
    spans: Vec<f32>,
}

#[derive(Debug)]
enum SampleTargets {
    Values { outputs: usize, values: Vec<f32> },
    Classes { count: usize, classes: Vec<u8> },
}

/// A split into what models learn from, what settings are chosen by, and what they are judged by.
#[derive(Debug, Clone)]
pub struct WindowSplit {
    /// What models learn from.
    pub train: Windows,
    /// What settings and the time to stop are chosen by.
    pub valid: Windows,
    /// What they are judged by.
    pub test: Windows,
}

/// Which column of a batch holds which sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchOrder {
    /// Step $t$ of sequence $b$ of $B$ in column $tB + b$: a step of all sequences is one block.
    #[default]
    TimeMajor,
    /// Step $t$ of $L$ of sequence $b$ in column $bL + t$: a sequence is one block.
    SequenceMajor,
}

/// $B$ sequences of up to $L$ steps, one sample per column.
///
/// Behind the end of a sequence that is shorter than $L$ stand zeros, also for the time that passes.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch<T: Real> {
    /// Features × $LB$.
    pub inputs: DMatrix<T>,
    /// Outputs × $LB$; without rows where the targets are classes.
    pub targets: DMatrix<T>,
    /// The class at each of $LB$ samples; empty where the targets are numbers.
    pub classes: Vec<usize>,
    /// The time that passes before each of $LB$ samples.
    pub spans: Vec<T>,
    /// The steps of each of $B$ sequences.
    pub lengths: Vec<usize>,
    order: BatchOrder,
}

impl<T: Real> Batch<T> {
    /// Room for `size` of these sequences.
    ///
    /// # Errors
    /// If `size` is 0 or there is no memory for it.
    pub fn new(windows: &Windows, size: usize, order: BatchOrder) -> Result<Self, Error> {
        if size == 0 {
            return Err(neuropil_math::Error::Empty { what: "the batch" }.into());
        }
        let what = "the batch";
        let columns = size.checked_mul(windows.steps).ok_or(Error::TooLarge {
            what,
            values: usize::MAX,
        })?;
        let matrix = |rows: usize| {
            let values = zeros(what, rows.saturating_mul(columns))?;
            Ok::<_, Error>(DMatrix::from_vec(rows, columns, values))
        };
        let classes = windows.classes().map_or(0, |_| columns);
        Ok(Self {
            inputs: matrix(windows.features())?,
            targets: matrix(windows.outputs())?,
            classes: zeros(what, classes)?,
            spans: zeros(what, columns)?,
            lengths: zeros(what, size)?,
            order,
        })
    }

    /// How many sequences there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lengths.len()
    }

    /// The order of the columns.
    #[must_use]
    pub fn order(&self) -> BatchOrder {
        self.order
    }

    /// The column of a step of a sequence; `None` where there is no such step.
    #[must_use]
    pub fn column(&self, sequence: usize, step: usize) -> Option<usize> {
        let steps = self.spans.len().checked_div(self.size())?;
        let there = sequence < self.size() && step < steps;
        there.then(|| column(self.order, sequence, self.size(), step, steps))
    }
}

/// Zeros, or an error where there is no memory.
fn zeros<T: Clone + Default>(what: &'static str, values: usize) -> Result<Vec<T>, Error> {
    let mut zeros = Vec::new();
    zeros
        .try_reserve_exact(values)
        .map_err(|_| Error::TooLarge { what, values })?;
    zeros.resize(values, T::default());
    Ok(zeros)
}

fn column(order: BatchOrder, sequence: usize, size: usize, step: usize, steps: usize) -> usize {
    match order {
        BatchOrder::TimeMajor => step * size + sequence,
        BatchOrder::SequenceMajor => sequence * steps + step,
    }
}

impl Windows {
    /// Cuts windows from recordings, those of the first before those of the second; none reaches from
    /// one into the next. A recording that is too short for one gives none.
    ///
    /// # Errors
    /// If there is no window at all, a setting is 0, the recordings are not of one kind, a number is
    /// NaN or infinite, a span negative, or a class not below its count (256 at most).
    pub fn cut(recordings: &[Recording], config: &WindowConfig) -> Result<Self, Error> {
        let samples = Arc::new(Samples::join(recordings)?);
        let mut places = Vec::new();
        let mut first = 0;
        for recording in recordings {
            let length = recording.inputs.ncols();
            let starts = config.starts(length)?;
            places.extend(starts.map(|start| first + start..first + start + config.steps));
            first += length;
        }
        if places.is_empty() {
            return Err(neuropil_math::Error::Empty { what: "windows" }.into());
        }
        Ok(Self {
            samples,
            places,
            steps: config.steps,
        })
    }

    /// Each recording as a sequence of its own length; `steps` is that of the longest.
    ///
    /// # Errors
    /// As [`Self::cut`], and if a recording is empty.
    pub fn whole(recordings: &[Recording]) -> Result<Self, Error> {
        let samples = Arc::new(Samples::join(recordings)?);
        let mut places = Vec::with_capacity(recordings.len());
        let (mut first, mut steps) = (0, 0);
        for recording in recordings {
            let length = recording.inputs.ncols();
            if length == 0 {
                return Err(neuropil_math::Error::Empty {
                    what: "a recording",
                }
                .into());
            }
            places.push(first..first + length);
            first += length;
            steps = steps.max(length);
        }
        Ok(Self {
            samples,
            places,
            steps,
        })
    }

    /// Makes room for sequences of this many steps, if that is more.
    pub(crate) fn reserve_steps(&mut self, steps: usize) {
        self.steps = self.steps.max(steps);
    }

    /// Some of these windows, in this order; they share the samples.
    ///
    /// # Errors
    /// If there is no such window.
    pub fn select(&self, windows: &[usize]) -> Result<Self, Error> {
        let place = |&window: &usize| self.place(window).cloned();
        Ok(Self {
            samples: Arc::clone(&self.samples),
            places: windows.iter().map(place).collect::<Result<_, _>>()?,
            steps: self.steps,
        })
    }

    /// How many windows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The steps of the longest sequence that there is room for, $L$.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The numbers that a model sees at a step.
    #[must_use]
    pub fn features(&self) -> usize {
        self.samples.features
    }

    /// The numbers that a model is to say at a step; 0 where the targets are classes.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match &self.samples.targets {
            SampleTargets::Values { outputs, .. } => *outputs,
            SampleTargets::Classes { .. } => 0,
        }
    }

    /// How many classes there are; `None` where the targets are numbers.
    #[must_use]
    pub fn classes(&self) -> Option<usize> {
        match &self.samples.targets {
            SampleTargets::Values { .. } => None,
            SampleTargets::Classes { count, .. } => Some(*count),
        }
    }

    /// Whether the time between samples varies; without, every span is 1.
    #[must_use]
    pub fn is_irregular(&self) -> bool {
        !self.samples.spans.is_empty()
    }

    /// The steps of a window; `None` behind the last.
    #[must_use]
    pub fn length(&self, window: usize) -> Option<usize> {
        self.places.get(window).map(Range::len)
    }

    /// The fraction of these windows that share a sample with one of `other`: what of a test set a model
    /// has seen in training.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        if !Arc::ptr_eq(&self.samples, &other.samples) || self.is_empty() {
            return 0.0;
        }
        let mut covered = vec![false; self.samples.len()];
        for place in &other.places {
            covered[place.clone()].fill(true);
        }
        let shared = |place: &&Range<usize>| covered[(*place).clone()].contains(&true);
        self.places.iter().filter(shared).count() as f64 / self.len() as f64
    }

    /// The mean squared error of saying that nothing changes: that the target is the input.
    ///
    /// # Errors
    /// If the targets are not as many numbers as the inputs, or there is no window.
    pub fn persistence_error(&self) -> Result<f64, Error> {
        let SampleTargets::Values { outputs, values } = &self.samples.targets else {
            return Err(Self::other_targets("the error of persistence"));
        };
        let rows = self.features();
        check_size("outputs", rows, *outputs)?;
        let (mut sum, mut count) = (0.0, 0);
        for place in &self.places {
            let range = place.start * rows..place.end * rows;
            let pairs = self.samples.inputs[range.clone()]
                .iter()
                .zip(&values[range]);
            count += pairs.len();
            sum += pairs
                .map(|(&x, &y)| (f64::from(y) - f64::from(x)).powi(2))
                .sum::<f64>();
        }
        if count == 0 {
            return Err(neuropil_math::Error::Empty { what: "windows" }.into());
        }
        Ok(sum / count as f64)
    }

    /// The share of each class among the samples of all windows: how often it is right to say it always.
    ///
    /// # Errors
    /// If the targets are numbers, or there is no window.
    pub fn class_shares(&self) -> Result<Vec<f64>, Error> {
        let SampleTargets::Classes { count, classes } = &self.samples.targets else {
            return Err(Self::other_targets("the shares of classes"));
        };
        let mut counts = vec![0_usize; *count];
        for place in &self.places {
            for &class in &classes[place.clone()] {
                counts[usize::from(class)] += 1;
            }
        }
        let all: usize = counts.iter().sum();
        if all == 0 {
            return Err(neuropil_math::Error::Empty { what: "windows" }.into());
        }
        Ok(counts.iter().map(|&n| n as f64 / all as f64).collect())
    }

    /// The windows as a batch.
    ///
    /// # Errors
    /// If there is no such window, or none is asked for.
    pub fn batch<T: Real>(&self, windows: &[usize], order: BatchOrder) -> Result<Batch<T>, Error> {
        let mut batch = Batch::new(self, windows.len(), order)?;
        self.copy_batch(windows, &mut batch)?;
        Ok(batch)
    }

    /// Writes windows into a batch of their number, without allocating.
    ///
    /// # Errors
    /// If there is no such window, or the batch has another size.
    pub fn copy_batch<T: Real>(
        &self,
        windows: &[usize],
        batch: &mut Batch<T>,
    ) -> Result<(), Error> {
        check_size("windows of the batch", batch.size(), windows.len())?;
        let order = batch.order;
        self.copy_inputs(windows, order, batch.inputs.as_mut_slice())?;
        match self.classes() {
            None => self.copy_targets(windows, order, batch.targets.as_mut_slice())?,
            Some(_) => self.copy_classes(windows, order, &mut batch.classes)?,
        }
        self.copy_spans(windows, order, &mut batch.spans)?;
        for (length, &window) in batch.lengths.iter_mut().zip(windows) {
            *length = self.place(window)?.len();
        }
        Ok(())
    }

    /// Writes what a model sees: features × $LB$.
    ///
    /// # Errors
    /// If there is no such window, or `inputs` has another size.
    pub fn copy_inputs<T: Real>(
        &self,
        windows: &[usize],
        order: BatchOrder,
        inputs: &mut [T],
    ) -> Result<(), Error> {
        let samples = &self.samples;
        self.copy(
            "inputs",
            windows,
            order,
            inputs,
            samples.features,
            &samples.inputs,
            |v| T::of(f64::from(v)),
        )
    }

    /// Writes the numbers that a model is to say: outputs × $LB$.
    ///
    /// # Errors
    /// If the targets are classes, there is no such window, or `targets` has another size.
    pub fn copy_targets<T: Real>(
        &self,
        windows: &[usize],
        order: BatchOrder,
        targets: &mut [T],
    ) -> Result<(), Error> {
        match &self.samples.targets {
            SampleTargets::Values { outputs, values } => {
                self.copy("targets", windows, order, targets, *outputs, values, |v| {
                    T::of(f64::from(v))
                })
            }
            SampleTargets::Classes { .. } => Err(Self::other_targets("numbers as targets")),
        }
    }

    /// Writes the class at each of $LB$ samples, 0 behind the end of a sequence.
    ///
    /// # Errors
    /// If the targets are numbers, there is no such window, or `classes` has another size.
    pub fn copy_classes(
        &self,
        windows: &[usize],
        order: BatchOrder,
        classes: &mut [usize],
    ) -> Result<(), Error> {
        match &self.samples.targets {
            SampleTargets::Classes { classes: of, .. } => {
                self.copy("classes", windows, order, classes, 1, of, usize::from)
            }
            SampleTargets::Values { .. } => Err(Self::other_targets("classes as targets")),
        }
    }

    /// Writes the time that passes before each of $LB$ samples.
    ///
    /// # Errors
    /// If there is no such window, or `spans` has another size.
    pub fn copy_spans<T: Real>(
        &self,
        windows: &[usize],
        order: BatchOrder,
        spans: &mut [T],
    ) -> Result<(), Error> {
        let of = &self.samples.spans;
        if !of.is_empty() {
            return self.copy("spans", windows, order, spans, 1, of, |v| {
                T::of(f64::from(v))
            });
        }
        check_size("spans", windows.len() * self.steps, spans.len())?;
        spans.fill(T::of(0.0));
        for (sequence, &window) in windows.iter().enumerate() {
            for step in 0..self.place(window)?.len() {
                spans[column(order, sequence, windows.len(), step, self.steps)] = T::of(1.0);
            }
        }
        Ok(())
    }

    /// Writes the `rows` values of each sample, and zeros where there is none.
    #[expect(clippy::too_many_arguments, reason = "one loop for four arrays")]
    fn copy<S: Copy, T: Copy + Default>(
        &self,
        what: &'static str,
        windows: &[usize],
        order: BatchOrder,
        out: &mut [T],
        rows: usize,
        values: &[S],
        convert: impl Fn(S) -> T,
    ) -> Result<(), Error> {
        check_size(what, rows * windows.len() * self.steps, out.len())?;
        for (sequence, &window) in windows.iter().enumerate() {
            let place = self.place(window)?;
            let from = &values[place.start * rows..place.end * rows];
            for step in 0..self.steps {
                let column = column(order, sequence, windows.len(), step, self.steps);
                let to = &mut out[column * rows..(column + 1) * rows];
                match from.get(step * rows..(step + 1) * rows) {
                    Some(from) => {
                        for (to, &from) in to.iter_mut().zip(from) {
                            *to = convert(from);
                        }
                    }
                    None => to.fill(T::default()),
                }
            }
        }
        Ok(())
    }

    fn other_targets(what: &'static str) -> Error {
        let why = "the targets are of the other kind";
        neuropil_math::Error::Undefined { what, why }.into()
    }

    fn place(&self, window: usize) -> Result<&Range<usize>, Error> {
        self.places.get(window).ok_or_else(|| {
            let range = "must be below the number of windows";
            Error::out_of_range("window", window as f64, range)
        })
    }
}

impl Samples {
    fn len(&self) -> usize {
        self.inputs.len() / self.features
    }

    fn join(recordings: &[Recording]) -> Result<Self, Error> {
        let Some(first) = recordings.first() else {
            return Err(neuropil_math::Error::Empty { what: "recordings" }.into());
        };
        let features = first.inputs.nrows();
        if features == 0 {
            return Err(neuropil_math::Error::Empty { what: "features" }.into());
        }
        let length = recordings.iter().map(|r| r.inputs.ncols()).sum();
        let targets = match &first.targets {
            Targets::Values(values) => SampleTargets::Values {
                outputs: values.nrows(),
                values: Vec::with_capacity(length * values.nrows()),
            },
            &Targets::Classes { count, .. } => SampleTargets::Classes {
                count,
                classes: Vec::with_capacity(length),
            },
        };
        let mut samples = Self {
            features,
            inputs: Vec::with_capacity(length * features),
            targets,
            spans: Vec::new(),
        };
        for recording in recordings {
            samples.add(recording, first.spans.is_some())?;
        }
        Ok(samples)
    }

    fn add(&mut self, recording: &Recording, irregular: bool) -> Result<(), Error> {
        let length = recording.inputs.ncols();
        check_size(
            "features of a recording",
            self.features,
            recording.inputs.nrows(),
        )?;
        check_finite("inputs of a recording", recording.inputs.as_slice())?;
        self.inputs.extend(recording.inputs.as_slice());
        match (&mut self.targets, &recording.targets) {
            (SampleTargets::Values { outputs, values }, Targets::Values(more)) => {
                check_size("outputs of a recording", *outputs, more.nrows())?;
                check_size("targets of a recording", length, more.ncols())?;
                check_finite("targets of a recording", more.as_slice())?;
                values.extend(more.as_slice());
            }
            (
                SampleTargets::Classes { count, classes },
                Targets::Classes {
                    count: of,
                    classes: more,
                },
            ) => {
                check_size("classes that there are", *count, *of)?;
                check_size("classes of a recording", length, more.len())?;
                for &class in more {
                    match u8::try_from(class) {
                        Ok(small) if class < *count => classes.push(small),
                        _ => {
                            let range = "must be below the number of classes, and of 256";
                            return Err(Error::out_of_range("class", class as f64, range));
                        }
                    }
                }
            }
            _ => {
                return Err(neuropil_math::Error::Undefined {
                    what: "the kind of targets",
                    why: "some recordings have numbers, some classes",
                }
                .into());
            }
        }
        let spans = recording.spans.as_deref().unwrap_or_default();
        check_size(
            "spans of a recording",
            if irregular { length } else { 0 },
            spans.len(),
        )?;
        check_finite("spans of a recording", spans)?;
        if let Some(&span) = spans.iter().find(|&&span| span < 0.0) {
            let range = "must not be negative";
            return Err(Error::out_of_range("span", f64::from(span), range));
        }
        self.spans.extend(spans);
        Ok(())
    }
}
