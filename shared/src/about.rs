//! What people say of a site: its club, where it is, what is played there. Both sides read it by the same rules.
//!
//! Empty means unknown. Every text is one line without control characters and has a longest length, so that a list of
//! sites can be shown anywhere. Nothing here is needed for the delivery of facts.

use serde::{Deserialize, Serialize};

/// Longest name, club, town, region or country, characters.
pub const LINE_CHARS_MAX: usize = 80;

/// Longest tag, characters.
pub const TAG_CHARS_MAX: usize = 40;

/// Most tags of a site.
pub const TAGS_MAX: usize = 16;

/// Longest note, characters.
pub const NOTE_CHARS_MAX: usize = 500;

/// What people say of a site, besides its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The club that plays or lives there.
    pub club: String,
    /// The town.
    pub town: String,
    /// The region.
    pub region: String,
    /// The country.
    pub country: String,
    /// Words to find it by: sports, kind of place…; each once, in the order given.
    pub tags: Vec<String>,
    /// Anything else, for people.
    pub note: String,
}

/// A field that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {reason}")]
pub struct FieldError {
    /// Which field.
    pub field: &'static str,
    /// What is expected of it.
    pub reason: String,
}

impl About {
    /// The same without blanks around the texts, and each tag once.
    ///
    /// # Errors
    ///
    /// [`FieldError`] for the first field that is too long, or holds a control character.
    pub fn checked(&self) -> Result<Self, FieldError> {
        let mut tags: Vec<String> = Vec::new();
        for tag in &self.tags {
            let tag = line("tags", tag, TAG_CHARS_MAX)?;
            if !tag.is_empty() && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        if tags.len() > TAGS_MAX {
            return Err(FieldError { field: "tags", reason: format!("use at most {TAGS_MAX} of them") });
        }
        Ok(Self {
            club: line("club", &self.club, LINE_CHARS_MAX)?,
            town: line("town", &self.town, LINE_CHARS_MAX)?,
            region: line("region", &self.region, LINE_CHARS_MAX)?,
            country: line("country", &self.country, LINE_CHARS_MAX)?,
            tags,
            note: line("note", &self.note, NOTE_CHARS_MAX)?,
        })
    }

    /// Takes from `offered` what is unknown here, and says which fields that were. What is known stays.
    pub fn fill(&mut self, offered: &Self) -> Vec<&'static str> {
        let mut taken = Vec::new();
        let texts = [
            ("club", &mut self.club, &offered.club),
            ("town", &mut self.town, &offered.town),
            ("region", &mut self.region, &offered.region),
            ("country", &mut self.country, &offered.country),
            ("note", &mut self.note, &offered.note),
        ];
        for (field, known, offer) in texts {
            if known.is_empty() && !offer.is_empty() {
                known.clone_from(offer);
                taken.push(field);
            }
        }
        if self.tags.is_empty() && !offered.tags.is_empty() {
            self.tags.clone_from(&offered.tags);
            taken.push("tags");
        }
        taken
    }
}

/// A text of one line, without blanks around it; it may be empty.
///
/// # Errors
///
/// [`FieldError`] if it is longer than `chars_max` characters or holds a control character.
pub fn line(field: &'static str, text: &str, chars_max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    if text.chars().count() > chars_max || text.chars().any(char::is_control) {
        let reason = format!("use at most {chars_max} characters on one line");
        return Err(FieldError { field, reason });
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn about() -> impl Strategy<Value = About> {
        let text = || "[a-zé ]{0,6}".prop_map(|text| text.trim().to_owned());
        let tags = prop::collection::vec("[a-c]{1,2}", 0..4);
        (text(), text(), text(), text(), tags, text()).prop_map(|(club, town, region, country, tags, note)| About {
            club,
            town,
            region,
            country,
            tags,
            note,
        })
    }

    #[test]
    fn each_field_has_its_limit_and_is_named_when_it_is_not_accepted() {
        let long = "x".repeat(LINE_CHARS_MAX + 1);
        let wrong = [
            ("club", About { club: long.clone(), ..About::default() }),
            ("town", About { town: "a\nb".to_owned(), ..About::default() }),
            ("region", About { region: "\u{7f}".to_owned(), ..About::default() }),
            ("country", About { country: long, ..About::default() }),
            ("note", About { note: "x".repeat(NOTE_CHARS_MAX + 1), ..About::default() }),
            ("tags", About { tags: vec!["x".repeat(TAG_CHARS_MAX + 1)], ..About::default() }),
            ("tags", About { tags: vec!["a\0b".to_owned()], ..About::default() }),
            ("tags", About { tags: (0..=TAGS_MAX).map(|number| number.to_string()).collect(), ..About::default() }),
        ];
        for (field, about) in wrong {
            assert_eq!(about.checked().unwrap_err().field, field);
        }
        let fine =
            About { club: " É ".to_owned(), tags: vec!["a".into(), " a".into(), String::new()], ..About::default() };
        let fine = fine.checked().unwrap();
        assert_eq!((fine.club.as_str(), fine.tags.as_slice()), ("É", &["a".to_owned()][..]));
    }

    proptest! {
        #[test]
        fn filling_changes_only_what_was_unknown_and_says_what(known in about(), offered in about()) {
            let mut filled = known.clone();
            let taken = filled.fill(&offered);
            prop_assert_eq!(taken.is_empty(), filled == known);
            prop_assert!(known.club.is_empty() || filled.club == known.club);
            prop_assert!(known.tags.is_empty() || filled.tags == known.tags);
            prop_assert_eq!(taken.contains(&"town"), known.town.is_empty() && !offered.town.is_empty());
            prop_assert!(filled.fill(&offered).is_empty(), "a second time nothing is left to take");
        }
    }
}
