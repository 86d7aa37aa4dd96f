//! The reader's own account: password, second factor, open sessions, tokens.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;

use super::frame::{Frame, Insider, render};
use super::row::Moment;
use super::words::words;
use crate::http::Admin;
use crate::http::me::{id_of, own_session};
use crate::http::problem::Problem;
use crate::login::{Caller, short_id};
use crate::store::accounts::{CredentialKind, Role};

words! {
    title: "Mon compte" = "My account";
    password: "Mot de passe" = "Password";
    old: "Mot de passe actuel" = "Present password";
    new: "Nouveau mot de passe" = "New password";
    new_hint: "12 caractères ou plus ; une phrase se retient bien. Vos autres sessions seront fermées."
        = "12 characters or more; a sentence is easy to keep in mind. Your other sessions will be closed.";
    factor: "Second facteur" = "Second factor";
    factor_off: "Aucun : le mot de passe seul suffit. Une application sur votre téléphone affiche un code de plus, demandé à chaque connexion."
        = "None: the password alone is enough. An application on your phone shows a code, asked for at each login.";
    factor_begun: "Scannez l’image ou tapez le secret dans votre application, puis saisissez le code qu’elle affiche."
        = "Scan the picture or type the secret into your application, then enter the code that it shows.";
    factor_on: "Actif : un code est demandé à chaque connexion." = "On: a code is asked for at each login.";
    recovery_left: "Codes de secours restants" = "Recovery codes left";
    code: "Code à six chiffres, ou code de secours" = "Six-digit code, or recovery code";
    prove: "Avant un acte grave, un code de moins de cinq minutes est demandé."
        = "Before a grave act, a code of the last five minutes is asked for.";
    sessions: "Sessions ouvertes" = "Open sessions";
    browser: "Navigateur" = "Browser";
    opened: "Ouverte" = "Opened";
    used: "Dernier usage" = "Last used";
    ends: "Fin" = "Ends";
    this_one: "celle-ci" = "this one";
    tokens: "Jetons d’API" = "API tokens";
    tokens_lead: "Pour vos programmes : un jeton fait au plus ce que vous pouvez faire, et se limite à des parties de l’API ou à des sites."
        = "For your programs: a token does at most what you may, and can be limited to parts of the API or to sites.";
    label: "Usage" = "What for";
    role: "Rôle" = "Role";
    limits: "Limité à" = "Limited to";
    areas: "Parties de l’API, une par ligne" = "Parts of the API, one per line";
    sites: "Sites, un par ligne" = "Sites, one per line";
    valid: "Durée" = "How long";
    valid_hint: "Avec son unité : 90d, au plus deux ans." = "With its unit: 90d, two years at most.";
    nothing: "rien" = "nothing";
    no_tokens: "Aucun jeton." = "No token.";
    socket: "Vous parlez par la machine elle-même : connectez-vous dans un navigateur pour un second facteur."
        = "You speak through the machine itself: log in with a browser for a second factor.";
}

/// One open session.
struct SessionRow {
    id: String,
    browser: String,
    opened: Moment,
    used: Moment,
    ends: Moment,
    is_this: bool,
}

/// One token.
struct TokenRow {
    id: String,
    label: String,
    role: &'static str,
    limits: String,
    used: Option<Moment>,
    ends: Moment,
}

/// How far the second factor is.
struct FactorNow {
    is_on: bool,
    is_fresh: bool,
    codes_left: usize,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    caller: &'a Caller,
    role: &'static str,
    factor: FactorNow,
    has_session: bool,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
    roles: Vec<(String, String)>,
}

/// Shows the account.
pub(super) async fn show(Insider { frame, caller }: Insider, State(admin): State<Admin>) -> Response {
    let page = page(&frame, &caller, &admin).await;
    frame.answer(page)
}

async fn page(frame: &Frame, caller: &Caller, admin: &Admin) -> Result<Response, Problem> {
    let (zone, now_ms) = (TimeZone::system(), admin.clock.wall_ms());
    let moment = |at_ms: i64| Moment::new(frame.lang, at_ms, now_ms, &zone);
    let factor = admin.store.factor(&caller.account).await?.filter(|factor| factor.is_confirmed);
    let sessions = admin.store.sessions(Some(&caller.account)).await?;
    let open = sessions.iter().filter(|session| now_ms < session.ends_ms());
    let tokens = admin.store.credentials(CredentialKind::Token).await?;
    let own = tokens.iter().filter(|token| token.account == caller.account && token.expires_ms > now_ms);
    let roles = [Role::Viewer, Role::Operator, Role::Owner].into_iter().filter(|role| *role <= caller.role);
    Ok(render(&AccountPage {
        frame,
        w: of(frame.lang),
        caller,
        role: frame.role_word(caller.role),
        factor: FactorNow {
            is_on: factor.is_some(),
            is_fresh: crate::http::guard::is_fresh(caller, now_ms),
            codes_left: factor.map_or(0, |factor| factor.recovery.len()),
        },
        has_session: own_session(caller).is_some(),
        sessions: open
            .map(|session| SessionRow {
                id: id_of(session),
                browser: session.label.clone(),
                opened: moment(session.created_ms),
                used: moment(session.used_ms),
                ends: moment(session.ends_ms()),
                is_this: own_session(caller) == Some(session.id),
            })
            .collect(),
        tokens: own
            .map(|token| TokenRow {
                id: short_id(&token.secret_sha256),
                label: token.label.clone(),
                role: frame.role_word(token.role),
                limits: limits(&token.scope, of(frame.lang)),
                used: token.used_ms.map(moment),
                ends: moment(token.expires_ms),
            })
            .collect(),
        roles: roles
            .map(|role| (crate::http::guard::word(role).to_owned(), frame.role_word(role).to_owned()))
            .collect(),
    }))
}

fn limits(scope: &crate::store::accounts::Scope, w: &Words) -> String {
    let areas = scope.areas.iter().cloned();
    let all: Vec<String> = areas.chain(scope.sites.iter().map(ToString::to_string)).collect();
    if all.is_empty() { w.nothing.to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::Stage;
    use crate::text::Lang;

    #[tokio::test]
    async fn everybody_has_the_page_of_the_own_account() {
        let stage = Stage::new().await;
        for account in ["member", "viewer", "owner"] {
            let session = stage.log_in(account).await;
            for lang in Lang::ALL {
                let ask = stage.get("/account").session(&session).header("accept-language", lang.code());
                let page = ask.send().await;
                assert_eq!(page.status, StatusCode::OK, "{account}: {}", page.text);
                assert!(page.text.contains("action=\"/act/password_change\"") || page.text.contains("password_change"));
                assert_eq!(page.text.contains("tokens_create"), account != "member", "{account}");
            }
        }
    }
}
