//! Mail from the hub to real mailboxes: a server that takes, greylists, refuses, breaks off, wants TLS and logins; a hub that
//! is killed while it sends; programs that are told by webhooks, and a watcher outside.

mod arrival;
mod faults;
mod hooks;
mod kills;
mod post;
