use std::path::Path;

use crate::Error;
use crate::tensors::Tensors;

const LINEAR_TRACK: &[u8] = include_bytes!("../data/linear-track.safetensors");

/// Spikes of several units and where the animal was, on one clock in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceCells {
    spikes: Vec<f64>,
    /// Unit `i` is `spikes[offsets[i]..offsets[i + 1]]`.
    offsets: Vec<usize>,
    times: Vec<f64>,
    positions: Vec<f64>,
}

impl PlaceCells {
    fn parse(bytes: &[u8], name: &Path) -> Result<Self, Error> {
        let file = Tensors::parse(bytes, name)?;
        let (_, spikes) = file.floats("spike_times_s")?;
        let offsets = file.sizes("unit_offsets")?;
        let (_, times) = file.floats("pos_t_s")?;
        let positions = file.singles("pos_linear_px")?;
        if positions.len() != times.len() || times.is_empty() {
            return Err(file.malformed(format!(
                "{} positions at {} times",
                positions.len(),
                times.len()
            )));
        }
        let ends = (offsets.first(), offsets.last());
        if ends != (Some(&0), Some(&spikes.len())) || !offsets.is_sorted() || offsets.len() < 2 {
            return Err(file.malformed(format!("offsets do not divide {} spikes", spikes.len())));
        }
        let units = offsets.windows(2).map(|w| &spikes[w[0]..w[1]]);
        if !times.is_sorted() || units.into_iter().any(|unit| !unit.is_sorted()) {
            return Err(file.malformed("times that fall"));
        }
        Ok(Self {
            spikes,
            offsets,
            times,
            positions,
        })
    }

    /// The number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The spikes of a unit in seconds, rising; `None` behind the last unit.
    #[must_use]
    pub fn spikes(&self, unit: usize) -> Option<&[f64]> {
        let from = *self.offsets.get(unit)?;
        let to = *self.offsets.get(unit + 1)?;
        self.spikes.get(from..to)
    }

    /// When the animal was seen, in seconds, rising; not at equal distances.
    #[must_use]
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// Where along the track it was then, in pixels of the camera. It jumps where the animal was lost.
    #[must_use]
    pub fn positions(&self) -> &[f64] {
        &self.positions
    }
}

/// 31 units of area CA1 of a rat that runs up and down a linear track, 930 s with its position 30 times
/// a second.
///
/// From the example data of nelpy, <https://github.com/nelpy/example-data>, folder `linear-track`, commit
/// 099548c, without the rest that follows the run; licence MIT, © 2017 nelpy. The repository does not say
/// who recorded them. The position is the projection of that in the camera's image on its first principal
/// axis.
///
/// ```
/// let rat = neuropil_datasets::linear_track()?;
/// assert_eq!((rat.units(), rat.times().len()), (31, 27_899));
/// assert_eq!(rat.spikes(0).map(<[f64]>::len), Some(1145));
/// # Ok::<(), neuropil_datasets::Error>(())
/// ```
///
/// # Errors
/// Never in practice: the data are part of the program.
pub fn linear_track() -> Result<PlaceCells, Error> {
    PlaceCells::parse(LINEAR_TRACK, Path::new("the bundled linear track"))
}
