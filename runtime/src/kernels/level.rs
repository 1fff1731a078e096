//! The instruction sets that code is compiled for, and which of them this machine has. It must not know what the code computes.

use std::sync::OnceLock;

use super::{Float, elementary};

/// An instruction set that there is a copy of the code for; a later one includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every machine of the target has.
    Baseline,
    /// AVX2 and fused multiply-add.
    Avx2,
    /// AVX-512 (F, BW, DQ and VL).
    Avx512,
}

/// The environment variable that limits the levels, and what it may say.
const VARIABLE: &str = "CHAINRULE_INSTRUCTIONS";
const NAMES: [(&str, Level); 3] = [("baseline", Level::Baseline), ("avx2", Level::Avx2), ("avx512", Level::Avx512)];

impl Level {
    /// The best level of this machine, but none above the one that the environment variable `CHAINRULE_INSTRUCTIONS` names: `baseline`,
    /// `avx2` or `avx512`.
    ///
    /// # Panics
    ///
    /// If the variable names no level.
    #[inline]
    pub fn detect() -> Level {
        static LEVEL: OnceLock<Level> = OnceLock::new();
        *LEVEL.get_or_init(|| best().min(limit()))
    }

    /// All levels up to [`Level::detect`], that one last.
    pub fn available() -> &'static [Level] {
        const ALL: &[Level] = &[Level::Baseline, Level::Avx2, Level::Avx512];
        match Level::detect() {
            Level::Baseline => &ALL[..1],
            Level::Avx2 => &ALL[..2],
            Level::Avx512 => ALL,
        }
    }
}

/// What the environment says.
fn limit() -> Level {
    let Ok(said) = std::env::var(VARIABLE) else { return Level::Avx512 };
    let named = NAMES.iter().find(|(name, _)| *name == said.trim());
    named.unwrap_or_else(|| panic!("{VARIABLE}={said} is no instruction set; there are baseline, avx2 and avx512")).1
}

#[cfg(target_arch = "x86_64")]
fn best() -> Level {
    use std::arch::is_x86_feature_detected as has;
    if !(has!("avx2") && has!("fma")) {
        Level::Baseline
    } else if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
        Level::Avx512
    } else {
        Level::Avx2
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn best() -> Level {
    Level::Baseline
}

/// Functions that vectorize.
macro_rules! elementary {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[doc = " In loops that vectorize; its error is stated in [`elementary`]."]
        #[inline(always)]
        fn $name<S: Float>(x: S) -> S {
            elementary::$name::<Self, S>(x)
        }
    )*};
}

/// A level as a type, for code that is compiled once for each: an `#[inline(always)]` body generic in it, and a
/// `#[target_feature]` function for each level that calls the body.
pub trait Isa: Copy + 'static {
    /// The level.
    const LEVEL: Level;
    /// `a * b + c`, rounded once where the level has an instruction for that, else twice.
    fn mul_add<S: Float>(a: S, b: S, c: S) -> S;

    elementary! {
        /// The exponential function.
        exp,
        /// exp(x) - 1, for small x too.
        expm1,
        /// The natural logarithm.
        log,
        /// log(1 + x), for small x too.
        log1p,
        /// The hyperbolic tangent.
        tanh,
        /// 1/(1 + exp(-x))
        sigmoid,
        /// log(1 + exp(x)), without overflow.
        softplus,
        /// 2/√π ∫₀ˣ exp(-t²) dt
        erf,
    }
}

/// [`Level::Baseline`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Baseline;

/// [`Level::Avx2`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Avx2;

/// [`Level::Avx512`] as a type.
#[derive(Clone, Copy, Debug)]
pub struct Avx512;

impl Isa for Baseline {
    const LEVEL: Level = Level::Baseline;
    #[inline(always)]
    fn mul_add<S: Float>(a: S, b: S, c: S) -> S {
        a * b + c
    }
}

impl Isa for Avx2 {
    const LEVEL: Level = Level::Avx2;
    #[inline(always)]
    fn mul_add<S: Float>(a: S, b: S, c: S) -> S {
        Float::mul_add(a, b, c)
    }
}

impl Isa for Avx512 {
    const LEVEL: Level = Level::Avx512;
    #[inline(always)]
    fn mul_add<S: Float>(a: S, b: S, c: S) -> S {
        Float::mul_add(a, b, c)
    }
}
