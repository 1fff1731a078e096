//! Sums under a condition on their axes, as sums that need no condition.
