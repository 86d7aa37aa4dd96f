//! Ports of programs that are killed and started again, and so need fixed ones: no two tests have the same.

use std::fs::File;
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context as _;

/// Below those that the system gives to outgoing connections, which would take one while its program is down.
const PORTS: Range<u16> = 10_000..32_000;

/// Ports of this process: each has a file that stays locked until the process ends, however it does.
static TAKEN: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// A port on loopback that nobody has, for as long as this process lives.
///
/// # Errors
///
/// If there is none, or the folder of their locks cannot be written.
pub fn free_port() -> anyhow::Result<u16> {
    let folder = folder()?;
    // Tests that start together look in different places.
    let first = usize::try_from(std::process::id())? * 97 % PORTS.len();
    let found = PORTS.skip(first).chain(PORTS.take(first)).find_map(|port| {
        let lock = File::create(folder.join(port.to_string())).ok()?;
        lock.try_lock().ok()?;
        TcpListener::bind(("127.0.0.1", port)).ok()?;
        Some((port, lock))
    });
    let (port, lock) = found.context("find a port that is free")?;
    TAKEN.lock().map_err(|_poisoned| anyhow::anyhow!("another test of this process failed"))?.push(lock);
    Ok(port)
}

/// Where the locks of this user lie.
fn folder() -> anyhow::Result<PathBuf> {
    let user = std::fs::metadata("/proc/self").context("ask who runs the tests")?.uid();
    let folder = std::env::temp_dir().join(format!("vigie-test-ports-{user}"));
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_given_a_port_twice() {
        let ports: Vec<u16> = (0..50).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.iter().collect::<BTreeSet<_>>().len(), 50);
        assert!(ports.iter().all(|port| PORTS.contains(port)));
        let lock = File::create(folder().unwrap().join(ports[0].to_string())).unwrap();
        assert!(lock.try_lock().is_err(), "another process sees that it is taken");
    }
}
