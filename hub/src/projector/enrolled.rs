//! Who is enrolled on terminals. Of a credential only that it is there; what it is stays in the record.

use vigie_shared::wire::Reading;

use super::{Draft, Seen};
use crate::store::terminals::Told;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::TerminalUsers(users) = seen.reading else { return };
    let mut rows = users.rows.clone();
    rows.retain(|row| i64::try_from(row.enrol_id).is_ok());
    rows.iter_mut().for_each(|row| row.record = None);
    let told_ms = seen.received_ms;
    let (site, terminal) = (seen.site.clone(), users.terminal.clone());
    draft.step.enrolled.push(Told { site, terminal, told_ms, stretch: users.stretch, rows });
}
