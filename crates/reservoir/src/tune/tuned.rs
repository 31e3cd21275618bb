use crate::tune::Study;

/// The model of the best trial, and how it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Tuned<M> {
    /// Fitted, with the settings and the penalty that were found, to everything before the test part.
    pub model: M,
    /// The penalty that was chosen, λ for each training sample.
    pub penalty: f64,
    /// The root mean squared error of the forecasts of the validation parts, in standard deviations.
    /// It is the least of many and therefore too good to be true.
    pub validation_error: f64,
    /// The same of the test part, which had no influence on anything; nothing if there is none.
    pub test_error: Option<f64>,
    /// Every trial.
    pub study: Study,
}
