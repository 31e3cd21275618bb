//! The numbers that ReservoirPy, SciPy and the code of the NG-RC paper computed.
//!
//! They stand in the folder of the crate `reservoir`, whose test `golden` runs every kind of case;
//! here are `fields` and `generators`, and of the `ngrc_*` cases the series alone, simulated anew: the
//! models on top of it belong to that crate.

use nalgebra::DMatrix;
use neuropil_datasets::Integration;
use neuropil_datasets::generators::{DoubleScrollConfig, Lorenz63Config};
use neuropil_test_kit::golden::{self, Case, Tensors};
use neuropil_test_kit::tolerance::check_close;

#[path = "golden_cases/generators.rs"]
mod generators;

/// Kinds that only the crate `reservoir` runs.
const OF_RESERVOIR: [&str; 19] = [
    "deep_esn",
    "es2n",
    "esn_feedback",
    "esn_forecast",
    "esn_states",
    "eusn",
    "force",
    "ip",
    "lms",
    "memory_capacity",
    "metrics",
    "nvar",
    "ridge",
    "ridge_gcv",
    "ridge_ill",
    "rls",
    "spectral_radius",
    "spectral_radius_ring",
    "vpt",
];

#[test]
fn golden() {
    let crates = concat!(env!("CARGO_MANIFEST_DIR"), "/../reservoir");
    golden::check_folder(&golden::folder(crates, "reservoir"), run);
}

fn run(kind: &str, case: &Case, tensors: &Tensors) -> Option<Result<(), String>> {
    Some(match kind {
        "fields" => generators::fields(case, tensors),
        "generators" => generators::generators(case, tensors),
        "ngrc_lorenz" | "ngrc_dscroll" | "ngrc_infer" => simulated(case, tensors),
        other if OF_RESERVOIR.contains(&other) => return None,
        other => Err(format!("unknown kind {other}")),
    })
}

/// The series of the paper, whose last sample time is not a multiple of the step that it states: it
/// divides the whole time by the rounded number of steps.
fn simulated(case: &Case, tensors: &Tensors) -> Result<(), String> {
    let task = case.text("task")?;
    let warmup = case.number("warmup_time")?;
    let step = case.number("dt")?;
    let taps = case.number("k")?;
    let stride = case.number("s")?;
    let total = warmup + case.number("train_points")? * step;
    // Test times, and how many rows the first one lies before the end of the warm-up.
    let (total, before) = match task {
        "lorenz" => (total + 1.104, taps * stride),
        "dscroll" => (total + 800.0, taps * stride),
        "infer" => (total + 45.0, (taps - 1.0) * stride),
        _ => return Err(format!("no such task: {task}")),
    };
    let samples = (total / step).round() as usize + 1;
    let dt = total / (samples - 1) as f64;
    let integration = Integration::SCIPY_RK23;
    let series: DMatrix<f64> = match task {
        "dscroll" => DoubleScrollConfig {
            dt,
            integration,
            ..DoubleScrollConfig::default()
        }
        .generate(samples),
        _ => Lorenz63Config {
            dt,
            integration,
            ..Lorenz63Config::default()
        }
        .generate(samples),
    }
    .map_err(|e| e.to_string())?;
    let expected = tensors.values("data")?;
    let start = 3 * ((warmup / step).round() as usize - before as usize);
    let actual = &series.as_slice()[start..start + expected.len()];
    let differences = actual.iter().zip(expected).map(|(a, e)| (a - e).abs());
    let worst = differences.fold(0.0, f64::max);
    println!("{task} from {warmup}: worst difference {worst:e}");
    // Another mathematical library rounds `pow` and `sinh` differently, and chaos makes of the last
    // digit 10⁻³ within 30 units of time.
    let same_library = cfg!(all(target_os = "linux", target_env = "gnu"));
    let time_limit = if same_library { f64::INFINITY } else { 25.0 };
    let rows = (0..expected.len() / 3)
        .take_while(|row| warmup + *row as f64 * dt <= time_limit)
        .count();
    check_close(
        "data",
        &actual[..3 * rows],
        &expected[..3 * rows],
        0.0,
        case.atol,
    )?;
    // Tight where rounding has not grown yet.
    if warmup <= 5.0 {
        check_close("first data", &actual[..150], &expected[..150], 0.0, 1e-9)?;
    }
    Ok(())
}
