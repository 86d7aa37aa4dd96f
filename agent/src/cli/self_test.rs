//! `--self-test`: does this build work on this machine? For updates and for cross builds under emulation.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::wire::reading::Punch;
use vigie_shared::wire::{Reading, Record};

use crate::collectors::host;
use crate::config::AgentConfig;

/// Uses every part that depends on the processor or the system: the queue's disk, keys, TLS, the machine's
/// figures.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let folder = std::env::temp_dir().join(format!("vigie-self-test-{}", std::process::id()));
    let result = super::runtime()?.block_on(check(&folder));
    // What is left of a failed test is small, and the next reboot clears it.
    drop(std::fs::remove_dir_all(&folder));
    result?;
    super::print_line("self-test ok")
}

async fn check(folder: &Path) -> anyhow::Result<()> {
    let stamp = SystemClock::new(crate::sys::clock_is_synchronised).stamp();
    let record = Record { stamp, reading: Reading::Punch(Punch::default()) };
    crate::queue::self_test(&folder.join("queue"), &record.encode()).context("use a queue on this disk")?;
    let key = rcgen::KeyPair::generate().context("make a key")?;
    rcgen::CertificateParams::default().serialize_request(&key).context("sign with it")?;
    crate::identity::trust::client_builder().context("prepare TLS")?;
    let context = crate::standalone(&AgentConfig::in_folder(folder.to_path_buf()));
    let pulse = host::new(&host::Config::default(), &context).once().await.context("read the machine's figures")?;
    let has_memory = |reading: &Reading| matches!(reading, Reading::Host(host) if host.memory_total_bytes > 0);
    anyhow::ensure!(pulse.iter().any(has_memory), "the machine says that it has no memory");
    Ok(())
}
