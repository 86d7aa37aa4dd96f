//! Words of acts on presence: days, people, their devices.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "presence_override_put",
        Level::Plain,
        [
            said("Corriger ce jour", "Correct this day"),
            said("", ""),
            said(
                "Correction enregistrée. L’ancienne valeur reste dans l’historique.",
                "Override saved. The former value stays in the history.",
            ),
        ],
    ),
    Act::new(
        "presence_override_remove",
        Level::Plain,
        [
            said("Retirer la correction", "Take the override back"),
            said("", ""),
            said(
                "Correction retirée : le jour vaut de nouveau ce qui a été calculé.",
                "Override taken back: the day is worth again what was computed.",
            ),
        ],
    ),
];
