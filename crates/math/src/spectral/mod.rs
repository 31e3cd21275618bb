//! The spectral radius of a square matrix, $\rho(W) = \max_i |\lambda_i|$, and scaling to a wanted
//! one.
//!
//! The radius decides how fast a reservoir forgets, and is easily computed wrong: power iteration
//! fails on complex pairs, a plain Krylov method underestimates rings, whose eigenvalues all have the
//! same modulus, and some QR iterations never return on them. [`radius`] therefore takes the matrix
//! apart first:
//!
//! 1. The strongly connected components of its graph are the diagonal blocks of a block triangular
//!    form: nothing else has eigenvalues. Triangular and nilpotent matrices end here.
//! 2. Every block is scaled and balanced by powers of two, and left out if its norm is below the
//!    radius found so far.
//! 3. A block whose cycles all have lengths divisible by $p$ (a ring) is reduced to the product along
//!    the cycle: $\rho(B)^p = \rho(B_1 B_2 \cdots B_p)$.
//! 4. A multiple of an orthogonal matrix is recognised by $B^T B x = r^2 x$: its radius is $r$.
//! 5. Blocks of up to [`RadiusConfig::direct`] rows are solved directly, larger ones by the
//!    Krylov–Schur method until a residual is met; if it is not, then directly up to
//!    [`RadiusConfig::fallback`] rows.
//! 6. What is larger still and does not converge is also judged by the growth of $\lVert B^k x\rVert$; the
//!    larger estimate is given, with `converged = false`.
//!
//! # Limits
//! Eigenvalues of matrices that are far from normal are determined by their entries to a few digits
//! only, whatever computes them: a Jordan block of size $k$, disguised by a dense similarity,
//! shows a radius of about $\varepsilon^{1/k}$, and the Grcar matrix of 800 rows one of 2.26 or of
//! 3.03, as it or its transpose is given. The residual is small in all of these cases: it says for
//! which matrix close to the given one the value is exact.
//!
//! The direct solver takes 0.01 s for 200 rows and 1.4 s for 1000, the Krylov–Schur method 0.06 s for
//! 1000 rows of 10 entries, 0.4 s for 5000 of them and 4 s for 5000 rows of 500 entries.

mod block;
mod components;
mod krylov;
mod schur;

use core::cell::RefCell;

use nalgebra::{Complex, DMatrix};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::{Error, LinearMap, Real, Scale, Storage, check_finite, check_size};
use block::Block;

/// How [`radius`] works. The default suits reservoirs of any size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RadiusConfig {
    /// The residual to reach, as a fraction of the radius. Default 10⁻⁹.
    pub tolerance: f64,
    /// Blocks of up to this many rows are solved directly, in $O(n^3)$. Default 200.
    pub direct: usize,
    /// Blocks of up to this many rows are solved directly when the iteration has not converged.
    /// Default 1200.
    pub fallback: usize,
    /// The size of the Krylov subspace, at least 20. It takes this many vectors of memory.
    /// Default 160.
    pub subspace: usize,
    /// Products with the matrix after which the iteration gives up. Default 10 000.
    pub max_products: usize,
}

impl Default for RadiusConfig {
    fn default() -> Self {
        Self {
            tolerance: 1e-9,
            direct: 200,
            fallback: 1200,
            subspace: 160,
            max_products: 10_000,
        }
    }
}

impl RadiusConfig {
    fn check(&self) -> Result<(), Error> {
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return Err(Error::OutOfRange {
                what: "tolerance",
                value: self.tolerance,
                range: "must be in (0, 1)",
            });
        }
        for (what, value, least, range) in [
            ("subspace", self.subspace, 20, "must be at least 20"),
            ("max_products", self.max_products, 1, "must be at least 1"),
        ] {
            if value < least {
                let value = value as f64;
                return Err(Error::OutOfRange { what, value, range });
            }
        }
        Ok(())
    }
}

/// What settled the spectral radius.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// The graph alone, with the products of entries along its cycles.
    Structure,
    /// The matrix is a multiple of an orthogonal one.
    Orthogonal,
    /// All eigenvalues of a dense block, by the QR iteration.
    Direct,
    /// The Krylov–Schur method.
    Krylov,
    /// The growth of $\lVert W^k x\rVert$, where the Krylov–Schur method did not converge.
    NormGrowth,
}

/// A spectral radius, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectralRadius {
    /// $\rho(W)$.
    pub radius: f64,
    /// A change of the (balanced) matrix that makes the value exact, as a fraction of `radius`.
    ///
    /// From the Krylov–Schur method $\lVert W v - \lambda v\rVert / |\lambda|$ of its vector, from the others
    /// a bound of their rounding errors; of [`Method::NormGrowth`] the relative distance of the two
    /// estimates. 0 if the radius is 0.
    pub residual: f64,
    /// What settled it.
    pub method: Method,
    /// How many products with the matrix, or with a block of it, were made.
    pub products: usize,
    /// Whether the residual was reached.
    pub converged: bool,
}

/// The spectral radius of `w`.
///
/// Takes one number from `rng`, whatever the matrix, to seed the start vectors.
///
/// ```
/// use neuropil_math::{Csr, spectral};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// // A ring of three: all eigenvalues lie on the circle of radius ∛(2 · 4 · 1).
/// let ring = Csr::from_triplets(3, 3, &[(1, 0, 2.0), (2, 1, 4.0), (0, 2, 1.0)])?;
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let found = spectral::radius(&ring, &spectral::RadiusConfig::default(), &mut rng)?;
/// assert!(found.converged && (found.radius - 2.0).abs() < 1e-14);
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if `w` is not square, [`Error::Empty`] if it has no rows, [`Error::NonFinite`]
/// if an entry is, [`Error::OutOfRange`] for a setting outside of its range. That the iteration did
/// not converge is no error here: see [`SpectralRadius::converged`].
pub fn radius<T: Real, W: LinearMap<T>, R: Rng + ?Sized>(
    w: &W,
    config: &RadiusConfig,
    rng: &mut R,
) -> Result<SpectralRadius, Error> {
    config.check()?;
    let n = check_square(w.shape())?;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(rng.next_u64());
    let found = match w.storage() {
        Storage::Dense(w) => {
            check_finite("matrix", w.as_slice())?;
            of_dense(w, config, &mut rng)?
        }
        Storage::Sparse(w) => {
            let components = components::strongly_connected(w);
            largest::<T>(&components, n, config, &mut rng, |nodes, local| {
                let entries = nodes.iter().enumerate().flat_map(|(i, &row)| {
                    let (columns, values) = w.row(row);
                    let inside = move |(&column, &value): (&u32, &T)| {
                        let j = local[column as usize];
                        (j != OUTSIDE).then_some((i, j, value))
                    };
                    columns.iter().zip(values).filter_map(inside)
                });
                Block::of(entries, nodes.len())
            })?
        }
        Storage::Hidden => of_hidden(w, n, config, &mut rng)?,
    };
    check_finite("spectral radius", &[found.radius])?;
    Ok(found)
}

/// Scales `w` so that its spectral radius becomes `target`, and gives the one it had.
///
/// ```
/// use nalgebra::DMatrix;
/// use neuropil_math::{Error, spectral};
/// use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};
///
/// let mut w = DMatrix::from_row_slice(2, 2, &[0.0, 2.0, -2.0, 0.0]);
/// let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
/// let before = spectral::rescale(&mut w, 0.5, &spectral::RadiusConfig::default(), &mut rng)?;
/// assert_eq!(before.radius, 2.0);
/// assert_eq!(w, DMatrix::from_row_slice(2, 2, &[0.0, 0.5, -0.5, 0.0]));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of [`radius`]; [`Error::OutOfRange`] if `target` is negative or not finite, or if the radius
/// is 0 and `target` is not; [`Error::NotConverged`] if the radius is not known to the tolerance
/// (who accepts a less exact one calls [`radius`] and [`Scale::scale_by`]). The matrix is then
/// unchanged.
pub fn rescale<T: Real, W: LinearMap<T> + Scale, R: Rng + ?Sized>(
    w: &mut W,
    target: f64,
    config: &RadiusConfig,
    rng: &mut R,
) -> Result<SpectralRadius, Error> {
    if !(target >= 0.0 && target.is_finite()) {
        return Err(Error::OutOfRange {
            what: "wanted spectral radius",
            value: target,
            range: "must be in [0, ∞)",
        });
    }
    let found = radius(w, config, rng)?;
    if !found.converged {
        return Err(Error::NotConverged {
            what: "spectral radius",
            iterations: found.products,
            residual: found.residual,
        });
    }
    if found.radius > 0.0 {
        w.scale_by(target / found.radius)?;
    } else if target > 0.0 {
        return Err(Error::OutOfRange {
            what: "spectral radius",
            value: 0.0,
            range: "must be above 0 to be scaled to another one",
        });
    }
    Ok(found)
}

/// All eigenvalues of a dense matrix, in no particular order, in $O(n^3)$.
///
/// Of each strongly connected component on its own: a triangular matrix, in any order of its rows,
/// gives its diagonal. Unlike nalgebra's, the iteration also ends on cyclic permutations and companion
/// matrices.
///
/// ```
/// use nalgebra::DMatrix;
///
/// let quarter_turn = DMatrix::from_row_slice(2, 2, &[0.0, -1.0, 1.0, 0.0]);
/// let found = neuropil_math::spectral::eigenvalues(&quarter_turn)?;
/// assert_eq!((found[0].re, found[0].im.abs()), (0.0, 1.0));
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Shape`] if `w` is not square, [`Error::NonFinite`] if an entry is,
/// [`Error::NotConverged`] after 30 sweeps per eigenvalue.
pub fn eigenvalues<T: Real>(w: &DMatrix<T>) -> Result<Vec<Complex<f64>>, Error> {
    check_size("columns of a square matrix", w.nrows(), w.ncols())?;
    check_finite("matrix", w.as_slice())?;
    let mut eigenvalues = Vec::with_capacity(w.nrows());
    for nodes in components::strongly_connected(w) {
        let (block, scale) = dense_block(w, &nodes)?;
        let of_block = block::direct(block.into_dense())?;
        eigenvalues.extend(of_block.into_iter().map(|value| value * scale));
    }
    Ok(eigenvalues)
}

/// Marks the nodes outside of a component.
const OUTSIDE: usize = usize::MAX;

fn check_square((rows, columns): (usize, usize)) -> Result<usize, Error> {
    check_size("columns of a square matrix", rows, columns)?;
    if rows == 0 {
        return Err(Error::Empty { what: "matrix" });
    }
    Ok(rows)
}

fn of_dense<T: Real>(
    w: &DMatrix<T>,
    config: &RadiusConfig,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<SpectralRadius, Error> {
    let components = components::strongly_connected(w);
    largest::<T>(&components, w.nrows(), config, rng, |nodes, _| {
        dense_block(w, nodes)
    })
}

/// The block of these rows and columns.
fn dense_block<T: Real>(w: &DMatrix<T>, nodes: &[usize]) -> Result<(Block, f64), Error> {
    let entries = nodes.iter().enumerate().flat_map(|(j, &column)| {
        let each = move |(i, &row): (usize, &usize)| (j, i, w[(row, column)]);
        nodes.iter().enumerate().map(each)
    });
    Block::of(entries, nodes.len())
}

/// The largest radius among the components. `extract` gets the nodes of one, and for every node of
/// the whole its place among them.
fn largest<T: Real>(
    components: &[Vec<usize>],
    n: usize,
    config: &RadiusConfig,
    rng: &mut Xoshiro256PlusPlus,
    mut extract: impl FnMut(&[usize], &[usize]) -> Result<(Block, f64), Error>,
) -> Result<SpectralRadius, Error> {
    // Small ones first: what they find spares large ones.
    let mut by_size: Vec<&Vec<usize>> = components.iter().collect();
    by_size.sort_by_key(|nodes| nodes.len());
    let mut local = vec![OUTSIDE; n];
    let mut best = SpectralRadius {
        radius: 0.0,
        residual: 0.0,
        method: Method::Structure,
        products: 0,
        converged: true,
    };
    let (mut products, mut converged) = (0, true);
    for nodes in by_size {
        for (i, &node) in nodes.iter().enumerate() {
            local[node] = i;
        }
        let (block, scale) = extract(nodes, &local)?;
        for &node in nodes {
            local[node] = OUTSIDE;
        }
        if block.bound() * scale <= best.radius {
            continue;
        }
        let mut found = of_block(&block, T::EPSILON.to_f64(), config, rng)?;
        found.radius *= scale;
        products += found.products;
        converged &= found.converged;
        if found.radius > best.radius {
            best = found;
        }
    }
    Ok(SpectralRadius {
        products,
        converged,
        ..best
    })
}

/// The radius of a strongly connected block, whose entries were rounded to `epsilon`.
fn of_block(
    block: &Block,
    epsilon: f64,
    config: &RadiusConfig,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<SpectralRadius, Error> {
    let n = block.size();
    if n == 1 {
        return Ok(SpectralRadius {
            radius: block.bound(),
            residual: 0.0,
            method: Method::Structure,
            products: 0,
            converged: true,
        });
    }
    let (period, classes) = block.period();
    if period > 1
        && let Some(found) = along_cycles(block, period, &classes, config)?
    {
        return Ok(found);
    }
    if n <= config.direct {
        return directly(block.to_dense(), 0);
    }
    of_map(block, epsilon, config, rng, || Ok(block.to_dense()))
}

/// The radius of a block whose cycles all have lengths divisible by `period`, if the product along
/// them is small and well enough conditioned.
fn along_cycles(
    block: &Block,
    period: usize,
    classes: &[usize],
    config: &RadiusConfig,
) -> Result<Option<SpectralRadius>, Error> {
    let mut sizes = vec![0_usize; period];
    for &class in classes {
        sizes[class] += 1;
    }
    let class = (0..period).min_by_key(|&c| sizes[c]).unwrap_or(0);
    if sizes[class] > config.direct {
        return Ok(None);
    }
    let cycle = block.cycle(period, classes, class);
    let error = cycle.rounding + rounding_of_qr(&cycle.matrix);
    let radius = modulus(&block::direct(cycle.matrix)?);
    let power = 1.0 / period as f64;
    let residual = error * power / radius;
    Ok((residual <= config.tolerance).then(|| SpectralRadius {
        radius: radius.powf(power) * (cycle.exponent * power).exp2(),
        residual,
        method: Method::Structure,
        products: period,
        converged: true,
    }))
}

fn modulus(eigenvalues: &[Complex<f64>]) -> f64 {
    eigenvalues.iter().fold(0.0, |m, z| z.norm().max(m))
}

/// A bound of the change of `w` that explains the rounding errors of the QR iteration.
fn rounding_of_qr(w: &DMatrix<f64>) -> f64 {
    (w.nrows() as f64).sqrt() * f64::EPSILON * w.norm()
}

fn directly(w: DMatrix<f64>, products: usize) -> Result<SpectralRadius, Error> {
    let rounding = rounding_of_qr(&w);
    let radius = modulus(&block::direct(w)?);
    Ok(SpectralRadius {
        radius,
        residual: relative(rounding, radius),
        method: Method::Direct,
        products,
        converged: true,
    })
}

fn relative(residual: f64, radius: f64) -> f64 {
    if radius > 0.0 { residual / radius } else { 0.0 }
}

/// The radius of a map that is too large for [`directly`] in the first place.
fn of_map(
    map: &impl LinearMap<f64>,
    epsilon: f64,
    config: &RadiusConfig,
    rng: &mut Xoshiro256PlusPlus,
    dense: impl FnOnce() -> Result<DMatrix<f64>, Error>,
) -> Result<SpectralRadius, Error> {
    let (n, _) = map.shape();
    let start: Vec<f64> = (0..n).map(|_| f64::standard_normal(rng)).collect();
    if let Some(found) = if_orthogonal(map, &start, config.tolerance.max(4.0 * epsilon))? {
        return Ok(found);
    }
    let small = n <= config.fallback;
    let limits = krylov::Limits {
        subspace: config.subspace,
        tolerance: config.tolerance,
        // The products of some ten restarts cost as much as solving directly.
        max_products: config
            .max_products
            .min(if small { 1000 } else { usize::MAX }),
    };
    let found = krylov::leading(|x, y| map.apply(x, y), &start, &limits)?;
    let iterated = SpectralRadius {
        radius: found.radius,
        residual: relative(found.residual, found.radius),
        method: Method::Krylov,
        products: found.products + 2,
        converged: found.converged,
    };
    if found.converged {
        return Ok(iterated);
    }
    if small {
        return directly(dense()?, iterated.products);
    }
    let growth = growth(map, start)?;
    let products = iterated.products + GROWTH;
    Ok(if growth > iterated.radius {
        SpectralRadius {
            radius: growth,
            residual: (growth - iterated.radius) / growth,
            method: Method::NormGrowth,
            products,
            converged: false,
        }
    } else {
        SpectralRadius {
            products,
            ..iterated
        }
    })
}

/// The radius of a multiple of an orthogonal matrix: for a random $x$, $W^T W x = r^2 x$.
fn if_orthogonal(
    map: &impl LinearMap<f64>,
    x: &[f64],
    tolerance: f64,
) -> Result<Option<SpectralRadius>, Error> {
    let (mut y, mut z) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    map.apply(x, &mut y)?;
    map.apply_transpose(&y, &mut z)?;
    let length = krylov::norm(x);
    let radius = krylov::norm(&y) / length;
    let square = radius * radius;
    for (z, x) in z.iter_mut().zip(x) {
        *z -= square * x;
    }
    let residual = krylov::norm(&z) / (square * length);
    Ok((residual <= tolerance).then_some(SpectralRadius {
        radius,
        residual,
        method: Method::Orthogonal,
        products: 2,
        converged: true,
    }))
}

/// Products that [`growth`] makes.
const GROWTH: usize = 1000;

/// $(\lVert W^{2k} x\rVert / \lVert W^k x\rVert)^{1/k}$: the first half of the products lets transient growth pass.
fn growth(map: &impl LinearMap<f64>, mut x: Vec<f64>) -> Result<f64, Error> {
    let mut y = vec![0.0; x.len()];
    let mut sum = 0.0;
    for step in 0..GROWTH {
        let length = krylov::norm(&x);
        if length == 0.0 {
            return Ok(0.0);
        }
        for x in &mut x {
            *x /= length;
        }
        map.apply(&x, &mut y)?;
        core::mem::swap(&mut x, &mut y);
        if step >= GROWTH / 2 {
            sum += krylov::norm(&x).ln();
        }
    }
    Ok((sum / (GROWTH - GROWTH / 2) as f64).exp())
}

/// The radius of a map that shows products only.
fn of_hidden<T: Real, W: LinearMap<T>>(
    w: &W,
    n: usize,
    config: &RadiusConfig,
    rng: &mut Xoshiro256PlusPlus,
) -> Result<SpectralRadius, Error> {
    let buffers = RefCell::new((vec![T::zero(); n], vec![T::zero(); n]));
    let map = Widened { map: w, buffers };
    let dense = || {
        let mut dense = DMatrix::zeros(n, n);
        let mut unit = vec![0.0; n];
        for (j, column) in dense.as_mut_slice().chunks_exact_mut(n).enumerate() {
            unit[j] = 1.0;
            map.apply(&unit, column)?;
            unit[j] = 0.0;
        }
        Ok(dense)
    };
    if n <= config.direct {
        return of_dense(&dense()?, config, rng);
    }
    of_map(&map, T::EPSILON.to_f64(), config, rng, dense)
}

/// A map over `T` as one over `f64`.
struct Widened<'a, T, W> {
    map: &'a W,
    buffers: RefCell<(Vec<T>, Vec<T>)>,
}

impl<T: Real, W: LinearMap<T>> Widened<'_, T, W> {
    fn through(
        &self,
        x: &[f64],
        y: &mut [f64],
        product: impl FnOnce(&[T], &mut [T]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (narrow_x, narrow_y) = &mut *self.buffers.borrow_mut();
        for (narrow, &wide) in narrow_x.iter_mut().zip(x) {
            *narrow = T::of(wide);
        }
        product(narrow_x, narrow_y)?;
        check_finite("product with the map", narrow_y)?;
        for (wide, narrow) in y.iter_mut().zip(narrow_y) {
            *wide = narrow.to_f64();
        }
        Ok(())
    }
}

impl<T: Real, W: LinearMap<T>> LinearMap<f64> for Widened<'_, T, W> {
    fn shape(&self) -> (usize, usize) {
        self.map.shape()
    }

    fn apply(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
        self.through(x, y, |x, y| self.map.apply(x, y))
    }

    fn apply_transpose(&self, x: &[f64], y: &mut [f64]) -> Result<(), Error> {
        self.through(x, y, |x, y| self.map.apply_transpose(x, y))
    }
}
