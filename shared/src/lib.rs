//! What agent and hub must agree on, and the few habits of a daemon that both share.
//!
//! Reading order: [`wire`] is the whole protocol; [`lifecycle`] starts, watches and stops tasks; [`config`]
//! reads settings and names every mistake in them; [`token`] and [`enrol`] make a box a site's box; [`release`]
//! says which software is its makers'; [`devices`] and [`pairing`] say whose devices a site's box must know; [`export`] is what a stick carries, closed by [`seal`]; [`version`], [`clock`],
//! [`backoff`], [`mac`], [`pseudonym`] and [`telemetry`] are small
//! and stand alone. Nothing here opens a socket.

pub mod about;
pub mod address;
pub mod backoff;
pub mod blob;
pub mod clock;
pub mod config;
pub mod devices;
pub mod enrol;
pub mod export;
pub mod file;
pub mod id;
pub mod lifecycle;
pub mod mac;
pub mod package;
pub mod pairing;
pub mod pseudonym;
pub mod release;
pub mod seal;
pub mod telemetry;
pub mod token;
pub mod units;
pub mod version;
pub mod wire;
