//! Words of acts on presence: days, people, their devices.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "presence_override_put",
        Level::Plain,
        [
            said("Corriger ce jour", "Correct this day"),
            said("", ""),
            said(
                "Correction enregistrée. L’ancienne valeur reste dans l’historique.",
                "Override saved. The former value stays in the history.",
            ),
        ],
    ),
    Act::new(
        "presence_override_remove",
        Level::Plain,
        [
            said("Retirer la correction", "Take the override back"),
            said("", ""),
            said(
                "Correction retirée : le jour vaut de nouveau ce qui a été calculé.",
                "Override taken back: the day is worth again what was computed.",
            ),
        ],
    ),
    Act::new(
        "presence_dispute_put",
        Level::Plain,
        [
            said("Contester ce jour", "Dispute this day"),
            said("", ""),
            said("Contestation enregistrée. La réponse apparaît ici.", "Dispute saved. The answer appears here."),
        ],
    ),
    Act::new(
        "presence_dispute_answer",
        Level::Plain,
        [said("Répondre", "Answer"), said("", ""), said("Réponse enregistrée.", "Answer saved.")],
    ),
    Act::new(
        "presence_requests_create",
        Level::Plain,
        [
            said("Calculer de nouveau", "Compute again"),
            said("", ""),
            said(
                "Calcul demandé. S’il donne autre chose, le jour change ici en quelques secondes.",
                "The computation is asked for. If it says otherwise, the day changes here within seconds.",
            ),
        ],
    ),
    Act::new(
        "presence_policies_add",
        Level::Typed,
        [
            said("Ajouter cette version", "Add this version"),
            said(
                "À partir de son premier jour, les jours valent d’après cette version dès qu’ils sont calculés. Une version ne change ni ne s’efface ; une suivante peut la remplacer. Les observations restent.",
                "From its first day on, days are worth what this version says as soon as they are computed. A version neither changes nor goes; a next one can take its place. Observations stay.",
            ),
            said("Version ajoutée.", "Version added."),
        ],
    ),
    Act::new(
        "people_put",
        Level::Plain,
        [
            said("Enregistrer la personne", "Save the person"),
            said("", ""),
            said("Personne enregistrée.", "Person saved."),
        ],
    ),
    Act::new(
        "people_delete",
        Level::Asked,
        [
            said("Retirer de la liste", "Remove from the list"),
            said(
                "La personne n’est plus nommée. Ses pointages et ses présences restent ; pour les effacer, utilisez l’effacement.",
                "The person is no more named. Punches and presences stay; to delete those, erase the person.",
            ),
            said("Personne retirée de la liste.", "Person removed from the list."),
        ],
    ),
    Act::new(
        "person_devices_add",
        Level::Plain,
        [
            said("Inscrire l’appareil", "Register the device"),
            said("", ""),
            said("Appareil inscrit.", "Device registered."),
        ],
    ),
    Act::new(
        "person_devices_end",
        Level::Asked,
        [
            said("Terminer la propriété", "End the ownership"),
            said(
                "L’appareil ne compte plus pour cette personne à partir de maintenant. Les jours déjà comptés restent.",
                "The device counts no more for this person from now on. Days that were counted stay.",
            ),
            said("L’appareil ne compte plus pour cette personne.", "The device counts no more for this person."),
        ],
    ),
    Act::new(
        "person_pairing_create",
        Level::Plain,
        [
            said("Créer un lien de jumelage", "Create a pairing link"),
            said("", ""),
            said("Lien de jumelage créé. Il n’est montré qu’une fois.", "Pairing link created. It is shown once."),
        ],
    )
    .showing(&["link", "expires"]),
    Act::new(
        "person_erase",
        Level::Typed,
        [
            said("Effacer la personne", "Erase the person"),
            said(
                "Ses présences, pointages et appareils seront effacés ici et sur tous les sites, sans retour possible. L’effacement reste noté au journal.",
                "Presences, punches and devices will be erased here and at every site, for good. The erasure stays in the audit log.",
            ),
            said("Personne effacée.", "Person erased."),
        ],
    ),
    Act::new(
        "presence_claims_confirm",
        Level::Plain,
        [said("Confirmer", "Confirm"), said("", ""), said("Appareil jumelé.", "Device paired.")],
    ),
    Act::new(
        "presence_claims_refuse",
        Level::Plain,
        [
            said("Refuser", "Refuse"),
            said("", ""),
            said("Jumelage refusé. L’appareil n’est à personne.", "Pairing refused. The device is nobody’s."),
        ],
    ),
    Act::new(
        "presence_devices_forget",
        Level::Asked,
        [
            said("Oublier l’appareil", "Forget the device"),
            said(
                "Son adresse est effacée ici et sur le boîtier. Les jours déjà comptés restent.",
                "Its address is erased here and on the box. Days that were counted stay.",
            ),
            said("Appareil oublié.", "Device forgotten."),
        ],
    ),
    Act::new(
        "presence_exclusions_add",
        Level::Plain,
        [
            said("Exclure l’appareil", "Exclude the device"),
            said("", ""),
            said("Appareil exclu : le boîtier n’en garde rien.", "Device excluded: the box keeps nothing of it."),
        ],
    ),
    Act::new(
        "presence_exclusions_remove",
        Level::Asked,
        [
            said("Lever l’exclusion", "Lift the exclusion"),
            said(
                "Le boîtier recommence à noter cet appareil quand il le voit.",
                "The box begins again to note this device when it sees it.",
            ),
            said("Exclusion levée.", "Exclusion lifted."),
        ],
    ),
];
