//! The words of incidents, alerts and silences.

use crate::http::page::words::words;

words! {
    title: "Incidents" = "Incidents";
    incident: "Incident" = "Incident";
    open: "Ouverts" = "Open";
    none_open: "Aucun incident ouvert. Un incident apparaît ici dès qu’une alerte dure plus que son seuil."
        = "No open incident. One appears here as soon as an alert lasts longer than its threshold.";
    open_one: "incident ouvert" = "open incident";
    open_many: "incidents ouverts" = "open incidents";
    silence_one: "sourdine" = "silence";
    silence_many: "sourdines" = "silences";
    alert_one: "alerte" = "alert";
    alert_many: "alertes" = "alerts";
    since: "depuis" = "since";
    taken_by: "pris en charge par" = "acknowledged by";
    severity: "Gravité" = "Severity";
    began: "Début" = "Began";
    ended: "Fin" = "Ended";
    silences: "Sourdines" = "Silences";
    no_silences: "Aucune sourdine : tout ce qui se déclenche est annoncé." = "No silence: whatever fires is told.";
    until: "jusqu’à" = "until";
    new_silence: "Mettre en sourdine" = "Silence something";
    everything: "tout" = "everything";
    any_rule: "Toutes les règles" = "Any rule";
    rule: "Règle" = "Rule";
    subject: "Sujet" = "Subject";
    subject_hint: "Comme l’alerte le nomme ; vide pour tous." = "As the alert names it; empty for all.";
    lasts: "Durée" = "For how long";
    lasts_hint: "Avec son unité : 1h, 2d ; au plus 90 jours." = "With its unit: 1h, 2d; at most 90 days.";
    note: "Note" = "Note";
    closed: "Clos" = "Closed";
    none_closed: "Aucun incident clos." = "No closed incident.";
    search: "Rechercher un incident" = "Search an incident";
    rules: "Règles et seuils" = "Rules and thresholds";
    rules_rest: "Elles se règlent dans le fichier de configuration, section alerts." = "They are set in the configuration file, section alerts.";
    settings: "Seuils" = "Thresholds";
    inside: "Ce qu’il contient" = "What is inside";
    nothing_inside: "Cet incident ne contient plus d’alerte." = "This incident holds no alert any more.";
    silence_hour: "Sourdine 1 h" = "Silence 1 h";
    silence_day: "Sourdine 24 h" = "Silence 24 h";
    behind: "Derrière ce boîtier, non observé" = "Behind this box, not observed";
    terminal_one: "pointeuse" = "terminal";
    terminal_many: "pointeuses" = "terminals";
    machine_one: "machine" = "machine";
    machine_many: "machines" = "machines";
    told: "Ce qui a été annoncé" = "What was told";
    nothing_told: "Rien n’a encore été annoncé." = "Nothing was told yet.";
    opened: "Ouverture" = "Opened";
    continues: "Suite" = "Continues";
    closing: "Clôture" = "Closed";
    mails: "Qui a été prévenu" = "Who was told";
    no_mails: "Aucun courriel pour cet incident. Les destinataires se règlent dans mail.recipients."
        = "No mail for this incident. Recipients are set in mail.recipients.";
    to: "À" = "To";
    gathering: "en préparation" = "gathering";
    untold: "en préparation, annoncé dans une minute" = "gathering, told within a minute";
    is_open: "ouvert" = "open";
    is_closed: "clos" = "closed";
    pending: "en attente" = "pending";
    firing: "déclenchée" = "firing";
    acknowledged: "prise en charge" = "acknowledged";
    silenced: "en sourdine" = "silenced";
    suspended: "suspendue, boîtier muet" = "suspended, its box is silent";
    resolved: "terminée" = "over";
}
