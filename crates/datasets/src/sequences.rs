use nalgebra::DMatrix;
use neuropil_math::Real;

use crate::Error;
use crate::image_sets::data_folders;
use crate::tensors::Tensors;

/// Sequences of several lengths with a class each.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledSequences<T: Real> {
    /// Channels × time, each of its own length.
    pub sequences: Vec<DMatrix<T>>,
    /// The class of each, counted from 0.
    pub labels: Vec<usize>,
}

/// The two halves of a set of sequences that its authors split.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceSplit<T: Real> {
    /// What models learn from.
    pub train: LabelledSequences<T>,
    /// What they are judged by.
    pub test: LabelledSequences<T>,
}

const VOWELS: &str = "series/japanese_vowels.safetensors";
const LASER: &str = "series/santafe_laser.safetensors";

/// Nine speakers say two Japanese vowels: 270 + 370 utterances, 12 cepstrum coefficients over 7 to 29
/// frames each. The class is the speaker.
///
/// M. Kudo, J. Toyama, M. Shimbo (1999), UCI Machine Learning Repository,
/// <https://doi.org/10.24432/C5NS47>, licence CC BY 4.0.
///
/// Read from `series/japanese_vowels.safetensors` in the [data folder](crate::ImageSet::load), which no
/// command fetches: for `train` and `test` the arrays `_x` (all frames × 12, `F64`), `_len` (frames of
/// each utterance, `I64`) and `_y` (speakers from 1, `I64`). The numbers of `_x` may stand frame after
/// frame or coefficient after coefficient; the first published frame tells which.
///
/// # Errors
/// [`Error::Absent`] if the file is not there, [`Error::Malformed`] if it does not hold this set.
pub fn japanese_vowels<T: Real>() -> Result<SequenceSplit<T>, Error> {
    let tensors = read("Japanese Vowels", VOWELS)?;
    vowels(&tensors)
}

/// Set A of the Santa Fe competition: 10 093 intensities of a chaotic far-infrared laser, whole numbers
/// from 0 to 255, as 1 × time.
///
/// U. Hübner, N. B. Abraham, C. O. Weiss, *Dimensions and entropies of chaotic intensity pulsations in a
/// single-mode far-infrared NH₃ laser*, Physical Review A 40, 6354 (1989); A. S. Weigend, N. A.
/// Gershenfeld, *Time Series Prediction* (1993). No licence is stated.
///
/// Read from `series/santafe_laser.safetensors` in the [data folder](crate::ImageSet::load), which no
/// command fetches: the array `x` (`U8`).
///
/// # Errors
/// [`Error::Absent`] if the file is not there, [`Error::Malformed`] if it does not hold this set.
pub fn santa_fe_laser<T: Real>() -> Result<DMatrix<T>, Error> {
    let tensors = read("Santa Fe laser", LASER)?;
    laser(&tensors)
}

fn laser<T: Real>(tensors: &Tensors) -> Result<DMatrix<T>, Error> {
    const LENGTH: usize = 10_093;
    let values = tensors.small("x")?;
    if values.len() != LENGTH || values[..4] != [86, 141, 95, 41] {
        return Err(tensors.malformed(format!(
            "{} values, not the {LENGTH} of the laser that begin with 86, 141, 95, 41",
            values.len()
        )));
    }
    let values = values.iter().map(|&v| T::of(f64::from(v)));
    Ok(DMatrix::from_iterator(1, LENGTH, values))
}

fn read(name: &'static str, file: &str) -> Result<Tensors, Error> {
    let candidates: Vec<_> = data_folders().iter().map(|f| f.join(file)).collect();
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => Tensors::read(path),
        None => Err(Error::Absent {
            name,
            looked_for: candidates,
        }),
    }
}

const CHANNELS: usize = 12;
const SPEAKERS: usize = 9;

fn vowels<T: Real>(tensors: &Tensors) -> Result<SequenceSplit<T>, Error> {
    Ok(SequenceSplit {
        train: half(tensors, "train", 270, [1.860_936, -0.207_383, 0.261_557])?,
        test: half(tensors, "test", 370, [1.635_533, 0.024_848, 0.432_087])?,
    })
}

/// `first`: the first coefficients of the first published frame.
fn half<T: Real>(
    tensors: &Tensors,
    part: &str,
    count: usize,
    first: [f64; 3],
) -> Result<LabelledSequences<T>, Error> {
    let (shape, x) = tensors.floats(&format!("{part}_x"))?;
    let lengths = tensors.sizes(&format!("{part}_len"))?;
    let speakers = tensors.sizes(&format!("{part}_y"))?;
    let frames = x.len() / CHANNELS;
    let total = lengths
        .iter()
        .try_fold(0_usize, |sum, &n| sum.checked_add(n));
    if shape != [frames, CHANNELS]
        || total != Some(frames)
        || lengths.contains(&0)
        || [lengths.len(), speakers.len()] != [count; 2]
    {
        return Err(tensors.malformed(format!(
            "{part}_x of shape {shape:?}, {} lengths, {} speakers: not {count} utterances of \
             {CHANNELS} coefficients",
            lengths.len(),
            speakers.len()
        )));
    }
    let labels = speakers
        .iter()
        .map(|&s| match s.checked_sub(1) {
            Some(label) if label < SPEAKERS => Ok(label),
            _ => Err(tensors.malformed(format!("{part}_y holds the speaker {s}"))),
        })
        .collect::<Result<_, _>>()?;
    // The steps from frame to frame and from coefficient to coefficient.
    let layouts = [(CHANNELS, 1), (1, frames)];
    let fits = |&&(_, apart): &&(usize, usize)| {
        let found = first.iter().enumerate();
        found
            .map(|(channel, value)| (x[channel * apart] - value).abs())
            .all(|error| error < 5e-7)
    };
    let Some(&(frame, channel)) = layouts.iter().find(fits) else {
        return Err(tensors.malformed(format!(
            "{part}_x does not begin with the published coefficients {first:?}"
        )));
    };
    let mut start = 0;
    let sequences = lengths
        .into_iter()
        .map(|length| {
            let sequence = DMatrix::from_fn(CHANNELS, length, |c, t| {
                T::of(x[(start + t) * frame + c * channel])
            });
            start += length;
            sequence
        })
        .collect();
    Ok(LabelledSequences { sequences, labels })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// A file as it could be: every utterance has 2 frames, of values that tell their place.
    fn file(transposed: bool, damage: &str) -> Vec<u8> {
        let mut header = serde_json::Map::new();
        let mut numbers: Vec<u8> = Vec::new();
        let mut add = |name: &str, dtype: &str, shape: &[usize], bytes: Vec<u8>| {
            let start = numbers.len();
            numbers.extend(bytes);
            header.insert(
                name.to_owned(),
                serde_json::json!({"dtype": dtype, "shape": shape,
                    "data_offsets": [start, numbers.len()]}),
            );
        };
        for (part, count, first) in [
            ("train", 270_usize, [1.860_936, -0.207_383, 0.261_557]),
            ("test", 370, [1.635_533, 0.024_848, 0.432_087]),
        ] {
            let frames = 2 * count;
            let value = |t: usize, c: usize| {
                if t == 0 && c < 3 {
                    first[c] + if damage == "values" { 0.1 } else { 0.0 }
                } else {
                    (100 * t + c) as f64
                }
            };
            let x: Vec<f64> = if transposed {
                (0..12)
                    .flat_map(|c| (0..frames).map(move |t| (t, c)))
                    .map(|(t, c)| value(t, c))
                    .collect()
            } else {
                (0..frames)
                    .flat_map(|t| (0..12).map(move |c| (t, c)))
                    .map(|(t, c)| value(t, c))
                    .collect()
            };
            let bytes = x.iter().flat_map(|v| v.to_le_bytes()).collect();
            add(&format!("{part}_x"), "F64", &[frames, 12], bytes);
            let integers = |value: &dyn Fn(usize) -> i64| -> Vec<u8> {
                (0..count).flat_map(|i| value(i).to_le_bytes()).collect()
            };
            let length = if damage == "lengths" { 3 } else { 2 };
            let bytes = integers(&|_| length);
            add(&format!("{part}_len"), "I64", &[count], bytes);
            let lowest = i64::from(damage != "speakers");
            let bytes = integers(&|i| (i % 9) as i64 + lowest);
            add(&format!("{part}_y"), "I64", &[count], bytes);
        }
        let header = serde_json::Value::Object(header).to_string();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        bytes
    }

    fn parse(bytes: &[u8]) -> Result<SequenceSplit<f64>, Error> {
        vowels(&Tensors::parse(bytes, Path::new("f"))?)
    }

    #[test]
    fn both_orders_give_the_same_sequences() -> Result<(), Error> {
        let split = parse(&file(false, ""))?;
        assert_eq!(parse(&file(true, ""))?, split);
        assert_eq!(split.train.sequences.len(), 270);
        assert_eq!(split.test.sequences.len(), 370);
        assert_eq!(split.test.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 0]);
        let third = &split.train.sequences[2];
        assert_eq!((third.shape(), third[(5, 1)]), ((12, 2), 505.0));
        assert_eq!(split.train.sequences[0][(1, 0)], -0.207_383);
        Ok(())
    }

    #[test]
    fn what_is_not_the_set_is_refused() {
        for (damage, words) in [
            ("values", "does not begin with the published"),
            ("lengths", "not 270 utterances"),
            ("speakers", "holds the speaker 0"),
        ] {
            let error =
                parse(&file(false, damage)).map_or_else(|e| e.to_string(), |_| String::new());
            assert!(error.contains(words), "{damage}: {error}");
        }
    }
}
