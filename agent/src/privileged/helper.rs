//! The root side of the door: one question, one act, one answer, one after the other; one line in the log per act.
//!
//! The service manager holds the socket and starts this program with it as standard input. After a while without
//! questions it ends, so that nothing of it stays in memory. It asks the kernel who is asking, and it does not work
//! when somebody but root could have changed its own file.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{User, geteuid};

use super::acts::{Acts, GUARD};
use super::rooted::ensure_rooted;
use super::{Refusal, Verb};

/// The agent's user, as the package makes it.
const USER: &str = "vigie";

/// Longest question, bytes.
const ASK_BYTES_MAX: u64 = 16 * 1024;

/// How long a question may take to arrive, and its answer to be taken.
const EXCHANGE_MAX: Duration = Duration::from_secs(10);

/// How long the program waits for the next question before it ends, milliseconds.
const IDLE_MS_MAX: u16 = 10_000;

/// Answers at the socket that is standard input, until nobody asks for a while.
///
/// # Errors
///
/// Words for people: not root, a file that others can change, no socket.
pub fn serve() -> anyhow::Result<()> {
    ensure!(geteuid().is_root(), "this runs as root, started by vigie-privileged.socket");
    let program = std::env::current_exe().context("find this program's file")?;
    for path in [program.as_path(), Path::new(GUARD)] {
        ensure_rooted(path).context("this part works as root and trusts no such file")?;
    }
    let user = User::from_name(USER).context("look up the agent's user")?;
    let user = user.with_context(|| format!("there is no user {USER}; install the package again"))?;
    let input = std::io::stdin().as_fd().try_clone_to_owned().context("take the socket")?;
    answer_until_idle(&UnixListener::from(input), &Acts::of_this_machine()?, user.uid.as_raw(), IDLE_MS_MAX)
}

fn answer_until_idle(listener: &UnixListener, acts: &Acts, user: u32, idle_ms: u16) -> anyhow::Result<()> {
    loop {
        let mut watched = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        if poll(&mut watched, idle_ms).context("wait for a question")? == 0 {
            return Ok(());
        }
        let (stream, _) = listener.accept().context("take a question; is standard input a socket?")?;
        if let Err(error) = exchange(&stream, acts, user) {
            tracing::warn!("a question that could not be answered: {error:#}");
        }
    }
}

fn exchange(mut stream: &UnixStream, acts: &Acts, user: u32) -> anyhow::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(EXCHANGE_MAX))?;
    stream.set_write_timeout(Some(EXCHANGE_MAX))?;
    let peer = getsockopt(&stream, PeerCredentials).context("ask the kernel who is there")?;
    ensure!(peer.uid() == 0 || peer.uid() == user, "user {} may not ask", peer.uid());

    let mut line = String::new();
    match BufReader::new(stream.take(ASK_BYTES_MAX)).read_line(&mut line) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            anyhow::bail!("process {} asked nothing for {} s", peer.pid(), EXCHANGE_MAX.as_secs());
        }
        read => read.context("hear the question")?,
    };
    let answer = match serde_json::from_str::<Verb>(&line) {
        Ok(verb) => {
            let answer = acts.carry_out(&verb);
            log(&verb, &answer, peer.pid());
            answer
        }
        Err(error) => Err(Refusal::Failed(format!("the root part does not understand: {error}"))),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    stream.write_all(text.as_bytes()).context("answer")
}

fn log(verb: &Verb, answer: &Result<(), Refusal>, pid: i32) {
    let verb = match verb {
        Verb::Reboot => "reboot".to_owned(),
        Verb::StopUnit { unit } => format!("stop {unit:?}"),
        Verb::StartUnit { unit } => format!("start {unit:?}"),
        Verb::RestartUnit { unit } => format!("restart {unit:?}"),
        Verb::InstallAgent(package) => format!("install agent {:?}", package.version),
        Verb::KeepAgent { id } => format!("keep agent, trial {id:?}"),
        Verb::UndoAgent { reason } => format!("undo agent: {reason:?}"),
    };
    match answer {
        Ok(()) => tracing::info!(pid, "{verb}: done"),
        Err(refusal) => tracing::warn!(pid, "{verb}: {refusal}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::{Arc, Mutex};

    use semver::Version;

    use super::super::door::RootHelper;
    use super::super::software::Software;
    use super::super::{Package, Privileges as _};
    use super::*;

    type Notes = Arc<Mutex<Vec<String>>>;

    /// A helper that answers to this test's user for a moment, and notes what it would run.
    fn helper(user: u32) -> (RootHelper, Notes, std::thread::JoinHandle<()>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("privileged.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let notes = Notes::default();
        let noted = Arc::clone(&notes);
        let software = Software {
            folder: folder.path().to_owned(),
            guard: PathBuf::from("/guard"),
            installed: Version::new(0, 1, 0),
        };
        let run = Box::new(move |program: &str, words: &[&str]| {
            noted.lock().unwrap().push(format!("{program} {}", words.join(" ")));
            Ok(String::new())
        });
        let acts = Acts { owner: folder.path().join("none"), software, run };
        let serving = std::thread::spawn(move || {
            answer_until_idle(&listener, &acts, user, 500).unwrap();
        });
        (RootHelper::new(socket), notes, serving, folder)
    }

    fn own_user() -> u32 {
        geteuid().as_raw()
    }

    #[tokio::test]
    async fn what_is_asked_is_done_and_answered_until_nobody_asks() {
        let (door, notes, serving, _folder) = helper(own_user());
        door.act(Verb::Reboot).await.unwrap();
        let refusal = door.act(Verb::RestartUnit { unit: "ssh".to_owned() }).await.unwrap_err();
        assert_eq!(refusal, Refusal::NotListed("the service `ssh`".to_owned()));
        serving.join().unwrap();
        assert_eq!(*notes.lock().unwrap(), ["/usr/bin/systemctl --no-block reboot"]);
        assert!(matches!(door.act(Verb::Reboot).await, Err(Refusal::Unavailable(_))));
    }

    #[tokio::test]
    async fn every_verb_crosses_the_door_whole() {
        let (door, _notes, serving, _folder) = helper(own_user());
        let package = Package {
            id: "a-1".to_owned(),
            file: PathBuf::from("/none"),
            version: "0.2.0".to_owned(),
            signature: String::new(),
        };
        assert!(matches!(door.act(Verb::InstallAgent(package)).await, Err(Refusal::Unfit(_))));
        assert!(matches!(door.act(Verb::KeepAgent { id: "a-1".to_owned() }).await, Err(Refusal::Failed(_))));
        serving.join().unwrap();
    }

    #[test]
    fn garbage_and_strangers_harm_nobody() {
        let (_door, notes, serving, folder) = helper(own_user());
        let socket = folder.path().join("privileged.sock");
        for question in [&b"{\"verb\":\"shell\"}\n"[..], b"\xff\n", b"\n", &[b'x'; 20_000]] {
            let mut stream = UnixStream::connect(&socket).unwrap();
            // A question that is too long is answered before it is over.
            drop(stream.write_all(question));
            let mut answer = String::new();
            drop(stream.read_to_string(&mut answer));
        }
        serving.join().unwrap();
        assert!(notes.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn only_root_and_the_agents_user_may_ask() {
        if geteuid().is_root() {
            // Root may always; who else asks, only the field test can show.
            return;
        }
        let (door, notes, serving, _folder) = helper(own_user() + 1);
        assert!(matches!(door.act(Verb::Reboot).await, Err(Refusal::Unavailable(_) | Refusal::Unanswered(_))));
        serving.join().unwrap();
        assert!(notes.lock().unwrap().is_empty());
    }
}
