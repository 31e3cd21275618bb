use neuropil_math::Real;
use rand::Rng;
use rand_distr::{Distribution, Exp1};

use super::LONGEST;
use crate::error::check_between;
use crate::train::check_window;
use crate::{Error, SpikeTrain};

/// Refuses a rate that is negative or not finite, and one that makes a train that is too long.
pub(super) fn check_rate(rate: f64, t0: f64, t1: f64) -> Result<(), Error> {
    check_window(t0, t1)?;
    let range = "must be finite and not negative";
    check_between("rate", rate, (0.0, f64::MAX), range)?;
    let expected = rate * (t1 - t0);
    if expected > LONGEST as f64 {
        // Infinity saturates.
        let size = expected as usize;
        return Err(Error::TooLarge {
            what: "a train, in spikes",
            size,
            limit: LONGEST,
        });
    }
    Ok(())
}

/// Refuses a dead time that leaves no time for spikes at this rate.
fn check_dead_time(rate: f64, dead: f64) -> Result<(), Error> {
    let range = "must be in [0, 1/rate), in seconds";
    check_between("dead time", dead, (0.0, f64::MAX), range)?;
    if rate * dead < 1.0 {
        Ok(())
    } else {
        Err(Error::OutOfRange {
            what: "dead time",
            value: dead,
            range,
        })
    }
}

/// A homogeneous Poisson train of `rate` Hz.
///
/// ```
/// use neuropil_neural_coding::generate::poisson;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let train = poisson(20.0, 0.0, 100.0, &mut rng)?;
/// assert!((train.rate() - 20.0).abs() < 2.0);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::Window`]; [`Error::OutOfRange`] for a rate that is negative or not finite;
/// [`Error::TooLarge`] above $2^{30}$ expected spikes.
pub fn poisson<R: Rng + ?Sized>(
    rate: f64,
    t0: f64,
    t1: f64,
    rng: &mut R,
) -> Result<SpikeTrain, Error> {
    poisson_refractory(rate, 0.0, t0, t1, rng)
}

/// A Poisson train with a dead time of `dead` seconds after each spike, and still of `rate` Hz in the
/// mean: outside of the dead times the intensity is $r / (1 - r d)$.
///
/// # Errors
/// Those of [`poisson`], and [`Error::OutOfRange`] for a dead time that is negative or at least the mean
/// interval.
pub fn poisson_refractory<R: Rng + ?Sized>(
    rate: f64,
    dead: f64,
    t0: f64,
    t1: f64,
    rng: &mut R,
) -> Result<SpikeTrain, Error> {
    check_rate(rate, t0, t1)?;
    check_dead_time(rate, dead)?;
    let mut times = Vec::new();
    let mean = 1.0 / rate - dead;
    if rate > 0.0 {
        let mut t = t0 + dead_at_start(rate, dead, rng);
        loop {
            let wait: f64 = Exp1.sample(rng);
            t += mean * wait;
            if t > t1 {
                break;
            }
            push(&mut times, t);
            t += dead;
        }
    }
    Ok(SpikeTrain::trusted(times, t0, t1))
}

/// What is left, where the window opens, of the dead time of a spike before: the train is dead for the
/// fraction $r d$ of the time. No draw without a dead time.
fn dead_at_start<R: Rng + ?Sized>(rate: f64, dead: f64, rng: &mut R) -> f64 {
    if dead == 0.0 {
        return 0.0;
    }
    let u = f64::standard_uniform(rng);
    // Given that it is below r·d, it is uniform there.
    if u < rate * dead { u / rate } else { 0.0 }
}

/// Adds a spike that is not at the time of the last one, as an interval below the resolution of the
/// time would have it.
pub(super) fn push(times: &mut Vec<f64>, t: f64) {
    if times.last() != Some(&t) {
        times.push(t);
    }
}

/// A Poisson train whose rate at time $t$ is `rate(t)`, by thinning one of `highest` Hz (Lewis and
/// Shedler 1979)[^1].
///
/// ```
/// use neuropil_neural_coding::generate::inhomogeneous_poisson;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let ramp = |t: f64| 10.0 * t;
/// let train = inhomogeneous_poisson(ramp, 100.0, 0.0, 10.0, &mut rng)?;
/// let late = train.slice(5.0, 10.0)?;
/// assert!(late.len() > 2 * (train.len() - late.len()));
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// Those of [`poisson`] for `highest`; [`Error::OutOfRange`] if a rate that was looked at is negative,
/// above `highest` or not finite. It is looked at where the unthinned train has spikes.
///
/// [^1]: P. A. W. Lewis, G. S. Shedler (1979), Simulation of nonhomogeneous Poisson processes by
///     thinning, Naval Res. Logist. Q. 26, 403–413.
pub fn inhomogeneous_poisson<R: Rng + ?Sized>(
    rate: impl FnMut(f64) -> f64,
    highest: f64,
    t0: f64,
    t1: f64,
    rng: &mut R,
) -> Result<SpikeTrain, Error> {
    inhomogeneous_poisson_refractory(rate, highest, 0.0, t0, t1, rng)
}

/// [`inhomogeneous_poisson`] with a dead time of `dead` seconds after each spike.
///
/// Outside of the dead times the intensity is $r(t) / (1 - r(t) d)$, so that $r(t)$ is the mean rate
/// wherever it changes little within a dead time.
///
/// # Errors
/// Those of [`inhomogeneous_poisson`], and [`Error::OutOfRange`] for a dead time that is negative or at
/// least the mean interval at the highest rate.
pub fn inhomogeneous_poisson_refractory<R: Rng + ?Sized>(
    mut rate: impl FnMut(f64) -> f64,
    highest: f64,
    dead: f64,
    t0: f64,
    t1: f64,
    rng: &mut R,
) -> Result<SpikeTrain, Error> {
    check_rate(highest, t0, t1)?;
    check_dead_time(highest, dead)?;
    let mut at = |t: f64| {
        let value = rate(t);
        let range = "must be in [0, highest]";
        check_between("rate at a time", value, (0.0, highest), range).map(|()| value)
    };
    let mut times = Vec::new();
    if highest > 0.0 {
        let mean = 1.0 / highest - dead;
        let mut t = t0;
        if dead > 0.0 {
            t += dead_at_start(at(t0)?, dead, rng);
        }
        loop {
            let wait: f64 = Exp1.sample(rng);
            t += mean * wait;
            if t > t1 {
                break;
            }
            let r = at(t)?;
            // The ratio of the intensities.
            let kept = r * mean / (1.0 - r * dead);
            if f64::standard_uniform(rng) < kept {
                push(&mut times, t);
                t += dead;
            }
        }
    }
    Ok(SpikeTrain::trusted(times, t0, t1))
}
