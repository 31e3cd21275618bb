//! IDX files and the image sets made of them, good and bad.

use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use neuropil_datasets::{Error, Idx, ImageSet, LabelledImages};
use proptest::prelude::*;

fn idx(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, shape.len() as u8];
    bytes.extend(shape.iter().flat_map(|d| d.to_be_bytes()));
    bytes.extend(values);
    bytes
}

#[expect(clippy::unwrap_used, reason = "writing to memory does not fail")]
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn parse(bytes: &[u8]) -> Result<Idx, Error> {
    Idx::parse(bytes, Path::new("f"))
}

#[test]
fn every_bad_file_is_told_apart() {
    let good = idx(&[2, 3], &[1, 2, 3, 4, 5, 6]);
    let packed = gzip(&good);
    let mut trailing = packed.clone();
    trailing.push(0);
    let mut flipped = packed.clone();
    // The checksum of the contents is in the last eight bytes, before their length.
    let at = flipped.len() - 6;
    flipped[at] ^= 1;
    let cases: &[(&str, &[u8], &str)] = &[
        ("nothing", &[], "f: 0 bytes are no IDX header"),
        ("too short", &[0, 0, 8], "f: 3 bytes are no IDX header"),
        (
            "another format",
            b"\x89PNG",
            "f: begins with 0x89 0x50: not an IDX file",
        ),
        (
            "floats",
            &[0, 0, 0x0d, 1, 0, 0, 0, 0],
            "f: IDX type 0x0d, only unsigned bytes (0x08) are read",
        ),
        ("no dimension", &[0, 0, 8, 0], "f: 0 dimensions, not 1 to 8"),
        (
            "dimensions",
            &[0, 0, 8, 200],
            "f: 200 dimensions, not 1 to 8",
        ),
        (
            "cut in the lengths",
            &good[..7],
            "f: ends within the lengths of its 2 dimensions",
        ),
        (
            "cut in the values",
            &good[..16],
            "f: ends after 4 of the 6 values of shape [2, 3]",
        ),
        (
            "empty",
            &idx(&[0, 28, 28], &[]),
            "f: shape [0, 28, 28] is empty",
        ),
        (
            // Four exbibytes: were it reserved, the test would abort.
            "huge",
            &idx(&[1 << 31, 1 << 31], &[1, 2]),
            "f: ends after 2 of the 4611686018427387904 values of shape [2147483648, 2147483648]",
        ),
        (
            "uncountable",
            &idx(&[u32::MAX; 4], &[1]),
            "f: shape [4294967295, 4294967295, 4294967295, 4294967295] has more values than can \
             be counted",
        ),
        (
            "too long",
            &idx(&[2, 3], &[0; 7]),
            "f: goes on after the 6 values of shape [2, 3]",
        ),
        (
            "gzip too long",
            &gzip(&idx(&[2, 3], &[0; 7])),
            "f: goes on after the 6 values of shape [2, 3]",
        ),
        (
            "after gzip",
            &trailing,
            "f: bytes after the end of the gzip data",
        ),
        ("gzip cut", &packed[..packed.len() - 9], "gzip data: "),
        ("gzip sum cut", &packed[..packed.len() - 1], "gzip data: "),
        ("gzip sum", &flipped, "gzip data: corrupt"),
        ("gzip header", &[0x1f, 0x8b, 9, 0], "gzip data: "),
    ];
    for (what, bytes, expected) in cases {
        let error = parse(bytes).expect_err(what);
        assert!(
            matches!(error, Error::Malformed { .. }),
            "{what}: {error:?}"
        );
        let message = error.to_string();
        assert!(message.contains(expected), "{what}: {message}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        shape in prop::collection::vec(1..6_u32, 1..5),
        seed in any::<u8>(),
    ) {
        let size: u32 = shape.iter().product();
        let values: Vec<u8> = (0..size).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect();
        let bytes = idx(&shape, &values);
        for bytes in [gzip(&bytes), bytes] {
            let found = parse(&bytes).unwrap();
            prop_assert_eq!(found.values(), &values[..]);
            prop_assert!(found.shape().iter().zip(&shape).all(|(&a, &b)| a == b as usize));
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_or_a_file(at in 0..60_usize, bit in 0..8_u32, packed in any::<bool>()) {
        let mut bytes = idx(&[4, 10], &[7; 40]);
        if packed {
            bytes = gzip(&bytes);
        }
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(found) = parse(&bytes) {
            prop_assert_eq!(found.values().len(), found.shape().iter().product::<usize>());
        }
    }
}

#[test]
fn images_and_labels_must_fit() {
    let images = || parse(&idx(&[2, 1, 3], &[0, 2, 4, 1, 1, 1])).unwrap();
    let labels = |values: &[u8]| parse(&idx(&[values.len() as u32], values)).unwrap();
    let set = LabelledImages::new(images(), labels(&[2, 0]), 4).unwrap();
    assert_eq!((set.len(), set.size(), set.classes()), (2, (1, 3), 3));
    assert_eq!(set.image(1), Some(&[1, 1, 1][..]));
    assert_eq!(set.image(2), None);
    let scaled = set.scaled::<f64>();
    assert_eq!(scaled.shape(), (3, 2));
    assert_eq!(scaled.as_slice(), [0.0, 0.5, 1.0, 0.25, 0.25, 0.25]);
    assert_eq!(set.scaled_range::<f64>(1..2).unwrap(), scaled.columns(1, 1));
    assert!(set.scaled_range::<f64>(1..3).is_err());
    #[expect(
        clippy::reversed_empty_ranges,
        reason = "it is the error that is tested"
    )]
    let reversed = set.scaled_range::<f64>(2..1);
    assert!(reversed.is_err());
    assert_eq!(set.one_hot::<f32>().as_slice(), [0., 0., 1., 1., 0., 0.]);

    let error = LabelledImages::new(images(), labels(&[1, 2, 3]), 4).unwrap_err();
    assert_eq!(
        error.to_string(),
        "labels for the images: expected 2, found 3"
    );
    assert!(LabelledImages::new(labels(&[1]), labels(&[1]), 4).is_err());
    assert!(LabelledImages::new(images(), images(), 4).is_err());
    assert!(LabelledImages::new(images(), labels(&[1, 2]), 0).is_err());
}

#[test]
fn a_missing_set_says_how_to_get_it() {
    let folder = Path::new("no/such/folder");
    for set in ImageSet::ALL {
        let error = set.load_from(folder).unwrap_err();
        assert!(matches!(&error, Error::Missing { looked_for, .. } if looked_for.len() == 2));
        let message = error.to_string();
        let command = format!("`cargo xtask data {}`", set.name());
        assert!(message.contains(&command), "{message}");
        assert!(message.contains("no/such/folder"), "{message}");
    }
}

#[test]
fn another_file_of_the_right_form_is_refused() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("not-mnist");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("train-images-idx3-ubyte.gz");
    std::fs::write(&path, gzip(&idx(&[1, 28, 28], &[0; 784]))).unwrap();
    let error = ImageSet::Mnist.load_from(&folder).unwrap_err();
    match &error {
        Error::Checksum {
            path: at, expected, ..
        } => {
            assert_eq!(at, &path);
            assert!(expected.starts_with("ba891046"), "{error}");
        }
        _ => panic!("{error}"),
    }
}

/// The sets themselves, where they are: `cargo xtask data` fetches them.
#[test]
fn the_published_sets_are_read_where_they_are() {
    for set in ImageSet::ALL {
        match set.load() {
            Ok(data) => {
                assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
                assert_eq!((data.train.size(), data.train.classes()), ((28, 28), 10));
                let first: &[u8] = match set {
                    ImageSet::Mnist => &[5, 0, 4, 1, 9],
                    ImageSet::FashionMnist => &[9, 0, 0, 3, 0],
                };
                assert_eq!(&data.train.labels()[..5], first);
                let batch = data.test.scaled_range::<f32>(0..100).unwrap();
                assert_eq!(batch.shape(), (784, 100));
                assert!(batch.max() == 1.0 && batch.min() == 0.0);
            }
            Err(Error::Missing { .. }) => println!("{} is not here: not tested", set.name()),
            Err(error) => panic!("{error}"),
        }
    }
}
