//! The live windows of each browser: so few at once that the next page can be asked for beside them.
//!
//! Over plain HTTP a browser opens six connections to one hub. With six live streams a seventh window would wait for
//! ever, so the window that was opened first rests; its page says so and lives again when somebody comes back to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::login::{Caller, Via};

/// Windows of one browser that live at once: two connections stay free, for pages and what people do on them.
const LIVE_MAX: usize = 4;

/// The windows of each session that may live, the oldest first.
#[derive(Default)]
pub(super) struct Windows(Mutex<BTreeMap<[u8; 16], VecDeque<CancellationToken>>>);

/// A window that may live until it is closed or a newer one takes its place.
pub(super) struct Window {
    rest: CancellationToken,
    _open: DropGuard,
}

impl Windows {
    /// Opens a window. Of a browser with too many the oldest has to rest; programs are not browsers.
    pub(super) fn open(&self, caller: &Caller) -> Window {
        let rest = CancellationToken::new();
        if let Via::Session { id, .. } = caller.via {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_session, windows| {
                windows.retain(|window| !window.is_cancelled());
                !windows.is_empty()
            });
            let windows = all.entry(id).or_default();
            windows.push_back(rest.clone());
            if windows.len() > LIVE_MAX {
                windows.pop_front().into_iter().for_each(|oldest| oldest.cancel());
            }
        }
        Window { _open: rest.clone().drop_guard(), rest }
    }
}

impl Window {
    /// Waits until the window has to rest.
    pub(super) async fn rest(&self) {
        self.rest.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn browser(id: u8) -> Caller {
        let via =
            Via::Session { id: [id; 16], csrf: String::new(), ends_ms: i64::MAX, proved_ms: None, is_aged: false };
        Caller { via, ..Caller::local() }
    }

    fn rests(window: &Window) -> bool {
        window.rest().now_or_never().is_some()
    }

    #[test]
    fn the_oldest_window_rests_when_there_are_too_many() {
        let windows = Windows::default();
        let mut open: Vec<Window> = (0..LIVE_MAX).map(|_| windows.open(&browser(1))).collect();
        let other = windows.open(&browser(2));
        assert!(!open.iter().any(rests));
        open.push(windows.open(&browser(1)));
        assert_eq!(open.iter().map(rests).collect::<Vec<_>>(), [true, false, false, false, false]);
        assert!(!rests(&other), "another browser's windows are not counted");
    }

    #[test]
    fn a_closed_window_gives_its_place_back() {
        let windows = Windows::default();
        let first = windows.open(&browser(1));
        for _ in 0..10 {
            drop(windows.open(&browser(1)));
        }
        assert!(!rests(&first));
    }

    #[test]
    fn a_program_has_as_many_as_it_asks_for() {
        let windows = Windows::default();
        let open: Vec<Window> = (0..10).map(|_| windows.open(&Caller::local())).collect();
        assert!(!open.iter().any(rests));
    }
}
