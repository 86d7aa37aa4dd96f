//! `/api/v1/sites/{id}/commands/{command}/events`: one command as it goes on, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use vigie_shared::id::{CommandId, SiteId};

use super::{CommandView, find, named};
use crate::http::Admin;
use crate::http::guard::Operator;
use crate::http::problem::{Problem, Refused};

/// A living stream says at least this often how the command is.
const BEAT: Duration = Duration::from_secs(15);

/// Streams a command's changes; ends when the command has ended.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/commands/{command}/events", operation_id = "commands_events",
    tag = "commands", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The site"), ("command" = String, Path, description = "The command")),
    responses((status = 200, description = "Events `command`; the last one says how it ended",
               content_type = "text/event-stream", body = CommandView), Refused)
)]
pub(in crate::http) async fn stream(
    _: Operator,
    State(admin): State<Admin>,
    Path((id, command)): Path<(String, String)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let changes = admin.dispatch.changes();
    let command = named(&admin, &id, &command).await?;
    let Ok(place) = Arc::clone(&admin.streams).try_acquire_owned() else {
        let detail = "too many live views are open; ask for the command itself again and again";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        return Err(Problem::new(status, "streams_full", "Too many live views", detail).retry_after(30));
    };
    let watch = Watch { site: command.site, id: command.id, changes, is_first: true, is_over: false, _place: place };
    Ok(Sse::new(stream::unfold((watch, admin), |(mut watch, admin)| async move {
        let view = watch.next(&admin).await?;
        let event = Event::default().event("command").json_data(view).ok()?;
        Some((Ok(event), (watch, admin)))
    })))
}

/// What one stream has still to tell.
struct Watch {
    site: SiteId,
    id: CommandId,
    changes: broadcast::Receiver<(SiteId, CommandId)>,
    is_first: bool,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    /// The command after its next change; none when the stream is over, as also when the store fails.
    async fn next(&mut self, admin: &Admin) -> Option<CommandView> {
        if self.is_over {
            return None;
        }
        if !std::mem::take(&mut self.is_first) {
            tokio::select! {
                () = admin.stopping.cancelled() => return None,
                () = tokio::time::sleep(BEAT) => {}
                is_open = changed(&mut self.changes, &self.site, self.id) => is_open.then_some(())?,
            }
        }
        let command = find(admin, &self.site, self.id).await.ok()?;
        self.is_over = !command.state.is_open();
        Some(CommandView::new(&command, admin.dispatch.progress(&self.site, self.id)))
    }
}

/// Waits for a change of the command, or for having missed some; false when none can come any more.
async fn changed(changes: &mut broadcast::Receiver<(SiteId, CommandId)>, site: &SiteId, id: CommandId) -> bool {
    loop {
        match changes.recv().await {
            Ok((changed_site, changed_id)) if changed_site == *site && changed_id == id => return true,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return true,
            Err(RecvError::Closed) => return false,
        }
    }
}
