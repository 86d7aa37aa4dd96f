//! Laws of rollouts.
