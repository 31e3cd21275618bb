/// What a solution cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub struct Statistics {
    /// Evaluations of the right-hand side, those of Jacobians by differences included.
    pub evaluations: u64,
    /// Steps that were accepted.
    pub accepted: u64,
    /// Steps that were rejected: too inaccurate, not finite, or without convergence.
    pub rejected: u64,
    /// Jacobians that were formed.
    pub jacobians: u64,
    /// Factorisations of a matrix.
    pub factorisations: u64,
    /// Events that were located.
    pub events: u64,
}
