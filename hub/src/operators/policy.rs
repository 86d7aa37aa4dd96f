//! What operators' programs may say: pure, no waiting, no memory.
//!
//! * CONNECT once: MQTT 3.1.1, an account's name and one of its API tokens as password, keep-alive 1 s to 1 h, no will
//!   (nobody but the hub tells anything here) but Home Assistant's, which is not told. A session that is to be kept is
//!   accepted and not kept: the answer says so.
//! * PUBLISH at QoS 0 or 1 where commands are given ([`Address`]), and where Home Assistant speaks if it may come. What is
//!   wrong with the command itself is answered in words; a message to anywhere else ends the connection, because nothing
//!   would come of it.
//! * SUBSCRIBE and UNSUBSCRIBE: any filter; the answer says what is granted, always at QoS 0.
//! * PINGREQ. DISCONNECT.

use super::packets::Refusal;
use super::topics::Address;
use crate::gateway::frames::{self, Broken, Connect, Frame, Publish};
use crate::home_assistant::{Asked, Topics};

/// Largest CONNECT, without its header.
const CONNECT_BYTES_MAX: usize = 1024;

const CONNECT_HEADER: u8 = 0x10;

const KEEP_ALIVE_S_MAX: u16 = 3_600;

const CLEAN_SESSION: u8 = 0b0000_0010;
const WILL: u8 = 0b0011_1100;
const RESERVED: u8 = 0b0000_0001;

/// What a message may have beyond its payload: topic, identifier, and the length of the topic.
const PUBLISH_OVERHEAD_BYTES: usize = 256;

/// Why bytes end a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A goodbye.
    Goodbye,
    /// It is not MQTT.
    Malformed,
    /// More than a message may have.
    TooLong,
    /// A packet that has no use here.
    ForeignPacket,
    /// A message to where no commands are given, or as none are.
    ForeignPublish,
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Malformed => Self::Malformed,
            Broken::TooLong => Self::TooLong,
        }
    }
}

/// A CONNECT that may be looked at further: who says it is who.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Knock {
    /// How long the packet is.
    pub(super) bytes: usize,
    pub(super) keep_alive_s: u16,
    /// An account's name.
    pub(super) name: String,
    /// A secret.
    pub(super) token: String,
}

/// Shows everything but the secret.
impl std::fmt::Debug for Knock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Knock")
            .field("name", &self.name)
            .field("keep_alive_s", &self.keep_alive_s)
            .finish_non_exhaustive()
    }
}

/// What the first packet came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is not whole yet.
    Incomplete,
    /// It is a proper one.
    Knock(Knock),
    /// It is refused with an answer.
    Refused(Refusal),
    /// It gets no answer.
    Broken(End),
}

/// Judges the first packet; `home` are Home Assistant's topics, if it may come.
pub(super) fn open(bytes: &[u8], home: Option<&Topics>) -> Opening {
    if bytes.first().is_some_and(|header| *header != CONNECT_HEADER) {
        return Opening::Broken(End::Malformed);
    }
    match frames::first(bytes, CONNECT_BYTES_MAX) {
        Ok(None) => Opening::Incomplete,
        Ok(Some((Frame::Connect(connect), bytes))) => knock(&connect, (bytes, home)),
        Ok(Some(_)) => Opening::Broken(End::Malformed),
        Err(broken) => Opening::Broken(broken.into()),
    }
}

fn knock(connect: &Connect<'_>, (bytes, home): (usize, Option<&Topics>)) -> Opening {
    if connect.protocol != b"MQTT" || connect.level != 4 {
        return Opening::Refused(Refusal::Protocol);
    }
    let text = |bytes: Option<&[u8]>| bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned);
    let Ok(said) = connect.introduction() else { return Opening::Broken(End::Malformed) };
    if connect.flags & RESERVED != 0 || std::str::from_utf8(said.client_id).is_err() {
        return Opening::Broken(End::Malformed);
    }
    if said.client_id.is_empty() && connect.flags & CLEAN_SESSION == 0 {
        return Opening::Refused(Refusal::ClientId);
    }
    let is_homes = |topic: &[u8]| home.is_some_and(|home| home.birth().as_bytes() == topic);
    let has_no_will = connect.flags & WILL == 0 || said.will_topic.is_some_and(is_homes);
    let has_no_extras = has_no_will && (1..=KEEP_ALIVE_S_MAX).contains(&connect.keep_alive_s);
    match (text(said.user_name), text(said.password)) {
        (Some(name), Some(token)) if has_no_extras => {
            Opening::Knock(Knock { bytes, keep_alive_s: connect.keep_alive_s, name, token })
        }
        (_, _) => Opening::Refused(Refusal::NotAuthorised),
    }
}

/// What a program wants after it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// Something is to be done.
    Command(Letter),
    /// Home Assistant says something; it may want to be told that it was heard.
    Home { asked: Asked, id: Option<u16> },
    /// Messages, by filters as they were written.
    Subscribe { id: u16, filters: Vec<Vec<u8>> },
    /// No more of them.
    Unsubscribe { id: u16, filters: Vec<Vec<u8>> },
    /// A sign of life.
    Ping,
}

/// A message to where commands are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// Where.
    pub(super) address: Address,
    /// The identifier that is acknowledged; none at QoS 0.
    pub(super) id: Option<u16>,
    /// Whether the sender wants it kept for later readers.
    pub(super) is_retained: bool,
    /// Whether the sender has sent it before.
    pub(super) is_repeated: bool,
    /// The command, JSON.
    pub(super) payload: Vec<u8>,
}

/// Judges the first packet of what has arrived, and says how long it is; none if it is not whole.
pub(super) fn next(
    bytes: &[u8],
    message_bytes_max: usize,
    home: Option<&Topics>,
) -> Result<Option<(Wish, usize)>, End> {
    let limit = message_bytes_max.saturating_add(PUBLISH_OVERHEAD_BYTES);
    let Some((frame, length)) = frames::first(bytes, limit)? else { return Ok(None) };
    let wish = match frame {
        Frame::Publish(message) => match home.and_then(|home| of_home(&message, home)) {
            Some(wish) => wish,
            None => Wish::Command(letter(&message, message_bytes_max)?),
        },
        Frame::Subscribe(wanted) => {
            Wish::Subscribe { id: wanted.id, filters: wanted.filters().map(|(filter, _qos)| filter.to_vec()).collect() }
        }
        Frame::Unsubscribe(wanted) => {
            Wish::Unsubscribe { id: wanted.id, filters: wanted.filters().map(<[u8]>::to_vec).collect() }
        }
        Frame::Ping => Wish::Ping,
        Frame::Disconnect => return Err(End::Goodbye),
        Frame::Connect(_) | Frame::Other(_) => return Err(End::ForeignPacket),
    };
    Ok(Some((wish, length)))
}

/// What Home Assistant says, if it is where that is said. Whoever marks it as kept says it now all the same.
fn of_home(message: &Publish<'_>, home: &Topics) -> Option<Wish> {
    let topic = std::str::from_utf8(message.topic).ok().filter(|_| message.qos <= 1)?;
    let asked = home.read(topic, message.payload, false)?;
    Some(Wish::Home { asked, id: (message.qos == 1).then_some(message.id) })
}

fn letter(message: &Publish<'_>, message_bytes_max: usize) -> Result<Letter, End> {
    if message.payload.len() > message_bytes_max {
        return Err(End::TooLong);
    }
    let address = Address::parse(message.topic).filter(|_| message.qos <= 1).ok_or(End::ForeignPublish)?;
    Ok(Letter {
        address,
        id: (message.qos == 1).then_some(message.id),
        is_retained: message.is_retained,
        is_repeated: message.is_repeated,
        payload: message.payload.to_vec(),
    })
}

/// Drives parser and policy with arbitrary bytes, and checks what must hold for all of them.
///
/// # Panics
///
/// If a law is broken: that is what a fuzzer looks for.
pub(super) fn check_laws(bytes: &[u8]) {
    const MESSAGE_BYTES_MAX: usize = 4096;
    if let Opening::Knock(knock) = open(bytes, None) {
        assert!(knock.bytes <= bytes.len() && (1..=KEEP_ALIVE_S_MAX).contains(&knock.keep_alive_s));
    }
    let mut rest = bytes;
    while let Ok(Some((wish, length))) = next(rest, MESSAGE_BYTES_MAX, None) {
        if let Wish::Command(letter) = &wish {
            let Address { site, kind } = &letter.address;
            assert_eq!(
                Address::parse(format!("vigie/v1/{site}/commands/{kind}").as_bytes()).as_ref(),
                Some(&letter.address)
            );
            assert!(letter.payload.len() <= MESSAGE_BYTES_MAX && letter.id != Some(0));
        }
        let whole = rest.get(..length).expect("a packet is not longer than what has arrived");
        assert_eq!(next(whole, MESSAGE_BYTES_MAX, None), Ok(Some((wish, length))), "what follows does not matter");
        rest = rest.get(length..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
