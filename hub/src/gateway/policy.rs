//! What a box may send to the broker: pure, no waiting, no state but the site's name.
//!
//! Everything that is not allowed here ends the connection. The list is short on purpose: whatever the broker
//! does wrong with other packets cannot happen.
//!
//! * CONNECT once: MQTT 3.1.1, clean session, no will, no name or password, client id = site, keep-alive 1 to
//!   600 s.
//! * PUBLISH at QoS 0 or 1, not retained, to the site's own topics towards the hub. The set is closed, because
//!   the broker never forgets a topic.
//! * SUBSCRIBE at QoS 0 to the site's own topics towards the box. QoS 0 because then the box has nothing to
//!   acknowledge, and a wrong acknowledgement kills the broker.
//! * PINGREQ. DISCONNECT, which ends the connection and is not passed on, for the same reason.

use vigie_shared::id::SiteId;
use vigie_shared::wire::Topic;

use super::frames::{self, Broken, Connect, Frame, Publish, Subscribe};

/// What a message may have beyond its payload: topic, identifier, and the length of the topic.
const PUBLISH_OVERHEAD_BYTES: usize = 128;

/// Largest CONNECT: nothing but a client id is in it.
const CONNECT_BYTES_MAX: usize = 128;

const CONNECT_HEADER: u8 = 0x10;

const KEEP_ALIVE_S_MAX: u16 = 600;

/// The flags of a clean session without will, name or password.
const CLEAN_SESSION: u8 = 0b0000_0010;

/// The rules for one site.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    site: SiteId,
    message_bytes_max: usize,
}

/// What became of the bytes that have arrived so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scan {
    /// So many bytes are whole, allowed frames: pass them on.
    pub(crate) allowed_bytes: usize,
    /// So many frames are in them.
    pub(crate) frames: u32,
    /// Whether the connection ends after them.
    pub(crate) end: Option<End>,
}

/// Why a box's bytes end its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It said goodbye.
    Goodbye,
    /// It sent what is not MQTT.
    Malformed,
    /// It sent, or announced, more than a message may have.
    TooLong,
    /// It sent a packet that boxes have no use for.
    ForeignPacket,
    /// It published where it may not, or as it may not.
    ForeignPublish,
    /// It subscribed to what is not its own.
    ForeignSubscribe,
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Malformed => Self::Malformed,
            Broken::TooLong => Self::TooLong,
        }
    }
}

/// What a box's CONNECT came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It is not whole yet.
    Incomplete,
    /// It is allowed: how long it is, and the keep-alive in it.
    Accepted { bytes: usize, keep_alive_s: u16 },
    /// It is refused with an answer.
    Refused,
    /// It is not a CONNECT at all: no answer.
    Broken,
}

impl Policy {
    pub(crate) fn new(site: SiteId, message_bytes_max: usize) -> Self {
        Self { site, message_bytes_max }
    }

    /// Judges the first packet.
    pub(crate) fn open(&self, bytes: &[u8]) -> Opening {
        if bytes.first().is_some_and(|header| *header != CONNECT_HEADER) {
            return Opening::Broken;
        }
        match frames::first(bytes, CONNECT_BYTES_MAX) {
            Ok(None) => Opening::Incomplete,
            Ok(Some((Frame::Connect(connect), bytes))) if self.may_connect(&connect) => {
                Opening::Accepted { bytes, keep_alive_s: connect.keep_alive_s }
            }
            Ok(Some((Frame::Connect(_), _))) => Opening::Refused,
            Ok(Some(_)) | Err(_) => Opening::Broken,
        }
    }

    /// Judges everything that has arrived after it.
    pub(crate) fn scan(&self, bytes: &[u8]) -> Scan {
        let mut scan = Scan { allowed_bytes: 0, frames: 0, end: None };
        while let Some(rest) = bytes.get(scan.allowed_bytes..) {
            match self.judge_first(rest) {
                Ok(Some(length)) => {
                    scan.allowed_bytes += length;
                    scan.frames += 1;
                }
                Ok(None) => break,
                Err(end) => {
                    scan.end = Some(end);
                    break;
                }
            }
        }
        scan
    }

    fn judge_first(&self, bytes: &[u8]) -> Result<Option<usize>, End> {
        let Some((frame, length)) = frames::first(bytes, self.message_bytes_max + PUBLISH_OVERHEAD_BYTES)? else {
            return Ok(None);
        };
        match frame {
            Frame::Publish(publish) => self.judge_publish(&publish)?,
            Frame::Subscribe(subscribe) => self.judge_subscribe(&subscribe)?,
            Frame::Ping => {}
            Frame::Disconnect => return Err(End::Goodbye),
            Frame::Connect(_) | Frame::Unsubscribe(_) | Frame::Other(_) => return Err(End::ForeignPacket),
        }
        Ok(Some(length))
    }

    fn may_connect(&self, connect: &Connect<'_>) -> bool {
        let client_id = frames::text(connect.payload);
        connect.protocol == b"MQTT"
            && connect.level == 4
            && connect.flags == CLEAN_SESSION
            && (1..=KEEP_ALIVE_S_MAX).contains(&connect.keep_alive_s)
            && client_id == Some((self.site.as_str().as_bytes(), &[]))
    }

    fn judge_publish(&self, publish: &Publish<'_>) -> Result<(), End> {
        if publish.payload.len() > self.message_bytes_max {
            return Err(End::TooLong);
        }
        let topic = std::str::from_utf8(publish.topic).ok().and_then(|text| text.parse().ok());
        let is_own = matches!(topic, Some(Topic::Up(site, _)) if site == self.site);
        // An empty message deletes a retained one.
        let is_plain = publish.qos <= 1 && !publish.is_retained && !publish.payload.is_empty();
        if is_own && is_plain { Ok(()) } else { Err(End::ForeignPublish) }
    }

    fn judge_subscribe(&self, subscribe: &Subscribe<'_>) -> Result<(), End> {
        if subscribe.filters().all(|(filter, qos)| qos == 0 && self.is_own_filter(filter)) {
            return Ok(());
        }
        Err(End::ForeignSubscribe)
    }

    fn is_own_filter(&self, filter: &[u8]) -> bool {
        if filter == Topic::all_down(&self.site).as_bytes() {
            return true;
        }
        let topic = std::str::from_utf8(filter).ok().and_then(|text| text.parse().ok());
        matches!(topic, Some(Topic::Down(site, _)) if site == self.site)
    }
}

/// Drives parser and policy with arbitrary bytes, and checks what must hold for all of them.
///
/// # Panics
///
/// If a law is broken: that is what a fuzzer looks for.
pub(crate) fn check_laws(bytes: &[u8]) {
    let site: SiteId = "siteA".parse().expect("a site id");
    let policy = Policy::new(site, 4096);
    if let Opening::Accepted { bytes: length, keep_alive_s } = policy.open(bytes) {
        assert!(length <= bytes.len() && (1..=KEEP_ALIVE_S_MAX).contains(&keep_alive_s));
    }
    let whole = policy.scan(bytes);
    let (split_at, _) = bytes.split_first().map_or((0, &[][..]), |(first, rest)| (usize::from(*first), rest));
    assert_eq!(scan_in_steps(&policy, bytes, split_at.max(1)), whole, "the way bytes arrive must not matter");
    let allowed = bytes.get(..whole.allowed_bytes).expect("no more is allowed than there is");
    assert_only_own(allowed);
}

/// Scans bytes that arrive `step` at a time, passing on what is allowed after each.
fn scan_in_steps(policy: &Policy, bytes: &[u8], step: usize) -> Scan {
    let mut total = Scan { allowed_bytes: 0, frames: 0, end: None };
    let mut arrived = 0;
    while arrived < bytes.len() && total.end.is_none() {
        arrived = (arrived + step).min(bytes.len());
        let scan = policy.scan(bytes.get(total.allowed_bytes..arrived).unwrap_or_default());
        total.allowed_bytes += scan.allowed_bytes;
        total.frames += scan.frames;
        total.end = scan.end;
    }
    total
}

/// Reads what was allowed with other means than the policy's.
fn assert_only_own(mut allowed: &[u8]) {
    while let Ok(Some((frame, length))) = frames::first(allowed, usize::MAX) {
        match frame {
            Frame::Publish(publish) => assert!(publish.topic.starts_with(b"/tenants/siteA/up/")),
            Frame::Subscribe(subscribe) => {
                assert!(subscribe.filters().all(|(filter, _)| filter.starts_with(b"/tenants/siteA/down/")));
            }
            Frame::Ping => {}
            Frame::Connect(_) | Frame::Unsubscribe(_) | Frame::Disconnect | Frame::Other(_) => {
                unreachable!("{frame:?} passed")
            }
        }
        allowed = allowed.get(length..).unwrap_or_default();
    }
    assert!(allowed.is_empty(), "only whole frames pass");
}

#[cfg(test)]
#[path = "policy/tests.rs"]
mod tests;
