//! Saving: round trips bit for bit, atomic replacement, and files that are damaged in every place.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use neuropil_math::optim::{AdamConfig, Optimizer};
use neuropil_math::parameters::{Visitor, VisitorMut};
use neuropil_math::save::{
    load_json, load_model, load_parameters, read_limited, save_json, save_model, save_parameters,
    write_atomically,
};
use neuropil_math::{Error, Parameters, Real};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

/// A folder of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("neuropil-saving-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let name =
            |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<_> = fs::read_dir(&self.0).unwrap().map(name).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Tensors by name, shape and data.
#[derive(Debug, Clone, PartialEq)]
struct Model<T>(Vec<(&'static str, Vec<usize>, Vec<T>)>);

impl<T: Real> Parameters<T> for Model<T> {
    fn visit(&self, f: Visitor<'_, T>) {
        for (name, shape, data) in &self.0 {
            f(name, shape, data);
        }
    }

    fn visit_mut(&mut self, f: VisitorMut<'_, T>) {
        for (name, shape, data) in &mut self.0 {
            f(name, shape, data);
        }
    }
}

impl<T: Real> Model<T> {
    /// Equal zeros of other signs are told apart here, unlike by `==`.
    fn bits(&self) -> Vec<u64> {
        let data = self.0.iter().flat_map(|(_, _, data)| data);
        data.map(|x| x.to_f64().to_bits()).collect()
    }

    fn blank(&self) -> Self {
        let blank = |(name, shape, data): &(&'static str, Vec<usize>, Vec<T>)| {
            (*name, shape.clone(), vec![T::of(0.5); data.len()])
        };
        Self(self.0.iter().map(blank).collect())
    }
}

fn small<T: Real>() -> Model<T> {
    let data = [0.1, -0.0, 5e-324, 1.0 / 3.0, -2.5e30, 0.0].map(T::of);
    Model(vec![
        ("weights", vec![2, 3], data.to_vec()),
        ("gain \"β\"", vec![], vec![T::of(-1e-40)]),
        ("none", vec![0, 2], vec![]),
    ])
}

fn any_finite<T: Real>() -> impl Strategy<Value = T> {
    use proptest::num::{f32, f64};
    let wide = f64::NORMAL | f64::SUBNORMAL | f64::ZERO;
    let narrow = f32::NORMAL | f32::SUBNORMAL | f32::ZERO;
    // An f32 of a random f64 would nearly always be zero or infinite.
    prop_oneof![
        wide.prop_map(T::of),
        narrow.prop_map(|x| T::of(f64::from(x)))
    ]
    .prop_filter("finite", |x| x.is_finite())
}

fn any_model<T: Real>() -> impl Strategy<Value = Model<T>> {
    let of = |n| prop::collection::vec(any_finite::<T>(), n);
    (of(6), of(1), of(4)).prop_map(|(a, b, c)| {
        Model(vec![
            ("a", vec![3, 2], a),
            ("layers.0.b", vec![], b),
            ("c", vec![1, 4, 1], c),
        ])
    })
}

fn message<V: std::fmt::Debug>(outcome: Result<V, Error>) -> String {
    outcome.unwrap_err().to_string()
}

#[track_caller]
fn assert_malformed<V: std::fmt::Debug>(outcome: Result<V, Error>, part: &str) {
    match outcome {
        Err(Error::Malformed { problem, .. }) => {
            assert!(
                problem.contains(part),
                "{problem:?} does not contain {part:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_tensor<V: std::fmt::Debug>(outcome: Result<V, Error>, tensor: &str, part: &str) {
    match outcome {
        Err(Error::Tensor { name, problem }) => {
            assert_eq!(name, tensor);
            assert!(
                problem.contains(part),
                "{problem:?} does not contain {part:?}"
            );
        }
        other => panic!("{other:?}"),
    }
}

fn round_trip<T: Real>(model: &Model<T>) {
    let folder = Folder::new();
    let path = folder.file("model.json");
    save_parameters(&path, "test", model).unwrap();
    let mut loaded = model.blank();
    load_parameters(&path, "test", &mut loaded).unwrap();
    assert_eq!(loaded.bits(), model.bits());
    #[cfg(feature = "safetensors")]
    {
        use neuropil_math::save::{import_safetensors, load_safetensors, save_safetensors};
        let path = folder.file("model.safetensors");
        let metadata = BTreeMap::from([("steps".to_owned(), "1000".to_owned())]);
        save_safetensors(&path, "test", model, &metadata).unwrap();
        let mut loaded = model.blank();
        let found = load_safetensors(&path, "test", &mut loaded).unwrap();
        assert_eq!(found, metadata);
        assert_eq!(loaded.bits(), model.bits());
        let mut loaded = model.blank();
        import_safetensors(&path, &mut loaded).unwrap();
        assert_eq!(loaded.bits(), model.bits());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn f64_comes_back_to_the_bit(model in any_model::<f64>()) {
        round_trip(&model);
    }

    #[test]
    fn f32_comes_back_to_the_bit(model in any_model::<f32>()) {
        round_trip(&model);
    }

    #[test]
    fn f32_is_widened_exactly(model in any_model::<f32>()) {
        let folder = Folder::new();
        let path = folder.file("model.json");
        save_parameters(&path, "test", &model)?;
        let shape = |(name, shape, data): &(&'static str, Vec<usize>, Vec<f32>)| {
            (*name, shape.clone(), vec![0.5_f64; data.len()])
        };
        let mut wide = Model(model.0.iter().map(shape).collect());
        load_parameters(&path, "test", &mut wide)?;
        prop_assert_eq!(wide.bits(), model.bits());
        #[cfg(feature = "safetensors")]
        {
            use neuropil_math::save::{load_safetensors, save_safetensors};
            save_safetensors(&path, "test", &model, &BTreeMap::new())?;
            let mut wide = wide.blank();
            load_safetensors(&path, "test", &mut wide)?;
            prop_assert_eq!(wide.bits(), model.bits());
        }
    }

    #[test]
    fn text_that_is_no_model_is_refused(text in ".{0,200}") {
        let folder = Folder::new();
        let path = folder.file("model.json");
        fs::write(&path, text).unwrap();
        let mut model = small::<f64>();
        prop_assert!(load_parameters(&path, "test", &mut model).is_err());
        prop_assert_eq!(model.bits(), small::<f64>().bits());
    }
}

#[test]
fn extreme_numbers_come_back() {
    round_trip(&small::<f64>());
    round_trip(&small::<f32>());
    let all = [
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -0.0,
        0.1 + 0.2,
        2.225_073_858_507_201e-308,
        9_007_199_254_740_993.0,
        1e23,
    ];
    round_trip(&Model(vec![("x", vec![all.len()], all.to_vec())]));
}

#[test]
fn f64_is_not_rounded_to_f32() {
    let folder = Folder::new();
    let path = folder.file("model.json");
    let mut narrow = Model(vec![("x", vec![1], vec![0.5_f32])]);
    save_parameters(&path, "test", &Model(vec![("x", vec![1], vec![0.1_f64])])).unwrap();
    assert_malformed(
        load_parameters(&path, "test", &mut narrow),
        "would lose digits as F32",
    );
    assert_eq!(narrow.0[0].2, [0.5]);
}

/// Damages a file in every place, and loads it: an error, or the model that was saved.
fn damage_everywhere<T: Real>(
    path: &Path,
    model: &Model<T>,
    load: impl Fn(&mut Model<T>) -> Result<(), Error>,
) {
    let whole = fs::read(path).unwrap();
    let blank = model.blank();
    let try_bytes = |bytes: &[u8], what: &dyn Fn() -> String| {
        fs::write(path, bytes).unwrap();
        let mut loaded = blank.clone();
        match load(&mut loaded) {
            Ok(()) => {
                assert_eq!(loaded.bits(), model.bits(), "{}", what());
                true
            }
            Err(_) => {
                assert_eq!(loaded.bits(), blank.bits(), "{}", what());
                false
            }
        }
    };
    assert!(try_bytes(&whole, &|| "the whole file".into()));
    for cut in 0..whole.len() - 1 {
        let loads = try_bytes(&whole[..cut], &|| format!("cut at {cut}"));
        assert!(!loads, "cut at {cut}");
    }
    let mut survived = 0;
    for at in 0..whole.len() {
        // One of the eight bits of each byte, in turns: enough files for one test.
        for replacement in [whole[at] ^ (1 << (at % 8)), b'0'] {
            let mut bytes = whole.clone();
            bytes[at] = replacement;
            let changed = replacement != whole[at];
            let loads = try_bytes(&bytes, &|| format!("byte {at} is {replacement}"));
            survived += usize::from(changed && loads);
        }
        let mut bytes = whole.clone();
        if at % 2 == 0 {
            bytes.remove(at);
        } else {
            bytes.insert(at, whole[at]);
        }
        try_bytes(&bytes, &|| format!("byte {at} is gone or doubled"));
    }
    // Only the newline at the end of a JSON file says nothing.
    assert!(survived <= 1, "{survived} changes were not noticed");
    let mut longer = whole.clone();
    longer.extend_from_slice(b"{}");
    assert!(!try_bytes(&longer, &|| "something follows".into()));
}

#[test]
fn every_damage_to_json_is_noticed() {
    let folder = Folder::new();
    let path = folder.file("model.json");
    let model = Model(vec![
        ("w", vec![2], vec![0.1, -25.0]),
        ("b", vec![], vec![3e-7]),
    ]);
    save_parameters(&path, "test", &model).unwrap();
    damage_everywhere(&path, &model, |m| load_parameters(&path, "test", m));
}

#[test]
fn structure_is_checked_on_load() {
    let folder = Folder::new();
    let path = folder.file("model.json");
    save_parameters(&path, "test", &small::<f64>()).unwrap();
    let load = |model: &Model<f64>| {
        let mut loaded = model.blank();
        let outcome = load_parameters(&path, "test", &mut loaded);
        assert_eq!(loaded, model.blank(), "the model is unchanged");
        outcome
    };

    let mut more = small();
    more.0.push(("more", vec![1], vec![1.0]));
    assert_tensor(load(&more), "more", "is missing in the file");
    let mut fewer = small();
    fewer.0.remove(0);
    assert_tensor(load(&fewer), "weights", "unexpected by the model");
    let mut renamed = small();
    renamed.0[0].0 = "w";
    assert_tensor(load(&renamed), "w", "is missing");
    let mut turned = small();
    turned.0[0].1 = vec![3, 2];
    assert_tensor(
        load(&turned),
        "weights",
        "has shape [2, 3] in the file and [3, 2]",
    );

    // The order of a file does not matter.
    let mut reordered = small::<f64>();
    reordered.0.reverse();
    let mut loaded = reordered.blank();
    load_parameters(&path, "test", &mut loaded).unwrap();
    assert_eq!(loaded.bits(), reordered.bits());
}

fn envelope(payload: &str) -> String {
    format!(r#"{{"format":"neuropil","version":1,"kind":"test","payload":{payload}}}"#)
}

#[test]
fn nonsense_in_json_is_located() {
    let folder = Folder::new();
    let path = folder.file("model.json");
    let load = |text: &str| {
        fs::write(&path, text).unwrap();
        load_parameters(
            &path,
            "test",
            &mut Model(vec![("w", vec![2], vec![0.0_f64; 2])]),
        )
    };
    let payload = |payload: &str| {
        fs::write(&path, envelope(payload)).unwrap();
        load_parameters(
            &path,
            "test",
            &mut Model(vec![("w", vec![2], vec![0.0_f64; 2])]),
        )
    };
    // An edited file has no check sum, and loads.
    payload(r#"{"dtype":"F64","tensors":{"w":{"data":[1,2.5],"shape":[2]}}}"#).unwrap();

    for (text, part) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[1, 2", "expected a string at line 1 column 2"),
        (
            r#"{"format":"other"}"#,
            r#"the format is "other", not "neuropil" at line 1 column 18"#,
        ),
        (
            r#"{"format":"neuropil","version":2}"#,
            "version 2 of the format, and only 1 is known at line 1 column 33",
        ),
        (
            r#"{"format":"neuropil","version":1}"#,
            "missing field `kind`",
        ),
        (
            r#"{"format":"neuropil","format":"neuropil"}"#,
            "duplicate field",
        ),
        (
            r#"{"format":"neuropil","extra":1}"#,
            "unknown field `extra`",
        ),
    ] {
        assert_malformed(load(text), part);
    }
    assert_malformed(
        load(&(envelope("{}") + "x")),
        "trailing characters at line 1 column 61",
    );
    let other = envelope("{}").replace("test", "other");
    assert_malformed(load(&other), r#"holds a model of kind "other", not "test""#);

    for (text, part) in [
        (r#"{"tensors":{}}"#, "no dtype before the tensors"),
        (r#"{"dtype":"F16","tensors":{}}"#, "is saved as F16"),
        (r#"{"dtype":"F64"}"#, "missing field `tensors`"),
        (
            r#"{"dtype":"F64","tensors":{},"tensors":{}}"#,
            "field tensors appears twice",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[0],"data":[]},"w":{"shape":[0],"data":[]}}}"#,
            "tensor w appears twice",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[3],"data":[1,2]}}}"#,
            "tensor w: shape [3] does not describe 2 values",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[4294967296,4294967296],"data":[]}}}"#,
            "does not describe 0 values",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[-1],"data":[]}}}"#,
            "integer `-1`",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[1]}}}"#,
            "tensor w: needs both",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[1],"data":[null]}}}"#,
            "null",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[1],"data":[NaN]}}}"#,
            "line 1 column",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[1],"data":[1e999]}}}"#,
            "out of range",
        ),
        (
            r#"{"dtype":"F32","tensors":{"w":{"shape":[1],"data":[1e39]}}}"#,
            "out of range",
        ),
        (
            r#"{"dtype":"F64","tensors":{"w":{"shape":[1],"dat":[1]}}}"#,
            "field dat is unexpected",
        ),
    ] {
        assert_malformed(payload(text), part);
        // Errors give the place in the file, not in a part of it.
        assert_malformed(payload(&format!("\n\n{text}")), "line 3");
    }
    let deep = "[".repeat(100_000);
    assert_malformed(payload(&deep), "");
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Settings {
    name: String,
    rates: Vec<f64>,
    limit: Option<f32>,
}

#[test]
fn values_come_back() {
    let folder = Folder::new();
    let path = folder.file("settings.json");
    let settings = Settings {
        name: "größe \"x\"\n".to_owned(),
        rates: vec![0.1 + 0.2, -0.0],
        limit: Some(0.1),
    };
    save_json(&path, &settings).unwrap();
    assert_eq!(load_json::<Settings>(&path).unwrap(), settings);
    save_model(&path, "settings \"2\"", &settings).unwrap();
    assert_eq!(
        load_model::<Settings>(&path, "settings \"2\"").unwrap(),
        settings
    );
    assert_eq!(folder.names(), ["settings.json"]);

    // Reformatted, the text has another sum; without the sum it is an edited file.
    let text = fs::read_to_string(&path).unwrap();
    let pretty = text.replace("\"rates\":[", "\"rates\": [");
    fs::write(&path, &pretty).unwrap();
    assert_malformed(
        load_model::<Settings>(&path, "settings \"2\""),
        "the payload was changed",
    );
    let at = pretty.find("\"crc32\"").unwrap();
    let edited = [
        &pretty[..at],
        &pretty[at + "\"crc32\":\"00000000\",".len()..],
    ]
    .concat();
    fs::write(&path, edited).unwrap();
    assert_eq!(
        load_model::<Settings>(&path, "settings \"2\"").unwrap(),
        settings
    );
}

#[test]
fn what_json_cannot_hold_is_refused() {
    let folder = Folder::new();
    let path = folder.file("settings.json");
    let good = Settings {
        name: String::new(),
        rates: vec![1.0],
        limit: None,
    };
    save_json(&path, &good).unwrap();
    let bad = Settings {
        rates: vec![1.0, f64::NAN],
        ..good.clone()
    };
    for outcome in [save_json(&path, &bad), save_model(&path, "settings", &bad)] {
        assert!(matches!(outcome, Err(Error::NotSaved { .. })));
        let text = message(outcome);
        assert!(
            text.ends_with("settings.json: not saved: rates[1] is NaN"),
            "{text}"
        );
    }
    let limit = Some(f32::INFINITY);
    let text = message(save_json(
        &path,
        &Settings {
            limit,
            ..good.clone()
        },
    ));
    assert!(text.ends_with("not saved: limit is inf"), "{text}");
    let keys = BTreeMap::from([((1, 2), 3)]);
    let text = message(save_json(&path, &keys));
    assert!(text.ends_with("key must be a string"), "{text}");

    let mut model = small::<f32>();
    model.0[0].2[4] = f32::NEG_INFINITY;
    assert_tensor(
        save_parameters(&path, "test", &model),
        "weights",
        "holds -inf at index 4",
    );
    let mut model = small::<f32>();
    model.0[1].0 = "weights";
    assert_tensor(
        save_parameters(&path, "test", &model),
        "weights",
        "appears twice",
    );
    assert_eq!(
        load_json::<Settings>(&path).unwrap(),
        good,
        "the old file stays"
    );
    assert_eq!(folder.names(), ["settings.json"]);
}

#[test]
fn what_follows_or_is_missing_is_noticed() {
    let folder = Folder::new();
    let path = folder.file("x.json");
    fs::write(&path, "[1.0, 2.0] 3").unwrap();
    assert_malformed(
        load_json::<Vec<f64>>(&path),
        "trailing characters at line 1 column 12",
    );
    fs::write(&path, "[1.0,\n 2.0").unwrap();
    assert_malformed(
        load_json::<Vec<f64>>(&path),
        "EOF while parsing a list at line 2 column 4",
    );
    fs::write(&path, "[1.0, null]").unwrap();
    assert_malformed(load_json::<Vec<f64>>(&path), "null");
    fs::write(&path, b"[\xff]").unwrap();
    assert_malformed(load_json::<Vec<f64>>(&path), "line 1");
    let missing = folder.file("missing.json");
    let kind = |outcome| match outcome {
        Err(Error::Io { path, kind, .. }) => (path, kind),
        other => panic!("{other:?}"),
    };
    let (path, found) = kind(load_json::<f64>(&missing));
    assert_eq!((path, found), (missing, io::ErrorKind::NotFound));
}

#[test]
fn large_files_are_not_read() {
    let folder = Folder::new();
    let path = folder.file("large.json");
    // A sparse file: it takes no room, and reading it would take 3 GB.
    fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
    assert_malformed(
        load_json::<f64>(&path),
        "3221225472 bytes or more, and at most 1073741824",
    );
    fs::write(&path, "12345").unwrap();
    assert_eq!(read_limited(&path, 5).unwrap(), b"12345");
    assert_malformed(read_limited(&path, 4), "5 bytes or more, and at most 4");
    // A device has no size, and no end.
    if cfg!(target_os = "linux") {
        assert_malformed(read_limited("/dev/zero", 1000), "1001 bytes or more");
    }
}

#[test]
fn a_failing_writer_leaves_the_old_file() {
    let folder = Folder::new();
    let path = folder.file("data.txt");
    write_atomically(&path, |file| file.write_all(b"old")).unwrap();
    let outcome = write_atomically(&path, |file| {
        file.write_all(&vec![b'x'; 1_000_000])?;
        Err(io::Error::other("the disk is on fire"))
    });
    let text = message(outcome);
    assert!(text.ends_with("data.txt: the disk is on fire"), "{text}");
    let panicked = std::panic::catch_unwind(|| {
        write_atomically(&path, |file| {
            file.write_all(b"half")?;
            panic!("in the middle")
        })
    });
    assert!(panicked.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(folder.names(), ["data.txt"], "no temporary file is left");

    write_atomically(&path, |file| file.write_all(b"new")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(folder.names(), ["data.txt"]);
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let folder = Folder::new();
    let write = |path: &Path| write_atomically(path, |file| file.write_all(b"x"));
    fs::create_dir(folder.file("sub")).unwrap();
    for place in ["missing/data.txt", "sub", ".."] {
        match write(&folder.file(place)) {
            Err(Error::Io { path, .. }) => assert_eq!(path, folder.file(place)),
            other => panic!("{place}: {other:?}"),
        }
    }
    assert!(write(Path::new("")).is_err());
    assert_eq!(folder.names(), ["sub"]);

    let path = folder.file("locked.txt");
    write(&path).unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    match write(&path) {
        Err(Error::Io { kind, .. }) => assert_eq!(kind, io::ErrorKind::PermissionDenied),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    let path = folder.file("data.txt");
    let write = |path: &Path, text: &str| {
        write_atomically(path, |file| file.write_all(text.as_bytes())).unwrap();
    };
    write(&path, "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(folder.file("sub")).unwrap();
    let link = folder.file("sub/link.txt");
    symlink("../data.txt", &link).unwrap();
    write(&link, "new");
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert_eq!(folder.names(), ["data.txt", "sub"]);
}

#[test]
fn writers_at_the_same_time_do_not_mix() {
    let folder = Folder::new();
    let path = folder.file("data.txt");
    std::thread::scope(|scope| {
        for letter in b'a'..=b'd' {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..8 {
                    let text = vec![letter; 100_000];
                    write_atomically(path, |file| file.write_all(&text)).unwrap();
                    let read = fs::read(path).unwrap();
                    assert_eq!(read.len(), 100_000);
                    assert!(read.iter().all(|x| *x == read[0]));
                }
            });
        }
    });
    assert_eq!(folder.names(), ["data.txt"]);
}

#[test]
fn a_long_name_can_be_written() {
    let folder = Folder::new();
    let name = "x".repeat(250);
    write_atomically(folder.file(&name), |file| file.write_all(b"x")).unwrap();
    assert_eq!(folder.names(), [name]);
}

#[test]
fn training_is_resumed_from_files() {
    let folder = Folder::new();
    let gradient = |model: &Model<f32>| {
        let mut gradient = model.clone();
        gradient.visit_mut(&mut |_, _, data| data.iter_mut().for_each(|x| *x = 3.0 * *x - 1.0));
        gradient
    };
    let train = |model: &mut Model<f32>, optimizer: &mut Optimizer<f32>| {
        for _ in 0..10 {
            let gradient = gradient(model);
            optimizer.step(model, &gradient).unwrap();
        }
    };
    let mut model = Model(vec![
        ("w", vec![2], vec![0.3_f32, -0.7]),
        ("b", vec![], vec![2.0]),
    ]);
    let mut optimizer = Optimizer::new(AdamConfig::adamw(), &model).unwrap();
    train(&mut model, &mut optimizer);

    let (weights, state) = (folder.file("weights.json"), folder.file("state.json"));
    save_parameters(&weights, "test", &model).unwrap();
    save_model(&state, "optimizer", &optimizer).unwrap();
    let mut resumed = model.blank();
    load_parameters(&weights, "test", &mut resumed).unwrap();
    let mut state: Optimizer<f32> = load_model(&state, "optimizer").unwrap();
    assert_eq!(state, optimizer);

    #[cfg(feature = "safetensors")]
    {
        use neuropil_math::save::{load_safetensors, save_safetensors};
        let path = folder.file("state.safetensors");
        save_safetensors(&path, "adam", &optimizer, &BTreeMap::new()).unwrap();
        let mut by_tensors = Optimizer::new(AdamConfig::adamw(), &model).unwrap();
        load_safetensors(&path, "adam", &mut by_tensors).unwrap();
        by_tensors.set_steps(optimizer.steps());
        assert_eq!(by_tensors, optimizer);
    }

    train(&mut model, &mut optimizer);
    train(&mut resumed, &mut state);
    assert_eq!(resumed.bits(), model.bits());
}

#[cfg(feature = "safetensors")]
mod safetensors {
    use super::*;
    use neuropil_math::save::{import_safetensors, load_safetensors, save_safetensors};

    fn save<T: Real>(path: &Path, model: &Model<T>) -> Result<(), Error> {
        save_safetensors(path, "test", model, &BTreeMap::new())
    }

    fn load<T: Real>(path: &Path, model: &mut Model<T>) -> Result<(), Error> {
        load_safetensors(path, "test", model).map(drop)
    }

    /// A file with this header and these bytes.
    fn write(path: &Path, header: &str, data: &[u8]) {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(data);
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn every_damage_is_noticed() {
        let folder = Folder::new();
        let path = folder.file("model.safetensors");
        let model = Model(vec![
            ("w", vec![2], vec![0.1, -25.0]),
            ("b", vec![], vec![3e-7]),
        ]);
        save(&path, &model).unwrap();
        damage_everywhere(&path, &model, |m| load(&path, m));
    }

    #[test]
    fn other_programs_read_it_and_are_read() {
        let folder = Folder::new();
        let path = folder.file("model.safetensors");
        save(&path, &small::<f32>()).unwrap();
        let first = fs::read(&path).unwrap();
        let tensors = ::safetensors::SafeTensors::deserialize(&first).unwrap();
        let view = tensors.tensor("weights").unwrap();
        assert_eq!(
            (view.dtype(), view.shape()),
            (::safetensors::Dtype::F32, &[2, 3][..])
        );
        assert_eq!(view.data()[..4], 0.1_f32.to_le_bytes());
        assert_eq!(tensors.tensor("gain \"β\"").unwrap().shape(), [0_usize; 0]);
        // Aligned, and the same at every time.
        assert_eq!(u64::from_le_bytes(first[..8].try_into().unwrap()) % 8, 0);
        save(&path, &small::<f32>()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), first);

        // Of another program: no metadata, no sum, another order.
        let header = r#"{"b":{"dtype":"F64","shape":[],"data_offsets":[0,8]},
            "a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#;
        let mut data = 0.1_f64.to_le_bytes().to_vec();
        data.extend([1.5_f32, -0.0].iter().flat_map(|x| x.to_le_bytes()));
        write(&path, header, &data);
        let mut model = Model(vec![("a", vec![2], vec![9.0; 2]), ("b", vec![], vec![9.0])]);
        assert_malformed(load(&path, &mut model), "no format in the metadata");
        import_safetensors(&path, &mut model).unwrap();
        assert_eq!(model.bits(), [1.5, -0.0, 0.1].map(f64::to_bits));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let folder = Folder::new();
        let path = folder.file("model.safetensors");
        save(&path, &small::<f64>()).unwrap();
        let load_other = |change: &dyn Fn(&mut Model<f64>)| {
            let mut model = small::<f64>();
            change(&mut model);
            let mut loaded = model.blank();
            let outcome = load(&path, &mut loaded);
            assert_eq!(loaded, model.blank());
            outcome
        };
        let more = load_other(&|m| m.0.push(("more", vec![1], vec![1.0])));
        assert_tensor(more, "more", "is missing in the file");
        let fewer = load_other(&|m| drop(m.0.pop()));
        assert_tensor(fewer, "none", "unexpected by the model");
        let turned = load_other(&|m| m.0[0].1 = vec![3, 2]);
        assert_tensor(turned, "weights", "has shape [2, 3] in the file and [3, 2]");
        let outcome = load(&path, &mut small::<f32>());
        assert!(matches!(outcome, Err(Error::Tensor { .. })));
        let text = message(outcome);
        assert!(
            text.ends_with("is saved as F64, and would lose digits as F32"),
            "{text}"
        );
        let other = load_safetensors(&path, "other", &mut small::<f64>());
        assert_malformed(other, r#"the kind is "test", not "other""#);
    }

    #[test]
    fn what_cannot_be_saved_is_refused() {
        let folder = Folder::new();
        let path = folder.file("model.safetensors");
        let mut model = small::<f64>();
        model.0[0].2[3] = f64::NAN;
        assert_tensor(save(&path, &model), "weights", "holds NaN at index 3");
        let mut model = small::<f64>();
        model.0[2].0 = "weights";
        assert_tensor(save(&path, &model), "weights", "appears twice");
        let mut model = small::<f64>();
        model.0[0].0 = "__metadata__";
        assert_tensor(
            save(&path, &model),
            "__metadata__",
            "name that the format uses",
        );
        let metadata = BTreeMap::from([("kind".to_owned(), "x".to_owned())]);
        let outcome = save_safetensors(&path, "test", &small::<f64>(), &metadata);
        assert!(matches!(outcome, Err(Error::NotSaved { .. })));
        assert_eq!(folder.names(), [""; 0]);
    }

    #[test]
    fn headers_of_nonsense_are_refused() {
        let folder = Folder::new();
        let path = folder.file("model.safetensors");
        let mut model = Model(vec![("w", vec![1], vec![0.5_f64])]);
        let mut import = || import_safetensors(&path, &mut model);
        for bytes in [
            &[][..],
            &[1, 2, 3],
            &[0; 8],
            // Headers that are longer than the file, than the limit, and than every memory.
            &[100, 0, 0, 0, 0, 0, 0, 0, b'{', b'}'],
            &[0, 0, 0, 0, 1, 0, 0, 0, b'{', b'}'],
            &[255; 16],
        ] {
            fs::write(&path, bytes).unwrap();
            assert_malformed(import(), "");
        }
        let info = |shape: &str, offsets: &str| {
            format!(r#"{{"w":{{"dtype":"F64","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        for (shape, offsets) in [
            ("[2]", "[0,8]"),
            ("[1]", "[0,16]"),
            ("[1]", "[8,0]"),
            ("[1]", "[8,16]"),
            ("[1]", "[0,18446744073709551615]"),
            ("[2305843009213693953]", "[0,8]"),
            ("[4294967296,4294967297]", "[0,8]"),
        ] {
            write(&path, &info(shape, offsets), &[0; 8]);
            assert_malformed(import(), "");
        }
        write(&path, &info("[1]", "[0,8]").replace("F64", "I64"), &[0; 8]);
        assert_tensor(import(), "w", "is saved as I64");
        write(&path, &info("[1]", "[0,8]"), &f64::NAN.to_le_bytes());
        assert_tensor(import(), "w", "holds NaN or infinity at index 0");
        // A file that is larger than any file of this model is not read.
        fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_malformed(import(), "1099511627776 bytes or more");
        write(&path, &info("[1]", "[0,8]"), &0.25_f64.to_le_bytes());
        import().unwrap();
        assert_eq!(model.0[0].2, [0.25]);
    }
}
