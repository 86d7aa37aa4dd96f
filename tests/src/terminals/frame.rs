//! Frames of a WebSocket as bytes: right ones, and with any first byte also wrong ones.

use anyhow::ensure;

/// Opcode of a later part of a message.
pub const CONTINUATION: u8 = 0;
/// Opcode of text.
pub const TEXT: u8 = 1;
/// Opcode of bytes.
pub const BINARY: u8 = 2;
/// Opcode of the end.
pub const CLOSE: u8 = 8;
/// Opcode of a question whether somebody is there.
pub const PING: u8 = 9;
/// Opcode of the answer to it.
pub const PONG: u8 = 10;

/// Set in the first byte of a message's last frame.
const FINAL: u8 = 0x80;
/// Set in the second byte of a frame with a mask.
const MASKED: u8 = 0x80;
/// Chance is not needed against caches on loopback.
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
/// Largest frame that is believed; a server of terminals says little.
const PAYLOAD_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// One frame as the server said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Whether it ends its message.
    pub is_final: bool,
    /// What it is, see the constants.
    pub opcode: u8,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// A whole message in one frame, masked as a client must.
#[must_use]
pub fn message(opcode: u8, payload: &[u8]) -> Vec<u8> {
    masked(FINAL | opcode, payload)
}

/// A message in as many frames as it has parts.
#[must_use]
pub fn fragments(opcode: u8, parts: &[&[u8]]) -> Vec<u8> {
    let last = parts.len().saturating_sub(1);
    let frame = |(at, part): (usize, &&[u8])| {
        let opcode = if at == 0 { opcode } else { CONTINUATION };
        masked(if at == last { FINAL | opcode } else { opcode }, part)
    };
    parts.iter().enumerate().flat_map(frame).collect()
}

/// A frame with any first byte, masked.
#[must_use]
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(first, MASKED, payload.len());
    bytes.extend_from_slice(&MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame as only a server may say it.
#[must_use]
pub fn unmasked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(FINAL | opcode, 0, payload.len());
    bytes.extend_from_slice(payload);
    bytes
}

/// A frame's head, which may announce more than follows.
#[must_use]
pub fn head(first: u8, mask: u8, payload_bytes: usize) -> Vec<u8> {
    if let Ok(short) = u8::try_from(payload_bytes)
        && short < 126
    {
        return vec![first, mask | short];
    }
    if let Ok(middle) = u16::try_from(payload_bytes) {
        return [&[first, mask | 126][..], &middle.to_be_bytes()].concat();
    }
    [&[first, mask | 127][..], &(payload_bytes as u64).to_be_bytes()].concat()
}

/// Takes the first whole frame out of what was heard; none while it is not whole.
///
/// # Errors
///
/// If a server may not say it: masked, or absurdly long.
pub fn take(heard: &mut Vec<u8>) -> anyhow::Result<Option<Frame>> {
    let [first, second, rest @ ..] = heard.as_slice() else { return Ok(None) };
    ensure!(second & MASKED == 0, "the server masks its frames");
    let (length, head_bytes) = match second & 0x7f {
        126 => match rest.first_chunk::<2>() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk::<8>() {
            Some(length) => (u64::from_be_bytes(*length), 10),
            None => return Ok(None),
        },
        short => (u64::from(short), 2),
    };
    ensure!(length <= PAYLOAD_BYTES_MAX, "the server announces a frame of {length} bytes");
    let end = head_bytes + usize::try_from(length)?;
    let (is_final, opcode) = (first & FINAL != 0, first & 0x0f);
    let Some(payload) = heard.get(head_bytes..end) else { return Ok(None) };
    let payload = payload.to_vec();
    heard.drain(..end);
    Ok(Some(Frame { is_final, opcode, payload }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_any_length_is_read_back_however_it_arrives() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 100_000] {
            let payload = vec![7; length];
            let said = unmasked(TEXT, &payload);
            let mut heard = said[..said.len() - 1].to_vec();

            assert_eq!(take(&mut heard).unwrap(), None, "{length}");
            heard.push(said[said.len() - 1]);
            heard.push(0x89);

            let frame = Frame { is_final: true, opcode: TEXT, payload };
            assert_eq!(take(&mut heard).unwrap(), Some(frame), "{length}");
            assert_eq!(heard, [0x89]);
        }
    }

    #[test]
    fn a_mask_hides_what_is_said_and_shows_it_again() {
        let said = message(TEXT, b"hello");

        let shown: Vec<u8> = said[6..].iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();

        assert_eq!(&said[..2], [0x81, 0x85]);
        assert_eq!(shown, b"hello");
    }

    #[test]
    fn only_the_last_part_of_a_message_is_final_and_only_the_first_says_what_it_is() {
        let said = fragments(TEXT, &[b"a", b"b", b"c"]);

        let firsts: Vec<u8> = said.chunks(7).map(|frame| frame[0]).collect();

        assert_eq!(firsts, [0x01, 0x00, 0x80]);
    }

    #[test]
    fn a_server_that_masks_is_refused() {
        assert!(take(&mut message(TEXT, b"x")).is_err());
    }
}
