//! Orders of convergence, measured where no rounding hides them.
//!
//! In double precision the methods of order 5 and more reach rounding before the leading term of
//! their error stands alone. With the published digits and 512 bits it does.

use anyhow::{Context as _, ensure};

use super::explicit::Method;
use super::fixed::Fixed;

/// The steps of the reference, which is by the method of the highest order.
const REFERENCE: u64 = 5120;
/// The most steps that are tried.
const MOST: u64 = 81_920;
/// How far the orders between one size and the next may spread over four halvings, to be those of
/// the leading term.
const SPREAD: f64 = 0.2;
/// How far from the stated order the measured one may lie.
const ALLOWED: f64 = 0.15;

/// A problem that needs nothing but products.
#[derive(Debug, Clone, Copy)]
pub(super) enum Problem {
    /// FitzHugh and Nagumo's oscillator with the input 1/2, from (-1, 1) to t = 10.
    FitzHughNagumo,
    /// $\dot x = (t - x) y$, $\dot y = (t - x) x / 4$, from (1, 1) to t = 4.
    Forced,
}

pub(super) const PROBLEMS: [Problem; 2] = [Problem::FitzHughNagumo, Problem::Forced];

impl Problem {
    const fn end(self) -> u64 {
        match self {
            Self::FitzHughNagumo => 10,
            Self::Forced => 4,
        }
    }

    fn start(self) -> [Fixed; 2] {
        let one = Fixed::integer(1);
        match self {
            Self::FitzHughNagumo => [-one, one],
            Self::Forced => [one, one],
        }
    }
}

/// The right-hand side with its constants.
struct Rates {
    problem: Problem,
    third: Fixed,
    half: Fixed,
    quarter: Fixed,
    slowness: Fixed,
    leak: Fixed,
    offset: Fixed,
}

impl Rates {
    fn new(problem: Problem) -> Self {
        Self {
            problem,
            third: Fixed::fraction(1, 3),
            half: Fixed::fraction(1, 2),
            quarter: Fixed::fraction(1, 4),
            slowness: Fixed::fraction(2, 25),
            leak: Fixed::fraction(4, 5),
            offset: Fixed::fraction(7, 10),
        }
    }

    fn at(&self, t: Fixed, [x, y]: [Fixed; 2]) -> [Fixed; 2] {
        match self.problem {
            Problem::FitzHughNagumo => [
                x - x * x * x * self.third - y + self.half,
                self.slowness * (x + self.offset - self.leak * y),
            ],
            Problem::Forced => {
                let gap = t - x;
                [gap * y, self.quarter * gap * x]
            }
        }
    }
}

/// What is not zero in a row, with its column.
fn row(weights: &[Fixed]) -> Vec<(usize, Fixed)> {
    let all = weights.iter().copied().enumerate();
    all.filter(|(_, w)| !w.is_zero()).collect()
}

/// The state at the end of a problem, after `n` steps.
fn solve(method: &Method, problem: Problem, n: u64) -> [Fixed; 2] {
    let (a, b, c) = method.coefficients();
    // Those behind belong to the embedded solution.
    let stages = b.iter().rposition(|w| !w.is_zero()).map_or(0, |s| s + 1);
    let rows: Vec<_> = a[..stages].iter().map(|weights| row(weights)).collect();
    let last = row(b);
    let rates = Rates::new(problem);
    let h = Fixed::fraction(problem.end(), n);
    let mut y = problem.start();
    let mut k = vec![[Fixed::ZERO; 2]; stages];
    for step in 0..n {
        let t = Fixed::integer(step) * h;
        let state = |row: &[(usize, Fixed)], k: &[[Fixed; 2]]| {
            let slope = |i: usize| row.iter().map(|&(j, w)| w * k[j][i]).sum::<Fixed>();
            [y[0] + h * slope(0), y[1] + h * slope(1)]
        };
        for s in 0..stages {
            k[s] = rates.at(t + c[s] * h, state(&rows[s], &k));
        }
        y = state(&last, &k);
    }
    y
}

/// The slope of log error over log step through four halvings: the coarsest four over which it is
/// that of the leading term.
fn measure(method: &Method, problem: Problem, exact: [Fixed; 2]) -> anyhow::Result<f64> {
    let mut logs: Vec<f64> = Vec::new();
    let mut n = 160;
    while n <= MOST {
        let y = solve(method, problem, n);
        let error = |i: usize| (y[i] - exact[i]).abs().to_f64();
        logs.push(error(0).max(error(1)).log2());
        n *= 2;
        let Some(&[a, b, c, d, e]) = logs.last_chunk() else {
            continue;
        };
        let slopes = [a - b, b - c, c - d, d - e];
        let most = slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = slopes.iter().copied().fold(f64::INFINITY, f64::min);
        if most - least < SPREAD {
            return Ok((2.0 * (a - e) + (b - d)) / 10.0);
        }
    }
    anyhow::bail!("{problem:?}: the order does not settle, errors 2^{logs:?}")
}

/// The measured order of every method on every problem; fails if one is not the stated one.
pub(super) fn measure_all(methods: &[Method]) -> anyhow::Result<Vec<Vec<f64>>> {
    let best = methods.iter().max_by_key(|method| method.order);
    let best = best.context("no methods")?;
    let panicked = |_| anyhow::anyhow!("a measurement panicked");
    let exact: Vec<[Fixed; 2]> = std::thread::scope(|scope| {
        PROBLEMS
            .map(|problem| scope.spawn(move || solve(best, problem, REFERENCE)))
            .into_iter()
            .map(|thread| thread.join().map_err(panicked))
            .collect::<anyhow::Result<_>>()
    })?;
    std::thread::scope(|scope| {
        let exact = &exact;
        let threads: Vec<_> = methods
            .iter()
            .map(|method| scope.spawn(move || orders(method, exact)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(panicked)?)
            .collect()
    })
}

/// The measured order of a method on every problem, with the states at their ends.
fn orders(method: &Method, exact: &[[Fixed; 2]]) -> anyhow::Result<Vec<f64>> {
    let one = |(&problem, &exact): (&Problem, &[Fixed; 2])| {
        let order = measure(method, problem, exact).with_context(|| method.name.clone())?;
        ensure!(
            (order - method.order as f64).abs() <= ALLOWED,
            "{}, {problem:?}: order {order:.3} instead of {}",
            method.name,
            method.order
        );
        Ok(order)
    };
    PROBLEMS.iter().zip(exact).map(one).collect()
}
