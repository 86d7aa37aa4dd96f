//! What firmwares disagree about, per terminal: measured, said by the owner, or guessed from what the terminal says.
//!
//! Pure. Numbers of rows stay the terminal's own everywhere: what they mean is decided where they are used.

use serde::{Deserialize, Serialize};

/// The family of a terminal's program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Finger and card terminals: silent about commands that they do not know.
    #[default]
    Classic,
    /// Face terminals: they answer every command.
    Aiface,
}

/// Credentials that are tried one by one when a terminal does not delete a person as a whole.
const SLOTS: [i32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 20, 30, 50, 51];

/// Deletes a person with everything on most programs, all fingers on some.
const WHOLE: i32 = 13;

/// Deletes all fingers on most programs, a person with everything on some.
const FINGERS: i32 = 12;

/// Password and card travel as numbers to classic terminals.
const NUMBERS: [i32; 2] = [10, 11];

/// A photo.
pub const PHOTO: i32 = 50;

impl Dialect {
    /// Guesses from the model that a terminal says it is.
    #[must_use]
    pub fn of_model(model: Option<&str>) -> Self {
        let model = model.unwrap_or_default().to_ascii_lowercase();
        if ["ai", "face", "evo"].iter().any(|part| model.starts_with(part)) { Self::Aiface } else { Self::Classic }
    }

    /// Whether a credential travels as a JSON number.
    #[must_use]
    pub fn is_number(self, slot: i32) -> bool {
        NUMBERS.contains(&slot)
    }

    /// How a person without any credential is put on the terminal, if there is a way.
    #[must_use]
    pub fn empty_credential(self) -> Option<(i32, &'static str)> {
        // On a finger terminal the same would be the first finger.
        (self == Self::Aiface).then_some((0, "0"))
    }
}

/// The steps by which a person is deleted; after each somebody looks whether it worked.
pub fn deletions() -> impl Iterator<Item = i32> {
    [WHOLE, FINGERS].into_iter().chain(SLOTS)
}

/// Whether a slot names a credential, and not something to delete or nonsense.
#[must_use]
pub fn is_credential(slot: i32) -> bool {
    (0..=99).contains(&slot) && slot != WHOLE && slot != FINGERS
}

/// Why a terminal refuses a photo, in words.
#[must_use]
pub fn photo_refusal(reason: i64) -> &'static str {
    match reason {
        1 => "the photo is too large",
        5 => "there is no face on the photo",
        6 => "there are several faces on the photo",
        7 => "the photo is too wide or too high",
        8 => "the face is too large on the photo",
        9 => "the face is too small on the photo",
        10 => "the photo is of too poor quality",
        11 => "only a part of the face is on the photo",
        12 => "this face is enrolled already",
        _ => "the terminal cannot use the photo",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_follows_from_the_model() {
        assert_eq!(Dialect::of_model(Some("tfs30")), Dialect::Classic);
        assert_eq!(Dialect::of_model(None), Dialect::Classic);
        assert_eq!(Dialect::of_model(Some("AiFace")), Dialect::Aiface);
        assert_eq!(Dialect::of_model(Some("AI07")), Dialect::Aiface);
    }

    #[test]
    fn deleting_begins_with_the_whole_and_reaches_every_credential() {
        let steps: Vec<i32> = deletions().collect();
        assert_eq!(steps[..3], [13, 12, 0]);
        assert!(steps.contains(&PHOTO));
        assert!(steps[2..].iter().all(|slot| is_credential(*slot)));
    }

    #[test]
    fn an_empty_person_is_never_a_finger() {
        assert_eq!(Dialect::Classic.empty_credential(), None);
        assert!(Dialect::Classic.is_number(11) && !Dialect::Classic.is_number(0));
    }

    #[test]
    fn several_faces_are_called_so() {
        assert_eq!(photo_refusal(6), "there are several faces on the photo");
        assert_eq!(photo_refusal(99), "the terminal cannot use the photo");
    }
}
