use neuropil_math::Real;

/// The derivative of one step of a method, for systems of type `D`.
///
/// [`RungeKutta`](super::RungeKutta) and [`GatedAdjoint`](super::GatedAdjoint) are the ones there are;
/// implement it to have the adjoint of a method of your own. All states have the length
/// [`components`](Self::components).
pub trait StepAdjoint<T: Real, D: ?Sized> {
    /// The length of the state.
    fn components(&self) -> usize;

    /// The number of parameters of the system.
    fn parameters(&self, system: &D) -> usize;

    /// Takes `y` from `t` to `t + h`.
    fn take(&mut self, system: &D, t: T, h: T, y: &mut [T]);

    /// As [`take`](Self::take), to the bit, and keeps what [`reverse`](Self::reverse) needs.
    fn record(&mut self, system: &D, t: T, h: T, y: &mut [T]);

    /// The state at the start of the recorded step.
    fn start(&self) -> &[T];

    /// Takes the cotangent from the end of the recorded step to its start, and adds the part of this
    /// step to the gradient by the parameters.
    fn reverse(&mut self, system: &D, t: T, h: T, cotangent: &mut [T], grad_p: &mut [T]);
}
