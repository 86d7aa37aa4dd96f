//! Watches one interface for as long as the agent runs, through every loss of the network.
//!
//! A *session* lasts from opening the sockets to losing the link or the address. Between sessions the census is
//! blind, with a reason; nobody leaves because of it.

mod session;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vigie_shared::wire::Reading;

use self::session::Session;
use super::Config;
use super::census::{Census, Evidence, Report, Rules};
use super::eyes::{Event, Eyes, Method, Sent};
use super::interface;
use super::neighbour::CONFIRMED_MAX;
use super::report;
use super::survey::{self, Witness};
use super::sweep::{Outcome, Plan, Step};
use super::timeline::Timeline;
use crate::collectors::{Context, Outlet, pause};

/// The longest interval of one report.
const REPORT: Duration = Duration::from_secs(300);

/// How soon a lost network is looked for again.
const REOPEN: Duration = Duration::from_secs(2);

/// How often due checks are looked for, and the neighbour table is read.
const TICK: Duration = Duration::from_secs(1);
const REREAD: Duration = Duration::from_secs(30);

/// At most 500 questions a second while nobody waits: broadcasts cost airtime.
const GAP_MIN: Duration = Duration::from_millis(2);
const GAP_MAX: Duration = Duration::from_millis(32);
const FULL_SWEEP_MAX: Duration = Duration::from_secs(240);

const HIDDEN: &str = "a machine answers for others and hides them from the kernel's table; CAP_NET_RAW sees past it";

/// The watch over one interface.
pub(super) struct Watch {
    name: String,
    config: Config,
    context: Context,
    timeline: Timeline,
    census: Census,
    report_at: Duration,
    gap: Duration,
    method: Option<Method>,
}

/// Why a session ended.
enum End {
    Stopped,
    /// The interface has another address: look again at once.
    Changed,
    Lost(String),
}

impl Watch {
    pub(super) fn new(name: String, config: &Config, context: &Context) -> Self {
        let timeline = Timeline::start();
        let now = timeline.now();
        Self {
            name,
            config: config.clone(),
            context: context.clone(),
            timeline,
            census: Census::new(Rules::default(), now, CONFIRMED_MAX),
            report_at: now + REPORT,
            gap: GAP_MIN,
            method: None,
        }
    }

    /// One full sweep, as readings.
    pub(super) async fn once(mut self) -> anyhow::Result<Vec<Reading>> {
        let mut session = self.open().map_err(anyhow::Error::msg)?;
        let mut sweep = session.full_sweep(self.plan(session.eyes.method()), self.timeline.now());
        let timeline = self.timeline;
        survey::run(&mut session.eyes, &mut sweep, timeline, &mut self).await?;
        self.census.asked(u32::try_from(sweep.outcome().asked).unwrap_or(u32::MAX));
        Ok(self.close_interval())
    }

    /// Watches until told to stop.
    pub(super) async fn run(mut self, outlet: &dyn Outlet, stop: CancellationToken) {
        loop {
            let end = match self.open() {
                Ok(session) => {
                    outlet.looked(&Ok(())).await;
                    self.watch(session, outlet, &stop).await
                }
                Err(reason) => End::Lost(reason),
            };
            match end {
                End::Changed => continue,
                End::Stopped => break,
                End::Lost(reason) => {
                    self.census.blind(&reason, self.timeline.now());
                    outlet.looked(&Err(anyhow::anyhow!("watch {}: {reason}", self.name))).await;
                }
            }
            if !pause(REOPEN, &stop).await {
                break;
            }
            self.report_if_due(outlet).await;
        }
        self.report(outlet).await;
    }

    /// Opens the eyes and tells the census what it is on; the error says why the network cannot be seen.
    fn open(&mut self) -> Result<Session, String> {
        let interface = interface::find(&self.name).map_err(|reason| format!("{} {reason}", self.name))?;
        let eyes = Eyes::open(&interface, self.timeline).map_err(|error| format!("open sockets: {error}"))?;
        let ranges = interface.ranges(&self.config.ranges).unwrap_or_else(|reason| {
            tracing::warn!(
                interface = self.name,
                "listening only, nobody is asked: {reason} (setting `collect.lan.ranges`)"
            );
            Vec::new()
        });
        self.say_method(eyes.method(), &ranges);
        let now = self.timeline.now();
        self.census.set_rules(Rules {
            own: BTreeMap::from([(interface.mac, interface.address.addr())]),
            gateways: interface::gateways(&self.name),
            check_after: self.config.check,
        });
        self.census.clear(now);
        let mut session = Session::new(eyes, interface, ranges, now);
        session.begin_full_sweep(self.plan(session.eyes.method()), now);
        Ok(session)
    }

    /// Says, when it becomes known and when it changes, how the network is seen and what would be better.
    fn say_method(&mut self, method: Method, ranges: &[ipnet::Ipv4Net]) {
        if self.method == Some(method) {
            return;
        }
        self.method = Some(method);
        let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
        tracing::info!(interface = self.name, ranges = ranges.join(", "), "watching the LAN by {method}");
        if let Some(hint) = method.hint() {
            tracing::info!(interface = self.name, "{hint}");
        }
    }

    /// A full sweep at a pace that this network bears.
    fn plan(&self, method: Method) -> Plan {
        Plan { gap: self.gap, ..survey::plan(method, FULL_SWEEP_MAX) }
    }

    async fn watch(&mut self, mut session: Session, outlet: &dyn Outlet, stop: &CancellationToken) -> End {
        let mut bell = self.context.sweep_bell.subscribe();
        loop {
            let wait_until = match self.ask(&mut session) {
                Ok(until) => until,
                Err(error) => return End::Lost(format!("ask: {error}")),
            };
            if session.has_ended_full_sweep() {
                self.report(outlet).await;
            }
            self.report_if_due(outlet).await;
            tokio::select! {
                events = session.eyes.next() => match events {
                    Ok(events) => if let Some(end) = self.take(&mut session, events) { return end },
                    Err(error) => return End::Lost(format!("listen: {error}")),
                },
                Ok(()) = bell.changed() => session.begin_full_sweep(self.plan(session.eyes.method()), self.timeline.now()),
                () = tokio::time::sleep_until(self.timeline.instant(wait_until)) => {}
                () = stop.cancelled() => return End::Stopped,
            }
        }
    }

    /// Asks whoever is to be asked now; returns until when there is nothing to do.
    fn ask(&mut self, session: &mut Session) -> io::Result<Duration> {
        let now = self.timeline.now();
        if now >= session.reread_at {
            session.reread_at = now + REREAD;
            session.eyes.reread()?;
        }
        session.checks.extend(self.census.due_checks(now));
        while let Some(check) = session.checks.pop_front() {
            if session.eyes.ask(check.ip, Some(check.mac))? == Sent::Refused {
                session.checks.push_front(check);
                break;
            }
            self.census.asked(1);
        }
        self.sweep_on(session, now).map(|until| until.min(now + TICK))
    }

    /// Goes on with the sweep; returns when it wants to go on again.
    fn sweep_on(&mut self, session: &mut Session, now: Duration) -> io::Result<Duration> {
        if session.sweep.is_none() && now >= session.next_sweep_at {
            session.begin_slow_sweep(self.config.sweep, now);
        }
        let Some(sweep) = &mut session.sweep else { return Ok(session.next_sweep_at) };
        loop {
            match sweep.poll(now) {
                Step::Wait(until) => return Ok(until),
                Step::Ask(ip) => {
                    survey::ask(&mut session.eyes, sweep, ip, now)?;
                    self.census.asked(1);
                }
                Step::Done => match session.eyes.waits_until() {
                    Some(until) if session.is_full => return Ok(until),
                    _ => break,
                },
            }
        }
        let outcome = sweep.outcome();
        session.sweep = None;
        tracing::debug!(interface = self.name, ?outcome, "swept");
        if !outcome.is_complete() {
            let Outcome { asked, addresses, .. } = outcome;
            return Err(io::Error::other(format!("only {asked} of {addresses} addresses left the box in time")));
        }
        if session.is_full {
            self.gap = adapted(self.gap, outcome.is_lossy());
        }
        Ok(now)
    }

    /// Takes what was seen; returns if the link is not what it was.
    fn take(&mut self, session: &mut Session, events: Vec<Event>) -> Option<End> {
        let now = self.timeline.now();
        for event in events {
            if let Some(sweep) = &mut session.sweep {
                survey::note(sweep, &event, now);
            }
            match event {
                Event::Seen(evidence) => self.observe(&evidence),
                Event::Unsettled(_) => {}
                Event::Link => match interface::find(&self.name) {
                    Ok(interface) if interface == session.interface => {}
                    Ok(_) => return Some(End::Changed),
                    Err(reason) => return Some(End::Lost(format!("{} {reason}", self.name))),
                },
            }
        }
        None
    }

    /// Takes one proof, unless nothing may be said of the device.
    fn observe(&mut self, evidence: &Evidence) {
        if self.context.naming.device(evidence.mac, None, None).is_none() {
            self.census.exclude(evidence.mac);
            return;
        }
        self.census.include(evidence.mac);
        if let Some(name) = &evidence.name {
            self.context.host_names.learn(evidence.mac, name);
        }
        self.census.observe(evidence);
    }

    async fn report_if_due(&mut self, outlet: &dyn Outlet) {
        if self.timeline.now() >= self.report_at {
            self.report(outlet).await;
        }
    }

    async fn report(&mut self, outlet: &dyn Outlet) {
        for reading in self.close_interval() {
            outlet.append(reading).await;
        }
    }

    fn close_interval(&mut self) -> Vec<Reading> {
        let now = self.timeline.now();
        self.report_at = now + REPORT;
        let report: Report = self.census.report(now);
        let is_poking = matches!(self.method, Some(Method::Poke { .. }));
        let hidden = (is_poking && self.census.has_proxies()).then_some(HIDDEN);
        let network = self.config.networks.get(&self.name).unwrap_or(&self.name);
        report::readings(network, &report, hidden, &self.context, now)
    }
}

impl Witness for Watch {
    fn event(&mut self, event: Event) {
        if let Event::Seen(evidence) = event {
            self.observe(&evidence);
        }
    }
}

/// Half the pace after a sweep that lost answers, more again after one that did not.
fn adapted(gap: Duration, is_lossy: bool) -> Duration {
    if is_lossy { gap * 2 } else { gap / 2 }.clamp(GAP_MIN, GAP_MAX)
}
