//! What a float brings to the elementary functions: thresholds, coefficients, and its bits. It must not know of instruction sets.
//!
//! The polynomials are minimax: Remez's exchange algorithm at 50 digits, for the relative error of the function that they
//! are part of. Each says how large that error is before anything is rounded.

use super::super::Float;

/// Thresholds, coefficients and bits of a float.
pub trait Constants: Copy + 'static {
    /// 1/ln 2
    const LOG2_E: Self;
    /// ln 2 with so many trailing zeros that a multiple by an exponent is exact (Cody and Waite 1980).
    const LN_2_HIGH: Self;
    /// The rest of ln 2.
    const LN_2_LOW: Self;
    /// 1.5 · 2^(digits - 1) and a bias: added to a small number it leaves the nearest integer, biased, in the last bits.
    const ROUNDER: Self;
    /// From here on `exp` is infinite.
    const EXP_HIGHEST: Self;
    /// Up to here `exp` is 0, and one of its scales is: a product that underflows would take longer.
    const EXP_LOWEST: Self;
    /// Up to here `expm1` is -1.
    const EXPM1_LOWEST: Self;
    /// Below this `expm1(x)` and `log1p(x)` are x.
    const TINY: Self;
    /// From here on `tanh` is 1.
    const TANH_HIGHEST: Self;
    /// From here on `erf` is 1.
    const ERF_HIGHEST: Self;
    /// The smallest normal number.
    const NORMAL: Self;
    /// A power of two that makes subnormal numbers normal.
    const RAISE: Self;
    /// Its exponent.
    const RAISED: Self;
    /// (exp(r) - 1 - r)/r² for |r| ≤ ln(2)/2.
    const EXP: &'static [Self];
    /// (log((1 + s)/(1 - s)) - 2s)/s³ in s², for (1 + s)/(1 - s) between √½ and √2.
    const LOG: &'static [Self];
    /// (tanh(x)/x - 1)/x² in x², for |x| ≤ 9/16.
    const TANH: &'static [Self];
    /// (erf(x)/x - 2/√π)/x² in x², for |x| ≤ 1.
    const ERF_NEAR: &'static [Self];
    /// log(1 - erf(x))/x for x from 1 to [`Constants::ERF_HIGHEST`].
    const ERF_FAR: &'static [Self];

    /// Two powers of two whose product is 2^n, for `shifted` = n + [`Constants::ROUNDER`]; the product of a number near 1 with
    /// both is rounded once, where it is subnormal or infinite too.
    fn scales(shifted: Self) -> [Self; 2];
    /// 2^n, if it is normal, for `shifted` = n + [`Constants::ROUNDER`].
    fn power_of_two(shifted: Self) -> Self;
    /// k and m with x = 2^k · m, m between √½ and √2, and 2^-k (0 where that is not normal). For normal positive x.
    fn split(x: Self) -> (Self, Self, Self);
    /// The magnitude of one with the sign of the other.
    fn with_sign(self, sign: Self) -> Self;
}

macro_rules! bits {
    ($float:ident, $bits:ident, $fraction:literal, $bias:literal) => {
        #[inline(always)]
        fn scales(shifted: Self) -> [Self; 2] {
            // n + 2 (bias + 1) stands in the last bits, and is halved.
            let biased = shifted.to_bits() & ((1 << ($fraction - 1)) - 1);
            let first = biased >> 1;
            let power = |exponent: $bits| $float::from_bits(exponent.wrapping_sub(1) << $fraction);
            [power(first), power(biased - first)]
        }
        #[inline(always)]
        fn power_of_two(shifted: Self) -> Self {
            $float::from_bits(shifted.to_bits().wrapping_sub($bias + 2) << $fraction)
        }
        #[inline(always)]
        fn split(x: Self) -> (Self, Self, Self) {
            const ONE: $bits = (1.0 as $float).to_bits();
            const ROOT: $bits = std::$float::consts::FRAC_1_SQRT_2.to_bits();
            // An integer without its conversion: the last digits of a number whose last digit counts 1.
            const COUNTER: $float = (1u64 << $fraction) as $float;
            let moved = x.to_bits().wrapping_add(ONE - ROOT);
            let exponent = moved >> $fraction;
            let mantissa = $float::from_bits((moved & ((1 << $fraction) - 1)).wrapping_add(ROOT));
            let counted = $float::from_bits(COUNTER.to_bits() | exponent) - (COUNTER + $bias as $float);
            let inverse = $float::from_bits(((2 * $bias as $bits).wrapping_sub(exponent)) << $fraction);
            (counted, mantissa, inverse)
        }
        #[inline(always)]
        fn with_sign(self, sign: Self) -> Self {
            self.copysign(sign)
        }
    };
}

impl Constants for f32 {
    const LOG2_E: Self = std::f32::consts::LOG2_E;
    const LN_2_HIGH: Self = 0.693_145_75;
    const LN_2_LOW: Self = 1.428_606_8e-6;
    const ROUNDER: Self = 12_582_912.0 + 256.0;
    const EXP_HIGHEST: Self = 89.0;
    const EXP_LOWEST: Self = -176.0;
    const EXPM1_LOWEST: Self = -18.0;
    const TINY: Self = 2.980_232_2e-8;
    const TANH_HIGHEST: Self = 9.1;
    const ERF_HIGHEST: Self = 3.95;
    const NORMAL: Self = f32::MIN_POSITIVE;
    const RAISE: Self = 16_777_216.0;
    const RAISED: Self = 24.0;
    // 2^-31.9
    const EXP: &'static [Self] = &[0.5, 0.166_666_66, 4.166_636e-2, 8.333_39e-3, 1.394_082e-3, 1.984_590_8e-4];
    // 2^-37.6
    const LOG: &'static [Self] = &[0.666_666_6, 0.400_003_37, 0.285_372_38, 0.235_835_72];
    // 2^-29.5
    const TANH: &'static [Self] = &[-0.333_333_13, 0.133_324_52, -5.383_743e-2, 2.100_746e-2, -6.179_810_5e-3];
    // 2^-29.5
    const ERF_NEAR: &'static [Self] =
        &[-0.376_126_3, 0.112_836_175, -2.685_491_6e-2, 5.190_163e-3, -8.024_821e-4, 7.898_705_4e-5];
    // 2^-31.3
    const ERF_FAR: &'static [Self] =
        &[-1.128_694_3, -0.634_969_53, -0.106_530_86, 2.401_006e-2, -3.757_473e-3, 3.505_911_2e-4, -1.396_235_2e-5];
    bits!(f32, u32, 23, 127);
}

impl Constants for f64 {
    const LOG2_E: Self = std::f64::consts::LOG2_E;
    const LN_2_HIGH: Self = 0.693_147_180_369_123_8;
    const LN_2_LOW: Self = 1.908_214_929_270_587_7e-10;
    const ROUNDER: Self = 6_755_399_441_055_744.0 + 2048.0;
    const EXP_HIGHEST: Self = 710.0;
    const EXP_LOWEST: Self = -1418.0;
    const EXPM1_LOWEST: Self = -38.0;
    const TINY: Self = 5.551_115_123_125_783e-17;
    const TANH_HIGHEST: Self = 19.1;
    const ERF_HIGHEST: Self = 5.95;
    const NORMAL: Self = f64::MIN_POSITIVE;
    const RAISE: Self = 9_007_199_254_740_992.0;
    const RAISED: Self = 53.0;
    // 2^-61.7
    const EXP: &'static [Self] = &[
        0.5,
        0.166_666_666_666_666_77,
        0.041_666_666_666_666_505,
        0.008_333_333_333_321_516,
        0.001_388_888_888_896_342_6,
        0.000_198_412_698_864_703_87,
        2.480_158_717_117_030_6e-5,
        2.755_724_381_051_788e-6,
        2.755_740_319_962_089_3e-7,
        2.510_919_307_712_244_8e-8,
        2.087_534_557_679_530_7e-9,
    ];
    // 2^-59.5
    const LOG: &'static [Self] = &[
        0.666_666_666_666_673_5,
        0.399_999_999_994_110_96,
        0.285_714_287_432_619_34,
        0.222_221_984_760_486,
        0.181_835_697_368_498_78,
        0.153_139_033_198_303_21,
        0.147_975_069_846_243_5,
    ];
    // 2^-59.9
    const TANH: &'static [Self] = &[
        -0.333_333_333_333_332_76,
        0.133_333_333_333_231_33,
        -0.053_968_253_961_724_34,
        0.021_869_488_327_275_977,
        -0.008_863_231_637_197_228,
        0.003_592_082_250_256_947,
        -0.001_455_479_643_543_931,
        0.000_588_183_655_392_542_6,
        -0.000_232_716_234_607_161_9,
        8.236_095_050_807_041e-5,
        -1.890_397_554_111_231_6e-5,
    ];
    // 2^-62.7
    const ERF_NEAR: &'static [Self] = &[
        -0.376_126_389_031_837_5,
        0.112_837_916_709_549_08,
        -0.026_866_170_645_080_147,
        0.005_223_977_624_838_848,
        -0.000_854_832_698_160_139_9,
        0.000_120_553_311_289_295_36,
        -1.492_559_549_717_940_3e-5,
        1.646_100_196_628_006_4e-6,
        -1.635_031_045_474_011e-7,
        1.465_966_582_645_746_2e-8,
        -1.137_213_663_999_280_8e-9,
        5.955_578_896_255_885e-11,
    ];
    // 2^-58.0
    const ERF_FAR: &'static [Self] = &[
        -1.128_379_110_855_143_8,
        -0.636_620_252_701_339_2,
        -0.102_770_827_008_656_43,
        0.019_124_964_558_608_473,
        0.000_212_036_525_554_354_21,
        -0.001_692_607_909_114_150_5,
        0.000_574_658_522_338_195,
        9.751_734_489_815_43e-7,
        -9.548_692_859_647_149e-5,
        5.603_882_228_431_762e-5,
        -2.035_152_698_784_586_4e-5,
        5.385_307_890_979_231e-6,
        -1.078_146_254_465_082e-6,
        1.630_273_740_391_752e-7,
        -1.813_118_252_221_299e-8,
        1.402_457_444_479_373_2e-9,
        -6.744_919_788_849_139e-11,
        1.518_879_553_014_807_8e-12,
    ];
    bits!(f64, u64, 52, 1023);
}

/// `x` between two bounds; NaN stays NaN.
#[inline(always)]
pub fn clamp<S: Float>(x: S, lowest: S, highest: S) -> S {
    let x = if x < lowest { lowest } else { x };
    if x > highest { highest } else { x }
}
