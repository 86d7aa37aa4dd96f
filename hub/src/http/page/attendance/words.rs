//! The words of attendance: days, punches, schedules, holidays.

use crate::http::page::words::words;

words! {
    title: "Pointages" = "Attendance";
    before: "Jour précédent" = "Day before";
    after: "Jour suivant" = "Day after";
    date: "Jour" = "Day";
    settle: "À traiter" = "To settle";
    settle_rest: "Ces pointages sont à vérifier. Ce que vous décidez s’ajoute ; l’original est toujours gardé."
        = "These punches should be looked at. What you decide is added; the original is always kept.";
    nothing_to_settle: "Rien à traiter." = "Nothing to settle.";
    told: "Heure de la pointeuse" = "Time on the terminal";
    corrected: "Heure corrigée" = "Corrected time";
    why: "Pourquoi" = "Why";
    accept: "Compter" = "Count it";
    counts_at: "Heure retenue" = "Counts at";
    counts_at_hint: "Heure du fuseau de la pointeuse ; vide : l’heure corrigée." = "Time of the terminal’s zone; empty: the corrected time.";
    lacking: "Pointages manquants ce jour" = "Punches that this day lacks";
    lacking_rest: "Ces journées ne partent pas vers la paie. Comptez le pointage douteux de la même personne s’il y en a un ; sinon ajoutez le pointage oublié."
        = "These days do not go to the pay office. Count the punch of the same person that is in doubt if there is one; otherwise add the forgotten one.";
    add_forgotten: "Ajouter le pointage oublié" = "Add the forgotten punch";
    forgotten_at: "Heure du pointage oublié" = "Time of the forgotten punch";
    export: "Pour la paie" = "For the pay office";
    through: "Jusqu’au" = "Through";
    which: "Jours" = "Days";
    only_final: "définitifs et complets seulement" = "only those that are final and complete";
    all_days: "tous, avec leur sûreté" = "all, with how sure each is";
    refuse: "Écarter" = "Set aside";
    comment: "Motif" = "Reason";
    name: "Nom" = "Name";
    state: "État" = "State";
    came: "Entrée" = "In";
    left: "Sortie" = "Out";
    lateness: "Retard" = "Lateness";
    worked: "Durée" = "Worked";
    worked_min: "Durée (min)" = "Worked (min)";
    schedule: "Horaire" = "Schedule";
    sure: "Sûreté" = "How sure";
    person: "personne" = "person";
    people: "personnes" = "people";
    late_one: "en retard" = "late";
    late_many: "en retard" = "late";
    to_settle: "à traiter" = "to settle";
    absent: "absent" = "not here";
    missing: "pointage manquant" = "missing punch";
    missing_in: "entrée manquante" = "missing in";
    missing_out: "sortie manquante" = "missing out";
    late: "retard" = "late";
    late_from_break: "retard après la pause" = "late from the break";
    left_early: "parti avant l’heure" = "left early";
    outside: "hors horaire" = "outside the schedule";
    on_time: "à l’heure" = "on time";
    pending: "en cours" = "in progress";
    holiday: "jour férié" = "holiday";
    off: "pas attendu" = "not expected";
    provisional: "provisoire" = "provisional";
    is_final: "définitif" = "final";
    amended: "rectifié" = "amended";
    no_time: "sans heure" = "no time";
    clock_reset: "horloge remise à zéro" = "clock was reset";
    future: "dans le futur" = "in the future";
    ancient: "trop ancien" = "too old";
    frozen_clock: "horloge arrêtée" = "clock stood still";
    ambiguous: "heure double (changement d’heure)" = "hour happens twice (change of clocks)";
    skipped: "heure inexistante (changement d’heure)" = "hour does not exist (change of clocks)";
    no_days: "Aucun pointage ce jour, et personne n’est attendu. Les pointages apparaissent ici dès qu’une pointeuse approuvée en envoie."
        = "No punch on this day, and nobody is expected. Punches appear here as soon as an approved terminal sends some.";
    to_schedules: "Horaires" = "Schedules";
    everybody: "Tous" = "Everybody";
    weekday: "Jour" = "Weekday";
    starts: "Début" = "Starts";
    ends: "Fin" = "Ends";
    pause_starts: "Pause, début" = "Break starts";
    pause_ends: "Pause, fin" = "Break ends";
    tolerance: "Tolérance, minutes" = "Tolerance, minutes";
    schedule_name: "Nom de l’horaire" = "Name of the schedule";
    terminals: "Pointeuses" = "Terminals";
    terminals_hint: "Un numéro de série par ligne ; vide : toutes celles qu’aucun autre horaire ne nomme."
        = "One serial number per line; empty: all that no other schedule names.";
    zone: "Fuseau" = "Time zone";
    zone_hint: "Vide : celui de chaque pointeuse." = "Empty: each terminal’s own.";
    common: "Un numéro est la même personne sur toutes ses pointeuses" = "One number is the same person on all its terminals";
    directions: "Entrée ou sortie" = "In or out";
    by_terminal: "la pointeuse le dit" = "the terminal says";
    alternate: "en alternance" = "each the opposite of the one before";
    repeat: "Doublon avant, en secondes" = "Duplicate within, seconds";
    no_schedules: "Aucun horaire encore : personne n’est attendu, rien n’est un retard. Ajoutez-en un ci-dessous."
        = "No schedule yet: nobody is expected, nothing is late. Add one below.";
    add_schedule: "Ajouter un horaire" = "Add a schedule";
    holds_from: "Valable à partir du" = "Holds from";
    holds_from_hint: "Les jours d’avant gardent la semaine qu’ils avaient ; une date passée les fait juger de nouveau."
        = "Days before keep the week that they had; a past date has them judged anew.";
    held_through: "Une autre semaine valait jusqu’au" = "Another week held through";
    at_terminals: "Sur les pointeuses" = "On the terminals";
    terminal: "Pointeuse" = "Terminal";
    since: "Depuis" = "Since";
    box_says: "Ce que dit le boîtier" = "What the box says";
    sent_pending: "en attente" = "pending";
    sent_accepted: "accepté" = "accepted";
    sent_changed: "modifié depuis l’envoi" = "changed since it was sent";
    sent_refused: "refusé" = "refused";
    sent_no_answer: "sans réponse" = "no answer";
    sent_never: "pas envoyé" = "not sent";
    sent_rest: "Les journées sont jugées ici dans tous les cas ; l’envoi ne sert qu’aux pointeuses qui connaissent un horaire."
        = "Days are judged here in any case; sending serves only terminals that know a schedule.";
    edit: "Modifier" = "Edit";
    all_others: "toutes les autres" = "all others";
    week: "Semaine de" = "Week of";
    holidays: "Jours fériés" = "Holidays";
    no_holidays: "Aucun jour férié." = "No holiday.";
    only_in: "seulement dans" = "only in";
    back: "Retour aux pointages" = "Back to attendance";
    monday: "lundi" = "Monday";
    tuesday: "mardi" = "Tuesday";
    wednesday: "mercredi" = "Wednesday";
    thursday: "jeudi" = "Thursday";
    friday: "vendredi" = "Friday";
    saturday: "samedi" = "Saturday";
    sunday: "dimanche" = "Sunday";
}
