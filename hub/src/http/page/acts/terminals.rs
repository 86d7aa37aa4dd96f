//! Words of acts on terminals.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "terminals_order",
        Level::Asked,
        [
            said("Commander la pointeuse", "Command the terminal"),
            said(
                "Le boîtier du site transmet la commande à la pointeuse, au plus tard dans une heure. Les pointages restent \
             enregistrés.",
                "The box of its site passes the command on to the terminal, within an hour at most. Punches stay recorded.",
            ),
            said(
                "Commande donnée ; son résultat apparaît sur la page du site.",
                "Command given; its outcome appears on the site’s page.",
            ),
        ],
    ),
    Act::new(
        "terminals_push_schedule",
        Level::Asked,
        [
            said("Envoyer l’horaire", "Send the schedule"),
            said(
                "Une commande par jour de la semaine part vers la pointeuse. Une pointeuse qui ne connaît pas d’horaire les \
             refuse ; les journées sont jugées ici dans tous les cas.",
                "One command per weekday goes to the terminal. A terminal that knows no schedules refuses them; days are \
             judged here in any case.",
            ),
            said("L’horaire est en route vers la pointeuse.", "The schedule is on its way to the terminal."),
        ],
    ),
];
