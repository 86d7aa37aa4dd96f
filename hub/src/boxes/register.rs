//! Registering with an account: a person at the box proves a right by a password instead of a token.
//!
//! The password is looked at first, by the same rules and the same limit as at the login, and no session arises from
//! it. Only then anything is said about sites. What is said of a site fills what the hub does not know.

use std::net::IpAddr;

use jiff::tz::TimeZone;
use vigie_shared::about::{FieldError, LINE_CHARS_MAX, line};
use vigie_shared::enrol::{BoxFacts, Enrolled, RegisterRequest, Said};
use vigie_shared::id::SiteId;

use super::desk::{Desk, failed};
use super::problem::Refused;
use crate::login::LoginError;
use crate::store::StoreError;
use crate::store::accounts::{Account, Role};
use crate::store::diary::{Entry, Level};
use crate::store::sites::{Machine, Site};

/// Longest id that is made of a name.
const DERIVED_CHARS_MAX: usize = 24;

/// Longest name of a box's model or system that is kept, characters.
const MACHINE_CHARS_MAX: usize = 80;

/// Times that somebody else may describe the same site meanwhile.
const TRIES_MAX: u32 = 5;

impl Desk {
    /// Makes a box a site's box in the name of an account, and the site if it does not exist.
    pub(super) async fn register(&self, request: &RegisterRequest, from: IpAddr) -> Result<Enrolled, Refused> {
        self.may_try(from)?;
        let answer = self.admit_and_sign(request, from).await;
        if let Err(refused) = &answer {
            tracing::info!("a registration with an account was refused: {refused}");
            self.count_against(from, refused);
        }
        answer
    }

    async fn admit_and_sign(&self, request: &RegisterRequest, from: IpAddr) -> Result<Enrolled, Refused> {
        let account = self.logins.check(&request.account, &request.password, Some(from)).await?;
        // Nobody types a code at a box, and a password alone is not enough for such an account.
        if self.logins.has_factor(&account.name).await.map_err(failed)? {
            return Err(Refused::NeedsToken(account.name));
        }
        if account.role < Role::Operator {
            return Err(Refused::NoRight(account.name));
        }
        let said = checked(&request.said)?;
        let site = self.chosen(request, &said)?;
        let known = self.store.site(&site).await.map_err(failed)?;
        // Signed before a site is made: a bad request must leave nothing behind.
        let signed = self.sign(&request.csr, &site, self.now_ms())?;
        match known {
            Some(known) if known.revoked_ms.is_some() => return Err(Refused::RevokedSite),
            // A name that two sites share must not put one's box into the other's place.
            Some(_) if request.site.is_none() => return Err(Refused::SiteExists(site)),
            Some(_) => {}
            None => {
                let site = Site::new(site.clone(), site.to_string(), zone(request)?, self.now_ms());
                self.add(site, &account).await?;
            }
        }
        let enrolled = self.hand_out(&site, signed, (&said, &request.facts)).await?;
        let text = format!(
            "A box was registered for site {site} by {} with a password, at the box. Another box of the site stays \
             until somebody runs `vigie-hub site replace {site}`.",
            account.name
        );
        self.note(&site, "box_registered", text).await?;
        tracing::info!(site = %site, account = account.name, "a box was registered");
        Ok(enrolled)
    }

    /// The site that is asked for, or one that its name gives.
    fn chosen(&self, request: &RegisterRequest, said: &Said) -> Result<SiteId, Refused> {
        let derived = || derived_id(&said.name).ok_or(Refused::Nameless);
        request.site.clone().map_or_else(derived, Ok)
    }

    async fn add(&self, site: Site, account: &Account) -> Result<(), Refused> {
        match self.store.add_site(&site).await {
            Ok(()) => {}
            Err(StoreError::Conflict(_)) => return Err(Refused::SiteExists(site.id)),
            Err(error @ StoreError::Failed(_)) => return Err(failed(error)),
        }
        let text = format!("Site {} was added by {}, who registered its box with a password.", site.id, account.name);
        self.note(&site.id, "site_added", text).await
    }

    async fn note(&self, site: &SiteId, kind: &str, text: String) -> Result<(), Refused> {
        let (at_ms, site, kind) = (self.now_ms(), Some(site.clone()), kind.to_owned());
        self.store.write(&Entry { at_ms, site, level: Level::Note, kind, text }).await.map_err(failed)
    }

    /// Gives a site what was said of it and is not known yet; returns what was taken.
    pub(super) async fn fill(&self, site: &SiteId, said: &Said) -> Result<Vec<String>, Refused> {
        let said = checked(said)?;
        for _ in 0..TRIES_MAX {
            let Some(was) = self.store.site(site).await.map_err(failed)? else { break };
            let mut becomes = was.clone();
            let mut taken = becomes.about.fill(&said.about);
            if was.is_nameless() && !said.name.is_empty() && said.name != was.name {
                becomes.name.clone_from(&said.name);
                taken.insert(0, "name");
            }
            if taken.is_empty() || self.store.describe_site(&was, &becomes).await.map_err(failed)? {
                return Ok(taken.into_iter().map(str::to_owned).collect());
            }
        }
        Ok(Vec::new())
    }

    /// Remembers what a box said of itself.
    pub(super) async fn note_machine(&self, site: &SiteId, facts: &BoxFacts) -> Result<(), Refused> {
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).take(MACHINE_CHARS_MAX).collect();
        let machine = Machine { model: plain(&facts.model), os: plain(&facts.os), lan: facts.lan };
        if machine == Machine::default() {
            return Ok(());
        }
        self.store.note_machine(site, &machine).await.map(drop).map_err(failed)
    }
}

impl From<LoginError> for Refused {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong | LoginError::NeedsCode { .. } | LoginError::WrongCode | LoginError::LinkEnded => {
                Self::WrongPassword
            }
            LoginError::Wait(wait) => Self::Wait(wait.as_secs().max(1)),
            LoginError::Busy => Self::Busy,
            LoginError::Store(error) => failed(error),
            LoginError::Hashing(error) => {
                tracing::error!("a password could not be checked: {error:#}");
                Self::HubFailed
            }
        }
    }
}

impl From<FieldError> for Refused {
    fn from(error: FieldError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// The same without blanks around the texts.
pub(super) fn checked(said: &Said) -> Result<Said, FieldError> {
    Ok(Said { name: line("name", &said.name, LINE_CHARS_MAX)?, about: said.about.checked()? })
}

fn zone(request: &RegisterRequest) -> Result<String, Refused> {
    let zone = request.zone.clone().unwrap_or_else(crate::own_zone);
    match TimeZone::get(&zone) {
        Ok(_) => Ok(zone),
        Err(_) => Err(Refused::Unreadable("`zone`: write an IANA time zone, like Europe/Paris".to_owned())),
    }
}

/// A site's id made of its name: the plain letters and digits in it, small.
fn derived_id(name: &str) -> Option<SiteId> {
    let letters = name.chars().flat_map(char::to_lowercase).filter_map(plain);
    letters.take(DERIVED_CHARS_MAX).collect::<String>().parse().ok()
}

/// A letter without its accent; none if it is neither letter nor digit of ours.
fn plain(letter: char) -> Option<char> {
    let base = match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ÿ' | 'ý' => 'y',
        other => other,
    };
    base.is_ascii_alphanumeric().then_some(base)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_is_made_of_the_names_plain_letters() {
        let id = |name: &str| derived_id(name).map(|id| id.to_string());
        assert_eq!(id("Site Rennes – Été").as_deref(), Some("siterennesete"));
        assert_eq!(id(&"Long ".repeat(40)).map(|id| id.len()), Some(DERIVED_CHARS_MAX));
        assert_eq!((id(""), id("– ! –"), id("東京")), (None, None, None));
    }

    proptest! {
        #[test]
        fn whatever_the_name_the_id_is_one_or_none(name in ".{0,60}") {
            if let Some(id) = derived_id(&name) {
                prop_assert_eq!(derived_id(id.as_str()), Some(id));
            }
        }
    }
}
