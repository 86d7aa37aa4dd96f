//! Webhooks: news as signed JSON, for programs.
//!
//! Each POST carries `Vigie-Timestamp` (seconds since 1970 UTC), `Vigie-Signature` and `Idempotency-Key`. The signature is
//! `v1=` and, in hexadecimal digits, HMAC-SHA256 under the target's secret of the timestamp, a full stop and the body. A
//! receiver computes it over the bytes as they came, compares in constant time, refuses timestamps more than five minutes
//! old, and takes an `Idempotency-Key` once: a call whose answer was lost is repeated.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vigie_shared::clock::Clock;
use vigie_shared::id::{SiteId, to_hex};
use vigie_shared::units;

use crate::alerts::news::{Line, News, Phase, Severity};
use crate::connectors::request::{Call, Verb};
use crate::connectors::web::{Ask, Broken, Web};
use crate::http::time::Time;
use crate::mail::carrier::{Carrier, Round, Unreachable};
use crate::mail::letter::Letter;
use crate::mail::queue::Posted;
use crate::store::Store;

/// Programs that are told: each is called one after the other.
const TARGETS_MAX: usize = 20;

/// Longest name of a target, characters.
const NAME_LENGTH_MAX: usize = 40;

/// The section `webhooks` of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Programs that are told of incidents.
    pub targets: Vec<Target>,
    /// Longest wait for an answer.
    #[serde(with = "units::duration")]
    pub timeout: Duration,
}

impl Default for WebhooksConfig {
    fn default() -> Self {
        Self { targets: Vec::new(), timeout: Duration::from_secs(20) }
    }
}

/// A program that is told of incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What it is called.
    pub name: String,
    /// Where it listens.
    pub url: String,
    /// A file that holds the secret of its signatures; without, it is the one that `vigie-hub mail secret webhook.NAME`
    /// sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Only what concerns these sites; everything if empty.
    #[serde(default)]
    pub sites: Vec<SiteId>,
    /// Nothing less grave.
    #[serde(default = "warning")]
    pub severity_min: Severity,
}

fn warning() -> Severity {
    Severity::Warning
}

impl WebhooksConfig {
    /// Looks at what no single setting can say.
    ///
    /// # Errors
    ///
    /// Words for people on the first thing that does not fit.
    pub fn check(&self) -> Result<(), String> {
        if self.targets.len() > TARGETS_MAX {
            return Err(format!("webhooks.targets has more than {TARGETS_MAX} programs; let one pass it on"));
        }
        let mut names = BTreeSet::new();
        for Target { name, url, .. } in &self.targets {
            if !is_name(name) {
                return Err(format!("webhooks.targets: `{name}` is no name; use letters, digits, `-` and `_`"));
            }
            if !names.insert(name) {
                return Err(format!("webhooks.targets: `{name}` stands there twice"));
            }
            if !is_url(url) {
                return Err(format!(
                    "webhooks.targets: the url of `{name}` is none; write \"https://example.org/hook\""
                ));
            }
        }
        Ok(())
    }
}

/// Whether a target may be called so.
pub(crate) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=NAME_LENGTH_MAX).contains(&name.len()) && name.chars().all(is_plain)
}

pub(crate) fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !url.chars().any(|c| c.is_whitespace() || c.is_control())
    })
}

/// The name of a target's sealed secret.
#[must_use]
pub fn secret_name(target: &str) -> String {
    format!("webhook.{target}")
}

/// News as programs read it.
#[must_use]
pub fn payload(news: &News) -> Value {
    let line = |line: &Line| {
        json!({
            "rule": line.rule,
            "severity": line.severity,
            "site": line.site,
            "subject": line.subject,
            "text": line.text,
            "since": Time(line.since_ms),
            "ended": line.ended_ms.map(Time),
            "ending": line.ending,
        })
    };
    json!({
        "type": format!("incident.{}", word(news.phase)),
        "incident": news.incident,
        "number": news.number,
        "severity": news.severity,
        "began": Time(news.began_ms),
        "at": Time(news.at_ms),
        "alerts": news.lines.iter().map(line).collect::<Vec<_>>(),
        "more": news.more,
    })
}

/// What people see of it in the outbox.
#[must_use]
pub fn subject(news: &News) -> String {
    format!("incident.{}", word(news.phase))
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Opened => "opened",
        Phase::Continues => "continues",
        Phase::Closed => "closed",
    }
}

/// The signature of a body at a moment, seconds since 1970 UTC.
#[must_use]
pub fn signature(secret: &[u8], at_s: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signed = [format!("{at_s}.").as_bytes(), body].concat();
    format!("v1={}", to_hex(hmac::sign(&key, &signed).as_ref()))
}

/// Brings news to programs.
#[derive(Clone)]
pub struct Webhooks {
    /// What the owner set.
    pub config: WebhooksConfig,
    /// Has the sealed secrets.
    pub store: Arc<dyn Store>,
    /// Calls.
    pub web: Arc<dyn Web>,
    /// Dates the signatures.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl Carrier for Webhooks {
    async fn set_out(&self) -> Result<Box<dyn Round>, Unreachable> {
        Ok(Box::new(Calls { hooks: self.clone(), silent: BTreeSet::new() }))
    }
}

/// Calls of one round.
struct Calls {
    hooks: Webhooks,
    /// Targets that did not take a call: not asked again in this round, so that others need not wait for them.
    silent: BTreeSet<String>,
}

#[async_trait]
impl Round for Calls {
    async fn post(&mut self, letter: &Letter) -> Posted {
        let name = &letter.name.reader;
        if self.silent.contains(name) {
            return Posted::NotYet("it did not take the call before this one".to_owned());
        }
        let posted = match self.hooks.ask(letter).await {
            Ok(ask) => judge(self.hooks.web.ask(ask).await.map(|answer| (answer.status, answer.said()))),
            Err(error) => Posted::NotYet(format!("{error:#}")),
        };
        if matches!(posted, Posted::NotYet(_) | Posted::Unclear(_)) {
            self.silent.insert(name.clone());
        }
        posted
    }

    fn is_broken(&self) -> bool {
        false
    }

    async fn end(self: Box<Self>) {}
}

impl Webhooks {
    async fn ask(&self, letter: &Letter) -> anyhow::Result<Ask> {
        let name = &letter.name.reader;
        let target = self.config.targets.iter().find(|target| target.name == *name);
        let target = target.with_context(|| format!("hub.toml names no webhook `{name}` any more"))?;
        let body: Value = serde_json::from_str(&letter.content.text).context("read what was kept")?;
        let bytes = serde_json::to_vec(&body).context("write the body")?;
        let secret = self.secret(target).await?;
        let at_s = self.clock.wall_ms().div_euclid(1000);
        let headers = vec![
            ("Idempotency-Key".to_owned(), letter.name.mark()),
            ("Vigie-Timestamp".to_owned(), at_s.to_string()),
            ("Vigie-Signature".to_owned(), signature(secret.as_bytes(), at_s, &bytes)),
        ];
        let call = Call {
            method: Verb::Post,
            path: String::new(),
            query: Vec::new(),
            headers,
            body: Some(body),
            is_form: false,
        };
        let (base, timeout) = (target.url.clone(), self.config.timeout);
        Ok(Ask { base, call, credentials: Vec::new(), timeout, follows: false })
    }

    async fn secret(&self, target: &Target) -> anyhow::Result<String> {
        let name = &target.name;
        let secret = match &target.secret_file {
            Some(file) => {
                let what = || format!("read the secret of webhook `{name}` in {}", file.display());
                tokio::fs::read_to_string(file).await.with_context(what)?
            }
            None => self.store.letter_secret(&secret_name(name)).await?.with_context(|| {
                format!("there is no secret: set secret_file, or run `vigie-hub mail secret webhook.{name}`")
            })?,
        };
        let secret = secret.trim().to_owned();
        anyhow::ensure!(!secret.is_empty(), "the secret of webhook `{name}` is empty");
        Ok(secret)
    }
}

/// What an answer means: a program that says the call is wrong will say so again.
fn judge(answer: Result<(u16, String), Broken>) -> Posted {
    match answer {
        Ok((200..=299, _)) => Posted::Taken,
        Ok((400 | 404..=407 | 410..=422 | 426 | 428 | 431 | 451, said)) => Posted::Refused(said),
        Ok((_, said)) => Posted::NotYet(said),
        Err(Broken::Refused(said)) => Posted::Refused(said),
        Err(Broken::Unsent(said)) => Posted::NotYet(said),
        Err(Broken::Lost(said)) => Posted::Unclear(said),
    }
}

#[cfg(test)]
mod tests;
