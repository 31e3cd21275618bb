//! Spectral radii that LAPACK computed, and one that is known.

use nalgebra::DMatrix;
use neuropil_math::spectral::{self, RadiusConfig};
use neuropil_math::{Csr, LinearMap};
use neuropil_test_kit::golden::{Case, Tensors};
use neuropil_test_kit::tolerance::check_value;
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn check(
    what: &str,
    w: &impl LinearMap<f64>,
    expected: f64,
    rtol: f64,
    atol: f64,
) -> Result<(), String> {
    // Directly, and again by the iteration.
    for direct in [RadiusConfig::default().direct, 0] {
        let config = RadiusConfig {
            direct,
            tolerance: 1e-12,
            ..RadiusConfig::default()
        };
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let found = spectral::radius(w, &config, &mut rng).map_err(|e| e.to_string())?;
        if !found.converged {
            return Err(format!("{what}: not converged: {found:?}"));
        }
        check_value(what, found.radius, expected, rtol, atol)?;
    }
    Ok(())
}

/// Integers in a tensor.
fn integers<I: TryFrom<u64>>(values: &[f64]) -> Result<Vec<I>, String> {
    let one = |&v: &f64| I::try_from(v as u64).map_err(|_| format!("{v} is no index"));
    values.iter().map(one).collect()
}

pub(crate) fn spectral_radius(case: &Case, tensors: &Tensors) -> Result<(), String> {
    let (rtol, atol) = (case.rtol, case.atol);
    let n = case.size("n")?;
    let rho = tensors.value("rho")?;
    if tensors.contains("W") {
        let w = DMatrix::from_row_slice(n, n, tensors.values("W")?);
        check("rho, dense", &w, rho, rtol, atol)?;
        let w = Csr::from_dense(&w).map_err(|e| e.to_string())?;
        return check("rho, sparse", &w, rho, rtol, atol);
    }
    let w = Csr::from_parts(
        n,
        n,
        integers(tensors.values("indptr")?)?,
        integers(tensors.values("indices")?)?,
        tensors.values("data")?.to_vec(),
    )
    .map_err(|e| e.to_string())?;
    check("rho, sparse", &w, rho, rtol, atol)?;
    let dense = w.to_dense();
    check("rho, dense", &dense, rho, rtol, atol)?;
    let leaky = dense * 0.3 + DMatrix::identity(n, n) * 0.7;
    check(
        "eff_rho_lr03",
        &leaky,
        tensors.value("eff_rho_lr03")?,
        rtol,
        atol,
    )
}
