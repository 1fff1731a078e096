//! Pieces of products that threads share, each thread in the instructions of the machine. It must not know what the pieces are.

use super::machine::Machine;
use crate::kernels::threads::{self, Share};

/// A piece of a product in parts, each of which writes elements that no other part touches.
pub(super) trait Shared {
    /// Computes the parts of a share.
    ///
    /// # Safety
    ///
    /// The operands must be valid, and the machine must be the one that the piece is for.
    unsafe fn compute(&self, share: &mut Share<'_>);
}

/// What threads share; they leave it before the call that it is about comes back.
struct Lent<'a, W>(&'a W);

// SAFETY: the pointers in it are those of operands that only the call uses, and parts write different elements.
unsafe impl<W> Sync for Lent<'_, W> {}

impl<W: Shared> Lent<'_, W> {
    #[inline(always)]
    unsafe fn compute<M: Machine>(&self, share: &mut Share<'_>) {
        // SAFETY: as the caller says.
        unsafe { M::compute(self.0, share) }
    }
}

/// Computes a piece in so many parts, which takes one thread about so many nanoseconds.
///
/// # Safety
///
/// As for [`Shared::compute`].
#[inline(always)]
pub(super) unsafe fn share<M: Machine, W: Shared>(nanoseconds: usize, parts: usize, piece: &W) {
    let lent = Lent(piece);
    // SAFETY: as the caller says.
    threads::run(nanoseconds, parts, &|share| unsafe { lent.compute::<M>(share) });
}
