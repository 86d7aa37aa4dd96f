//! The words of connectors.

use crate::http::page::words::words;

words! {
    title: "Connecteurs" = "Connectors";
    nothing_yet: "Aucun connecteur encore. Un connecteur envoie les pointages à un tiers (paie, RH) et en reçoit les personnes ; le premier envoi suit en 15 minutes."
        = "No connector yet. A connector sends punches to a third party (payroll, HR) and gets people from it; the first sending follows within 15 minutes.";
    name: "Connecteur" = "Connector";
    name_hint: "Lettres minuscules, chiffres et traits d’union : paie-paris." = "Lower-case letters, digits and hyphens: payroll-paris.";
    mapping: "Modèle" = "Mapping";
    base: "Adresse du tiers" = "Address of the third party";
    base_hint: "Par exemple https://rh.example.org" = "For example https://hr.example.org";
    zone: "Fuseau" = "Time zone";
    token: "Jeton du tiers" = "Token of the third party";
    token_hint: "Gardé scellé ; jamais montré de nouveau." = "Kept sealed; never shown again.";
    add: "Ajouter un connecteur" = "Add a connector";
    state: "État" = "State";
    waiting: "En attente" = "Pending";
    sent: "Envoyés" = "Sent";
    to_settle: "À traiter" = "To settle";
    passed: "Dernière bonne réponse" = "Last good answer";
    served: "Dernier passage" = "Last served";
    never: "jamais" = "never";
    paused: "En pause" = "Paused";
    stopped: "Arrêté" = "Stopped";
    working: "En ordre" = "Fine";
    pause: "Mettre en pause" = "Pause";
    resume: "Reprendre" = "Resume";
    oldest: "Le plus ancien attend depuis" = "Oldest waits since";
    next_try: "Prochain essai" = "Next try";
    nothing_to_settle: "Rien à traiter : rien n’a été refusé." = "Nothing to settle: nothing was refused.";
    person: "Personne" = "Person";
    when: "Heure du pointage" = "Time of the punch";
    attempts: "Essais" = "Tries";
    answer: "Dernière réponse" = "Last answer";
    reason: "Motif" = "Reason";
    set_aside: "Écarter…" = "Set aside…";
    jobs: "Tous les envois" = "All jobs";
    search: "Rechercher un envoi" = "Search a job";
    nothing_matches: "Aucun envoi ici." = "No job here.";
    rounds: "Derniers passages" = "Last rounds";
    no_rounds: "Pas encore de passage." = "No round yet.";
    run_push: "envoi" = "sending";
    run_people: "personnes" = "people";
    people: "Personnes du tiers" = "People of the third party";
    listed_one: "personne listée" = "person listed";
    listed_many: "personnes listées" = "people listed";
    gone_one: "plus listée" = "not listed any more";
    gone_many: "plus listées" = "not listed any more";
    compare: "Rapprochement" = "Reconciliation";
    compare_rest: "Compare ce qui a été envoyé d’une période avec ce que le tiers possède." = "Compares what was sent of a period with what the third party has.";
    from: "Du" = "From";
    to: "Au" = "To";
    job: "Envoi" = "Job";
    why: "Dernière réponse" = "Last answer";
    see_exchange: "Voir l’échange" = "Show the exchange";
    exchange: "Ce qui est envoyé" = "What is sent";
    exchange_rest: "Tel que ce serait envoyé à l’instant. Les secrets sont remplacés par leur nom."
        = "As it would be sent at this moment. The names of secrets stand in their place.";
    exchange_hidden: "Un opérateur peut voir ce qui est envoyé." = "An operator may see what is sent.";
    map: "Associer la personne…" = "Map the person…";
    map_rest: "Si le tiers connaît cette personne sous un autre numéro : tous ses envois partent alors sous celui-ci."
        = "If the third party knows this person by another number: everything of them is then sent under that one.";
    there: "Son numéro chez le tiers" = "Their number there";
    mapped: "Correspondances" = "Mapped people";
    none_mapped: "Aucune : chacun a le même numéro sur les pointeuses et chez le tiers."
        = "None: everybody has the same number on terminals and at the third party.";
    users_endpoint: "Chemin des personnes" = "Path of people";
    attendance_endpoint: "Chemin des pointages" = "Path of punches";
    endpoint_hint: "Pour le modèle default, par exemple /api/punches." = "For the mapping default, for example /api/punches.";
    auth: "Preuve d’identité" = "Proof of identity";
    auth_mapping: "comme le dit le modèle" = "as the mapping says";
    settings: "Réglages" = "Settings";
    every: "Fréquence" = "How often";
    at_once: "tout de suite" = "at once";
    terminals: "Pointeuses" = "Terminals";
    maybe_twice: "peut-être en double" = "maybe twice";
    state_pending: "en attente" = "pending";
    state_failed: "nouvel essai prévu" = "to be retried";
    state_parked: "personne inconnue du tiers" = "person not known there";
    state_sent: "envoyé" = "sent";
    state_dead: "refusé" = "refused";
    state_skipped: "écarté" = "set aside";
}
