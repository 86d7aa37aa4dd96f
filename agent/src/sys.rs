//! System calls that no safe wrapper offers: the one place in the project that may contain `unsafe`.
//!
//! Every function here is safe to call, small enough to review at a glance, and says in a `SAFETY` comment why
//! its call is sound. It decides nothing.

#![expect(unsafe_code, reason = "the wrapped calls are foreign; each states why it is sound")]

use std::io;
use std::os::fd::AsRawFd;

use nix::libc;
use tokio::io::unix::AsyncFd;

/// The address of "all frames of this interface", for binding a packet socket.
#[must_use]
pub fn packet_address(interface: u32) -> socket2::SockAddr {
    let mut storage = socket2::SockAddrStorage::zeroed();
    // SAFETY: `sockaddr_ll` is one of the platform's socket addresses, and all zeros is a valid one.
    let address = unsafe { storage.view_as::<libc::sockaddr_ll>() };
    address.sll_family = libc::sa_family_t::try_from(libc::AF_PACKET).unwrap_or_default();
    address.sll_protocol = u16::try_from(libc::ETH_P_ALL).unwrap_or_default().to_be();
    address.sll_ifindex = i32::try_from(interface).unwrap_or_default();
    let length = u32::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or_default();
    // SAFETY: family and length are those of the `sockaddr_ll` just written.
    unsafe { socket2::SockAddr::new(storage, length) }
}

/// A socket that owns one descriptor, the same one from its making to its drop.
///
/// # Safety
///
/// `as_raw_fd` must return that descriptor at every call, and nothing but the drop may close it.
pub unsafe trait OwnsDescriptor: AsRawFd {}

// SAFETY: the type holds a private descriptor that only its drop closes.
unsafe impl OwnsDescriptor for socket2::Socket {}
// SAFETY: the type holds a private descriptor that only its drop closes.
unsafe impl OwnsDescriptor for netlink_sys::Socket {}

/// Lets the runtime wait for a non-blocking socket.
///
/// # Errors
///
/// If the runtime cannot take more descriptors.
pub fn watch<T: OwnsDescriptor>(socket: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: the trait promises one valid descriptor for the socket's life, which the `AsyncFd` takes over.
    unsafe { AsyncFd::register(socket) }.map_err(Into::into)
}

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
