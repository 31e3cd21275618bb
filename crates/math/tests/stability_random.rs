//! The first numbers of every random matrix: a change of them changes every model that was ever
//! built from a seed, and belongs into the changelog.

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
    assert_eq!(first(Entries::uniform(1.0)), [0.0; 4]);
    assert_eq!(first(Entries::normal(1.0)), [0.0; 4]);
    assert_eq!(first(Entries::Signs), [0.0; 4]);
}

#[test]
fn orthogonal() {
    let q = random::orthogonal::<f64, _>(2, 2, &mut seeded());
    // The rounding of the factorisation is no promise.
    for (found, expected) in q.iter().zip([0.0; 4]) {
        assert!((found - expected).abs() < 1e-14, "{:?}", q.as_slice());
    }
}

#[test]
fn distinct() {
    // Looked up in the list, and in a set of bits.
    assert_eq!(random::distinct(1000, 5, &mut seeded()).unwrap(), [0; 5]);
    assert_eq!(
        random::distinct(1000, 65, &mut seeded()).unwrap()[..5],
        [0; 5]
    );
}

#[test]
fn sparse() {
    let entries = Entries::uniform(1.0);
    let w: Csr<f64> = random::sparse_by_fan_in(2, 100, 2, entries, &mut seeded()).unwrap();
    assert_eq!(w.column_indices(), [0; 4]);
    assert_eq!(w.values(), [0.0; 4]);
    let w: Csr<f64> = random::sparse_by_density(8, 8, 0.1, entries, &mut seeded()).unwrap();
    assert_eq!(w.column_indices(), [0; 4]);
    assert_eq!(w.values(), [0.0; 4]);
}
