//! Words of acts on the hub itself.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[Act::new(
    "backups_create",
    Level::Plain,
    [
        said("Sauvegarder maintenant", "Back up now"),
        said("", ""),
        said(
            "Sauvegarde écrite, sans les clés du serveur. Copiez-la sur une autre machine.",
            "Backup written, without the hub’s keys. Copy it to another machine.",
        ),
    ],
)
.showing(&["path", "size_bytes"])];
