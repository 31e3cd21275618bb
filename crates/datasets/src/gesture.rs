use std::fs;
use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::random::numpy::RandomState;

use crate::image_sets::data_folder;
use crate::standardize::Scale;
use crate::windows::{Recording, Targets, WindowConfig, WindowSplit, Windows};
use crate::{Columns, Error, Table, TableConfig};

/// People who tell a story with their hands: 32 velocities and accelerations of hands and wrists, and the
/// phase of the gesture: 0 rest (`D`), 1 preparation (`P`), 2 stroke (`S`), 3 hold (`H`), 4 retraction (`R`).
///
/// R. Madeo, P. Wagner, S. Peres (2014), UCI Machine Learning Repository,
/// <https://doi.org/10.24432/C5Z32C>, licence CC BY 4.0: the seven processed videos.
#[derive(Debug, Clone, PartialEq)]
pub struct Gesture {
    /// The videos a3, b1, b3, c1, c3, a2 and a1 as features × frames, not scaled.
    pub videos: Vec<Recording>,
}

/// In the order of the paper's program.
const VIDEOS: [&str; 7] = ["a3", "b1", "b3", "c1", "c3", "a2", "a1"];
const FEATURES: usize = 32;
const PHASES: [&str; 5] = ["D", "P", "S", "H", "R"];
const HALVES: WindowConfig = WindowConfig {
    steps: 32,
    stride: 16,
    keep_last: true,
};

/// [`Gesture`] from the folder `gesture` in the [data folder](crate::ImageSet::load), which no command
/// fetches.
///
/// # Errors
/// [`Error::Absent`] if the folder is not there, or as [`gesture_from`].
pub fn gesture() -> Result<Gesture, Error> {
    gesture_from(&data_folder("gesture", &["gesture"])?)
}

/// [`Gesture`] from the folder that holds its seven files `*_va3.csv`.
///
/// # Errors
/// If a file is not there, has too few rows or not these columns, or a cell is no number or no phase.
pub fn gesture_from(folder: &Path) -> Result<Gesture, Error> {
    let video = |name: &&str| video(&folder.join(format!("{name}_va3.csv")));
    let videos = VIDEOS.iter().map(video).collect::<Result<_, _>>()?;
    Ok(Gesture { videos })
}

impl Gesture {
    /// The split of R. Hasani and others, *Liquid Time-constant Networks*, AAAI 2021: windows of 32 frames,
    /// every 16, of all videos together: 455 to learn from, 60 to choose by, 90 to test, at random; scaled to
    /// mean 0 and deviation 1 over all of them.
    ///
    /// **The test is seen in training**: 92 % of its windows share frames with one to learn from.
    ///
    /// # Errors
    /// If a feature is the same everywhere, or there are too few windows.
    pub fn paper_split(&self) -> Result<WindowSplit, Error> {
        // Frames behind the last whole block of 32 are not used.
        let whole = |video: &Recording| {
            let frames = video.inputs.ncols();
            part(video, 0, frames - frames % HALVES.steps)
        };
        let videos: Vec<_> = self.videos.iter().map(whole).collect();
        let videos = scaled(&videos, &videos)?;
        let all = Windows::cut(&videos, &HALVES)?;
        let order = RandomState::new(23_489).permutation(all.len());
        let (valid, rest) = order.split_at(all.len() / 10);
        let (test, train) = rest.split_at(all.len() * 15 / 100);
        Ok(WindowSplit {
            train: all.select(train)?,
            valid: all.select(valid)?,
            test: all.select(test)?,
        })
    }

    /// The same windows, but of each video the first three quarters to learn from, the next tenth to choose by
    /// and the rest to test: no frame is in two parts, and the scale is that of the first.
    ///
    /// # Errors
    /// If a feature is the same everywhere, or a part has no window.
    pub fn blocked_split(&self) -> Result<WindowSplit, Error> {
        let block = |from: usize, to: usize| -> Vec<Recording> {
            let cut = |video: &Recording| {
                let at = |percent: usize| video.inputs.ncols() * percent / 100;
                part(video, at(from), at(to))
            };
            self.videos.iter().map(cut).collect()
        };
        let learnt = block(0, 75);
        let windows = |block: &[Recording]| Windows::cut(&scaled(&learnt, block)?, &HALVES);
        Ok(WindowSplit {
            train: windows(&learnt)?,
            valid: windows(&block(75, 85))?,
            test: windows(&block(85, 100))?,
        })
    }
}

fn video(path: &Path) -> Result<Recording, Error> {
    let bytes = fs::read(path).map_err(|e| Error::io(path, &e))?;
    let config = TableConfig {
        columns: Columns::Named((1..=FEATURES).map(|i| i.to_string()).collect()),
        minimum_rows: HALVES.steps,
        ..TableConfig::default()
    };
    let table = Table::parse(&bytes, path, &config)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut classes = Vec::with_capacity(table.rows());
    let lines = text.lines().enumerate();
    for (line, row) in lines.filter(|(_, row)| !row.trim().is_empty()).skip(1) {
        let (_, phase) = row.rsplit_once(',').unwrap_or_default();
        let Some(class) = PHASES.iter().position(|&name| name == phase.trim()) else {
            return Err(Error::Line {
                path: path.to_path_buf(),
                line: line + 1,
                problem: format!("{phase:?} in the last column is no phase D, P, S, H or R"),
            });
        };
        classes.push(class);
    }
    Ok(Recording {
        inputs: table.to_matrix(),
        targets: Targets::Classes {
            count: PHASES.len(),
            classes,
        },
        spans: None,
    })
}

fn part(video: &Recording, from: usize, to: usize) -> Recording {
    Recording {
        inputs: video.inputs.columns(from, to - from).into_owned(),
        targets: match &video.targets {
            Targets::Values(values) => {
                Targets::Values(values.columns(from, to - from).into_owned())
            }
            Targets::Classes { count, classes } => Targets::Classes {
                count: *count,
                classes: classes[from..to].to_vec(),
            },
        },
        spans: None,
    }
}

/// Recordings in the scale of the windows of `learnt`, in which most frames count twice.
fn scaled(learnt: &[Recording], recordings: &[Recording]) -> Result<Vec<Recording>, Error> {
    let mut values = Vec::new();
    for video in learnt {
        for start in HALVES.starts(video.inputs.ncols())? {
            let window = video.inputs.columns(start, HALVES.steps);
            values.extend(window.iter().map(|&v| f64::from(v)));
        }
    }
    let samples = values.len() / FEATURES;
    let all = DMatrix::from_vec(FEATURES, samples, values);
    let scale = Scale::of(&all, ["a feature of the gestures"; FEATURES])?;
    let scaled = |video: &Recording| Recording {
        inputs: scale.apply(&video.inputs.map(f64::from)),
        ..video.clone()
    };
    Ok(recordings.iter().map(scaled).collect())
}
