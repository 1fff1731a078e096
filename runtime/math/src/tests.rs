use crate::Scalar;

/// A function for both floats, an argument and the value there.
type Case = (&'static str, fn(f64) -> f64, fn(f32) -> f32, f64, f64);

/// Argument and value; the values have 20 digits and come from tables, not from the functions under test.
#[allow(clippy::approx_constant, clippy::excessive_precision)]
const VALUES: &[Case] = &[
    ("exp", Scalar::exp, Scalar::exp, 1.0, 2.718_281_828_459_045_235_4),
    ("expm1", Scalar::expm1, Scalar::expm1, 1.0, 1.718_281_828_459_045_235_4),
    ("log", Scalar::log, Scalar::log, 2.0, 0.693_147_180_559_945_309_42),
    ("log1p", Scalar::log1p, Scalar::log1p, 1.0, 0.693_147_180_559_945_309_42),
    ("sqrt", Scalar::sqrt, Scalar::sqrt, 2.0, 1.414_213_562_373_095_048_8),
    ("rsqrt", Scalar::rsqrt, Scalar::rsqrt, 2.0, 0.707_106_781_186_547_524_40),
    ("sin", Scalar::sin, Scalar::sin, 1.0, 0.841_470_984_807_896_506_65),
    ("cos", Scalar::cos, Scalar::cos, 1.0, 0.540_302_305_868_139_717_40),
    ("tan", Scalar::tan, Scalar::tan, 1.0, 1.557_407_724_654_902_230_5),
    ("asin", Scalar::asin, Scalar::asin, 0.5, 0.523_598_775_598_298_873_08),
    ("acos", Scalar::acos, Scalar::acos, 0.5, 1.047_197_551_196_597_746_2),
    ("atan", Scalar::atan, Scalar::atan, 1.0, 0.785_398_163_397_448_309_62),
    ("sinh", Scalar::sinh, Scalar::sinh, 1.0, 1.175_201_193_643_801_456_9),
    ("cosh", Scalar::cosh, Scalar::cosh, 1.0, 1.543_080_634_815_243_778_5),
    ("tanh", Scalar::tanh, Scalar::tanh, 1.0, 0.761_594_155_955_764_888_12),
    ("erf", Scalar::erf, Scalar::erf, 1.0, 0.842_700_792_949_714_869_34),
    ("erf", Scalar::erf, Scalar::erf, 0.5, 0.520_499_877_813_046_537_68),
    ("sigmoid", Scalar::sigmoid, Scalar::sigmoid, 1.0, 0.731_058_578_630_004_879_25),
    ("sigmoid", Scalar::sigmoid, Scalar::sigmoid, -1.0, 0.268_941_421_369_995_120_75),
    ("softplus", Scalar::softplus, Scalar::softplus, 0.0, 0.693_147_180_559_945_309_42),
    ("softplus", Scalar::softplus, Scalar::softplus, 1.0, 1.313_261_687_518_222_834_0),
    ("softplus", Scalar::softplus, Scalar::softplus, -1.0, 0.313_261_687_518_222_834_05),
];

#[test]
fn values_are_those_of_tables() {
    for &(name, in_f64, in_f32, argument, value) in VALUES {
        let (wide, narrow) = (in_f64(argument), f64::from(in_f32(argument as f32)));
        assert!((wide - value).abs() <= 4.0 * f64::EPSILON * value.abs(), "{name}({argument}) in f64: {wide}");
        assert!((narrow - value).abs() <= 4.0 * f64::from(f32::EPSILON) * value.abs(), "{name}({argument}) in f32: {narrow}");
    }
}

/// One test for both floats.
macro_rules! for_both {
    ($($name:ident => $body:ident;)*) => {
        $(
            #[test]
            fn $name() {
                $body!(f32);
                $body!(f64);
            }
        )*
    };
}

for_both! {
    small_arguments_stay_exact => small_arguments;
    large_arguments_do_not_overflow_in_between => large_arguments;
    not_a_number_stays => not_a_number;
    halves_are_rounded_to_even => rounding;
    signs_keep_zeros => signs;
    a_power_of_zero_is_one => powers;
    the_larger_and_the_smaller_are_found => extremes;
    edges_of_domains_are_infinite_or_undefined => edges;
}

macro_rules! small_arguments {
    ($float:ident) => {
        let x = $float::EPSILON * $float::EPSILON;
        assert_eq!(Scalar::expm1(x), x);
        assert_eq!(Scalar::log1p(x), x);
        assert_eq!(Scalar::tanh(x), x);
        assert_eq!(Scalar::sinh(x), x);
        assert_eq!(Scalar::sigmoid(x), 0.5);
    };
}
use small_arguments;

macro_rules! large_arguments {
    ($float:ident) => {
        let x: $float = 1e4;
        assert_eq!(Scalar::sigmoid(x), 1.0);
        assert_eq!(Scalar::sigmoid(-x), 0.0);
        assert!(Scalar::sigmoid(-80.0 as $float) > 0.0);
        assert_eq!(Scalar::softplus(x), x);
        assert_eq!(Scalar::softplus(-x), 0.0);
        assert_eq!(Scalar::tanh(x), 1.0);
        assert_eq!(Scalar::erf(-x), -1.0);
        assert_eq!(Scalar::sigmoid($float::INFINITY), 1.0);
        assert_eq!(Scalar::sigmoid($float::NEG_INFINITY), 0.0);
        assert_eq!(Scalar::softplus($float::INFINITY), $float::INFINITY);
        assert_eq!(Scalar::softplus($float::NEG_INFINITY), 0.0);
    };
}
use large_arguments;

macro_rules! not_a_number {
    ($float:ident) => {
        let nan = $float::NAN;
        for value in [
            Scalar::exp(nan),
            Scalar::relu(nan),
            Scalar::sign(nan),
            Scalar::sigmoid(nan),
            Scalar::softplus(nan),
            Scalar::erf(nan),
            Scalar::abs(nan),
            Scalar::round(nan),
            Scalar::maximum(nan, 1.0),
            Scalar::maximum(1.0, nan),
            Scalar::minimum(nan, 1.0),
            Scalar::minimum(1.0, nan),
        ] {
            assert!(value.is_nan());
        }
    };
}
use not_a_number;

macro_rules! rounding {
    ($float:ident) => {
        for (x, rounded) in [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, 0.0), (-1.5, -2.0), (2.4, 2.0), (2.6, 3.0)] {
            assert_eq!(Scalar::round(x as $float), rounded);
        }
        assert_eq!((Scalar::floor(-1.5 as $float), Scalar::ceil(-1.5 as $float)), (-2.0, -1.0));
        assert_eq!((Scalar::floor(1.5 as $float), Scalar::ceil(1.5 as $float)), (1.0, 2.0));
    };
}
use rounding;

macro_rules! signs {
    ($float:ident) => {
        assert_eq!((Scalar::sign(3.0 as $float), Scalar::sign(-3.0 as $float)), (1.0, -1.0));
        assert!(Scalar::sign(0.0 as $float).is_sign_positive() && Scalar::sign(0.0 as $float) == 0.0);
        assert!(Scalar::sign(-0.0 as $float).is_sign_negative() && Scalar::sign(-0.0 as $float) == 0.0);
        assert_eq!((Scalar::relu(2.0 as $float), Scalar::relu(-2.0 as $float), Scalar::abs(-2.0 as $float)), (2.0, 0.0, 2.0));
    };
}
use signs;

macro_rules! powers {
    ($float:ident) => {
        for base in [0.0, -2.0, 3.0, $float::INFINITY, $float::NAN] {
            assert_eq!(Scalar::pow(base, 0.0), 1.0);
        }
        assert_eq!(Scalar::pow(2.0 as $float, 10.0), 1024.0);
        assert_eq!(Scalar::pow(-2.0 as $float, 3.0), -8.0);
        assert!(Scalar::pow(-2.0 as $float, 0.5).is_nan());
    };
}
use powers;

macro_rules! extremes {
    ($float:ident) => {
        let (low, high) = (-1.0 as $float, 2.0 as $float);
        assert_eq!((Scalar::minimum(low, high), Scalar::minimum(high, low)), (low, low));
        assert_eq!((Scalar::maximum(low, high), Scalar::maximum(high, low)), (high, high));
        assert_eq!(Scalar::maximum($float::NEG_INFINITY, low), low);
        assert_eq!(Scalar::minimum($float::INFINITY, low), low);
    };
}
use extremes;

macro_rules! edges {
    ($float:ident) => {
        assert_eq!(Scalar::log(0.0 as $float), $float::NEG_INFINITY);
        assert_eq!(Scalar::log1p(-1.0 as $float), $float::NEG_INFINITY);
        assert_eq!(Scalar::rsqrt(0.0 as $float), $float::INFINITY);
        assert_eq!(Scalar::exp($float::NEG_INFINITY), 0.0);
        assert_eq!(Scalar::expm1($float::NEG_INFINITY), -1.0);
        assert!(Scalar::log(-1.0 as $float).is_nan() && Scalar::sqrt(-1.0 as $float).is_nan());
        assert!(Scalar::asin(1.5 as $float).is_nan() && Scalar::acos(1.5 as $float).is_nan());
    };
}
use edges;
