//! The words of a site's page beyond those that other pages use too.

use crate::http::page::words::words;

words! {
    give: "Donner une commande" = "Give a command";
    kind: "Commande" = "Command";
    expires: "Terme" = "Expires after";
    service: "Service" = "Service";
    service_hint: "Pour relancer un service, ou pour lire son journal." = "To restart a service, or to read its log.";
    lines: "Lignes du journal" = "Lines of the log";
    lines_hint: "Seulement pour lire un journal." = "Only to read a log.";
    get_system_info: "Demander l’état du système" = "Ask for the system’s state";
    get_logs: "Lire un journal" = "Read a log";
    restart_service: "Relancer un service" = "Restart a service";
    reboot: "Redémarrer le boîtier" = "Reboot the box";
    by: "Par" = "By";
    outcome: "Résultat" = "Outcome";
    manage: "Gérer le site" = "Manage the site";
    name: "Nom" = "Name";
    zone: "Fuseau" = "Time zone";
    town: "Ville" = "Town";
    region: "Région" = "Region";
    country: "Pays" = "Country";
    tags: "Mots-clés, un par ligne" = "Tags, one per line";
    pins: "Versions fixées" = "Pinned releases";
    no_pins: "Aucune version n’est fixée." = "No release is pinned.";
    software: "Logiciel" = "Software";
    version: "Version" = "Release";
    version_hint: "Vide : celle que le boîtier a maintenant." = "Empty: the one that the box has at present.";
    reason: "Motif" = "Reason";
    span: "Période" = "Period";
    one_hour: "1 h" = "1 h";
    one_day: "24 h" = "24 h";
    one_week: "7 j" = "7 d";
    one_month: "30 j" = "30 d";
    mean: "moyenne" = "mean";
    highest: "maximum" = "highest";
    not_observed: "non observé" = "not observed";
    stood_still: "le boîtier était éteint, ou ne regardait pas cela" = "the box was off, or does not look at this";
    due: "données attendues" = "data due";
    due_rest: "le boîtier les garde et les enverra à son retour" = "the box keeps them and sends them when it returns";
    lost: "perdu" = "lost";
    strips_rest: "Sur le même axe que les courbes. Chaque partie qui manque dit pourquoi : touchez-la, ou allez-y avec la touche Tab."
        = "On the same axis as the charts. Each part that is missing says why: touch it, or go there with the Tab key.";
    no_samples: "Aucune mesure dans cette période. Une mesure arrive toutes les 5 minutes quand le boîtier est joignable."
        = "No measurement in this period. One arrives every 5 minutes while the box is reachable.";
}
