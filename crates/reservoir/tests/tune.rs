//! The search: what it finds, what it spends, and that it can be interrupted.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use core::ops::ControlFlow;
use std::path::PathBuf;

use neuropil_reservoir::Error;
use neuropil_reservoir::tune::{
    Domain, Halving, Outcome, Sampler, Sobol, Space, Study, StudyConfig, TpeConfig, Trial,
};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

fn tpe() -> Sampler {
    Sampler::Tpe(TpeConfig::default())
}

/// Two numbers, a size and a category.
fn space() -> Space {
    Space::new([
        (
            "x",
            Domain::Uniform {
                low: -3.0,
                high: 5.0,
            },
        ),
        (
            "rate",
            Domain::LogUniform {
                low: 1e-6,
                high: 1.0,
            },
        ),
        (
            "units",
            Domain::LogInteger {
                low: 10,
                high: 1000,
            },
        ),
        (
            "kind",
            Domain::Categorical(vec!["a".into(), "b".into(), "c".into()]),
        ),
    ])
    .unwrap()
}

/// Least, 0, at (1, 1e-3, 100, "b").
fn bowl(trial: &Trial) -> Result<f64, Error> {
    let x = (trial.real("x")? - 1.0) / 8.0;
    let rate = (trial.real("rate")?.log10() + 3.0) / 6.0;
    let units = ((trial.integer("units")? as f64).log10() - 2.0) / 2.0;
    let kind = f64::from(u8::from(trial.category("kind")? != "b"));
    Ok(x * x + rate * rate + units * units + 0.1 * kind)
}

fn config(sampler: Sampler, trials: usize) -> StudyConfig {
    StudyConfig {
        sampler,
        trials,
        ..StudyConfig::default()
    }
}

fn best_of(sampler: &Sampler, trials: usize, seed: u64) -> f64 {
    let mut study = Study::new(space(), config(sampler.clone(), trials), &mut rng(seed)).unwrap();
    study.run(|trial, _| bowl(trial)).unwrap();
    study.best().unwrap().value().unwrap()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn every_search_beats_random_points_in_expectation() {
    // The geometric mean of the best of 64, over the same 40 seeds.
    let mean = |sampler: Sampler| {
        let sum: f64 = (0..40).map(|seed| best_of(&sampler, 64, seed).ln()).sum();
        (sum / 40.0).exp()
    };
    let (random, sobol, tpe) = (mean(Sampler::Random), mean(Sampler::Sobol), mean(tpe()));
    println!("best of 64 in the mean: random {random:.2e}, Sobol {sobol:.2e}, TPE {tpe:.2e}");
    assert!(sobol < 0.95 * random, "{sobol} beside {random}");
    assert!(tpe < 0.4 * random, "{tpe} beside {random}");
}

/// The star discrepancy in the mean square, by Warnock's formula.
fn discrepancy(points: &[Vec<f64>]) -> f64 {
    let (n, d) = (points.len() as f64, points[0].len() as i32);
    let one: f64 = points
        .iter()
        .map(|p| p.iter().map(|x| 1.0 - x * x).product::<f64>())
        .sum();
    let two: f64 = points
        .iter()
        .flat_map(|p| {
            points.iter().map(move |q| {
                p.iter()
                    .zip(q)
                    .map(|(a, b)| 1.0 - a.max(*b))
                    .product::<f64>()
            })
        })
        .sum();
    (3.0_f64.powi(-d) - 2.0_f64.powi(1 - d) / n * one + two / (n * n)).sqrt()
}

#[test]
fn sobol_points_are_more_even_than_random_ones() {
    for (dimensions, count, factor) in [(2, 64, 3.0), (2, 512, 8.0), (5, 256, 2.0)] {
        let mut draws = rng(1);
        let mean = |points: &mut dyn FnMut() -> Vec<Vec<f64>>| {
            (0..8).map(|_| discrepancy(&points())).sum::<f64>() / 8.0
        };
        let random = mean(&mut || {
            (0..count)
                .map(|_| (0..dimensions).map(|_| draws.random()).collect())
                .collect()
        });
        let mut seeds = rng(2);
        let sobol = mean(&mut || {
            let sobol = Sobol::new(dimensions, &mut seeds).unwrap();
            (0..count).map(|i| sobol.point(i)).collect()
        });
        assert!(factor * sobol < random, "{sobol} beside {random}");
    }
}

#[test]
fn halving_spends_what_it_says_on_what_looked_best() {
    let halving = Halving {
        smallest: 10,
        largest: 80,
        reduction: 2,
    };
    let config = StudyConfig {
        halving: Some(halving),
        ..config(Sampler::Sobol, 40)
    };
    let mut study = Study::new(space(), config, &mut rng(5)).unwrap();
    // The budget tells how much noise there is, and the noise is the trial's own.
    study
        .run(|trial, rng| {
            let noise: f64 = rng.random();
            Ok(bowl(trial)? + noise / trial.budget().unwrap() as f64)
        })
        .unwrap();
    assert!(study.is_finished());
    assert_eq!(study.trials().len(), study.planned());
    let rungs: Vec<(usize, usize)> = (0..4)
        .map(|rung| {
            let own: Vec<_> = study
                .trials()
                .iter()
                .filter(|t| t.trial().rung() == rung)
                .collect();
            (own.len(), own[0].trial().budget().unwrap())
        })
        .collect();
    assert_eq!(rungs, halving.rungs(40));
    assert_eq!(rungs, [(40, 10), (20, 20), (10, 40), (5, 80)]);
    let spent: usize = study
        .trials()
        .iter()
        .map(|t| t.trial().budget().unwrap())
        .sum();
    assert_eq!(spent, halving.total(40));
    assert_eq!(spent, 1600);

    // The second rung holds the best half of the first.
    let mut first: Vec<_> = study.trials()[..40].iter().collect();
    first.sort_by(|a, b| a.value().unwrap().total_cmp(&b.value().unwrap()));
    for (better, promoted) in first.iter().zip(&study.trials()[40..60]) {
        assert_eq!(promoted.trial().origin(), better.trial().number());
        assert_eq!(promoted.trial().parameters(), better.trial().parameters());
        // The same noise, divided by twice the budget.
        let truth = bowl(better.trial()).unwrap();
        let (before, after) = (
            better.value().unwrap() - truth,
            promoted.value().unwrap() - truth,
        );
        assert!((before - 2.0 * after).abs() < 1e-12, "{before} {after}");
    }
    assert_eq!(study.best().unwrap().trial().rung(), 3);
}

#[test]
fn halving_goes_on_with_those_that_succeeded() {
    let config = StudyConfig {
        halving: Some(Halving {
            smallest: 1,
            largest: 9,
            reduction: 3,
        }),
        ..config(Sampler::Random, 27)
    };
    let run = |survivors: usize| {
        let mut study = Study::new(space(), config.clone(), &mut rng(6)).unwrap();
        study
            .run(|trial, _| {
                if trial.origin() < survivors {
                    bowl(trial)
                } else {
                    Err(Error::NotFitted)
                }
            })
            .unwrap();
        assert!(study.is_finished());
        let count = |rung| {
            let trials = study.trials().iter();
            trials.filter(|t| t.trial().rung() == rung).count()
        };
        [count(0), count(1), count(2)]
    };
    assert_eq!(run(27), [27, 9, 3]);
    assert_eq!(run(5), [27, 5, 3]);
    assert_eq!(run(0), [27, 0, 0]);
}

fn studies() -> Vec<StudyConfig> {
    let halving = Halving {
        smallest: 3,
        largest: 20,
        reduction: 3,
    };
    [Sampler::Random, Sampler::Sobol, tpe()]
        .into_iter()
        .flat_map(|sampler| {
            [None, Some(halving)].map(|halving| StudyConfig {
                halving,
                batch: 7,
                ..config(sampler.clone(), 45)
            })
        })
        .collect()
}

/// With some noise, some failures, and an attribute.
fn awkward(
    trial: &Trial,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<neuropil_reservoir::tune::Evaluation, Error> {
    let draw: f64 = rng.random();
    if draw < 0.2 {
        return Err(Error::Diverged {
            step: trial.number(),
            channel: 0,
        });
    }
    let budget = trial.budget().unwrap_or(1) as f64;
    Ok(neuropil_reservoir::tune::Evaluation {
        value: bowl(trial)? + draw / budget,
        attributes: vec![("draw".to_owned(), draw)],
    })
}

#[test]
fn an_interrupted_study_is_equal_to_one_that_was_not() {
    for (index, config) in studies().into_iter().enumerate() {
        let start = || {
            let study = Study::new(space(), config.clone(), &mut rng(8)).unwrap();
            study.labelled("awkward")
        };
        let mut whole = start();
        whole.run(awkward).unwrap();
        let mut parts = start();
        let file = path(&format!("study-{index}.json"));
        let mut rounds = 0;
        while !parts.is_finished() {
            parts
                .run_observed(awkward, |study| {
                    study.save(&file)?;
                    Ok(ControlFlow::Break(()))
                })
                .unwrap();
            parts = Study::load(&file).unwrap();
            rounds += 1;
        }
        assert!(rounds >= 7, "{rounds}");
        assert_eq!(parts, whole);
        let again = path(&format!("study-{index}-whole.json"));
        whole.save(&again).unwrap();
        let bytes = |path| std::fs::read(path).unwrap();
        assert_eq!(bytes(&file), bytes(&again));
        assert!(whole.failed().count() > 0);
    }
}

#[test]
fn a_study_that_is_extended_is_equal_to_a_longer_one() {
    for sampler in [Sampler::Random, Sampler::Sobol, tpe()] {
        let mut long = Study::new(space(), config(sampler.clone(), 60), &mut rng(9)).unwrap();
        long.run(awkward).unwrap();
        // 37 is no multiple of the batch.
        let mut grown = Study::new(space(), config(sampler, 37), &mut rng(9)).unwrap();
        grown.run(awkward).unwrap();
        assert_eq!(grown.trials().len(), 37);
        grown.set_trials(60).unwrap();
        grown.run(awkward).unwrap();
        assert_eq!(grown, long);
        assert!(grown.set_trials(59).is_err());
    }
}

#[cfg(feature = "rayon")]
#[test]
fn the_number_of_threads_changes_no_bit() {
    for config in studies() {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let mut study = Study::new(space(), config.clone(), &mut rng(10)).unwrap();
            pool.install(|| study.run(awkward)).unwrap();
            study
        };
        let one = on(1);
        for threads in [2, 5] {
            assert_eq!(on(threads), one);
        }
    }
}

#[test]
fn the_trials_of_a_seed_stay_what_they_are() {
    // Pinned: with and without threads, on every machine.
    let value = |sampler: Sampler| {
        let mut study = Study::new(space(), config(sampler, 30), &mut rng(11)).unwrap();
        study.run(awkward).unwrap();
        let last = study.trials().last().unwrap().trial();
        (
            last.real("x").unwrap(),
            last.real("rate").unwrap(),
            last.integer("units").unwrap(),
            last.category("kind").unwrap().to_owned(),
        )
    };
    let expected = [
        (
            Sampler::Random,
            3.663_195_732_847_053_2,
            0.067_285_941_345_585_41,
            321,
            "b",
        ),
        (
            Sampler::Sobol,
            3.507_609_196_938_574_3,
            0.003_845_891_509_020_897,
            43,
            "b",
        ),
        (
            tpe(),
            2.649_661_059_721_507,
            0.013_878_920_100_910_208,
            17,
            "c",
        ),
    ];
    for (sampler, x, rate, units, kind) in expected {
        assert_eq!(value(sampler), (x, rate, units, kind.to_owned()));
    }
}

#[test]
fn what_fails_is_recorded_and_never_the_best() {
    for sampler in [Sampler::Random, Sampler::Sobol, tpe()] {
        let mut study = Study::new(space(), config(sampler, 60), &mut rng(12)).unwrap();
        study
            .run(|trial, _| match trial.number() % 4 {
                0 => Err(Error::Diverged {
                    step: 17,
                    channel: 2,
                }),
                1 => Ok(f64::NAN),
                2 => Ok(f64::NEG_INFINITY),
                _ => bowl(trial),
            })
            .unwrap();
        assert_eq!(study.trials().len(), 60);
        assert_eq!(study.failed().count(), 45);
        let reason = |n: usize| match study.trials()[n].outcome() {
            Outcome::Failed { reason } => reason.clone(),
            Outcome::Value { .. } => String::new(),
        };
        assert_eq!(
            reason(0),
            "the forecast diverged: step 17 is not finite in channel 2"
        );
        assert_eq!(reason(1), "the value is NaN");
        assert_eq!(reason(2), "the value is -inf");
        assert_eq!(study.best().unwrap().trial().number() % 4, 3);
        assert_eq!(study.ranked().len(), 15);
        // Failures are saved, too.
        let file = path("failures.json");
        study.save(&file).unwrap();
        assert_eq!(Study::load(&file).unwrap(), study);
    }
    let mut hopeless = Study::new(space(), config(tpe(), 40), &mut rng(13)).unwrap();
    hopeless
        .run(|_, _| Err::<f64, _>(Error::NotFitted))
        .unwrap();
    assert_eq!(hopeless.trials().len(), 40);
    assert!(hopeless.best().is_none());
}

#[test]
fn an_observer_can_stop_or_fail() {
    let mut study = Study::new(space(), config(Sampler::Sobol, 64), &mut rng(14)).unwrap();
    let mut seen = Vec::new();
    study
        .run_observed(
            |trial, _| bowl(trial),
            |study| {
                seen.push(study.trials().len());
                Ok(if seen.len() == 3 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            },
        )
        .unwrap();
    assert_eq!(seen, [8, 16, 24]);
    let failed = study.run_observed(|trial, _| bowl(trial), |_| Err(Error::NotFitted));
    assert_eq!(failed, Err(Error::NotFitted));
    assert_eq!(study.trials().len(), 32);
}

#[test]
fn bad_spaces_and_settings_are_refused() {
    let refused = |domain: Domain, expected: &str| {
        let message = Space::new([("p", domain)]).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    };
    let uniform = |low, high| Domain::Uniform { low, high };
    let log = |low, high| Domain::LogUniform { low, high };
    refused(uniform(f64::NAN, 1.0), "is NaN");
    refused(uniform(0.0, f64::INFINITY), "is inf");
    refused(uniform(2.0, 1.0), "is 2, must not be above");
    refused(uniform(-1e308, 1e308), "must not be above");
    refused(log(0.0, 1.0), "is 0, must be positive");
    refused(log(-1.0, 1.0), "is -1, must be positive");
    refused(Domain::Integer { low: 3, high: 2 }, "is 3");
    refused(
        Domain::Integer {
            low: 0,
            high: i64::MAX,
        },
        "2⁵³",
    );
    refused(Domain::LogInteger { low: 0, high: 2 }, "is 0");
    refused(Domain::Categorical(vec![]), "empty");
    refused(Domain::Categorical(vec!["a".into(), "a".into()]), "`a`");
    assert!(Space::new(Vec::<(String, Domain)>::new()).is_err());
    let twice = [("p", uniform(0.0, 1.0)), ("p", uniform(0.0, 1.0))];
    assert!(Space::new(twice).is_err());

    let with = |change: &dyn Fn(&mut StudyConfig)| {
        let mut config = StudyConfig::default();
        change(&mut config);
        Study::new(space(), config, &mut rng(1))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(with(&|c| c.trials = 0), "trials is 0, must be 1 at least");
    assert!(with(&|c| c.batch = 0).contains("batch"));
    for good in [0.0, 1.0, f64::NAN] {
        let sampler = Sampler::Tpe(TpeConfig {
            good,
            ..TpeConfig::default()
        });
        assert!(with(&|c| c.sampler = sampler.clone()).contains("good"));
    }
    for (smallest, largest, reduction) in [(0, 1, 2), (5, 4, 2), (1, 10, 1)] {
        let halving = Halving {
            smallest,
            largest,
            reduction,
        };
        with(&|c| c.halving = Some(halving));
    }
    let wide = || (0..22).map(|i| (format!("p{i}"), uniform(0.0, 1.0)));
    let study = |sampler| {
        let space = Space::new(wide()).unwrap();
        Study::new(space, config(sampler, 5), &mut rng(1))
    };
    assert!(study(Sampler::Sobol).is_err());
    assert!(study(Sampler::Random).is_ok());
}

#[test]
fn parameters_are_asked_for_by_their_kind() {
    let mut study = Study::new(space(), config(Sampler::Random, 1), &mut rng(1)).unwrap();
    study
        .run(|trial, _| {
            assert!(trial.real("x").is_ok() && trial.real("units").is_ok());
            for (what, wrong) in [
                ("y", trial.real("y").err()),
                ("kind", trial.real("kind").err()),
                ("x", trial.integer("x").err()),
                ("x", trial.category("x").err()),
            ] {
                assert!(wrong.unwrap().to_string().contains(&format!("`{what}`")));
            }
            assert!(trial.size("units").is_ok());
            Ok(0.0)
        })
        .unwrap();
}

#[test]
fn files_that_are_not_of_a_study_are_refused() {
    let file = path("study-to-break.json");
    let mut config = config(tpe(), 12);
    config.halving = Some(Halving {
        smallest: 1,
        largest: 4,
        reduction: 2,
    });
    let mut study = Study::new(space(), config, &mut rng(15)).unwrap();
    study.run(|trial, _| bowl(trial)).unwrap();
    study.save(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let broken = path("study-broken.json");
    let refused = |text: &str| {
        std::fs::write(&broken, text).unwrap();
        Study::load(&broken).unwrap_err().to_string()
    };
    assert!(Study::load(path("no-such-study.json")).is_err());
    for end in [0, 1, text.len() / 2, text.len() - 2] {
        refused(&text[..end]);
    }
    // The check sum finds the rest; without it, the meaning must be right.
    assert!(refused(&text.replacen("\"budget\":1", "\"budget\":2", 1)).contains("check sum"));
    let start = text.find("\"crc32\"").unwrap();
    let end = start + text[start..].find(',').unwrap() + 1;
    let unchecked = format!("{}{}", &text[..start], &text[end..]);
    std::fs::write(&broken, &unchecked).unwrap();
    assert_eq!(Study::load(&broken).unwrap(), study);
    for (from, to, expected) in [
        ("\"budget\":2", "\"budget\":3", "halving"),
        ("\"origin\":3", "\"origin\":2", "halving"),
        ("\"number\":4", "\"number\":5", "number"),
        ("[\"x\",", "[\"x\",7", "search space"),
        ("\"trials\":12", "\"trials\":0", "trials"),
        ("\"low\":-3.0", "\"low\":9.0", "bound"),
    ] {
        let at = unchecked.find("\"trials\":[").unwrap();
        let text = if from.starts_with("\"trials\"") || from.contains("low") {
            unchecked.replacen(from, to, 1)
        } else {
            format!(
                "{}{}",
                &unchecked[..at],
                unchecked[at..].replacen(from, to, 1)
            )
        };
        assert_ne!(text, unchecked, "{from}");
        let message = refused(&text);
        assert!(message.contains(expected), "{from}: {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value_is_of_its_domain(
        seed in any::<u64>(),
        low in -1e6..1e6_f64,
        width in 0.0..1e6_f64,
        first in -1000..1000_i64,
        count in 0..50_i64,
        sampler in prop_oneof![Just(Sampler::Random), Just(Sampler::Sobol), Just(tpe())],
    ) {
        let (scale, size) = (low.abs() + 1e-9, first.abs() + 1);
        let space = Space::new([
            ("u", Domain::Uniform { low, high: low + width }),
            ("l", Domain::LogUniform { low: scale, high: scale + width }),
            ("i", Domain::Integer { low: first, high: first + count }),
            ("s", Domain::LogInteger { low: size, high: size + count }),
        ]).unwrap();
        let mut study = Study::new(space, config(sampler, 32), &mut rng(seed)).unwrap();
        study.run(|trial, _| {
            let (u, l) = (trial.real("u")?, trial.real("l")?);
            let (i, s) = (trial.integer("i")?, trial.integer("s")?);
            let inside = (low..=low + width).contains(&u)
                && (scale..=scale + width).contains(&l)
                && (first..=first + count).contains(&i)
                && (size..=size + count).contains(&s);
            if inside { Ok(u) } else { Err(Error::NotFitted) }
        }).unwrap();
        prop_assert_eq!(study.failed().count(), 0);
        prop_assert_eq!(study.trials().len(), 32);
        let least = study.trials().iter().map(|t| t.value().unwrap()).fold(f64::MAX, f64::min);
        prop_assert_eq!(study.best().unwrap().value(), Some(least));
    }
}
