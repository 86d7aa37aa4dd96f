//! Words of acts on sites, their boxes and commands.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new("sites_create", Level::Plain, [
        said("Ajouter le site", "Add the site"),
        said("", ""),
        said("Site ajouté. Son jeton n’est montré qu’une fois.", "Site added. Its token is shown once."),
    ])
    .showing(&["token", "command", "expires"]),
    Act::new("enrolments_create", Level::Asked, [
        said("Créer un jeton d’inscription", "Create an enrolment token"),
        said(
            "Un nouveau jeton permettra à un boîtier de prendre ce site. Le boîtier en place continue de travailler.",
            "A new token will let a box take this site. The box in place keeps working.",
        ),
        said("Jeton créé. Il n’est montré qu’une fois.", "Token created. It is shown once."),
    ])
    .showing(&["token", "command", "expires"]),
    Act::new("sites_change", Level::Plain, [
        said("Enregistrer", "Save"),
        said("", ""),
        said("Modifications du site enregistrées.", "Changes of the site saved."),
    ]),
    Act::new("sites_revoke", Level::Typed, [
        said("Révoquer le boîtier", "Revoke the box"),
        said(
            "Le boîtier est coupé tout de suite et son certificat ne vaut plus rien. Ce qui est déjà arrivé reste ici ; \
             ce que le boîtier garde encore n’arrivera que s’il est inscrit de nouveau.",
            "The box is cut off at once and its certificate is worth nothing. What has arrived stays here; what the box \
             still holds arrives only if it is enrolled again.",
        ),
        said("Boîtier révoqué.", "Box revoked."),
    ]),
    Act::new("sites_replace", Level::Typed, [
        said("Remplacer le boîtier", "Replace the box"),
        said(
            "Un jeton est créé pour un autre boîtier, qui reprend les réglages de ce site. L’ancien boîtier est révoqué \
             quand le nouveau s’inscrit. Ce qui est arrivé reste ici.",
            "A token is made for another box, which takes over the settings of this site. The former box is revoked when \
             the other one enrols. What has arrived stays here.",
        ),
        said("Jeton de remplacement créé. Il n’est montré qu’une fois.", "Replacement token created. It is shown once."),
    ])
    .showing(&["token", "command", "expires"]),
    Act::new("commands_create", Level::Asked, [
        said("Donner la commande", "Give the command"),
        said(
            "Le boîtier exécute la commande une seule fois. S’il est injoignable, elle l’attend jusqu’à son terme. \
             Les relevés et les pointages restent intacts.",
            "The box carries the command out once. If it is unreachable, the command waits until it expires. Readings and \
             punches stay intact.",
        ),
        said("Commande donnée. Son avancement est montré sur la page du site.", "Command given. Its progress is shown on the page of the site."),
    ]),
    Act::new("commands_cancel", Level::Plain, [
        said("Reprendre la commande", "Take the command back"),
        said("", ""),
        said("Commande reprise.", "Command taken back."),
    ]),
    Act::new("commands_retry", Level::Plain, [
        said("Relancer", "Try again"),
        said("", ""),
        said("Commande donnée de nouveau.", "Command given again."),
    ]),
    Act::new("pins_put", Level::Plain, [
        said("Fixer la version", "Pin the version"),
        said("", ""),
        said("Version fixée : les déploiements n’y touchent pas.", "Version pinned: rollouts leave it alone."),
    ]),
    Act::new("pins_delete", Level::Plain, [
        said("Libérer la version", "Unpin the version"),
        said("", ""),
        said("Version libérée : le prochain déploiement la met à jour.", "Version unpinned: the next rollout updates it."),
    ]),
];
