use super::{Avx2, Avx512, Baseline, Buffer, Float, Isa, Level};

#[test]
fn buffers_are_zeros_aligned_to_cache_lines() {
    for length in [0, 1, 15, 16, 17, 1000] {
        let mut buffer = Buffer::<f32>::zeros(length);
        assert_eq!(buffer.len(), length);
        assert!(buffer.as_ptr().addr().is_multiple_of(64));
        assert!(buffer.iter().all(|x| x.to_bits() == 0));
        buffer.fill(1.5);
        assert!(buffer.clone().iter().all(|&x| x == 1.5));
    }
    assert_eq!(Buffer::<f64>::zeros(9).len(), 9);
}

#[test]
fn levels_are_listed_up_to_the_best_one() {
    let levels = Level::available();
    assert_eq!(levels.first(), Some(&Level::Baseline));
    assert_eq!(levels.last(), Some(&Level::detect()));
    assert!(levels.is_sorted());
}

#[test]
fn multiply_add_is_fused_above_the_baseline_only() {
    // 1 + 2e rounds away the e² of (1 + e)², which a fused operation keeps.
    fn rest<I: Isa, S: Float>(e: S) -> S {
        let x = S::ONE + e;
        I::mul_add(x, x, -(S::ONE + e + e))
    }
    let (small, smaller) = (f32::EPSILON, f64::EPSILON);
    assert_eq!(rest::<Baseline, f32>(small), 0.0);
    assert_eq!(rest::<Avx2, f32>(small), small * small);
    assert_eq!(rest::<Avx512, f64>(smaller), smaller * smaller);
    assert_eq!(rest::<Baseline, f64>(smaller), 0.0);
}

#[test]
fn floats_convert_to_the_nearest() {
    assert_eq!(f32::from_f64(0.1), 0.1f32);
    assert_eq!(f32::from_i64(16_777_217), 16_777_216.0);
    assert_eq!(Float::to_f64(0.5f32), 0.5);
    assert_eq!((f32::NAME, f64::NAME), ("f32", "f64"));
}
