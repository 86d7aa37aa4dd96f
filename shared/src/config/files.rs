//! The files of settings: the main one and those in the `.d/` folder beside it.

use std::path::{Path, PathBuf};

use super::{ConfigErrors, Problem, Sources, place};

/// Largest configuration file that is read, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A file of settings: as it was written, for the places of mistakes, and as it reads.
pub(super) struct File {
    pub path: PathBuf,
    pub text: String,
    pub table: toml::Table,
}

impl File {
    pub(super) fn parse(path: PathBuf, text: String) -> Result<Self, Problem> {
        match text.parse::<toml::Table>() {
            Ok(table) => Ok(Self { path, text, table }),
            Err(error) => Err(syntax_problem(&path, &text, &error)),
        }
    }
}

/// Reads the main file and the `.d/` folder beside it, in the order in which they count.
pub(super) fn read_files(sources: &Sources) -> Result<Vec<File>, ConfigErrors> {
    let mut problems = Vec::new();
    let mut files = Vec::new();
    let mut fragments: Vec<PathBuf> = std::fs::read_dir(sources.file.with_extension("d"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    fragments.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    fragments.sort();
    for path in std::iter::once(sources.file.clone()).chain(fragments) {
        if path == sources.file && !sources.is_required && !path.exists() {
            continue;
        }
        match read_file(&path) {
            Ok(text) => match File::parse(path, text) {
                Ok(file) => files.push(file),
                Err(problem) => problems.push(problem),
            },
            Err(error) => {
                problems.push(Problem { place: path.display().to_string(), text: format!("cannot be read: {error}") });
            }
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(ConfigErrors(problems)) }
}

fn read_file(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other("the file is larger than 1 MiB, which no configuration is"));
    }
    Ok(text)
}

fn syntax_problem(path: &Path, text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| place::line_at(text, span.start));
    Problem { place: format!("{}:{line}", path.display()), text: format!("is not TOML: {}", error.message()) }
}
