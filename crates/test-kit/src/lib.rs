//! What the tests, examples and benches of the Neuropil crates share; never published.
