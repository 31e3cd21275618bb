//! Our side of the comparisons: the same work that `peers/` does in Python.
//!
//! Each workload prepares its input once and is then run again and again; every run returns a
//! number that both sides must agree on, so that nobody is timed on less work.

use std::hint::black_box;

mod coding;
mod esn;
mod linear_algebra;
mod ngrc;
mod ode;
mod rate_code;
pub mod spike_distances;

/// One piece of work that we and a peer do.
pub struct Workload {
    /// Its name, the same on both sides.
    pub name: &'static str,
    /// The crate whose speed it shows, by folder.
    pub of: &'static str,
    /// What is done, with its sizes.
    pub about: &'static str,
    /// Whom we are compared with.
    pub peer: &'static str,
    /// Where the peer's side is written.
    pub side: Side,
    /// What is required of peer time / our time, where an aim was set.
    pub aim: Option<f64>,
    /// How closely the two results must agree, relative to the larger.
    pub agreement: f64,
    /// The true result, where it is known: then the errors stand beside the times.
    pub truth: Option<f64>,
    /// How many pairs of runs are made: first with `--quick`, then without.
    pub pairs: (usize, usize),
    /// Prepares the input and returns the work.
    pub prepare: Prepare,
}

/// Makes the work ready.
pub type Prepare = fn() -> Result<Work, String>;

/// Where the other side of a comparison is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `peers/<crate>_peers.py`.
    Python,
    /// `peers/rust`, a project of its own.
    Rust,
    /// Another workload of ours, by name.
    Ours(&'static str),
}

/// The work: does it once, returns the number that shows it was done.
pub type Work = Box<dyn FnMut() -> Result<f64, String>>;

/// Every workload.
#[must_use]
pub fn all() -> Vec<Workload> {
    [
        linear_algebra::workloads(),
        ngrc::workloads(),
        esn::workloads(),
        ode::workloads(),
        coding::workloads(),
        spike_distances::workloads(),
        rate_code::workloads(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The work of this name: a workload's, or that of an opponent of our own.
///
/// # Errors
/// If there is none, or it cannot be prepared.
pub fn work(name: &str) -> Result<Work, String> {
    let workload = all().into_iter().find(|w| w.name == name);
    let prepare = workload.map(|w| w.prepare).or_else(|| ode::opponent(name));
    prepare.ok_or_else(|| format!("no comparison {name}"))?()
}

/// The same uniform numbers in [-½, ½) as `uniform` in `peers/common.py`: SplitMix64 of the index.
#[must_use]
pub fn uniform(seed: u64, count: usize) -> Vec<f64> {
    (0..count as u64)
        .map(|i| {
            let mut z = seed
                .wrapping_mul(0x2545_f491_4f6c_dd1d)
                .wrapping_add(i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            (z >> 11) as f64 / 9_007_199_254_740_992.0 - 0.5
        })
        .collect()
}

/// Runs `work` `times` times as one piece: short work is lost in the clock's grain.
pub fn repeated<F>(times: usize, mut work: F) -> Work
where
    F: FnMut() -> Result<f64, String> + 'static,
{
    Box::new(move || {
        let mut last = 0.0;
        for _ in 0..times {
            last = black_box(work()?);
        }
        Ok(last)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_numbers_are_those_of_the_python_side() {
        // Printed by `peers/common.py`: uniform(7, 3).
        let ours = super::uniform(7, 3);
        assert_eq!(
            ours,
            [
                -0.428_912_900_839_184,
                0.221_528_754_406_385_53,
                0.292_243_357_280_022_4
            ]
        );
    }
}
