//! Packages of the owner's software, as a maker builds them: small, and well or sick as a test wishes.

use flate2::Compression;
use flate2::write::GzEncoder;

/// A player of that version; whether it works stands in its file `app/state`.
///
/// # Panics
///
/// Never: it is written to memory.
#[must_use]
pub fn player(version: &str, health: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let state = format!("{health} {version}");
    for (name, content) in [("app/state", state.as_str()), ("app/configuration.json", "theirs"), ("new.txt", version)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, content.as_bytes()).expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it").finish().expect("memory takes it")
}
