//! One step of the projector, in memory.

use super::State;
use crate::store::projections::{Derived, Device, Step};

impl State {
    /// Adds what the step tells, then dates what an anchor allows.
    pub(super) fn apply(&mut self, mut step: Step) {
        let heard = step.take_attendance();
        let tables = &mut self.projections;
        let registry = &self.registry;
        let stays = |device: &Device| !registry.is_erased(&device.site, &device.id, device.last_seen_ms);
        let devices = step.devices.into_iter().filter(|device| stays(&device.value));
        devices.for_each(|device| tables.merge_device(device.value, device.undated));
        step.metrics.into_iter().for_each(|sample| tables.add_sample(sample));
        step.coverage.into_iter().for_each(|span| tables.add_coverage(span));
        for Derived { value: cursor, undated } in step.cursors {
            tables.move_cursor(cursor, undated);
        }
        for anchor in step.anchors {
            tables.anchors.entry((anchor.site, anchor.boot)).or_insert(anchor.began_ms);
        }
        tables.date_all();
        self.media.hear_all(step.media, &tables.anchors);
        self.strips.hear(&step.sights, &self.registry);
        self.strips.date(&tables.anchors, &self.registry);
        self.machines.hear(&step.machines, &self.forgotten_machines);
        self.attendance.hear(&heard, &mut self.places);
        self.attendance.date(&tables.anchors);
        step.software.into_iter().for_each(|told| self.releases.hear(told));
        step.outcomes.into_iter().for_each(|told| self.hear(told));
        let tables = &mut self.projections;
        for origin in step.entries {
            let site = origin.entry.site.clone();
            if site.is_none_or(|site| tables.told.insert((site, origin.queue, origin.seq))) {
                self.people.write(origin.entry);
            }
        }
    }
}
