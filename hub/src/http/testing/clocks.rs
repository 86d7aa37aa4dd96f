//! A time clock on the stage, and somebody who came late.

use std::time::Duration;

use jiff::civil::time;
use vigie_shared::id::SiteId;

use super::{NOW, Stage};
use crate::attendance::{Schedule, Shift};
use crate::store::contract::attendance::{MORNING, terminal, told};
use crate::store::projections::{Derived, Step};

impl Stage {
    /// A Tuesday on which number 7, in doubt about nothing, came 20 minutes late; its clock shows 8:00.
    pub(crate) async fn add_attendance(&self) -> SiteId {
        let metz = self.add_site("metz", "Metz").await;
        let shift = Shift { starts: time(8, 0, 0, 0), ends: time(16, 0, 0, 0), pause: None, tolerance_min: 5 };
        let schedule = Schedule { days: [(2, shift)].into(), ..Schedule::empty("office") };
        self.store.put_schedule(&schedule).await.unwrap();
        let at = |local: &str| Derived { value: told("ZX1", 7, local, MORNING + 9 * 3_600_000), undated: None };
        let punches = vec![at("2031-05-06 08:20:00"), at("2031-05-06 16:00:30"), at("2031-05-06 16:00:40")];
        let terminals = vec![terminal("metz", "ZX1", 5)];
        self.store.apply(Step { punches, terminals, ..Step::default() }).await.unwrap();
        self.clock.advance(Duration::from_millis((MORNING - NOW).unsigned_abs()));
        metz
    }
}
