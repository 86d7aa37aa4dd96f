//! Answers what is asked of the local page.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

use super::request::{Asked, OwnNames, Refused, Wanted, judge};
use super::serve::{Pages, Reply};
use super::{Source, html};

/// HTML, as a header says it.
pub const HTML: &str = "text/html; charset=utf-8";

/// The looks, as a header says it.
pub const CSS: &str = "text/css; charset=utf-8";

/// The local page, and the names by which the box may be called.
pub struct LocalPage {
    /// Knows how the box is doing.
    pub source: Arc<dyn Source>,
    /// The box's own names.
    pub own: OwnNames,
}

#[async_trait]
impl Pages for LocalPage {
    async fn answer(&self, asked: Asked<'_>, _from: IpAddr) -> Reply {
        let wanted = match judge(asked, &self.own) {
            Ok(Wanted::Style) => return said(200, CSS, html::STYLE.to_owned()),
            Ok(wanted) => wanted,
            Err(refused) => return refusal(refused, "There is only / and /status.json."),
        };
        let source = Arc::clone(&self.source);
        // It looks at the disk, which may be slow just when somebody looks here.
        let Ok(facts) = tokio::task::spawn_blocking(move || source.facts()).await else {
            return text(500, "The box cannot say how it is. / La box ne peut pas répondre.");
        };
        match wanted {
            Wanted::Page(lang) => said(200, HTML, html::page(&facts, lang)),
            Wanted::Status | Wanted::Style => {
                let json = serde_json::to_string_pretty(&facts).unwrap_or_default();
                said(200, "application/json", json + "\n")
            }
        }
    }
}

/// Says why something is not given; `only` names what there is.
#[must_use]
pub fn refusal(refused: Refused, only: &str) -> Reply {
    match refused {
        Refused::Path => text(404, only),
        Refused::Host => text(421, "Use the box's address or its own name."),
        Refused::Method => Reply { allow: Some("GET, HEAD"), ..text(405, "This page is for reading only.") },
    }
}

fn text(status: u16, text: &str) -> Reply {
    said(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// An answer of that status and kind.
#[must_use]
pub fn said(status: u16, kind: &'static str, body: String) -> Reply {
    Reply { status, kind, body, allow: None }
}
