use neuropil_math::Real;

/// A matrix that has no inverse, or is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Singular;

/// $\sigma I - J$ and its factors $P (\sigma I - J) = L U$, by partial pivoting, in place.
///
/// The inverse of each pivot is kept in its place. Nothing allocates after [`new`](Self::new). All
/// is inlined, so that small sizes that the compiler knows unroll; the sizes it does not know run
/// down the columns.
#[derive(Debug, Clone)]
pub(super) struct Lu<T> {
    a: Vec<T>,
    pivots: Vec<usize>,
}

impl<T: Real> Lu<T> {
    pub(super) fn new(n: usize) -> Self {
        Self {
            a: vec![T::zero(); n * n],
            pivots: vec![0; n],
        }
    }

    /// Factors $\sigma I - J$ with the columns of $J$ in `jacobian`.
    #[inline(always)]
    pub(super) fn factor(&mut self, n: usize, sigma: T, jacobian: &[T]) -> Result<(), Singular> {
        let a = &mut self.a[..n * n];
        let jacobian = &jacobian[..n * n];
        let pivots = &mut self.pivots[..n];
        for (a, j) in a.iter_mut().zip(jacobian) {
            *a = -*j;
        }
        for i in 0..n {
            a[i + i * n] += sigma;
        }
        for k in 0..n {
            let (mut p, mut largest) = (k, a[k + k * n].abs());
            for i in k + 1..n {
                let size = a[i + k * n].abs();
                if size > largest {
                    (p, largest) = (i, size);
                }
            }
            // A NaN in the first place is never exceeded.
            if !(largest > T::zero() && largest.is_finite()) {
                return Err(Singular);
            }
            pivots[k] = p;
            if p != k {
                for j in 0..n {
                    a.swap(k + j * n, p + j * n);
                }
            }
            let inverse = T::one() / a[k + k * n];
            a[k + k * n] = inverse;
            let (left, right) = a.split_at_mut((k + 1) * n);
            let column = &mut left[k * n..][..n];
            for i in k + 1..n {
                column[i] *= inverse;
            }
            for target in right.chunks_exact_mut(n) {
                let factor = target[k];
                for i in k + 1..n {
                    target[i] -= factor * column[i];
                }
            }
        }
        Ok(())
    }

    /// Solves for the right-hand side `b`, in place.
    #[inline(always)]
    pub(super) fn solve(&self, n: usize, b: &mut [T]) {
        let (a, pivots, b) = (&self.a[..n * n], &self.pivots[..n], &mut b[..n]);
        for k in 0..n {
            b.swap(k, pivots[k]);
        }
        for k in 0..n {
            let column = &a[k * n..][..n];
            let value = b[k];
            for i in k + 1..n {
                b[i] -= column[i] * value;
            }
        }
        for k in (0..n).rev() {
            let column = &a[k * n..][..n];
            let value = b[k] * column[k];
            b[k] = value;
            for i in 0..k {
                b[i] -= column[i] * value;
            }
        }
    }
}

/// [`Lu`] of $(\sigma + i \tau) I - J$, real and imaginary parts in separate planes.
#[derive(Debug, Clone)]
pub(super) struct ComplexLu<T> {
    re: Vec<T>,
    im: Vec<T>,
    pivots: Vec<usize>,
}

impl<T: Real> ComplexLu<T> {
    pub(super) fn new(n: usize) -> Self {
        Self {
            re: vec![T::zero(); n * n],
            im: vec![T::zero(); n * n],
            pivots: vec![0; n],
        }
    }

    /// Factors $(\sigma + i \tau) I - J$.
    #[inline(always)]
    pub(super) fn factor(
        &mut self,
        n: usize,
        sigma: T,
        tau: T,
        jacobian: &[T],
    ) -> Result<(), Singular> {
        let (re, im) = (&mut self.re[..n * n], &mut self.im[..n * n]);
        let jacobian = &jacobian[..n * n];
        let pivots = &mut self.pivots[..n];
        for (a, j) in re.iter_mut().zip(jacobian) {
            *a = -*j;
        }
        im.fill(T::zero());
        for i in 0..n {
            re[i + i * n] += sigma;
            im[i + i * n] = tau;
        }
        for k in 0..n {
            let d = k + k * n;
            let (mut p, mut largest) = (k, re[d].abs() + im[d].abs());
            for i in k + 1..n {
                let size = re[i + k * n].abs() + im[i + k * n].abs();
                if size > largest {
                    (p, largest) = (i, size);
                }
            }
            if !(largest > T::zero() && largest.is_finite()) {
                return Err(Singular);
            }
            pivots[k] = p;
            if p != k {
                for j in 0..n {
                    re.swap(k + j * n, p + j * n);
                    im.swap(k + j * n, p + j * n);
                }
            }
            // Scaled, so that the square of a pivot neither overflows nor vanishes.
            let scale = T::one() / largest;
            let (x, y) = (re[d] * scale, im[d] * scale);
            let size = scale / (x * x + y * y);
            let (x, y) = (x * size, -y * size);
            (re[d], im[d]) = (x, y);
            let (re_left, re_right) = re.split_at_mut((k + 1) * n);
            let (im_left, im_right) = im.split_at_mut((k + 1) * n);
            let (cr, ci) = (&mut re_left[k * n..][..n], &mut im_left[k * n..][..n]);
            for i in k + 1..n {
                (cr[i], ci[i]) = (cr[i] * x - ci[i] * y, cr[i] * y + ci[i] * x);
            }
            let columns = re_right
                .chunks_exact_mut(n)
                .zip(im_right.chunks_exact_mut(n));
            for (tr, ti) in columns {
                let (x, y) = (tr[k], ti[k]);
                for i in k + 1..n {
                    tr[i] -= cr[i] * x - ci[i] * y;
                    ti[i] -= cr[i] * y + ci[i] * x;
                }
            }
        }
        Ok(())
    }

    /// Solves for the right-hand side `br` + i `bi`, in place.
    #[inline(always)]
    pub(super) fn solve(&self, n: usize, br: &mut [T], bi: &mut [T]) {
        let (re, im) = (&self.re[..n * n], &self.im[..n * n]);
        let (pivots, br, bi) = (&self.pivots[..n], &mut br[..n], &mut bi[..n]);
        for k in 0..n {
            br.swap(k, pivots[k]);
            bi.swap(k, pivots[k]);
        }
        for k in 0..n {
            let (cr, ci) = (&re[k * n..][..n], &im[k * n..][..n]);
            let (x, y) = (br[k], bi[k]);
            for i in k + 1..n {
                br[i] -= cr[i] * x - ci[i] * y;
                bi[i] -= cr[i] * y + ci[i] * x;
            }
        }
        for k in (0..n).rev() {
            let (cr, ci) = (&re[k * n..][..n], &im[k * n..][..n]);
            let (x, y) = (br[k] * cr[k] - bi[k] * ci[k], br[k] * ci[k] + bi[k] * cr[k]);
            (br[k], bi[k]) = (x, y);
            for i in 0..k {
                br[i] -= cr[i] * x - ci[i] * y;
                bi[i] -= cr[i] * y + ci[i] * x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A full matrix without structure, whose first pivot is not the largest of its column.
    fn matrix(n: usize) -> Vec<f64> {
        let mut x = 0.37;
        let mut next = || {
            x = (x * 997.0 + 0.1234_f64).fract();
            x - 0.5
        };
        (0..n * n).map(|_| next()).collect()
    }

    #[test]
    fn the_real_factors_solve() {
        for n in [1, 2, 3, 7, 20, 101] {
            let j = matrix(n);
            let sigma = 1e-3;
            let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin() + 0.2).collect();
            let mut b: Vec<f64> = x.iter().map(|x| sigma * x).collect();
            for (c, x) in x.iter().enumerate() {
                for r in 0..n {
                    b[r] -= j[r + c * n] * x;
                }
            }
            let mut lu = Lu::new(n);
            lu.factor(n, sigma, &j).unwrap();
            lu.solve(n, &mut b);
            for (b, x) in b.iter().zip(&x) {
                assert!((b - x).abs() < 1e-10, "n = {n}: {b} instead of {x}");
            }
        }
    }

    #[test]
    fn the_complex_factors_solve() {
        for n in [1, 2, 3, 7, 20, 101] {
            let j = matrix(n);
            let (sigma, tau) = (0.3, 0.02);
            let x: Vec<f64> = (0..n).map(|i| (i as f64 * 0.7).sin() + 0.2).collect();
            let y: Vec<f64> = (0..n).map(|i| (i as f64 * 1.3).cos()).collect();
            let mut br: Vec<f64> = (0..n).map(|i| sigma * x[i] - tau * y[i]).collect();
            let mut bi: Vec<f64> = (0..n).map(|i| sigma * y[i] + tau * x[i]).collect();
            for c in 0..n {
                for r in 0..n {
                    br[r] -= j[r + c * n] * x[c];
                    bi[r] -= j[r + c * n] * y[c];
                }
            }
            let mut lu = ComplexLu::new(n);
            lu.factor(n, sigma, tau, &j).unwrap();
            lu.solve(n, &mut br, &mut bi);
            for i in 0..n {
                assert!((br[i] - x[i]).abs() < 1e-10, "n = {n}, real part {i}");
                assert!((bi[i] - y[i]).abs() < 1e-10, "n = {n}, imaginary part {i}");
            }
        }
    }

    #[test]
    fn singular_and_wild_matrices_are_refused() {
        // σ I - J = [1 2; 2 4] has rank one.
        let j = [0.0, -2.0, -2.0, -3.0];
        assert_eq!(Lu::new(2).factor(2, 1.0, &j), Err(Singular));
        assert_eq!(ComplexLu::new(2).factor(2, 1.0, 0.0, &j), Err(Singular));
        for bad in [f64::NAN, f64::INFINITY] {
            let j = [bad, 1.0, 1.0, 1.0];
            assert_eq!(Lu::new(2).factor(2, 1.0, &j), Err(Singular));
            assert_eq!(ComplexLu::new(2).factor(2, 1.0, 1.0, &j), Err(Singular));
        }
    }
}
