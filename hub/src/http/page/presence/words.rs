//! The words of presence: now, a month, a day.

use crate::http::page::words::words;

words! {
    title: "Présences" = "Presence";
    now: "Maintenant" = "Now";
    month: "Mois" = "Month";
    person_here: "personne présente" = "person here";
    people_here: "personnes présentes" = "people here";
    passing_one: "appareil de passage" = "passing device";
    passing_many: "appareils de passage" = "passing devices";
    named: "Présents qui ont accepté d’être nommés" = "Here, and agreed to be named";
    nobody_named: "Personne de présent n’a accepté d’être nommé." = "Nobody who is here agreed to be named.";
    in_application: "dans une application" = "in an application";
    since: "Depuis" = "Since";
    seen: "Vu" = "Seen";
    name: "Nom" = "Name";
    blind: "Non observé" = "Not observed";
    blind_rest: "Personne n’y est compté absent pendant ce temps." = "Nobody is counted as not here there for that time.";
    never_seen: "jamais observé" = "never observed";
    nothing_yet: "Aucun appareil n’est inscrit encore. Les présences apparaissent ici quelques minutes après qu’une personne a inscrit un appareil."
        = "No device is registered yet. Presence appears here a few minutes after a person registered a device.";
    to_people: "Personnes et appareils" = "People and devices";
    previous: "Mois précédent" = "Month before";
    following: "Mois suivant" = "Month after";
    look_recorded: "Cette consultation est enregistrée." = "This look is recorded.";
    person: "Personne" = "Person";
    total: "Jours" = "Days";
    provisional: "provisoire" = "provisional";
    is_final: "définitif" = "final";
    amended: "rectifié" = "amended";
    corrected: "corrigé" = "corrected";
    full: "journée" = "full day";
    half: "demi-journée" = "half-day";
    nothing: "aucune présence" = "no presence";
    not_observed: "non observé" = "not observed";
    no_day: "pas encore calculé" = "not computed yet";
    legend: "Légende" = "Legend";
    csv: "Télécharger ces jours" = "Download these days";
    no_days: "Aucun jour n’est calculé pour ce mois. Un jour est calculé le lendemain, quand tous les relevés sont arrivés."
        = "No day of this month is computed. A day is computed on the day after, when all readings have arrived.";
    grid: "Jours par personne" = "Days by person";
    strip: "Frise du jour" = "Day strip";
    strip_rest: "Un créneau dure 10 minutes." = "A slot lasts 10 minutes.";
    slots: "créneaux" = "slots";
    slot: "créneau" = "slot";
    rule: "Règle" = "Policy";
    worth: "Valeur" = "Worth";
    minutes: "Durée" = "Duration";
    site: "Site" = "Site";
    from: "De" = "From";
    to: "À" = "To";
    sessions: "Passages" = "Sessions";
    no_sessions: "Aucun passage ce jour." = "No session on that day.";
    why: "Ce qu’il faut savoir" = "What to know";
    bridged: "Observation interrompue : la personne est comptée présente." = "Observation interrupted: the person is counted as here.";
    two_sites: "Des appareils de la personne étaient sur deux sites à la fois." = "Devices of the person were at two sites at once.";
    left_device: "Un appareil est resté sur place : il ne compte pas." = "A device stayed behind: it does not count.";
    no_departure: "Encore présent à la fin de la journée." = "Still here when the day ended.";
    glimpsed: "Vu trop brièvement pour compter." = "Seen too briefly to count.";
    closed: "Le passage a été clos à la main." = "The session was closed by hand.";
    decision: "Correction" = "Override";
    decided_by: "par" = "by";
    comment: "Motif" = "Reason";
    comment_hint: "Il reste dans l’historique avec votre nom." = "It stays in the history with your name.";
    date: "Jour" = "Day";
    decided: "Décidé" = "Decided";
    sure: "Sûreté" = "How sure";
    revision: "Révision" = "Revision";
    computed: "calculé" = "computed";
    formerly: "Auparavant" = "Before";
    history: "Historique" = "History";
    history_when: "À partir du" = "From";
    history_by: "Par" = "By";
    published: "transmise" = "handed over";
    back_to_month: "Retour au mois" = "Back to the month";
    incomplete: "Ce jour n’est pas définitif : des relevés manquent encore. Le calcul sera refait à leur arrivée."
        = "This day is not final: readings are still missing. It will be computed again when they arrive.";
}
