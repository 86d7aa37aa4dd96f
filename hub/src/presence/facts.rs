//! What is known about one person: the strips of the person's devices, whose they were when, and what the sites saw.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;

use super::coverage::Coverage;
use super::source::{APP, APP_SITE};
use super::span::{Span, union};
use super::stretch::Stretch;
use super::{Counts, Ownership, Strip};

/// Strips and coverage are needed from so many days of UTC before the first day that is asked for: a device that
/// was left behind shows itself only on the days after.
pub const LOOK_BACK_DAYS: u8 = 3;

/// And through so many days of UTC after the last: local days end later than those of UTC, and stays go on.
pub const LOOK_AHEAD_DAYS: u8 = 2;

/// What days of one person are computed from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Strips of the person's devices, in any order; activity in an application stands at [`APP_SITE`].
    pub strips: &'a [Strip],
    /// What the person has or had, and when.
    pub ownerships: &'a [Ownership],
    /// Moments at which somebody closed the person's open sessions by hand, milliseconds since 1970 UTC.
    pub closings: &'a [i64],
    /// The sites, at least those of the ownerships.
    pub places: &'a BTreeMap<SiteId, Place>,
}

/// A site, as far as presence depends on it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its zone.
    pub zone: TimeZone,
    /// When its observers could see.
    pub coverage: Coverage,
    /// Everything that was seen there before this moment has arrived, milliseconds since 1970 UTC; none if nobody knows.
    pub complete_ms: Option<i64>,
}

/// A device as long as the person had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<'a> {
    /// Where.
    pub site: &'a SiteId,
    /// Which.
    pub device: &'a str,
    /// Whether it speaks for the person.
    pub counts: Counts,
    /// Its own silence that still belongs to a session, milliseconds; none for the policy's.
    pub grace_ms: Option<i64>,
    /// How long the person had it.
    pub held: Stretch,
    /// When it was seen meanwhile, in order and apart.
    pub spans: Vec<Span>,
}

impl<'a> Facts<'a> {
    /// Every device on a LAN, with its sights, as long as the person had it.
    #[must_use]
    pub fn held(&self) -> Vec<Held<'a>> {
        let mut seen: BTreeMap<(&SiteId, &str), Vec<Span>> = BTreeMap::new();
        for strip in self.strips {
            seen.entry((&strip.site, strip.device.as_str())).or_default().extend(&strip.spans);
        }
        let seen: BTreeMap<_, Vec<Span>> = seen.into_iter().map(|(key, spans)| (key, union(spans))).collect();
        let on_lan = self.ownerships.iter().filter_map(|owned| Some((owned.site.as_ref()?, owned)));
        let held = on_lan.map(|(site, owned)| {
            let held = Stretch { from_ms: owned.from_ms, to_ms: owned.to_ms.unwrap_or(i64::MAX) };
            let spans = seen.get(&(site, owned.device.as_str())).map_or(&[][..], Vec::as_slice);
            Held {
                site,
                device: &owned.device,
                counts: owned.counts,
                grace_ms: owned.grace_min.map(|minutes| i64::from(minutes) * 60_000),
                held,
                spans: clip(spans, held),
            }
        });
        held.collect()
    }

    /// When the person was active in an application, in order and apart.
    #[must_use]
    pub fn activity(&self) -> Vec<Span> {
        let strips = self.strips.iter().filter(|strip| strip.site.as_str() == APP_SITE);
        union(strips.flat_map(|strip| &strip.spans).map(|span| Span { sources: span.sources | APP, ..*span }).collect())
    }
}

/// What of spans, in order and apart, lies within a stretch, its end excluded: the moment at which a device changes
/// hands is the next owner's.
#[must_use]
pub fn clip(spans: &[Span], within: Stretch) -> Vec<Span> {
    let first = spans.partition_point(|span| span.to_ms < within.from_ms);
    let own = spans.iter().skip(first).take_while(|span| span.from_ms < within.to_ms);
    let clipped = own.map(|span| Span {
        from_ms: span.from_ms.max(within.from_ms),
        to_ms: span.to_ms.min(within.to_ms.saturating_sub(1)),
        sources: span.sources,
    });
    clipped.collect()
}
