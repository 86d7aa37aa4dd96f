//! The words of the fleet's page.

use crate::http::page::words::words;

words! {
    incidents: "Incidents" = "Incidents";
    no_incidents: "Aucun incident." = "No incident.";
    since: "depuis" = "since";
    untold: "en préparation, annoncé dans une minute" = "gathering, told within a minute";
    more_inside: "dans cet incident" = "inside";
    pick: "Choisir" = "Choose";
    all_matching: "Tous les sites trouvés" = "Every site found";
    act_on_chosen: "Agir sur les sites choisis" = "Act on the chosen sites";
    change_one: "changement : remettre dans l’ordre" = "change: refresh the order";
    change_many: "changements : remettre dans l’ordre" = "changes: refresh the order";
    chosen: "Sites choisis" = "Chosen sites";
    none_chosen: "Aucun site n’est choisi." = "No site is chosen.";
    give_command: "Donner une commande à tous" = "Give a command to all of them";
    fate_refused: "refusée : le boîtier est révoqué" = "refused: the box is revoked";
    fate_later: "au retour du boîtier" = "when the box returns";
    fate_at_once: "tout de suite" = "at once";
    silence_title: "Mettre leurs alertes en sourdine" = "Silence their alerts";
    silence_rest: "Ce qui se déclenche reste affiché ; personne n’est prévenu avant la fin. La sourdine se lève sur la page des incidents."
        = "What fires stays shown; nobody is told until it ends. A silence is ended on the page of incidents.";
    lasts: "Durée" = "For how long";
    an_hour: "1 heure" = "1 hour";
    four_hours: "4 heures" = "4 hours";
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
