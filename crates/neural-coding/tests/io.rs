//! Files that come back, and files that lie.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::PathBuf;

use neuropil_neural_coding::io::{
    Npy, TextConfig, format_raster, format_text, parse_raster, parse_text, read_raster, read_text,
    write_raster, write_text,
};
use neuropil_neural_coding::{Duplicates, Error, Raster, SpikeTrain, SpikeTrains};
use proptest::prelude::*;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn trains(times: &[Vec<f64>]) -> SpikeTrains {
    let mut trains = SpikeTrains::new(0.0, 10.0).unwrap();
    for times in times {
        let train = SpikeTrain::from_unsorted(times.clone(), 0.0, 10.0, Duplicates::Merge);
        trains.push(&train.unwrap()).unwrap();
    }
    trains
}

#[test]
fn text_as_pyspike_has_it_is_read() {
    let text = "# spike times\n64.886 305.81 696\n\n67.449 318.85 \n# the end\n";
    let config = TextConfig {
        second: 1000.0,
        empty_lines: false,
        ..TextConfig::default()
    };
    let trains = parse_text(text, 0.0, 4.0, &config).unwrap();
    assert_eq!(trains.len(), 2);
    assert_eq!(
        trains.get(0).unwrap().times(),
        [64.886 / 1000.0, 305.81 / 1000.0, 0.696]
    );
    let config = TextConfig {
        empty_lines: true,
        ..config
    };
    let with_silent = parse_text(text, 0.0, 4.0, &config).unwrap();
    assert_eq!(
        with_silent.iter().map(|t| t.len()).collect::<Vec<_>>(),
        [3, 0, 2]
    );
}

#[test]
fn every_usual_separator_is_one() {
    for text in [
        "0.1,0.2,0.3",
        "0.1, 0.2, 0.3\r\n",
        "0.1\t0.2\t0.3",
        " 0.1;0.2;0.3; ",
    ] {
        let trains = parse_text(text, 0.0, 1.0, &TextConfig::default()).unwrap();
        assert_eq!(trains.times(), [0.1, 0.2, 0.3], "{text:?}");
    }
}

#[test]
fn a_bad_line_is_named() {
    let problem = |text: &str, words: &str| {
        let error = parse_text(text, 0.0, 1.0, &TextConfig::default()).unwrap_err();
        assert!(matches!(error, Error::Text { line: 2, .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    problem("0.1\n0.2 zero", "`zero` is no number");
    problem("0.1\n0.2 nan", "NaN");
    problem("0.1\n0.2 inf", "infinity");
    problem("0.1\n0.5 0.2", "earlier");
    problem("0.1\n0.5 0.5", "second one");
    problem("0.1\n0.5 1.5", "outside");
    let long = format!("0.1\n{}", "x".repeat(1_000_000));
    let error = parse_text(&long, 0.0, 1.0, &TextConfig::default()).unwrap_err();
    assert!(error.to_string().len() < 200);
    let config = TextConfig {
        sort: true,
        duplicates: Duplicates::Merge,
        ..TextConfig::default()
    };
    let sorted = parse_text("0.5 0.2 0.5", 0.0, 1.0, &config).unwrap();
    assert_eq!(sorted.times(), [0.2, 0.5]);
    let config = TextConfig {
        second: 0.0,
        ..TextConfig::default()
    };
    assert!(matches!(
        parse_text("", 0.0, 1.0, &config),
        Err(Error::OutOfRange { .. })
    ));
}

#[test]
fn files_come_back_and_their_errors_have_paths() {
    let trains = trains(&[vec![0.1, 1.0 / 3.0], vec![], vec![5.0]]);
    let file = path("trains.txt");
    write_text(&file, &trains).unwrap();
    let read = read_text(&file, 0.0, 10.0, &TextConfig::default()).unwrap();
    assert_eq!(read, trains);
    let error = read_text(&file, 0.0, 1.0, &TextConfig::default()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("trains.txt") && text.contains("line 3"),
        "{text}"
    );
    let missing = read_text(path("nothing.txt"), 0.0, 1.0, &TextConfig::default());
    assert!(missing.unwrap_err().to_string().contains("nothing.txt"));
    std::fs::write(path("binary.txt"), [0xff, 0xfe, 0x00]).unwrap();
    let binary = read_text(path("binary.txt"), 0.0, 1.0, &TextConfig::default());
    assert!(binary.unwrap_err().to_string().contains("binary.txt"));

    let raster = parse_raster("0110\n0001\n").unwrap();
    let file = path("raster.txt");
    write_raster(&file, &raster).unwrap();
    assert_eq!(read_raster(&file).unwrap(), raster);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "0110\n0001\n");
    assert!(write_raster(path("no-folder/raster.txt"), &raster).is_err());
}

#[test]
fn rasters_are_zeros_and_ones() {
    let raster = parse_raster("# two trains\n0, 1, 1\n\n1 0 0\n").unwrap();
    assert_eq!((raster.trains(), raster.steps()), (2, 3));
    assert_eq!(format_raster(&raster), "011\n100\n");
    for (text, words) in [
        ("011\n01", "2 steps, the first line has 3"),
        ("011\n021", "`2` in step 1"),
        ("01\n0\u{e9}", "steps"),
    ] {
        let error = parse_raster(text).unwrap_err();
        assert!(matches!(error, Error::Text { line: 2, .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(parse_raster("").unwrap().trains(), 0);
}

/// A file of NumPy with this header.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn header(descr: &str, columns_first: bool, shape: &str) -> String {
    let order = if columns_first { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n")
}

#[test]
fn every_type_and_order_of_numpy_is_read() {
    let read = |descr: &str, shape: &str, data: &[u8]| {
        Npy::parse(&npy(&header(descr, false, shape), data)).unwrap()
    };
    assert_eq!(read("<f8", "(1,)", &0.1_f64.to_le_bytes()).values(), [0.1]);
    assert_eq!(read(">f8", "(1,)", &0.1_f64.to_be_bytes()).values(), [0.1]);
    assert_eq!(read("<f4", "(1,)", &0.5_f32.to_le_bytes()).values(), [0.5]);
    assert_eq!(
        read("<i4", "(1,)", &(-7_i32).to_le_bytes()).values(),
        [-7.0]
    );
    assert_eq!(
        read(">i2", "(1,)", &(-7_i16).to_be_bytes()).values(),
        [-7.0]
    );
    assert_eq!(read("<u8", "(1,)", &7_u64.to_le_bytes()).values(), [7.0]);
    assert_eq!(read("|i1", "(2,)", &[255, 1]).values(), [-1.0, 1.0]);
    assert_eq!(read("|b1", "(2,)", &[0, 1]).values(), [0.0, 1.0]);
    assert_eq!(read("|u1", "()", &[3]).values(), [3.0]);
    let rows = read("|u1", "(2, 3)", &[1, 2, 3, 4, 5, 6]);
    assert_eq!(rows.values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let columns = npy(&header("|u1", true, "(2, 3)"), &[1, 4, 2, 5, 3, 6]);
    assert_eq!(Npy::parse(&columns).unwrap(), rows);
    // Version 2, and keys in another order.
    let header = r#"{"shape": (1,), "fortran_order": False, "descr": "<i8"}"#;
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(5_i64.to_le_bytes());
    assert_eq!(Npy::parse(&bytes).unwrap().values(), [5.0]);
}

#[test]
fn files_of_numpy_that_lie_are_refused() {
    let refuse = |bytes: &[u8], words: &str| {
        let error = Npy::parse(bytes).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    refuse(b"", "does not begin");
    refuse(b"\x93NUMPY", "truncated");
    refuse(b"\x93NUMPY\x09\x00", "version 9");
    refuse(b"\x93NUMPY\x01\x00\xff\xff{", "truncated");
    refuse(
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        "header of 4294967295 bytes",
    );
    refuse(&npy("{}", &[]), "no descr");
    // More data than any memory holds, and a product that overflows.
    refuse(
        &npy(&header("<f8", false, "(1152921504606846975,)"), &[0; 8]),
        "8 bytes of data",
    );
    refuse(
        &npy(&header("<f8", false, "(4294967296, 4294967296)"), &[]),
        "0 bytes of data",
    );
    refuse(&npy(&header("<f8", false, "(0, 99999999)"), &[]), "no data");
    refuse(&npy(&header("<f8", false, "(2,)"), &[0; 15]), "15 bytes");
    refuse(&npy(&header("<f8", false, "(2,)"), &[0; 17]), "17 bytes");
    refuse(
        &npy(&header("<f8", false, "(1, 1, 1)"), &[0; 8]),
        "3 dimensions",
    );
    refuse(&npy(&header("<f8", false, "(-1,)"), &[]), "no number");
    refuse(&npy(&header("<c16", false, "(1,)"), &[0; 16]), "c16");
    refuse(&npy(&header("|O", false, "(1,)"), &[0; 8]), "type");
    refuse(&npy(&header("é", false, "(1,)"), &[0; 8]), "type");
    let fields = "{'descr': [('t', '<f8')], 'fortran_order': False, 'shape': (1,), }";
    refuse(&npy(fields, &[0; 8]), "several fields");
    let large = (1_i64 << 53) + 1;
    refuse(
        &npy(&header("<i8", false, "(1,)"), &large.to_le_bytes()),
        "no 64-bit float",
    );
    refuse(
        &npy(&header("<u8", false, "(1,)"), &u64::MAX.to_le_bytes()),
        "no 64-bit float",
    );
    refuse(&npy(&header("|b1", false, "(1,)"), &[2]), "no 64-bit float");
}

#[test]
fn arrays_become_trains_and_rasters() {
    let times = Npy::from_values(vec![0.7, 0.1, 0.2]);
    let units = Npy::from_values(vec![2.0, 0.0, 2.0]);
    let make = |units: &Npy, count| times.to_trains(units, count, 0.0, 1.0, Duplicates::Refuse);
    let trains = make(&units, 3).unwrap();
    assert_eq!(trains.times(), [0.1, 0.2, 0.7]);
    assert_eq!(trains.offsets(), [0, 1, 1, 3]);
    for (units, count) in [
        (vec![2.0, 0.0, 2.0], 2),
        (vec![0.5, 0.0, 1.0], 3),
        (vec![-1.0, 0.0, 1.0], 3),
        (vec![f64::NAN, 0.0, 1.0], 3),
    ] {
        let error = make(&Npy::from_values(units), count);
        assert!(matches!(error, Err(Error::OutOfRange { .. })), "{error:?}");
    }
    let short = Npy::from_values(vec![0.0]);
    assert!(matches!(make(&short, 3), Err(Error::Shape { .. })));
    assert!(matches!(
        times.to_train(0.0, 1.0, Duplicates::Refuse),
        Err(Error::Unsorted { .. })
    ));
    assert!(matches!(times.to_raster(), Err(Error::Shape { .. })));
    let raster = parse_raster("011\n100").unwrap();
    let array = Npy::from_raster(&raster);
    assert_eq!(array.to_raster().unwrap(), raster);
    assert!(array.to_train(0.0, 1.0, Duplicates::Keep).is_err());
    let file = path("raster.npy");
    array.write(&file).unwrap();
    assert_eq!(Npy::read(&file).unwrap(), array);
    std::fs::write(&file, b"nothing").unwrap();
    assert!(
        Npy::read(&file)
            .unwrap_err()
            .to_string()
            .contains("raster.npy")
    );
}

/// What `numpy.save` writes for `numpy.array([0.5, 2.0])`.
#[test]
fn the_bytes_are_those_of_numpy() {
    let text = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
    let mut expected = b"\x93NUMPY\x01\x00v\x00".to_vec();
    expected.extend(format!("{text:<117}\n").bytes());
    expected.extend(0.5_f64.to_le_bytes());
    expected.extend(2.0_f64.to_le_bytes());
    assert_eq!(Npy::from_values(vec![0.5, 2.0]).to_bytes(), expected);
}

#[cfg(feature = "safetensors")]
mod safetensors {
    use super::*;
    use neuropil_neural_coding::io::{load_safetensors, save_safetensors};

    #[test]
    fn trains_come_back_with_the_same_bytes() {
        let trains = trains(&[vec![0.1, 1.0 / 3.0], vec![], vec![5.0]]);
        let file = path("trains.safetensors");
        save_safetensors(&file, &trains).unwrap();
        assert_eq!(load_safetensors(&file, None).unwrap(), trains);
        let first = std::fs::read(&file).unwrap();
        save_safetensors(&file, &trains).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), first);
        let wider = load_safetensors(&file, Some((-1.0, 20.0))).unwrap();
        assert_eq!((wider.t0(), wider.t1()), (-1.0, 20.0));
        let narrow = load_safetensors(&file, Some((0.0, 1.0))).unwrap_err();
        assert!(narrow.to_string().contains("outside"), "{narrow}");
    }

    #[test]
    fn every_broken_file_is_refused() {
        let trains = trains(&[vec![0.1, 0.2], vec![5.0]]);
        let file = path("broken.safetensors");
        save_safetensors(&file, &trains).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        for end in 0..bytes.len() {
            std::fs::write(&file, &bytes[..end]).unwrap();
            assert!(load_safetensors(&file, None).is_err(), "{end} bytes");
        }
        for (from, to) in [("spike_times_s", "spike_times_m"), ("window_s", "window_m")] {
            let at = bytes.windows(from.len()).position(|w| w == from.as_bytes());
            let mut changed = bytes.clone();
            changed[at.unwrap()..][..to.len()].copy_from_slice(to.as_bytes());
            std::fs::write(&file, &changed).unwrap();
            let error = load_safetensors(&file, None).unwrap_err().to_string();
            assert!(error.contains(from) && error.contains("broken"), "{error}");
        }
        // The header claims more than there is.
        let mut huge = bytes.clone();
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        std::fs::write(&file, &huge).unwrap();
        assert!(load_safetensors(&file, None).is_err());
    }
}

proptest! {
    #[test]
    fn text_keeps_every_bit(times in prop::collection::vec(
        prop::collection::vec(0.0..=10.0_f64, 0..20), 0..6,
    )) {
        let trains = trains(&times);
        let text = format_text(&trains);
        let read = parse_text(&text, 0.0, 10.0, &TextConfig::default()).unwrap();
        prop_assert_eq!(read, trains);
    }

    #[test]
    fn numpy_keeps_every_bit(values in prop::collection::vec(any::<f64>(), 0..50)) {
        let array = Npy::from_values(values);
        let read = Npy::parse(&array.to_bytes()).unwrap();
        let bits = |a: &Npy| a.values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read), bits(&array));
    }

    #[test]
    fn rasters_keep_every_bit(bits in prop::collection::vec(any::<bool>(), 1..300)) {
        let mut raster = Raster::new(2, bits.len()).unwrap();
        for (step, &bit) in bits.iter().enumerate() {
            raster.set(step % 2, step, bit).unwrap();
        }
        prop_assert_eq!(&parse_raster(&format_raster(&raster)).unwrap(), &raster);
        prop_assert_eq!(&Npy::from_raster(&raster).to_raster().unwrap(), &raster);
    }

    /// Nothing makes a reader panic.
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        text in ".{0,60}",
    ) {
        let _ = Npy::parse(&bytes);
        let mut lie = npy(&header("<f8", false, "(3, 2)"), &[0; 48]);
        for (at, byte) in bytes.iter().enumerate().take(3) {
            let place = (usize::from(*byte) * 7 + at) % lie.len();
            lie[place] = bytes[bytes.len() - 1 - at];
        }
        let _ = Npy::parse(&lie);
        let _ = Npy::parse(&npy(&format!("{{'descr': '{text}', 'shape': {text}"), &bytes));
        let _ = parse_text(&text, 0.0, 1.0, &TextConfig::default());
        let _ = parse_raster(&text);
    }
}
