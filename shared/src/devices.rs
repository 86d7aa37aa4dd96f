//! What a site's box and its hub tell each other of devices, as JSON: which ones are registered, and which one says that
//! it is a person's.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::enrol::Hex;
use crate::mac::Mac;
use crate::pseudonym::Pseudonym;

/// `GET` with the client certificate: [`DeviceRegister`] out, its hash as `ETag`; nothing changed is 304.
pub const DEVICES_PATH: &str = "/boxes/v1/devices";

/// `POST` with the client certificate: [`DeviceClaim`] in, nothing out.
pub const CLAIMS_PATH: &str = "/boxes/v1/claims";

/// Devices that a register knows, and as many that it excludes: more than the largest site has.
pub const DEVICES_MAX: usize = 10_000;

/// Largest register, bytes: each device is 32 digits in quotes and a comma.
pub const REGISTER_BYTES_MAX: usize = 2 * DEVICES_MAX * 35 + 64;

/// The devices of a site that its box must know, by their pseudonyms under the site's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceRegister {
    /// Those that keep their name.
    pub known: BTreeSet<Pseudonym>,
    /// Those of which nothing may be stored.
    pub excluded: BTreeSet<Pseudonym>,
}

/// A device says by its box that it is a person's.
#[derive(Clone, Serialize, Deserialize)]
pub struct DeviceClaim {
    /// The secret of the pairing link that the device opened.
    pub secret: Hex<16>,
    /// The device's address, as the box sees it behind the connection.
    pub mac: Mac,
    /// When it was opened, milliseconds since 1970 UTC.
    pub seen_ms: i64,
}
