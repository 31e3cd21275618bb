//! The threads change nothing but the time.

#![cfg(feature = "rayon")]
use nalgebra::DMatrix;
use neuropil_reservoir::{
    EsnConfig, LocalEsn, LocalEsnConfig, ReservoirConfig, RidgeMethod, Sharing,
};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

#[test]
fn patches_on_any_number_of_threads() {
    let series = DMatrix::from_fn(64, 120, |i, t| {
        (0.4 * i as f64 - 0.1 * t as f64).sin() + 0.1 * ((0.9 * t as f64).cos() * i as f64).sin()
    });
    for (sharing, units) in [(Sharing::Shared, 600), (Sharing::PerPatch, 520)] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            pool.build().unwrap().install(|| {
                let config = LocalEsnConfig {
                    sharing,
                    model: EsnConfig {
                        reservoir: ReservoirConfig {
                            units,
                            ..LocalEsnConfig::default().model.reservoir
                        },
                        washout: 20,
                        method: RidgeMethod::Dual,
                        ..LocalEsnConfig::default().model
                    },
                    ..LocalEsnConfig::default()
                };
                let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
                let mut model = LocalEsn::new(config, 64, &mut rng).unwrap();
                model.fit(&series).unwrap();
                let forecast = model.forecast(&series, 10).unwrap();
                (model, forecast)
            })
        };
        assert_eq!(run(1), run(3), "{sharing:?}");
    }
}
