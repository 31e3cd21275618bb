//! The first numbers of every random matrix: a change of them changes every model that was ever
//! built from a seed, and belongs into the changelog.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use neuropil_math::Csr;
use neuropil_math::random::{self, Entries};
use rand::{SeedableRng, rngs::Xoshiro256PlusPlus};

fn seeded() -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(1)
}

fn first(entries: Entries) -> Vec<f64> {
    let matrix = random::dense::<f64, _>(2, 2, entries, &mut seeded()).unwrap();
    matrix.as_slice().to_vec()
}

#[test]
fn dense() {
    assert_eq!(
        first(Entries::uniform(1.0)),
        [
            0.6232243177637695,
            0.49420943231643744,
            -0.7996981929324325,
            0.4924337412336208
        ]
    );
    assert_eq!(
        first(Entries::normal(1.0)),
        [
            0.8439986136221761,
            0.7155607127305931,
            -1.9158714436187585,
            0.45249647038446317
        ]
    );
    assert_eq!(first(Entries::Signs), [1.0, 1.0, -1.0, 1.0]);
}

#[test]
fn orthogonal() {
    let q = random::orthogonal::<f64, _>(2, 2, &mut seeded());
    // The rounding of the factorisation is no promise.
    for (found, expected) in q.iter().zip([
        0.7627584475928546,
        0.6466835011238019,
        -0.6466835011238019,
        0.7627584475928547,
    ]) {
        assert!((found - expected).abs() < 1e-14, "{:?}", q.as_slice());
    }
}

#[test]
fn distinct() {
    // Looked up in the list, and in a set of bits.
    assert_eq!(
        random::distinct(1000, 5, &mut seeded()).unwrap(),
        [99, 184, 744, 745, 808]
    );
    assert_eq!(
        random::distinct(1000, 65, &mut seeded()).unwrap()[..5],
        [58, 68, 82, 85, 91]
    );
}

#[test]
fn sparse() {
    let entries = Entries::uniform(1.0);
    let w: Csr<f64> = random::sparse_by_fan_in(2, 100, 2, entries, &mut seeded()).unwrap();
    assert_eq!(w.column_indices(), [74, 80, 18, 59]);
    assert_eq!(
        w.values(),
        [
            -0.7996981929324325,
            0.4924337412336208,
            0.9737481572828135,
            0.046833727980611695
        ]
    );
    let w: Csr<f64> = random::sparse_by_density(8, 8, 0.1, entries, &mut seeded()).unwrap();
    assert_eq!(w.column_indices(), [7, 1, 3, 5, 6]);
    assert_eq!(
        w.values(),
        [
            0.49420943231643744,
            0.4924337412336208,
            0.18095776946415842,
            0.046833727980611695,
            -0.7314124359106209
        ]
    );
}
