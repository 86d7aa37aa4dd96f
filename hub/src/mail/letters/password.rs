//! The letter with a link to choose a password.

use super::{Page, Reader, Tone};
use crate::mail::letter::Kind;
use crate::text::duration;

/// The letter for an account, with a link that holds for some seconds.
#[must_use]
pub fn page(reader: &Reader, account: &str, (link, valid_s): (&str, u64)) -> Page {
    let valid = duration(reader.lang, valid_s);
    let intro = [
        (
            format!("Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour le compte {account}."),
            format!("Somebody, probably you, asked for a new password of the account {account}."),
        ),
        (
            format!("Le lien vaut {valid}, une seule fois. Sans lui, l’ancien mot de passe reste."),
            format!("The link holds for {valid}, once. Without it, the old password stays."),
        ),
    ];
    Page {
        kind: Kind::PasswordReset,
        subject: reader.say("Choisir un nouveau mot de passe", "Choose a new password").to_owned(),
        title: reader.say("Choisir un nouveau mot de passe", "Choose a new password").to_owned(),
        tone: Tone::Plain,
        intro: intro.iter().map(|(fr, en)| reader.say(fr, en).to_owned()).collect(),
        sections: Vec::new(),
        closing: Vec::new(),
        link: Some((link.to_owned(), reader.say("Choisir un mot de passe", "Choose a password").to_owned())),
        foot: reader
            .say(
                "Si ce n’était pas vous, ignorez ce courriel : rien n’a changé.",
                "If it was not you, ignore this mail: nothing was changed.",
            )
            .to_owned(),
    }
}
