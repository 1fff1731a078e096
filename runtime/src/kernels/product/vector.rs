//! Vectors of floats, each a register of an instruction set. It must not know what they are used for.

use crate::kernels::Float;

/// A vector of floats.
///
/// # Safety
///
/// All functions are unsafe to call for one common reason: the machine must have the instruction set of the vector. Those
/// that take a pointer also need it to be valid for the lanes that they say.
pub(super) trait Vector: Copy {
    /// Its elements.
    type Element: Float;
    /// Some neighbouring lanes.
    type Mask: Copy;
    /// How many elements it has.
    const LANES: usize;

    /// The first `lanes` lanes, at most [`Self::LANES`].
    unsafe fn first(lanes: usize) -> Self::Mask;
    /// The lanes `from..to`, at most [`Self::LANES`].
    unsafe fn span(from: usize, to: usize) -> Self::Mask;
    /// The same element in all lanes.
    unsafe fn splat(element: Self::Element) -> Self;
    /// All lanes from memory.
    unsafe fn load(from: *const Self::Element) -> Self;
    /// The lanes of the mask from memory, 0 in the others.
    unsafe fn load_part(from: *const Self::Element, mask: Self::Mask) -> Self;
    /// The lanes of the mask from memory, those of `self` else.
    unsafe fn load_over(self, from: *const Self::Element, mask: Self::Mask) -> Self;
    /// Asks for the cache line of an element, which need not be valid.
    #[inline(always)]
    fn prefetch(_: *const Self::Element) {}
    /// All lanes to memory.
    unsafe fn store(self, to: *mut Self::Element);
    /// The lanes of the mask to memory.
    unsafe fn store_part(self, to: *mut Self::Element, mask: Self::Mask);
    /// `self + other`
    unsafe fn add(self, other: Self) -> Self;
    /// `self * factor + addend`
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The elements of both by turns: those of the first halves, and those of the second halves.
    unsafe fn interleave(self, other: Self) -> (Self, Self);
}

/// A vector of 16 bytes or so in plain Rust.
#[derive(Clone, Copy)]
pub(super) struct Plain<S, const LANES: usize>([S; LANES]);

impl<S: Float, const LANES: usize> Vector for Plain<S, LANES> {
    type Element = S;
    type Mask = (usize, usize);
    const LANES: usize = LANES;

    #[inline(always)]
    unsafe fn first(lanes: usize) -> (usize, usize) {
        (0, lanes)
    }
    #[inline(always)]
    unsafe fn span(from: usize, to: usize) -> (usize, usize) {
        (from, to)
    }
    #[inline(always)]
    unsafe fn splat(element: S) -> Self {
        Plain([element; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const S) -> Self {
        // SAFETY: the caller says that all lanes are valid; unaligned reads are fine.
        Plain(unsafe { from.cast::<[S; LANES]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_part(from: *const S, mask: (usize, usize)) -> Self {
        // SAFETY: as the caller says.
        unsafe { Plain([S::ZERO; LANES]).load_over(from, mask) }
    }
    #[inline(always)]
    unsafe fn load_over(self, from: *const S, (first, end): (usize, usize)) -> Self {
        if (first, end) == (0, LANES) {
            // SAFETY: the caller says that all lanes are valid.
            return unsafe { Self::load(from) };
        }
        let mut lanes = self.0;
        for (lane, element) in lanes.iter_mut().enumerate().take(end).skip(first) {
            // SAFETY: the caller says that the lanes of the mask are valid, and only they are read.
            *element = unsafe { *from.wrapping_add(lane) };
        }
        Plain(lanes)
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut S) {
        // SAFETY: the caller says that all lanes are valid; unaligned writes are fine.
        unsafe { to.cast::<[S; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn store_part(self, to: *mut S, (first, end): (usize, usize)) {
        for lane in first..end.min(LANES) {
            // SAFETY: the caller says that the lanes of the mask are valid.
            unsafe { *to.add(lane) = self.0[lane] }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Plain(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        Plain(std::array::from_fn(|lane| self.0[lane] * factor.0[lane] + addend.0[lane]))
    }
    #[inline(always)]
    unsafe fn interleave(self, other: Self) -> (Self, Self) {
        let element = |at: usize| if at.is_multiple_of(2) { self.0[at / 2] } else { other.0[at / 2] };
        (Plain(std::array::from_fn(element)), Plain(std::array::from_fn(|lane| element(LANES + lane))))
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Vector;

    /// A vector type from its instructions, in the order of the trait.
    macro_rules! vector {
        ($register:ident, $element:ident, $lanes:literal, $mask:ident, |$count:ident| $first:expr,
         |$start:ident, $end:ident| $span:expr, $splat:ident, $load:ident, |$from:ident, $part:ident| $load_part:expr,
         |$under:ident, $above:ident, $over:ident| $load_over:expr, $store:ident, $store_part:ident, $add:ident, $mul_add:ident,
         |$low:ident, $high:ident| $interleave:expr) => {
            impl Vector for $register {
                type Element = $element;
                type Mask = $mask;
                const LANES: usize = $lanes;

                #[inline(always)]
                unsafe fn first($count: usize) -> $mask {
                    $first
                }
                #[inline(always)]
                unsafe fn span($start: usize, $end: usize) -> $mask {
                    $span
                }
                #[inline(always)]
                unsafe fn splat(element: $element) -> Self {
                    // SAFETY: the caller says that the machine has the instruction.
                    unsafe { $splat(element) }
                }
                #[inline(always)]
                unsafe fn load(from: *const $element) -> Self {
                    // SAFETY: the caller says so: the machine has the instruction and all lanes are valid.
                    unsafe { $load(from) }
                }
                #[inline(always)]
                unsafe fn load_part($from: *const $element, $part: $mask) -> Self {
                    // SAFETY: the caller says so: the machine has the instruction, which touches the lanes of the mask only.
                    unsafe { $load_part }
                }
                #[inline(always)]
                unsafe fn load_over(self, $above: *const $element, $over: $mask) -> Self {
                    let $under = self;
                    // SAFETY: the caller says so: the machine has the instruction, which touches the lanes of the mask only.
                    unsafe { $load_over }
                }
                #[inline(always)]
                fn prefetch(from: *const $element) {
                    // SAFETY: all processors of this target have the instruction, which reads nothing that a program can see.
                    unsafe { _mm_prefetch::<_MM_HINT_T0>(from.cast()) }
                }
                #[inline(always)]
                unsafe fn store(self, to: *mut $element) {
                    // SAFETY: the caller says so: the machine has the instruction and all lanes are valid.
                    unsafe { $store(to, self) }
                }
                #[inline(always)]
                unsafe fn store_part(self, to: *mut $element, mask: $mask) {
                    // SAFETY: the caller says so: the machine has the instruction, which touches the lanes of the mask only.
                    unsafe { $store_part(to, mask, self) }
                }
                #[inline(always)]
                unsafe fn add(self, other: Self) -> Self {
                    // SAFETY: the caller says that the machine has the instruction.
                    unsafe { $add(self, other) }
                }
                #[inline(always)]
                unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
                    // SAFETY: the caller says that the machine has the instruction.
                    unsafe { $mul_add(self, factor, addend) }
                }
                #[inline(always)]
                unsafe fn interleave(self, other: Self) -> (Self, Self) {
                    let ($low, $high) = (self, other);
                    // SAFETY: the caller says that the machine has the instructions.
                    unsafe { $interleave }
                }
            }
        };
    }

    /// A window of this many ones and then zeros, from ones and then zeros.
    ///
    /// # Safety
    ///
    /// The machine must have AVX; `lanes` is at most the lanes of a vector of these elements.
    #[inline(always)]
    unsafe fn window<I, const COUNT: usize>(ones: &'static [I; COUNT], lanes: usize) -> __m256i {
        // SAFETY: the window starts `lanes` before the middle, so all of it is in `ones`.
        unsafe { _mm256_loadu_si256(ones.as_ptr().add(COUNT / 2 - lanes).cast()) }
    }

    /// The ones of the longer window without those of the shorter.
    ///
    /// # Safety
    ///
    /// The machine must have AVX.
    #[inline(always)]
    unsafe fn between(shorter: __m256i, longer: __m256i) -> __m256i {
        // SAFETY: the caller says that the machine has the instruction.
        unsafe { _mm256_castps_si256(_mm256_andnot_ps(_mm256_castsi256_ps(shorter), _mm256_castsi256_ps(longer))) }
    }

    /// The lanes of the mask to memory. The first lanes are written in pieces: some processors take dozens of steps for a store under a mask.
    ///
    /// # Safety
    ///
    /// The machine must have AVX, and the lanes of the mask be valid.
    #[inline(always)]
    unsafe fn store_lanes_ps(mut to: *mut f32, mask: __m256i, vector: __m256) {
        // SAFETY: the caller says that the machine has the instructions; the pieces are as long as the first lanes, which are valid.
        unsafe {
            let lanes = _mm256_movemask_ps(_mm256_castsi256_ps(mask));
            if lanes & (lanes + 1) != 0 {
                return _mm256_maskstore_ps(to, mask, vector);
            }
            if lanes == 0xff {
                return _mm256_storeu_ps(to, vector);
            }
            let mut rest = _mm256_castps256_ps128(vector);
            if lanes & 0b1000 != 0 {
                _mm_storeu_ps(to, rest);
                (rest, to) = (_mm256_extractf128_ps::<1>(vector), to.add(4));
            }
            let count = lanes.count_ones();
            if count & 2 != 0 {
                _mm_storel_pd(to.cast(), _mm_castps_pd(rest));
                (rest, to) = (_mm_movehl_ps(rest, rest), to.add(2));
            }
            if count & 1 != 0 {
                _mm_store_ss(to, rest);
            }
        }
    }

    /// The same for four lanes.
    ///
    /// # Safety
    ///
    /// As for [`store_lanes_ps`].
    #[inline(always)]
    unsafe fn store_lanes_pd(mut to: *mut f64, mask: __m256i, vector: __m256d) {
        // SAFETY: as above.
        unsafe {
            let lanes = _mm256_movemask_pd(_mm256_castsi256_pd(mask));
            if lanes & (lanes + 1) != 0 {
                return _mm256_maskstore_pd(to, mask, vector);
            }
            if lanes == 0xf {
                return _mm256_storeu_pd(to, vector);
            }
            let mut rest = _mm256_castpd256_pd128(vector);
            if lanes & 0b10 != 0 {
                _mm_storeu_pd(to, rest);
                (rest, to) = (_mm256_extractf128_pd::<1>(vector), to.add(2));
            }
            if lanes.count_ones() & 1 != 0 {
                _mm_store_sd(to, rest);
            }
        }
    }

    static ONES32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    static ONES64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

    vector!(
        __m512,
        f32,
        16,
        __mmask16,
        |lanes| ((1u32 << lanes) - 1) as __mmask16,
        |from, to| ((1u32 << to) - (1u32 << from)) as __mmask16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        |from, mask| _mm512_maskz_loadu_ps(mask, from),
        |under, from, mask| _mm512_mask_loadu_ps(under, mask, from),
        _mm512_storeu_ps,
        _mm512_mask_storeu_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps,
        |a, b| {
            let first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            let second = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            (_mm512_permutex2var_ps(a, first, b), _mm512_permutex2var_ps(a, second, b))
        }
    );
    vector!(
        __m512d,
        f64,
        8,
        __mmask8,
        |lanes| ((1u32 << lanes) - 1) as __mmask8,
        |from, to| ((1u32 << to) - (1u32 << from)) as __mmask8,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        |from, mask| _mm512_maskz_loadu_pd(mask, from),
        |under, from, mask| _mm512_mask_loadu_pd(under, mask, from),
        _mm512_storeu_pd,
        _mm512_mask_storeu_pd,
        _mm512_add_pd,
        _mm512_fmadd_pd,
        |a, b| {
            let first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
            let second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
            (_mm512_permutex2var_pd(a, first, b), _mm512_permutex2var_pd(a, second, b))
        }
    );
    vector!(
        __m256,
        f32,
        8,
        __m256i,
        // SAFETY: the caller says that the machine has AVX and `lanes` is at most 8.
        |lanes| unsafe { window(&ONES32, lanes) },
        // SAFETY: the same for both ends.
        |from, to| unsafe { between(window(&ONES32, from), window(&ONES32, to)) },
        _mm256_set1_ps,
        _mm256_loadu_ps,
        |from, mask| _mm256_maskload_ps(from, mask),
        |under, from, mask| _mm256_blendv_ps(under, _mm256_maskload_ps(from, mask), _mm256_castsi256_ps(mask)),
        _mm256_storeu_ps,
        store_lanes_ps,
        _mm256_add_ps,
        _mm256_fmadd_ps,
        |a, b| {
            let (even, odd) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            (_mm256_permute2f128_ps::<0x20>(even, odd), _mm256_permute2f128_ps::<0x31>(even, odd))
        }
    );
    vector!(
        __m256d,
        f64,
        4,
        __m256i,
        // SAFETY: the caller says that the machine has AVX and `lanes` is at most 4.
        |lanes| unsafe { window(&ONES64, lanes) },
        // SAFETY: the same for both ends.
        |from, to| unsafe { between(window(&ONES64, from), window(&ONES64, to)) },
        _mm256_set1_pd,
        _mm256_loadu_pd,
        |from, mask| _mm256_maskload_pd(from, mask),
        |under, from, mask| _mm256_blendv_pd(under, _mm256_maskload_pd(from, mask), _mm256_castsi256_pd(mask)),
        _mm256_storeu_pd,
        store_lanes_pd,
        _mm256_add_pd,
        _mm256_fmadd_pd,
        |a, b| {
            let (even, odd) = (_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b));
            (_mm256_permute2f128_pd::<0x20>(even, odd), _mm256_permute2f128_pd::<0x31>(even, odd))
        }
    );
}
