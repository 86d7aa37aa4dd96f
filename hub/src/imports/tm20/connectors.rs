//! The third parties of a dump, with the terminals whose punches go there.

use super::dump::{Gathered, Known};
use super::fields::Fields;
use super::punches::Punches;
use super::report::Report;
use super::{Auth, Connector, Secret};

/// Minutes between two rounds where a row says nothing, as the old server had it.
pub(crate) const INTERVAL_MIN: u32 = 15;
/// Seconds to wait where a row says nothing, as the old server had it.
pub(crate) const TIMEOUT_S: u32 = 30;

/// Joins third parties and mappings.
pub(super) fn joined(
    gathered: &Gathered,
    known: &Known,
    (punches, takes_secrets, report): (&Punches, bool, &mut Report),
) -> Vec<Connector> {
    let mut all = Vec::new();
    for (number, config) in &gathered.configs {
        let (Some(name), Some(base_url)) = (config.text(&["name"]), config.text(&["base_url", "url"])) else {
            report.leave("third parties without a name or an address", "nothing can be sent to them");
            continue;
        };
        let terminals = terminals(gathered, known, &[number.as_str(), name.as_str()]);
        let oldest = terminals.iter().filter_map(|serial| punches.oldest_unsent_ms.get(serial)).min();
        let mut connector = Connector {
            number: number.parse().ok(),
            oldest_unsent_ms: oldest.copied(),
            terminals,
            base_url,
            users_endpoint: config.text(&["users_endpoint"]).unwrap_or_default(),
            attendance_endpoint: config.text(&["attendance_endpoint"]).unwrap_or_default(),
            auth: Auth::of(&config.text(&["auth_type"]).unwrap_or_default(), config.text(&["auth_header_name"])),
            secret: config.text(&["auth_token", "token", "api_key"]).map(Secret),
            interval_min: positive(config, "sync_interval_minutes", INTERVAL_MIN),
            timeout_s: positive(config, "timeout_seconds", TIMEOUT_S),
            is_on: config.flag(&["is_active"], true),
            name,
        };
        if connector.secret.is_some() && !takes_secrets {
            report.note(format!(
                "The secret of {:?} was not read; import with --secrets, or enter it again.",
                connector.name
            ));
            connector.secret = None;
        }
        if config.inner(&["extra_headers"]).is_some_and(|headers| !headers.0.is_empty()) {
            report.note(format!("{:?} had headers of its own; put them into its mapping.", connector.name));
        }
        all.push(connector);
    }
    report.take("third parties", all.len());
    report.take("terminals that send to a third party", all.iter().map(|connector| connector.terminals.len()).sum());
    all
}

/// The terminals whose punches went to a third party that is called so.
fn terminals(gathered: &Gathered, known: &Known, names: &[&str]) -> Vec<String> {
    let mut terminals: Vec<String> = gathered
        .mappings
        .iter()
        .filter(|mapping| mapping.flag(&["is_active"], true) && mapping.flag(&["sync_attendance"], true))
        .filter(|mapping| {
            mapping.reference(&["config", "third_party"]).is_some_and(|one| names.contains(&one.as_str()))
        })
        .filter_map(|mapping| known.get(&mapping.reference(&["terminal", "device"])?).cloned())
        .collect();
    terminals.sort();
    terminals.dedup();
    terminals
}

fn positive(config: &Fields, name: &str, otherwise: u32) -> u32 {
    config.int(&[name]).and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0).unwrap_or(otherwise)
}
