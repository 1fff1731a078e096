//! Memory for intermediates: zeros, aligned to cache lines. It must not know what is stored there.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};
use chainrule_math::memory::{self, LINE};

/// A cache line, which is also the widest vector.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

// SAFETY: all bits zero are a `Line`, as they are a `[u8; 64]`.
unsafe impl Zeroable for Line {}
// SAFETY: a `Line` is 64 bytes without padding, each of which may have any value.
unsafe impl Pod for Line {}

/// An owned slice that starts as zeros and is aligned to 64 bytes.
#[derive(Clone)]
pub struct Buffer<S> {
    lines: Vec<Line>,
    length: usize,
    element: PhantomData<S>,
}

impl<S: Pod> Buffer<S> {
    /// That many zeros.
    ///
    /// # Panics
    ///
    /// If they are more than memory can hold.
    pub fn zeros(length: usize) -> Self {
        const { assert!(align_of::<S>() <= align_of::<Line>() && size_of::<Line>().is_multiple_of(size_of::<S>())) };
        Buffer { lines: bytemuck::zeroed_vec(Self::bytes(length) / size_of::<Line>()), length, element: PhantomData }
    }

    /// What that many elements take, in bytes.
    ///
    /// # Panics
    ///
    /// If they are more than memory can hold.
    pub fn bytes(length: usize) -> usize {
        memory::buffer_bytes(length, size_of::<S>()).expect("a buffer larger than memory")
    }
}

impl<S: Pod> Deref for Buffer<S> {
    type Target = [S];
    #[inline]
    fn deref(&self) -> &[S] {
        &bytemuck::cast_slice(&self.lines)[..self.length]
    }
}

impl<S: Pod> DerefMut for Buffer<S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [S] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.length]
    }
}

impl<S: Pod + std::fmt::Debug> std::fmt::Debug for Buffer<S> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl<S: Pod> Default for Buffer<S> {
    fn default() -> Self {
        Buffer::zeros(0)
    }
}

/// The elements of memory of a known length.
///
/// # Panics
///
/// If they are not as many.
#[inline(always)]
pub fn array<S, const N: usize>(elements: &[S]) -> &[S; N] {
    elements.try_into().expect("as many elements as the array has")
}

/// The elements of memory of a known length, to be written.
///
/// # Panics
///
/// If they are not as many.
#[inline(always)]
pub fn array_mut<S, const N: usize>(elements: &mut [S]) -> &mut [S; N] {
    elements.try_into().expect("as many elements as the array has")
}
