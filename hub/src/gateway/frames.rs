//! MQTT 3.1.1 frames, read just far enough to decide: pure, borrows everything, never panics.
//!
//! Only what a box sends has a variant; every other packet type is [`Frame::Other`]. Lengths are checked
//! against the limit before the body has arrived, so that nobody can announce more than is kept.

/// One packet from a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The first packet of a connection.
    Connect(Connect<'a>),
    /// A message.
    Publish(Publish<'a>),
    /// The wish for messages.
    Subscribe(Subscribe<'a>),
    /// "Are you there?"
    Ping,
    /// "I go."
    Disconnect,
    /// A packet of this type (1 to 15 are known to MQTT, 0 is not).
    Other(u8),
}

/// The fields of CONNECT that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connect<'a> {
    pub(crate) protocol: &'a [u8],
    pub(crate) level: u8,
    pub(crate) flags: u8,
    pub(crate) keep_alive_s: u16,
    /// What follows the fixed part: client id and more, as the flags say.
    pub(crate) payload: &'a [u8],
}

/// The fields of PUBLISH that decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Publish<'a> {
    pub(crate) is_retained: bool,
    pub(crate) qos: u8,
    pub(crate) topic: &'a [u8],
    pub(crate) payload: &'a [u8],
}

/// A filter and the QoS asked for.
pub(crate) type Wish<'a> = (&'a [u8], u8);

/// The filters of SUBSCRIBE, as bytes; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscribe<'a> {
    filters: &'a [u8],
}

/// Why bytes are not a frame, whatever may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// They do not have the shape that MQTT prescribes.
    Malformed,
    /// The frame is longer than allowed.
    TooLong,
}

/// Reads the first frame and its length; `None` if the bytes end before it does.
///
/// `body_bytes_max` bounds the frame without its header.
pub(crate) fn first(bytes: &[u8], body_bytes_max: usize) -> Result<Option<(Frame<'_>, usize)>, Broken> {
    let Some((header, rest)) = bytes.split_first() else { return Ok(None) };
    let Some((body_bytes, after_length)) = remaining_length(rest)? else { return Ok(None) };
    if body_bytes > body_bytes_max {
        return Err(Broken::TooLong);
    }
    let Some(body) = after_length.get(..body_bytes) else { return Ok(None) };
    let length = bytes.len() - after_length.len() + body_bytes;
    Ok(Some((frame(*header, body)?, length)))
}

/// One to four bytes, seven bits each, the lowest first; the high bit says that more follow.
fn remaining_length(bytes: &[u8]) -> Result<Option<(usize, &[u8])>, Broken> {
    let mut length = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok(bytes.get(index + 1..).map(|rest| (length, rest)));
        }
    }
    if bytes.len() < 4 { Ok(None) } else { Err(Broken::Malformed) }
}

fn frame(header: u8, body: &[u8]) -> Result<Frame<'_>, Broken> {
    match (header >> 4, header & 0x0f) {
        (1, 0) => connect(body).map(Frame::Connect),
        (3, flags) => publish(flags, body).map(Frame::Publish),
        (8, 2) => subscribe(body).map(Frame::Subscribe),
        (12, 0) if body.is_empty() => Ok(Frame::Ping),
        (14, 0) if body.is_empty() => Ok(Frame::Disconnect),
        (1 | 8 | 12 | 14, _) => Err(Broken::Malformed),
        (kind, _) => Ok(Frame::Other(kind)),
    }
}

fn connect(body: &[u8]) -> Result<Connect<'_>, Broken> {
    let (protocol, rest) = text(body).ok_or(Broken::Malformed)?;
    let ([level, flags, keep_alive @ ..], payload) = rest.split_first_chunk::<4>().ok_or(Broken::Malformed)?;
    Ok(Connect { protocol, level: *level, flags: *flags, keep_alive_s: u16::from_be_bytes(*keep_alive), payload })
}

fn publish(flags: u8, body: &[u8]) -> Result<Publish<'_>, Broken> {
    let (topic, rest) = text(body).ok_or(Broken::Malformed)?;
    let qos = flags >> 1 & 0b11;
    let payload = match qos {
        0 => rest,
        1 | 2 => rest.split_first_chunk::<2>().filter(|(id, _)| **id != [0, 0]).ok_or(Broken::Malformed)?.1,
        _ => return Err(Broken::Malformed),
    };
    Ok(Publish { is_retained: flags & 1 == 1, qos, topic, payload })
}

fn subscribe(body: &[u8]) -> Result<Subscribe<'_>, Broken> {
    let (id, filters) = body.split_first_chunk::<2>().ok_or(Broken::Malformed)?;
    let mut rest = filters;
    while !rest.is_empty() {
        (_, rest) = filter(rest).ok_or(Broken::Malformed)?;
    }
    if filters.is_empty() || *id == [0, 0] {
        return Err(Broken::Malformed);
    }
    Ok(Subscribe { filters })
}

impl<'a> Subscribe<'a> {
    pub(crate) fn filters(&self) -> impl Iterator<Item = Wish<'a>> + use<'a> {
        let mut rest = self.filters;
        std::iter::from_fn(move || {
            let (found, after) = filter(rest)?;
            rest = after;
            Some(found)
        })
    }
}

fn filter(bytes: &[u8]) -> Option<(Wish<'_>, &[u8])> {
    let (filter, rest) = text(bytes)?;
    let (qos, rest) = rest.split_first()?;
    Some(((filter, *qos), rest))
}

/// A text with its length before it, two bytes, and what follows.
pub(crate) fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
