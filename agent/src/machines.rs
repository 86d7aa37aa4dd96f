//! The owner's Macs and PCs, met over SSH: to read how they are, and to show a message on their screens.
//!
//! Pure: `facts` (what their answers mean), `script` (what they are asked), `known` (which host key is whose) and
//! `patience` (when one that refuses is asked again). `ssh` is the one adapter that speaks, `secrets` reads what it
//! logs in with, `pins` keeps the keys, `visit` joins them. The collector `machines` and the command `show_message` both stand on these.

pub mod config;
pub mod facts;
pub mod known;
pub mod patience;
pub mod pins;
pub mod script;
pub mod secrets;
pub mod ssh;
pub mod visit;

pub use self::config::Config;

/// Most machines that are known or met in one round: a /22 full of them.
pub const MACHINES_MAX: usize = 1024;

/// Longest text that a machine may say of itself, characters; a model's name has some forty.
pub const TEXT_CHARS_MAX: usize = 120;

/// What a machine said of itself, fit to be shown: without control characters and characters that turn the text's
/// direction, cut, none if nothing is left.
#[must_use]
pub fn clean(text: &str) -> Option<String> {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown: String = text.trim().chars().filter(|c| !c.is_control() && !turns(*c)).take(TEXT_CHARS_MAX).collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

/// Reads whatever a machine says behind a mark of sixteen zeros: the entry for fuzzers.
///
/// # Panics
///
/// If something is read that cannot be.
#[doc(hidden)]
pub fn fuzz_answers(output: &[u8]) {
    let answers = script::Answers::read(&[0; 16].into(), output);
    let facts = facts::read(&answers);
    assert!(facts.battery.is_none_or(|battery| battery.percent <= 100), "a charge is a percentage");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_text_without_what_would_steer_a_screen() {
        let hostile = "Mac\u{1b}[31m de `reboot` $(id)\r\n\u{202e}eiraM\u{7}";
        assert_eq!(clean(hostile).unwrap(), "Mac[31m de `reboot` $(id)eiraM");
        assert_eq!(clean(" \u{0}\n\t "), None);
        assert_eq!(clean(&"é".repeat(9_000)).unwrap().chars().count(), TEXT_CHARS_MAX);
    }
}
