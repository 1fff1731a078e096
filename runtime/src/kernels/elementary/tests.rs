//! Accuracy over many floats, edges, and the same bits whether vectorized or not.

use super::super::{Avx2, Avx512, Baseline, Isa, Level};
use super::precise::{self, Pair};
use chainrule_math::Scalar;

/// Every so manieth float is tried; a prime, so that all last digits occur.
const STRIDE: usize = 16_381;

/// A name, the function of `chainrule-math` and the one that is tried, for a level.
type Functions<S> = [(&'static str, fn(S) -> S); 8];

macro_rules! functions {
    ($float:ty, $of:ident, $owner:ty) => {
        fn $of() -> Functions<$float> {
            [
                ("exp", <$owner>::exp),
                ("expm1", <$owner>::expm1),
                ("log", <$owner>::log),
                ("log1p", <$owner>::log1p),
                ("tanh", <$owner>::tanh),
                ("sigmoid", <$owner>::sigmoid),
                ("softplus", <$owner>::softplus),
                ("erf", <$owner>::erf),
            ]
        }
    };
}
functions!(f32, baseline_32, Baseline);
functions!(f32, fused_32, Avx2);
functions!(f64, baseline_64, Baseline);
functions!(f64, fused_64, Avx2);
functions!(f64, library_64, Library);
functions!(f32, library_32, Library);

/// The functions of `chainrule-math`, under the same signatures.
struct Library;

macro_rules! library {
    ($($name:ident)*) => {
        impl Library {
            $(fn $name<S: Scalar>(x: S) -> S {
                Scalar::$name(x)
            })*
        }
    };
}
library!(exp expm1 log log1p tanh sigmoid softplus erf);

/// The error in units of the last place of a `f32`, where the exact value is this one.
fn error_32(value: f32, exact: f64) -> f64 {
    let exponent = exact.abs().log2().floor().clamp(-126.0, 127.0);
    (f64::from(value) - exact).abs() / (exponent - 23.0).exp2()
}

fn check_32(stride: usize) {
    for ((name, exact), of) in library_64().into_iter().flat_map(|library| [baseline_32(), fused_32()].map(|all| (library, all)))
    {
        let function = of.iter().find(|(other, _)| *other == name).unwrap().1;
        for bits in (0..=u32::MAX).step_by(stride) {
            let x = f32::from_bits(bits);
            let (value, exact) = (function(x), exact(f64::from(x)));
            #[allow(clippy::cast_possible_truncation)]
            let nearest = exact as f32;
            if nearest.is_finite() && value.is_finite() {
                assert!(error_32(value, exact) <= 2.0, "{name}({x:e}) = {value:e}, not {exact:e}");
            } else {
                assert!(value == nearest || value.is_nan() && nearest.is_nan(), "{name}({x:e}) = {value:e}, not {exact:e}");
            }
        }
    }
}

#[test]
fn floats_of_32_bits_are_within_2_units() {
    check_32(STRIDE);
}

#[test]
#[ignore = "all four thousand million of them; for a release build"]
fn all_floats_of_32_bits_are_within_2_units() {
    check_32(1);
}

/// A sample of numbers of both signs: all magnitudes, and evenly around 0.
fn sample_64() -> Vec<f64> {
    let magnitudes = (-280..=280).flat_map(|e| [1.0, 1.234_567, 1.5, 1.9].map(|m| m * f64::from(e).exp2()));
    let even = (0..6000).map(|n| f64::from(n) * 0.002_013_7 + 1e-9);
    let wide = (0..1500).map(|n| f64::from(n) * 0.473_1);
    magnitudes.chain(even).chain(wide).flat_map(|x| [x, -x]).collect()
}

#[test]
fn floats_of_64_bits_are_within_2_units() {
    type Precise = (&'static str, fn(Pair) -> Pair);
    let precise: [Precise; 8] = [
        ("exp", precise::exp),
        ("expm1", precise::expm1),
        ("log", precise::log),
        ("log1p", precise::log1p),
        ("tanh", precise::tanh),
        ("sigmoid", precise::sigmoid),
        ("softplus", precise::softplus),
        ("erf", precise::erf),
    ];
    for (name, exact) in precise {
        let of = |all: Functions<f64>| all.into_iter().find(|(other, _)| *other == name).unwrap().1;
        let library = of(library_64());
        // The series of the pairs need room below, above and beside.
        let tried = |x: &f64| (1e-270..1e280).contains(&library(*x).abs()) && (name != "erf" || x.abs() < 6.0);
        for x in sample_64().into_iter().filter(tried) {
            let exact = exact(Pair(x, 0.0));
            for value in [of(baseline_64())(x), of(fused_64())(x)] {
                let difference = Pair(value, 0.0).minus(exact).0.abs();
                let error = difference / (exact.0.abs().log2().floor() - 52.0).exp2();
                assert!(error <= 2.0, "{name}({x:e}) = {value:e}, not {:e}: {error} units", exact.0);
            }
        }
    }
}

/// Edges: what is no number, what is infinite, which zero it is, and a few units elsewhere, subnormal results too.
macro_rules! edges {
    ($test:ident, $float:ident, $baseline:ident, $fused:ident, $library:ident, $thresholds:expr) => {
        #[test]
        fn $test() {
            const LEAST: $float = $float::from_bits(1);
            let plain = [0.0, 1.0, LEAST, 3.0 * LEAST, $float::MIN_POSITIVE, 0.9 * $float::MIN_POSITIVE, $float::EPSILON];
            let large = [$float::INFINITY, $float::MAX, $float::MAX / 2.0, 1e30, 1e-30, 20.0, 100.0, $float::NAN];
            let edges = plain.into_iter().chain(large).chain($thresholds).flat_map(|x| [x, x.next_up(), x.next_down()]);
            for x in edges.flat_map(|x| [x, -x]) {
                for (number, (name, library)) in $library().into_iter().enumerate() {
                    let exact = library(x);
                    for value in [$baseline()[number].1(x), $fused()[number].1(x)] {
                        let close = (value - exact).abs() <= 4.0 * $float::EPSILON * exact.abs() + LEAST;
                        let same = value.to_bits() == exact.to_bits() || value.is_nan() && exact.is_nan();
                        let right = if exact == 0.0 || !exact.is_finite() { same } else { close };
                        assert!(right, "{name}({x:e}) = {value:e}, not {exact:e}");
                    }
                }
            }
        }
    };
}
// From where on exp is infinite, up to where it is subnormal and 0; where tanh, sigmoid and erf are 1.
edges!(edges_of_32_bits, f32, baseline_32, fused_32, library_32, [88.72284, 87.33655, 103.278_93, 103.97208, 9.01, 17.0, 3.92]);
edges!(
    edges_of_64_bits,
    f64,
    baseline_64,
    fused_64,
    library_64,
    [709.782_712_893_384, 708.396_418_532_264_1, 744.440_071_921_381_2, 745.133_219_101_941_2, 19.06, 36.8, 5.92]
);

/// All functions over all numbers, in loops that vectorize.
#[inline(always)]
fn in_loops<I: Isa>(numbers: &[f32], wide: &[f64]) -> (Vec<f32>, Vec<f64>) {
    macro_rules! all {
        ($numbers:ident: $($name:ident)*) => {{
            let mut results = vec![0.0; 8 * $numbers.len()];
            let mut rows = results.chunks_exact_mut($numbers.len());
            $(
                let row = rows.next().unwrap();
                for at in 0..row.len() {
                    row[at] = I::$name($numbers[at]);
                }
            )*
            results
        }};
    }
    (all!(numbers: exp expm1 log log1p tanh sigmoid softplus erf), all!(wide: exp expm1 log log1p tanh sigmoid softplus erf))
}

#[test]
fn loops_of_every_level_give_the_bits_of_single_numbers() {
    let wide: Vec<f64> = sample_64().into_iter().step_by(7).chain([0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY]).collect();
    #[allow(clippy::cast_possible_truncation)]
    let numbers: Vec<f32> = wide.iter().map(|&x| x as f32).collect();
    let single = |of_32: Functions<f32>, of_64: Functions<f64>| {
        let all_32: Vec<u32> = of_32.iter().flat_map(|(_, f)| numbers.iter().map(|&x| f(x).to_bits())).collect();
        let all_64: Vec<u64> = of_64.iter().flat_map(|(_, f)| wide.iter().map(|&x| f(x).to_bits())).collect();
        (all_32, all_64)
    };
    for &level in Level::available() {
        let (results, expected) = match level {
            Level::Baseline => (in_loops::<Baseline>(&numbers, &wide), single(baseline_32(), baseline_64())),
            // SAFETY: the machine has the level.
            Level::Avx2 => (unsafe { in_loops_of_avx2(&numbers, &wide) }, single(fused_32(), fused_64())),
            // SAFETY: the machine has the level.
            Level::Avx512 => (unsafe { in_loops_of_avx512(&numbers, &wide) }, single(fused_32(), fused_64())),
        };
        let bits = (results.0.iter().map(|x| x.to_bits()), results.1.iter().map(|x| x.to_bits()));
        assert!(bits.0.eq(expected.0), "{level:?}, 32 bits");
        assert!(bits.1.eq(expected.1), "{level:?}, 64 bits");
    }
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx2,fma"))]
unsafe fn in_loops_of_avx2(numbers: &[f32], wide: &[f64]) -> (Vec<f32>, Vec<f64>) {
    in_loops::<Avx2>(numbers, wide)
}

#[cfg_attr(target_arch = "x86_64", target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))]
unsafe fn in_loops_of_avx512(numbers: &[f32], wide: &[f64]) -> (Vec<f32>, Vec<f64>) {
    in_loops::<Avx512>(numbers, wide)
}
