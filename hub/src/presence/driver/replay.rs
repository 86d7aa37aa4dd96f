//! Looks who would gain or lose what under another policy, one person after the other; nothing is kept.

use jiff::civil::Date;

use super::ground::Own;
use super::{PresenceError, Presences};
use crate::presence::policy::Policy;
use crate::presence::replay::{Balance, changes};

impl Presences {
    /// What would change from one day through another if days were valued by that policy.
    ///
    /// # Errors
    ///
    /// [`PresenceError::NoPolicy`], [`PresenceError::Store`].
    pub async fn replay(&self, policy: &Policy, dates: (Date, Date)) -> Result<Balance, PresenceError> {
        let (ground, now_ms) = (self.ground(dates).await?, self.now_ms());
        let mut balance = Balance::default();
        for person in self.owners(None).await? {
            let own = Own::read(self.store(), (&ground, &person), dates).await?;
            let (mut count, mut all) = (0, Vec::new());
            for (old, dates) in ground.runs(dates) {
                count += count_of(dates);
                all.extend(changes(&person, ground.facts(&own), (old, policy), dates, now_ms));
                // A year of somebody takes a while: others have their turn.
                tokio::task::yield_now().await;
            }
            balance.add(count, all);
        }
        Ok(balance)
    }

    /// The newest version of a policy.
    ///
    /// # Errors
    ///
    /// [`PresenceError::NoPolicy`], [`PresenceError::Store`].
    pub async fn newest_policy(&self, name: &str) -> Result<Policy, PresenceError> {
        let of_name = self.policies().await?.into_iter().filter(|policy| policy.name == name);
        of_name.max_by_key(|policy| policy.version).ok_or_else(|| PresenceError::NoPolicy(name.to_owned()))
    }
}

fn count_of((from, through): (Date, Date)) -> u64 {
    through.since(from).ok().and_then(|span| u64::try_from(span.get_days()).ok()).map_or(0, |days| days + 1)
}
