use serde::{Deserialize, Serialize};

use crate::Error;
use crate::power::power;

/// How a setting changes with the step: plain data, checked by [`Schedule::new`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ScheduleConfig {
    /// The same value at every step.
    Constant {
        /// The value.
        value: f64,
    },
    /// From `start` at step 0 to `end` at step `steps` in a straight line, and `end` from there on.
    Linear {
        /// The value at step 0.
        start: f64,
        /// The value from step `steps` on.
        end: f64,
        /// The length of the way; 0 gives `end` everywhere.
        steps: u64,
    },
    /// Half a cosine wave, with warm-up and restarts.
    Cosine(CosineConfig),
    /// `start` times `factor` to the power ⌊step / `every`⌋.
    StepDecay {
        /// The value of the first steps.
        start: f64,
        /// The factor, in [0, 1].
        factor: f64,
        /// The length of each level, at least 1.
        every: u64,
    },
    /// `start` times `factor` to the power of the step.
    Exponential {
        /// The value at step 0.
        start: f64,
        /// The factor of each step, in [0, 1].
        factor: f64,
    },
    /// From `start` at step 0 to `end` at step `steps` by a constant factor, and `end` from there on.
    ///
    /// The power is that of the platform, so that values in between may differ in the last bit.
    Geometric {
        /// The value at step 0, positive.
        start: f64,
        /// The value from step `steps` on, positive.
        end: f64,
        /// The length of the way; 0 gives `end` everywhere.
        steps: u64,
    },
    /// Straight lines between points (step, value); constant before the first and after the last.
    Piecewise {
        /// At least one point, with strictly increasing steps.
        points: Vec<(u64, f64)>,
    },
}

/// Cosine annealing[^1]: with the step t after the warm-up and the length T,
/// $$ y(t) = y_{end} + (y_{start} - y_{end}) \frac{1 + \cos(\pi t / T)}{2} $$
///
/// [^1]: Loshchilov, Hutter (2017): SGDR: stochastic gradient descent with warm restarts. ICLR, eq. 5.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CosineConfig {
    /// The value at the end of the warm-up.
    pub start: f64,
    /// The value `steps` after that.
    pub end: f64,
    /// T, at least 1: the length of the way down, or of the first cycle.
    pub steps: u64,
    /// The length of the warm-up, a straight line from `warm_up_from` to `start`.
    pub warm_up: u64,
    /// The value at step 0, if there is a warm-up.
    pub warm_up_from: f64,
    /// Nothing stays at `end`; otherwise a new cycle starts, this factor longer than the last.
    /// The step at which `end` would be reached is the first of the next cycle.
    pub restart: Option<u32>,
}

impl Default for CosineConfig {
    /// From 1 to 0 in 1000 steps, without warm-up and restart.
    fn default() -> Self {
        Self {
            start: 1.0,
            end: 0.0,
            steps: 1000,
            warm_up: 0,
            warm_up_from: 0.0,
            restart: None,
        }
    }
}

/// A setting that depends on the step alone, such as a learning rate.
///
/// ```
/// use neuropil_math::{CosineConfig, Schedule, ScheduleConfig};
///
/// let rate = Schedule::new(ScheduleConfig::Cosine(CosineConfig {
///     start: 0.1,
///     end: 0.001,
///     steps: 900,
///     warm_up: 100,
///     ..CosineConfig::default()
/// }))?;
/// assert_eq!(rate.at(0), 0.0);
/// assert_eq!(rate.at(100), 0.1);
/// assert_eq!(rate.at(1000), 0.001);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ScheduleConfig", into = "ScheduleConfig")]
pub struct Schedule {
    config: ScheduleConfig,
}

impl TryFrom<ScheduleConfig> for Schedule {
    type Error = Error;

    fn try_from(config: ScheduleConfig) -> Result<Self, Error> {
        Self::new(config)
    }
}

impl From<Schedule> for ScheduleConfig {
    fn from(schedule: Schedule) -> Self {
        schedule.config
    }
}

fn check(what: &'static str, value: f64, range: &'static str, holds: bool) -> Result<(), Error> {
    if holds {
        Ok(())
    } else {
        Err(Error::OutOfRange { what, value, range })
    }
}

fn check_value(what: &'static str, value: f64) -> Result<(), Error> {
    check(what, value, "must be finite", value.is_finite())
}

fn check_positive(what: &'static str, value: f64) -> Result<(), Error> {
    let holds = value > 0.0 && value.is_finite();
    check(what, value, "must be finite and positive", holds)
}

fn check_factor(value: f64) -> Result<(), Error> {
    let holds = (0.0..=1.0).contains(&value);
    check(
        "the factor of the schedule",
        value,
        "must be in [0, 1]",
        holds,
    )
}

impl Schedule {
    /// A schedule, if its settings make sense.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the setting that does not, [`Error::Empty`] for a piecewise schedule
    /// without points.
    pub fn new(config: ScheduleConfig) -> Result<Self, Error> {
        match &config {
            ScheduleConfig::Constant { value } => check_value("the value of the schedule", *value)?,
            ScheduleConfig::Linear { start, end, .. } => {
                check_value("the start of the schedule", *start)?;
                check_value("the end of the schedule", *end)?;
            }
            ScheduleConfig::Cosine(cosine) => {
                check_value("the start of the schedule", cosine.start)?;
                check_value("the end of the schedule", cosine.end)?;
                check_value("the warm-up of the schedule", cosine.warm_up_from)?;
                let steps = cosine.steps;
                check("the steps of a cycle", 0.0, "must be at least 1", steps > 0)?;
                let factor = cosine.restart.unwrap_or(1);
                check(
                    "the factor of cycles",
                    0.0,
                    "must be at least 1",
                    factor > 0,
                )?;
            }
            ScheduleConfig::StepDecay {
                start,
                factor,
                every,
            } => {
                check_value("the start of the schedule", *start)?;
                check_factor(*factor)?;
                check(
                    "the steps of a level",
                    0.0,
                    "must be at least 1",
                    *every > 0,
                )?;
            }
            ScheduleConfig::Exponential { start, factor } => {
                check_value("the start of the schedule", *start)?;
                check_factor(*factor)?;
            }
            ScheduleConfig::Geometric { start, end, .. } => {
                check_positive("the start of the schedule", *start)?;
                check_positive("the end of the schedule", *end)?;
            }
            ScheduleConfig::Piecewise { points } => {
                if points.is_empty() {
                    return Err(Error::Empty {
                        what: "the points of the schedule",
                    });
                }
                for (_, value) in points {
                    check_value("a value of the schedule", *value)?;
                }
                for pair in points.windows(2) {
                    check(
                        "a step of the schedule",
                        pair[1].0 as f64,
                        "must be greater than the step before",
                        pair[1].0 > pair[0].0,
                    )?;
                }
            }
        }
        Ok(Self { config })
    }

    /// `value` at every step.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn constant(value: f64) -> Result<Self, Error> {
        Self::new(ScheduleConfig::Constant { value })
    }

    /// From `start` to `end` in a straight line of `steps` steps.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn linear(start: f64, end: f64, steps: u64) -> Result<Self, Error> {
        Self::new(ScheduleConfig::Linear { start, end, steps })
    }

    /// From `start` to `end` in half a cosine wave of `steps` steps.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn cosine(start: f64, end: f64, steps: u64) -> Result<Self, Error> {
        Self::new(ScheduleConfig::Cosine(CosineConfig {
            start,
            end,
            steps,
            ..CosineConfig::default()
        }))
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &ScheduleConfig {
        &self.config
    }

    /// The value at `step`. The values that the settings name are met exactly, and no value lies
    /// outside of them.
    #[must_use]
    pub fn at(&self, step: u64) -> f64 {
        match &self.config {
            ScheduleConfig::Constant { value } => *value,
            ScheduleConfig::Linear { start, end, steps } => {
                between(*start, *end, progress(step, *steps))
            }
            ScheduleConfig::Cosine(cosine) => cosine.at(step),
            ScheduleConfig::StepDecay {
                start,
                factor,
                every,
            } => start * power(*factor, step / every),
            ScheduleConfig::Exponential { start, factor } => start * power(*factor, step),
            ScheduleConfig::Geometric { start, end, steps } => {
                let progress = progress(step, *steps);
                if progress == 0.0 {
                    *start
                } else if progress == 1.0 {
                    *end
                } else {
                    // In logarithms, since the quotient of the ends may overflow.
                    let logarithm = (1.0 - progress) * start.ln() + progress * end.ln();
                    logarithm.exp().clamp(start.min(*end), start.max(*end))
                }
            }
            ScheduleConfig::Piecewise { points } => {
                let after = points.partition_point(|&(s, _)| s <= step);
                match (points.get(after.wrapping_sub(1)), points.get(after)) {
                    (Some(&(from, start)), Some(&(to, end))) => {
                        between(start, end, progress(step - from, to - from))
                    }
                    (Some(&(_, value)), None) | (None, Some(&(_, value))) => value,
                    // No point at all, which the constructor refuses.
                    (None, None) => f64::NAN,
                }
            }
        }
    }
}

impl CosineConfig {
    fn at(&self, step: u64) -> f64 {
        let Some(mut step) = step.checked_sub(self.warm_up) else {
            return between(self.warm_up_from, self.start, progress(step, self.warm_up));
        };
        let mut length = self.steps;
        match self.restart {
            None => {}
            Some(1) => step %= length,
            Some(factor) => {
                while step >= length {
                    step -= length;
                    length = length.saturating_mul(u64::from(factor));
                }
            }
        }
        // At half-way this is ½ exactly, and both ends are exact.
        let way = 0.5 - 0.5 * cos_pi(progress(step, length));
        between(self.start, self.end, way)
    }
}

/// The part of the way that is done, in [0, 1].
fn progress(step: u64, steps: u64) -> f64 {
    if step >= steps {
        1.0
    } else {
        step as f64 / steps as f64
    }
}

/// The point on the line from `start` to `end`.
fn between(start: f64, end: f64, progress: f64) -> f64 {
    // Exact at both ends, which start + progress (end - start) is not.
    let value = start * (1.0 - progress) + end * progress;
    value.clamp(start.min(end), start.max(end))
}

/// cos(πx) for x in [0, 1], the same on every platform.
fn cos_pi(x: f64) -> f64 {
    use core::f64::consts::PI;
    if x > 0.5 {
        return -cos_pi(1.0 - x);
    }
    // Taylor series up to π/4, where the first term left out is below 1e-18.
    let series = |square: f64, coefficients: &[f64]| {
        coefficients
            .iter()
            .rev()
            .fold(1.0, |sum, &divisor| 1.0 - square / divisor * sum)
    };
    if x > 0.25 {
        let angle = PI * (0.5 - x);
        let divisors = [6.0, 20.0, 42.0, 72.0, 110.0, 156.0, 210.0, 272.0];
        angle * series(angle * angle, &divisors)
    } else {
        let angle = PI * x;
        let divisors = [2.0, 12.0, 30.0, 56.0, 90.0, 132.0, 182.0, 240.0];
        series(angle * angle, &divisors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_cosine_is_right() {
        for i in 0..=10_000 {
            let x = f64::from(i) / 10_000.0;
            let error = (cos_pi(x) - (core::f64::consts::PI * x).cos()).abs();
            assert!(error <= 3.0 * f64::EPSILON, "{x}: {error:e}");
        }
        assert_eq!([0.0, 0.5, 1.0].map(cos_pi), [1.0, 0.0, -1.0]);
    }

    proptest! {
        #[test]
        fn ends_are_exact_and_nothing_lies_outside(
            start in -1e3..1e3_f64, end in -1e3..1e3_f64, steps in 1..10_000_u64, t in 0.0..1.0_f64,
        ) {
            let middle = (steps as f64 * t) as u64;
            let piecewise = ScheduleConfig::Piecewise { points: vec![(7, start), (7 + steps, end)] };
            let geometric = ScheduleConfig::Geometric {
                start: start.abs() + 1e-9, end: end.abs() + 1e-9, steps,
            };
            let warm_up = ScheduleConfig::Cosine(CosineConfig {
                start: end, end: start, steps: 5, warm_up: steps, warm_up_from: start, restart: None,
            });
            let cases = [
                (Schedule::linear(start, end, steps)?, 0, start, end),
                (Schedule::cosine(start, end, steps)?, 0, start, end),
                (Schedule::new(piecewise)?, 7, start, end),
                (Schedule::new(geometric)?, 0, start.abs() + 1e-9, end.abs() + 1e-9),
                (Schedule::new(warm_up)?, 0, start, end),
            ];
            for (schedule, first, start, end) in cases {
                prop_assert_eq!(schedule.at(first), start);
                prop_assert_eq!(schedule.at(first + steps), end);
                let value = schedule.at(first + middle);
                prop_assert!(start.min(end) <= value && value <= start.max(end));
            }
        }

        #[test]
        fn a_line_is_straight(start in -10.0..10.0_f64, end in -10.0..10.0_f64, t in 0..1000_u64) {
            let value = Schedule::linear(start, end, 1000)?.at(t);
            let expected = start + (end - start) * t as f64 / 1000.0;
            prop_assert!((value - expected).abs() < 8.0 * 10.0 * f64::EPSILON);
        }
    }

    #[test]
    fn lines_of_no_length_and_beyond() {
        assert_eq!(Schedule::linear(1.0, 2.0, 0).unwrap().at(0), 2.0);
        let line = Schedule::linear(1.0, 2.0, 4).unwrap();
        assert_eq!(
            [0, 1, 2, 4, 5, u64::MAX].map(|t| line.at(t)),
            [1.0, 1.25, 1.5, 2.0, 2.0, 2.0]
        );
        assert_eq!(Schedule::constant(0.3).unwrap().at(u64::MAX), 0.3);
    }

    #[test]
    fn cycles_restart() {
        let cycles = |restart| {
            Schedule::new(ScheduleConfig::Cosine(CosineConfig {
                start: 1.0,
                end: 0.0,
                steps: 4,
                warm_up: 2,
                warm_up_from: 0.5,
                restart,
            }))
            .unwrap()
        };
        let once = cycles(None);
        assert_eq!(
            [0, 1, 2, 4, 6, 100].map(|t| once.at(t)),
            [0.5, 0.75, 1.0, 0.5, 0.0, 0.0]
        );
        let same = cycles(Some(1));
        assert_eq!(
            [2, 4, 6, 8, 10, 12].map(|t| same.at(t)),
            [1.0, 0.5, 1.0, 0.5, 1.0, 0.5]
        );
        let longer = cycles(Some(2));
        assert_eq!(
            [2, 4, 6, 10, 14, 22].map(|t| longer.at(t)),
            [1.0, 0.5, 1.0, 0.5, 1.0, 0.5]
        );
        assert!(longer.at(u64::MAX).is_finite());
    }

    #[test]
    fn decays() {
        let levels = Schedule::new(ScheduleConfig::StepDecay {
            start: 8.0,
            factor: 0.5,
            every: 10,
        })
        .unwrap();
        assert_eq!(
            [0, 9, 10, 29, 30].map(|t| levels.at(t)),
            [8.0, 8.0, 4.0, 2.0, 1.0]
        );
        let smooth = Schedule::new(ScheduleConfig::Exponential {
            start: 3.0,
            factor: 0.9,
        })
        .unwrap();
        assert_eq!(smooth.at(0), 3.0);
        assert_eq!(smooth.at(100), 3.0 * 2.656_139_888_758_754_4e-5);
        assert_eq!(smooth.at(u64::MAX), 0.0);
        let geometric = Schedule::new(ScheduleConfig::Geometric {
            start: 1e-300,
            end: 1e300,
            steps: 2,
        })
        .unwrap();
        assert!((geometric.at(1) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn points_are_joined() {
        let points = vec![(2, 1.0), (4, 3.0), (5, -1.0)];
        let schedule = Schedule::new(ScheduleConfig::Piecewise { points }).unwrap();
        let values = [0, 2, 3, 4, 5, 9].map(|t| schedule.at(t));
        assert_eq!(values, [1.0, 1.0, 2.0, 3.0, -1.0, -1.0]);
    }

    #[test]
    fn nonsense_is_refused() {
        let cosine = CosineConfig::default();
        let nonsense = [
            ScheduleConfig::Constant { value: f64::NAN },
            ScheduleConfig::Linear {
                start: f64::INFINITY,
                end: 0.0,
                steps: 1,
            },
            ScheduleConfig::Cosine(CosineConfig { steps: 0, ..cosine }),
            ScheduleConfig::Cosine(CosineConfig {
                restart: Some(0),
                ..cosine
            }),
            ScheduleConfig::Cosine(CosineConfig {
                warm_up_from: f64::NAN,
                ..cosine
            }),
            ScheduleConfig::StepDecay {
                start: 1.0,
                factor: 0.5,
                every: 0,
            },
            ScheduleConfig::StepDecay {
                start: 1.0,
                factor: 1.5,
                every: 1,
            },
            ScheduleConfig::Exponential {
                start: 1.0,
                factor: -0.5,
            },
            ScheduleConfig::Geometric {
                start: 0.0,
                end: 1.0,
                steps: 1,
            },
            ScheduleConfig::Piecewise { points: vec![] },
            ScheduleConfig::Piecewise {
                points: vec![(3, 1.0), (3, 2.0)],
            },
            ScheduleConfig::Piecewise {
                points: vec![(3, f64::NAN)],
            },
        ];
        for config in nonsense {
            assert!(Schedule::new(config.clone()).is_err(), "{config:?}");
        }
        let text = r#"{"step_decay":{"start":1.0,"factor":0.5,"every":0}}"#;
        let error = serde_json::from_str::<Schedule>(text).unwrap_err();
        assert!(error.to_string().contains("at least 1"), "{error}");
    }

    #[test]
    fn a_schedule_is_saved() {
        let schedule = Schedule::cosine(0.1, 1e-5, 77).unwrap();
        let text = serde_json::to_string(&schedule).unwrap();
        assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
        let short = r#"{"cosine":{"start":0.1,"end":1e-5,"steps":77}}"#;
        assert_eq!(serde_json::from_str::<Schedule>(short).unwrap(), schedule);
    }
}
