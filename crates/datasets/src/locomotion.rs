//! Simulated bodies that walk: recordings of the MuJoCo tasks HalfCheetah and Walker2d.

use std::path::{Path, PathBuf};

use nalgebra::DMatrix;
use neuropil_math::random::numpy::RandomState;

use crate::image_sets::data_folder;
use crate::windows::{Recording, Targets, WindowConfig, WindowSplit, Windows};
use crate::{Error, npy};

/// Positions and velocities of the joints.
const CHANNELS: usize = 17;

/// The half-cheetah of the paper on liquid time-constant networks: from 17 observations the next ones, in
/// windows of 32 steps, 970 to learn from, 485 to choose by and 970 to test.
///
/// 31 recordings of 1000 steps, by R. Hasani, M. Lechner and others, *Liquid Time-constant Networks*,
/// AAAI 2021 ([arXiv:2006.04439](https://arxiv.org/abs/2006.04439)), from
/// <https://github.com/raminmh/liquid_time_constant_networks>, licence Apache-2.0. As in its program, windows
/// start every 10 steps; recordings 15 to 24 are to learn from, 0 to 4 to choose by, 5 to 14 to test, and
/// the last six rest; nothing is scaled. The parts are of different recordings and share no sample.
///
/// To say that nothing changes ([`Windows::persistence_error`]) errs by 62.9 on the test part, more than to
/// say the mean (17.4).
///
/// Read from the files `*.npy` of the folder `cheetah` in the [data folder](crate::ImageSet::load), which no
/// command fetches.
///
/// # Errors
/// [`Error::Absent`] if the folder is not there, or as [`half_cheetah_from`].
pub fn half_cheetah() -> Result<WindowSplit, Error> {
    half_cheetah_from(&data_folder("the half-cheetah", &["cheetah"])?)
}

/// [`half_cheetah`] from the folder that holds its 31 files.
///
/// # Errors
/// If the folder does not hold 31 files `.npy` of 1000 × 17 finite numbers in 64 bits.
pub fn half_cheetah_from(folder: &Path) -> Result<WindowSplit, Error> {
    const FILES: usize = 31;
    const STEPS: usize = 1000;
    let files = expect_files(folder, FILES)?;
    let config = WindowConfig {
        steps: 32,
        stride: 10,
        keep_last: false,
    };
    let part = |files: &[PathBuf]| {
        let recording = |file: &PathBuf| {
            let series = read(file)?;
            if series.ncols() != STEPS {
                let found = series.ncols();
                let problem = format!("{found} steps, the published recordings have {STEPS}");
                return Err(Error::malformed(file, problem));
            }
            Ok(Recording {
                inputs: series.columns(0, STEPS - 1).into_owned(),
                targets: Targets::Values(series.columns(1, STEPS - 1).into_owned()),
                spans: None,
            })
        };
        let recordings: Vec<_> = files.iter().map(recording).collect::<Result<_, Error>>()?;
        Windows::cut(&recordings, &config)
    };
    Ok(WindowSplit {
        train: part(&files[15..25])?,
        valid: part(&files[..5])?,
        test: part(&files[5..15])?,
    })
}

/// The walker of the paper on closed-form continuous-time networks, irregularly sampled: 9684 windows of 64
/// samples to learn from, 1272 to choose by and 1937 to test.
///
/// 400 recordings of 131 to 1000 steps, by M. Lechner, R. Hasani, *Learning Long-Term Dependencies in
/// Irregularly-Sampled Time Series* ([arXiv:2006.04418](https://arxiv.org/abs/2006.04418)), used by R. Hasani
/// and others, *Closed-form continuous-time neural networks*, Nature Machine Intelligence 4, 992 (2022); from
/// commit 59f6e01 of <https://github.com/raminmh/CfC>, licence MIT. As in its program, every step is dropped
/// with probability 0.1 (the same ones, drawn as by NumPy); the span of a sample is the number of steps since
/// the one before, and its target the next step of the complete recording. Windows start every 16 samples.
/// The parts are of different recordings and share no sample.
///
/// To say that nothing changes ([`Windows::persistence_error`]) errs by 4.54 on the test part.
///
/// Read from the files `*.npy` of the folder `walker/data/walker` or `walker` in the
/// [data folder](crate::ImageSet::load), which no command fetches.
///
/// # Errors
/// [`Error::Absent`] if the folder is not there, or as [`walker2d_from`].
pub fn walker2d() -> Result<WindowSplit, Error> {
    walker2d_from(&data_folder(
        "the walker",
        &["walker/data/walker", "walker"],
    )?)
}

/// [`walker2d`] from the folder that holds its 400 files.
///
/// # Errors
/// If the folder does not hold 400 files `.npy` of steps × 17 finite numbers in 64 bits.
pub fn walker2d_from(folder: &Path) -> Result<WindowSplit, Error> {
    const FILES: usize = 400;
    let mut files = expect_files(folder, FILES)?;
    RandomState::new(125_487).shuffle(&mut files);
    let (test, rest) = files.split_at(FILES * 15 / 100);
    let (valid, train) = rest.split_at(FILES / 10);
    let mut drops = RandomState::new(891_374);
    let config = WindowConfig {
        steps: 64,
        stride: 16,
        keep_last: false,
    };
    let mut part = |files: &[PathBuf]| {
        let recording = |file: &PathBuf| Ok(irregular(&read(file)?, &mut drops));
        let recordings: Vec<_> = files.iter().map(recording).collect::<Result<_, Error>>()?;
        Windows::cut(&recordings, &config)
    };
    Ok(WindowSplit {
        train: part(train)?,
        valid: part(valid)?,
        test: part(test)?,
    })
}

/// Nine steps of ten, each with the step that follows it in the series.
fn irregular(series: &DMatrix<f32>, drops: &mut RandomState) -> Recording {
    let mut kept = Vec::with_capacity(series.ncols());
    let mut spans = Vec::with_capacity(series.ncols());
    let mut span = 0.0;
    for step in 0..series.ncols() - 1 {
        span += 1.0;
        if drops.random_sample() < 0.9 {
            kept.push(step);
            spans.push(span);
            span = 0.0;
        }
    }
    let of = |later: usize| {
        DMatrix::from_fn(series.nrows(), kept.len(), |channel, sample| {
            series[(channel, kept[sample] + later)]
        })
    };
    Recording {
        inputs: of(0),
        targets: Targets::Values(of(1)),
        spans: Some(spans),
    }
}

fn read(file: &Path) -> Result<DMatrix<f32>, Error> {
    let series = npy::read_rows_as_columns(file)?;
    if series.nrows() != CHANNELS {
        let problem = format!("{} columns, not {CHANNELS}", series.nrows());
        return Err(Error::malformed(file, problem));
    }
    Ok(series)
}

/// Another number of files would be another split.
fn expect_files(folder: &Path, count: usize) -> Result<Vec<PathBuf>, Error> {
    let files = npy::files(folder, "npy")?;
    if files.len() == count {
        return Ok(files);
    }
    let problem = format!("{} files .npy, the published set has {count}", files.len());
    Err(Error::malformed(folder, problem))
}
