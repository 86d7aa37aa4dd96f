//! Words of acts on attendance: punches, schedules, holidays.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "punches_review",
        Level::Plain,
        [
            said("Décider", "Decide"),
            said("", ""),
            said("Décision enregistrée. Le pointage d’origine est gardé.", "Decision saved. The punch itself is kept."),
        ],
    ),
    Act::new(
        "punches_add",
        Level::Plain,
        [
            said("Ajouter le pointage", "Add the punch"),
            said("", ""),
            said(
                "Pointage ajouté, avec votre nom et le motif. Il peut être écarté à tout moment.",
                "Punch added, with your name and the reason. It can be set aside at any time.",
            ),
        ],
    ),
    Act::new(
        "punches_unreview",
        Level::Plain,
        [
            said("Retirer la décision", "Take the decision back"),
            said("", ""),
            said("Décision retirée.", "Decision taken back."),
        ],
    ),
    Act::new(
        "schedules_put",
        Level::Asked,
        [
            said("Enregistrer l’horaire", "Save the schedule"),
            said(
                "À partir du jour choisi, les jours sont jugés d’après cette semaine ; ceux d’avant gardent la leur. Les pointages ne changent pas.",
                "From the chosen day on, days are judged by this week; those before keep theirs. Punches do not change.",
            ),
            said("Horaire enregistré.", "Schedule saved."),
        ],
    ),
    Act::new(
        "schedules_delete",
        Level::Asked,
        [
            said("Supprimer l’horaire", "Delete the schedule"),
            said(
                "Plus personne n’est attendu d’après cet horaire. Les pointages restent.",
                "Nobody is expected by this schedule any more. Punches stay.",
            ),
            said("Horaire supprimé.", "Schedule deleted."),
        ],
    ),
    Act::new(
        "holidays_put",
        Level::Plain,
        [said("Ajouter le jour férié", "Add the holiday"), said("", ""), said("Jour férié ajouté.", "Holiday added.")],
    ),
    Act::new(
        "holidays_delete",
        Level::Plain,
        [said("Retirer", "Remove"), said("", ""), said("Jour férié retiré.", "Holiday removed.")],
    ),
];
