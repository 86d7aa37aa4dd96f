//! Words of acts on accounts: passwords, second factors, sessions, tokens.

use super::{Act, Level};
use crate::http::page::words::said;

pub(super) const ACTS: &[Act] = &[
    Act::new(
        "password_change",
        Level::Plain,
        [
            said("Changer le mot de passe", "Change the password"),
            said("", ""),
            said("Mot de passe changé. Vos autres sessions sont fermées.", "Password changed. Your other sessions are closed."),
        ],
    ),
    Act::new(
        "factor_begin",
        Level::Plain,
        [
            said("Préparer un second facteur", "Prepare a second factor"),
            said("", ""),
            said(
                "Scannez l’image avec l’application de votre téléphone, ou tapez le secret. Revenez ensuite saisir un code : sans lui, rien ne change.",
                "Scan the picture with your phone’s application, or type the secret. Then go back and enter a code: without it, nothing changes.",
            ),
        ],
    )
    .showing(&["uri", "secret"]),
    Act::new(
        "factor_confirm",
        Level::Plain,
        [
            said("Activer le second facteur", "Switch the second factor on"),
            said("", ""),
            said(
                "Second facteur actif. Gardez ces codes de secours à part du téléphone : chacun remplace un code, une fois.",
                "The second factor is on. Keep these recovery codes apart from the phone: each stands for a code, once.",
            ),
        ],
    )
    .showing(&["codes"]),
    Act::new(
        "factor_prove",
        Level::Plain,
        [
            said("Donner un code", "Give a code"),
            said("", ""),
            said("Code accepté : il vaut cinq minutes.", "The code counts for five minutes."),
        ],
    ),
    Act::new(
        "factor_remove",
        Level::Asked,
        [
            said("Retirer le second facteur", "Take the second factor away"),
            said(
                "Le mot de passe seul suffira pour entrer. Toutes vos sessions sont fermées.",
                "The password alone will be enough to come in. All your sessions are closed.",
            ),
            said("Second facteur retiré.", "The second factor is taken away."),
        ],
    ),
    Act::new(
        "sessions_remove",
        Level::Plain,
        [
            said("Fermer", "Close"),
            said("", ""),
            said("Session fermée.", "Session closed."),
        ],
    ),
    Act::new(
        "tokens_create",
        Level::Plain,
        [
            said("Créer un jeton", "Make a token"),
            said("", ""),
            said("Jeton créé. Il n’est montré qu’une fois.", "Token made. It is shown once."),
        ],
    )
    .showing(&["token", "expires"]),
    Act::new(
        "tokens_remove",
        Level::Asked,
        [
            said("Supprimer le jeton", "End the token"),
            said(
                "Les programmes qui l’emploient sont coupés tout de suite. Rien de ce qu’ils ont fait n’est défait.",
                "Programs that use it are cut off at once. Nothing that they did is undone.",
            ),
            said("Jeton supprimé.", "Token ended."),
        ],
    ),
    Act::new(
        "users_put",
        Level::Plain,
        [
            said("Créer le compte", "Make the account"),
            said("", ""),
            said("Compte prêt. Son mot de passe n’est montré qu’une fois.", "The account is ready. Its password is shown once."),
        ],
    )
    .showing(&["password"]),
    Act::new(
        "users_change",
        Level::Asked,
        [
            said("Modifier le compte", "Change the account"),
            said(
                "Ses sessions sont fermées si ses droits changent. Son mot de passe reste.",
                "Its sessions are closed if its rights change. Its password stays.",
            ),
            said("Compte modifié.", "Account changed."),
        ],
    ),
    Act::new(
        "users_remove",
        Level::Typed,
        [
            said("Supprimer le compte", "Remove the account"),
            said(
                "Le compte, ses sessions, ses jetons et son second facteur disparaissent tout de suite. Ce qu’il a fait reste au journal d’audit.",
                "The account, its sessions, its tokens and its second factor go at once. What it did stays in the audit log.",
            ),
            said("Compte supprimé.", "Account removed."),
        ],
    ),
    Act::new(
        "users_factor_remove",
        Level::Asked,
        [
            said("Retirer son second facteur", "Take its second factor away"),
            said(
                "Le mot de passe seul suffira pour entrer dans ce compte. Ses sessions sont fermées. À faire quand téléphone et codes sont perdus.",
                "The password alone will be enough for this account. Its sessions are closed. For when phone and codes are lost.",
            ),
            said("Second facteur retiré.", "The second factor is taken away."),
        ],
    ),
];
