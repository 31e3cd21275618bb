//! The numbers that ReservoirPy, SciPy and the code of the NG-RC paper computed.
//!
//! `fields` and `generators` are whole cases. Of the `ngrc_*` cases only the series is ours: the
//! models on top of it belong to the crate `reservoir`.

use std::collections::BTreeMap;
use std::path::Path;

use nalgebra::DMatrix;
use neuropil_datasets::generators::{
    DoubleScrollConfig, HenonConfig, KuramotoSivashinskyConfig, Lorenz63Config, MackeyGlassConfig,
    MackeyGlassScheme, NarmaConfig, NarmaForm,
};
use neuropil_datasets::{Integration, systems};
use neuropil_test_kit::golden::{self, Tensors};
use neuropil_test_kit::tolerance::check_close;
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    files: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
struct Case {
    params: serde_json::Value,
    rtol: f64,
    atol: f64,
}

/// Cases of the full set that other crates run.
const ELSEWHERE: [&str; 14] = [
    "deep_esn",
    "es2n",
    "esn_",
    "eusn",
    "force_",
    "ip_",
    "lms_",
    "memory_capacity",
    "metrics",
    "nvar_",
    "ridge_",
    "rls_",
    "spectral_radius_",
    "vpt",
];

#[test]
fn golden() {
    let mut folder = golden::folder(env!("CARGO_MANIFEST_DIR"), "datasets");
    // The full set keeps these numbers beside those of the reservoirs.
    if !folder.join("manifest.json").exists() && folder.join("reservoir").is_dir() {
        folder = folder.join("reservoir");
    }
    let manifest: Manifest = golden::read_json(&folder.join("manifest.json")).unwrap();
    let ours = manifest
        .files
        .iter()
        .filter(|(name, _)| !ELSEWHERE.iter().any(|other| name.starts_with(other)));
    golden::report(
        &folder,
        ours.map(|(name, case)| (name.clone(), run(&folder, name, case))),
    );
}

fn run(folder: &Path, name: &str, case: &Case) -> Result<(), String> {
    let tensors = Tensors::read(&folder.join(format!("{name}.safetensors")))?;
    match name {
        "fields" => fields(&tensors, case),
        "generators" => generators(&tensors, case),
        _ if name.starts_with("ngrc_") => simulated(&tensors, case),
        _ => Err("no such kind of case".to_owned()),
    }
}

fn number(value: &serde_json::Value, name: &str) -> Result<f64, String> {
    value[name]
        .as_f64()
        .ok_or_else(|| format!("no number {name} in {value}"))
}

fn fields(tensors: &Tensors, case: &Case) -> Result<(), String> {
    let check = |name: &str, actual: &[f64]| {
        check_close(name, actual, tensors.values(name)?, case.rtol, case.atol)
    };
    let each = |name: &str, field: &dyn Fn([f64; 3]) -> [f64; 3]| {
        let points = tensors.values(&format!("{name}_x"))?;
        let rates: Vec<f64> = points
            .as_chunks()
            .0
            .iter()
            .flat_map(|&x| field(x))
            .collect();
        check(&format!("{name}_f"), &rates)
    };
    each("lorenz63", &|x| {
        systems::lorenz63(&systems::Lorenz63::default(), x)
    })?;
    each("doublescroll", &|x| {
        systems::double_scroll(&systems::DoubleScroll::default(), x)
    })?;
    each("rossler", &|x| {
        systems::rossler(&systems::Rossler::default(), x)
    })?;
    let forcing = number(&case.params, "lorenz96_F")?;
    let (_, variables) = tensors.matrix_shape("lorenz96_x")?;
    let points = tensors.values("lorenz96_x")?;
    let mut rates = vec![0.0; points.len()];
    for (x, r) in points.chunks(variables).zip(rates.chunks_mut(variables)) {
        systems::lorenz96(forcing, x, r).map_err(|e| e.to_string())?;
    }
    check("lorenz96_f", &rates)?;
    let henon = tensors.values("henon")?;
    let config = HenonConfig {
        initial: [henon[0], henon[1]],
        warmup: 0,
        ..HenonConfig::default()
    };
    let series: DMatrix<f64> = config
        .generate(henon.len() / 2)
        .map_err(|e| e.to_string())?;
    // Chaotic: only a tolerance that grows with the iterates could be tighter than the case's.
    check("henon", series.as_slice())
}

fn generators(tensors: &Tensors, case: &Case) -> Result<(), String> {
    let close = |name: &str, actual: &[f64], expected: &[f64]| {
        check_close(name, actual, expected, case.rtol, case.atol)
    };
    let check = |name: &str, actual: &[f64]| close(name, actual, tensors.values(name)?);

    let input = tensors.values("narma_u")?;
    let respond = |config: NarmaConfig| config.respond(input).map_err(|e| e.to_string());
    check(
        "narma10_canonical",
        respond(NarmaConfig::default())?.as_slice(),
    )?;
    let reservoirpy = NarmaConfig {
        order: 10,
        form: NarmaForm::ReservoirPy,
        ..NarmaConfig::narma30()
    };
    // It keeps the samples from the time of the order on, and draws as many inputs more.
    let rows = tensors.values("narma10_rpy")?.len();
    check(
        "narma10_rpy",
        &respond(reservoirpy)?.as_slice()[10..10 + rows],
    )?;

    let mackey_glass = MackeyGlassConfig {
        scheme: MackeyGlassScheme::ReservoirPy {
            history: tensors.values("mg_history")?.to_vec(),
        },
        ..MackeyGlassConfig::default()
    };
    let expected = tensors.values("mackey_glass_rpy")?;
    let series: DMatrix<f64> = mackey_glass
        .generate(expected.len())
        .map_err(|e| e.to_string())?;
    close("mackey_glass_rpy", series.as_slice(), expected)?;

    let x0 = tensors.values("lorenz_x0")?;
    let lorenz = |substeps| -> Result<DMatrix<f64>, String> {
        let config = Lorenz63Config {
            initial: [x0[0], x0[1], x0[2]],
            dt: number(&case.params, "lorenz_dt")?,
            integration: Integration::Rk4 { substeps },
            ..Lorenz63Config::default()
        };
        config
            .generate(tensors.matrix_shape("lorenz_rk4")?.0)
            .map_err(|e| e.to_string())
    };
    check("lorenz_rk4", lorenz(1)?.as_slice())?;
    check("lorenz_dop853", lorenz(100)?.as_slice())?;

    let ks = &case.params["ks"];
    let expected = tensors.values("ks_N64_M16_h025")?;
    let (samples, points) = tensors.matrix_shape("ks_N64_M16_h025")?;
    let config = KuramotoSivashinskyConfig {
        points,
        length: core::f64::consts::TAU * number(ks, "M")?,
        initial: tensors.values("ks_x0")?.to_vec(),
        dt: number(ks, "h")?,
        warmup: 0,
    };
    let series: DMatrix<f64> = config.generate(samples).map_err(|e| e.to_string())?;
    close("ks_N64_M16_h025", series.as_slice(), expected)
}

/// The series of the paper, whose last sample time is not a multiple of the step that it states: it
/// divides the whole time by the rounded number of steps.
fn simulated(tensors: &Tensors, case: &Case) -> Result<(), String> {
    let task = case.params["task"].as_str().unwrap_or_default();
    let warmup = number(&case.params, "warmup_time")?;
    let step = number(&case.params, "dt")?;
    let taps = number(&case.params, "k")?;
    let stride = number(&case.params, "s")?;
    let total = warmup + number(&case.params, "train_points")? * step;
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
