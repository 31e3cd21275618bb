//! Vector fields and generated series.

use nalgebra::DMatrix;
use neuropil_datasets::generators::{
    HenonConfig, KuramotoSivashinskyConfig, Lorenz63Config, MackeyGlassConfig, MackeyGlassScheme,
    NarmaConfig, NarmaForm,
};
use neuropil_datasets::{Integration, systems};
use neuropil_test_kit::golden::{Case, Tensors};
use neuropil_test_kit::tolerance::check_close;

fn number(value: &serde_json::Value, name: &str) -> Result<f64, String> {
    value[name]
        .as_f64()
        .ok_or_else(|| format!("no number {name} in {value}"))
}

/// Rates of change at given points, and the orbit of the Hénon map.
pub(crate) fn fields(case: &Case, tensors: &Tensors) -> Result<(), String> {
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

/// NARMA, Mackey–Glass, Lorenz63 and Kuramoto–Sivashinsky.
pub(crate) fn generators(case: &Case, tensors: &Tensors) -> Result<(), String> {
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
