//! Pure: codes of time (RFC 6238) as the usual applications on phones show them: SHA-1, six digits, 30 s.

use ring::hmac;

use super::secret::sha256;

/// How long a code is shown, milliseconds.
const STEP_MS: i64 = 30_000;
/// Six digits.
const MODULUS: u32 = 1_000_000;
/// Steps before and after the present one whose codes count: clocks of phones differ.
const DRIFT_STEPS: u64 = 1;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of time at a moment.
#[must_use]
pub fn step_at(now_ms: i64) -> u64 {
    u64::try_from(now_ms.div_euclid(STEP_MS)).unwrap_or_default()
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: u64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
    let four = bytes.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    (u32::from_be_bytes(four) & 0x7fff_ffff) % MODULUS
}

/// The step whose code this is, among those near `now_ms` and after `last_step`: a code counts once.
#[must_use]
pub fn matching_step(secret: &[u8], typed: &str, now_ms: i64, last_step: u64) -> Option<u64> {
    let typed = digits(typed)?;
    let now = step_at(now_ms);
    let near = now.saturating_sub(DRIFT_STEPS)..=now.saturating_add(DRIFT_STEPS);
    near.filter(|step| *step > last_step).find(|step| is_same(&typed, &format!("{:06}", code(secret, *step))))
}

/// Six digits without the blanks that people type between them.
fn digits(typed: &str) -> Option<String> {
    let kept: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    (kept.len() == 6 && kept.bytes().all(|byte| byte.is_ascii_digit())).then_some(kept)
}

fn is_same(left: &str, right: &str) -> bool {
    sha256(left.as_bytes()) == sha256(right.as_bytes())
}

/// A secret as people type it into an application, without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    let place = usize::try_from(value & 31).unwrap_or_default();
    char::from(BASE32.get(place).copied().unwrap_or(b'A'))
}

/// What applications read from a picture: whose secret, for which hub.
#[must_use]
pub fn uri(secret: &[u8], account: &str, hub: &str) -> String {
    let (hub, account) = (escape(hub), escape(account));
    format!("otpauth://totp/{hub}:{account}?secret={}&issuer={hub}", base32(secret))
}

fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |escaped, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => escaped + &char::from(byte).to_string(),
        _ => escaped + &format!("%{byte:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, SHA-1: the last six of eight digits.
        for (at_s, expected) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(code(SECRET, step_at(at_s * 1000)), expected, "at {at_s} s");
        }
    }

    #[test]
    fn a_secret_is_written_as_the_standard_does() {
        // RFC 4648, section 10.
        for (bytes, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_code_counts_once_and_a_minute_around() {
        let now_ms = 1_111_111_111_000;
        let typed = format!("{:06}", code(SECRET, step_at(now_ms)));
        let step = matching_step(SECRET, &typed, now_ms, 0).unwrap();
        assert_eq!(matching_step(SECRET, &format!(" {} ", typed), now_ms + STEP_MS, 0), Some(step));
        assert_eq!(matching_step(SECRET, &typed, now_ms, step), None, "it was given before");
        assert_eq!(matching_step(SECRET, &typed, now_ms + 2 * STEP_MS, 0), None, "it is over");
    }

    #[test]
    fn what_applications_read_holds_no_foreign_words() {
        let uri = uri(SECRET, "lea&secret=x@example.org", "Vigie hub");
        assert_eq!(
            uri,
            "otpauth://totp/Vigie%20hub:lea%26secret%3Dx%40example.org?\
             secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Vigie%20hub"
        );
    }

    proptest! {
        #[test]
        fn nothing_but_six_digits_is_a_code(typed: String) {
            let is_six = typed.chars().filter(|c| !c.is_whitespace()).count() == 6;
            prop_assert!(is_six || matching_step(SECRET, &typed, 0, 0).is_none());
        }
    }
}
