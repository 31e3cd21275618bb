//! The elementary functions as [`Map`]s.

use super::dispatch::Map;
use super::scalar;
use crate::Real;

macro_rules! maps {
    ($($name:ident = $function:ident;)*) => {$(
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name;

        impl<T: Real> Map<T> for $name {
            #[inline(always)]
            fn at(self, x: T) -> T {
                scalar::$function(x)
            }
        }
    )*};
}

maps! {
    Exp = exp;
    ExpM1 = exp_m1;
    Ln = ln;
    Ln1p = ln_1p;
    Tanh = tanh;
    TanhDerivative = tanh_derivative;
    Sigmoid = sigmoid;
    SigmoidDerivative = sigmoid_derivative;
    Softplus = softplus;
    LogSigmoid = log_sigmoid;
    NormalCdf = normal_cdf;
}
