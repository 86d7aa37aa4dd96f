//! A letter that a person asked for, to see that mail works.

use super::{Page, Reader, Tone};
use crate::mail::letter::Kind;
use crate::text::spoken;

/// The letter, asked for at a moment.
#[must_use]
pub fn page(reader: &Reader, at_ms: i64) -> Page {
    let at = spoken(reader.lang, at_ms, &reader.zone);
    let asked = reader.say("Essai demandé le", "This trial was asked for on");
    Page {
        kind: Kind::Test,
        subject: reader.say("Essai d’envoi de Vigie", "Test send from Vigie").to_owned(),
        title: reader.say("L’envoi fonctionne", "Mail works").to_owned(),
        tone: Tone::Fine,
        intro: vec![
            format!("{asked} {at}."),
            reader
                .say(
                    "Les alertes arriveront à cette adresse. Vous n’avez rien à faire.",
                    "Alerts will arrive at this address. You need do nothing.",
                )
                .to_owned(),
        ],
        sections: Vec::new(),
        closing: Vec::new(),
        link: None,
        foot: format!("{} {}", reader.say("Envoyé à", "Sent to"), reader.address),
    }
}
