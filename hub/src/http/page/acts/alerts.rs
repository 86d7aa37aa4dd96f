//! Words of acts on incidents, alerts and silences.

use super::{Act, Level};
use crate::http::page::words::said;

const TAKEN: super::Said = said(
    "Pris en charge : personne n’est plus prévenu, sauf si cela s’aggrave.",
    "Acknowledged: nobody is told again unless it becomes graver.",
);

pub(super) const ACTS: &[Act] = &[
    Act::new("incidents_acknowledge", Level::Plain, [said("Prendre en charge", "Acknowledge"), said("", ""), TAKEN]),
    Act::new("alerts_acknowledge", Level::Plain, [said("Prendre en charge", "Acknowledge"), said("", ""), TAKEN]),
    Act::new(
        "silences_create",
        Level::Plain,
        [
            said("Mettre en sourdine", "Silence"),
            said("", ""),
            said(
                "En sourdine : ce qui se déclenche reste affiché, personne n’est prévenu.",
                "Silenced: what fires stays shown, nobody is told.",
            ),
        ],
    ),
    Act::new(
        "silences_delete",
        Level::Plain,
        [
            said("Lever la sourdine", "End the silence"),
            said("", ""),
            said("Sourdine levée : ce qui dure encore est annoncé.", "Silence ended: what still lasts is told."),
        ],
    ),
];
