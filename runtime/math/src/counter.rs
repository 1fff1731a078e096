//! Random numbers without a state: each is computed from a key and from its place, so they are the same in whatever order, on
//! however many threads and in whichever engine they are asked for. Must not know what they are for.
//!
//! The generator is Threefry-2x32 with 20 rounds: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel Random Numbers: As
//! Easy as 1, 2, 3" (2011). It takes nothing but sums, rotations and exclusive ors of 32-bit words, which vectorize everywhere.

/// How far the second word is turned in each round, of every eight.
const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];

/// The constant of Skein's key schedule, its lower half.
const PARITY: u32 = 0x1bd1_1bda;

/// Two words from two words and a key.
#[inline(always)]
pub fn threefry(counter: [u32; 2], key: [u32; 2]) -> [u32; 2] {
    let keys = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let [mut a, mut b] = [counter[0].wrapping_add(keys[0]), counter[1].wrapping_add(keys[1])];
    for group in 0..5_u32 {
        for turn in ROTATIONS[group as usize % 2] {
            a = a.wrapping_add(b);
            b = b.rotate_left(turn) ^ a;
        }
        let next = group as usize + 1;
        a = a.wrapping_add(keys[next % 3]);
        b = b.wrapping_add(keys[(next + 1) % 3]).wrapping_add(group + 1);
    }
    [a, b]
}

/// What a sequence of random numbers is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u32; 2]);

impl Key {
    /// The key of a training step (counted from 0) of a training with this seed.
    #[inline]
    pub fn new(seed: u64, step: u64) -> Self {
        Self(threefry(words(step), words(seed)))
    }

    /// The key of one stream of numbers among those of a step.
    #[inline]
    pub fn stream(self, number: u32) -> Self {
        Self(threefry([number, 0], self.0))
    }

    /// 24 random bits: those at a position of the sequence.
    #[inline(always)]
    pub fn bits(self, position: u64) -> u32 {
        threefry(words(position), self.0)[0] >> 8
    }
}

/// The lower and the upper half of a number.
#[inline(always)]
fn words(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::{Key, threefry};
    use crate::Scalar;

    /// The vectors that come with the authors' implementation, Random123 (`kat_vectors`, threefry2x32 with 20 rounds).
    #[test]
    fn the_generator_is_that_of_its_authors() {
        assert_eq!(threefry([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry([u32::MAX; 2], [u32::MAX; 2]), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(threefry([0x243f_6a88, 0x85a3_08d3], [0x1319_8a2e, 0x0370_7344]), [0xc492_3a9c, 0x483d_f7a0]);
    }

    #[test]
    fn both_floats_have_the_same_numbers_from_0_up_to_1() {
        let key = Key::new(7, 0).stream(3);
        for position in 0..10_000 {
            let (single, double) = (f32::uniform(key, position), f64::uniform(key, position));
            assert_eq!(f64::from(single), double);
            assert!((0.0..1.0).contains(&double));
        }
    }

    /// Numbers that are even: chi-squared of 256 classes, whose deviation is √(2·255) around 255.
    fn chi_squared(numbers: impl Iterator<Item = f64>) -> f64 {
        let mut counts = [0_u32; 256];
        numbers.for_each(|number| counts[(number * 256.0) as usize] += 1);
        let expected = f64::from(counts.iter().sum::<u32>()) / 256.0;
        counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn seeds_steps_streams_and_positions_are_even_and_apart() {
        let near = |value: f64| (255.0 - value).abs() < 5.0 * (2.0_f64 * 255.0).sqrt();
        let numbers = 1 << 16;
        assert!(near(chi_squared((0..numbers).map(|position| f64::uniform(Key::new(1, 2).stream(3), position)))));
        assert!(near(chi_squared((0..numbers).map(|step| f64::uniform(Key::new(1, step).stream(3), 4)))));
        assert!(near(chi_squared((0..numbers).map(|seed| f64::uniform(Key::new(seed, 2).stream(3), 4)))));
        assert!(near(chi_squared((0..numbers).map(|stream| f64::uniform(Key::new(1, 2).stream(stream as u32), 4)))));
        // Two sequences at once: pairs of numbers fill the square.
        let pair = |one: Key, other: Key| {
            chi_squared((0..numbers).map(|position| {
                let (a, b) = (f64::uniform(one, position), f64::uniform(other, position));
                (a * 16.0).floor() / 16.0 + b / 16.0
            }))
        };
        let key = Key::new(1, 2);
        assert!(near(pair(key.stream(0), key.stream(1))));
        assert!(near(pair(key.stream(0), Key::new(1, 3).stream(0))));
        assert!(near(pair(key.stream(0), Key::new(2, 2).stream(0))));
        assert!(near(pair(key.stream(0), key)));
    }

    #[test]
    fn positions_beyond_32_bits_are_others() {
        let key = Key::new(0, 0).stream(0);
        assert_ne!(key.bits(5), key.bits(5 + (1 << 32)));
    }
}
