//! The pages of links that work once: the first owner's name and password, a forgotten password, a new one.
//!
//! A link's secret stands behind the `#` of its address and is sent by no browser: the script puts it into the form;
//! without scripts it is pasted.

use askama::Template;
use axum::Form;
use axum::extract::{FromRequest, FromRequestParts as _, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::act::failed::reason;
use super::frame::{Frame, Visitor, render};
use super::french::{Told, told};
use super::login::malformed;
use super::words::words;
use crate::http::guard::{Peer, is_own_origin};
use crate::http::problem::Problem;
use crate::http::{Admin, recovery};

words! {
    setup: "Premier accès" = "First access";
    setup_lead: "Choisissez le nom et le mot de passe du compte propriétaire. Le mot de passe affiché au premier démarrage ne vaudra plus rien."
        = "Choose name and password of the owner’s account. The password shown at the first start will be worth nothing.";
    reset: "Choisir un nouveau mot de passe" = "Choose a new password";
    reset_lead: "Vos autres sessions seront fermées. Le second facteur, s’il y en a un, reste."
        = "Your other sessions will be closed. The second factor, if there is one, stays.";
    forgot: "Mot de passe oublié" = "Forgotten password";
    forgot_lead: "Si le compte existe et a une adresse, un courriel avec un lien est envoyé ; il vaut 30 minutes, une seule fois."
        = "If the account exists and has an address, a mail with a link is sent; it works for 30 minutes, once.";
    sent: "Si ce compte existe et a une adresse, un courriel est en route. Sans courriel, demandez au propriétaire du serveur."
        = "If this account exists and has an address, a mail is on its way. If none comes, ask the owner of the hub.";
    secret: "Secret du lien" = "The link’s secret";
    secret_hint: "Ce qui suit # dans l’adresse ; rempli tout seul si les scripts sont permis."
        = "What follows # in the address; filled in by itself where scripts run.";
    account: "Compte" = "Account";
    account_hint: "Petites lettres, chiffres et .-_@" = "Small letters, digits and .-_@";
    password: "Nouveau mot de passe" = "New password";
    password_hint: "12 caractères ou plus ; une phrase se retient bien." = "12 characters or more; a sentence is easy to keep in mind.";
    email: "Courriel, pour un mot de passe oublié" = "E-mail, for a forgotten password";
    create: "Créer le compte" = "Make the account";
    choose: "Choisir ce mot de passe" = "Choose this password";
    send: "Envoyer le lien" = "Send the link";
}

/// Which of the three pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Setup,
    Reset,
    Forgot,
}

#[derive(Template)]
#[template(path = "links.html")]
struct LinksPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    kind: Kind,
    account: &'a str,
    email: &'a str,
    error: Option<Told>,
    is_sent: bool,
}

impl LinksPage<'_> {
    fn title(&self) -> &'static str {
        match self.kind {
            Kind::Setup => self.w.setup,
            Kind::Reset => self.w.reset,
            Kind::Forgot => self.w.forgot,
        }
    }

    fn lead(&self) -> &'static str {
        match self.kind {
            Kind::Setup => self.w.setup_lead,
            Kind::Reset => self.w.reset_lead,
            Kind::Forgot => self.w.forgot_lead,
        }
    }

    fn button(&self) -> &'static str {
        match self.kind {
            Kind::Setup => self.w.create,
            Kind::Reset => self.w.choose,
            Kind::Forgot => self.w.send,
        }
    }

    fn address(&self) -> &'static str {
        match self.kind {
            Kind::Setup => "/setup",
            Kind::Reset => "/reset",
            Kind::Forgot => "/forgot",
        }
    }

    fn has_secret(&self) -> bool {
        self.kind != Kind::Forgot
    }

    fn has_account(&self) -> bool {
        self.kind != Kind::Reset
    }

    fn is_setup(&self) -> bool {
        self.kind == Kind::Setup
    }
}

/// What a person typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    secret: String,
    account: String,
    password: String,
    email: String,
}

/// A form that a page of ours sent, with the frame for the answer; any other is refused on a page.
pub(super) struct Sent {
    frame: Frame,
    typed: Typed,
}

impl FromRequest<Admin> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, admin: &Admin) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let Ok(Visitor(frame)) = Visitor::from_request_parts(&mut parts, admin).await;
        if let Err(problem) = is_own_origin(&parts.headers) {
            return Err(frame.refuse(problem));
        }
        match Form::from_request(Request::from_parts(parts, body), &()).await {
            Ok(Form(typed)) => Ok(Self { frame, typed }),
            Err(error) => Err(frame.refuse(malformed(&error))),
        }
    }
}

/// Whether the mail was just asked for.
#[derive(Deserialize)]
pub(super) struct After {
    sent: Option<String>,
}

fn page(frame: &Frame, kind: Kind) -> LinksPage<'_> {
    LinksPage { frame, w: of(frame.lang), kind, account: "", email: "", error: None, is_sent: false }
}

/// Shows the form of the first owner.
pub(super) async fn setup(Visitor(frame): Visitor) -> Response {
    render(&page(&frame, Kind::Setup))
}

/// Shows the form for a new password.
pub(super) async fn reset(Visitor(frame): Visitor) -> Response {
    render(&page(&frame, Kind::Reset))
}

/// Shows the form for a forgotten password.
pub(super) async fn forgot(Visitor(frame): Visitor, Query(after): Query<After>) -> Response {
    render(&LinksPage { is_sent: after.sent.is_some(), ..page(&frame, Kind::Forgot) })
}

/// Makes the first owner's account.
pub(super) async fn set_up(State(admin): State<Admin>, Sent { frame, typed }: Sent) -> Response {
    let email = Some(typed.email.clone()).filter(|email| !email.trim().is_empty());
    let setup = recovery::Setup {
        secret: typed.secret.clone(),
        account: typed.account.clone(),
        password: typed.password.clone(),
        email,
    };
    match recovery::make_owner(&admin, setup).await {
        Ok(_) => Redirect::to("/login").into_response(),
        Err(problem) => again(&frame, Kind::Setup, &typed, problem),
    }
}

/// Gives an account a new password.
pub(super) async fn choose(State(admin): State<Admin>, Sent { frame, typed }: Sent) -> Response {
    match recovery::renew(&admin, &typed.secret, typed.password.clone()).await {
        Ok(_) => Redirect::to("/login").into_response(),
        Err(problem) => again(&frame, Kind::Reset, &typed, problem),
    }
}

/// Has a link sent; says the same whoever asks for whom.
pub(super) async fn send(State(admin): State<Admin>, peer: Peer, Sent { frame, typed }: Sent) -> Response {
    match recovery::send(&admin, &typed.account, peer).await {
        Ok(()) => Redirect::to("/forgot?sent=1").into_response(),
        Err(problem) => again(&frame, Kind::Forgot, &typed, problem),
    }
}

/// The same form with what went wrong; secrets are typed again.
fn again(frame: &Frame, kind: Kind, typed: &Typed, problem: Problem) -> Response {
    let Problem { status, detail, .. } = problem;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let error = Some(told(frame.lang, reason(&detail)));
    let (account, email) = (typed.account.as_str(), typed.email.as_str());
    (status, render(&LinksPage { account, email, error, ..page(frame, kind) })).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::testing::Stage;
    use crate::login::first::first_start;
    use crate::text::Lang;

    #[tokio::test]
    async fn every_form_of_a_link_is_shown_to_anybody_in_both_languages() {
        let stage = Stage::new().await;
        for lang in Lang::ALL {
            for path in ["/setup", "/reset", "/forgot", "/forgot?sent=1"] {
                let page = stage.get(path).header("accept-language", lang.code()).send().await;
                assert_eq!(page.status, StatusCode::OK, "{path}");
                assert!(page.text.contains(&format!("<html lang=\"{}\"", lang.code())));
            }
        }
    }

    #[tokio::test]
    async fn the_first_owner_is_made_by_the_form_and_a_mistake_keeps_what_was_typed() {
        let (stage, folder) = (Stage::new().await, tempfile::tempdir().unwrap());
        for name in ["member", "viewer", "operator", "owner"] {
            stage.store.remove_account(name).await.unwrap();
        }
        let first = first_start(&*stage.store, &*stage.clock, folder.path()).await.unwrap().unwrap();
        let form = |password: &str| format!("secret={}&account=lea&password={password}&email=", first.setup);
        let short = stage.post("/setup").form(&form("short")).own().send().await;
        assert!(short.status.is_client_error() && short.text.contains("value=\"lea\""));
        assert!(!short.text.contains(&first.setup), "no secret stands in a page");
        let foreign = stage.post("/setup").form(&form("a+sentence+will+do")).send().await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        let made = stage.post("/setup").form(&form("a+sentence+will+do")).own().send().await;
        assert_eq!((made.status, made.header("location")), (StatusCode::SEE_OTHER, "/login"));
        let entered = stage.post("/login").form("account=lea&password=a+sentence+will+do").own().send().await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER);
    }

    #[tokio::test]
    async fn a_forgotten_password_is_asked_for_without_saying_who_exists() {
        let stage = Stage::new().await;
        for account in ["owner", "nobody"] {
            let asked = stage.post("/forgot").form(&format!("account={account}")).own().send().await;
            assert_eq!((asked.status, asked.header("location")), (StatusCode::SEE_OTHER, "/forgot?sent=1"));
        }
        let wrong = stage.post("/reset").form("secret=x&password=a+sentence+will+do").own().send().await;
        assert_eq!(wrong.status, StatusCode::GONE);
    }
}
