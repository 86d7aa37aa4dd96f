//! Drives one sweep with one pair of eyes until it is done: the loop between the pure plan and the sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use tokio::time::Instant;

use super::census::CANARY;
use super::eyes::{Event, Eyes, Method, Sent};
use super::neighbour::RECHECK;
use super::sweep::{Outcome, Plan, Step, Sweep};
use super::timeline::Timeline;

/// Sends /24 within 0.26 s; a person waits for the answer.
const GAP: Duration = Duration::from_millis(1);

const PROGRESS: Duration = Duration::from_millis(100);

/// How to sweep at once and fully. `deadline` ends it in any case.
///
/// By ARP, the silent are asked once more. The kernel, when poked, asks three times a second apart by itself, and
/// takes [`RECHECK`] for a device that it knew before.
#[must_use]
pub fn plan(method: Method, deadline: Duration) -> Plan {
    match method {
        Method::Arp => Plan {
            gap: GAP,
            tries: 2,
            retry_after: Duration::from_millis(200),
            patience: Duration::from_millis(400),
            patience_expected: Duration::ZERO,
            deadline,
        },
        Method::Poke { .. } => Plan {
            gap: GAP,
            tries: 1,
            retry_after: Duration::ZERO,
            patience: Duration::from_millis(1300),
            patience_expected: RECHECK,
            deadline,
        },
    }
}

/// Who watches a sweep.
pub trait Witness: Send {
    /// Something was seen.
    fn event(&mut self, event: Event);

    /// So far it went like this; told at least ten times a second.
    fn progress(&mut self, _outcome: Outcome) {}
}

/// Sweeps until done, and until the woken have settled. Whoever is seen counts as having answered.
///
/// # Errors
///
/// If the link is lost.
pub async fn run(eyes: &mut Eyes, sweep: &mut Sweep, timeline: Timeline, witness: &mut dyn Witness) -> io::Result<()> {
    begin(eyes);
    loop {
        let now = timeline.now();
        witness.progress(sweep.outcome());
        let step = match (sweep.poll(now), eyes.waits_until()) {
            (Step::Done, Some(until)) if now < sweep.ends_by() => Step::Wait(until.min(sweep.ends_by())),
            (step, _) => step,
        };
        match step {
            Step::Done => return Ok(()),
            Step::Ask(ip) => ask(eyes, sweep, ip, now)?,
            Step::Wait(until) => {
                tokio::select! {
                    events = eyes.next() => events?.into_iter().for_each(|event| {
                        note(sweep, &event, timeline.now());
                        witness.event(event);
                    }),
                    () = tokio::time::sleep_until(timeline.instant(until.min(now + PROGRESS))) => {}
                }
            }
        }
    }
}

/// Listens until `until`, as for names that were asked for.
///
/// # Errors
///
/// If the link is lost.
pub async fn listen(eyes: &mut Eyes, until: Instant, witness: &mut dyn Witness) -> io::Result<()> {
    loop {
        tokio::select! {
            events = eyes.next() => events?.into_iter().for_each(|event| witness.event(event)),
            () = tokio::time::sleep_until(until) => return Ok(()),
        }
    }
}

/// Does what a full sweep does once: wakes who speaks IPv6, and asks for the address that nobody may have. The
/// kernel would send a poke for that to the router, so only ARP asks.
///
/// A lost canary is asked again by the next sweep; a lost link shows at the next question.
pub fn begin(eyes: &mut Eyes) {
    eyes.wake_v6();
    if eyes.method() == Method::Arp {
        let _is_sent = eyes.ask(CANARY.into(), None).is_ok();
    }
}

/// Asks one address; a refused question goes back to the sweep.
///
/// # Errors
///
/// If the link is lost.
pub fn ask(eyes: &mut Eyes, sweep: &mut Sweep, ip: Ipv4Addr, now: Duration) -> io::Result<()> {
    if eyes.ask(ip.into(), None)? == Sent::Refused {
        sweep.refused(ip, now);
    }
    Ok(())
}

/// Tells the sweep what an event means to it.
pub fn note(sweep: &mut Sweep, event: &Event, now: Duration) {
    match event {
        Event::Seen(evidence) => {
            if let Some(IpAddr::V4(ip)) = evidence.ip {
                sweep.answered(ip, now);
            }
        }
        Event::Unsettled(ip) => sweep.expect(*ip),
        Event::Link => {}
    }
}
