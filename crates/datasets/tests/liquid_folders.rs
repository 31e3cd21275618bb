//! The rules of the papers' sets, on folders that are written here; and folders that are damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use neuropil_datasets::{
    BatchOrder, Error, Windows, gesture_from, half_cheetah_from, occupancy_from, walker2d_from,
};

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

#[expect(
    clippy::unwrap_used,
    reason = "a test that cannot write its files fails"
)]
impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("neuropil-datasets-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), bytes).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn npy(header: &str, values: impl Iterator<Item = f64>) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.flat_map(f64::to_le_bytes));
    bytes
}

/// Steps × 17, every value `1000 · recording + step`.
fn recording(of: usize, steps: usize) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({steps}, 17), }}\n");
    npy(
        &header,
        (0..steps).flat_map(|t| [(1000 * of + t) as f64; 17]),
    )
}

/// The recording and the step of the inputs of a window, step by step.
#[expect(clippy::unwrap_used, reason = "the tests ask for windows that exist")]
fn marks(windows: &Windows, window: usize) -> Vec<(usize, usize)> {
    let batch = windows
        .batch::<f64>(&[window], BatchOrder::TimeMajor)
        .unwrap();
    let first = batch.inputs.row(16);
    first
        .iter()
        .map(|&v| (v as usize / 1000, v as usize % 1000))
        .collect()
}

fn recordings(windows: &Windows) -> Vec<usize> {
    let mut found: Vec<usize> = (0..windows.len()).map(|w| marks(windows, w)[0].0).collect();
    found.dedup();
    found
}

#[test]
fn the_half_cheetah_is_split_by_recording() {
    let folder = Folder::new();
    for i in 0..31 {
        folder.write(&format!("trace_{i:04}.npy"), recording(i, 1000));
    }
    folder.write("README", "no recording");
    let split = half_cheetah_from(&folder.0).unwrap();
    let [train, valid, test] = [&split.train, &split.valid, &split.test];
    assert_eq!([train, valid, test].map(Windows::len), [970, 485, 970]);
    assert_eq!(recordings(train), (15..25).collect::<Vec<_>>());
    assert_eq!(recordings(valid), (0..5).collect::<Vec<_>>());
    assert_eq!(recordings(test), (5..15).collect::<Vec<_>>());
    // Windows 0 and 96 are the first and the last of a recording, 97 the first of the next.
    let from = |step: usize, of: usize| (step..step + 32).map(|t| (of, t)).collect::<Vec<_>>();
    assert_eq!(marks(train, 1), from(10, 15));
    assert_eq!(marks(train, 96), from(960, 15));
    assert_eq!(marks(train, 97), from(0, 16));
    assert_eq!(train.persistence_error().unwrap(), 1.0);

    for (damage, bytes, words) in [
        ("another length", recording(7, 999), "999 steps"),
        (
            "cut",
            recording(7, 1000)[..9000].to_vec(),
            "bytes of numbers for 1000 × 17",
        ),
        (
            "longer",
            [recording(7, 1000), vec![0; 8]].concat(),
            "bytes of numbers for 1000 × 17",
        ),
    ] {
        folder.write("trace_0007.npy", bytes);
        let error = half_cheetah_from(&folder.0).unwrap_err().to_string();
        assert!(error.contains("trace_0007.npy"), "{damage}: {error}");
        assert!(error.contains(words), "{damage}: {error}");
    }
    fs::remove_file(folder.0.join("trace_0007.npy")).unwrap();
    let error = half_cheetah_from(&folder.0).unwrap_err().to_string();
    assert!(
        error.ends_with("30 files .npy, the published set has 31"),
        "{error}"
    );
    let nowhere = half_cheetah_from(Path::new("no/such/folder"));
    assert!(matches!(nowhere, Err(Error::Io { .. })));
}

#[test]
fn the_walker_is_irregular_and_split_as_numpy_draws() {
    let folder = Folder::new();
    for i in 0..400 {
        folder.write(&format!("rollout_{i:03}.npy"), recording(i, 110));
    }
    let split = walker2d_from(&folder.0).unwrap();
    let parts = [&split.train, &split.valid, &split.test].map(recordings);
    assert_eq!(parts.each_ref().map(Vec::len), [300, 40, 60]);
    // As `RandomState(125487).shuffle` has them.
    assert_eq!(parts[2][..8], [263, 266, 253, 163, 145, 227, 250, 5]);
    assert_eq!(parts[1][..8], [308, 355, 153, 36, 303, 175, 269, 155]);
    let mut all = parts.concat();
    all.sort_unstable();
    assert_eq!(all, (0..400).collect::<Vec<_>>());

    let windows = &split.train;
    assert!(windows.is_irregular());
    let all: Vec<usize> = (0..windows.len()).collect();
    let batch = windows
        .batch::<f64>(&all, BatchOrder::SequenceMajor)
        .unwrap();
    let mut dropped = 0.0;
    for b in 0..windows.len() {
        for t in 0..64 {
            let column = batch.column(b, t).unwrap();
            let step = batch.inputs[(0, column)];
            assert_eq!(batch.targets[(16, column)], step + 1.0);
            if t > 0 {
                assert_eq!(batch.spans[column], step - batch.inputs[(0, column - 1)]);
                dropped += batch.spans[column] - 1.0;
            }
        }
    }
    let fraction = dropped / (dropped + 63.0 * windows.len() as f64);
    assert!((fraction - 0.1).abs() < 0.01, "{fraction}");

    folder.write("rollout_400.npy", recording(0, 110));
    let error = walker2d_from(&folder.0).unwrap_err().to_string();
    assert!(
        error.ends_with("401 files .npy, the published set has 400"),
        "{error}"
    );
}

#[test]
fn what_is_no_matrix_of_doubles_is_refused() {
    let folder = Folder::new();
    for i in 0..31 {
        folder.write(&format!("{i:02}.npy"), recording(i, 1000));
    }
    let header = |descr: &str, order: &str, shape: &str| {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        npy(&header, std::iter::repeat_n(0.5, 17_000))
    };
    let mut version = header("<f8", "False", "(1000, 17)");
    version[6] = 9;
    let with = |value: f64| {
        let mut bytes = recording(20, 1000);
        let end = bytes.len() - 8;
        bytes[end..].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    for (bytes, words) in [
        (vec![], "not a file that NumPy saved"),
        (b"\x93NUMPY\x01".to_vec(), "7 bytes are no header"),
        (
            b"\x93NUMPY\x01\x00\xff\xff{}".to_vec(),
            "12 bytes are no header",
        ),
        (
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(),
            "12 bytes are no header",
        ),
        (version, "version 9"),
        (header("<f4", "False", "(1000, 17)"), "not a matrix of <f8"),
        (header(">f8", "False", "(1000, 17)"), "not a matrix of <f8"),
        (header("<f8", "True", "(1000, 17)"), "not a matrix of <f8"),
        (header("<f8", "False", "(17000,)"), "not a matrix of <f8"),
        (
            header("<f8", "False", "(10, 100, 17)"),
            "not a matrix of <f8",
        ),
        (header("<f8", "False", "(-1000, 17)"), "not a matrix of <f8"),
        (
            header("<f8", "False", "(1000, 18446744073709551615)"),
            "bytes of numbers",
        ),
        (header("<f8", "False", "(17, 1000)"), "1000 columns, not 17"),
        (
            npy(
                "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 17)}",
                std::iter::empty(),
            ),
            "0 × 17 numbers are none",
        ),
        (with(f64::NAN), "row 999, column 16 is NaN or infinite"),
        (with(1e300), "row 999, column 16 is NaN or infinite"),
    ] {
        folder.write("20.npy", bytes);
        let error = half_cheetah_from(&folder.0).unwrap_err().to_string();
        assert!(
            error.contains("20.npy") && error.contains(words),
            "{words}: {error}"
        );
    }
}

/// Rows as R writes them: a column of row names without a name in the header.
fn office(minutes: usize, named: bool) -> String {
    let mut text = String::new();
    let row_name = if named { "\"no\"," } else { "" };
    text += row_name;
    text +=
        "\"date\",\"Temperature\",\"Humidity\",\"Light\",\"CO2\",\"HumidityRatio\",\"Occupancy\"\n";
    for t in 0..minutes {
        let light = if t % 3 == 0 { 400 } else { 100 };
        let occupied = usize::from(t % 6 == 0);
        text += &format!(
            "\"{}\",\"2015-02-04 17:51:00\",{t},{},{light},{},0.00{},{occupied}\n",
            t + 1,
            t % 7,
            t % 5,
            t % 4
        );
    }
    text
}

#[test]
fn the_office_by_day() {
    let folder = Folder::new();
    folder.write("datatraining.txt", office(200, false));
    folder.write("datatest.txt", office(50, false));
    folder.write("datatest2.txt", office(41, true));
    let data = occupancy_from(&folder.0).unwrap();
    assert_eq!(data.train.measured.shape(), (5, 200));
    assert_eq!(data.train.measured[(2, 3)], 400.0);
    assert!(data.train.occupied[6] && !data.train.occupied[3]);

    let split = data.paper_split().unwrap();
    let sizes = |of: [&Windows; 3]| of.map(Windows::len);
    // Of 184 windows a tenth; 0, 8, …, 32 of the first test and 0, …, 24 of the second.
    assert_eq!(
        sizes([&split.train, &split.valid, &split.test]),
        [166, 18, 9]
    );
    assert!(split.valid.overlap(&split.train) > 0.9);
    // The temperature counts the minutes: its mean is 99.5.
    let first = split
        .test
        .batch::<f64>(&[4], BatchOrder::TimeMajor)
        .unwrap();
    let deviation = ((200.0_f64.powi(2) - 1.0) / 12.0).sqrt();
    assert!((first.inputs[(0, 0)] - (32.0 - 99.5) / deviation).abs() < 1e-6);
    // Light is on at every third minute, somebody in at every sixth.
    let rule = data.light_rule(365.0).unwrap();
    assert!((rule - 5.0 / 6.0).abs() < 0.03, "{rule}");
    assert_eq!(
        data.light_rule(1e9).unwrap(),
        split.test.class_shares().unwrap()[0]
    );

    let clean = data.blocked_split().unwrap();
    assert_eq!(
        sizes([&clean.train, &clean.valid, &clean.test]),
        [164, 4, 9]
    );
    let [end, start] = [(&clean.train, 163), (&clean.valid, 0)].map(|(windows, i)| {
        let batch = windows.batch::<f64>(&[i], BatchOrder::TimeMajor).unwrap();
        let deviation = ((180.0_f64.powi(2) - 1.0) / 12.0).sqrt();
        [batch.inputs[(0, 15)], batch.inputs[(0, 0)]].map(|v| (v * deviation + 89.5).round())
    });
    // The very last minute of a block is in no window, as in the paper's.
    assert_eq!((end[0], start[1]), (178.0, 180.0));
}

#[test]
fn damaged_offices_are_refused() {
    let folder = Folder::new();
    for (damaged, words) in [
        (office(16, false), "16 rows below the header"),
        (
            office(40, false).replace("\"CO2\"", "\"CO\""),
            "no column CO2",
        ),
        (office(40, false).replace(",1\n", ",2\n"), "Occupancy is 2"),
        (
            office(40, false).replacen(",400,", ",NaN,", 1),
            "line 2, column 5 (Light)",
        ),
        (
            office(40, false).replacen(",400,", ",,", 1),
            "line 2, column 5 (Light)",
        ),
        (
            office(40, false).replacen(",400,", ",", 1),
            "line 2: 7 cells",
        ),
        (String::new(), "the file is empty"),
    ] {
        folder.write("datatraining.txt", damaged);
        let error = occupancy_from(&folder.0).unwrap_err().to_string();
        assert!(
            error.contains("datatraining.txt") && error.contains(words),
            "{error}"
        );
    }
    folder.write("datatraining.txt", office(40, false));
    assert!(matches!(occupancy_from(&folder.0), Err(Error::Io { .. })));

    for test in ["datatest.txt", "datatest2.txt"] {
        folder.write(test, office(40, false));
    }
    // Nine minutes of a tenth make no window; dark all day is no scale.
    assert!(occupancy_from(&folder.0).unwrap().blocked_split().is_err());
    folder.write(
        "datatraining.txt",
        office(40, false).replace(",400,", ",100,"),
    );
    let error = occupancy_from(&folder.0)
        .unwrap()
        .paper_split()
        .unwrap_err();
    assert_eq!(error.to_string(), "Light is 0, must vary, to be scaled");
}

fn video(of: usize, frames: usize) -> String {
    let names: Vec<String> = (1..=32).map(|i| i.to_string()).collect();
    let mut text = names.join(",") + ",Phase\r\n";
    for t in 0..frames {
        for feature in 0..32 {
            text += &format!("{},", 1000 * of + t + feature);
        }
        text += ["D", "P", "S", "H", "R"][t / 10 % 5];
        text += "\r\n";
    }
    text
}

#[test]
fn gestures_by_halves_of_windows() {
    const NAMES: [&str; 7] = ["a3", "b1", "b3", "c1", "c3", "a2", "a1"];
    let folder = Folder::new();
    for (i, name) in NAMES.iter().enumerate() {
        folder.write(&format!("{name}_va3.csv"), video(i, 345));
    }
    let data = gesture_from(&folder.0).unwrap();
    assert_eq!(data.videos[2].inputs[(3, 5)], 2008.0);
    let split = data.paper_split().unwrap();
    let sizes = |of: [&Windows; 3]| of.map(Windows::len);
    // Ten whole windows in 345 frames, and nine between: 133 in all.
    assert_eq!(
        sizes([&split.train, &split.valid, &split.test]),
        [101, 13, 19]
    );
    assert!(split.test.overlap(&split.train) > 0.5);
    let batch = split
        .train
        .batch::<f64>(&[0], BatchOrder::TimeMajor)
        .unwrap();
    assert!(
        batch
            .classes
            .windows(2)
            .all(|c| c[1] == c[0] || c[1] == (c[0] + 1) % 5)
    );

    // Frames 0 to 257, 258 to 292 and 293 to 344 of each.
    let clean = data.blocked_split().unwrap();
    assert_eq!(
        sizes([&clean.train, &clean.valid, &clean.test]),
        [15 * 7, 7, 2 * 7]
    );

    let damaged = video(0, 345).replacen(",P\r\n", ",X\r\n", 1);
    folder.write("b3_va3.csv", damaged);
    let error = gesture_from(&folder.0).unwrap_err().to_string();
    assert!(error.contains("b3_va3.csv, line 12: \"X\""), "{error}");
    folder.write("b3_va3.csv", video(0, 31));
    assert!(matches!(
        gesture_from(&folder.0),
        Err(Error::TooFewRows { rows: 31, .. })
    ));
    fs::remove_file(folder.0.join("b3_va3.csv")).unwrap();
    assert!(matches!(gesture_from(&folder.0), Err(Error::Io { .. })));
}
