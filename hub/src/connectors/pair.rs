//! From single punches to spans: which OUT ends which IN; pure.
//!
//! The terminal's word on the direction counts; where it says nothing, directions alternate. No OUT is ever
//! invented. An IN that nothing ends within the longest span is *forgotten*, an OUT without an IN is *lone*: both are
//! shown to people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::store::attendance::Direction;

/// A span crosses at most so many midnights; whatever is longer is not split further.
const MIDNIGHTS_MAX: usize = 40;

/// One punch of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Its name.
    pub key: [u8; 16],
    /// Which way, as far as the terminal says.
    pub direction: Option<Direction>,
}

/// The spans of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paired {
    /// IN and OUT.
    pub spans: Vec<(Event, Event)>,
    /// The IN that may still be ended.
    pub open: Option<Event>,
    /// INs that nothing ended.
    pub forgotten: Vec<Event>,
    /// OUTs that nothing began.
    pub lone: Vec<Event>,
}

/// Pairs the punches of one person, in whatever order they come; a span is at most `span_ms_max` long.
#[must_use]
pub fn pair(events: &[Event], span_ms_max: i64, now_ms: i64) -> Paired {
    let mut paired = Paired::default();
    for (event, direction) in directed(events, span_ms_max) {
        let open = paired.open.take();
        match (direction, open) {
            (Direction::In, open) => {
                paired.forgotten.extend(open);
                paired.open = Some(event);
            }
            (Direction::Out, Some(start)) if event.at_ms - start.at_ms <= span_ms_max => {
                paired.spans.push((start, event));
            }
            (Direction::Out, open) => {
                paired.forgotten.extend(open);
                paired.lone.push(event);
            }
        }
    }
    if let Some(open) = paired.open.take_if(|open| now_ms - open.at_ms > span_ms_max) {
        paired.forgotten.push(open);
    }
    paired
}

/// The punches of one person in their order, each with its direction.
#[must_use]
pub fn directed(events: &[Event], span_ms_max: i64) -> Vec<(Event, Direction)> {
    let mut events = events.to_vec();
    events.sort_unstable();
    events.dedup_by_key(|event| (event.at_ms, event.key));
    let mut open_ms: Option<i64> = None;
    let mut directed = Vec::with_capacity(events.len());
    for event in events {
        let is_open = open_ms.is_some_and(|open_ms| event.at_ms - open_ms <= span_ms_max);
        let direction = event.direction.unwrap_or(if is_open { Direction::Out } else { Direction::In });
        open_ms = (direction == Direction::In).then_some(event.at_ms);
        directed.push((event, direction));
    }
    directed
}

/// A span cut at every local midnight within it, milliseconds since 1970 UTC.
#[must_use]
pub fn split_at_midnight(start_ms: i64, end_ms: i64, zone: &TimeZone) -> Vec<(i64, i64)> {
    let mut pieces = Vec::new();
    let mut from_ms = start_ms;
    while pieces.len() < MIDNIGHTS_MAX {
        let Some(midnight_ms) = next_midnight(from_ms, zone).filter(|midnight_ms| *midnight_ms < end_ms) else { break };
        pieces.push((from_ms, midnight_ms));
        from_ms = midnight_ms;
    }
    pieces.push((from_ms, end_ms));
    pieces
}

/// Whether the local clock shows the end before the beginning: clocks went back in between.
#[must_use]
pub fn runs_backwards(start_ms: i64, end_ms: i64, zone: &TimeZone) -> bool {
    let local = |ms| Timestamp::from_millisecond(ms).ok().map(|moment| zone.to_datetime(moment));
    local(start_ms).zip(local(end_ms)).is_some_and(|(start, end)| end < start)
}

/// The local day of a moment, as `2031-05-06`.
#[must_use]
pub fn local_day(at_ms: i64, zone: &TimeZone) -> String {
    let moment = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.to_zoned(zone.clone()).date().to_string()
}

fn next_midnight(at_ms: i64, zone: &TimeZone) -> Option<i64> {
    let at = Timestamp::from_millisecond(at_ms).ok()?.to_zoned(zone.clone());
    let midnight = at.tomorrow().ok()?.start_of_day().ok()?;
    Some(midnight.timestamp().as_millisecond()).filter(|midnight_ms| *midnight_ms > at_ms)
}

#[cfg(test)]
mod tests;
