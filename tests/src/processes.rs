//! The real programs as child processes: started in a folder of their own, killed as power cuts and people do.

mod agent;
mod hub;
mod ports;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;

pub use agent::BoxProcess;
pub use hub::HubProcess;
pub use ports::free_port;

/// How long a program may take to do what a test waits for, on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks at a condition.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A program that a test started. Dropping it kills it.
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts one of our programs; what it prints goes to `log`.
    ///
    /// # Errors
    ///
    /// If the program is not built, or does not start.
    pub fn start(name: &str, args: &[&str], log: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(binary(name)?);
        command.args(args);
        Self::spawn(command, log)
    }

    /// Starts one of our programs inside a control group, from its first instruction on.
    ///
    /// # Errors
    ///
    /// As [`Program::start`].
    pub fn start_within(door: &Path, name: &str, args: &[&str], log: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]).arg(door).arg(binary(name)?).args(args);
        Self::spawn(command, log)
    }

    fn spawn(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let out = File::options().create(true).append(true).open(log).context("open the log")?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("start {}", command.get_program().display()))?;
        Ok(Self { child, log: log.to_path_buf() })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a chance to tidy up, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Asks it to stop, as the service manager does, and returns whether it ended well.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub async fn stop(&mut self) -> anyhow::Result<bool> {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id())?);
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).context("ask the program to stop")?;
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.success());
            }
            anyhow::ensure!(Instant::now() < until, "the program does not stop; it said:\n{}", self.said());
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The exit code, if it has ended.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten().map(|status| status.code().unwrap_or(-1))
    }

    /// The end of what it printed, for the message of a failing test.
    #[must_use]
    pub fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let from = text.len().saturating_sub(4_000);
        text.get(from..).unwrap_or(&text).to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where a program of this workspace was built: beside the running test.
///
/// # Errors
///
/// If it was not built; the message says how.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe().context("find the running test")?;
    let path = test.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    path.with_context(|| format!("{name} is not built; build it first: cargo build --workspace --all-targets"))
}

/// Waits until a condition holds.
///
/// # Errors
///
/// If it does not hold in time; `what` names it.
pub async fn wait_for<F>(what: &str, mut condition: F) -> anyhow::Result<()>
where
    F: AsyncFnMut() -> bool,
{
    let until = Instant::now() + PATIENCE;
    while !condition().await {
        anyhow::ensure!(Instant::now() < until, "{what} did not happen in {} s", PATIENCE.as_secs());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}
