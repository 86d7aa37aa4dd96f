//! `/metrics`: Prometheus' text format (0.0.4). Few labels: sites on gauges, never a device or a person.

mod boxes;
#[cfg(test)]
mod neighbours;

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use vigie_shared::wire::LaneDepth;

use super::Admin;
use super::guard::Viewer;
use super::meters::{of_alerts, of_attendance, of_presence};
use super::ports::{Metric, MetricKind, Sample};
use super::problem::{Problem, Refused};
use crate::attendance::driver::TERMINALS_MAX;
use crate::fleet::BoxNow;
use crate::store::sites::Site;

/// Shows the hub's counters.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics_show",
    tag = "probes", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain"), Refused)
)]
pub(super) async fn show(_: Viewer, State(admin): State<Admin>) -> Result<impl IntoResponse, Problem> {
    let sites = admin.store.sites().await?;
    let fleet = admin.fleet.snapshot();
    let rows: Vec<(Site, BoxNow)> = sites
        .into_iter()
        .map(|site| {
            let live = fleet.get(&site.id).cloned().unwrap_or_default();
            (site, live)
        })
        .collect();
    let mut metrics = own();
    metrics.extend(of_fleet(&rows, admin.clock.wall_ms()));
    metrics.extend(boxes::of_boxes(&rows));
    let (terminals, punches) = (admin.store.terminals(None, TERMINALS_MAX).await?, admin.store.punch_figures().await?);
    metrics.extend(of_attendance(&terminals, punches));
    metrics.extend(of_third_parties(&admin).await?);
    metrics.extend(of_alerts(&admin.alerts.present().await?));
    metrics.push(of_letters(&admin).await?);
    metrics.extend(of_presence(&admin.presences.figures()));
    metrics.extend(admin.meters.read());
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition(&metrics)))
}

/// What waits for each third party, and whether it gets anything.
async fn of_third_parties(admin: &Admin) -> Result<Vec<Metric>, Problem> {
    let labelled = |labels, value| Sample { suffix: "", labels, value };
    let jobs = admin.store.job_counts().await?.into_iter().map(|one| {
        labelled(vec![("connector", one.connector), ("state", one.state.word().to_owned())], float(one.count))
    });
    let stopped = admin.store.connectors().await?.into_iter().map(|(connector, standing)| {
        let value = if standing.stopped.is_some() { 1.0 } else { 0.0 };
        labelled(vec![("connector", connector.name)], value)
    });
    let gauge = |name, help, samples| Metric { name, help, kind: MetricKind::Gauge, samples };
    Ok(vec![
        gauge("vigie_jobs", "Rows for third parties, by state.", jobs.collect()),
        gauge("vigie_connector_stopped", "Whether a connector has stopped until somebody mends it.", stopped.collect()),
    ])
}

/// What people and programs were told of, and what waits.
async fn of_letters(admin: &Admin) -> Result<Metric, Problem> {
    let samples = admin.store.letter_counts().await?.into_iter().map(|one| {
        let labels = vec![("way", one.way.word().to_owned()), ("state", one.state.word().to_owned())];
        Sample { suffix: "", labels, value: float(one.count) }
    });
    let help = "Mails and calls of webhooks, by state.";
    Ok(Metric { name: "vigie_mails", help, kind: MetricKind::Gauge, samples: samples.collect() })
}

fn own() -> Vec<Metric> {
    let build = Sample { suffix: "", labels: vec![("version", env!("CARGO_PKG_VERSION").to_owned())], value: 1.0 };
    let mut metrics = vec![Metric {
        name: "vigie_build_info",
        help: "The program that answers.",
        kind: MetricKind::Gauge,
        samples: vec![build],
    }];
    if let Some(bytes) = resident_bytes() {
        let help = "Memory of the hub's process, resident.";
        metrics.push(Metric::plain("process_resident_memory_bytes", help, MetricKind::Gauge, bytes));
    }
    if let Ok(folder) = std::fs::read_dir("/proc/self/fd") {
        let help = "Files and sockets that the hub's process holds open.";
        metrics.push(Metric::plain("process_open_fds", help, MetricKind::Gauge, count(folder.count())));
    }
    metrics
}

fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

fn of_fleet(rows: &[(Site, BoxNow)], now_ms: i64) -> Vec<Metric> {
    let gauge = |name, help, value| Metric::plain(name, help, MetricKind::Gauge, value);
    let connected = rows.iter().filter(|(_, live)| live.connection.is_some()).count();
    let revoked = rows.iter().filter(|(site, _)| site.revoked_ms.is_some()).count();
    let heard = rows.iter().filter_map(|(site, live)| {
        let age_ms = now_ms.saturating_sub(live.heard_ms?).max(0);
        Some(of_site(site, None, number(age_ms) / 1000.0))
    });
    let mut metrics = vec![
        gauge("vigie_sites", "Sites that were added, revoked ones included.", count(rows.len())),
        gauge("vigie_sites_connected", "Sites whose box is connected.", count(connected)),
        gauge("vigie_sites_revoked", "Sites that are revoked.", count(revoked)),
        Metric {
            name: "vigie_site_silence_seconds",
            help: "Time since the box was last heard.",
            kind: MetricKind::Gauge,
            samples: heard.collect(),
        },
    ];
    metrics.extend(LANES.iter().map(|(name, help, value)| Metric {
        name,
        help,
        kind: MetricKind::Gauge,
        samples: lanes(rows).map(|(site, lane)| of_site(site, Some(lane), value(lane))).collect(),
    }));
    metrics
}

type LaneValue = fn(&LaneDepth) -> f64;

/// What is told of each lane of each box, as its last pulse said.
const LANES: [(&str, &str, LaneValue); 4] = [
    ("vigie_queue_records", "Records that wait on the box.", |lane| float(lane.waiting)),
    ("vigie_queue_bytes", "Bytes of the lane's folder on the box.", |lane| float(lane.bytes)),
    ("vigie_queue_oldest_seconds", "Age of the oldest waiting record.", |lane| float(lane.oldest_s)),
    ("vigie_queue_dropped_records", "Records dropped unsent since the queue was born.", |lane| float(lane.dropped)),
];

fn lanes(rows: &[(Site, BoxNow)]) -> impl Iterator<Item = (&Site, &LaneDepth)> {
    rows.iter().flat_map(|(site, live)| {
        let pulse = live.heartbeat.as_ref();
        pulse.into_iter().flat_map(move |pulse| pulse.lanes.iter().map(move |lane| (site, lane)))
    })
}

fn of_site(site: &Site, lane: Option<&LaneDepth>, value: f64) -> Sample {
    let mut labels = vec![("site", site.id.to_string())];
    labels.extend(lane.map(|lane| ("lane", lane.lane.to_string())));
    Sample { suffix: "", labels, value }
}

fn count(number: usize) -> f64 {
    float(number as u64)
}

fn number(number: i64) -> f64 {
    number as f64
}

fn float(number: u64) -> f64 {
    number as f64
}

/// Writes metrics as text.
fn exposition(metrics: &[Metric]) -> String {
    metrics.iter().fold(String::new(), |mut text, metric| {
        write_metric(&mut text, metric).expect("writing to a string cannot fail");
        text
    })
}

fn write_metric(text: &mut String, metric: &Metric) -> std::fmt::Result {
    writeln!(text, "# HELP {} {}", metric.name, metric.help.replace('\\', "\\\\").replace('\n', "\\n"))?;
    writeln!(text, "# TYPE {} {}", metric.name, metric.kind.as_str())?;
    for sample in &metric.samples {
        let label = |(name, value): &(&str, String)| format!("{name}=\"{}\"", escaped(value));
        let labels: Vec<String> = sample.labels.iter().map(label).collect();
        let braces = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        writeln!(text, "{}{}{braces} {}", metric.name, sample.suffix, sample.value)?;
    }
    Ok(())
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{Stage, live};
    use crate::store::accounts::Role;

    #[tokio::test]
    async fn the_metrics_say_what_operators_expect() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz \"secret name\"").await;
        stage.add_site("rennes01", "Rennes").await;
        stage.fleet.tell(&metz, live());
        let answer = stage.get("/metrics").role(Role::Viewer).send().await;
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
        let is_steady = |line: &&str| !line.contains("process_") && !line.starts_with("vigie_build_info");
        let steady: Vec<&str> = answer.text.lines().filter(is_steady).collect();
        insta::assert_snapshot!(steady.join("\n"));
        assert!(answer.text.contains("\nprocess_resident_memory_bytes "));
    }

    #[test]
    fn labels_cannot_break_the_format() {
        let sample = Sample { suffix: "_sum", labels: vec![("a", "x\"\\\n}".to_owned())], value: 0.5 };
        let metric = Metric { name: "m", help: "a\nb", kind: MetricKind::Summary, samples: vec![sample] };
        assert_eq!(exposition(&[metric]), "# HELP m a\\nb\n# TYPE m summary\nm_sum{a=\"x\\\"\\\\\\n}\"} 0.5\n");
    }
}
