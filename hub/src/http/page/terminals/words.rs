//! The words of terminals.

use crate::http::page::words::words;

words! {
    title: "Pointeuses" = "Terminals";
    terminal: "Pointeuse" = "Terminal";
    nothing_yet: "Aucune pointeuse encore. Une pointeuse apparaît ici dès qu’elle appelle le boîtier de son site ; elle attend alors d’être admise."
        = "No terminal yet. One appears here as soon as it calls the box of its site; then it waits to be admitted.";
    to_approve: "À approuver" = "To approve";
    to_approve_rest: "Rien de ce qu’elles envoient n’est compté avant. Comparez le numéro de série avec l’étiquette de la pointeuse."
        = "Nothing they send counts before. Compare the serial number with the label on the terminal.";
    admit: "Admettre" = "Admit";
    refuse: "Refuser" = "Refuse";
    state: "État" = "State";
    clock: "Décalage d’horloge" = "Clock offset";
    unsent: "En attente" = "Pending";
    users: "Inscrits" = "Enrolled";
    firmware: "Micrologiciel" = "Firmware";
    full: "Mémoire pleine" = "Memory full";
    pending: "À approuver" = "To approve";
    refused: "Refusée" = "Refused";
    never: "Jamais entendue" = "Never heard";
    away: "Non connectée" = "Not connected";
    clock_off: "Horloge décalée" = "Clock is off";
    connected: "En ordre" = "Fine";
    search: "Rechercher une pointeuse" = "Search a terminal";
    nothing_matches: "Aucune pointeuse ne correspond à ce filtre." = "No terminal matches this filter.";
    address: "Adresse" = "Address";
    zone: "Fuseau" = "Time zone";
    violations: "Messages incorrects" = "Faulty messages";
    memories: "Mémoires" = "Memories";
    used: "Occupé" = "Used";
    capacity: "Capacité" = "Capacity";
    people: "Personnes enregistrées" = "People enrolled";
    no_people: "Le boîtier n’a encore nommé personne. Demandez la liste ; elle arrive en une minute."
        = "The box has named nobody yet. Ask for the list; it arrives within a minute.";
    number: "Numéro" = "Number";
    name: "Nom" = "Name";
    credentials: "Moyens" = "Credentials";
    first_shown: "Seules les 500 premières sont montrées." = "Only the first 500 are shown.";
    preview: "Ce qu’un envoi changerait" = "What sending would change";
    no_preview: "Aucun connecteur ne liste de personnes pour cette pointeuse." = "No connector lists people for this terminal.";
    added: "Ajoutées" = "Added";
    changed: "Modifiées" = "Changed";
    disabled: "Désactivées" = "Disabled";
    same: "Inchangées" = "Unchanged";
    one_added: "ajoutée" = "added";
    one_changed: "modifiée" = "changed";
    one_disabled: "désactivée" = "disabled";
    effect: "Effet" = "Effect";
    before: "Nom actuel" = "Name so far";
    more_affected: "Seules les 200 premières sont nommées." = "Only the first 200 are named.";
    zone_rest: "Où elle se trouve, par exemple Europe/Paris : ses heures locales sont lues ainsi. Vide : comme le dit le boîtier. Ce que son agent.toml dit de cette pointeuse l’emporte."
        = "Where it stands, for example Europe/Paris: its local times are read by it. Empty: as the box says. What its agent.toml says of this terminal holds above it.";
    set_zone: "Fixer le fuseau" = "Set the zone";
    foreign: "Laissées telles quelles" = "Left as they are";
    commands: "Commandes" = "Commands";
    commands_rest: "Leur résultat apparaît sur la page du site." = "Their outcome appears on the site’s page.";
    ask_users: "Demander la liste" = "Ask for the list";
    set_time: "Mettre à l’heure" = "Set its time";
    ask_state: "Demander son état" = "Ask for its state";
    reboot: "Redémarrer" = "Restart it";
    schedule: "Horaire" = "Schedule";
    no_schedule: "Aucun horaire ne vaut pour cette pointeuse." = "No schedule holds for this terminal.";
}
