//! Words of acts on mails.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "mails_retry",
        Level::Plain,
        [
            said("Relancer", "Retry"),
            said("", ""),
            said("Le courriel est de nouveau essayé, tout de suite.", "The mail is tried again, at once."),
        ],
    ),
    Act::new(
        "mails_test",
        Level::Asked,
        [
            said("Envoyer un essai", "Send a test"),
            said(
                "Chaque modèle part avec des faits inventés, marqués comme un essai.",
                "Every template goes out with invented facts, marked as a test.",
            ),
            said("L’essai est en route ; son état apparaît ici.", "The test is on its way; its state appears here."),
        ],
    ),
];
