//! The book: which commands this box has begun, on disk before they have any effect.
//!
//! One small file per command, named by its id and replaced as a whole. After a restart the book says what was
//! begun and not ended, what ended and was not told to the hub yet, and what must never be begun again. A file
//! that cannot be read still says the last: its name is enough.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vigie_shared::file;
use vigie_shared::id::{BootId, CommandId, from_hex, to_hex};
use vigie_shared::wire::command::CommandError;
use vigie_shared::wire::{Command, CommandHeader, CommandOutcome};

/// Most files that are read at the start; the desk never has more begun.
const FILES_MAX: usize = 2 * super::desk::REMEMBERED_MAX;

const SUFFIX: &str = ".json";

/// One command in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Whose, which, until when.
    pub header: CommandHeader,
    /// The sealed command, hexadecimal; empty once it has ended.
    body: String,
    /// The start of the machine in which it was begun.
    pub boot: BootId,
    /// What the command noted last.
    pub note: Option<Value>,
    /// How it ended; none while it is open.
    pub outcome: Option<CommandOutcome>,
    /// Whether the outcome is in the ledger.
    pub is_told: bool,
}

impl Page {
    /// A command that is about to begin.
    #[must_use]
    pub fn begin(command: &Command, boot: BootId) -> Self {
        Self {
            header: command.header.clone(),
            body: to_hex(&command.seal()),
            boot,
            note: None,
            outcome: None,
            is_told: false,
        }
    }

    /// The command itself.
    ///
    /// # Errors
    ///
    /// If another version of the agent began it, or the file was changed.
    pub fn command(&self) -> Result<Command, CommandError> {
        Command::open(&from_hex(&self.body).unwrap_or_default())
    }

    /// Notes how it ended.
    pub fn end(&mut self, outcome: CommandOutcome) {
        self.outcome = Some(outcome);
        self.body.clear();
        self.note = None;
    }
}

/// The folder of the book. Every call waits for the disk: for blocking threads.
#[derive(Debug, Clone)]
pub struct Book {
    folder: PathBuf,
}

/// What the book says at the start.
#[derive(Debug, Default)]
pub struct Contents {
    /// Every page that can be read.
    pub pages: Vec<Page>,
    /// Commands whose page cannot be read.
    pub damaged: Vec<CommandId>,
}

impl Book {
    /// Opens the book in a folder, or begins it.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// Reads everything.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub fn read(&self) -> io::Result<Contents> {
        let mut contents = Contents::default();
        for entry in std::fs::read_dir(&self.folder)?.take(FILES_MAX) {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(SUFFIX));
            let Some(id) = name.and_then(|name| name.parse::<CommandId>().ok()) else { continue };
            match read_page(&path) {
                Some(page) if page.header.id == id => contents.pages.push(page),
                Some(_) | None => contents.damaged.push(id),
            }
        }
        Ok(contents)
    }

    /// The page of one command; none if there is none that can be read.
    #[must_use]
    pub fn page(&self, id: CommandId) -> Option<Page> {
        read_page(&self.path(id))
    }

    /// Writes a page in place of an earlier one; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the file system; an earlier page stands then.
    pub fn write(&self, page: &Page) -> io::Result<()> {
        let text = serde_json::to_vec(page).map_err(io::Error::other)?;
        file::replace_private(&self.path(page.header.id), &text)
    }

    /// Forgets a command.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn forget(&self, id: CommandId) -> io::Result<()> {
        match std::fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn path(&self, id: CommandId) -> PathBuf {
        self.folder.join(format!("{id}{SUFFIX}"))
    }
}

fn read_page(path: &Path) -> Option<Page> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use vigie_shared::wire::command::Reboot;
    use vigie_shared::wire::{CommandKind, OutcomeState};

    use super::*;

    fn command(id: u8) -> Command {
        let id = CommandId([id; 16]);
        let header = CommandHeader { site: "a".parse().unwrap(), id, issued_ms: 1, expires_ms: 2 };
        Command { header, is_dry_run: false, kind: CommandKind::Reboot(Reboot {}) }
    }

    #[test]
    fn what_was_written_is_read_again_and_what_was_forgotten_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(folder.path().join("commands")).unwrap();
        let mut page = Page::begin(&command(1), BootId([9; 16]));
        book.write(&page).unwrap();
        assert_eq!(book.page(command(1).header.id).unwrap().command(), Ok(command(1)));

        let outcome =
            CommandOutcome { id: page.header.id, state: OutcomeState::Succeeded, detail: "done".into(), answer: None };
        page.end(outcome.clone());
        book.write(&page).unwrap();
        let contents = book.read().unwrap();
        assert_eq!(contents.pages[0].outcome, Some(outcome));

        book.forget(page.header.id).unwrap();
        book.forget(page.header.id).unwrap();
        assert!(book.read().unwrap().pages.is_empty());
    }

    #[test]
    fn a_damaged_page_still_names_its_command() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(folder.path().to_owned()).unwrap();
        book.write(&Page::begin(&command(1), BootId([9; 16]))).unwrap();
        std::fs::write(folder.path().join(format!("{}.json", command(2).header.id)), b"{half").unwrap();
        std::fs::write(folder.path().join("else.json"), b"{}").unwrap();
        let contents = book.read().unwrap();
        assert_eq!((contents.pages.len(), contents.damaged), (1, vec![command(2).header.id]));
    }
}
