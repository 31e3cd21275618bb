use neuropil_math::Real;
use rand::Rng;

use super::Noise;
use crate::Error;
use crate::exponential::{check_length, check_run};

/// A Brownian motion stored on a grid of equal intervals, which can be refined: the same motion for
/// several step sizes.
///
/// Each interval of length $k$ keeps its increment $\Delta W$ and
/// $H = \frac 1 k \int (W(s) - W(t)) ds - \frac 1 2 \Delta W$, which is normal with variance $k/12$ and
/// independent of $\Delta W$. Coarser steps are sums; [`refine`](Self::refine) halves the intervals by
/// the law of the halves given the whole: with independent normal $X$ of variance $k/16$ and $Y$ of
/// variance $k/48$,
///
/// $$\Delta W_{1,2} = \tfrac 1 2 \Delta W \pm (\tfrac 3 2 H + X), \quad
/// H_{1,2} = \tfrac 1 4 H - \tfrac 1 2 X \pm Y.$$
///
/// Source: Foster, Lyons & Oberhauser (2020), An optimal polynomial approximation of Brownian motion,
/// SIAM J. Numer. Anal. 58, 1393–1421; the formulas follow from the covariances.
///
/// ```
/// use neuropil_ode_core::sde::BrownianPath;
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let mut path = BrownianPath::<f64>::new(0.0, 1.0, 1, 4, &mut rng)?;
/// let end = path.total(0)?;
/// path.refine(&mut rng)?;
/// assert_eq!(path.intervals(), 8);
/// assert!((path.total(0)? - end).abs() < 1e-14);
/// # Ok::<(), neuropil_ode_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BrownianPath<T> {
    start: T,
    span: T,
    components: usize,
    intervals: usize,
    /// Interval by interval, all components of each.
    motion: Vec<T>,
    area: Vec<T>,
}

impl<T: Real> BrownianPath<T> {
    /// A path from `t` to `t + span` on `intervals` equal intervals.
    ///
    /// Interval by interval, the increments of all components are drawn, then their areas $H$.
    ///
    /// # Errors
    /// No component or interval, more than memory holds, a time that is not finite, a span that is
    /// not positive.
    pub fn new<R: Rng + ?Sized>(
        t: T,
        span: T,
        components: usize,
        intervals: usize,
        rng: &mut R,
    ) -> Result<Self, Error> {
        if components == 0 {
            return Err(Error::EmptySystem);
        }
        if check_run(t, span, intervals, &[T::zero()], 1)? < T::zero() {
            return Err(Error::OutOfRange {
                what: "span",
                value: span.to_f64(),
                range: "must be positive",
            });
        }
        let mut this = Self {
            start: t,
            span,
            components,
            intervals,
            motion: zeros(components, intervals)?,
            area: zeros(components, intervals)?,
        };
        this.redraw(rng);
        Ok(this)
    }

    /// Replaces the path by a new one on the same grid, without allocation.
    pub fn redraw<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        let k = self.span / T::of(self.intervals as f64);
        let (root, deviation) = (k.sqrt(), (k / T::of(12.0)).sqrt());
        let rows = self.motion.chunks_exact_mut(self.components);
        for (motion, area) in rows.zip(self.area.chunks_exact_mut(self.components)) {
            for w in motion {
                *w = root * T::standard_normal(rng);
            }
            for h in area {
                *h = deviation * T::standard_normal(rng);
            }
        }
    }

    /// Halves every interval: twice the memory, two normal variates for each increment that was there.
    ///
    /// # Errors
    /// More intervals than memory holds; the path is left as it was.
    pub fn refine<R: Rng + ?Sized>(&mut self, rng: &mut R) -> Result<(), Error> {
        let k = self.span / T::of(self.intervals as f64);
        let (deviation_x, deviation_y) = ((k / T::of(16.0)).sqrt(), (k / T::of(48.0)).sqrt());
        let n = self.components;
        let intervals = self.intervals.saturating_mul(2);
        let mut motion = zeros(n, intervals)?;
        let mut area = zeros(n, intervals)?;
        for i in 0..self.intervals {
            for j in 0..n {
                let (w, h) = (self.motion[i * n + j], self.area[i * n + j]);
                let x = deviation_x * T::standard_normal(rng);
                let y = deviation_y * T::standard_normal(rng);
                let (first, second) = (2 * i * n + j, (2 * i + 1) * n + j);
                let bend = h * T::of(1.5) + x;
                motion[first] = w * T::of(0.5) + bend;
                motion[second] = w * T::of(0.5) - bend;
                let mean = h * T::of(0.25) - x * T::of(0.5);
                area[first] = mean + y;
                area[second] = mean - y;
            }
        }
        (self.motion, self.area) = (motion, area);
        self.intervals = intervals;
        Ok(())
    }

    /// The number of intervals.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.intervals
    }

    /// The number of components.
    #[must_use]
    pub fn components(&self) -> usize {
        self.components
    }

    /// $W(t + \text{span}) - W(t)$ of a component.
    ///
    /// # Errors
    /// If there is no such component.
    pub fn total(&self, component: usize) -> Result<T, Error> {
        if component >= self.components {
            return Err(Error::OutOfRange {
                what: "component",
                value: component as f64,
                range: "must be below the number of components",
            });
        }
        let column = self.motion.iter().skip(component).step_by(self.components);
        Ok(column.fold(T::zero(), |sum, &w| sum + w))
    }

    /// The increment of every interval, all components of the first interval first.
    #[must_use]
    pub fn increments(&self) -> &[T] {
        &self.motion
    }

    /// The path as the noise of `steps` equal steps over its whole span.
    ///
    /// # Errors
    /// If `steps` does not divide the number of intervals.
    pub fn steps(&self, steps: usize) -> Result<PathSteps<'_, T>, Error> {
        if steps == 0 || !self.intervals.is_multiple_of(steps) {
            return Err(Error::OutOfRange {
                what: "number of steps",
                value: steps as f64,
                range: "must divide the number of intervals of the path",
            });
        }
        Ok(PathSteps {
            path: self,
            steps,
            next: 0,
        })
    }
}

fn zeros<T: Real>(components: usize, intervals: usize) -> Result<Vec<T>, Error> {
    let too_many = Error::OutOfRange {
        what: "number of intervals",
        value: intervals as f64,
        range: "is more than memory holds",
    };
    let mut zeros = Vec::new();
    match components.checked_mul(intervals) {
        Some(size) if zeros.try_reserve_exact(size).is_ok() => {
            zeros.resize(size, T::zero());
            Ok(zeros)
        }
        _ => Err(too_many),
    }
}

/// A [`BrownianPath`] read in equal steps, each of one or several of its intervals.
#[derive(Debug, Clone)]
pub struct PathSteps<'a, T> {
    path: &'a BrownianPath<T>,
    steps: usize,
    next: usize,
}

impl<T: Real> PathSteps<'_, T> {
    /// Starts from the beginning of the path again.
    pub fn rewind(&mut self) {
        self.next = 0;
    }
}

impl<T: Real> Noise<T> for PathSteps<'_, T> {
    fn fill(&mut self, t: T, h: T, motion: &mut [T], integral: &mut [T]) -> Result<(), Error> {
        let path = self.path;
        let n = path.components;
        check_length("components of the Brownian path", n, motion.len())?;
        if !integral.is_empty() {
            check_length("components of the Brownian path", n, integral.len())?;
        }
        // The step must be the next one of the path, up to the rounding of the times.
        let step = path.span / T::of(self.steps as f64);
        let at = path.start + T::of(self.next as f64) * step;
        let slack = T::of(1e-3) * step + T::of(8.0) * T::EPSILON * at.abs();
        let expected = (t - at).abs() <= slack && (h - step).abs() <= slack;
        if self.next >= self.steps || !expected {
            return Err(Error::Time {
                what: "the step asked of the Brownian path",
                value: t.to_f64(),
                reached: at.to_f64(),
            });
        }
        let each = path.intervals / self.steps;
        let k = path.span / T::of(path.intervals as f64);
        motion.fill(T::zero());
        integral.fill(T::zero());
        for row in self.next * each..(self.next + 1) * each {
            let row = row * n..(row + 1) * n;
            let (ws, hs) = (&path.motion[row.clone()], &path.area[row]);
            for j in 0..integral.len() {
                // What this interval adds, and what came before it lifts it by.
                integral[j] += k * (motion[j] + (ws[j] * T::of(0.5) + hs[j]));
            }
            for j in 0..n {
                motion[j] += ws[j];
            }
        }
        self.next += 1;
        Ok(())
    }
}
