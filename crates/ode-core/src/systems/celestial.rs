use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use super::autonomous;

/// A satellite in the plane of earth and moon, in their rotating frame, state $(x, y, v_x, v_y)$:
/// $$\dot v_x = x + 2 v_y - \mu' \frac{x + \mu}{D_1} - \mu \frac{x - \mu'}{D_2}, \quad
/// \dot v_y = y - 2 v_x - \mu' \frac{y}{D_1} - \mu \frac{y}{D_2},$$
/// $$D_1 = ((x + \mu)^2 + y^2)^{3/2}, \quad D_2 = ((x - \mu')^2 + y^2)^{3/2}, \quad \mu' = 1 - \mu.$$
///
/// From [`INITIAL`](Self::INITIAL) it runs through the orbit of Arenstorf (1963)[^1] and is back after
/// [`PERIOD`](Self::PERIOD), passing the moon so closely that errors grow by some hundred thousand.
///
/// [^1]: R. F. Arenstorf (1963), Periodic solutions of the restricted three body problem representing
///     analytic continuations of Keplerian elliptic motions, Am. J. Math. 85, 27–35; the numbers are
///     those of E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, II.0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arenstorf {
    /// $\mu$, the share of the moon in the mass of both.
    pub mu: f64,
}

impl Default for Arenstorf {
    /// The earth and its moon: 0.012277471.
    fn default() -> Self {
        Self { mu: 0.012_277_471 }
    }
}

impl Arenstorf {
    /// A state on the periodic orbit.
    pub const INITIAL: [f64; 4] = [0.994, 0.0, 0.0, -2.001_585_106_379_082_5];
    /// The period of the orbit.
    pub const PERIOD: f64 = 17.065_216_560_157_963;

    #[inline(always)]
    fn rates<T: Real>(&self, &[x, y, vx, vy]: &[T; 4], dy: &mut [T; 4]) {
        let (moon, two) = (T::of(self.mu), T::of(2.0));
        let earth = T::one() - moon;
        let (from_earth, from_moon) = (x + moon, x - earth);
        let pull = |mass: T, dx: T| {
            let r2 = dx * dx + y * y;
            mass / (r2 * r2.sqrt())
        };
        let (to_earth, to_moon) = (pull(earth, from_earth), pull(moon, from_moon));
        *dy = [
            vx,
            vy,
            x + two * vy - to_earth * from_earth - to_moon * from_moon,
            y - two * vx - to_earth * y - to_moon * y,
        ];
    }

    fn partials<T: Real>(&self, &[x, y, _, _]: &[T; 4], columns: &mut [[T; 4]; 4]) {
        let (zero, one, two) = (T::zero(), T::one(), T::of(2.0));
        let moon = T::of(self.mu);
        let earth = one - moon;
        let (mut xx, mut xy, mut yy) = (one, zero, one);
        for (mass, dx) in [(earth, x + moon), (moon, x - earth)] {
            let [a, b, c] = tide(mass, dx, y);
            (xx, xy, yy) = (xx - a, xy - b, yy - c);
        }
        *columns = [
            [zero, zero, xx, xy],
            [zero, zero, xy, yy],
            [one, zero, zero, -two],
            [zero, one, two, zero],
        ];
    }
}

/// The derivatives of $m (d_x, d_y)/r^3$: by $d_x$, mixed, by $d_y$.
fn tide<T: Real>(mass: T, dx: T, dy: T) -> [T; 3] {
    let r2 = dx * dx + dy * dy;
    let cube = mass / (r2 * r2.sqrt());
    let fifth = T::of(3.0) * cube / r2;
    [
        cube - fifth * dx * dx,
        -fifth * dx * dy,
        cube - fifth * dy * dy,
    ]
}

autonomous!(Arenstorf, 4);

/// Seven stars in the plane with masses $m_j = j$, state $(x, y, \dot x, \dot y)$, each of seven
/// components[^1]:
/// $$\ddot x_i = \sum_{j \ne i} m_j \frac{x_j - x_i}{r_{ij}^3}, \quad
/// \ddot y_i = \sum_{j \ne i} m_j \frac{y_j - y_i}{r_{ij}^3}.$$
///
/// [^1]: E. Hairer, S. P. Nørsett, G. Wanner (1993), Solving Ordinary Differential Equations I, II.10.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pleiades {
    /// The masses.
    pub masses: [f64; 7],
}

impl Default for Pleiades {
    /// 1 to 7.
    fn default() -> Self {
        Self {
            masses: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0],
        }
    }
}

impl Pleiades {
    /// The customary initial state.
    pub const INITIAL: [f64; 28] = [
        3.0, 3.0, -1.0, -3.0, 2.0, -2.0, 2.0, // x
        3.0, -3.0, 2.0, 0.0, 0.0, -4.0, 4.0, // y
        0.0, 0.0, 0.0, 0.0, 0.0, 1.75, -1.5, // velocities in x
        0.0, 0.0, 0.0, -1.25, 1.0, 0.0, 0.0, // velocities in y
    ];
    /// The end of the customary span, which begins at 0.
    pub const END: f64 = 3.0;

    #[inline(always)]
    fn rates<T: Real>(&self, y: &[T; 28], dy: &mut [T; 28]) {
        let masses = self.masses.map(T::of);
        let mut pull = [[T::zero(); 7]; 2];
        for i in 0..7 {
            for j in i + 1..7 {
                let (dx, dz) = (y[j] - y[i], y[7 + j] - y[7 + i]);
                let r2 = dx * dx + dz * dz;
                let cube = T::one() / (r2 * r2.sqrt());
                let (to_j, to_i) = (masses[j] * cube, masses[i] * cube);
                pull[0][i] += to_j * dx;
                pull[1][i] += to_j * dz;
                pull[0][j] -= to_i * dx;
                pull[1][j] -= to_i * dz;
            }
        }
        dy[..14].copy_from_slice(&y[14..]);
        dy[14..21].copy_from_slice(&pull[0]);
        dy[21..].copy_from_slice(&pull[1]);
    }

    fn partials<T: Real>(&self, y: &[T; 28], columns: &mut [[T; 28]; 28]) {
        let masses = self.masses.map(T::of);
        *columns = [[T::zero(); 28]; 28];
        for i in 0..14 {
            columns[14 + i][i] = T::one();
        }
        for i in 0..7 {
            for j in (0..7).filter(|&j| j != i) {
                let [xx, xy, yy] = tide(masses[j], y[j] - y[i], y[7 + j] - y[7 + i]);
                for (column, row, value) in [(0, 14, xx), (0, 21, xy), (7, 14, xy), (7, 21, yy)] {
                    columns[column + j][row + i] += value;
                    columns[column + i][row + i] -= value;
                }
            }
        }
    }
}

autonomous!(Pleiades, 28);
