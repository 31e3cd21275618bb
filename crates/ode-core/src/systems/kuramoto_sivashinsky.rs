use neuropil_math::Real;
use serde::{Deserialize, Serialize};

use crate::System;

/// The Kuramoto–Sivashinsky equation[^1][^2] on a periodic interval,
/// $$u_t = -\tfrac12 (u^2)_x - u_{xx} - u_{xxxx},$$
/// by central differences on as many equal cells as the state has values.
///
/// The error of the grid is $O(\Delta x^2)$, and the mean of $u$ is conserved. The system is stiff: its
/// fastest rate is $16 / \Delta x^4$. For long series exponential time differencing in Fourier space
/// is quicker.
///
/// [^1]: Y. Kuramoto, T. Tsuzuki (1976), Persistent propagation of concentration waves in dissipative
///     media far from thermal equilibrium, Prog. Theor. Phys. 55, 356–369.
/// [^2]: G. I. Sivashinsky (1977), Nonlinear analysis of hydrodynamic instability in laminar flames I,
///     Acta Astronaut. 4, 1177–1206.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KuramotoSivashinsky {
    /// The length of the interval.
    pub length: f64,
}

impl Default for KuramotoSivashinsky {
    /// The length 22, the smallest of the usual ones that is chaotic.
    fn default() -> Self {
        Self { length: 22.0 }
    }
}

impl KuramotoSivashinsky {
    /// $1/(4 \Delta x)$, $1/\Delta x^2$, $1/\Delta x^4$.
    fn weights<T: Real>(&self, n: usize) -> [T; 3] {
        let cells = n as f64 / self.length;
        [0.25 * cells, cells.powi(2), cells.powi(4)].map(T::of)
    }
}

/// The indices $i - 2$, $i - 1$, $i + 1$, $i + 2$ in a ring of `n`.
#[inline(always)]
fn neighbours(i: usize, n: usize) -> [usize; 4] {
    [
        (i + 2 * n - 2) % n,
        (i + n - 1) % n,
        (i + 1) % n,
        (i + 2) % n,
    ]
}

impl<T: Real> System<T> for KuramotoSivashinsky {
    fn rhs(&self, _t: T, y: &[T], dy: &mut [T]) {
        let n = y.len();
        if dy.len() != n {
            dy.fill(T::of(f64::NAN));
            return;
        }
        let [first, second, fourth] = self.weights::<T>(n);
        let (four, six) = (T::of(4.0), T::of(6.0));
        for i in 0..n {
            let [far_left, left, right, far_right] = neighbours(i, n).map(|j| y[j]);
            let near = left + right;
            dy[i] = first * (left * left - right * right)
                - second * (near - y[i] - y[i])
                - fourth * (far_left + far_right - four * near + six * y[i]);
        }
    }

    fn jacobian(&self, _t: T, y: &[T], jacobian: &mut [T]) -> bool {
        let n = y.len();
        if jacobian.len() != n * n {
            return false;
        }
        let [first, second, fourth] = self.weights::<T>(n);
        let (two, four, six) = (T::of(2.0), T::of(4.0), T::of(6.0));
        jacobian.fill(T::zero());
        for i in 0..n {
            let [far_left, left, right, far_right] = neighbours(i, n);
            jacobian[i + i * n] += two * second - six * fourth;
            jacobian[i + left * n] += two * first * y[left] - second + four * fourth;
            jacobian[i + right * n] += four * fourth - two * first * y[right] - second;
            jacobian[i + far_left * n] -= fourth;
            jacobian[i + far_right * n] -= fourth;
        }
        true
    }

    fn time_derivative(&self, _t: T, _y: &[T], dt: &mut [T]) -> bool {
        dt.fill(T::zero());
        true
    }
}
