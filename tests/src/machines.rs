//! Machines to be read: real OpenSSH servers, whose shells answer as a Mac's would, or do worse.
//!
//! A server is a process of its own with a host key of its own, on an address of this machine or of a LAN in a bottle.
//! What it writes into its log is what a test judges: who connected, what was offered.

use std::fs::{File, Permissions};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::not_run;

const SSHD: &str = "/usr/sbin/sshd";

/// What a Mac's programs answer, as stand-ins for them.
const MAC: &[(&str, &str)] = &[
    ("df", include_str!("machines/mac/df")),
    ("id", include_str!("machines/mac/id")),
    ("ioreg", include_str!("machines/mac/ioreg")),
    ("osascript", include_str!("machines/mac/osascript")),
    ("pmset", include_str!("machines/mac/pmset")),
    ("scutil", include_str!("machines/mac/scutil")),
    ("stat", include_str!("machines/mac/stat")),
    ("sw_vers", include_str!("machines/mac/sw_vers")),
    ("sysctl", include_str!("machines/mac/sysctl")),
    ("system_profiler", include_str!("machines/mac/system_profiler")),
    ("uname", include_str!("machines/mac/uname")),
    ("vm_stat", include_str!("machines/mac/vm_stat")),
];

/// The servers' folder, with the stand-ins. Removed on drop.
pub struct Macs {
    folder: tempfile::TempDir,
    user: String,
}

/// What answers behind a login.
#[derive(Debug, Clone, Copy)]
pub enum Shell<'a> {
    /// A Mac; the words before it set what the stand-ins say, `CONSOLE='root 0'`.
    Mac(&'a str),
    /// A line of shell, whatever was asked.
    Line(&'a str),
}

/// One running server. Dropping it ends it.
pub struct Server {
    child: Child,
    log: PathBuf,
    /// Where it listens.
    pub at: SocketAddr,
}

impl Macs {
    /// Prepares the folder; none, and noted as not run, where there is no OpenSSH server.
    ///
    /// # Errors
    ///
    /// If the folder cannot be written.
    pub fn new() -> anyhow::Result<Option<Self>> {
        if !Path::new(SSHD).exists() {
            not_run("needs an OpenSSH server (Debian package openssh-server)");
            return Ok(None);
        }
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid())?.context("find the own account")?;
        if user.uid.is_root() {
            std::fs::create_dir_all("/run/sshd")?;
        }
        let macs = Self { folder: tempfile::tempdir()?, user: user.name };
        std::fs::create_dir(macs.path("bin"))?;
        for (name, text) in MAC {
            macs.program(&format!("bin/{name}"), text)?;
        }
        std::fs::write(macs.path("authorized_keys"), "")?;
        Ok(Some(macs))
    }

    /// The account that every server knows.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A file in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lets a public key in, on every server.
    ///
    /// # Errors
    ///
    /// Those of the disk.
    pub fn let_in(&self, public_key: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.path("authorized_keys"), format!("restrict {public_key} box\n"))?)
    }

    /// Starts a server; `start` makes its command, perhaps in another place than here. One of the same name begins with the
    /// host key that it had.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn serve(
        &self,
        name: &str,
        at: SocketAddr,
        shell: Shell<'_>,
        start: impl FnOnce(&Path) -> Command,
    ) -> anyhow::Result<Server> {
        let (key, log) = (self.path(&format!("{name}.key")), self.path(&format!("{name}.log")));
        if !key.exists() {
            let mut keygen = Command::new("ssh-keygen");
            let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).output().context("make a key")?;
            ensure!(made.status.success(), "ssh-keygen: {}", String::from_utf8_lossy(&made.stderr));
        }
        let behind = self.behind(name, shell)?;
        let config = self.path(&format!("{name}.conf"));
        std::fs::write(&config, self.config(at, &key, &behind))?;
        let mut command = start(Path::new(SSHD));
        command.args(["-D", "-e", "-f"]).arg(&config);
        let out = File::create(&log)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(out).spawn().context("start sshd")?;
        let mut server = Server { child, log, at };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    fn config(&self, at: SocketAddr, key: &Path, behind: &Path) -> String {
        format!(
            "Port {}\nListenAddress {}\nHostKey {}\nAuthorizedKeysFile {}\nForceCommand {}\nPidFile none\nStrictModes no\n\
             UsePAM no\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nLogLevel DEBUG2\n\
             MaxStartups 1000\n",
            at.port(),
            at.ip(),
            key.display(),
            self.path("authorized_keys").display(),
            behind.display()
        )
    }

    /// The program behind the login: a Mac is this machine's shell that finds the stand-ins first.
    fn behind(&self, name: &str, shell: Shell<'_>) -> anyhow::Result<PathBuf> {
        let (bin, shown) = (self.path("bin"), self.path(&format!("{name}.shown")));
        let line = match shell {
            Shell::Line(line) => line.to_owned(),
            Shell::Mac(settings) => format!(
                "export SERIAL={name} SHOWN={} {settings}\necho 'Bienvenue sur {name}'\n\
                 exec sed 's#^PATH=.*#PATH={}:/usr/bin:/bin#' | /bin/sh -s",
                shown.display(),
                bin.display()
            ),
        };
        self.program(&format!("{name}.shell"), &format!("#!/bin/sh\n{line}\n"))
    }

    fn program(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        std::fs::write(&path, text)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        Ok(path)
    }
}

impl Server {
    /// Everything that it wrote.
    ///
    /// # Panics
    ///
    /// If the log is gone.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).expect("the log was there at the start")).into_owned()
    }

    /// How many connections came.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.log().matches("Connection from ").count()
    }

    /// How often that way to log in was tried: `publickey`, `password`.
    #[must_use]
    pub fn tried(&self, method: &str) -> usize {
        self.log().matches(&format!("service ssh-connection method {method}")).count()
    }

    /// Where it listens, as an address.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.at.ip()
    }

    fn wait_until_it_listens(&mut self) -> anyhow::Result<()> {
        loop {
            if self.log().contains("Server listening on") {
                return Ok(());
            }
            ensure!(self.child.try_wait()?.is_none(), "sshd ended: {}", self.log());
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
