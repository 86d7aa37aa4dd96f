//! Words of acts on connectors and their jobs.

use super::{Act, Level};
use crate::http::page::words::said;

/// What a list of people comes to.
const PEOPLE: &[&str] = &["listed", "added", "changed", "gone", "held", "oddities"];

pub(super) const ACTS: &[Act] = &[
    Act::new("connectors_create", Level::Plain, [
        said("Ajouter le connecteur", "Add the connector"),
        said("", ""),
        said(
            "Connecteur ajouté. Les pointages d’avant sont gardés et ne sont pas envoyés.",
            "Connector added. Punches from before are kept and not sent.",
        ),
    ]),
    Act::new("connectors_change", Level::Plain, [
        said("Enregistrer", "Save"),
        said("", ""),
        said("Réglages du connecteur enregistrés.", "Settings of the connector saved."),
    ]),
    Act::new("connectors_change", Level::Plain, [
        said("Associer la personne", "Map the person"),
        said("", ""),
        said(
            "Personne associée. Relancez ce qui a été refusé : rien n’est envoyé deux fois.",
            "Person mapped. Retry what was refused: nothing is sent twice.",
        ),
    ])
    .named("connectors_map"),
    Act::new("connectors_change", Level::Plain, [
        said("Défaire", "Undo"),
        said("", ""),
        said(
            "Correspondance défaite : le numéro de pointeuse vaut de nouveau chez le tiers.",
            "Mapping undone: the enrol number counts there again.",
        ),
    ])
    .named("connectors_unmap"),
    Act::new("connectors_take_people", Level::Plain, [
        said("Essayer la liaison", "Test the connection"),
        said("", ""),
        said(
            "La liaison fonctionne : le tiers a répondu. Rien n’a été changé ni envoyé.",
            "The connection works: the third party answered. Nothing was changed or sent.",
        ),
    ])
    .named("connectors_try")
    .showing(PEOPLE),
    Act::new("connectors_remove", Level::Typed, [
        said("Supprimer le connecteur", "Remove the connector"),
        said(
            "Le connecteur, ses secrets, ses personnes et ses envois en attente sont supprimés. Ce qui a été envoyé reste \
             chez le tiers, et les pointages restent ici.",
            "The connector, its secrets, its people and its waiting jobs are removed. What was sent stays there, and \
             punches stay here.",
        ),
        said("Connecteur supprimé.", "Connector removed."),
    ]),
    Act::new("connectors_sync", Level::Plain, [
        said("Servir maintenant", "Serve now"),
        said("", ""),
        said("Le connecteur a été servi ; le passage est dans la liste.", "The connector was served; its round is in the list."),
    ]),
    Act::new("connectors_take_people", Level::Asked, [
        said("Lire les personnes", "Read the people"),
        said(
            "Les personnes que le tiers liste sont lues et reprises. Personne n’est supprimé.",
            "The people that the third party lists are read and taken over. Nobody is deleted.",
        ),
        said("Les personnes sont lues.", "The people are read."),
    ])
    .showing(PEOPLE),
    Act::new("connectors_take_people", Level::Asked, [
        said("Reprendre même si beaucoup partent", "Take over although many leave"),
        said(
            "Une liste qui perd d’un coup beaucoup de personnes est retenue, car elle est souvent incomplète. Ici elle est \
             reprise telle quelle : qui n’y est plus n’est plus admis aux pointeuses au prochain envoi. Personne n’est \
             supprimé.",
            "A list that loses many people at once is held back, because it is often incomplete. Here it is taken as it \
             is: who is not on it any more is not let in at terminals from the next sending on. Nobody is deleted.",
        ),
        said("Les personnes sont lues.", "The people are read."),
    ])
    .named("connectors_take_anyway")
    .showing(PEOPLE),
    Act::new("connectors_reconcile", Level::Plain, [
        said("Rapprocher", "Compare"),
        said("", ""),
        said("La période est comparée.", "The period is compared."),
    ])
    .showing(&["ours", "theirs", "items", "strangers", "doubt"]),
    Act::new("connectors_to_terminals", Level::Asked, [
        said("Envoyer vers les pointeuses", "Send to terminals"),
        said(
            "Les personnes du tiers vont sur les pointeuses. Personne n’y est supprimé ; qui n’est plus listé est désactivé.",
            "The people of the third party go to the terminals. Nobody is deleted there; who is not listed any more is \
             disabled.",
        ),
        said("Les commandes sont données.", "The commands are given."),
    ])
    .showing(&["items"]),
    Act::new("jobs_retry", Level::Plain, [
        said("Relancer", "Retry"),
        said("", ""),
        said("L’envoi est de nouveau essayé, tout de suite.", "The job is tried again, at once."),
    ]),
    Act::new("jobs_skip", Level::Asked, [
        said("Écarter", "Set aside"),
        said(
            "Ce pointage ne sera pas envoyé au tiers. Il reste ici, avec le motif.",
            "This punch will not be sent to the third party. It stays here, with the reason.",
        ),
        said("Écarté : il ne sera pas envoyé.", "Set aside: it will not be sent."),
    ]),
    Act::new("jobs_retry_all", Level::Asked, [
        said("Tout relancer", "Retry all"),
        said(
            "Chaque envoi refusé est essayé de nouveau. Rien n’est envoyé deux fois.",
            "Every job that was refused is tried again. Nothing is sent twice.",
        ),
        said("Les envois refusés sont de nouveau essayés.", "The refused jobs are tried again."),
    ]),
];
