use std::env;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Error, Idx, LabelledImages, TrainTest};

/// A published set of images that is too large to bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageSet {
    /// Handwritten digits, LeCun, Cortes, Burges (1998): 60 000 + 10 000 images of 28 × 28 pixels.
    Mnist,
    /// Articles of clothing in the form of MNIST, Xiao, Rasul, Vollgraf (2017), MIT licence.
    FashionMnist,
}

/// SHA-256 of the uncompressed files, in the form that `sha256sum` writes.
const SUMS: &str = include_str!("../data/sums.txt");

/// MNIST from the data folder: [`ImageSet::load`].
///
/// # Errors
/// As [`ImageSet::load`].
pub fn mnist() -> Result<TrainTest, Error> {
    ImageSet::Mnist.load()
}

/// Fashion-MNIST from the data folder: [`ImageSet::load`].
///
/// # Errors
/// As [`ImageSet::load`].
pub fn fashion_mnist() -> Result<TrainTest, Error> {
    ImageSet::FashionMnist.load()
}

impl ImageSet {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mnist, Self::FashionMnist];

    /// The name, which is also that of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
        }
    }

    /// Reads the set from its folder in the data folder.
    ///
    /// The data folder is the one that the environment names in `NEUROPIL_DATA`, or else `data` in the
    /// working directory or in the root of the workspace around it (the first folder above with a
    /// `Cargo.lock`).
    ///
    /// # Errors
    /// [`Error::Missing`] with the command that fetches the set, or as [`Self::load_from`].
    pub fn load(self) -> Result<TrainTest, Error> {
        let candidates: Vec<PathBuf> = data_folders()
            .into_iter()
            .map(|folder| folder.join(self.name()))
            .collect();
        match candidates.iter().find(|folder| folder.is_dir()) {
            Some(folder) => self.load_from(folder),
            None => Err(self.missing(candidates)),
        }
    }

    /// Reads the set from a folder that holds its four files, raw or with the ending `.gz`.
    ///
    /// # Errors
    /// [`Error::Missing`] if a file is not there, [`Error::Checksum`] if it is not the published one,
    /// or as [`Idx::read`].
    pub fn load_from(self, folder: &Path) -> Result<TrainTest, Error> {
        let half = |part: &str| {
            let images = self.read(folder, &format!("{part}-images-idx3-ubyte"))?;
            let labels = self.read(folder, &format!("{part}-labels-idx1-ubyte"))?;
            LabelledImages::new(images, labels, 255)
        };
        Ok(TrainTest {
            train: half("train")?,
            test: half("t10k")?,
        })
    }

    fn read(self, folder: &Path, file: &str) -> Result<Idx, Error> {
        let raw = folder.join(file);
        let compressed = folder.join(format!("{file}.gz"));
        let path = if raw.is_file() {
            raw
        } else if compressed.is_file() {
            compressed
        } else {
            return Err(self.missing(vec![raw, compressed]));
        };
        let idx = Idx::read(&path)?;
        let sum = Sha256::new()
            .chain_update(idx.header())
            .chain_update(idx.values())
            .finalize();
        let found: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}/{file}", self.name());
        let listed = SUMS.lines().find_map(|line| match line.split_once("  ") {
            Some((sum, listed)) if listed == name => Some(sum),
            _ => None,
        });
        match listed {
            Some(expected) if expected == found => Ok(idx),
            expected => Err(Error::Checksum {
                path,
                expected: expected.unwrap_or("no sum on record").to_owned(),
                found,
            }),
        }
    }

    fn missing(self, looked_for: Vec<PathBuf>) -> Error {
        Error::Missing {
            name: self.name(),
            looked_for,
            command: format!("cargo xtask data {}", self.name()),
        }
    }
}

/// Where the data folder may be, the first that exists counts.
pub(crate) fn data_folders() -> Vec<PathBuf> {
    let here = env::current_dir().unwrap_or_default();
    // Tests run in the folder of their package, people type paths in the workspace's.
    let root = here
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(&here);
    let name = env::var_os("NEUROPIL_DATA")
        .filter(|name| !name.is_empty())
        .map_or_else(|| PathBuf::from("data"), PathBuf::from);
    let mut folders = vec![here.join(&name), root.join(&name)];
    folders.dedup();
    folders
}

/// The first of these folders within a data folder that exists.
pub(crate) fn data_folder(name: &'static str, folders: &[&str]) -> Result<PathBuf, Error> {
    let candidates: Vec<PathBuf> = data_folders()
        .iter()
        .flat_map(|data| folders.iter().map(|folder| data.join(folder)))
        .collect();
    match candidates.iter().find(|folder| folder.is_dir()) {
        Some(folder) => Ok(folder.clone()),
        None => Err(Error::Absent {
            name,
            looked_for: candidates,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = data_folder("the set", &["no-such-set", "none/such"]).unwrap_err();
        let Error::Absent { name, looked_for } = &error else {
            unreachable!("{error}");
        };
        assert_eq!(*name, "the set");
        assert!(looked_for.len() >= 2);
        assert!(looked_for[0].ends_with("no-such-set") && looked_for[1].ends_with("none/such"));
    }
}
