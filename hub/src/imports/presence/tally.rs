//! Sights of a file, gathered by device and day of UTC. An address is hashed at its first sight and then forgotten.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vigie_shared::mac::Mac;

use super::{NETWORK, Terms};
use crate::presence::Strip;
use crate::presence::span::{Span, TOUCH_MS, union};
use crate::presence::stretch::{self, Stretch};
use crate::store::projections::CoverageSpan;

/// Spans that are held before they should be taken: some 12 MB.
const SPANS_MAX: usize = 500_000;

/// Devices that are remembered before they should be taken: phones that change their address fill a log with them.
const DEVICES_MAX: usize = 100_000;

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Before this moment, the beginning of 2001, no clock was set.
const SET_MS: i64 = 978_307_200_000;

/// A time may lie this far in the future: clocks of two machines differ by minutes.
const FUTURE_MAX_MS: i64 = 10 * 60_000;

/// Gathers sights.
pub(super) struct Tally {
    terms: Terms,
    sources: u16,
    places: BTreeMap<[u8; 6], usize>,
    devices: Vec<Device>,
    spans: usize,
    seen: Vec<Stretch>,
    counted: (u64, u64),
    generation: u32,
}

/// A device as a line names it, and the bits of that sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    place: usize,
    bits: u16,
}

impl Named {
    /// The same, with a bit more.
    pub(super) fn with(self, bit: u16) -> Self {
        Self { bits: self.bits | bit, ..self }
    }
}

/// A device and what was seen of it.
struct Device {
    /// Its pseudonym; none of a stranger, of whom nothing is kept.
    name: Option<String>,
    /// The span that the next sight most likely belongs to.
    open: Span,
    /// The end of its day of UTC: a span never goes beyond.
    ends_ms: i64,
    closed: Vec<Span>,
}

impl Tally {
    pub(super) fn new(terms: Terms, sources: u16) -> Self {
        Self {
            terms,
            sources,
            places: BTreeMap::new(),
            devices: Vec::new(),
            spans: 0,
            seen: Vec::new(),
            counted: (0, 0),
            generation: 0,
        }
    }

    /// Says why a time cannot be.
    pub(super) fn judge(&self, at_ms: i64) -> Result<(), &'static str> {
        match at_ms {
            _ if at_ms < SET_MS => Err("its time is long past: the clock that wrote it was not set, as in 1970"),
            _ if at_ms > self.terms.now_ms.saturating_add(FUTURE_MAX_MS) => {
                Err("its time lies in the future: the clock that wrote it was wrong, or its zone is")
            }
            _ => Ok(()),
        }
    }

    /// A device, for [`Tally::see`]; it holds within one [`Tally::generation`].
    pub(super) fn device(&mut self, mac: Mac) -> Named {
        let bits = self.sources;
        if let Some(place) = self.places.get(&mac.0) {
            return Named { place: *place, bits };
        }
        let name = self.terms.key.name(mac);
        let is_kept = self.terms.known.as_ref().is_none_or(|known| known.contains(&name));
        let (kept, strangers) = &mut self.counted;
        *(if is_kept { kept } else { strangers }) += 1;
        let place = self.devices.len();
        self.devices.push(Device {
            name: is_kept.then(|| name.to_string()),
            open: Span { from_ms: 0, to_ms: 0, sources: 0 },
            ends_ms: i64::MIN,
            closed: Vec::new(),
        });
        self.places.insert(mac.0, place);
        Named { place, bits }
    }

    /// Grows when places of devices become void.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Notes that the program that wrote the file was running.
    pub(super) fn runs(&mut self, at_ms: i64) {
        match self.seen.last_mut() {
            Some(last) if last.from_ms <= at_ms && at_ms.saturating_sub(last.to_ms) <= TOUCH_MS => {
                last.to_ms = last.to_ms.max(at_ms);
            }
            _ => self.seen.push(Stretch { from_ms: at_ms, to_ms: at_ms }),
        }
        if self.seen.len() > SPANS_MAX {
            self.seen = stretch::union(std::mem::take(&mut self.seen), TOUCH_MS);
        }
    }

    /// Notes a sight, at a moment that was judged.
    pub(super) fn see(&mut self, Named { place, bits }: Named, at_ms: i64) {
        let Some(device) = self.devices.get_mut(place) else { return };
        let open = &mut device.open;
        if open.from_ms <= at_ms && at_ms < device.ends_ms && at_ms.saturating_sub(open.to_ms) <= TOUCH_MS {
            open.to_ms = open.to_ms.max(at_ms);
            open.sources |= bits;
            return;
        }
        if device.name.is_some() {
            let is_first = device.ends_ms == i64::MIN;
            let next = Span { from_ms: at_ms, to_ms: at_ms, sources: bits };
            let before = std::mem::replace(open, next);
            device.closed.extend((!is_first).then_some(before));
            device.ends_ms = at_ms.div_euclid(DAY_MS).saturating_add(1).saturating_mul(DAY_MS);
            self.spans += 1;
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.spans >= SPANS_MAX || self.devices.len() >= DEVICES_MAX
    }

    /// Takes the strips that have been gathered.
    pub(super) fn take(&mut self) -> Vec<Strip> {
        let mut strips = Vec::new();
        for device in &mut self.devices {
            let mut spans = std::mem::take(&mut device.closed);
            if device.ends_ms != i64::MIN {
                spans.push(device.open);
            }
            device.ends_ms = i64::MIN;
            let Some(name) = &device.name else { continue };
            let mut days: BTreeMap<i64, Vec<Span>> = BTreeMap::new();
            spans.into_iter().for_each(|span| days.entry(span.from_ms.div_euclid(DAY_MS)).or_default().push(span));
            let strip = |(_, spans)| strip(&self.terms, name, union(spans));
            strips.extend(days.into_iter().filter_map(strip));
        }
        self.spans = 0;
        if self.devices.len() >= DEVICES_MAX {
            self.devices.clear();
            self.places.clear();
            self.generation += 1;
        }
        strips
    }

    /// When the program that wrote the file was running.
    pub(super) fn coverage(&mut self) -> Vec<CoverageSpan> {
        let seen = stretch::union(std::mem::take(&mut self.seen), TOUCH_MS);
        let span =
            |Stretch { from_ms, to_ms }| CoverageSpan { network: NETWORK.to_owned(), from_ms, to_ms, blind: None };
        seen.into_iter().map(span).collect()
    }

    /// Different devices that were kept.
    pub(super) fn devices(&self) -> u64 {
        self.counted.0
    }

    /// Different devices that were not.
    pub(super) fn strangers(&self) -> u64 {
        self.counted.1
    }
}

/// The strip of the day that spans lie in.
fn strip(terms: &Terms, name: &str, spans: Vec<Span>) -> Option<Strip> {
    let moment = Timestamp::from_millisecond(spans.first()?.from_ms).ok()?;
    let date = TimeZone::UTC.to_datetime(moment).date();
    Some(Strip { site: terms.site.clone(), device: name.to_owned(), date, spans })
}
