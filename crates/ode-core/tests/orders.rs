//! Every stated order, of steps and of dense output, within 0.15.

#![expect(clippy::unwrap_used, reason = "an error fails the test")]

mod order_measurements;

#[test]
fn every_stated_order_is_measured() {
    let all = order_measurements::measure().unwrap();
    let mut failures = String::new();
    for measured in &all {
        println!("{measured:?}");
        let dense = measured.dense_deviation().unwrap_or(0.0);
        // Written so that NaN, which stands for too few points, fails.
        let good = measured.deviation().abs() < 0.15
            && measured.shortfall() < 0.15
            && dense.abs() < 0.15;
        if !good {
            failures += &format!("{measured:?}\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert_eq!(all.len(), 19);
}
