//! The log of the probe of coworking Metz: a time with its offset, a blank or a tab, an address of any case.
//!
//! A scan writes hundreds of lines of one minute: those whose minute, offset and address were seen before are
//! understood by comparing bytes, the others are parsed.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use vigie_shared::mac::Mac;

use super::lines::{Ground, Parser};
use super::tally::Named;
use crate::presence::source::MISSPELT;

/// Addresses that are known by their bytes: more than are at one site at once. A power of two.
const RECENT: usize = 4096;

/// Length of `2026-11-20T08:31:`.
const HEAD: usize = 17;

/// Length of `8E:1B:7C:00:11:22`.
const ADDRESS: usize = 17;

/// What is remembered between two lines.
pub(super) struct Probe {
    date: Option<Date>,
    minute: Option<Minute>,
    recent: Vec<Option<Recent>>,
    generation: u32,
}

/// A minute as lines write it.
struct Minute {
    head: [u8; HEAD],
    /// What stands between the seconds and the address.
    tail: Vec<u8>,
    begins_ms: i64,
}

/// An address as lines write it.
#[derive(Clone, Copy)]
struct Recent {
    text: [u8; ADDRESS],
    device: Named,
}

impl Probe {
    pub(super) fn new(date: Option<Date>) -> Self {
        Self { date, minute: None, recent: vec![None; RECENT], generation: 0 }
    }

    /// The line at the beginning of a text, if everything in it is known, and what stands behind it.
    fn known<'t>(&self, minute: &Minute, text: &'t [u8]) -> Option<(Named, i64, &'t [u8])> {
        let (head, rest) = text.split_first_chunk::<HEAD>()?;
        let ([tens, ones], rest) = rest.split_first_chunk::<2>()?;
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        if *head != minute.head || tens > 5 || ones > 9 {
            return None;
        }
        let (address, rest) = rest.strip_prefix(minute.tail.as_slice())?.split_first_chunk::<ADDRESS>()?;
        let rest = rest.strip_prefix(b"\n")?;
        let recent = (*self.recent.get(place(address))?)?;
        let at_ms = minute.begins_ms.saturating_add(i64::from(tens * 10 + ones) * 1000);
        (recent.text == *address).then_some((recent.device, at_ms, rest))
    }

    /// Remembers the minute of a line, if it is written as most are.
    fn remember(&mut self, line: &[u8], address: usize, at_ms: i64) {
        let Some((head, rest)) = line.split_first_chunk::<HEAD>() else { return };
        let Some(tail) = rest.get(2..address.saturating_sub(HEAD)) else { return };
        let is_usual = tail.first().is_some_and(|byte| matches!(byte, b'Z' | b'+' | b'-'));
        let begins_ms = at_ms.div_euclid(60_000).saturating_mul(60_000);
        self.minute = is_usual.then(|| Minute { head: *head, tail: tail.to_vec(), begins_ms });
    }

    /// The device of an address, by its bytes or by reading it.
    fn device(&mut self, address: &[u8], (tally, _): Ground<'_>) -> Result<Named, &'static str> {
        if self.generation != tally.generation() {
            self.generation = tally.generation();
            self.recent.fill(None);
        }
        let usual: Option<[u8; ADDRESS]> = address.try_into().ok();
        let slot = usual.map(|text| (text, place(&text)));
        let known = slot.and_then(|(text, place)| self.recent.get(place)?.filter(|recent| recent.text == text));
        if let Some(recent) = known {
            return Ok(recent.device);
        }
        let mac: Option<Mac> = std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
        let mac = mac.ok_or("behind the time stands no MAC address, such as 8E:1B:7C:00:11:22")?;
        if !mac.is_device() {
            return Err("its address belongs to a group or to nobody, never to a device");
        }
        let device = tally.device(mac);
        let device = if slot.is_some_and(|(text, _)| is_readable(&text)) { device } else { device.with(MISSPELT) };
        if let Some((text, place)) = slot
            && let Some(recent) = self.recent.get_mut(place)
        {
            *recent = Some(Recent { text, device });
        }
        Ok(device)
    }
}

impl Parser for Probe {
    fn line(&mut self, line: &[u8], (tally, report): Ground<'_>) -> Result<(), &'static str> {
        if line.is_empty() {
            return Ok(());
        }
        let blank = line.iter().position(u8::is_ascii_whitespace).ok_or("it has no blank between time and address")?;
        let (time, rest) = line.split_at(blank);
        let address = rest.trim_ascii();
        let at_ms = moment(time)?;
        tally.judge(at_ms)?;
        if self.date.is_some_and(|date| is_of_another_day(time, date)) {
            return Err("its date is not the one that the file's name gives");
        }
        let device = self.device(address, (&mut *tally, &mut *report))?;
        self.remember(line, line.len() - address.len(), at_ms);
        tally.runs(at_ms);
        tally.see(device, at_ms);
        report.sights += 1;
        Ok(())
    }

    fn run(&mut self, text: &[u8], (tally, report): Ground<'_>) -> usize {
        let Some(minute) = self.minute.as_ref().filter(|_| self.generation == tally.generation()) else { return 0 };
        let (mut rest, mut lines) = (text, 0);
        while let Some((device, at_ms, behind)) = self.known(minute, rest) {
            tally.runs(at_ms);
            tally.see(device, at_ms);
            lines += 1;
            rest = behind;
        }
        report.lines += lines;
        report.sights += lines;
        text.len() - rest.len()
    }
}

/// Whether the old scripts find the device of an address: in capitals, with colons.
fn is_readable(address: &[u8; ADDRESS]) -> bool {
    address.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F' | b':'))
}

/// Where an address is remembered.
fn place(address: &[u8; ADDRESS]) -> usize {
    // The low bits of digits differ, those of colons do not: the product spreads the former over the high bits.
    let [_, _, _, a, b, _, c, d, _, e, f, _, g, h, _, i, j] = *address;
    let low = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let mixed = (low ^ (u64::from(i) << 20) ^ (u64::from(j) << 44)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 52).unwrap_or_default() & (RECENT - 1)
}

/// The moment that a time with its offset means, milliseconds since 1970 UTC.
fn moment(time: &[u8]) -> Result<i64, &'static str> {
    let text = std::str::from_utf8(time).map_err(|_not_text| "it does not begin with a time")?;
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    match text.parse::<DateTime>() {
        Ok(_) => Err("its time has no offset from UTC, such as +01:00 or Z, so it may mean two moments"),
        Err(_) => Err("it does not begin with a time, such as 2026-11-20T08:31:07+01:00"),
    }
}

/// Whether the written date is further from a day than the night around a midnight.
fn is_of_another_day(time: &[u8], date: Date) -> bool {
    let written = time.get(..10).and_then(|text| std::str::from_utf8(text).ok()?.parse::<Date>().ok());
    let is_next = |one: Date, other: Date| one.tomorrow().is_ok_and(|next| next == other);
    written.is_some_and(|written| written != date && !is_next(written, date) && !is_next(date, written))
}
