//! Names of videos and of their folders: what a command may write into them, and the place that follows.
//!
//! Pure. A name is one component of a path: whatever could leave its folder, hide, or mean something else to a
//! program that reads it is refused here, once, with the reason.

use std::fmt;

/// Longest name, bytes: room is left for what a download adds to it, within the 255 of every file system.
const NAME_BYTES_MAX: usize = 200;

/// Names that mean devices to other systems that may read the same disk.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "clock$", "conin$"];

/// What is shown, by the end of its name.
const KINDS: [(&str, &str); 17] = [
    ("mp4", "video/mp4"),
    ("m4v", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mkv", "video/x-matroska"),
    ("webm", "video/webm"),
    ("avi", "video/x-msvideo"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
    ("ts", "video/mp2t"),
    ("ogv", "video/ogg"),
    ("wmv", "video/x-ms-wmv"),
    ("flv", "video/x-flv"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

/// Why a name is refused; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {part} {name:?} is refused: {reason}")]
pub struct NameError {
    part: Part,
    name: String,
    reason: &'static str,
}

/// Which part of a place a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Category,
    Subcategory,
    Filename,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Category => "category",
            Self::Subcategory => "sub-category",
            Self::Filename => "file name",
        })
    }
}

/// Where a video lies below the folder of videos: every part is one harmless component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    category: String,
    subcategory: Option<String>,
    filename: String,
}

impl Place {
    /// Reads the names of a command. An empty sub-category is none.
    ///
    /// # Errors
    ///
    /// [`NameError`], for the first name that is refused.
    pub fn new(category: &str, subcategory: Option<&str>, filename: &str) -> Result<Self, NameError> {
        let checked =
            |part, name: &str| check(name).map(|()| name.to_owned()).map_err(|reason| refuse(part, name, reason));
        let subcategory = subcategory.filter(|name| !name.is_empty());
        let place = Self {
            category: checked(Part::Category, category)?,
            subcategory: subcategory.map(|name| checked(Part::Subcategory, name)).transpose()?,
            filename: checked(Part::Filename, filename)?,
        };
        match kind_of(filename) {
            Some(_) => Ok(place),
            None => {
                Err(refuse(Part::Filename, filename, "it does not end like a video or a picture (.mp4, .webm, .jpg…)"))
            }
        }
    }

    /// The category.
    #[must_use]
    pub fn category(&self) -> &str {
        &self.category
    }

    /// The sub-category, if there is one.
    #[must_use]
    pub fn subcategory(&self) -> Option<&str> {
        self.subcategory.as_deref()
    }

    /// The name of the file.
    #[must_use]
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// The folders, from the outside in.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.category.as_str()).chain(self.subcategory.as_deref())
    }

    /// The path below the folder of videos, with `/`.
    #[must_use]
    pub fn relative(&self) -> String {
        let parts: Vec<&str> = self.folders().chain(std::iter::once(self.filename.as_str())).collect();
        parts.join("/")
    }

    /// What is shown, as a media type.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        kind_of(&self.filename).unwrap_or("application/octet-stream")
    }
}

/// The media type of a file that is shown; none for any other.
#[must_use]
pub fn kind_of(filename: &str) -> Option<&'static str> {
    let (stem, end) = filename.rsplit_once('.')?;
    let kind = KINDS.iter().find(|(known, _)| end.eq_ignore_ascii_case(known));
    kind.filter(|_| !stem.is_empty()).map(|(_, kind)| *kind)
}

fn refuse(part: Part, name: &str, reason: &'static str) -> NameError {
    NameError { part, name: name.chars().take(80).collect(), reason }
}

fn check(name: &str) -> Result<(), &'static str> {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        stem.strip_prefix(port)
            .is_some_and(|number| number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit()))
    });
    let rules: [(bool, &str); 9] = [
        (name.is_empty(), "it is empty"),
        (name.len() > NAME_BYTES_MAX, "it is longer than 200 bytes"),
        (name.contains(['/', '\\']), "it would lead to another folder"),
        (name == "." || name == "..", "it would lead to another folder"),
        (name.starts_with('.'), "it begins with a dot, which hides files"),
        (name.starts_with('-'), "it begins with a dash, which programs take for an option"),
        (name.chars().any(is_invisible), "it contains control characters"),
        (name.trim() != name || name.ends_with('.'), "it begins or ends with a blank or ends with a dot"),
        (is_port || DEVICES.contains(&stem.as_str()), "it is the name of a device"),
    ];
    rules.iter().find(|(is_broken, _)| *is_broken).map_or(Ok(()), |(_, reason)| Err(*reason))
}

/// Control characters, and those that make a name look like another: marks of direction, invisible blanks.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_legacy_example_lies_where_it_always_did() {
        let place = Place::new("Technique", Some("Passes"), "entrainement.mp4").unwrap();
        assert_eq!((place.relative().as_str(), place.kind()), ("Technique/Passes/entrainement.mp4", "video/mp4"));
        let flat = Place::new("Éveil à 2", Some(""), "Été 2026.WEBM").unwrap();
        assert_eq!((flat.relative().as_str(), flat.kind()), ("Éveil à 2/Été 2026.WEBM", "video/webm"));
    }

    #[test]
    fn whatever_leads_elsewhere_is_refused_by_its_reason() {
        for (name, reason) in [
            ("", "empty"),
            ("..", "another folder"),
            ("../x.mp4", "another folder"),
            ("/etc/x.mp4", "another folder"),
            ("a\\b.mp4", "another folder"),
            (".hidden.mp4", "hides"),
            ("-rf.mp4", "option"),
            ("a\0.mp4", "control"),
            ("a\n.mp4", "control"),
            ("gp\u{202e}4pm.exe.mp4", "control"),
            (" a.mp4", "blank"),
            ("a.mp4.", "dot"),
            ("nul.mp4", "device"),
            ("COM1.mp4", "device"),
            ("index.html", "does not end like"),
            ("mp4", "does not end like"),
        ] {
            let error = Place::new("c", None, name).unwrap_err().to_string();
            assert!(error.contains(reason), "{name:?}: {error}");
        }
        let long = format!("{}.mp4", "x".repeat(197));
        assert!(Place::new("c", None, &long).unwrap_err().to_string().contains("200 bytes"));
        assert!(Place::new("..", None, "a.mp4").unwrap_err().to_string().starts_with("the category"));
        assert!(Place::new("a", Some("../b"), "a.mp4").unwrap_err().to_string().starts_with("the sub-category"));
    }

    proptest! {
        #[test]
        fn an_accepted_place_stays_below_its_folder(category: String, subcategory: Option<String>, stem: String) {
            if let Ok(place) = Place::new(&category, subcategory.as_deref(), &format!("{stem}.mp4")) {
                let relative = place.relative();
                let parts: Vec<Component<'_>> = Path::new(&relative).components().collect();
                prop_assert_eq!(parts.len(), place.folders().count() + 1);
                prop_assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
