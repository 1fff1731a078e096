//! Random numbers that are the same on every machine and with every version of the crates below. Must not know what they are for.

use rand::SeedableRng;

/// The generator of all random numbers: PCG XSL RR 128/64 of M. E. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically
/// Good Algorithms for Random Number Generation" (2014).
pub type Rng = rand_pcg::Pcg64;

/// A generator from a seed. The same seed gives the same numbers everywhere.
pub fn rng(seed: u64) -> Rng {
    Rng::seed_from_u64(seed)
}

/// A generator for one named thing: the numbers of other names do not change it.
pub fn named(seed: u64, name: &str) -> Rng {
    let hash = name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let mut state = rng(seed ^ (hash as u64) ^ ((hash >> 64) as u64));
    let wide = (u128::from(rand::Rng::next_u64(&mut state)) << 64) | u128::from(rand::Rng::next_u64(&mut state));
    Rng::new(wide, hash)
}

/// A number from 0 up to, but without, 1: 53 random bits.
pub fn unit<R: rand::Rng + ?Sized>(rng: &mut R) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// An integer from 0 up to, but without, `bound`, without bias: D. Lemire, "Fast Random Integer Generation in an Interval" (2019).
pub fn below<R: rand::Rng + ?Sized>(rng: &mut R, bound: u64) -> u64 {
    debug_assert!(bound > 0);
    let threshold = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        if product as u64 >= threshold {
            return (product >> 64) as u64;
        }
    }
}

/// A number of the standard normal distribution, by Marsaglia's polar method.
pub fn normal<R: rand::Rng + ?Sized>(rng: &mut R) -> f64 {
    loop {
        let (u, v) = (2.0 * unit(rng) - 1.0, 2.0 * unit(rng) - 1.0);
        let square = u * u + v * v;
        if square > 0.0 && square < 1.0 {
            // libm's logarithm has the same bits on every platform.
            return u * (-2.0 * libm::log(square) / square).sqrt();
        }
    }
}

/// All orders alike: the shuffle of Fisher and Yates.
pub fn shuffle<R: rand::Rng + ?Sized, T>(rng: &mut R, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_even_and_within_bounds() {
        let mut rng = rng(3);
        let mut counts = [0usize; 6];
        (0..60_000).for_each(|_| counts[below(&mut rng, 6) as usize] += 1);
        assert!(counts.iter().all(|&count| (9_600..10_400).contains(&count)), "{counts:?}");
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut rng = rng(4);
        let draws: Vec<f64> = (0..100_000).map(|_| normal(&mut rng)).collect();
        let moment = |power: i32| draws.iter().map(|draw| draw.powi(power)).sum::<f64>() / draws.len() as f64;
        assert!(moment(1).abs() < 0.02 && (moment(2) - 1.0).abs() < 0.02 && (moment(4) - 3.0).abs() < 0.15);
    }

    #[test]
    fn a_shuffle_is_a_permutation_that_the_seed_fixes() {
        let order = |seed| {
            let mut items: Vec<u32> = (0..100).collect();
            shuffle(&mut rng(seed), &mut items);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        let mut sorted = order(1);
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..100));
    }

    #[test]
    fn names_have_streams_of_their_own() {
        let first = |seed, name| rand::Rng::next_u64(&mut named(seed, name));
        assert_eq!(first(1, "dense1.w"), first(1, "dense1.w"));
        assert_ne!(first(1, "dense1.w"), first(1, "dense1.b"));
        assert_ne!(first(1, "dense1.w"), first(2, "dense1.w"));
    }
}
