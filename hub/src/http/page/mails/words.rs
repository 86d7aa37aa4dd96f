//! The words of mails.

use crate::http::page::words::words;

words! {
    title: "Courriels" = "Mails";
    nothing_yet: "Aucun courriel encore. Le premier part avec le premier incident, ou avec un essai d’envoi."
        = "No mail yet. The first goes out with the first incident, or with a test send.";
    dead_one: "non remis" = "not delivered";
    dead_many: "non remis" = "not delivered";
    waiting_one: "en attente" = "pending";
    waiting_many: "en attente" = "pending";
    sent_one: "remis" = "delivered";
    sent_many: "remis" = "delivered";
    not_delivered: "Non remis" = "Not delivered";
    all_delivered: "Tout ce qui devait partir est parti, ou part encore." = "Whatever had to go out is out, or still on its way.";
    all: "Tous les courriels" = "All mails";
    search: "Rechercher un courriel" = "Search a mail";
    nothing_matches: "Aucun courriel ne correspond à ce filtre." = "No mail matches this filter.";
    subject: "Objet" = "Subject";
    to: "À" = "To";
    state: "État" = "State";
    attempts: "Essais" = "Tries";
    changed: "Dernier changement" = "Last change";
    next_try: "Prochain essai" = "Next try";
    kind: "Sorte" = "Kind";
    state_waiting: "En attente" = "Pending";
    state_sent: "Remis" = "Delivered";
    state_dead: "Non remis" = "Not delivered";
    test: "Essai d’envoi" = "Test send";
    test_to: "Destinataire" = "Recipient";
    test_hint: "Vide : tous les destinataires de mail.recipients. Les faits sont inventés et marqués comme un essai."
        = "Empty: all recipients of mail.recipients. The facts are invented and marked as a test.";
    body: "Contenu" = "What it says";
    hidden: "Ce courriel porte un lien pour un nouveau mot de passe, montré à son seul lecteur."
        = "This mail holds a link for a new password, which is shown to nobody but its reader.";
    about: "Voir l’incident" = "See the incident";
    maybe_twice: "Peut être arrivé deux fois" = "May have arrived twice";
}
