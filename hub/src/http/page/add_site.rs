//! Adds a site: what it is called, then the token that its box is given.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, Reader, render};
use super::words::words;
use crate::http::Admin;
use crate::store::accounts::Role;

words! {
    title: "Ajouter un site" = "Add a site";
    lead: "Un site est un lieu avec un boîtier. Le serveur crée un jeton ; collez-le sur le boîtier, qui apparaît ici dès qu’il s’est fait entendre."
        = "A site is a place with one box. The hub makes a token; paste it on the box, which appears here as soon as it is heard.";
    id: "Identifiant" = "Id";
    id_hint: "1 à 32 lettres ou chiffres ; il ne change plus ensuite." = "1 to 32 letters or digits; it does not change afterwards.";
    name: "Nom" = "Name";
    zone: "Fuseau" = "Time zone";
    zone_hint: "Par exemple Europe/Paris ; celui du serveur si rien n’est donné." = "For example Europe/Paris; the hub’s own if none is given.";
    valid: "Validité du jeton" = "How long the token works";
    valid_hint: "Avec son unité : 24h, 7d." = "With its unit: 24h, 7d.";
    town: "Ville" = "Town";
    club: "Club" = "Club";
}

#[derive(Template)]
#[template(path = "add_site.html")]
struct AddSitePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    zone: String,
}

/// Shows the form.
pub(super) async fn show(reader: Reader, State(_): State<Admin>) -> Response {
    if let Err(problem) = reader.needs(Role::Operator) {
        return reader.frame.refuse(problem);
    }
    let frame = &reader.frame;
    render(&AddSitePage { frame, w: of(frame.lang), zone: crate::own_zone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::shown;
    use crate::http::testing::{Stage, Who};
    use crate::text::Lang;

    #[tokio::test]
    async fn the_form_asks_for_little_and_only_those_who_may() {
        let stage = Stage::new().await;
        for lang in Lang::ALL {
            let page = stage.get("/add-site").by(Who::Socket).header("accept-language", lang.code()).send().await;
            let text = shown(&page.text).replace(&crate::own_zone(), "Europe/Paris");
            insta::assert_snapshot!(format!("add_site_{}", lang.code()), text);
        }
        let viewer = stage.get("/add-site").role(Role::Viewer).send().await;
        assert_eq!(viewer.status, axum::http::StatusCode::FORBIDDEN);
    }
}
