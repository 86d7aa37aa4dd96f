//! What is told as it happens: each message is composed once, whoever reads it.
//!
//! Nothing is composed while nobody reads.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{MissedTickBehavior, interval};
use vigie_shared::id::{CommandId, SiteId};

use super::{Hall, topics};
use crate::http::commands::order::{CommandNow, look};
use crate::http::events::{Seen, Watch};
use crate::http::state::states;
use crate::login::Caller;
use crate::store::StoreError;
use crate::store::accounts::Role;

/// An outcome of which nothing was heard before is news for so long: later it only comes up again, as in a rebuild.
const FRESH_MS: i64 = 60_000;

/// How often the fleet is looked at for Home Assistant.
const HOME_LOOK: Duration = Duration::from_secs(10);

/// After the store failed.
const RETRY: Duration = Duration::from_secs(1);

/// Open commands that are remembered: as many as the dispatch looks at.
const OPEN_MAX: usize = 10_000;

type Key = (SiteId, CommandId);

/// Tells how sites are after each change, at most once a second each.
pub(super) async fn tell_states(hall: Arc<Hall>) -> anyhow::Result<()> {
    let watch = Watch::new(&hall.admin, Caller::local());
    let mut watch = watch.map_err(|full| anyhow::anyhow!(full.detail)).context("follow the fleet")?;
    let mut changed = BTreeSet::new();
    while let Some(seen) = watch.next(&hall.admin).await {
        match seen {
            Seen::Site(site) => drop(changed.insert(site)),
            Seen::Settled => {
                let changed = std::mem::take(&mut changed);
                if hall.room.has_readers() {
                    tell_changed(&hall, &changed).await;
                }
            }
            Seen::Beat => {}
            Seen::End => break,
        }
    }
    Ok(())
}

async fn tell_changed(hall: &Hall, changed: &BTreeSet<SiteId>) {
    match states(&hall.admin, |site| changed.contains(site)).await {
        Ok(states) => {
            for (site, json) in states {
                hall.room.publish(topics::state(&site), Role::Viewer, &json);
                // Readers get their turn in between.
                tokio::task::yield_now().await;
            }
        }
        Err(problem) => {
            tracing::warn!("operators are not told how sites are until the next change: {}", problem.detail);
        }
    }
}

/// Tells Home Assistant what is different.
pub(super) async fn tell_home(hall: Arc<Hall>) -> anyhow::Result<()> {
    let Some(home) = &hall.home else { return Ok(()) };
    let mut looks = interval(HOME_LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            () = hall.stopping.cancelled() => return Ok(()),
            _ = looks.tick() => {}
        }
        if !hall.room.has_readers() {
            continue;
        }
        match home.look(&hall.admin).await {
            Ok(changed) => {
                for said in changed {
                    let needs = home.needs(&said.topic);
                    hall.room.publish(said.topic, needs, &said.payload);
                }
            }
            Err(problem) => tracing::warn!("Home Assistant is told of changes later: {}", problem.detail),
        }
    }
}

/// Tells how commands go on and how they ended.
pub(super) async fn tell_commands(hall: Arc<Hall>) -> anyhow::Result<()> {
    let mut changes = hall.admin.dispatch.changes();
    let (mut open, mut due) = (BTreeSet::new(), BTreeSet::new());
    loop {
        tokio::select! {
            () = hall.stopping.cancelled() => return Ok(()),
            change = changes.recv() => match change {
                Ok(key) => drop(due.insert(key)),
                Err(RecvError::Lagged(_)) => due.extend(open.iter().cloned()),
                Err(RecvError::Closed) => return Ok(()),
            },
            () = tokio::time::sleep(RETRY), if !due.is_empty() => {}
        }
        drain(&mut changes, &open, &mut due);
        if !hall.room.has_readers() {
            open.clear();
            due.clear();
        }
        if let Err(error) = tell_due(&hall, &mut open, &mut due).await {
            tracing::warn!("operators are told later how commands are: {:#}", anyhow::Error::from(error));
        }
    }
}

/// Many changes of one command at once are one. Whoever missed some looks at everything that was open.
fn drain(changes: &mut Receiver<Key>, open: &BTreeSet<Key>, due: &mut BTreeSet<Key>) {
    loop {
        match changes.try_recv() {
            Ok(key) => drop(due.insert(key)),
            Err(TryRecvError::Lagged(_)) => due.extend(open.iter().cloned()),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return,
        }
    }
}

async fn tell_due(hall: &Hall, open: &mut BTreeSet<Key>, due: &mut BTreeSet<Key>) -> Result<(), StoreError> {
    while let Some(key) = due.first().cloned() {
        if let Some(now) = look(&hall.admin, &key.0, key.1).await? {
            tell_command(hall, open, &key, &now);
        }
        due.remove(&key);
    }
    Ok(())
}

fn tell_command(hall: &Hall, open: &mut BTreeSet<Key>, key: &Key, now: &CommandNow) {
    let (site, id) = key;
    if !now.is_over {
        if open.len() >= OPEN_MAX {
            open.pop_first();
        }
        open.insert(key.clone());
        hall.room.publish(topics::progress(site, *id), Role::Operator, &now.json);
        return;
    }
    let age_ms = hall.admin.clock.wall_ms().saturating_sub(now.changed_ms);
    if open.remove(key) || age_ms < FRESH_MS {
        hall.room.publish(topics::outcome(site.as_str(), *id), Role::Operator, &now.json);
    }
}
