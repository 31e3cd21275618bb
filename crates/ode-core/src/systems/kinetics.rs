use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use super::autonomous;

/// The chemical kinetics of Robertson (1966)[^1], stiff over eleven decades of time:
/// $$\dot y_1 = -k_1 y_1 + k_3 y_2 y_3, \quad
/// \dot y_2 = k_1 y_1 - k_3 y_2 y_3 - k_2 y_2^2, \quad \dot y_3 = k_2 y_2^2.$$
///
/// [^1]: H. H. Robertson (1966), The solution of a set of reaction rate equations, in: Numerical
///     Analysis, an Introduction, Academic Press, 178–182.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Robertson {
    /// $k_1$, the slow reaction.
    pub k1: f64,
    /// $k_2$, the very fast one.
    pub k2: f64,
    /// $k_3$, the fast one.
    pub k3: f64,
}

impl Default for Robertson {
    /// 0.04, 3·10⁷, 10⁴.
    fn default() -> Self {
        Self {
            k1: 0.04,
            k2: 3e7,
            k3: 1e4,
        }
    }
}

impl Robertson {
    /// The customary initial state.
    pub const INITIAL: [f64; 3] = [1.0, 0.0, 0.0];

    #[inline(always)]
    fn rates<T: Real>(&self, &[y1, y2, y3]: &[T; 3], dy: &mut [T; 3]) {
        let [k1, k2, k3] = [self.k1, self.k2, self.k3].map(T::of);
        let (slow, fast, very_fast) = (k1 * y1, k3 * y2 * y3, k2 * y2 * y2);
        *dy = [fast - slow, slow - fast - very_fast, very_fast];
    }

    fn partials<T: Real>(&self, &[_, y2, y3]: &[T; 3], columns: &mut [[T; 3]; 3]) {
        let [k1, k2, k3] = [self.k1, self.k2, self.k3].map(T::of);
        let zero = T::zero();
        let twice = T::of(2.0) * k2 * y2;
        *columns = [
            [-k1, k1, zero],
            [k3 * y3, -k3 * y3 - twice, twice],
            [k3 * y2, -k3 * y2, zero],
        ];
    }
}

autonomous!(Robertson, 3);

/// The high irradiance responses of photomorphogenesis, eight species (Schäfer 1975)[^1], as the test
/// set for initial value problems has them[^2].
///
/// [^1]: E. Schäfer (1975), A new approach to explain the "high irradiance responses" of
///     photomorphogenesis on the basis of phytochrome, J. Math. Biol. 2, 41–56.
/// [^2]: F. Mazzia, C. Magherini (2008), Test Set for Initial Value Problem Solvers, release 2.4, HIRES.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hires {}

impl Hires {
    /// The initial state of the test set.
    pub const INITIAL: [f64; 8] = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057];
    /// The end of the test set's span, which begins at 0.
    pub const END: f64 = 321.8122;

    #[inline(always)]
    #[expect(clippy::unused_self, reason = "the shape of all systems")]
    fn rates<T: Real>(&self, y: &[T; 8], dy: &mut [T; 8]) {
        let c = T::of;
        let &[y1, y2, y3, y4, y5, y6, y7, y8] = y;
        let bound = c(280.0) * y6 * y8;
        let seventh = bound - c(1.81) * y7;
        *dy = [
            c(-1.71) * y1 + c(0.43) * y2 + c(8.32) * y3 + c(0.0007),
            c(1.71) * y1 - c(8.75) * y2,
            c(-10.03) * y3 + c(0.43) * y4 + c(0.035) * y5,
            c(8.32) * y2 + c(1.71) * y3 - c(1.12) * y4,
            c(-1.745) * y5 + c(0.43) * y6 + c(0.43) * y7,
            c(0.69) * y4 + c(1.71) * y5 - c(0.43) * y6 + c(0.69) * y7 - bound,
            seventh,
            -seventh,
        ];
    }

    #[expect(clippy::unused_self, reason = "the shape of all systems")]
    fn partials<T: Real>(&self, y: &[T; 8], columns: &mut [[T; 8]; 8]) {
        let (six, eight) = (T::of(280.0) * y[7], T::of(280.0) * y[5]);
        *columns = [[T::zero(); 8]; 8];
        for (row, column, value) in [
            (0, 0, -1.71),
            (0, 1, 0.43),
            (0, 2, 8.32),
            (1, 0, 1.71),
            (1, 1, -8.75),
            (2, 2, -10.03),
            (2, 3, 0.43),
            (2, 4, 0.035),
            (3, 1, 8.32),
            (3, 2, 1.71),
            (3, 3, -1.12),
            (4, 4, -1.745),
            (4, 5, 0.43),
            (4, 6, 0.43),
            (5, 3, 0.69),
            (5, 4, 1.71),
            (5, 5, -0.43),
            (5, 6, 0.69),
            (6, 6, -1.81),
            (7, 6, 1.81),
        ] {
            columns[column][row] = T::of(value);
        }
        for (column, slope) in [(5, six), (7, eight)] {
            for (row, sign) in [(5, -1.0), (6, 1.0), (7, -1.0)] {
                columns[column][row] += T::of(sign) * slope;
            }
        }
    }
}

autonomous!(Hires, 8);
