//! The rate code as an array of zeros and ones, beside the libraries that train spiking networks.

use neuropil_neural_coding::encode::rate_dense;
use neuropil_neural_coding::generate::bernoulli_dense_into;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Side, Work, Workload, uniform};

pub(super) fn workloads() -> Vec<Workload> {
    let beside = |name, about, peer, prepare| Workload {
        name,
        of: "neural-coding",
        about,
        peer,
        side: Side::Python,
        aim: Some(5.0),
        // The spikes are random, and not the same: of one step their number is right to 0.3 %, one
        // standard deviation. Both sides look at all steps before they are timed.
        agreement: 0.02,
        truth: None,
        pairs: (5, 15),
        prepare,
    };
    vec![
        beside("coding-rate-spikingjelly", NEW, SPIKING_JELLY, new),
        beside("coding-rate-norse", NEW, NORSE, new),
        beside("coding-rate-snntorch", NEW, SNN_TORCH, new),
        beside("coding-rate-spikingjelly-kept", KEPT, SPIKING_JELLY, kept),
        beside("coding-rate-norse-kept", KEPT, NORSE, kept),
        beside("coding-rate-snntorch-kept", KEPT, SNN_TORCH, kept),
    ]
}

const NEW: &str = "rate code in f32, 100 steps of 128 images of 784 pixels, new memory each time";
const KEPT: &str = "the same, ours into memory that is kept";
const SPIKING_JELLY: &str = "SpikingJelly PoissonEncoder";
const NORSE: &str = "Norse poisson_encode";
const SNN_TORCH: &str = "snnTorch spikegen.rate";

const VALUES: usize = 128 * 784;
const STEPS: usize = 100;

fn values() -> Vec<f64> {
    uniform(17, VALUES).iter().map(|u| u + 0.5).collect()
}

/// Whether these are zeros and ones, as many as expected within six standard deviations.
fn check(raster: &[f32], values: &[f64]) -> Result<(), String> {
    let spikes = raster.iter().filter(|s| **s == 1.0).count();
    let silent = raster.iter().filter(|s| **s == 0.0).count();
    let expected = STEPS as f64 * values.iter().sum::<f64>();
    let variance = STEPS as f64 * values.iter().map(|p| p * (1.0 - p)).sum::<f64>();
    let away = (spikes as f64 - expected).abs();
    if spikes + silent == VALUES * STEPS && away < 6.0 * variance.sqrt() {
        Ok(())
    } else {
        Err(format!(
            "{spikes} spikes and {silent} zeros, {expected} spikes expected"
        ))
    }
}

/// The number of spikes of the last step.
fn last(raster: &[f32]) -> f64 {
    raster[VALUES * (STEPS - 1)..]
        .iter()
        .map(|s| f64::from(*s))
        .sum()
}

fn new() -> Result<Work, String> {
    let values = values();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut encode = move || {
        let raster = rate_dense::<f32, _>(&values, STEPS, &mut rng);
        raster.map_err(|e| e.to_string())
    };
    check(encode()?.as_slice(), &self::values())?;
    Ok(Box::new(move || Ok(last(encode()?.as_slice()))))
}

fn kept() -> Result<Work, String> {
    let values = values();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let mut raster = vec![0.0_f32; VALUES * STEPS];
    bernoulli_dense_into(&values, &mut raster, &mut rng).map_err(|e| e.to_string())?;
    check(&raster, &values)?;
    Ok(Box::new(move || {
        bernoulli_dense_into(&values, &mut raster, &mut rng).map_err(|e| e.to_string())?;
        Ok(last(&raster))
    }))
}
