//! The example `forecast` on good and on bad files.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "../examples/forecast/app/mod.rs"]
mod app;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Exit code, report, and what went to the standard error.
fn forecast(arguments: &[&str]) -> (u8, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = app::run(&arguments, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (code, text(out), text(err))
}

/// One line on the standard error, nothing on the standard output, and a code that is not 0.
#[track_caller]
fn refused(arguments: &[&str], expected: &str) {
    let (code, out, err) = forecast(arguments);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains(expected), "{err}");
}

fn csv(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    (0..rows).fold(format!("{header}\n"), |mut text, t| {
        let _ = writeln!(text, "{}", row(t));
        text
    })
}

/// Two seasons of lengths 12 and 31 that a linear recurrence knows exactly.
fn tides() -> String {
    csv("hour,level,temperature", 200, |t| {
        let t = t as f64;
        let level = (t * std::f64::consts::TAU / 12.0).sin() + 0.5 * (t * 0.2).cos();
        format!("{t},{level},{}", 20.0 + level)
    })
}

#[test]
fn a_good_file_is_forecast() {
    let path = file("tides.csv", tides());
    let plot = folder().join("tides.svg");
    let (code, out, err) = forecast(&[
        &path,
        "--column",
        "level",
        "--steps",
        "5",
        "--season",
        "12",
        "--plot",
        plot.to_str().unwrap(),
    ]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("column level: 200 values"), "{out}");
    assert!(out.contains("Season: 12 values, as given"), "{out}");
    assert!(out.contains("The model beats the best baseline"), "{out}");
    let next: Vec<f64> = out
        .lines()
        .rev()
        .take(5)
        .map(|line| line.split_whitespace().last().unwrap().parse().unwrap())
        .collect();
    for (t, value) in (200..205).rev().zip(next) {
        let t = f64::from(t);
        let truth = (t * std::f64::consts::TAU / 12.0).sin() + 0.5 * (t * 0.2).cos();
        assert!(
            (value - truth).abs() < 0.02,
            "{value} is not {truth}:\n{out}"
        );
    }
    let svg = std::fs::read_to_string(plot).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains("held out from here"));

    // Without options: the last column, twelve steps.
    let (code, out, _) = forecast(&[&path]);
    assert_eq!(code, 0);
    assert!(out.contains("column temperature"), "{out}");
    assert!(out.contains("The next 12 values"), "{out}");
}

#[test]
fn what_cannot_be_forecast_is_said_to_be_so() {
    // A random walk: nothing beats persistence but by luck, and this one brings none.
    let mut state = 12_345_u64;
    let mut level = 0.0;
    let walk = (0..300).fold("x\n".to_owned(), |mut text, _| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        level += (state >> 40) as f64 / (1_u64 << 24) as f64 - 0.5;
        let _ = writeln!(text, "{level}");
        text
    });
    let (code, out, err) = forecast(&[&file("walk.csv", walk)]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("does NOT beat persistence"), "{out}");
}

#[test]
fn bad_files_end_with_one_line() {
    let missing = folder().join("no-such-file.csv");
    refused(&[missing.to_str().unwrap()], "no-such-file.csv");
    refused(&[folder().to_str().unwrap()], "forecast: ");
    refused(&[&file("empty.csv", "")], "empty");
    refused(&[&file("blank.csv", "\n\n\n")], "empty");
    refused(&[&file("header.csv", "time,level\n")], "header.csv");
    refused(&[&file("one.csv", "time,level\n1,2.5\n")], "1 value");
    refused(
        &[&file("binary.csv", [b'a', b'\n', 0xff, 0xfe, b'\n'])],
        "binary.csv",
    );

    let with = |cell: &str| {
        csv("t,x", 60, |t| match t {
            40 => format!("{t},{cell}"),
            _ => format!("{t},{}", (t % 7) as f64 + 0.1 * t as f64),
        })
    };
    for (name, cell) in [
        ("text.csv", "oops"),
        ("nan.csv", "NaN"),
        ("infinite.csv", "inf"),
        ("gap.csv", ""),
    ] {
        refused(&[&file(name, with(cell))], "line 42, column 2 (x)");
    }
    refused(&[&file("ragged.csv", with("1,2"))], "line 42");
    refused(
        &[&file("words.csv", csv("a,b", 60, |_| "yes,no".to_owned()))],
        "words.csv",
    );
    refused(
        &[&file("flat.csv", csv("x", 60, |_| "3.5".to_owned()))],
        "constant",
    );
    refused(
        &[&file("short.csv", csv("x", 29, |t| t.to_string()))],
        "29 values, 30 are needed",
    );
    refused(
        &[&file("bare.csv", csv("0.5", 60, |t| t.to_string()))],
        "names",
    );
}

#[test]
fn bad_arguments_end_with_one_line() {
    let path = file("tides-again.csv", tides());
    refused(&[], "no file given");
    refused(&[&path, &path], "too many");
    refused(&[&path, "--column"], "--column needs a value");
    refused(&[&path, "--column", "depth"], "no column");
    for steps in ["0", "-3", "many", "1.5", "99999999999999999999"] {
        refused(&[&path, "--steps", steps], "not a whole number");
    }
    refused(&[&path, "--season", "1"], "not a whole number from 2 on");
    refused(&[&path, "--season", "5000"], "not shorter");
    refused(&[&path, "--novelty", "1"], "unknown option --novelty");
    let nowhere: PathBuf = folder().join("no/such/folder/plot.svg");
    refused(&[&path, "--plot", nowhere.to_str().unwrap()], "plot.svg");

    let (code, out, err) = forecast(&["--help"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("usage: "));
}

#[test]
fn the_shortest_and_the_odd_series_do_not_panic() {
    let series: [(&str, &dyn Fn(usize) -> f64); 7] = [
        ("ramp", &|t| t as f64),
        ("alternating", &|t| (t % 2) as f64),
        ("late-step", &|t| f64::from(u8::from(t > 27))),
        ("first-differs", &|t| f64::from(u8::from(t == 0))),
        ("tiny", &|t| 1e-300 * (t as f64).sin()),
        ("huge", &|t| 1e300 * (t as f64).sin()),
        ("offset", &|t| 1e9 + (t as f64).sin()),
    ];
    for (name, value) in series {
        for rows in [30, 31, 47] {
            let path = file(
                &format!("odd-{name}-{rows}.csv"),
                csv("x", rows, |t| format!("{:e}", value(t))),
            );
            for steps in ["1", "12", "200"] {
                let plot = folder().join(format!("odd-{name}.svg"));
                let plot = plot.to_str().unwrap();
                let (code, out, err) = forecast(&[&path, "--steps", steps, "--plot", plot]);
                assert!(code == 0 || err.lines().count() == 1, "{name}: {err}");
                assert_eq!(code == 0, !out.is_empty(), "{name}");
                assert!(!out.contains("NaN"), "{name}: {out}");
            }
        }
    }
}

#[test]
fn a_search_finds_what_the_grid_does_and_its_model_streams() {
    let path = file("tides-tuned.csv", tides());
    let model = folder().join("tides.json");
    let model = model.to_str().unwrap();
    let tune = |more: &[&str]| {
        let base = [&path, "--column", "level", "--steps", "5", "--tune"];
        forecast(&[&base, more].concat())
    };
    let (code, out, err) = tune(&["--save", model]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("among 64 settings"), "{out}");
    assert!(out.contains("The model beats the best baseline"), "{out}");
    assert!(out.contains("Beside seasonal naive: RMSE"), "{out}");
    assert!(out.contains("MASE"), "{out}");
    let next = |out: &str| -> Vec<String> {
        let lines: Vec<&str> = out.lines().collect();
        lines[lines.len() - 5..]
            .iter()
            .map(|line| line.split_whitespace().last().unwrap().to_owned())
            .collect()
    };
    for (t, value) in (200..).zip(next(&out)) {
        let t = f64::from(t);
        let truth = (t * std::f64::consts::TAU / 12.0).sin() + 0.5 * (t * 0.2).cos();
        let value: f64 = value.parse().unwrap();
        assert!((value - truth).abs() < 0.02, "{value} is not {truth}");
    }
    // The same seed is the same report; the saved model goes on to the same values.
    assert_eq!(tune(&[]).1, out);
    let load = [&path, "--column", "level", "--steps", "5", "--load", model];
    let (code, streamed, err) = forecast(&load);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        streamed.contains("200 values streamed one by one"),
        "{streamed}"
    );
    assert!(streamed.contains("One step ahead"), "{streamed}");
    assert_eq!(next(&streamed), next(&out));

    // Too few values to fill the taps, another file, no file.
    let short = file("tides-short.csv", "level\n0.1\n");
    refused(&[&short, "--load", model], "samples are needed");
    refused(&[&path, "--load", &path], "tides-tuned.csv");
    refused(
        &[&path, "--load", "no-such-model.json"],
        "no-such-model.json",
    );
    let nowhere = folder().join("no/such/folder/model.json");
    refused(&[&path, "--save", nowhere.to_str().unwrap()], "model.json");
}

#[test]
fn a_study_goes_on_where_it_ended() {
    let path = file("tides-study.csv", tides());
    let study = |name: &str| {
        let path = folder().join(name);
        let _ = std::fs::remove_file(&path);
        path.to_str().unwrap().to_owned()
    };
    let tune = |study: &str, trials: &str| {
        let (code, out, err) = forecast(&[
            &path, "--column", "level", "--tune", "--trials", trials, "--study", study,
        ]);
        assert_eq!((code, err.as_str()), (0, ""));
        out
    };
    let (parts, whole) = (study("parts.json"), study("whole.json"));
    assert!(tune(&parts, "20").contains("among 20 settings"));
    let longer = tune(&parts, "44");
    assert_eq!(tune(&whole, "44"), longer);
    let bytes = |path: &str| std::fs::read(path).unwrap();
    assert_eq!(bytes(&parts), bytes(&whole));
    // Nothing is left to try.
    assert_eq!(tune(&parts, "44"), longer);

    let with = |more: &[&str], expected: &str| {
        let base = [&path, "--column", "level", "--tune", "--study", &parts];
        refused(&[&base, more].concat(), expected);
    };
    with(&["--model", "esn"], "another search space");
    with(&["--season", "8"], "another search space");
    with(&["--steps", "3"], "other values, steps or seed");
    with(&["--seed", "2"], "other values, steps or seed");
    with(&["--trials", "10"], "other settings");
    let other = csv("level", 200, |t| format!("{}", (t as f64 * 0.7).sin()));
    let other = file("tides-other.csv", other);
    refused(&[&other, "--tune", "--study", &parts], "other values");
    std::fs::write(&parts, "{}").unwrap();
    with(&[], "parts.json");
}

#[test]
fn progress_is_told_on_request() {
    let path = file("tides-progress.csv", tides());
    let (code, _, err) = forecast(&[
        &path,
        "--column",
        "level",
        "--tune",
        "--trials",
        "16",
        "--progress",
    ]);
    assert_eq!(code, 0);
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(lines.len(), 2, "{err}");
    assert!(
        lines[1].starts_with("16 of 16 trials, least error 0."),
        "{err}"
    );
}

#[test]
fn reservoirs_are_searched_too() {
    let path = file("tides-esn.csv", tides());
    let model = folder().join("tides-esn.json");
    let model = model.to_str().unwrap();
    let (code, out, err) = forecast(&[
        &path, "--column", "level", "--tune", "--model", "esn", "--trials", "24", "--save", model,
    ]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("spectral radius"), "{out}");
    assert!(out.contains("The model beats the best baseline"), "{out}");
    let (code, streamed, err) = forecast(&[&path, "--column", "level", "--load", model]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(streamed.contains("ESN of 1 channel"), "{streamed}");
    let last = |text: &str| text.lines().last().map(str::to_owned);
    assert_eq!(last(&streamed), last(&out));
}

#[test]
fn a_search_promises_nothing_about_a_random_walk() {
    let mut state = 99_u64;
    let mut level = 0.0;
    let walk = csv("x", 400, |_| String::new());
    let walk = walk.lines().skip(1).fold("x\n".to_owned(), |mut text, _| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        level += (state >> 40) as f64 / (1_u64 << 24) as f64 - 0.5;
        let _ = writeln!(text, "{level}");
        text
    });
    let (code, out, err) = forecast(&[&file("walk-tuned.csv", walk), "--tune"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let chance = out.contains("Beside persistence") && out.contains("can be chance");
    assert!(out.contains("does NOT beat persistence") || chance, "{out}");
}

#[test]
fn bad_options_of_a_search_end_with_one_line() {
    let path = file("tides-options.csv", tides());
    for option in [
        &["--trials", "9"][..],
        &["--seed", "2"],
        &["--study", "s.json"],
        &["--progress"],
        &["--model", "esn"],
    ] {
        refused(&[&[path.as_str()], option].concat(), "it needs --tune");
        let loaded = [&[path.as_str(), "--load", "m.json", "--tune"], option].concat();
        refused(&loaded, "not for a model that is loaded");
    }
    for option in [
        &["--save", "m.json"][..],
        &["--season", "12"],
        &["--plot", "p.svg"],
        &["--tune"],
    ] {
        let loaded = [&[path.as_str(), "--load", "m.json"], option].concat();
        refused(&loaded, "not for a model that is loaded");
    }
    for trials in ["0", "-1", "many", "1000000"] {
        refused(&[&path, "--tune", "--trials", trials], "not a whole number");
    }
    for seed in ["-1", "1.5", "x"] {
        refused(
            &[&path, "--tune", "--seed", seed],
            "not a whole number from 0",
        );
    }
    refused(&[&path, "--tune", "--model", "lstm"], "ngrc or esn");
    for option in [
        "--trials", "--seed", "--study", "--model", "--save", "--load",
    ] {
        refused(&[&path, "--tune", option], "needs a value");
    }
    refused(
        &[
            &file("flat-tuned.csv", csv("x", 60, |_| "3.5".to_owned())),
            "--tune",
        ],
        "constant",
    );
    refused(
        &[
            &file("short-tuned.csv", csv("x", 29, |t| t.to_string())),
            "--tune",
        ],
        "29 values, 30 are needed",
    );
}

#[test]
fn a_search_does_not_panic_on_short_and_odd_series() {
    let series: [(&str, &dyn Fn(usize) -> f64); 5] = [
        ("ramp", &|t| t as f64),
        ("alternating", &|t| (t % 2) as f64),
        ("late-step", &|t| f64::from(u8::from(t > 27))),
        ("tiny", &|t| 1e-300 * (t as f64).sin()),
        ("huge", &|t| 1e300 * (t as f64).sin()),
    ];
    for (name, value) in series {
        for rows in [30, 47] {
            let path = file(
                &format!("odd-tuned-{name}-{rows}.csv"),
                csv("x", rows, |t| format!("{:e}", value(t))),
            );
            for (steps, kind) in [
                ("1", "ngrc"),
                ("12", "ngrc"),
                ("12", "esn"),
                ("200", "ngrc"),
            ] {
                let (code, out, err) = forecast(&[
                    &path, "--steps", steps, "--tune", "--model", kind, "--trials", "20",
                ]);
                assert!(code == 0 || err.lines().count() == 1, "{name}: {err}");
                assert_eq!(code == 0, !out.is_empty(), "{name}");
                assert!(!out.contains("NaN"), "{name}: {out}");
            }
        }
    }
}

/// The promise of this example.
#[test]
fn monthly_sunspots_are_forecast_better_than_last_season() {
    let sunspots =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/data/sunspots-monthly.csv");
    let sunspots = sunspots.to_str().unwrap();
    let (code, out, err) = forecast(&[
        sunspots, "--column", "sunspots", "--steps", "60", "--tune", "--trials", "48",
    ]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("The model beats the best baseline (seasonal naive)"),
        "{out}"
    );
    for line in out.lines().filter(|line| line.starts_with("Beside ")) {
        assert!(
            line.contains("lower") && line.contains("not chance"),
            "{line}"
        );
    }
}
