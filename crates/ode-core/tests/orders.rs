//! Every stated order, of steps and of dense output, within 0.15.

mod order_measurements;

#[test]
fn every_stated_order_is_measured() {
    let all = order_measurements::measure().unwrap();
    let mut failures = String::new();
    for m in &all {
        println!("{m:?}");
        let stated = f64::from(m.stated);
        let (dense_stated, dense) = m.dense.unwrap_or((0, 0.0));
        // Written so that NaN, which stands for too few points, fails.
        let good = (m.polynomial.unwrap_or(m.smooth) - stated).abs() < 0.15
            && m.smooth > stated - 0.15
            && m.fitzhugh_nagumo.is_none_or(|p| (p - stated).abs() < 0.15)
            && (dense - f64::from(dense_stated)).abs() < 0.15;
        if !good {
            failures += &format!("{}: {m:?}\n", m.method);
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert_eq!(all.len(), 19);
    // Five explicit methods, Rodas5P and four for gates; `cargo xtask codegen` has the others.
    let here = all.iter().filter(|m| m.fitzhugh_nagumo.is_some());
    assert_eq!(here.count(), 10);
}
