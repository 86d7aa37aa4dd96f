//! The words of the fleet's page.

use crate::http::page::words::words;

words! {
    incidents: "Incidents" = "Incidents";
    no_incidents: "Aucun incident." = "No incident.";
    since: "depuis" = "since";
    more_inside: "dans cet incident" = "inside";
    pick: "Choisir" = "Choose";
    all_matching: "Tous les sites trouvés" = "Every site found";
    on_chosen: "Commande pour les sites choisis" = "Command for the chosen sites";
    on_chosen_rest: "Les boîtiers injoignables l’exécutent à leur retour, avant le terme."
        = "Unreachable boxes carry it out when they return, before it expires.";
    command_kind: "Commande" = "Command";
    service: "Service" = "Service";
    service_hint: "Pour relancer un service : son nom." = "To restart a service: its name.";
    expires: "Terme" = "Expires after";
    version: "Version" = "Release";
    quiet: "Muet depuis" = "Not heard for";
    any_time: "peu importe" = "any time";
    one_day: "1 jour" = "1 day";
    one_week: "7 jours" = "7 days";
    one_month: "30 jours" = "30 days";
    state_silent: "Muets" = "Silent";
    state_attention: "À surveiller" = "Attention";
    state_never: "Jamais entendus" = "Never heard";
    state_fine: "En ordre" = "Fine";
    get_system_info: "Demander l’état du système" = "Ask for the system’s state";
    restart_service: "Relancer un service" = "Restart a service";
    reboot: "Redémarrer le boîtier" = "Reboot the box";
}
