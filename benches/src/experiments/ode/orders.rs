//! Measured orders beside the stated ones. The measurement is that of the test `orders`.

use super::super::{Context, Experiment};
use crate::report::Report;

#[path = "../../../../crates/ode-core/tests/order_measurements/mod.rs"]
mod order_measurements;

pub(in super::super) const ORDERS: Experiment = Experiment {
    name: "ode-orders",
    about: "measured against stated order of every method with fixed steps",
    short: true,
    run: orders,
};

fn orders(_: &Context) -> Result<Report, String> {
    let all = order_measurements::measure().map_err(|e| e.to_string())?;
    let heads = [
        "method",
        "order",
        "measured, smooth",
        "measured, polynomial",
        "measured, FitzHugh–Nagumo",
        "dense order",
        "measured, dense",
    ];
    let mut report = Report::new("Orders of convergence, stated and measured", &heads);
    let mut worst = 0.0_f64;
    for m in &all {
        worst = worst.max((m.polynomial.unwrap_or(m.smooth) - f64::from(m.stated)).abs());
        let (stated, dense) = match m.dense {
            Some((stated, measured)) => {
                worst = worst.max((measured - f64::from(stated)).abs());
                (stated.to_string(), format!("{measured:.2}"))
            }
            None => ("–".to_owned(), "–".to_owned()),
        };
        if let Some(p) = m.fitzhugh_nagumo {
            worst = worst.max((p - f64::from(m.stated)).abs());
        }
        let optional = |p: Option<f64>| p.map_or("–".to_owned(), |p| format!("{p:.2}"));
        report.row([
            m.method.clone(),
            m.stated.to_string(),
            format!("{:.2}", m.smooth),
            optional(m.polynomial),
            optional(m.fitzhugh_nagumo),
            stated,
            dense,
        ]);
    }
    report.value("methods", all.len().to_string());
    report.value("worst", format!("{worst:.2}"));
    report.note(
        "The slope of log error over log step through four step sizes. Smooth: a forced nonlinear \
         equation for the explicit and the stiff methods, coupled gates for the exponential and the \
         fused ones, a Kepler orbit for leapfrog, Mackey–Glass for delays. Verner 9(8) shows one \
         order more there: the leading terms of its error are so small that rounding comes first. On \
         polynomials of the degree of the leading term it is the only one, and the order shows. \
         FitzHugh–Nagumo: the oscillator with the input 1/2 from (-1, 1) to t = 10, through four \
         halvings; the explicit methods of order 5 and more reach rounding before their order \
         shows, and are measured with 512 bits in the table of coefficients below. Dense: the error \
         inside of a step at 0.3, 0.5 and 0.7 of it.",
    );
    Ok(report)
}
