//! Words of acts on releases, rollouts and pins.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "releases_remove",
        Level::Typed,
        [
            said("Supprimer la version", "Remove the release"),
            said(
                "Plus aucun boîtier ne peut la recevoir. Là où elle est installée, elle reste.",
                "No box can get it any more. Where it is installed, it stays.",
            ),
            said("Version supprimée.", "Release removed."),
        ],
    ),
    Act::new(
        "rollouts_create",
        Level::Asked,
        [
            said("Déployer la version", "Roll the release out"),
            said(
                "Le premier groupe la reçoit tout de suite, les autres après le temps d’observation. Les boîtiers injoignables \
             la reçoivent à leur retour. Les relevés sont gardés.",
                "The first group gets it at once, the rest after it was watched. Boxes that cannot be reached get it when they \
             return. Readings are kept.",
            ),
            said("Le déploiement de version commence.", "The rollout begins."),
        ],
    ),
    Act::new(
        "rollouts_pause",
        Level::Plain,
        [
            said("Mettre en pause", "Pause"),
            said("", ""),
            said(
                "En pause : ce que des boîtiers ont commencé, ils le terminent.",
                "Paused: what boxes have begun, they end.",
            ),
        ],
    ),
    Act::new(
        "rollouts_resume",
        Level::Plain,
        [
            said("Reprendre", "Resume"),
            said("", ""),
            said("Le déploiement de version continue.", "The rollout goes on."),
        ],
    ),
    Act::new(
        "rollouts_cancel",
        Level::Asked,
        [
            said("Annuler le déploiement", "Cancel the rollout"),
            said(
                "Qui ne l’a pas encore ne la reçoit pas. Ce que des boîtiers ont commencé, ils le terminent ; qui l’a la garde.",
                "Who has not got it does not get it. What boxes have begun, they end; who has it keeps it.",
            ),
            said("Déploiement de version annulé.", "Rollout cancelled."),
        ],
    ),
    Act::new(
        "rollouts_retry",
        Level::Plain,
        [
            said("Relancer", "Retry"),
            said("", ""),
            said("Les boîtiers sont de nouveau essayés.", "The boxes are tried again."),
        ],
    ),
];
