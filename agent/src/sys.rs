//! System calls that no safe wrapper offers: the one place in the project that may contain `unsafe`.
//!
//! Every function here is safe to call, small enough to review at a glance, and says in a `SAFETY` comment why
//! its call is sound. It decides nothing.

#![expect(unsafe_code, reason = "the wrapped calls are foreign; each states why it is sound")]

use nix::libc;

/// Whether the kernel's clock is disciplined by a time service (NTP, GPS…) at this moment.
///
/// Where the question is refused, as in some containers, the answer is no: a reading that is wrongly called
/// unsynchronised is dated later from an anchor, one that is wrongly called synchronised never is.
#[must_use]
pub fn clock_is_synchronised() -> bool {
    /// Room beyond the C library's structure: on 32-bit systems libraries disagree about its size.
    #[repr(C)]
    struct Roomy(libc::timex, [u64; 32]);

    // SAFETY: both fields consist of integers, for which all zeros is a valid value.
    let mut request: Roomy = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is valid and exclusive for the whole call, with more room than the kernel writes;
    // `modes` is 0, so the call only reads and needs no privilege.
    let state = unsafe { libc::adjtimex(std::ptr::from_mut(&mut request).cast()) };
    (libc::TIME_OK..libc::TIME_ERROR).contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_gives_the_same_answer_twice() {
        assert_eq!(clock_is_synchronised(), clock_is_synchronised());
    }
}
