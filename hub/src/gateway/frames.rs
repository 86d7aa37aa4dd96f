//! MQTT 3.1.1 frames, read just far enough to decide: pure, borrows everything, never panics.
//!
//! Only what a box or an operator's program sends has a variant; every other packet type is [`Frame::Other`]. Lengths
//! are checked against the limit before the body has arrived, so that nobody can announce more than is kept.

/// One packet from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// The first packet of a connection.
    Connect(Connect<'a>),
    /// A message.
    Publish(Publish<'a>),
    /// The wish for messages.
    Subscribe(Subscribe<'a>),
    /// The end of that wish.
    Unsubscribe(Unsubscribe<'a>),
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
    /// Whether the client says that it has sent this before.
    pub(crate) is_repeated: bool,
    pub(crate) qos: u8,
    /// What an acknowledgement names; 0 at QoS 0, which has none.
    pub(crate) id: u16,
    pub(crate) topic: &'a [u8],
    pub(crate) payload: &'a [u8],
}

/// A filter and the QoS asked for.
pub(crate) type Wish<'a> = (&'a [u8], u8);

/// The filters of SUBSCRIBE, as bytes; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscribe<'a> {
    /// What the answer names.
    pub(crate) id: u16,
    filters: &'a [u8],
}

/// The filters of UNSUBSCRIBE, as bytes; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsubscribe<'a> {
    /// What the answer names.
    pub(crate) id: u16,
    filters: &'a [u8],
}

/// Who a CONNECT says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Introduction<'a> {
    pub(crate) client_id: &'a [u8],
    /// Where its last will would be told, if it has one.
    pub(crate) will_topic: Option<&'a [u8]>,
    pub(crate) user_name: Option<&'a [u8]>,
    pub(crate) password: Option<&'a [u8]>,
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
        (10, 2) => unsubscribe(body).map(Frame::Unsubscribe),
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

impl<'a> Connect<'a> {
    /// Reads what follows the fixed part, as the flags announce it; of a will only where it would be told.
    pub(crate) fn introduction(&self) -> Result<Introduction<'a>, Broken> {
        let mut rest = self.payload;
        let mut next = |is_there: bool| {
            if !is_there {
                return Ok(None);
            }
            let (found, after) = text(rest).ok_or(Broken::Malformed)?;
            rest = after;
            Ok(Some(found))
        };
        let client_id = next(true)?.unwrap_or_default();
        let has_will = self.flags & 0b0000_0100 != 0;
        let (will_topic, _will) = (next(has_will)?, next(has_will)?);
        let user_name = next(self.flags & 0b1000_0000 != 0)?;
        let password = next(self.flags & 0b0100_0000 != 0)?;
        if !rest.is_empty() {
            return Err(Broken::Malformed);
        }
        Ok(Introduction { client_id, will_topic, user_name, password })
    }
}

fn publish(flags: u8, body: &[u8]) -> Result<Publish<'_>, Broken> {
    let (topic, rest) = text(body).ok_or(Broken::Malformed)?;
    let qos = flags >> 1 & 0b11;
    let (id, payload) = match qos {
        0 => (0, rest),
        1 | 2 => identifier(rest)?,
        _ => return Err(Broken::Malformed),
    };
    Ok(Publish { is_retained: flags & 1 == 1, is_repeated: flags & 8 == 8, qos, id, topic, payload })
}

fn subscribe(body: &[u8]) -> Result<Subscribe<'_>, Broken> {
    let (id, filters) = identifier(body)?;
    all(filters, filter)?;
    Ok(Subscribe { id, filters })
}

fn unsubscribe(body: &[u8]) -> Result<Unsubscribe<'_>, Broken> {
    let (id, filters) = identifier(body)?;
    all(filters, text)?;
    Ok(Unsubscribe { id, filters })
}

/// What an answer names, never 0, and what follows it.
fn identifier(bytes: &[u8]) -> Result<(u16, &[u8]), Broken> {
    let (id, rest) = bytes.split_first_chunk::<2>().ok_or(Broken::Malformed)?;
    let id = u16::from_be_bytes(*id);
    if id == 0 { Err(Broken::Malformed) } else { Ok((id, rest)) }
}

/// Whether the bytes are a list of at least one.
fn all<'a, T>(mut rest: &'a [u8], read: impl Fn(&'a [u8]) -> Option<(T, &'a [u8])>) -> Result<(), Broken> {
    loop {
        (_, rest) = read(rest).ok_or(Broken::Malformed)?;
        if rest.is_empty() {
            return Ok(());
        }
    }
}

/// The list, one by one.
fn each<'a, T>(mut rest: &'a [u8], read: impl Fn(&'a [u8]) -> Option<(T, &'a [u8])>) -> impl Iterator<Item = T> {
    std::iter::from_fn(move || {
        let (found, after) = read(rest)?;
        rest = after;
        Some(found)
    })
}

impl<'a> Subscribe<'a> {
    pub(crate) fn filters(&self) -> impl Iterator<Item = Wish<'a>> + use<'a> {
        each(self.filters, filter)
    }
}

impl<'a> Unsubscribe<'a> {
    pub(crate) fn filters(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        each(self.filters, text)
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
