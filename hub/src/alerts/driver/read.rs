//! Reads parts of the store as facts, by site.

use std::collections::BTreeMap;

use vigie_shared::id::SiteId;
use vigie_shared::wire::reading::{Standing, TerminalRoom};

use super::super::facts::{
    Alarm, BatteryFacts, ConnectorFacts, MachineFacts, MemoryFacts, NetworkFacts, TerminalFacts, UndoneUpdate,
};
use crate::attendance::driver::TERMINALS_MAX;
use crate::attendance::forecast::full_ms;
use crate::connectors::job::JobState;
use crate::store::diary::Level;
use crate::store::machines::MACHINES_MAX;
use crate::store::projections::CoverageSpan;
use crate::store::terminals::{RoomDay, Terminal};
use crate::store::{Store, StoreError};

/// How far back what happened once is looked at: longer than rules hold it up.
const PAST_MS: i64 = 8 * 24 * 60 * 60 * 1000;

/// Entries of the diary among which alarms are looked for, and updates that were undone.
const PAST_MAX: usize = 1_000;

/// When the last certificate of each site ends.
pub(super) async fn certificates(store: &dyn Store) -> Result<BTreeMap<SiteId, i64>, StoreError> {
    let mut ends: BTreeMap<SiteId, i64> = BTreeMap::new();
    let valid = store.certificates().await?.into_iter().filter(|certificate| certificate.revoked_ms.is_none());
    for certificate in valid {
        let end_ms = ends.entry(certificate.site).or_insert(certificate.expires_ms);
        *end_ms = certificate.expires_ms.max(*end_ms);
    }
    Ok(ends)
}

pub(super) async fn terminals(store: &dyn Store) -> Result<BTreeMap<SiteId, Vec<TerminalFacts>>, StoreError> {
    let mut by_site: BTreeMap<SiteId, Vec<TerminalFacts>> = BTreeMap::new();
    let all = store.terminals(None, TERMINALS_MAX).await?.into_iter();
    for terminal in all.filter(|terminal| terminal.state.standing == Standing::Admitted) {
        by_site.entry(terminal.site.clone()).or_default().push(terminal_facts(&terminal));
    }
    Ok(by_site)
}

fn terminal_facts(terminal: &Terminal) -> TerminalFacts {
    let state = &terminal.state;
    let memory = |room: &TerminalRoom| {
        let (used, capacity) = (room.used?, room.capacity.filter(|capacity| *capacity > 0)?);
        let history: Vec<&RoomDay> = terminal.history.iter().filter(|row| row.what == room.what).collect();
        Some(MemoryFacts { what: room.what.clone(), used, capacity, full_ms: full_ms(&history, capacity) })
    };
    TerminalFacts {
        serial: state.terminal.clone(),
        heard_ms: terminal.heard_ms,
        is_connected: state.is_connected,
        clock_ahead_ms: state.clock_ahead_ms,
        unsent: state.unsent,
        memories: state.room.iter().filter_map(memory).collect(),
    }
}

/// Macs and PCs that were read, where they were met last.
pub(super) async fn machines(store: &dyn Store) -> Result<BTreeMap<SiteId, Vec<MachineFacts>>, StoreError> {
    let mut by_site: BTreeMap<SiteId, Vec<MachineFacts>> = BTreeMap::new();
    for machine in store.machines(None, MACHINES_MAX).await? {
        let Some(read) = &machine.read else { continue };
        let battery = read.facts.battery.as_ref().map(|battery| BatteryFacts {
            percent: battery.percent,
            is_plugged: battery.is_plugged,
            state: battery.state,
        });
        let facts = MachineFacts {
            id: machine.id.clone(),
            name: machine.title().to_owned(),
            read_ms: read.at_ms,
            free_bytes: read.facts.disk.map(|disk| disk.free_bytes),
            battery,
        };
        by_site.entry(machine.met.site.clone()).or_default().push(facts);
    }
    Ok(by_site)
}

/// How the observer of each network was last, and since when.
pub(super) fn networks(spans: &[CoverageSpan]) -> Vec<NetworkFacts> {
    let mut by_name: BTreeMap<&str, NetworkFacts> = BTreeMap::new();
    for span in spans {
        let unseen = || NetworkFacts { name: span.network.clone(), blind_since_ms: None, reason: String::new() };
        let network = by_name.entry(&span.network).or_insert_with(unseen);
        network.blind_since_ms = span.blind.as_ref().map(|_| network.blind_since_ms.unwrap_or(span.from_ms));
        network.reason = span.blind.clone().unwrap_or_default();
    }
    by_name.into_values().collect()
}

/// Updates that were undone, the newest of each kind.
pub(super) async fn undone(store: &dyn Store, now_ms: i64) -> Result<BTreeMap<SiteId, Vec<UndoneUpdate>>, StoreError> {
    let mut by_site: BTreeMap<SiteId, Vec<UndoneUpdate>> = BTreeMap::new();
    for one in store.undone_since(now_ms.saturating_sub(PAST_MS), PAST_MAX).await? {
        let known = by_site.entry(one.site).or_default();
        known.retain(|known| known.kind != one.kind);
        known.push(UndoneUpdate { kind: one.kind, at_ms: one.at_ms, detail: one.detail });
    }
    Ok(by_site)
}

/// What boxes raised lately, the newest of each kind.
pub(super) async fn alarms(store: &dyn Store, now_ms: i64) -> Result<BTreeMap<SiteId, Vec<Alarm>>, StoreError> {
    let mut by_site: BTreeMap<SiteId, Vec<Alarm>> = BTreeMap::new();
    let is_recent = |at_ms: i64| now_ms.saturating_sub(at_ms) < PAST_MS;
    for entry in store.entries(None, PAST_MAX).await? {
        let Some(site) = entry.site.filter(|_| entry.level == Level::Alarm && is_recent(entry.at_ms)) else { continue };
        let known = by_site.entry(site).or_default();
        // The newest come first.
        if known.iter().all(|alarm| alarm.kind != entry.kind) {
            known.push(Alarm { kind: entry.kind, at_ms: entry.at_ms, text: entry.text });
        }
    }
    Ok(by_site)
}

/// Third parties that are on, and what does not pass.
pub(super) async fn connectors(store: &dyn Store) -> Result<Vec<ConnectorFacts>, StoreError> {
    let counts = store.job_counts().await?;
    let failed = |name: &str| {
        let of_name = counts.iter().filter(|one| one.connector == name && one.state == JobState::Failed);
        of_name.map(|one| one.count).sum()
    };
    let working = store.connectors().await?.into_iter().filter(|(connector, _)| connector.is_on);
    let facts = working.map(|(connector, standing)| ConnectorFacts {
        failed: failed(&connector.name),
        name: connector.name,
        stopped: standing.stopped.map(|stopped| (stopped.reason, stopped.since_ms)),
        passed_ms: standing.passed_ms,
    });
    Ok(facts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::settings::tests::connector;
    use crate::connectors::settings::{Standing as Kept, Stopped};
    use crate::http::testing::{NOW, Stage};
    use crate::store::diary::Entry;
    use crate::store::machines::tests::{row, told};
    use crate::store::projections::Step;
    use crate::store::sites::Certificate;

    fn span(network: &str, from_ms: i64, blind: Option<&str>) -> CoverageSpan {
        CoverageSpan { network: network.to_owned(), from_ms, to_ms: from_ms + 5, blind: blind.map(str::to_owned) }
    }

    #[test]
    fn an_observer_is_blind_since_the_first_of_its_last_blind_spans() {
        let spans = [
            span("lan", 0, Some("no cable")),
            span("lan", 5, None),
            span("wifi", 5, Some("isolation")),
            span("lan", 10, Some("no cable")),
            span("lan", 15, Some("saturated")),
        ];
        let seen: Vec<(Option<i64>, String)> =
            networks(&spans).into_iter().map(|network| (network.blind_since_ms, network.reason)).collect();
        assert_eq!(seen, [(Some(10), "saturated".to_owned()), (Some(5), "isolation".to_owned())]);
        assert_eq!(networks(&[span("lan", 0, Some("x")), span("lan", 5, None)])[0].blind_since_ms, None);
    }

    #[tokio::test]
    async fn what_the_store_holds_is_found_by_its_site() {
        let stage = Stage::new().await;
        let (metz, store) = (stage.add_attendance().await, stage.store.as_ref());
        for (serial, expires_ms, revoked_ms) in [("1", 10, None), ("2", 30, None), ("3", 90, Some(5))] {
            let serial = serial.to_owned();
            let certificate = Certificate { serial, site: metz.clone(), issued_ms: 1, expires_ms, revoked_ms };
            store.add_certificate(&certificate).await.unwrap();
        }
        assert_eq!(certificates(store).await.unwrap()[&metz], 30, "what was revoked is no help");

        let terminal = &terminals(store).await.unwrap()[&metz][0];
        assert_eq!(
            (terminal.serial.as_str(), terminal.memories[0].used, terminal.memories[0].capacity),
            ("ZX1", 5, 1000)
        );

        for (at_ms, text) in [(NOW - 9, "old"), (NOW, "new")] {
            let (kind, text) = ("lane_dropped".to_owned(), text.to_owned());
            store.write(&Entry { at_ms, site: Some(metz.clone()), level: Level::Alarm, kind, text }).await.unwrap();
        }
        let found = alarms(store, NOW).await.unwrap();
        assert_eq!(found[&metz].iter().map(|alarm| alarm.text.as_str()).collect::<Vec<_>>(), ["new"]);

        let word = told("metz", NOW, &row(7, None, Some("C02XL0AA")));
        store.apply(Step { machines: vec![word], ..Step::default() }).await.unwrap();
        let found = machines(store).await.unwrap();
        let mac = &found[&metz][0];
        assert_eq!((mac.name.as_str(), mac.free_bytes, mac.read_ms), ("Mac C02XL0AA", Some(67_002_470_400), NOW));

        store.add_connector(&connector("hr")).await.unwrap();
        let stopped = Some(Stopped { reason: "the token ended".to_owned(), since_ms: 7 });
        store.put_standing("hr", &Kept { stopped, ..Kept::default() }).await.unwrap();
        let found = connectors(store).await.unwrap();
        assert_eq!(found[0].stopped, Some(("the token ended".to_owned(), 7)));
    }
}
