//! Terminals: how they are, and how their memories filled.

use vigie_shared::wire::Reading;

use super::{Draft, Seen, before};
use crate::store::terminals::{ROOMS_MAX, RoomDay, Terminal};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::TerminalState(state) = seen.reading else { return };
    let mut state = state.clone();
    state.room.truncate(ROOMS_MAX);
    // A state is told at once: while the box's clock is wrong, its arrival says better when that was.
    let told_ms = if seen.undated.is_none() { seen.at_ms } else { seen.received_ms };
    let day = seen.received_ms.div_euclid(DAY_MS);
    let filled = |what: &String, used| RoomDay { what: what.clone(), day, told_ms: seen.received_ms, used };
    let history = state.room.iter().filter_map(|room| Some(filled(&room.what, room.used?))).collect();
    draft.step.terminals.push(Terminal {
        site: seen.site.clone(),
        told_ms: seen.received_ms,
        seq: seen.seq,
        heard_ms: state.heard_ago_s.map(|ago_s| before(told_ms, ago_s)),
        state,
        history,
    });
}
