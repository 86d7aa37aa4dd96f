//! Is it safe to go on? The rollouts that run, which boxes are behind, the releases that there are, and what is pinned.

pub(super) mod rollout;
mod words;

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use vigie_shared::id::SiteId;

use self::words::Words;
use super::frame::{Frame, Reader, render};
use super::french::{Told, told};
use super::history::Local;
use super::marks::Mark;
use super::row::Moment;
use super::sheet::{Cells, SHEET};
use super::table::{Column, Look, Table};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::releases::behind;
use crate::rollout::{MemberState, Plan, Progress, Stage, Tally};
use crate::store::releases::{Pin, Release};
use crate::store::rollouts::Summary;
use crate::text;

/// Rollouts shown, the newest.
const ROLLOUTS: usize = 50;
/// What an address calls the file of the releases; that of the boxes that are behind is the page's own.
const RELEASES: &str = "releases";

/// One rollout in a line.
struct RolloutRow {
    id: String,
    software: String,
    version: String,
    mark: Mark,
    stage: &'static str,
    is_open: bool,
    is_paused: bool,
    /// Why it goes no further; none if it does.
    reason: Option<Told>,
    /// "7 done, 1 failed, 33 waiting".
    counts: String,
    done: usize,
    total: usize,
    has_failures: bool,
    account: String,
    created: Moment,
}

/// One release.
struct ReleaseRow {
    name: String,
    version: String,
    processor: String,
    size: String,
    sha256: String,
    /// Whether its maker signed it, in words.
    signed: &'static str,
    added: Moment,
    /// What is confirmed when it is removed.
    subject: String,
}

/// A box that lacks a release.
struct BehindRow {
    site: String,
    software: String,
    version: String,
    newest: String,
    since: Moment,
    pinned: Option<String>,
}

/// One pin.
struct PinRow {
    site: String,
    software: String,
    version: String,
    account: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "releases.html")]
struct ReleasesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    open: Vec<RolloutRow>,
    ended: Vec<RolloutRow>,
    releases: Vec<ReleaseRow>,
    /// Where the releases are given as a file.
    releases_csv: String,
    software: Vec<(String, String)>,
    behind: Vec<BehindRow>,
    table: Table,
    pins: Vec<PinRow>,
    now: Time,
}

/// Shows releases and rollouts.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &Look::of(&uri)).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, look: &Look) -> Result<Response, Problem> {
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let rollouts = admin.store.rollouts(None, ROLLOUTS).await?;
    let rollouts = rollouts.into_iter().map(|summary| at.rollout(summary, w));
    let (open, ended) = rollouts.partition(|row| row.is_open);
    let (releases, pins) = (admin.store.releases().await?, admin.store.pins(None).await?);
    let mut software: Vec<String> = releases.iter().map(|release| release.manifest.name.clone()).collect();
    software.sort();
    software.dedup();
    let mut behind = lacking(admin, &at, (&releases, &pins)).await?;
    behind.retain(|row| look.has(&format!("{} {} {}", row.site, row.software, row.version)));
    let releases: Vec<ReleaseRow> = releases.iter().map(|release| at.release(release)).collect();
    let sheet = look.sheet((SHEET, &at), &behind_columns(frame, w), &behind);
    if let Some(sheet) = sheet.or_else(|| look.sheet((RELEASES, &at), &release_columns(w), &releases)) {
        return Ok(sheet);
    }
    let (behind, table) = look.page(frame.lang, &behind_columns(frame, w), behind);
    Ok(render(&ReleasesPage {
        frame,
        w,
        look,
        open,
        ended,
        behind,
        table: table.with_sheet(look, SHEET),
        releases,
        releases_csv: look.address("as", RELEASES),
        software: software.into_iter().map(|name| (name.clone(), name)).collect(),
        pins: pins.into_iter().map(PinRow::from).collect(),
        now: Time(now_ms),
    }))
}

fn behind_columns(frame: &Frame, w: &'static Words) -> [Column; 5] {
    [frame.words.site, w.software, w.runs, w.newest, w.since].map(Column::plain)
}

fn release_columns(w: &'static Words) -> [Column; 7] {
    [w.software, w.version, w.processor, w.size, w.signature, w.added, w.fingerprint].map(Column::plain)
}

impl Cells for BehindRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        let [site, software, version, newest] =
            [&self.site, &self.software, &self.version, &self.newest].map(String::clone);
        vec![site, software, version, newest, at.stamp(&self.since)]
    }
}

impl Cells for ReleaseRow {
    fn cells(&self, at: &Local<'_>) -> Vec<String> {
        let [name, version, processor, size, sha256] =
            [&self.name, &self.version, &self.processor, &self.size, &self.sha256].map(String::clone);
        vec![name, version, processor, size, self.signed.to_owned(), at.stamp(&self.added), sha256]
    }
}

/// The boxes that lack the newest release of what they run, by software and site.
async fn lacking(
    admin: &Admin,
    at: &Local<'_>,
    (releases, pins): (&[Release], &[Pin]),
) -> Result<Vec<BehindRow>, Problem> {
    let sites = admin.store.sites().await?;
    let is_revoked = |id: &SiteId| sites.iter().any(|site| site.id == *id && site.revoked_ms.is_some());
    let mut rows = Vec::new();
    for installed in admin.store.installed(None).await? {
        let Some((newest, since_ms)) = behind(releases, &installed) else { continue };
        if is_revoked(&installed.site) {
            continue;
        }
        let pin = pins.iter().find(|pin| pin.site == installed.site && pin.software == installed.software);
        rows.push(BehindRow {
            site: installed.site.to_string(),
            software: installed.software,
            version: installed.version.unwrap_or_else(|| at.frame.words.none.to_owned()),
            newest: newest.manifest.version.clone(),
            since: at.moment(since_ms),
            pinned: pin.map(|pin| pin.version.clone()),
        });
    }
    Ok(rows)
}

impl Local<'_> {
    fn rollout(&self, Summary { plan, progress, tally }: Summary, w: &Words) -> RolloutRow {
        let Plan { id, software, version, account, created_ms, .. } = plan;
        let Progress { stage, pause, .. } = progress;
        let is_open = !matches!(stage, Stage::Done | Stage::Cancelled);
        let of = |state| tally.get(&state).copied().unwrap_or_default();
        let failed = of(MemberState::Failed);
        let mark = match (stage, &pause) {
            (Stage::Cancelled, _) => Mark { state: "unknown", word: w.stage_cancelled },
            (Stage::Done, _) if failed > 0 => Mark { state: "attention", word: w.stage_done },
            (Stage::Done, _) => Mark { state: "fine", word: w.stage_done },
            (_, Some(_)) => Mark { state: "paused", word: w.paused },
            (_, None) => Mark { state: "running", word: w.running },
        };
        RolloutRow {
            id: id.to_string(),
            software,
            version,
            mark,
            stage: stage_word(stage, w),
            is_open,
            is_paused: pause.is_some() && is_open,
            reason: pause.map(|pause| told(self.frame.lang, &pause.reason)),
            counts: counts(self.frame, &tally, w),
            done: of(MemberState::Done),
            total: tally.values().sum(),
            has_failures: failed > 0,
            account,
            created: self.moment(created_ms),
        }
    }

    fn release(&self, release: &Release) -> ReleaseRow {
        let (manifest, w) = (&release.manifest, words::of(self.frame.lang));
        ReleaseRow {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            processor: manifest.processor.clone(),
            size: text::size(self.frame.lang, manifest.size_bytes),
            sha256: manifest.sha256.clone(),
            signed: if manifest.signature.is_some() { w.signed } else { w.unsigned },
            added: self.moment(release.added_ms),
            subject: format!("{} {}", manifest.name, manifest.version),
        }
    }
}

fn counts(frame: &Frame, tally: &Tally, w: &Words) -> String {
    let parts = tally.iter().filter(|(_, count)| **count > 0);
    let told =
        parts.map(|(state, count)| format!("{} {}", text::number(frame.lang, *count as u64), member_word(*state, w)));
    told.collect::<Vec<_>>().join(", ")
}

fn stage_word(stage: Stage, w: &Words) -> &'static str {
    match stage {
        Stage::Canary => w.stage_canary,
        Stage::Soaking => w.stage_soaking,
        Stage::Rest => w.stage_rest,
        Stage::Done => w.stage_done,
        Stage::Cancelled => w.stage_cancelled,
    }
}

fn member_word(state: MemberState, w: &Words) -> &'static str {
    match state {
        MemberState::Waiting => w.member_waiting,
        MemberState::Given => w.member_given,
        MemberState::Done => w.member_done,
        MemberState::Failed => w.member_failed,
        MemberState::Skipped => w.member_skipped,
    }
}

impl From<Pin> for PinRow {
    fn from(Pin { site, software, version, account, reason, .. }: Pin) -> Self {
        Self { site: site.to_string(), software, version, account, reason }
    }
}

#[cfg(test)]
mod tests;
