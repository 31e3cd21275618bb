//! Placeholder.
use super::tableau::{Sealed, Tableau, advance, dense, error, stage};
use crate::{State, System};
use neuropil_math::Real;
/// DormandPrince54.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DormandPrince54;
impl Sealed for DormandPrince54 {}
impl Tableau for DormandPrince54 {
    const NAME: &'static str = "DormandPrince54";
    const STAGES: usize = 7;
    const ORDER: u32 = 5;
    const EMBEDDED_ORDER: Option<u32> = Some(4);
    const SECOND_EMBEDDED_ORDER: Option<u32> = None;
    const FSAL: bool = true;
    const END: usize = 6;
    const SLOPES: usize = 7;
    const DENSE_ORDER: u32 = 4;
    const DENSE_STAGES: usize = 0;
    const C: &'static [f64] = &[];
    const A: &'static [&'static [f64]] = &[];
    const B: &'static [f64] = &[];
    const ERROR: &'static [f64] = &[];
    type Slopes<S> = [S; 7];
    fn slopes<S: Clone>(value: &S) -> [S; 7] {
        core::array::from_fn(|_| value.clone())
    }
    #[inline(always)]
    fn step<T: Real, S: State<T>, F: System<T> + ?Sized>(
        system: &F,
        t: T,
        h: T,
        y: &S,
        k: &mut [S; 7],
        y1: &mut S,
    ) {
        let [k0, k1, k2, k3, k4, k5, k6] = k;
        stage!(y1 = y + h * (0.2 k0));
        system.rhs(t + h * T::of(0.2), y1.as_slice(), k1.as_mut_slice());
        stage!(y1 = y + h * (0.075 k0, 0.225 k1));
        system.rhs(t + h * T::of(0.3), y1.as_slice(), k2.as_mut_slice());
        stage!(y1 = y + h * (0.9777777777777777 k0, -3.7333333333333334 k1, 3.5555555555555554 k2));
        system.rhs(t + h * T::of(0.8), y1.as_slice(), k3.as_mut_slice());
        stage!(y1 = y + h * (2.9525986892242035 k0, -11.595793324188385 k1, 9.822892851699436 k2, -0.2908093278463649 k3));
        system.rhs(
            t + h * T::of(0.8888888888888888),
            y1.as_slice(),
            k4.as_mut_slice(),
        );
        stage!(y1 = y + h * (2.8462752525252526 k0, -10.757575757575758 k1, 8.906422717743473 k2, 0.2784090909090909 k3, -0.2735313036020583 k4));
        system.rhs(t + h * T::of(1.0), y1.as_slice(), k5.as_mut_slice());
        advance!(y1 = y + h * (0.09114583333333333 k0, 0.44923629829290207 k2, 0.6510416666666666 k3, -0.322376179245283 k4, 0.13095238095238096 k5));
        system.rhs(t + h * T::of(1.0), y1.as_slice(), k6.as_mut_slice());
    }
    #[inline(always)]
    fn error<T: Real, S: State<T>>(h: T, k: &[S; 7], out: &mut [T]) {
        let [k0, _k1, k2, k3, k4, k5, k6] = k;
        error!(out = h * (0.0012326388888888888 k0, -0.0042527702905061394 k2, 0.03697916666666667 k3, -0.05086379716981132 k4, 0.0419047619047619 k5, -0.025 k6));
    }
    #[inline(always)]
    fn dense<T: Real, S: State<T>>(theta: T, h: T, y0: &[T], y1: &[T], k: &[S; 7], out: &mut [T]) {
        let [k0, _k1, k2, k3, k4, k5, k6] = k;
        dense!(out, theta, h, y0, y1; [1.1270175653862835, -1.9447258987196168, 0.9088541666666666] k0, [-2.675424484351598, 3.573897080937402, -0.44923629829290207] k2, [5.685526961588504, -4.38344362825517, -0.6510416666666666] k3, [-3.5219323679207912, 2.8771800094302256, 0.322376179245283] k4, [1.7672812570757455, -1.5053764951709836, -0.13095238095238096] k5, [-2.382468931778144, 1.3824689317781436, 0.0] k6);
    }
    #[inline(always)]
    fn dense_derivative<T: Real, S: State<T>>(
        theta: T,
        h: T,
        y0: &[T],
        y1: &[T],
        k: &[S; 7],
        out: &mut [T],
    ) {
        let _ = (theta, h, y0, y1, k, out);
    }
}
/// Rk4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rk4;
impl Sealed for Rk4 {}
impl Tableau for Rk4 {
    const NAME: &'static str = "Rk4";
    const STAGES: usize = 4;
    const ORDER: u32 = 4;
    const EMBEDDED_ORDER: Option<u32> = None;
    const SECOND_EMBEDDED_ORDER: Option<u32> = None;
    const FSAL: bool = false;
    const END: usize = 4;
    const SLOPES: usize = 5;
    const DENSE_ORDER: u32 = 3;
    const DENSE_STAGES: usize = 0;
    const C: &'static [f64] = &[];
    const A: &'static [&'static [f64]] = &[];
    const B: &'static [f64] = &[];
    const ERROR: &'static [f64] = &[];
    type Slopes<S> = [S; 5];
    fn slopes<S: Clone>(value: &S) -> [S; 5] {
        core::array::from_fn(|_| value.clone())
    }
    #[inline(always)]
    fn step<T: Real, S: State<T>, F: System<T> + ?Sized>(
        system: &F,
        t: T,
        h: T,
        y: &S,
        k: &mut [S; 5],
        y1: &mut S,
    ) {
        let [k0, k1, k2, k3, k4] = k;
        stage!(y1 = y + h * (0.5 k0));
        system.rhs(t + h * T::of(0.5), y1.as_slice(), k1.as_mut_slice());
        stage!(y1 = y + h * (0.5 k1));
        system.rhs(t + h * T::of(0.5), y1.as_slice(), k2.as_mut_slice());
        stage!(y1 = y + h * (1.0 k2));
        system.rhs(t + h * T::of(1.0), y1.as_slice(), k3.as_mut_slice());
        advance!(y1 = y + h * (0.16666666666666666 k0, 0.3333333333333333 k1, 0.3333333333333333 k2, 0.16666666666666666 k3));
        let _ = k4;
    }
    #[inline(always)]
    fn error<T: Real, S: State<T>>(h: T, k: &[S; 5], out: &mut [T]) {
        let _ = (h, k);
        out.fill(T::zero());
    }
    #[inline(always)]
    fn dense<T: Real, S: State<T>>(theta: T, h: T, y0: &[T], y1: &[T], k: &[S; 5], out: &mut [T]) {}
    #[inline(always)]
    fn dense_derivative<T: Real, S: State<T>>(
        theta: T,
        h: T,
        y0: &[T],
        y1: &[T],
        k: &[S; 5],
        out: &mut [T],
    ) {
        let _ = (theta, h, y0, y1, k, out);
    }
}
