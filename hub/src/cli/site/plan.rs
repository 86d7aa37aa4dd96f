//! How a replacement is told: what goes to the new box, what does not, and what to do about it.

use serde_json::Value;

use crate::cli::output::name;
use crate::text::{self, Lang};

/// Most lines of what is left; the rest is counted.
const LEFT_MAX: usize = 20;

/// The plan in words.
pub(super) fn told(plan: &Value) -> String {
    let empty = Vec::new();
    let list = |field: &str| plan[field].as_array().unwrap_or(&empty);
    let (moves, left) = (list("moves"), list("left"));
    let mut lines = vec![format!("To the new box {}", moved(moves))];
    lines.push(
        "The site keeps its name, what is said of it, the names of its devices and everything delivered.".to_owned(),
    );
    if !left.is_empty() {
        lines.push(String::new());
        lines.push("Not moved:".to_owned());
    }
    for one in left.iter().take(LEFT_MAX) {
        lines.push(format!("  {}: {}", name(&one["what"]), name(&one["reason"])));
        lines.push(format!("    {}", name(&one["cure"])));
    }
    if let Some(more) = left.len().checked_sub(LEFT_MAX).filter(|more| *more > 0) {
        lines.push(format!("  and {more} more; --json names them all"));
    }
    lines.join("\n")
}

fn moved(moves: &[Value]) -> String {
    let has = |what: &str| moves.iter().any(|one| one["what"] == what);
    let videos: Vec<&Value> = moves.iter().filter(|one| one["what"] == "video").collect();
    let bytes: u64 = videos.iter().filter_map(|video| video["size_bytes"].as_u64()).sum();
    let mut parts = Vec::new();
    if has("settings") {
        parts.push("the agent's settings".to_owned());
    }
    if has("configuration") {
        parts.push("the application's configuration".to_owned());
    }
    if !videos.is_empty() {
        let (count, size) =
            (text::counted(Lang::En, videos.len() as u64, "video", "videos"), text::size(Lang::En, bytes));
        parts.push(format!("{count} ({size})").replace('\u{a0}', " "));
    }
    if parts.is_empty() {
        return "goes nothing: the hub gave the old one nothing that it could give again.".to_owned();
    }
    format!(
        "go, as soon as it connects: {}.\nInstall the application there first. What becomes of it: vigie-hub command list; \
         what was refused or failed: vigie-hub command retry.",
        parts.join(", ")
    )
}
