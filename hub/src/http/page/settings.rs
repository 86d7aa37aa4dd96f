//! Settings: what is unset or risky, who may log in, with which tokens; what is kept how long.

pub(super) mod policies;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use vigie_shared::units::Span;

use super::frame::{Frame, Reader, render};
use super::row::Moment;
use super::words::words;
use crate::http::Admin;
use crate::http::guard::word;
use crate::http::problem::Problem;
use crate::login::short_id;
use crate::store::accounts::{CredentialKind, Role};
use crate::store::audit::ActFilter;
use crate::text::{self, Lang};

const DAY_S: u64 = 24 * 60 * 60;

words! {
    title: "Réglages" = "Settings";
    risks: "À régler" = "To settle";
    no_risk: "Rien de risqué ni d’oublié." = "Nothing is risky or forgotten.";
    no_mail: "Aucun serveur de courriel : personne n’est prévenu d’un incident. Renseignez [mail] dans hub.toml."
        = "No mail server: nobody is told of an incident. Set [mail] in hub.toml.";
    no_dashboard: "L’adresse du tableau de bord est inconnue : aucun lien de mot de passe ne peut partir. Renseignez `dashboard` dans [mail]."
        = "The dashboard’s address is unknown: no link for a password can be sent. Set `dashboard` in [mail].";
    no_tls: "Les pages sont servies sans TLS. Sur cette machine seule, c’est sans danger ; sinon, renseignez [admin] dans hub.toml."
        = "Pages are served without TLS. On this machine alone that is safe; otherwise set [admin] in hub.toml.";
    no_factor: "Des propriétaires n’ont pas de second facteur" = "Owners without a second factor";
    one_owner: "Un seul compte propriétaire : s’il est perdu, il faut la machine du serveur."
        = "Only one owner’s account: if it is lost, the hub’s machine is needed.";
    no_email: "Comptes sans courriel, qui ne peuvent pas retrouver leur mot de passe" = "Accounts without e-mail, which cannot recover their password";
    no_backup: "Aucune sauvegarde n’a été faite. Si cette machine tombe en panne, tout est perdu. Sauvegardez ci-dessous, puis copiez la sauvegarde ailleurs."
        = "No backup was ever made. If this machine fails, everything is lost. Back up below, then copy the backup elsewhere.";
    old_backup: "Dernière sauvegarde il y a plus d’une semaine" = "The last backup is more than a week old";
    backup: "Sauvegarde" = "Backup";
    last_backup: "Dernière sauvegarde" = "Last backup";
    never: "jamais" = "never";
    change: "Modifier…" = "Change…";
    change_hint: "Vide : aucun." = "Empty: none.";
    test_to: "Envoyer un essai à" = "Send a test to";
    test_hint: "Vide : tous les destinataires de mail.recipients. L’essai apparaît ensuite parmi les courriels, avec la réponse du serveur."
        = "Empty: all recipients of mail.recipients. The test then appears among the mails, with the server’s answer.";
    accounts: "Comptes" = "Accounts";
    account: "Compte" = "Account";
    role: "Rôle" = "Role";
    person: "Personne" = "Person";
    person_hint: "Identifiant de la personne dont ce compte voit la présence ; un membre en a besoin."
        = "Id of the person whose presence this account sees; a member needs one.";
    email: "Courriel" = "E-mail";
    factor: "Second facteur" = "Second factor";
    made: "Créé" = "Made";
    yes: "oui" = "yes";
    no: "non" = "no";
    add: "Ajouter un compte" = "Add an account";
    name_hint: "Petites lettres, chiffres et .-_@. Un mot de passe est tiré et montré une fois."
        = "Small letters, digits and .-_@. A password is drawn and shown once.";
    tokens: "Jetons d’API de tous" = "Everybody’s API tokens";
    label: "Usage" = "What for";
    used: "Dernier usage" = "Last used";
    ends: "Fin" = "Ends";
    no_tokens: "Aucun jeton." = "No token.";
    mail: "Courriel" = "Mail";
    mail_server: "Serveur" = "Server";
    mail_none: "aucun" = "none";
    retention: "Conservation" = "Retention";
    retention_lead: "Comme l’a fixé [retention] dans hub.toml." = "As [retention] in hub.toml has it.";
    policies: "Règles de présence" = "Presence policies";
    policies_lead: "Les jours sont évalués d’après la règle" = "Days are valued by the policy";
    to_policies: "Versions et simulation" = "Versions and dry run";
    kind: "Quoi" = "What";
    long: "Durée" = "How long";
    day: "jour" = "day";
    days: "jours" = "days";
}

/// Tries of a backup among which the last good one is looked for.
const BACKUPS_LOOKED_AT: usize = 50;
/// A backup that is older is pointed out, milliseconds: whoever has none of this week does not make them regularly.
const BACKUP_AGE_MAX_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// One account.
struct AccountRow {
    name: String,
    /// What sets its form apart from those of others.
    form: String,
    role: &'static str,
    /// The role as the API writes it.
    role_word: String,
    person: String,
    email: String,
    has_factor: bool,
    made: Moment,
}

/// One token.
struct TokenRow {
    id: String,
    label: String,
    account: String,
    role: &'static str,
    used: Option<Moment>,
    ends: Moment,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    risks: Vec<String>,
    accounts: Vec<AccountRow>,
    roles: Vec<(String, String)>,
    tokens: Vec<TokenRow>,
    mail_server: Option<String>,
    /// When everything was last backed up; none if it never was.
    backup: Option<Moment>,
    retention: Vec<(String, String)>,
    policy: &'a str,
}

/// Shows the settings.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>) -> Response {
    let page = page(&reader, &admin).await;
    reader.frame.answer(page)
}

async fn page(reader: &Reader, admin: &Admin) -> Result<Response, Problem> {
    reader.needs(Role::Owner)?;
    let frame = &reader.frame;
    let (zone, now_ms) = (TimeZone::system(), admin.clock.wall_ms());
    let moment = |at_ms: i64| Moment::new(frame.lang, at_ms, now_ms, &zone);
    let (known, proven) = (admin.store.accounts().await?, admin.store.proven_accounts().await?);
    let accounts: Vec<AccountRow> = known
        .into_iter()
        .enumerate()
        .map(|(number, account)| AccountRow {
            has_factor: proven.contains(&account.name),
            form: format!("change-{number}"),
            name: account.name,
            role: frame.role_word(account.role),
            role_word: word(account.role).to_owned(),
            person: account.person.unwrap_or_default(),
            email: account.email.unwrap_or_default(),
            made: moment(account.created_ms),
        })
        .collect();
    let tokens = admin.store.credentials(CredentialKind::Token).await?;
    let tokens = tokens.into_iter().filter(|token| token.expires_ms > now_ms).map(|token| TokenRow {
        id: short_id(&token.secret_sha256),
        label: token.label,
        account: token.account,
        role: frame.role_word(token.role),
        used: token.used_ms.map(moment),
        ends: moment(token.expires_ms),
    });
    let backup_ms = last_backup_ms(admin).await?;
    let mut risks = risks(frame, admin, &accounts);
    risks.extend(backup_risk(frame, backup_ms, now_ms));
    let roles = [Role::Member, Role::Viewer, Role::Operator, Role::Owner];
    Ok(render(&SettingsPage {
        frame,
        w: of(frame.lang),
        risks,
        tokens: tokens.collect(),
        accounts,
        roles: roles.map(|role| (word(role).to_owned(), frame.role_word(role).to_owned())).to_vec(),
        mail_server: admin.desk.server().map(str::to_owned),
        backup: backup_ms.map(moment),
        retention: retention(frame.lang, admin),
        policy: &admin.presences.config().policy,
    }))
}

/// What is unset or risky, in sentences.
fn risks(frame: &Frame, admin: &Admin, accounts: &[AccountRow]) -> Vec<String> {
    let (w, owner, colon) = (of(frame.lang), frame.role_word(Role::Owner), frame.words.colon);
    let mut risks = Vec::new();
    let mut say = |is_so: bool, text: &str| {
        if is_so {
            risks.push(text.to_owned());
        }
    };
    say(admin.desk.server().is_none(), w.no_mail);
    say(admin.desk.dashboard().is_none(), w.no_dashboard);
    say(!admin.is_tls, w.no_tls);
    let owners: Vec<&AccountRow> = accounts.iter().filter(|account| account.role == owner).collect();
    say(owners.len() == 1, w.one_owner);
    let names = |rows: Vec<&str>| rows.join(", ");
    let bare = names(owners.iter().filter(|one| !one.has_factor).map(|one| one.name.as_str()).collect());
    say(!bare.is_empty(), &format!("{}{colon}{bare}", w.no_factor));
    let mute = names(accounts.iter().filter(|one| one.email.is_empty()).map(|one| one.name.as_str()).collect());
    say(!mute.is_empty(), &format!("{}{colon}{mute}", w.no_email));
    risks
}

/// When everything was last backed up while the hub ran, as the audit log has it.
async fn last_backup_ms(admin: &Admin) -> Result<Option<i64>, Problem> {
    let filter = ActFilter { operation: Some("backups_create".to_owned()), ..ActFilter::default() };
    let acts = admin.store.acts(&filter, None, BACKUPS_LOOKED_AT).await?;
    Ok(acts.into_iter().map(|(_, act)| act).find(|act| act.status < 400).map(|act| act.at_ms))
}

/// What is wrong with the last backup; none if nothing is.
fn backup_risk(frame: &Frame, backup_ms: Option<i64>, now_ms: i64) -> Option<String> {
    let w = of(frame.lang);
    match backup_ms {
        None => Some(w.no_backup.to_owned()),
        Some(at_ms) if now_ms.saturating_sub(at_ms) > BACKUP_AGE_MAX_MS => {
            let day = text::stamp(frame.lang, at_ms, &TimeZone::system());
            Some(format!("{}{}{day}.", w.old_backup, frame.words.colon))
        }
        Some(_) => None,
    }
}

/// Each class of data as the configuration calls it, and how long it is kept.
fn retention(lang: Lang, admin: &Admin) -> Vec<(String, String)> {
    let value = serde_json::to_value(&admin.retention).unwrap_or_default();
    let periods: BTreeMap<String, Span> = serde_json::from_value(value).unwrap_or_default();
    periods.into_iter().map(|(class, Span(kept))| (class, spoken(lang, kept.as_secs()))).collect()
}

/// Days where they are whole: "396 days".
fn spoken(lang: Lang, seconds: u64) -> String {
    let w = of(lang);
    if seconds.is_multiple_of(DAY_S) {
        return text::counted(lang, seconds / DAY_S, w.day, w.days);
    }
    text::duration(lang, seconds)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::spoken;
    use crate::http::testing::{Stage, Who};
    use crate::store::accounts::Role;
    use crate::text::Lang;

    #[test]
    fn what_is_kept_is_said_in_days_of_the_readers_language() {
        assert_eq!(spoken(Lang::Fr, 396 * 86_400), "396\u{a0}jours");
        assert_eq!(spoken(Lang::En, 86_400), "1\u{a0}day");
        assert_eq!(spoken(Lang::En, 100_800), "1\u{a0}d\u{a0}4\u{a0}h");
    }

    #[tokio::test]
    async fn without_a_backup_the_settings_say_so_until_one_is_made() {
        let stage = Stage::new().await;
        let page = async || stage.get("/settings").by(Who::Socket).header("accept-language", "en").send().await.text;
        assert!(page().await.contains("No backup was ever made"));

        stage.post("/api/v1/backups").role(Role::Owner).send().await;
        assert!(!page().await.contains("No backup was ever made"));

        stage.clock.advance(std::time::Duration::from_secs(8 * 24 * 3600));
        assert!(page().await.contains("more than a week old"));
    }

    #[tokio::test]
    async fn settings_say_what_is_risky_and_are_for_owners() {
        let stage = Stage::new().await;
        for lang in Lang::ALL {
            let page = stage.get("/settings").by(Who::Socket).header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK);
            for word in ["TLS", "owner", "users_put", "ledger", "396"] {
                assert!(page.text.contains(word), "{word}");
            }
            assert_eq!(page.text.contains(" : "), lang == Lang::Fr, "colons are written as the language does");
        }
        assert_eq!(stage.get("/settings").role(Role::Operator).send().await.status, StatusCode::FORBIDDEN);
    }
}
