//! Turns a closed interval of the census into readings: devices under their outside names, times as ages.

use std::time::Duration;

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm, Coverage, Sight, Sighting, Sightings};

use super::census::{Report, Row};
use super::coverage::Stretch;
use crate::collectors::Context;

/// Most rows of one record: with the longest names it stays below the largest record that a lane takes.
const ROWS_MAX: usize = 200;

/// One network's report as readings. `hidden` is the reason why nothing counts as clearly seen, if there is one.
pub(super) fn readings(
    network: &str,
    report: &Report,
    hidden: Option<&str>,
    context: &Context,
    now: Duration,
) -> Vec<Reading> {
    let rows: Vec<Sighting> = report.rows.iter().filter_map(|row| sighting(row, context, now)).collect();
    let sightings = rows
        .chunks(ROWS_MAX)
        .map(|rows| Reading::Sightings(Sightings { network: network.to_owned(), rows: rows.to_vec() }));
    let coverage = report.coverage.iter().map(|stretch| {
        let answered = report.rows.iter().filter(|row| row.first <= stretch.to && row.last >= stretch.from).count();
        Reading::Coverage(coverage(network, stretch, count(answered), hidden, now))
    });
    let alarm =
        (!report.new_proxies.is_empty()).then(|| Reading::Alarm(proxy_alarm(network, report.new_proxies.len())));
    sightings.chain(coverage).chain(alarm).collect()
}

/// One row under the device's outside name; none if nothing may be said of it.
fn sighting(row: &Row, context: &Context, now: Duration) -> Option<Sighting> {
    let name = context.host_names.get(row.mac);
    Some(Sighting {
        device: context.naming.device(row.mac, row.ip, name)?,
        first_ago_s: ago_s(row.first, now),
        last_ago_s: ago_s(row.last, now),
        count: row.count,
        sources: row.sources,
        flags: row.flags,
    })
}

fn coverage(network: &str, stretch: &Stretch, answered: u32, hidden: Option<&str>, now: Duration) -> Coverage {
    let sight = match (&stretch.sight, hidden) {
        (Sight::Clear, Some(reason)) => Sight::Blind(reason.to_owned()),
        (sight, _) => sight.clone(),
    };
    Coverage {
        network: network.to_owned(),
        from_ago_s: ago_s(stretch.from, now),
        to_ago_s: ago_s(stretch.to, now),
        asked: stretch.asked,
        answered,
        sight,
    }
}

fn proxy_alarm(network: &str, machines: usize) -> BoxAlarm {
    BoxAlarm {
        kind: AlarmKind::BlindNetwork,
        text: format!(
            "{machines} machine(s) on {network} answer for addresses of others (proxy ARP: an access point, a router \
             or a sleep proxy). They credit nobody. Devices behind them may be gone while they still answer: \
             switch proxy ARP off, or read the access point's own list."
        ),
    }
}

fn ago_s(at: Duration, now: Duration) -> u32 {
    u32::try_from(now.saturating_sub(at).as_secs()).unwrap_or(u32::MAX)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use vigie_shared::mac::Mac;
    use vigie_shared::wire::reading::DeviceRef;

    use super::*;
    use crate::testing::context;

    fn at(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn row(last: u8) -> Row {
        Row {
            mac: Mac([0x8e, 0, 0, 0, 0, last]),
            ip: None,
            first: at(100),
            last: at(130),
            count: 2,
            sources: 1,
            flags: 0,
        }
    }

    fn report(rows: Vec<Row>) -> Report {
        let coverage = vec![Stretch { from: at(60), to: at(360), asked: 254, sight: Sight::Clear }];
        Report { rows, coverage, new_proxies: Vec::new() }
    }

    #[test]
    fn times_become_ages_and_names_are_added() {
        let context = context();
        context.host_names.learn(row(1).mac, "Marie-iPhone");

        let readings = readings("office", &report(vec![row(1)]), None, &context, at(360));

        let [Reading::Sightings(sightings), Reading::Coverage(coverage)] = readings.as_slice() else {
            panic!("{readings:?}")
        };
        assert_eq!(sightings.network, "office");
        let seen = &sightings.rows[0];
        assert_eq!((seen.first_ago_s, seen.last_ago_s, seen.count), (260, 230, 2));
        assert!(matches!(&seen.device, DeviceRef::Owned(owned) if owned.name.as_deref() == Some("Marie-iPhone")));
        assert_eq!((coverage.from_ago_s, coverage.to_ago_s, coverage.asked, coverage.answered), (300, 0, 254, 1));
    }

    #[test]
    fn an_excluded_device_has_no_row() {
        let readings = readings("office", &report(vec![row(0xff)]), None, &context(), at(360));
        assert!(matches!(readings.as_slice(), [Reading::Coverage(_)]), "{readings:?}");
    }

    #[test]
    fn a_large_network_takes_several_records() {
        let rows = (0..=249).map(row).collect();
        let readings = readings("office", &report(rows), None, &context(), at(360));
        assert_eq!(readings.len(), 3);
    }

    #[test]
    fn a_machine_that_hides_others_is_alarmed_and_may_make_blind() {
        let proxied = Report { new_proxies: vec![row(1).mac], ..report(vec![row(1)]) };
        let readings = readings("office", &proxied, Some("hidden by proxy ARP"), &context(), at(360));
        assert!(matches!(&readings[1], Reading::Coverage(coverage) if coverage.sight != Sight::Clear));
        assert!(matches!(&readings[2], Reading::Alarm(alarm) if alarm.kind == AlarmKind::BlindNetwork));
    }
}
