//! Reference values for the methods that use the structure of their equations.

use neuropil_math::elementary::scalar::{exp, exp_m1};
use neuropil_ode_core::Gated;
use neuropil_ode_core::exponential::{
    ExponentialEulerStep, ExponentialMidpointStep, FusedMidpointStep, FusedStep, GatedStep,
    RushLarsenMidpointStep, RushLarsenStep, Unfolding, crossing_time,
};
use neuropil_ode_core::sde::{
    BrownianPath, EulerMaruyamaStep, ExponentialMaruyamaStep, MilsteinStep, Noise,
    OrnsteinUhlenbeck, SamplePath, Sra1Step, StochasticMethod, StochasticStep, StochasticSystem,
};
use neuropil_test_kit::golden;
use neuropil_test_kit::order::observed_order;
use neuropil_test_kit::tolerance::{check_close, check_value};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use serde_json::Value;

#[test]
fn golden_structure() {
    let folder = golden::folder(env!("CARGO_MANIFEST_DIR"), "ode-core");
    let file: Value = golden::read_json(&folder.join("reference.json")).unwrap();
    type Check = fn(&Value) -> Result<(), String>;
    let checks: [(&str, Check); 5] = [
        ("ltc4", ltc4),
        ("hodgkin_huxley", hodgkin_huxley),
        ("sde_gbm_strong", sde_gbm_strong),
        ("sde_ou_strong", sde_ou_strong),
        ("lif_analytic", lif_analytic),
    ];
    golden::report(
        &folder,
        checks.map(|(name, check)| {
            let case = &file["cases"][name];
            (name.to_owned(), check(case))
        }),
    );
}

/// A number, or a decimal string.
fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::String(text) => text.parse().map_err(|e| format!("{text}: {e}")),
        _ => value
            .as_f64()
            .ok_or_else(|| format!("{value} is no number")),
    }
}

fn numbers(value: &Value) -> Result<Vec<f64>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{value} is no list"))?;
    list.iter().map(number).collect()
}

fn rows(value: &Value) -> Result<Vec<Vec<f64>>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{value} is no list"))?;
    list.iter().map(numbers).collect()
}

fn words(error: neuropil_ode_core::Error) -> String {
    error.to_string()
}

fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// The liquid cell of the case; `stiffness` multiplies the leak conductance.
struct Liquid {
    epsilon: f64,
    stiffness: f64,
}

impl Liquid {
    fn leak(i: usize) -> (f64, f64) {
        ((1 + 2 * i) as f64 / 10.0, (i as f64 - 2.0) / 10.0)
    }
}

impl Gated<f64> for Liquid {
    fn drive_and_rate(&self, _t: f64, v: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        for i in 0..4 {
            let sign = |even: bool| if even { 1.0 } else { -1.0 };
            let (leak, rest) = Self::leak(i);
            let leak = leak * self.stiffness;
            let sensory = (2 + i) as f64 / 10.0 * sigmoid(4.0 * (0.5 - 0.4));
            let mut numerator = leak * rest + sensory * sign(i % 2 == 0);
            let mut denominator = leak + sensory;
            for j in 0..4 {
                let weight = (2 + (3 * j + 5 * i) % 7) as f64 / 20.0;
                let steepness = (3 + (j + 2 * i) % 5) as f64;
                let middle = (3 + (2 * j + i) % 5) as f64 / 10.0;
                let gate = weight * sigmoid(steepness * (v[j] - middle));
                numerator += gate * sign((i + j) % 2 == 0);
                denominator += gate;
            }
            let capacitance = (8 + i) as f64 / 20.0;
            drive[i] = numerator / capacitance;
            rate[i] = (denominator + self.epsilon) / capacitance;
        }
    }
}

fn ltc4(case: &Value) -> Result<(), String> {
    let start = numbers(&case["y0"])?;
    fn unfold<M: GatedStep<f64>>(
        method: M,
        system: &Liquid,
        start: &[f64],
        n: usize,
    ) -> Result<Vec<f64>, String> {
        let mut y = start.to_vec();
        Unfolding::new(method, 4)
            .run(system, 0.0, 1.0, n, &mut y)
            .map_err(words)?;
        Ok(y)
    }
    for (key, epsilon) in [("fused6_eps0", 0.0), ("fused6_eps1e-8", 1e-8)] {
        let system = Liquid {
            epsilon,
            stiffness: 1.0,
        };
        let y = unfold(FusedStep, &system, &start, 6)?;
        check_close(key, &y, &numbers(&case[key])?, 0.0, 1e-14)?;
    }

    let exact = numbers(&case["points"][0]["y"])?;
    let system = Liquid {
        epsilon: 0.0,
        stiffness: 1.0,
    };
    let worst = |y: &[f64]| {
        let pairs = y.iter().zip(&exact);
        pairs.fold(0.0_f64, |m, (y, e)| m.max((y - e).abs()))
    };
    for row in rows(&case["max_err_vs_n_unfolds_[n,fused,exp_euler]"])? {
        let n = row[0] as usize;
        let fused = worst(&unfold(FusedStep, &system, &start, n)?);
        let exponential = worst(&unfold(ExponentialEulerStep, &system, &start, n)?);
        check_close("errors", &[fused, exponential], &row[1..], 1e-9, 0.0)?;
    }
    // Second order: the errors of n = 6, 12, 24, to the digits that were published with the method.
    let second = [
        (6, 2.36e-3, 2.01e-3),
        (12, 6.33e-4, 5.07e-4),
        (24, 1.64e-4, 1.27e-4),
    ];
    for (n, fused, exponential) in second {
        let errors = [
            worst(&unfold(FusedMidpointStep, &system, &start, n)?),
            worst(&unfold(ExponentialMidpointStep, &system, &start, n)?),
        ];
        check_close("second order", &errors, &[fused, exponential], 5e-3, 0.0)?;
    }

    // A leak a million times as fast: no step leaves the hull of leak potential and reversals.
    let stiff = Liquid {
        epsilon: 0.0,
        stiffness: 1e6,
    };
    for n in [1, 2, 6, 50] {
        for y in [
            unfold(FusedStep, &stiff, &start, n)?,
            unfold(FusedMidpointStep, &stiff, &start, n)?,
            unfold(ExponentialEulerStep, &stiff, &start, n)?,
            unfold(ExponentialMidpointStep, &stiff, &start, n)?,
        ] {
            for (i, &v) in y.iter().enumerate() {
                require((-1.0..=1.0).contains(&v), || format!("{v} left the hull"))?;
                let rest = Liquid::leak(i).1;
                check_value("leak potential", v, rest, 0.0, 1e-4)?;
            }
        }
    }
    Ok(())
}

struct HodgkinHuxley {
    current: f64,
}

impl Gated<f64> for HodgkinHuxley {
    fn drive_and_rate(&self, _t: f64, y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
        // u / (1 - e⁻ᵘ), with its limit at zero.
        let ramp = |u: f64| {
            if u.abs() < 1e-8 {
                1.0 + 0.5 * u
            } else {
                -u / exp_m1(-u)
            }
        };
        let (v, n, m, h) = (y[0], y[1], y[2], y[3]);
        let opening = [
            0.1 * ramp((v + 55.0) / 10.0),
            ramp((v + 40.0) / 10.0),
            0.07 * exp(-(v + 65.0) / 20.0),
        ];
        let closing = [
            0.125 * exp(-(v + 65.0) / 80.0),
            4.0 * exp(-(v + 65.0) / 18.0),
            1.0 / (1.0 + exp(-(v + 35.0) / 10.0)),
        ];
        let sodium = 120.0 * m * m * m * h;
        let potassium = 36.0 * (n * n) * (n * n);
        drive[0] = self.current + sodium * 50.0 - potassium * 77.0 - 0.3 * 54.387;
        rate[0] = sodium + potassium + 0.3;
        for i in 0..3 {
            drive[1 + i] = opening[i];
            rate[1 + i] = opening[i] + closing[i];
        }
    }
}

/// The upward crossings of zero over 50 ms, on the cubic through values and slopes at the ends of a
/// step.
fn spikes<M: GatedStep<f64>>(method: M, start: &[f64], h: f64) -> Result<Vec<f64>, String> {
    let system = HodgkinHuxley { current: 10.0 };
    let slope = |y: &[f64]| {
        let (mut drive, mut rate) = ([0.0; 4], [0.0; 4]);
        system.drive_and_rate(0.0, y, &mut drive, &mut rate);
        drive[0] - rate[0] * y[0]
    };
    let mut y = start.to_vec();
    let mut workspace = vec![0.0; 4 * M::WORKSPACE];
    let mut times = Vec::new();
    for i in 0..(50.0 / h).round() as usize {
        let before = y.clone();
        let t = i as f64 * h;
        method
            .step(&system, t, h, &mut y, &mut workspace)
            .map_err(words)?;
        if before[0] < 0.0 && y[0] >= 0.0 {
            let (a, b) = (h * slope(&before), h * slope(&y));
            let cubic = |s: f64| {
                let r = 1.0 - s;
                before[0] * (1.0 + 2.0 * s) * r * r + a * s * r * r + y[0] * s * s * (3.0 - 2.0 * s)
                    - b * s * s * r
            };
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..50 {
                let middle = 0.5 * (low + high);
                if cubic(middle) < 0.0 {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            times.push(t + h * low);
        }
    }
    Ok(times)
}

fn hodgkin_huxley(case: &Value) -> Result<(), String> {
    let start = numbers(&case["y0"])?;
    let expected = numbers(&case["spike_times_V_up_through_0"])?;
    fn fourth<M: GatedStep<f64>>(
        method: M,
        start: &[f64],
        expected: &[f64],
        h: f64,
    ) -> Result<f64, String> {
        let times = spikes(method, start, h)?;
        check_value(
            "spikes",
            times.len() as f64,
            expected.len() as f64,
            0.0,
            0.0,
        )?;
        Ok((times[3] - expected[3]).abs())
    }
    let first = fourth(RushLarsenStep, &start, &expected, 0.025)?;
    println!("Rush–Larsen, first order: spike 4 off by {first:.4} ms");
    check_value("Rush–Larsen, first order", first, 0.64, 0.01, 0.0)?;

    let steps = [0.025, 0.0125, 0.00625];
    let mut errors = Vec::new();
    for h in steps {
        errors.push(fourth(RushLarsenMidpointStep, &start, &expected, h)?);
    }
    println!("Rush–Larsen, second order: spike 4 off by {errors:.5?} ms");
    require(errors[0] <= 0.04, || format!("{} ms", errors[0]))?;
    for pair in errors.windows(2) {
        let ratio = pair[0] / pair[1];
        require((3.5..=4.1).contains(&ratio), || {
            format!("halving the step divides the error by {ratio}")
        })?;
    }

    let fused = fourth(FusedStep, &start, &expected, 0.025)?;
    check_value("fused, first order", fused, 1.245, 0.01, 0.0)?;
    let fused = fourth(FusedMidpointStep, &start, &expected, 0.025)?;
    check_value("fused, second order", fused, 0.0441, 0.01, 0.0)?;

    // The state at 10 ms, extrapolated from two step sizes.
    let mut runs = [start.clone(), start];
    for (y, steps) in runs.iter_mut().zip([5000, 10_000]) {
        Unfolding::new(RushLarsenMidpointStep, 4)
            .run(&HodgkinHuxley { current: 10.0 }, 0.0, 10.0, steps, y)
            .map_err(words)?;
    }
    let [coarse, fine] = runs;
    let ends = coarse.iter().zip(&fine);
    let y: Vec<f64> = ends.map(|(c, f)| f + (f - c) / 3.0).collect();
    let point = numbers(&case["points"][0]["y"])?;
    check_close("state at 10 ms", &y, &point, 1e-7, 0.0)
}

/// Mean and standard error.
fn mean(errors: &[f64]) -> (f64, f64) {
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// The mean error of this sample and that of the table are draws from distributions of one mean:
/// five standard errors of their difference are exceeded by chance once in a million times.
fn same_mean(what: &str, errors: &[f64], table: f64, table_paths: f64) -> Result<f64, String> {
    let (found, deviation) = mean(errors);
    let allowed = 5.0 * deviation * (1.0 + errors.len() as f64 / table_paths).sqrt();
    println!("{what}: {found:.3e}, table {table:.3e}, allowed ± {allowed:.1e}");
    check_value(what, found, table, 0.0, allowed)?;
    Ok(found)
}

/// The final value of one component on a stored path.
fn end<M, S>(
    method: M,
    system: &S,
    start: f64,
    path: &BrownianPath<f64>,
    steps: usize,
) -> Result<f64, String>
where
    M: StochasticMethod + StochasticStep<f64, S>,
{
    let mut x = [start];
    let mut noise = path.steps(steps).map_err(words)?;
    SamplePath::new(method, 1)
        .run(system, 0.0, 1.0, steps, &mut x, &mut noise)
        .map_err(words)?;
    Ok(x[0])
}

/// dX = 2X dt + X dW.
struct Growth;

impl StochasticSystem<f64> for Growth {
    fn drift(&self, _t: f64, x: &[f64], drift: &mut [f64]) {
        drift[0] = 2.0 * x[0];
    }

    fn diffusion(&self, _t: f64, x: &[f64], diffusion: &mut [f64]) {
        diffusion[0] = x[0];
    }

    fn diffusion_derivative(&self, _t: f64, _x: &[f64], derivative: &mut [f64]) -> bool {
        derivative[0] = 1.0;
        true
    }
}

fn sde_gbm_strong(case: &Value) -> Result<(), String> {
    const PATHS: usize = 6000;
    let table = rows(&case["table_[k(dt=2^-k),EM,Milstein]"])?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2001);
    let mut errors = vec![[Vec::new(), Vec::new()]; table.len()];
    let mut path = BrownianPath::new(0.0, 1.0, 1, 512, &mut rng).map_err(words)?;
    for _ in 0..PATHS {
        let exact = (1.5_f64 + path.total(0).map_err(words)?).exp();
        for (row, errors) in table.iter().zip(&mut errors) {
            let steps = 1 << row[0] as u32;
            errors[0].push((end(EulerMaruyamaStep, &Growth, 1.0, &path, steps)? - exact).abs());
            errors[1].push((end(MilsteinStep, &Growth, 1.0, &path, steps)? - exact).abs());
        }
        path.redraw(&mut rng);
    }
    let names = ["Euler–Maruyama", "Milstein"];
    for (i, (name, order)) in names.into_iter().zip([0.5, 1.0]).enumerate() {
        let (mut steps, mut means) = (Vec::new(), Vec::new());
        for (row, errors) in table.iter().zip(&errors) {
            let what = format!("{name}, 2^-{}", row[0]);
            means.push(same_mean(&what, &errors[i], row[1 + i], 40_000.0)?);
            steps.push((-row[0]).exp2());
        }
        let slope = observed_order(&steps, &means);
        println!("{name}: order {slope:.3}");
        check_value(name, slope, order, 0.0, 0.1)?;
    }
    Ok(())
}

/// X(1) of dX = -X dt + dW/2 from 1, of which the path leaves open no more than some 1e-7: within an
/// interval it knows the integrals of 1 and s over dW, and e^s is projected on these.
fn ornstein_uhlenbeck_end(path: &BrownianPath<f64>) -> Result<f64, String> {
    let n = path.intervals();
    let k = 1.0 / n as f64;
    let mut noise = path.steps(n).map_err(words)?;
    let (mut w, mut z) = ([0.0], [0.0]);
    let mut x = 1.0;
    for i in 0..n {
        noise.fill(i as f64 * k, k, &mut w, &mut z).map_err(words)?;
        let area = z[0] - 0.5 * k * w[0];
        let kicks = -exp_m1(-k) / k * w[0] - (-0.5 * k).exp() * area;
        x = x * (-k).exp() + 0.5 * kicks;
    }
    Ok(x)
}

fn sde_ou_strong(case: &Value) -> Result<(), String> {
    const PATHS: usize = 4000;
    let table = rows(&case["table_[k,EM,SRA1,exp-EM]"])?;
    let system = OrnsteinUhlenbeck::new(0.0, 1.0, 0.5).map_err(words)?;
    let variance = number(&case["stationary_var"])?;
    check_value(
        "variance",
        system.stationary_variance(),
        variance,
        1e-15,
        0.0,
    )?;

    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1930);
    let mut errors = vec![[Vec::new(), Vec::new(), Vec::new()]; table.len()];
    let mut path = BrownianPath::new(0.0, 1.0, 1, 256, &mut rng).map_err(words)?;
    for _ in 0..PATHS {
        let exact = ornstein_uhlenbeck_end(&path)?;
        for (row, errors) in table.iter().zip(&mut errors) {
            let steps = 1 << row[0] as u32;
            let ends = [
                end(EulerMaruyamaStep, &system, 1.0, &path, steps)?,
                end(Sra1Step, &system, 1.0, &path, steps)?,
                end(ExponentialMaruyamaStep, &system, 1.0, &path, steps)?,
            ];
            for (errors, end) in errors.iter_mut().zip(ends) {
                errors.push((end - exact).abs());
            }
        }
        path.redraw(&mut rng);
    }
    // SRA1 gains half an order on a linear drift.
    let names = ["Euler–Maruyama", "SRA1", "exponential"];
    for (i, (name, order)) in names.into_iter().zip([1.0, 2.0, 1.0]).enumerate() {
        let (mut steps, mut means) = (Vec::new(), Vec::new());
        for (row, errors) in table.iter().zip(&errors) {
            let what = format!("{name}, 2^-{}", row[0]);
            means.push(same_mean(&what, &errors[i], row[1 + i], 20_000.0)?);
            steps.push((-row[0]).exp2());
        }
        let slope = observed_order(&steps, &means);
        println!("{name}: order {slope:.3}");
        check_value(name, slope, order, 0.0, 0.1)?;
    }
    Ok(())
}

fn lif_analytic(case: &Value) -> Result<(), String> {
    let isi = number(&case["isi"])?;
    struct Leak;
    impl Gated<f64> for Leak {
        fn drive_and_rate(&self, _t: f64, _y: &[f64], drive: &mut [f64], rate: &mut [f64]) {
            (drive[0], rate[0]) = (-45.0 / 20.0, 1.0 / 20.0);
        }
    }
    let (drive, rate, threshold, reset) = (-45.0 / 20.0, 1.0 / 20.0, -50.0, -65.0);
    let interval = crossing_time(reset, drive, rate, threshold).ok_or("no spike")?;
    check_value("interval in one", interval, isi, 2.0 * f64::EPSILON, 0.0)?;
    // Steps of any size up to the spike, and the rest of it in closed form.
    for h in [0.01, 0.1, 1.0, 7.0, 27.0] {
        let (mut v, mut workspace) = ([reset], [0.0; 2]);
        let mut steps = 0;
        let interval = loop {
            let left = crossing_time(v[0], drive, rate, threshold).ok_or("no spike")?;
            if left <= h {
                break f64::from(steps) * h + left;
            }
            ExponentialEulerStep
                .step(&Leak, f64::from(steps) * h, h, &mut v, &mut workspace)
                .map_err(words)?;
            steps += 1;
        };
        println!("h = {h}: interval off by {:e}", interval - isi);
        // Each step rounds v in its last place, 2⁻⁴⁷, at random; the slope at the threshold is 1/4.
        let rounding = f64::from(steps + 1).sqrt() * 2.0_f64.powi(-47) / 0.25;
        check_value("interval", interval, isi, 0.0, rounding)?;
    }
    Ok(())
}
