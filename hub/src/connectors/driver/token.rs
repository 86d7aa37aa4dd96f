//! Tokens that are fetched: one at a time, on disk before they are used, and never in a storm of logins.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::talk::{Halt, Talk};
use crate::connectors::auth::{ACCESS, REFRESH, Token};
use crate::connectors::outcome::{Verdict, usual};
use crate::connectors::web::Broken;

impl Talk<'_> {
    pub(super) fn needs_token(&self) -> bool {
        let has_ended = self.standing.renew_ms.is_some_and(|renew_ms| renew_ms <= self.now_ms());
        has_ended || !self.secrets.contains_key(ACCESS)
    }

    /// Fetches a token; it is on disk before it is used, since the one before may be worth nothing any more.
    pub(super) async fn renew(&mut self) -> Result<(), Halt> {
        let mapping = Arc::clone(&self.mapping);
        let Some(fetch) = &mapping.auth.fetch else { return Ok(()) };
        let call = fetch.request.call(&self.values()).map_err(|unfit| Halt::Unable(unfit.to_string()))?;
        let answer = match self.send(call, Vec::new()).await? {
            Ok(answer) => answer,
            Err(Broken::Refused(why)) => return Err(self.stop(why, false).await),
            Err(Broken::Unsent(why) | Broken::Lost(why)) => {
                return Err(self.wait(format!("no token could be fetched: {why}"), None).await);
            }
        };
        match usual(&answer, false) {
            Verdict::Ok => match fetch.token(&answer, self.now_ms()) {
                Ok(token) => self.keep_token(token).await,
                Err(why) => Err(self.stop(why, false).await),
            },
            Verdict::Throttle => Err(self.throttle(&answer).await),
            Verdict::Retry => Err(self.wait(format!("no token could be fetched: it {}", answer.said()), None).await),
            // A login that is refused is not tried again: some lock the address.
            Verdict::Duplicate
            | Verdict::Reject
            | Verdict::Park
            | Verdict::Conflict
            | Verdict::Reauth
            | Verdict::Stop => Err(self.stop(format!("no token is given: it {}", answer.said()), false).await),
        }
    }

    pub(super) async fn keep_token(&mut self, token: Token) -> Result<(), Halt> {
        let Token { access, refresh, renew_ms } = token;
        let mut secrets = BTreeMap::from([(ACCESS.to_owned(), access)]);
        secrets.extend(refresh.map(|refresh| (REFRESH.to_owned(), refresh)));
        let kept = secrets.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
        self.parts.store.put_connector_secrets(&self.connector.name, &kept).await?;
        self.secrets.extend(secrets);
        self.standing.renew_ms = Some(renew_ms);
        self.keep_standing().await
    }
}
