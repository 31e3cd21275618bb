//! How far off each estimator of an entropy is, by the number of samples.

use neuropil_neural_coding::information::{Estimator, Histogram};
use neuropil_test_kit::plot::{Axis, Figure, Panel, Series};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

use super::super::{Context, Experiment};
use crate::report::{Report, significant};

pub(in super::super) const ENTROPY_BIAS: Experiment = Experiment {
    name: "coding-entropy-bias",
    about: "twelve estimators of an entropy against the number of samples",
    short: true,
    run,
};

/// Symbols of each distribution.
const SYMBOLS: usize = 256;
const SAMPLES: [u64; 9] = [8, 16, 32, 64, 128, 256, 512, 1024, 2048];
/// The numbers of samples in the table.
const SHOWN: [u64; 2] = [64, 512];
const REPEATS: usize = 400;

/// The estimators, whether they know the alphabet, and whether a curve shows them.
const ESTIMATORS: [(Estimator, &str, bool); 12] = [
    (Estimator::Plugin, "plug-in", true),
    (Estimator::MillerMadow, "Miller–Madow", true),
    (Estimator::PanzeriTreves, "Panzeri–Treves, K known", false),
    (Estimator::Jackknife, "jackknife", false),
    (Estimator::Grassberger1988, "Grassberger 1988", false),
    (Estimator::Grassberger, "Grassberger 2003", true),
    (Estimator::Bonachela, "Bonachela", false),
    (Estimator::Zhang, "Zhang", false),
    (Estimator::ChaoShen, "Chao–Shen", true),
    (Estimator::ChaoWangJost, "Chao–Wang–Jost", false),
    (Estimator::Shrinkage, "shrinkage, K known", true),
    (Estimator::Nsb, "NSB, K known", true),
];

/// A distribution that is known.
struct Source {
    name: &'static str,
    /// Sums of the probabilities.
    cumulative: Vec<f64>,
    /// In bits.
    entropy: f64,
    /// What of the bias a figure shows.
    shown: (f64, f64),
}

impl Source {
    fn new(name: &'static str, shown: (f64, f64), weights: impl Iterator<Item = f64>) -> Self {
        let weights: Vec<f64> = weights.collect();
        let total: f64 = weights.iter().sum();
        let entropy = weights.iter().map(|w| -(w / total) * (w / total).log2());
        let entropy = entropy.sum();
        let mut sum = 0.0;
        let cumulative = weights
            .iter()
            .map(|w| {
                sum += w / total;
                sum
            })
            .collect();
        Self {
            name,
            cumulative,
            entropy,
            shown,
        }
    }

    /// Words of eight bins, each with a spike with probability 0.1; all alike; and as words of a
    /// language, the $i$-th as $1/i$.
    fn all() -> [Self; 3] {
        let word = |i: usize| {
            let spikes = i.count_ones();
            0.1_f64.powi(spikes as i32) * 0.9_f64.powi(8 - spikes as i32)
        };
        [
            Self::new("spike words", (-2.5, 3.5), (0..SYMBOLS).map(word)),
            Self::new("1/i", (-4.5, 1.5), (1..=SYMBOLS).map(|i| 1.0 / i as f64)),
            Self::new("uniform", (-5.5, 0.5), (0..SYMBOLS).map(|_| 1.0)),
        ]
    }

    fn sample<R: Rng + ?Sized>(&self, samples: u64, rng: &mut R) -> Result<Histogram, String> {
        let mut counts = vec![0; self.cumulative.len()];
        for _ in 0..samples {
            let x: f64 = rng.random();
            let symbol = self.cumulative.partition_point(|&c| c <= x);
            counts[symbol.min(SYMBOLS - 1)] += 1;
        }
        Histogram::new(&counts).map_err(|e| e.to_string())
    }
}

/// Errors of repeated estimates: their mean and the root of the mean square, with standard errors.
struct Errors {
    bias: (f64, f64),
    rms: (f64, f64),
}

impl Errors {
    fn of(errors: &[f64]) -> Self {
        let n = errors.len() as f64;
        let moments = |values: &dyn Fn(f64) -> f64| {
            let mean = errors.iter().map(|&e| values(e)).sum::<f64>() / n;
            let squares = errors.iter().map(|&e| (values(e) - mean).powi(2));
            (mean, (squares.sum::<f64>() / (n - 1.0) / n).sqrt())
        };
        let (square, its_error) = moments(&|e| e * e);
        let rms = square.sqrt();
        Self {
            bias: moments(&|e| e),
            rms: (
                rms,
                if rms > 0.0 {
                    0.5 * its_error / rms
                } else {
                    0.0
                },
            ),
        }
    }
}

fn run(context: &Context) -> Result<Report, String> {
    let repeats = if context.full { 10 * REPEATS } else { REPEATS };
    let sources = Source::all();
    context
        .progress
        .set_length((sources.len() * SAMPLES.len()) as u64);
    // By source, number of samples and estimator.
    let mut results: Vec<Vec<Vec<Errors>>> = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let mut of_source = Vec::new();
        for samples in SAMPLES {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(1000 * at as u64 + samples);
            let mut errors = vec![Vec::with_capacity(repeats); ESTIMATORS.len()];
            for _ in 0..repeats {
                let seen = source.sample(samples, &mut rng)?;
                for (errors, (estimator, ..)) in errors.iter_mut().zip(ESTIMATORS) {
                    let bits = seen.entropy(estimator).map_err(|e| e.to_string())?;
                    errors.push(bits - source.entropy);
                }
            }
            of_source.push(errors.iter().map(|e| Errors::of(e)).collect());
            context.progress.inc(1);
        }
        results.push(of_source);
    }

    let mut columns = vec!["samples".to_owned(), "estimator".to_owned()];
    for source in &sources {
        columns.push(format!("{}: bias", source.name));
        columns.push("rms".to_owned());
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut report = Report::new(
        "Errors of estimated entropies in bits, by number of samples",
        &columns,
    );
    for shown in SHOWN {
        let row = SAMPLES.iter().position(|&n| n == shown);
        let row = row.ok_or("a number of samples that was not tried")?;
        for (e, (_, name, _)) in ESTIMATORS.iter().enumerate() {
            let mut cells = vec![shown.to_string(), (*name).to_owned()];
            for of_source in &results {
                let errors = &of_source[row][e];
                cells.push(format!("{:+.3} ± {:.3}", errors.bias.0, errors.bias.1));
                cells.push(format!("{:.3} ± {:.3}", errors.rms.0, errors.rms.1));
            }
            report.row(cells);
        }
    }
    let [words, zipf, uniform] = sources.each_ref().map(|s| significant(s.entropy, 4));
    report.note(format!(
        "Three distributions over {SYMBOLS} symbols, whose entropies are known: words of 8 bins, each with a \
         spike with probability 0.1 ({words} bits); the i-th symbol as often as 1/i ({zipf} bits); all alike \
         ({uniform} bits). Mean error and root of the mean square error, with their standard errors over \
         {repeats} repeats; those marked “K known” are told how many symbols there are. Synthetic \
         data."
    ));

    let mut figure = Figure::new("Bias of estimated entropies over 256 symbols").size(760, 280);
    for (at, (source, of_source)) in sources.iter().zip(&results).enumerate() {
        let label = format!("{}: bias (bits)", source.name);
        let mut panel = Panel::new(
            Axis::new("samples").logarithmic(),
            Axis::new(label).range(source.shown.0, source.shown.1),
        );
        for (e, (_, name, _)) in ESTIMATORS.iter().enumerate().filter(|(_, e)| e.2) {
            let points = SAMPLES.iter().zip(of_source);
            let points = points.map(|(&n, errors)| (n as f64, errors[e].bias.0));
            // One legend is enough.
            let name = if at == 0 { *name } else { "" };
            panel = panel.with(Series::line(name, points.collect()));
        }
        figure = figure.panel(panel);
    }
    report.figure("coding-entropy-bias", figure);
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_are_known() {
        let [words, zipf, uniform] = Source::all();
        let bin = -(0.1_f64 * 0.1_f64.log2() + 0.9 * 0.9_f64.log2());
        assert!((words.entropy - 8.0 * bin).abs() < 1e-12);
        assert!((uniform.entropy - 8.0).abs() < 1e-12);
        assert!(zipf.entropy > words.entropy && zipf.entropy < uniform.entropy);
        // Enough samples leave no error.
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let seen = words.sample(200_000, &mut rng).unwrap();
        let bits = seen.entropy(Estimator::MillerMadow).unwrap();
        assert!((bits - words.entropy).abs() < 0.02, "{bits}");
    }

    #[test]
    fn errors_have_their_spread() {
        let errors = Errors::of(&[1.0, 3.0]);
        assert_eq!(errors.bias, (2.0, 1.0));
        assert!((errors.rms.0 - 5.0_f64.sqrt()).abs() < 1e-12);
    }
}
