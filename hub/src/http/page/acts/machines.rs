//! Words of acts on the owner's machines.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "machines_say",
        Level::Asked,
        [
            said("Afficher le message", "Show the message"),
            said(
                "Le message apparaît à l’écran de qui y travaille, dans les dix minutes, et disparaît de lui-même. Rien \
                 n’est arrêté ni fermé.",
                "The message appears on the screen of whoever works there, within ten minutes, and disappears by itself. \
                 Nothing is stopped or closed.",
            ),
            said("Message en route. Sa page dit qui l’a vu.", "Message on its way. Its page says who saw it."),
        ],
    ),
    Act::new(
        "machines_remove",
        Level::Typed,
        [
            said("Oublier la machine", "Forget the machine"),
            said(
                "Son passé est effacé ici. Elle revient dès qu’un boîtier la rencontre ; pour l’éviter, excluez-la.",
                "Its past is erased here. It is there again as soon as a box meets it; to keep it away, exclude it.",
            ),
            said("Machine oubliée.", "Machine forgotten."),
        ],
    ),
];
