use std::path::PathBuf;

pub(crate) const USAGE: &str =
    "usage: forecast FILE.csv [--column NAME] [--steps N] [--season N] [--plot OUT.svg]

  --column NAME   the column to forecast; the last one with numbers if not given
  --steps N       how many values to forecast, 12 if not given
  --season N      how many values a season has; found by autocorrelation if not given
  --plot OUT.svg  draw history, held-out values and forecasts";

/// More steps than anybody wants printed.
const MOST_STEPS: usize = 100_000;

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) file: PathBuf,
    pub(crate) column: Option<String>,
    pub(crate) steps: usize,
    pub(crate) season: Option<usize>,
    pub(crate) plot: Option<PathBuf>,
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
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .ok_or_else(|| format!("{argument} needs a value (--help shows the usage)"))
            };
            match argument.as_str() {
                "--column" => parsed.column = Some(value()?.clone()),
                "--steps" => parsed.steps = size(argument, value()?, 1, MOST_STEPS)?,
                "--season" => parsed.season = Some(size(argument, value()?, 2, usize::MAX)?),
                "--plot" => parsed.plot = Some(PathBuf::from(value()?)),
                option if option.starts_with("--") => {
                    return Err(format!("unknown option {option} (--help shows the usage)"));
                }
                path if file.is_none() => file = Some(PathBuf::from(path)),
                other => return Err(format!("one file at a time, {other} is too many")),
            }
        }
        parsed.file = file.ok_or("no file given (--help shows the usage)")?;
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
