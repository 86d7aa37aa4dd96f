//! The words of releases and rollouts.

use crate::http::page::words::words;

words! {
    title: "Versions" = "Releases";
    rollouts: "Déploiements de version en cours" = "Running rollouts";
    none_open: "Aucun déploiement de version en cours." = "No rollout is running.";
    ended: "Déploiements de version terminés" = "Rollouts that ended";
    none_ended: "Aucun déploiement de version terminé." = "No rollout has ended.";
    rollout: "Déploiement de version" = "Rollout";
    start: "Déployer une version" = "Roll a release out";
    start_rest: "Un premier groupe la reçoit, la garde un temps, puis les autres suivent. Des échecs mettent tout en pause ; un boîtier qui ne redémarre pas revient seul à la version d’avant."
        = "A first group gets it and runs it for a while, then the rest follows. Failures pause everything; a box that does not start goes back to the version before by itself.";
    software: "Logiciel" = "Software";
    version: "Version" = "Version";
    canary: "Premier groupe" = "First group";
    canary_hint: "Un nombre ou une part : 2, 10% ; vide : 1." = "A number or a share: 2, 10%; empty: 1.";
    canary_sites: "Ou ces sites en premier" = "Or these sites first";
    canary_sites_hint: "Un identifiant par ligne, à la place du nombre." = "One id a line, instead of the number.";
    batch: "Au plus à la fois" = "At most at once";
    batch_hint: "Boîtiers par vague ; vide : autant que le serveur le permet." = "Boxes of a wave; empty: as many as the hub allows.";
    undone: "Mise à jour annulée sur {site} : {software} {version} n’a pas démarré. {former} est rétablie et les relevés sont intacts."
        = "Update undone at {site}: {software} {version} did not start. {former} is back and readings are intact.";
    former: "La version {version}" = "Release {version}";
    former_unknown: "La version d’avant" = "The release before";
    not_done: "Mise à jour sans succès sur {site} : {software} {version} n’y est pas. Les relevés sont intacts."
        = "The update did not work at {site}: {software} {version} is not there. Readings are intact.";
    suspended: "Déploiement de version suspendu ; lisez le motif, puis relancez ou reprenez."
        = "Rollout paused; read why, then retry or resume.";
    soak: "Temps d’observation" = "How long to watch it";
    soak_hint: "Avec son unité : 1h, 2d." = "With its unit: 1h, 2d.";
    pause_on: "Pause après" = "Pause after";
    pause_on_hint: "Échecs, en nombre ou en part : 1, 10%." = "Failures, a number or a share: 1, 10%.";
    sites: "Sites" = "Sites";
    sites_hint: "Un identifiant par ligne ; vide pour tous ceux qui ont ce logiciel." = "One id a line; empty for all that have this software.";
    unless_present: "Attendre que personne ne soit présent" = "Wait until nobody is present";
    note: "Note" = "Note";
    releases: "Versions disponibles" = "Releases that there are";
    nothing_yet: "Aucune version encore. Une version signée s’ajoute par la ligne de commande, puis se déploie ici :"
        = "No release yet. A signed release is added by the command line, then rolled out here:";
    processor: "Processeur" = "Processor";
    size: "Taille" = "Size";
    signature: "Signature" = "Signature";
    signed: "signée" = "signed";
    unsigned: "non signée" = "not signed";
    added: "Ajoutée" = "Added";
    fingerprint: "Empreinte" = "Fingerprint";
    behind: "Boîtiers en retard de version" = "Boxes that are behind";
    none_behind: "Chaque boîtier a la version la plus récente de ce qui y est installé." = "Every box runs the newest release of what is installed there.";
    runs: "Installée" = "Runs";
    newest: "La plus récente" = "Newest";
    since: "Depuis" = "Since";
    pinned: "épinglée à" = "pinned to";
    pins: "Versions épinglées" = "Pins";
    none_pinned: "Rien n’est épinglé : tout déploiement peut tout remplacer." = "Nothing is pinned: rollouts may replace everything.";
    pin: "Épingler une version" = "Pin a version";
    site: "Site" = "Site";
    reason: "Motif" = "Reason";
    by: "par" = "by";
    running: "En cours" = "In progress";
    paused: "En pause" = "Paused";
    stage_canary: "premier groupe" = "first group";
    stage_soaking: "observation" = "watching";
    stage_rest: "les autres" = "the rest";
    stage_done: "Terminé" = "Done";
    stage_cancelled: "Annulé" = "Cancelled";
    member_waiting: "en attente" = "waiting";
    member_given: "en cours" = "in progress";
    member_done: "à jour" = "done";
    member_failed: "en échec" = "failed";
    member_skipped: "à l’écart" = "left out";
    state: "État" = "State";
    detail: "Motif" = "Why";
    attempts: "Essais" = "Tries";
    changed: "Dernier changement" = "Last change";
    first: "premier groupe" = "first group";
    search: "Rechercher un site" = "Search a site";
    nothing_matches: "Aucun boîtier ne correspond à ce filtre." = "No box matches this filter.";
}
