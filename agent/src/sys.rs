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
