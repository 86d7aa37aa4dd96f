//! Words of acts on media.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[Act::new(
    "media_delete",
    Level::Typed,
    [
        said("Supprimer le média", "Delete the medium"),
        said(
            "Le fichier est supprimé d’ici. Les boîtiers gardent ce qu’ils ont ; ceux qui l’attendent ne le recevront pas.",
            "The file is deleted here. Boxes keep what they have; those that wait for it will not get it.",
        ),
        said("Média supprimé. Les boîtiers gardent ce qu’ils ont.", "Medium deleted. Boxes keep what they have."),
    ],
)];
