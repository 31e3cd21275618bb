use std::fmt;

/// How long a season is, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Season {
    Given(usize),
    /// With its autocorrelation.
    Found(usize, f64),
    None,
}

impl Season {
    pub(crate) fn length(self) -> Option<usize> {
        match self {
            Self::Given(length) | Self::Found(length, _) => Some(length),
            Self::None => None,
        }
    }
}

impl fmt::Display for Season {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(length) => write!(f, "Season: {length} values, as given"),
            Self::Found(length, r) => {
                write!(
                    f,
                    "Season: {length} values, by an autocorrelation of {r:.2}"
                )
            }
            Self::None => write!(f, "Season: none found (--season names one)"),
        }
    }
}

/// The last value, for ever.
pub(crate) fn persistence(history: &[f64], steps: usize) -> Vec<f64> {
    history.last().map_or(Vec::new(), |last| vec![*last; steps])
}

/// The last season, again and again.
pub(crate) fn seasonal(history: &[f64], steps: usize, length: usize) -> Vec<f64> {
    let last = &history[history.len() - length..];
    last.iter().copied().cycle().take(steps).collect()
}

/// The longest season that is looked for: its autocorrelations cost values times lags.
const LONGEST: usize = 2000;

/// The lag of the highest peak of the autocorrelation past its first zero, if it is significant: a
/// straight line is taken out first, and every sum is divided by the whole number of values, so that
/// of a season and its multiples the season wins.
pub(crate) fn find_season(values: &[f64]) -> Season {
    let n = values.len();
    let centre = (n as f64 - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n as f64;
    let (mut slope, mut spread) = (0.0, 0.0);
    for (t, v) in values.iter().enumerate() {
        slope += (t as f64 - centre) * (v - mean);
        spread += (t as f64 - centre).powi(2);
    }
    slope /= spread;
    let rest: Vec<f64> = values
        .iter()
        .enumerate()
        .map(|(t, v)| v - mean - slope * (t as f64 - centre))
        .collect();
    let power: f64 = rest.iter().map(|v| v * v).sum();
    let correlation = |lag: usize| -> f64 {
        rest.iter()
            .zip(&rest[lag..])
            .map(|(a, b)| a * b)
            .sum::<f64>()
            / power
    };
    let curve: Vec<f64> = (0..=(n / 3).min(LONGEST) + 1).map(correlation).collect();
    let Some(zero) = curve.iter().position(|r| *r < 0.0) else {
        return Season::None;
    };
    let peak = (zero.max(2)..curve.len() - 1)
        .filter(|&lag| curve[lag] > curve[lag - 1] && curve[lag] >= curve[lag + 1])
        .max_by(|&a, &b| curve[a].total_cmp(&curve[b]));
    match peak {
        Some(lag) if curve[lag] > 2.0 / (n as f64).sqrt() => Season::Found(lag, curve[lag]),
        _ => Season::None,
    }
}
