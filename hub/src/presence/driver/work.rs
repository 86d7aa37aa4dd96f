//! Does what requests ask for, one after the other, and writes as it goes what became of each day.

use std::collections::BTreeSet;

use vigie_shared::id::{SiteId, random_bytes, to_hex};
use vigie_shared::mac::Mac;
use vigie_shared::pseudonym::PseudonymKey;

use super::folder::{Asked, Folder, Said, WRITTEN_WITHIN};
use super::recompute::Change;
use super::{PresenceError, Presences};
use crate::presence::requests::Request;
use crate::store::StoreError;
use crate::store::presence::OwnershipFilter;

impl Presences {
    /// Takes a request; it is on disk when this returns, and done within seconds. Returns its name.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Folder`].
    pub fn ask(&self, request: &Request) -> Result<String, PresenceError> {
        let id = format!("presences-{}", to_hex(&random_bytes::<16>()));
        self.0.own.put(&id, &request.to_json(&id))?;
        self.0.asked.notify_one();
        Ok(id)
    }

    /// Requests of the API and of the watched folder, oldest first.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Folder`].
    pub fn requests(&self) -> Result<Vec<Asked>, PresenceError> {
        let mut all = Vec::new();
        for folder in self.folders() {
            all.extend(folder.all()?);
        }
        all.sort_by_key(|asked| asked.made_ms);
        Ok(all)
    }

    /// One request with what was answered so far; none if there is none of that name.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Folder`].
    pub fn request(&self, id: &str) -> Result<Option<(Asked, String)>, PresenceError> {
        for folder in self.folders() {
            if let Some(asked) = folder.all()?.into_iter().find(|asked| asked.id == id) {
                return Ok(Some((asked, folder.answer(id)?.unwrap_or_default())));
            }
        }
        Ok(None)
    }

    /// What the answer to a request says behind its first bytes; none if there is no request of that name.
    ///
    /// # Errors
    ///
    /// [`PresenceError::Folder`].
    pub fn said(&self, id: &str, from_bytes: u64) -> Result<Option<Said>, PresenceError> {
        for folder in self.folders() {
            if let Some(said) = folder.said(id, from_bytes)? {
                return Ok(Some(said));
            }
        }
        Ok(None)
    }

    fn folders(&self) -> impl Iterator<Item = &Folder> {
        std::iter::once(&self.0.own).chain(&self.0.watched)
    }

    /// Does the oldest request of one folder; false if none waits.
    pub(super) async fn work_on_next(&self) -> Result<bool, PresenceError> {
        for folder in self.folders() {
            let Some(asked) = folder.next()? else { continue };
            if self.work(folder, &asked).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Does one request; false if it is not whole yet.
    async fn work(&self, folder: &Folder, asked: &Asked) -> Result<bool, PresenceError> {
        let Some(text) = folder.read(&asked.id)? else { return Ok(false) };
        let request = Request::parse(&text, self.today());
        let age_ms = self.now_ms().saturating_sub(asked.made_ms);
        // Whoever writes may be in the middle of it.
        if request.is_err() && u128::try_from(age_ms).is_ok_and(|age_ms| age_ms < WRITTEN_WITHIN.as_millis()) {
            return Ok(false);
        }
        folder.begin(&asked.id)?;
        match request {
            Err(wrong) => folder.say(&asked.id, &format!("Nothing was computed: {wrong}."))?,
            Ok(request) => self.carry_out(folder, &asked.id, request).await?,
        }
        folder.end(&asked.id)?;
        folder.prune()?;
        self.with_figures(|figures| figures.requests += 1);
        Ok(true)
    }

    async fn carry_out(&self, folder: &Folder, id: &str, request: Request) -> Result<(), PresenceError> {
        folder.say(id, &format!("Computing {request}."))?;
        let people = match request {
            Request::Device(mac, _) => self.owners_of(mac).await?,
            Request::Day(_) | Request::Period(..) => self.people_of(None, request.days()).await?,
        };
        if people.is_empty() {
            folder.say(id, "Nobody has or had a device; nothing was changed.")?;
            return Ok(());
        }
        let mut broken = None;
        let computed = self.recompute(&people, request.days(), |change| {
            // A full disk must not end the work; it is told at its end.
            if change.is_told || change.before.is_some_and(|before| before != change.after) {
                broken = folder.say(id, &line(change)).err().or(broken.take());
            }
        });
        let computed = computed.await?;
        if let Some(error) = broken {
            return Err(error.into());
        }
        let told = self.hand_over().await?;
        folder.say(
            id,
            &format!("{computed} days of {} people are new or changed; {told} go to third parties.", people.len()),
        )?;
        Ok(())
    }

    /// Everybody who has or had a device, at any site.
    async fn owners_of(&self, mac: Mac) -> Result<Vec<String>, StoreError> {
        let mut owners = BTreeSet::new();
        for site in self.store().sites().await? {
            let device = self.name_of(&site.id, mac).await?;
            let filter = OwnershipFilter { site: Some(site.id), device: Some(device), ..OwnershipFilter::default() };
            owners.extend(self.store().ownerships(&filter).await?.into_iter().map(|owned| owned.person));
        }
        Ok(owners.into_iter().collect())
    }

    /// What a device is called at a site.
    pub(super) async fn name_of(&self, site: &SiteId, mac: Mac) -> Result<String, StoreError> {
        let secret = self.store().pseudonym_secret(site).await?;
        Ok(PseudonymKey::new(&secret).name(mac).to_string())
    }
}

/// What became of a day, for whoever asked.
fn line(change: &Change) -> String {
    let Change { person, date, before, after, revision, is_told } = change;
    let was = match before {
        Some(before) if before != after => format!(", was {before}"),
        _ => String::new(),
    };
    let told = if *is_told { format!("; told as revision {revision}") } else { "; nothing to tell".to_owned() };
    format!("{date}  {person}: {after}{was}{told}")
}
