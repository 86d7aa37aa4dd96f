//! WebSocket messages from bytes and back. The only file that knows the library of its frames.
//!
//! Pure. Texts stay bytes here: one name in a wrong encoding must not end a connection, because the terminal would send
//! it again for ever. No extensions, no sub-protocols.

use soketto::Parsing;
use soketto::base::{Codec, Error, Header, OpCode};

/// Room for the next bytes: what most messages need.
const READ_BYTES: usize = 2 * 1024;

/// A buffer larger than this is given back once it is empty.
const IDLE_BYTES_MAX: usize = 16 * 1024;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A whole message, text or not.
    Message(Vec<u8>),
    /// A ping; its content goes back in a pong.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The terminal ends the connection.
    Close,
}

/// Why nothing more can be understood on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A message is larger than what is taken.
    TooLarge,
    /// The rules were broken.
    Protocol,
}

/// Bytes that came, until they are messages.
#[derive(Debug)]
pub struct Inbox {
    codec: Codec,
    bytes: Vec<u8>,
    /// So many of them were understood.
    at: usize,
    /// The beginning of a message that comes in pieces.
    begun: Option<Vec<u8>>,
    message_bytes_max: usize,
}

impl Inbox {
    /// An empty one, for messages up to that size; `bytes` came already.
    #[must_use]
    pub fn new(message_bytes_max: usize, bytes: Vec<u8>) -> Self {
        let mut codec = Codec::new();
        codec.set_max_data_size(message_bytes_max);
        Self { codec, bytes, at: 0, begun: None, message_bytes_max }
    }

    /// Where the next bytes go, behind those that are there.
    pub fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.reserve(READ_BYTES);
        &mut self.bytes
    }

    /// The next thing that is whole, if there is one.
    ///
    /// # Errors
    ///
    /// [`Broken`]; nothing more can be read then.
    pub fn hear(&mut self) -> Result<Option<Heard>, Broken> {
        loop {
            let unread = self.bytes.get(self.at..).unwrap_or_default();
            let (header, offset) = match self.codec.decode_header(unread) {
                Ok(Parsing::Done { value, offset }) => (value, offset),
                Ok(Parsing::NeedMore(_)) => break,
                Err(Error::PayloadTooLarge { .. }) => return Err(Broken::TooLarge),
                Err(_) => return Err(Broken::Protocol),
            };
            self.check(&header)?;
            let end = offset.saturating_add(header.payload_len());
            let Some(payload) = unread.get(offset..end) else { break };
            let mut payload = payload.to_vec();
            self.at += end;
            Codec::apply_mask(&header, &mut payload);
            if let Some(heard) = self.on_frame(&header, payload)? {
                return Ok(Some(heard));
            }
        }
        self.forget_read();
        Ok(None)
    }

    fn check(&self, header: &Header) -> Result<(), Broken> {
        if !header.is_masked() {
            return Err(Broken::Protocol);
        }
        let begun_bytes = self.begun.as_ref().map_or(0, Vec::len);
        let is_data = !header.opcode().is_control();
        if is_data && begun_bytes.saturating_add(header.payload_len()) > self.message_bytes_max {
            return Err(Broken::TooLarge);
        }
        Ok(())
    }

    fn forget_read(&mut self) {
        self.bytes.drain(..self.at);
        self.at = 0;
        if self.bytes.is_empty() && self.bytes.capacity() > IDLE_BYTES_MAX {
            self.bytes = Vec::new();
        }
    }

    fn on_frame(&mut self, header: &Header, payload: Vec<u8>) -> Result<Option<Heard>, Broken> {
        match (header.opcode(), self.begun.take()) {
            (OpCode::Ping, begun) => {
                self.begun = begun;
                Ok(Some(Heard::Ping(payload)))
            }
            (OpCode::Pong, begun) => {
                self.begun = begun;
                Ok(Some(Heard::Pong))
            }
            (OpCode::Close, _) => Ok(Some(Heard::Close)),
            (OpCode::Text | OpCode::Binary, None) => Ok(self.on_piece(header, payload)),
            (OpCode::Continue, Some(mut begun)) => {
                begun.extend_from_slice(&payload);
                Ok(self.on_piece(header, begun))
            }
            (_, _) => Err(Broken::Protocol),
        }
    }

    fn on_piece(&mut self, header: &Header, message: Vec<u8>) -> Option<Heard> {
        if header.is_fin() {
            return Some(Heard::Message(message));
        }
        self.begun = Some(message);
        None
    }
}

/// A text message.
#[must_use]
pub fn text(text: &str) -> Vec<u8> {
    frame(OpCode::Text, text.as_bytes())
}

/// A ping.
#[must_use]
pub fn ping() -> Vec<u8> {
    frame(OpCode::Ping, &[])
}

/// The answer to a ping.
#[must_use]
pub fn pong(content: &[u8]) -> Vec<u8> {
    frame(OpCode::Pong, content)
}

/// The end of a connection, with a reason of at most 123 bytes.
#[must_use]
pub fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut content = code.to_be_bytes().to_vec();
    content.extend_from_slice(reason.as_bytes());
    frame(OpCode::Close, &content)
}

fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(opcode);
    header.set_fin(true).set_payload_len(payload.len());
    let mut bytes = Codec::new().encode_header(&header).to_vec();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: [u8; 4] = [1, 2, 3, 4];

    /// A frame as a terminal sends it.
    fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        if let Some(length) = u8::try_from(payload.len()).ok().filter(|length| *length < 126) {
            bytes.push(0x80 | length);
        } else {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
        bytes.extend_from_slice(&KEY);
        bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    fn heard(bytes: Vec<u8>) -> Result<Vec<Heard>, Broken> {
        let mut inbox = Inbox::new(1_000, bytes);
        let mut heard = Vec::new();
        while let Some(next) = inbox.hear()? {
            heard.push(next);
        }
        Ok(heard)
    }

    #[test]
    fn texts_and_bytes_are_messages_whatever_their_encoding() {
        let bytes = [masked(0x81, b"{}"), masked(0x82, b"\xff"), masked(0x89, b"p"), masked(0x8a, b"")].concat();
        let expected =
            [Heard::Message(b"{}".to_vec()), Heard::Message(vec![0xff]), Heard::Ping(b"p".to_vec()), Heard::Pong];
        assert_eq!(heard(bytes).unwrap(), expected);
        assert_eq!(heard(masked(0x88, &[3, 232])).unwrap(), [Heard::Close]);
    }

    #[test]
    fn pieces_become_one_message_and_pings_may_come_between() {
        let bytes = [masked(0x01, b"a"), masked(0x89, b""), masked(0x00, b"b"), masked(0x80, b"c")].concat();
        assert_eq!(heard(bytes).unwrap(), [Heard::Ping(Vec::new()), Heard::Message(b"abc".to_vec())]);
    }

    #[test]
    fn what_is_too_large_is_known_before_it_came() {
        assert_eq!(heard(masked(0x82, &[0; 1_001])[..8].to_vec()), Err(Broken::TooLarge));
        let pieces = [masked(0x01, &[0; 600]), masked(0x80, &[0; 600])].concat();
        assert_eq!(heard(pieces), Err(Broken::TooLarge));
    }

    #[test]
    fn broken_rules_end_the_connection() {
        let unmasked = vec![0x81, 0x01, b'x'];
        let reserved = masked(0xc1, b"x");
        let long_ping = masked(0x89, &[0; 126]);
        let piece_of_nothing = masked(0x80, b"x");
        let two_beginnings = [masked(0x01, b"a"), masked(0x81, b"b")].concat();
        let cut_ping = masked(0x09, b"");
        let unknown = masked(0x83, b"");
        for bytes in [unmasked, reserved, long_ping, piece_of_nothing, two_beginnings, cut_ping, unknown] {
            assert_eq!(heard(bytes.clone()), Err(Broken::Protocol), "{bytes:?}");
        }
    }

    #[test]
    fn frames_of_the_box_are_plain() {
        assert_eq!(text("{}"), [0x81, 2, b'{', b'}']);
        assert_eq!(close(1009, "x"), [0x88, 3, 3, 0xf1, b'x']);
        assert_eq!((ping(), pong(b"p")), (vec![0x89, 0], vec![0x8a, 1, b'p']));
    }

    proptest! {
        #[test]
        fn any_bytes_are_heard_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(heard(bytes));
        }

        #[test]
        fn it_does_not_matter_in_which_pieces_bytes_come(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..4),
            piece in 1_usize..50,
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|message| masked(0x81, message)).collect();
            let mut inbox = Inbox::new(1_000, Vec::new());
            let mut heard = Vec::new();
            for piece in bytes.chunks(piece) {
                inbox.room().extend_from_slice(piece);
                while let Some(Heard::Message(message)) = inbox.hear().unwrap() {
                    heard.push(message);
                }
            }
            prop_assert_eq!(heard, messages);
        }
    }
}
