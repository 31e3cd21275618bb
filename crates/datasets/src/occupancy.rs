use std::fs;
use std::path::Path;

use nalgebra::DMatrix;
use neuropil_math::random::numpy::RandomState;

use crate::image_sets::data_folder;
use crate::standardize::Scale;
use crate::windows::{Recording, Targets, WindowConfig, WindowSplit, Windows};
use crate::{Columns, Error, Table, TableConfig};

/// An office that somebody is in, or nobody: temperature (°C), relative humidity (%), light (lux), carbon
/// dioxide (ppm) and the ratio of humidity (kg/kg), once a minute.
///
/// L. M. Candanedo, V. Feldheim, Energy and Buildings 112, 28–39 (2016); UCI Machine Learning Repository,
/// <https://doi.org/10.24432/C5X01N>, licence CC BY 4.0.
///
/// **A comparison to one number is as good as any network here**: to say that somebody is in where the light
/// is above 365 lux is right at 99.0 % of the test samples ([`Self::light_rule`]), nobody at all at 75.8 %.
#[derive(Debug, Clone, PartialEq)]
pub struct Occupancy {
    /// Six days to learn from, `datatraining.txt`.
    pub train: Readings,
    /// Two days before and seven after them, `datatest.txt` and `datatest2.txt`.
    pub tests: [Readings; 2],
}

/// What was measured in the office, and whether somebody was in.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// 5 × minutes, in the order of [`Occupancy`] and not scaled.
    pub measured: DMatrix<f64>,
    /// Whether somebody was in, at each minute.
    pub occupied: Vec<bool>,
}

const FEATURES: [&str; 5] = ["Temperature", "Humidity", "Light", "CO2", "HumidityRatio"];
const LIGHT: usize = 2;

/// The paper's windows: 16 minutes, of the training data every one, of the test data every eighth.
const STEPS: usize = 16;
const TRAIN: WindowConfig = windows(1);
const TEST: WindowConfig = windows(8);

const fn windows(stride: usize) -> WindowConfig {
    WindowConfig {
        steps: STEPS,
        stride,
        keep_last: false,
    }
}

/// [`Occupancy`] from the folder `occupancy` in the [data folder](crate::ImageSet::load), which no command
/// fetches.
///
/// # Errors
/// [`Error::Absent`] if the folder is not there, or as [`occupancy_from`].
pub fn occupancy() -> Result<Occupancy, Error> {
    occupancy_from(&data_folder("occupancy", &["occupancy"])?)
}

/// [`Occupancy`] from the folder that holds its three files.
///
/// # Errors
/// If a file is not there, has too few rows or not these columns, or a cell is no number.
pub fn occupancy_from(folder: &Path) -> Result<Occupancy, Error> {
    let read = |file: &str| Readings::read(&folder.join(file));
    Ok(Occupancy {
        train: read("datatraining.txt")?,
        tests: [read("datatest.txt")?, read("datatest2.txt")?],
    })
}

impl Occupancy {
    /// The split of R. Hasani and others, *Liquid Time-constant Networks*, AAAI 2021: 7315 windows of 16
    /// minutes to learn from, 812 to choose by, 1549 to test; scaled to mean 0 and deviation 1 over the
    /// training data.
    ///
    /// The windows to choose by are drawn from those to learn from, and every one shares samples with
    /// them: they cannot show overfitting. The test windows are of other days.
    ///
    /// # Errors
    /// If a measurement is the same everywhere, or there are fewer than 10 training windows.
    pub fn paper_split(&self) -> Result<WindowSplit, Error> {
        let scale = Scale::of(&self.train.measured, FEATURES)?;
        let all = Windows::cut(&[self.train.recording(&scale)], &TRAIN)?;
        let order = RandomState::new(893_429).permutation(all.len());
        let (valid, train) = order.split_at(all.len() / 10);
        Ok(WindowSplit {
            train: all.select(train)?,
            valid: all.select(valid)?,
            test: self.test(&scale)?,
        })
    }

    /// The same test windows, but the last tenth of the training days to choose by: no sample is in two parts,
    /// and the scale is that of the first nine tenths.
    ///
    /// # Errors
    /// If a measurement is the same everywhere, or there are too few minutes for a window in each part.
    pub fn blocked_split(&self) -> Result<WindowSplit, Error> {
        let length = self.train.occupied.len();
        let first = length - length / 10;
        let learnt = self.train.part(0, first);
        let scale = Scale::of(&learnt.measured, FEATURES)?;
        let later = self.train.part(first, length - first);
        Ok(WindowSplit {
            train: Windows::cut(&[learnt.recording(&scale)], &TRAIN)?,
            valid: Windows::cut(&[later.recording(&scale)], &TRAIN)?,
            test: self.test(&scale)?,
        })
    }

    /// How often it is right at the samples of the test windows to say that somebody is in where the light
    /// is above `lux`.
    ///
    /// # Errors
    /// If there is no test window.
    pub fn light_rule(&self, lux: f64) -> Result<f64, Error> {
        let (mut right, mut all) = (0_usize, 0_usize);
        for readings in &self.tests {
            for start in TEST.starts(readings.occupied.len())? {
                for minute in start..start + STEPS {
                    let says = readings.measured[(LIGHT, minute)] > lux;
                    right += usize::from(says == readings.occupied[minute]);
                    all += 1;
                }
            }
        }
        if all == 0 {
            return Err(neuropil_math::Error::Empty {
                what: "test windows",
            }
            .into());
        }
        Ok(right as f64 / all as f64)
    }

    fn test(&self, scale: &Scale) -> Result<Windows, Error> {
        let recordings = self.tests.each_ref().map(|test| test.recording(scale));
        Windows::cut(&recordings, &TEST)
    }
}

impl Readings {
    fn read(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|e| Error::io(path, &e))?;
        // R left out the name of the column of row names.
        let bytes = match bytes.strip_prefix(b"\"date\"") {
            Some(_) => [b"\"row\",", &bytes[..]].concat(),
            None => bytes,
        };
        let names = FEATURES.iter().chain(&["Occupancy"]);
        let config = TableConfig {
            columns: Columns::Named(names.map(|&name| name.to_owned()).collect()),
            minimum_rows: STEPS + 1,
            ..TableConfig::default()
        };
        let table = Table::parse(&bytes, path, &config)?;
        let all = table.to_matrix::<f64>();
        let occupied = all.row(FEATURES.len());
        if let Some(&other) = occupied.iter().find(|&&v| v != 0.0 && v != 1.0) {
            let problem = format!("Occupancy is {other}, not 0 or 1");
            return Err(Error::malformed(path, problem));
        }
        Ok(Self {
            measured: all.rows(0, FEATURES.len()).into_owned(),
            occupied: occupied.iter().map(|&v| v == 1.0).collect(),
        })
    }

    fn part(&self, start: usize, length: usize) -> Self {
        Self {
            measured: self.measured.columns(start, length).into_owned(),
            occupied: self.occupied[start..start + length].to_vec(),
        }
    }

    fn recording(&self, scale: &Scale) -> Recording {
        Recording {
            inputs: scale.apply(&self.measured),
            targets: Targets::Classes {
                count: 2,
                classes: self.occupied.iter().map(|&v| usize::from(v)).collect(),
            },
            spans: None,
        }
    }
}
