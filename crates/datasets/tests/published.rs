//! The published recordings give the arrays that NumPy made of them with the papers' rules, bit by bit.
//!
//! They need the folder that `NEUROPIL_DATA` names and fail without:
//! `cargo test -p neuropil-datasets --test published -- --ignored`.

use neuropil_datasets::{
    BatchOrder, WindowSplit, Windows, gesture, half_cheetah, occupancy, walker2d,
};
use neuropil_test_kit::tolerance::check_close;
use sha2::{Digest, Sha256};

/// The first 16 digits of the SHA-256 of an array of windows × steps × rows, little-endian.
fn sum(bytes: impl Iterator<Item = u8>) -> String {
    let digest = Sha256::digest(bytes.collect::<Vec<_>>());
    digest[..8].iter().map(|b| format!("{b:02x}")).collect()
}

fn floats(values: &[f32]) -> String {
    sum(values.iter().flat_map(|v| v.to_le_bytes()))
}

/// Of inputs, targets or classes, and spans.
#[expect(clippy::unwrap_used, reason = "a part of the tests")]
fn sums(windows: &Windows) -> [String; 3] {
    let all: Vec<usize> = (0..windows.len()).collect();
    let batch = windows
        .batch::<f32>(&all, BatchOrder::SequenceMajor)
        .unwrap();
    let targets = match windows.classes() {
        None => floats(batch.targets.as_slice()),
        Some(_) => sum(batch.classes.iter().map(|&c| c as u8)),
    };
    [
        floats(batch.inputs.as_slice()),
        targets,
        floats(&batch.spans),
    ]
}

fn sizes(split: &WindowSplit) -> [usize; 3] {
    [&split.train, &split.valid, &split.test].map(Windows::len)
}

#[expect(clippy::unwrap_used, reason = "a part of the tests")]
fn close(what: &str, found: f64, expected: f64, tolerance: f64) {
    check_close(what, &[found], &[expected], 0.0, tolerance).unwrap();
}

#[test]
#[ignore = "needs the folder cheetah in NEUROPIL_DATA"]
fn the_half_cheetah() {
    let split = half_cheetah().unwrap();
    assert_eq!(sizes(&split), [970, 485, 970]);
    for (windows, expected) in [
        (&split.train, ["dd5bb77aaa868e80", "e46b8201a895e8ca"]),
        (&split.valid, ["6c1f96afeb1d050b", "26e595848db44ba9"]),
        (&split.test, ["4d09526d3436d1c4", "dc88da9ee2613720"]),
    ] {
        assert_eq!(sums(windows)[..2], expected);
        assert!(!windows.is_irregular());
    }
    let error = split.test.persistence_error().unwrap();
    close("persistence", error, 62.865_533_284, 1e-8);
}

#[test]
#[ignore = "needs the folder walker in NEUROPIL_DATA"]
fn the_walker() {
    let split = walker2d().unwrap();
    assert_eq!(sizes(&split), [9684, 1272, 1937]);
    let train = ["ba8ded15e98d97ad", "07caec18656b3b59", "b36f9b54c9a50f8d"];
    let valid = ["b0b1e736831c3ac3", "0d75e3b60b5c90e5", "4ca799912dadc2c8"];
    let test = ["23465cf3dfdf0622", "a045eb00289c49d8", "de94e5fc03abfd62"];
    for (windows, expected) in [
        (&split.train, train),
        (&split.valid, valid),
        (&split.test, test),
    ] {
        assert_eq!(sums(windows), expected);
    }
    let error = split.test.persistence_error().unwrap();
    close("persistence", error, 4.537_537_409_77, 1e-10);
}

#[test]
#[ignore = "needs the folder occupancy in NEUROPIL_DATA"]
fn the_office() {
    let office = occupancy().unwrap();
    let split = office.paper_split().unwrap();
    assert_eq!(sizes(&split), [7315, 812, 1549]);
    for (windows, expected) in [
        (&split.train, ["f78252246cbdb44c", "331868d3dcdd97f4"]),
        (&split.valid, ["51d4ecb4b4e79b21", "cc189a65f7f92875"]),
        (&split.test, ["21af0d781ab000d9", "375f27a867c1bcc7"]),
    ] {
        assert_eq!(sums(windows)[..2], expected);
    }
    let shares = split.test.class_shares().unwrap();
    close("nobody", shares[0], 0.757_948_676_565_526, 1e-12);
    let rule = office.light_rule(365.0).unwrap();
    close("light", rule, 0.990_033_892_834_087, 1e-12);
    assert_eq!(split.valid.overlap(&split.train), 1.0);
    assert_eq!(split.test.overlap(&split.train), 0.0);

    let clean = office.blocked_split().unwrap();
    assert_eq!(sizes(&clean), [7313, 798, 1549]);
    assert_eq!(clean.valid.overlap(&clean.train), 0.0);
}

#[test]
#[ignore = "needs the folder gesture in NEUROPIL_DATA"]
fn the_gestures() {
    let videos = gesture().unwrap();
    let split = videos.paper_split().unwrap();
    assert_eq!(sizes(&split), [455, 60, 90]);
    for (windows, expected) in [
        (&split.train, ["c3fcc4b0d9f0f562", "819e733087b09578"]),
        (&split.valid, ["b36991eb79be334b", "259518f1f36c0453"]),
        (&split.test, ["aa6e7209d3423fa1", "d1dc997c7a82537d"]),
    ] {
        assert_eq!(sums(windows)[..2], expected);
    }
    close(
        "seen in training",
        split.test.overlap(&split.train),
        0.922_222_222_222_222,
        1e-12,
    );
    let shares = split.test.class_shares().unwrap();
    // The most frequent phase of the training windows is the stroke.
    close("stroke", shares[2], 0.263_541_666_666_667, 1e-12);

    let clean = videos.blocked_split().unwrap();
    assert_eq!(sizes(&clean), [452, 50, 83]);
    assert_eq!(clean.valid.overlap(&clean.train), 0.0);
    assert_eq!(clean.test.overlap(&clean.train), 0.0);
}
