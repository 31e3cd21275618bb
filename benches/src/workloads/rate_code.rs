//! The rate code as an array of zeros and ones, beside the libraries that train spiking networks.

use neuropil_neural_coding::encode::rate_dense;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::{Side, Work, Workload, uniform};

pub(super) fn workloads() -> Vec<Workload> {
    let beside = |name, about, peer| Workload {
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
        pairs: (3, 7),
        prepare,
    };
    vec![
        beside(
            "coding-rate-spikingjelly",
            "rate code in f32, 100 steps of 128 images of 784 pixels",
            "SpikingJelly PoissonEncoder",
        ),
        beside("coding-rate-norse", "the same", "Norse poisson_encode"),
        beside("coding-rate-snntorch", "the same", "snnTorch spikegen.rate"),
    ]
}

const VALUES: usize = 128 * 784;
const STEPS: usize = 100;

fn prepare() -> Result<Work, String> {
    let values: Vec<f64> = uniform(17, VALUES).iter().map(|u| u + 0.5).collect();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let all = rate_dense::<f32, _>(&values, STEPS, &mut rng).map_err(|e| e.to_string())?;
    let spikes = all.iter().filter(|s| **s == 1.0).count();
    let silent = all.iter().filter(|s| **s == 0.0).count();
    let expected = STEPS as f64 * values.iter().sum::<f64>();
    let variance = STEPS as f64 * values.iter().map(|p| p * (1.0 - p)).sum::<f64>();
    if spikes + silent != VALUES * STEPS || (spikes as f64 - expected).abs() > 6.0 * variance.sqrt()
    {
        return Err(format!("{spikes} spikes, {expected} expected"));
    }
    Ok(Box::new(move || {
        let spikes = rate_dense::<f32, _>(&values, STEPS, &mut rng).map_err(|e| e.to_string())?;
        Ok(spikes.column(STEPS - 1).iter().map(|s| f64::from(*s)).sum())
    }))
}
