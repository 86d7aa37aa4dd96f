//! A folder that others put requests into, as the backend of coworking Metz does: a file `<id>` asks, `<id>.stream` grows
//! while the request runs, `<id>.response` is the whole answer. One program works on a folder.
//!
//! A `.stream` without its answer is the rest of a run that was cut off: the request runs again from its beginning, as
//! computing days twice changes nothing. So nothing is stuck.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::presence::requests::REQUEST_BYTES_MAX;

/// Requests that are kept with their answers; the oldest go first.
pub(super) const KEPT_MAX: usize = 50;

/// A file that is not a whole request yet may still be written for so long.
pub(super) const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// Most of an answer that is read back, bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// Most of an answer that is read at once by whoever follows it, bytes.
const PIECE_BYTES_MAX: u64 = 64 * 1024;

const RUNS: &str = "stream";
const ENDED: &str = "response";

/// A folder of requests.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has begun.
    Waits,
    /// It runs, or was cut off and will run again.
    Runs,
    /// The answer is whole.
    Ended,
}

/// What an answer says behind a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How far the request was before this was read: after the end nothing comes behind an empty text.
    pub progress: Progress,
    /// Whole lines, some of those that there are.
    pub text: String,
    /// The answer is shorter than it was: its run was cut off and began again, and the text is from the beginning.
    pub is_anew: bool,
}

/// A request in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub id: String,
    /// When it was written, milliseconds since 1970 UTC.
    pub made_ms: i64,
    /// How far it is.
    pub progress: Progress,
}

impl Folder {
    /// The folder at a path, made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self { path: path.to_owned() })
    }

    /// Every request, oldest first.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(super) fn all(&self) -> io::Result<Vec<Asked>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().filter(|name| is_id(name)).map(str::to_owned) else { continue };
            // Whoever reads or answers meanwhile may have taken the file away.
            let Ok(about) = entry.metadata() else { continue };
            // A link could name any file of the machine, and its content would be answered.
            if about.is_file() {
                let progress = self.progress(&id);
                all.push(Asked { id, made_ms: modified_ms(&about), progress });
            }
        }
        all.sort_by(|one, other| (one.made_ms, &one.id).cmp(&(other.made_ms, &other.id)));
        Ok(all)
    }

    /// The oldest request that has no whole answer.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(super) fn next(&self) -> io::Result<Option<Asked>> {
        Ok(self.all()?.into_iter().find(|asked| asked.progress != Progress::Ended))
    }

    /// What a request says; none if there is none of that name.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub(super) fn read(&self, id: &str) -> io::Result<Option<String>> {
        if !is_id(id) {
            return Ok(None);
        }
        found(File::open(self.path.join(id)).and_then(|file| text(file, REQUEST_BYTES_MAX as u64 + 1)))
    }

    /// What was answered so far; none if nothing was.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub(super) fn answer(&self, id: &str) -> io::Result<Option<String>> {
        if !is_id(id) {
            return Ok(None);
        }
        for end in [ENDED, RUNS] {
            let answer = File::open(self.beside(id, end)).and_then(|file| text(file, ANSWER_BYTES_MAX));
            if let Some(answer) = found(answer)? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// What was answered behind the first `from_bytes`; none if nobody asked under that name.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub(super) fn said(&self, id: &str, from_bytes: u64) -> io::Result<Option<Said>> {
        if !is_id(id) || !self.path.join(id).exists() {
            return Ok(None);
        }
        let progress = self.progress(id);
        for end in [ENDED, RUNS] {
            let Some(mut file) = found(File::open(self.beside(id, end)))? else { continue };
            let is_anew = file.metadata()?.len() < from_bytes;
            file.seek(SeekFrom::Start(if is_anew { 0 } else { from_bytes }))?;
            let mut text = text(file, PIECE_BYTES_MAX)?;
            text.truncate(text.rfind('\n').map_or(0, |at| at + 1));
            return Ok(Some(Said { progress, text, is_anew }));
        }
        Ok(Some(Said { progress, text: String::new(), is_anew: false }))
    }

    /// Puts a request into the folder, whole or not at all.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn put(&self, id: &str, content: &str) -> io::Result<()> {
        // A name with a dot is no request: nobody takes the half of it.
        let passing = self.beside(id, "new");
        fs::write(&passing, content)?;
        fs::rename(passing, self.path.join(id))
    }

    /// Begins an answer; what a run that was cut off had said goes.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn begin(&self, id: &str) -> io::Result<()> {
        File::create(self.beside(id, RUNS)).map(drop)
    }

    /// Adds a line to the answer.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn say(&self, id: &str, line: &str) -> io::Result<()> {
        let mut stream = OpenOptions::new().append(true).create(true).open(self.beside(id, RUNS))?;
        writeln!(stream, "{line}")
    }

    /// Ends the answer.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(super) fn end(&self, id: &str) -> io::Result<()> {
        fs::rename(self.beside(id, RUNS), self.beside(id, ENDED))
    }

    /// Removes all but the newest [`KEPT_MAX`] of the requests that were answered.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(super) fn prune(&self) -> io::Result<()> {
        let all = self.all()?;
        let surplus = all.len().saturating_sub(KEPT_MAX);
        let answered = all.into_iter().filter(|asked| asked.progress == Progress::Ended);
        for Asked { id, .. } in answered.take(surplus) {
            for path in [self.beside(&id, ENDED), self.path.join(&id)] {
                found(fs::remove_file(path))?;
            }
        }
        Ok(())
    }

    fn progress(&self, id: &str) -> Progress {
        match (self.beside(id, ENDED).exists(), self.beside(id, RUNS).exists()) {
            (true, _) => Progress::Ended,
            (false, true) => Progress::Runs,
            (false, false) => Progress::Waits,
        }
    }

    fn beside(&self, id: &str, end: &str) -> PathBuf {
        self.path.join(format!("{id}.{end}"))
    }
}

/// Whether a file's name may be that of a request: no dot, so neither an answer nor another folder.
fn is_id(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '/'])
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn text(file: File, bytes_max: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(bytes_max).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn modified_ms(about: &fs::Metadata) -> i64 {
    let since = about.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("flags")).unwrap();
        (place, folder)
    }

    fn ids(folder: &Folder) -> Vec<String> {
        folder.all().unwrap().into_iter().map(|asked| asked.id).collect()
    }

    #[test]
    fn a_request_goes_from_waiting_to_its_whole_answer() {
        let (_place, folder) = folder();
        folder.put("day-1", "{}").unwrap();
        assert_eq!(folder.next().unwrap().unwrap().progress, Progress::Waits);
        folder.begin("day-1").unwrap();
        folder.say("day-1", "lea: 0.5").unwrap();
        assert_eq!(folder.answer("day-1").unwrap().as_deref(), Some("lea: 0.5\n"));
        folder.end("day-1").unwrap();

        assert_eq!(folder.next().unwrap(), None);
        assert_eq!(folder.answer("day-1").unwrap().as_deref(), Some("lea: 0.5\n"));
        assert_eq!(folder.read("day-1").unwrap().as_deref(), Some("{}"));
    }

    #[test]
    fn a_run_that_was_cut_off_begins_again() {
        let (_place, folder) = folder();
        folder.put("a", "{}").unwrap();
        folder.begin("a").unwrap();
        folder.say("a", "half of it").unwrap();

        assert_eq!(folder.next().unwrap().unwrap().id, "a", "nobody works on it any more");
        folder.begin("a").unwrap();
        assert_eq!(folder.answer("a").unwrap().as_deref(), Some(""));
    }

    #[test]
    fn whoever_follows_an_answer_gets_whole_lines_from_where_they_were_and_hears_of_a_new_beginning() {
        let (place, folder) = folder();
        let said = |from_bytes: u64| folder.said("a", from_bytes).unwrap().unwrap();
        assert_eq!(folder.said("a", 0).unwrap(), None);
        folder.put("a", "{}").unwrap();
        assert_eq!((said(0).progress, said(0).text.as_str()), (Progress::Waits, ""));
        folder.begin("a").unwrap();
        folder.say("a", "one").unwrap();
        fs::write(place.path().join("flags/a.stream"), "one\ntw").unwrap();
        assert_eq!((said(0).text.as_str(), said(4).text.as_str()), ("one\n", ""));
        folder.begin("a").unwrap();
        folder.say("a", "1").unwrap();
        assert_eq!((said(4).text.as_str(), said(4).is_anew), ("1\n", true));
        folder.end("a").unwrap();
        assert_eq!(said(2), Said { progress: Progress::Ended, text: String::new(), is_anew: false });
    }

    #[test]
    fn of_answered_requests_the_newest_fifty_are_kept_and_of_waiting_ones_all() {
        let (place, folder) = folder();
        for number in 0..60 {
            let id = format!("r{number:02}");
            folder.put(&id, "{}").unwrap();
            let at = std::time::UNIX_EPOCH + Duration::from_secs(1_000 + number);
            File::open(place.path().join("flags").join(&id)).unwrap().set_modified(at).unwrap();
            if number > 4 {
                folder.begin(&id).unwrap();
                folder.end(&id).unwrap();
            }
        }
        folder.prune().unwrap();

        let left = ids(&folder);
        assert_eq!(left.len(), KEPT_MAX);
        assert_eq!(left[..6], ["r00", "r01", "r02", "r03", "r04", "r15"]);
        assert_eq!(fs::read_dir(place.path().join("flags")).unwrap().count(), KEPT_MAX + 45);
    }

    #[test]
    fn links_and_names_that_leave_the_folder_are_no_requests() {
        let (place, folder) = folder();
        std::os::unix::fs::symlink("/etc/hostname", place.path().join("flags/link")).unwrap();
        fs::write(place.path().join("secret"), "s").unwrap();
        assert_eq!(ids(&folder), Vec::<String>::new());
        assert_eq!(folder.read("../secret").unwrap(), None);
        assert_eq!(folder.answer("..").unwrap(), None);
    }
}
