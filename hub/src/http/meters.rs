//! Figures of the hub's other parts as metrics, for whoever fills the [`Meters`](super::ports::Meters) port.

use std::collections::BTreeMap;

use vigie_shared::wire::reading::Standing;

use super::ports::{Metric, MetricKind, Sample};
use super::views::word;
use crate::alerts::alert::Alert;
use crate::alerts::news::Severity;
use crate::gateway::GatewayFigures;
use crate::ingest::Counters;
use crate::ingest::driver::Commits;
use crate::operators::OperatorsFigures;
use crate::presence::driver::Figures as PresenceFigures;
use crate::store::attendance::PunchFigures;
use crate::store::terminals::Terminal;

/// What the ingest decided since the hub started.
#[must_use]
pub fn of_ingest(counters: &Counters) -> Vec<Metric> {
    let told = [
        ("vigie_ingest_hellos_total", "Hellos understood.", counters.hellos),
        ("vigie_ingest_late_hellos_total", "Hellos that came again or too late.", counters.late_hellos),
        ("vigie_ingest_batches_total", "Batches understood.", counters.batches),
        ("vigie_ingest_records_total", "New records taken.", counters.records),
        ("vigie_ingest_duplicates_total", "Records that were held already.", counters.duplicates),
        ("vigie_ingest_holes_total", "Batches that began beyond the next position.", counters.holes),
        ("vigie_ingest_gaps_total", "Gaps written down.", counters.gaps),
        ("vigie_ingest_lost_records_total", "Records that will never arrive.", counters.lost_positions),
        ("vigie_ingest_queues_total", "Queues heard of for the first time.", counters.queues),
        ("vigie_ingest_refused_queues_total", "Queues of sites that had too many.", counters.refused_queues),
        ("vigie_ingest_disputes_total", "Boxes that sent another stream under a known queue.", counters.disputes),
        ("vigie_ingest_checks_total", "Records that the store was asked about.", counters.checks),
        ("vigie_ingest_damaged_total", "Messages with a wrong checksum.", counters.damaged),
        ("vigie_ingest_unknown_total", "Messages of an unknown version.", counters.unknown_messages),
        ("vigie_ingest_malformed_total", "Messages that make no sense.", counters.malformed),
        ("vigie_ingest_foreign_total", "Messages on topics of no box.", counters.foreign),
        ("vigie_ingest_commits_total", "Groups committed.", counters.commits),
        ("vigie_ingest_failed_commits_total", "Commits that failed and were tried again.", counters.failed_commits),
        ("vigie_ingest_receipts_total", "Receipts sent.", counters.receipts),
    ];
    told.into_iter().map(|(name, help, value)| counter(name, help, value)).collect()
}

/// What it cost to put the ingest's groups on disk since the hub started.
#[must_use]
pub fn of_commits(commits: &Commits) -> Vec<Metric> {
    let told = [
        ("vigie_ingest_commit_seconds", "Time until a group was on disk.", commits.time.as_secs_f64()),
        ("vigie_ingest_group_records", "Records of a group.", commits.records as f64),
        ("vigie_ingest_group_bytes", "Bytes of a group's records.", commits.bytes as f64),
    ];
    let part = |suffix, value| Sample { suffix, labels: Vec::new(), value };
    let summary = |(name, help, sum)| Metric {
        name,
        help,
        kind: MetricKind::Summary,
        samples: vec![part("_sum", sum), part("_count", commits.groups as f64)],
    };
    told.map(summary).into()
}

/// What the gateway let in and refused since the hub started.
#[must_use]
pub fn of_gateway(figures: &GatewayFigures) -> Vec<Metric> {
    vec![
        gauge("vigie_gateway_connections", "Open connections, strangers included.", figures.open),
        gauge("vigie_gateway_connected", "Boxes that are connected and known.", figures.connected),
        gauge("vigie_gateway_strangers", "Connections that have not proved who they are.", figures.strangers),
        counter("vigie_gateway_accepted_total", "Connections accepted.", figures.accepted_total),
        counter("vigie_gateway_up_packets_total", "Packets from boxes.", figures.up_packets_total),
        counter("vigie_gateway_up_bytes_total", "Bytes from boxes.", figures.up_bytes_total),
        counter("vigie_gateway_down_bytes_total", "Bytes to boxes.", figures.down_bytes_total),
        counter("vigie_gateway_throttled_total", "Times a box was slowed down.", figures.throttled_total),
        ended("vigie_gateway_ended_total", &figures.ended_total),
    ]
}

/// Whom the operators' listener let in, and what it was told and told since the hub started.
#[must_use]
pub fn of_operators(figures: &OperatorsFigures) -> Vec<Metric> {
    let told = [
        ("vigie_operators_accepted_total", "Connections accepted.", figures.accepted_total),
        ("vigie_operators_commands_total", "Commands taken.", figures.commands_total),
        ("vigie_operators_refused_total", "Commands not taken.", figures.refused_total),
        ("vigie_operators_published_total", "Messages sent to programs.", figures.published_total),
        ("vigie_operators_filters_refused_total", "Filters not granted.", figures.filters_refused_total),
        ("vigie_operators_throttled_total", "Times a program was slowed down.", figures.throttled_total),
    ];
    let mut metrics = vec![
        gauge("vigie_operators_connections", "Open connections, strangers included.", figures.open),
        gauge("vigie_operators_strangers", "Connections that have not logged in.", figures.strangers),
        ended("vigie_operators_ended_total", &figures.ended_total),
    ];
    metrics.extend(told.map(|(name, help, value)| counter(name, help, value)));
    metrics
}

/// Who is here, and what it cost to know since the hub started.
#[must_use]
pub fn of_presence(figures: &PresenceFigures) -> Vec<Metric> {
    let told = [
        ("vigie_presence_failed_rounds_total", "Rounds that the store or a third party broke.", figures.failed_rounds),
        ("vigie_presence_days_total", "Days that were computed and differed.", figures.computed_days),
        ("vigie_presence_revisions_total", "Answers to days that others have to learn.", figures.revisions),
        ("vigie_presence_requests_total", "Requests to compute days that were done.", figures.requests),
    ];
    let part = |suffix, value| Sample { suffix, labels: Vec::new(), value };
    let mut metrics = vec![
        gauge("vigie_presence_online", "People who are here.", figures.online),
        gauge("vigie_presence_stale_sessions", "Open sessions that are silent for too long.", figures.stale),
        Metric {
            name: "vigie_presence_round_seconds",
            help: "Time of a look at everybody.",
            kind: MetricKind::Summary,
            samples: vec![part("_sum", figures.time.as_secs_f64()), part("_count", figures.rounds as f64)],
        },
    ];
    metrics.extend(told.map(|(name, help, value)| counter(name, help, value)));
    metrics
}

/// What fires, by how grave it is.
#[must_use]
pub fn of_alerts(alerts: &[Alert]) -> Vec<Metric> {
    let sample = |severity| {
        let firing = alerts.iter().filter(|alert| alert.is_firing() && alert.grade.severity == severity);
        Sample { suffix: "", labels: vec![("severity", word(severity))], value: firing.count() as f64 }
    };
    let samples = [Severity::Warning, Severity::Critical].map(sample).to_vec();
    vec![Metric {
        name: "vigie_alerts_firing",
        help: "Alerts that fire, those included that somebody took on or silenced.",
        kind: MetricKind::Gauge,
        samples,
    }]
}

/// What the store holds of time clocks at this moment.
#[must_use]
pub fn of_attendance(terminals: &[Terminal], punches: PunchFigures) -> Vec<Metric> {
    let count = |is_it: fn(&Terminal) -> bool| terminals.iter().filter(|terminal| is_it(terminal)).count();
    let pending = count(|terminal| terminal.state.standing == Standing::Pending);
    let connected = count(|terminal| terminal.state.is_connected && terminal.state.standing == Standing::Admitted);
    let number = |name, help, value: u64| Metric::plain(name, help, MetricKind::Gauge, value as f64);
    vec![
        gauge("vigie_terminals", "Time clocks that boxes told of.", terminals.len()),
        gauge("vigie_terminals_connected", "Admitted time clocks that are connected to their box.", connected),
        gauge("vigie_terminals_pending", "Time clocks that wait for somebody to admit them.", pending),
        number("vigie_punches", "Punches that are held, each once.", punches.rows),
        number("vigie_punches_in_doubt", "Punches that wait for somebody to look at them.", punches.in_doubt),
    ]
}

fn ended(name: &'static str, by_reason: &BTreeMap<&'static str, u64>) -> Metric {
    let sample = |(reason, count): (&&'static str, &u64)| Sample {
        suffix: "",
        labels: vec![("reason", (*reason).to_owned())],
        value: *count as f64,
    };
    let help = "Connections that ended, by reason.";
    Metric { name, help, kind: MetricKind::Counter, samples: by_reason.iter().map(sample).collect() }
}

fn counter(name: &'static str, help: &'static str, value: u64) -> Metric {
    Metric::plain(name, help, MetricKind::Counter, value as f64)
}

fn gauge(name: &'static str, help: &'static str, value: usize) -> Metric {
    Metric::plain(name, help, MetricKind::Gauge, value as f64)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_group_tells_its_time_and_size_as_sums_that_share_their_count() {
        let commits = Commits { groups: 4, time: Duration::from_millis(50), records: 100, bytes: 9_000 };
        let told = of_commits(&commits).into_iter().flat_map(|metric| {
            metric.samples.into_iter().map(move |sample| (format!("{}{}", metric.name, sample.suffix), sample.value))
        });
        let told: BTreeMap<String, f64> = told.collect();
        assert_eq!(told["vigie_ingest_commit_seconds_sum"], 0.05);
        assert_eq!(told["vigie_ingest_group_records_sum"], 100.0);
        assert_eq!(told["vigie_ingest_group_bytes_sum"], 9_000.0);
        assert!(told.iter().filter(|(name, _)| name.ends_with("_count")).all(|(_, count)| *count == 4.0));
    }

    #[test]
    fn counters_say_so_in_their_name_and_none_is_told_twice() {
        let figures = GatewayFigures {
            open: 3,
            connected: 2,
            strangers: 1,
            accepted_total: 9,
            up_packets_total: 100,
            up_bytes_total: 1000,
            down_bytes_total: 10,
            throttled_total: 0,
            ended_total: [("closed", 6)].into(),
        };
        let commits = of_commits(&Commits::default());
        let presence = of_presence(&PresenceFigures::default());
        let metrics = [of_ingest(&Counters::default()), commits, of_gateway(&figures), presence].concat();
        for metric in &metrics {
            assert_eq!(metric.name.ends_with("_total"), metric.kind == MetricKind::Counter, "{}", metric.name);
        }
        let names: BTreeSet<&str> = metrics.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), metrics.len());
    }
}
