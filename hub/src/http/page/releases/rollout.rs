//! One rollout: its wave, how far each box is, and what can be done about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use vigie_shared::id::{RolloutId, SiteId};

use super::words::{self, Words};
use super::{RolloutRow, member_word};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::Local;
use crate::http::page::marks::Mark;
use crate::http::page::row::Moment;
use crate::http::page::table::{Column, Look, Table};
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::rollout::{Member, MemberState, Rollout, command_id};
use crate::store::commands::CommandState;
use crate::store::rollouts::Summary;

/// Boxes that failed of which the page tells in sentences; the table has all.
const UNDONE_MAX: usize = 5;

/// One box of it.
struct MemberRow {
    site: String,
    is_canary: bool,
    mark: Mark,
    can_retry: bool,
    detail: String,
    attempts: u32,
    changed: Moment,
}

#[derive(Template)]
#[template(path = "rollout.html")]
struct RolloutPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    row: RolloutRow,
    /// What happened on the boxes that failed, in sentences.
    undone: Vec<String>,
    note: String,
    rows: Vec<MemberRow>,
    table: Table,
    states: [(&'static str, &'static str); 5],
    now: Time,
}

/// Shows one rollout.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, (&id, &Look::of(&uri))).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, (id, look): (&str, &Look)) -> Result<Response, Problem> {
    let unknown = || Problem::unknown("rollout", id);
    let named: RolloutId = id.parse().map_err(|_not_an_id| unknown())?;
    let rollout = admin.store.rollout(named).await?.ok_or_else(unknown)?;
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let at = Local::of_hub(frame, now_ms);
    let (tally, undone) = (rollout.tally(), undone(admin, &rollout, w).await?);
    let Rollout { plan, progress, members, .. } = rollout;
    let is_wanted = |(site, member): &(&SiteId, &Member)| {
        let state = look.get("state");
        (state.is_empty() || member.state.as_str() == state) && look.has(site.as_str())
    };
    let mut found: Vec<(&SiteId, &Member)> = members.iter().filter(is_wanted).collect();
    found.sort_by_key(|(_, member)| (member.state != MemberState::Failed, !member.is_canary));
    let rows = found.into_iter().map(|(site, member)| at.member((site, member), w)).collect();
    let columns = [
        Column::plain(frame.words.site),
        Column::plain(w.state),
        Column::plain(w.detail),
        Column::plain(w.attempts).number(),
        Column::plain(w.changed),
    ];
    let (rows, table) = look.page(frame.lang, &columns, rows);
    let note = plan.note.clone();
    Ok(render(&RolloutPage {
        frame,
        w,
        look,
        row: at.rollout(Summary { plan, progress, tally }, w),
        undone,
        note,
        rows,
        table,
        states: MemberState::ALL.map(|state| (state.as_str(), member_word(state, w))),
        now: Time(now_ms),
    }))
}

/// What happened on the boxes that failed: what was undone, what is safe, what to do.
async fn undone(admin: &Admin, rollout: &Rollout, w: &Words) -> Result<Vec<String>, Problem> {
    let failed = rollout.members.iter().filter(|(_, member)| member.state == MemberState::Failed);
    let failed: Vec<(&SiteId, &Member)> = failed.take(UNDONE_MAX).collect();
    if failed.is_empty() {
        return Ok(Vec::new());
    }
    let installed = admin.store.installed(Some(&rollout.plan.software)).await?;
    let is_suspended = rollout.progress.pause.as_ref().is_some_and(|pause| pause.account.is_none());
    let mut sentences = Vec::new();
    for (site, member) in failed {
        let id = command_id(rollout.plan.id, site, member.attempt);
        let state = admin.store.command(site, id).await?.map(|command| command.state);
        let former = installed.iter().find(|one| one.site == *site).and_then(|one| one.version.as_deref());
        let name = admin.store.site(site).await?.map_or_else(|| site.to_string(), |site| site.name);
        let mut sentence = sentence((state, former), [&rollout.plan.software, &rollout.plan.version, &name], w);
        if is_suspended {
            sentence = format!("{sentence} {}", w.suspended);
        }
        sentences.push(sentence);
    }
    Ok(sentences)
}

/// What happened on one box.
fn sentence(
    (state, former): (Option<CommandState>, Option<&str>),
    [software, version, site]: [&str; 3],
    w: &Words,
) -> String {
    let former = former.map_or_else(|| w.former_unknown.to_owned(), |version| w.former.replace("{version}", version));
    let text = if state == Some(CommandState::RolledBack) { w.undone } else { w.not_done };
    text.replace("{former}", &former)
        .replace("{software}", software)
        .replace("{version}", version)
        .replace("{site}", site)
}

impl Local<'_> {
    fn member(&self, (site, member): (&SiteId, &Member), w: &Words) -> MemberRow {
        let state = match member.state {
            MemberState::Done => "fine",
            MemberState::Failed => "critical",
            MemberState::Given => "running",
            MemberState::Waiting | MemberState::Skipped => "unknown",
        };
        MemberRow {
            site: site.to_string(),
            is_canary: member.is_canary,
            mark: Mark { state, word: member_word(member.state, w) },
            can_retry: matches!(member.state, MemberState::Failed | MemberState::Skipped),
            detail: member.detail.clone(),
            attempts: member.attempt,
            changed: self.moment(member.changed_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;

    #[test]
    fn what_was_undone_says_what_is_back_and_that_nothing_is_lost() {
        let told = |state, former| sentence((state, former), ["agent", "1.5.0", "Brest"], words::of(Lang::Fr));
        let undone = told(Some(CommandState::RolledBack), Some("1.4.2"));
        assert!(
            undone.starts_with("Mise à jour annulée sur Brest") && undone.contains("La version 1.4.2 est rétablie")
        );
        assert!(told(Some(CommandState::RolledBack), None).contains("La version d’avant est rétablie"));
        assert!(told(Some(CommandState::Silent), Some("1.4.2")).contains("sans succès"));
    }
}
