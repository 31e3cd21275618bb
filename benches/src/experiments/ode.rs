//! The solvers of `ode-core` beside solutions that are certified to more digits than double precision
//! has.

use neuropil_ode_core::Method;

pub(super) use digits::DIGITS;
pub(super) use fused::FUSED;
pub(super) use orders::ORDERS;
pub(super) use spikes::SPIKES;
pub(super) use work_precision::WORK_PRECISION;

mod digits;
mod fused;
mod orders;
mod reference;
mod spikes;
mod work_precision;

fn name(method: Method) -> &'static str {
    match method {
        Method::BogackiShampine32 => "Bogacki–Shampine 3(2)",
        Method::DormandPrince54 => "Dormand–Prince 5(4)",
        Method::Tsitouras54 => "Tsitouras 5(4)",
        Method::Verner65 => "Verner 6(5)",
        Method::Verner76 => "Verner 7(6)",
        Method::Verner98 => "Verner 9(8)",
        Method::DormandPrince853 => "DOP853",
        Method::Rodas5P => "Rodas5P",
        Method::Radau5 => "Radau IIA 5",
        _ => "another method",
    }
}

fn is_stiff(method: Method) -> bool {
    matches!(method, Method::Rodas5P | Method::Radau5)
}

/// 10⁻⁹ for -9.
fn power(exponent: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    let exponent: String = exponent.to_string().chars().map(digit).collect();
    format!("10{exponent}")
}
