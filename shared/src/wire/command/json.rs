//! Commands as JSON: `{"type": "deploy_video", "data": {…}}`, of people, of programs, and verbatim in the form
//! of the agent that Vigie replaces.
//!
//! Lenient where that form is: `data` may be missing, `id` may be there. Strict where leniency would hide a
//! mistake: unknown kinds and unknown fields are refused by name.

use serde::Deserialize;
use serde_json::Value;

use super::{CommandKind, CommandOutcome};
use crate::id::CommandId;

/// What somebody wants a box to do, before it is a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The name that the asker chose, so that asking twice is harmless.
    pub id: Option<CommandId>,
    /// Only say what would happen.
    pub is_dry_run: bool,
    /// What to do.
    pub kind: CommandKind,
}

/// Why a text is not a command; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It is not of the form `{"type": …, "data": …}`.
    #[error("a command is an object with `type` and, if the type needs it, `data`: {0}")]
    NotAnOrder(String),
    /// Nobody knows that kind.
    #[error("unknown command `{name}`; known are {known}", known = CommandKind::NAMES.join(", "))]
    UnknownKind {
        /// As it was written.
        name: String,
    },
    /// The parameters do not fit the kind.
    #[error("`{kind}`, field `data{at}`: {reason}")]
    BadData {
        /// The kind.
        kind: String,
        /// Which field, `.name`, or nothing for the whole.
        at: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: Option<CommandId>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Value,
    #[serde(default, alias = "dryRun")]
    dry_run: bool,
}

/// Reads a command as somebody wrote it.
///
/// # Errors
///
/// Every [`OrderError`].
pub fn parse(text: &str) -> Result<Order, OrderError> {
    let written: Written = serde_json::from_str(text).map_err(|error| OrderError::NotAnOrder(error.to_string()))?;
    let (kind, is_dry_run) = parse_kind(&written.kind, written.data)?;
    Ok(Order { id: written.id, is_dry_run: is_dry_run || written.dry_run, kind })
}

/// Reads the parameters of a kind; `dry_run` may stand among them. Returns the kind and whether to try only.
///
/// # Errors
///
/// [`OrderError::UnknownKind`] and [`OrderError::BadData`].
pub fn parse_kind(name: &str, data: Value) -> Result<(CommandKind, bool), OrderError> {
    let mut data = if data.is_null() { Value::Object(serde_json::Map::new()) } else { data };
    let mut is_dry_run = false;
    if let Some(fields) = data.as_object_mut() {
        for spelling in ["dry_run", "dryRun"] {
            if let Some(Value::Bool(value)) = fields.get(spelling) {
                is_dry_run |= *value;
                fields.remove(spelling);
            }
        }
    }
    let read = CommandKind::read(name, data)
        .ok_or_else(|| OrderError::UnknownKind { name: name.chars().take(64).collect() })?;
    let kind = read.map_err(|error| {
        let at = match error.path().to_string().as_str() {
            "." => String::new(),
            path => format!(".{path}"),
        };
        OrderError::BadData { kind: name.to_owned(), at, reason: error.inner().to_string() }
    })?;
    Ok((kind, is_dry_run))
}

/// The parameters of a command as JSON: what [`parse_kind`] reads back.
#[must_use]
pub fn data(kind: &CommandKind) -> Value {
    let mut value = kind.written().unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| !field.is_null());
    }
    value
}

impl CommandOutcome {
    /// The answer as a JSON value; none if there is none.
    #[must_use]
    pub fn answer_value(&self) -> Option<Value> {
        self.answer.as_deref().and_then(|text| serde_json::from_str(text).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ConfigTarget, DeployVideo, GetLogs, When};
    use super::*;
    use crate::wire::frame;

    /// The examples of the agent that Vigie replaces, as they stand in its manual.
    const LEGACY: &str = include_str!("legacy.jsonl");

    #[test]
    fn every_example_of_the_legacy_manual_is_accepted_verbatim() {
        let mut seen: Vec<&str> = Vec::new();
        for line in LEGACY.lines() {
            let order = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert!(!order.is_dry_run);
            seen.push(order.kind.name());
        }
        seen.sort_unstable();
        // The first eight kinds are those that the manual knows.
        let mut known = CommandKind::NAMES[..8].to_vec();
        known.sort_unstable();
        assert_eq!(seen, known);
    }

    #[test]
    fn every_legacy_command_survives_the_wire_and_json() {
        for line in LEGACY.lines() {
            let kind = parse(line).unwrap().kind;
            assert_eq!(frame::open(&frame::seal(1, &kind)), Ok(kind.clone()));
            assert_eq!(parse_kind(kind.name(), data(&kind)), Ok((kind, false)));
        }
    }

    #[test]
    fn the_parameters_arrive_where_they_belong() {
        let deploy = LEGACY.lines().find(|line| line.contains("deploy_video")).unwrap();
        let expected = DeployVideo {
            video_url: "https://server/videos/file.mp4".to_owned(),
            filename: "entrainement.mp4".to_owned(),
            original_name: Some("Entrainement passes.mp4".to_owned()),
            category: "Technique".to_owned(),
            subcategory: Some("Passes".to_owned()),
            video_id: Some("uuid".to_owned()),
            duration_s: Some(154),
            size_bytes: None,
            sha256: None,
        };
        assert_eq!(parse(deploy).unwrap().kind, CommandKind::DeployVideo(expected));
    }

    #[test]
    fn new_fields_are_read_in_both_spellings() {
        let text = r#"{"id":"00112233-4455-6677-8899-aabbccddeeff","type":"get_logs","dryRun":true,
            "data":{"source":"app","since":"1970-01-01T00:00:01Z","until_ms":2000,"sizeBytesMax":10}}"#;
        let order = parse(text).unwrap();
        let logs = GetLogs {
            source: Some("app".to_owned()),
            since_ms: Some(1_000),
            until_ms: Some(2_000),
            size_bytes_max: Some(10),
            ..GetLogs::default()
        };
        assert_eq!(order.kind, CommandKind::GetLogs(logs));
        assert!(order.is_dry_run && order.id.is_some());

        let text = r#"{"type":"update_software","data":{"target":"agent","updateUrl":"/x","version":"2",
            "when":"preferred_hour","dry_run":true}}"#;
        let order = parse(text).unwrap();
        assert!(order.is_dry_run);
        assert!(matches!(order.kind, CommandKind::UpdateSoftware(update) if update.when == When::PreferredHour));

        let text = r#"{"type":"update_config","data":{"target":"agent","configuration":{"log":"debug"}}}"#;
        let CommandKind::UpdateConfig(update) = parse(text).unwrap().kind else { panic!("another kind") };
        assert_eq!((update.target, update.configuration.as_str()), (ConfigTarget::Agent, r#"{"log":"debug"}"#));
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        for (text, expected) in [
            (r#"{"type":"reboot","data":{"force":true}}"#, "unknown field `force`"),
            (r#"{"type":"dance"}"#, "unknown command `dance`; known are get_system_info, reboot"),
            (r#"{"type":"restart_service"}"#, "missing field `service`"),
            (r#"{"type":"get_logs","data":{"lines":"many"}}"#, "field `data.lines`"),
            (r#"{"type":"get_logs","data":{"since":"yesterday"}}"#, "is not a moment"),
            (r#"{"type":"update_config","data":{"configuration":"text"}}"#, "expected a JSON object"),
            (r#"{"type":"reboot","dta":{}}"#, "unknown field `dta`"),
            ("[]", "a command is an object"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
