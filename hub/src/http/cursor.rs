//! Cursors: where the next page begins, opaque to whoever follows them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use vigie_shared::id::SiteId;

use super::problem::Problem;
use crate::machines::order::Position;

/// Rows of a page if the request does not say.
pub(super) const ROWS: usize = 100;
/// Rows of the longest page.
pub(super) const ROWS_MAX: usize = 1000;

/// Points behind one device.
pub(super) fn after_device(site: &SiteId, id: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{site}/{id}"))
}

/// Reads what [`after_device`] wrote.
pub(super) fn device(cursor: &str) -> Result<(SiteId, String), Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = text.as_deref().and_then(|text| text.split_once('/'));
    let read = parts.and_then(|(site, id)| Some((site.parse().ok()?, id.to_owned())));
    read.ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

/// Points behind one machine in an order.
pub(super) fn after_machine(position: &Position) -> String {
    let (mark, rank) = position.rank.as_ref().map_or(("-", ""), |rank| ("+", rank.as_str()));
    URL_SAFE_NO_PAD.encode(format!("{}/{mark}{rank}", position.id))
}

/// Reads what [`after_machine`] wrote.
pub(super) fn machine(cursor: &str) -> Result<Position, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = text.as_deref().and_then(|text| text.split_once('/'));
    let read = parts.and_then(|(id, rank)| {
        let rank = if rank == "-" { None } else { Some(rank.strip_prefix('+')?.to_owned()) };
        Some(Position { rank, id: id.to_owned() })
    });
    read.ok_or_else(|| Problem::invalid("after", "this is not a cursor; pass `next` of the page before, unchanged"))
}

/// Cuts one row too many off a page; true if there was one.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: usize) -> bool {
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    has_more
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back(site in "[a-zA-Z0-9]{1,32}", id in "\\PC{0,40}") {
            let site: SiteId = site.parse().unwrap();
            prop_assert_eq!(device(&after_device(&site, &id)), Ok((site, id)));
        }

        #[test]
        fn a_machines_cursor_reads_back(id in "[^/]{1,40}", rank in prop::option::of("\\PC{0,40}")) {
            let position = Position { rank, id };
            prop_assert_eq!(machine(&after_machine(&position)), Ok(position));
        }

        #[test]
        fn a_foreign_cursor_is_refused_and_never_panics(text: String) {
            if let Err(problem) = device(&text) {
                prop_assert_eq!(problem.status, 422);
            }
        }
    }
}
