use neuropil_ode_core::systems::Izhikevich;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::{check_finite, check_positive};

/// Classes of firing, as parameters of [`Izhikevich`] (Izhikevich 2003, figure 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Firing {
    /// RS: fires with intervals that grow.
    RegularSpiking,
    /// IB: a burst, then single spikes.
    IntrinsicallyBursting,
    /// CH: bursts again and again.
    Chattering,
    /// FS: fast, and without adaptation.
    FastSpiking,
    /// LTS: fast with adaptation.
    LowThresholdSpiking,
    /// RZ: damped oscillations below the threshold.
    Resonator,
    /// TC: fires on, and after inhibition.
    ThalamoCortical,
}

impl Firing {
    /// All classes.
    pub const ALL: [Self; 7] = [
        Self::RegularSpiking,
        Self::IntrinsicallyBursting,
        Self::Chattering,
        Self::FastSpiking,
        Self::LowThresholdSpiking,
        Self::Resonator,
        Self::ThalamoCortical,
    ];

    /// A neuron of this class, without a current.
    #[must_use]
    pub fn neuron(self) -> Izhikevich {
        let [a, b, c, d] = match self {
            Self::RegularSpiking => [0.02, 0.2, -65.0, 8.0],
            Self::IntrinsicallyBursting => [0.02, 0.2, -55.0, 4.0],
            Self::Chattering => [0.02, 0.2, -50.0, 2.0],
            Self::FastSpiking => [0.1, 0.2, -65.0, 2.0],
            Self::LowThresholdSpiking => [0.02, 0.25, -65.0, 2.0],
            Self::Resonator => [0.1, 0.26, -65.0, 2.0],
            Self::ThalamoCortical => [0.02, 0.25, -65.0, 0.05],
        };
        Izhikevich {
            a,
            b,
            c,
            d,
            current: 0.0,
            threshold: 30.0,
        }
    }
}

/// The spikes of the scheme that the paper was published with, as numbers of steps: from -65 mV and
/// $u = b v$, in each step of `dt` ms
/// - if $v$ is at or above the threshold, the step is noted, $v \leftarrow c$ and $u \leftarrow u + d$;
/// - $v$ takes two half steps of Euler's, then $u$ one whole.
///
/// At 1 ms these are other spikes than those of the equations, see [`Neuron`](super::Neuron), and the
/// order of the additions decides the later ones; it is that of the program in the paper. The
/// neuron's own current is not looked at.
///
/// ```
/// use neuropil_neural_coding::neuron::{Firing, izhikevich_steps};
///
/// let neuron = Firing::RegularSpiking.neuron();
/// assert_eq!(izhikevich_steps(&neuron, &[10.0; 50], 1.0)?, [4, 31]);
/// # Ok::<(), neuropil_neural_coding::Error>(())
/// ```
///
/// # Errors
/// [`Error::NonFinite`] for currents, parameters or a potential that are not finite, as one that a large
/// `dt` lets explode; [`Error::OutOfRange`] for a `dt` that is not positive.
pub fn izhikevich_steps(
    neuron: &Izhikevich,
    current: &[f64],
    dt: f64,
) -> Result<Vec<usize>, Error> {
    check_positive("dt", dt)?;
    check_finite("current", current)?;
    let Izhikevich {
        a,
        b,
        c,
        d,
        threshold,
        ..
    } = *neuron;
    check_finite("parameters", &[a, b, c, d, threshold])?;
    let mut v = -65.0;
    let mut u = b * v;
    let mut steps = Vec::new();
    for (step, &i) in current.iter().enumerate() {
        if v >= threshold {
            steps.push(step);
            v = c;
            u += d;
        }
        for _ in 0..2 {
            v += 0.5 * dt * (0.04 * v * v + 5.0 * v + 140.0 - u + i);
        }
        u += dt * a * (b * v - u);
        // An infinite potential is reset, an infinite recovery or NaN is lost.
        if v.is_nan() || !u.is_finite() {
            return Err(Error::NonFinite {
                what: "state at a step",
                index: step,
            });
        }
    }
    Ok(steps)
}
