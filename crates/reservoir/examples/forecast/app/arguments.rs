use std::path::PathBuf;

pub(crate) const USAGE: &str =
    "usage: forecast FILE.csv [--column NAME] [--steps N] [--season N] [--plot OUT.svg]
                         [--tune] [--model ngrc|esn] [--trials N] [--seed N] [--study STUDY.json]
                         [--progress] [--save MODEL.json]
       forecast FILE.csv --load MODEL.json [--column NAME] [--steps N]

  --column NAME   the column to forecast; the last one with numbers if not given
  --steps N       how many values to forecast, 12 if not given
  --season N      how many values a season has; found by autocorrelation if not given
  --plot OUT.svg  draw history, held-out values and forecasts
  --save FILE     write the model of all values
  --load FILE     stream the values through a model that was saved, and go on from there

  --tune          search for the settings, instead of taking the best of a small grid
  --model KIND    what to search: ngrc (polynomials of delays, the default) or esn (reservoirs)
  --trials N      how many settings to try, 64 if not given
  --seed N        another number makes another search, 1 if not given
  --study FILE    write every trial; a study that is there goes on where it ended
  --progress      tell how far the search is";

/// More steps than anybody wants printed.
const MOST_STEPS: usize = 100_000;
/// More trials than anybody waits for.
const MOST_TRIALS: usize = 100_000;

/// Which models are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Ngrc,
    Esn,
}

/// What `--tune` is told.
#[derive(Debug)]
pub(crate) struct Tuning {
    pub(crate) kind: Kind,
    pub(crate) trials: usize,
    pub(crate) seed: u64,
    pub(crate) study: Option<PathBuf>,
    pub(crate) progress: bool,
}

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) file: PathBuf,
    pub(crate) column: Option<String>,
    pub(crate) steps: usize,
    pub(crate) season: Option<usize>,
    pub(crate) plot: Option<PathBuf>,
    pub(crate) tuning: Option<Tuning>,
    pub(crate) save: Option<PathBuf>,
    pub(crate) load: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut file = None;
        let mut parsed = Self {
            file: PathBuf::new(),
            column: None,
            steps: 12,
            season: None,
            plot: None,
            tuning: None,
            save: None,
            load: None,
        };
        let mut tuning = Tuning {
            kind: Kind::Ngrc,
            trials: 64,
            seed: 1,
            study: None,
            progress: false,
        };
        let mut tune = false;
        // Options that mean nothing in other uses of the program.
        let (mut of_tuning, mut of_fitting) = (None, None);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let name = argument.as_str();
            let mut value = || {
                rest.next()
                    .ok_or_else(|| format!("{argument} needs a value (--help shows the usage)"))
            };
            match name {
                "--model" | "--trials" | "--seed" | "--study" | "--progress" => {
                    of_tuning = Some(name);
                }
                "--season" | "--plot" | "--tune" | "--save" => of_fitting = Some(name),
                _ => {}
            }
            match name {
                "--column" => parsed.column = Some(value()?.clone()),
                "--steps" => parsed.steps = size(argument, value()?, 1, MOST_STEPS)?,
                "--season" => parsed.season = Some(size(argument, value()?, 2, usize::MAX)?),
                "--plot" => parsed.plot = Some(PathBuf::from(value()?)),
                "--save" => parsed.save = Some(PathBuf::from(value()?)),
                "--load" => parsed.load = Some(PathBuf::from(value()?)),
                "--tune" => tune = true,
                "--progress" => tuning.progress = true,
                "--study" => tuning.study = Some(PathBuf::from(value()?)),
                "--trials" => tuning.trials = size(argument, value()?, 1, MOST_TRIALS)?,
                "--seed" => {
                    let text = value()?;
                    let seed = text.parse();
                    tuning.seed =
                        seed.map_err(|_| format!("--seed {text}: not a whole number from 0 on"))?;
                }
                "--model" => {
                    tuning.kind = match value()?.as_str() {
                        "ngrc" => Kind::Ngrc,
                        "esn" => Kind::Esn,
                        other => return Err(format!("--model {other}: it is ngrc or esn")),
                    }
                }
                option if option.starts_with("--") => {
                    return Err(format!("unknown option {option} (--help shows the usage)"));
                }
                path if file.is_none() => file = Some(PathBuf::from(path)),
                other => return Err(format!("one file at a time, {other} is too many")),
            }
        }
        parsed.file = file.ok_or("no file given (--help shows the usage)")?;
        match (of_tuning, of_fitting, parsed.load.is_some()) {
            (Some(option), _, true) | (_, Some(option), true) => {
                return Err(format!("{option} is not for a model that is loaded"));
            }
            (Some(option), _, false) if !tune => {
                return Err(format!("{option} is for a search: it needs --tune"));
            }
            _ => {}
        }
        parsed.tuning = tune.then_some(tuning);
        Ok(parsed)
    }
}

fn size(name: &str, text: &str, least: usize, most: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if (least..=most).contains(&size) => Ok(size),
        _ if most == usize::MAX => {
            Err(format!("{name} {text}: not a whole number from {least} on"))
        }
        _ => Err(format!(
            "{name} {text}: not a whole number from {least} to {most}"
        )),
    }
}
