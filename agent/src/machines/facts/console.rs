//! Who sits at a Mac: the owner of the console, for how long nothing was touched, whether the screen is locked.

use super::plist;
use crate::machines::clean;

/// Reads `stat -f '%Su %u' /dev/console`: `marie 501`. The system's own accounts are nobody: root shows the login window,
/// `_mbsetupuser` the assistant of a new machine.
pub(super) fn user(text: &str) -> Option<String> {
    let (name, number) = text.trim().rsplit_once(' ')?;
    let number: u32 = number.parse().ok()?;
    let is_person = number != 0 && !name.starts_with('_') && name != "loginwindow";
    clean(name).filter(|_| is_person)
}

/// Reads `HIDIdleTime`, nanoseconds, from what `ioreg` prints.
pub(super) fn idle_s(text: &str) -> Option<u64> {
    let value = |line: &str| line.split_once("\"HIDIdleTime\" = ")?.1.trim().parse::<u64>().ok();
    text.lines().find_map(value).map(|nanoseconds| nanoseconds / 1_000_000_000)
}

/// Whether the session at the screen is locked; none if no session is there.
pub(super) fn is_locked(list: &str) -> Option<bool> {
    plist::with_first(list, |root| {
        let sessions = root.dicts_below("IOConsoleUsers");
        let at_screen = sessions.into_iter().find(|session| session.bool("kCGSSessionOnConsoleKey") == Some(true))?;
        Some(at_screen.bool("CGSSessionScreenIsLocked").unwrap_or(false))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::machines::facts::battery::tests::list;

    #[test]
    fn s19_only_a_person_at_the_console_is_somebody() {
        for nobody in ["root 0\n", "_mbsetupuser 248\n", "loginwindow 88\n", "", "marie\n"] {
            assert_eq!(user(nobody), None, "{nobody}");
        }
        assert_eq!(user("marie 501\n").as_deref(), Some("marie"));
    }

    #[test]
    fn the_idle_time_is_found_among_many_lines() {
        let text = "    | |   \"HIDKeyboardModifierMappingPairs\" = ()\n    | |   \"HIDIdleTime\" = 17000000123\n";
        assert_eq!(idle_s(text), Some(17));
        assert_eq!(idle_s("\"HIDIdleTime\" = lange\n"), None);
    }

    #[test]
    fn the_lock_of_the_session_at_the_screen_counts_and_no_other() {
        let users = |locked: &str| {
            list(&[(
                "IOConsoleUsers",
                &format!(
                    "<array><dict><key>kCGSSessionOnConsoleKey</key><false/><key>CGSSessionScreenIsLocked</key><true/></dict>\
                     <dict><key>kCGSSessionOnConsoleKey</key><true/>{locked}</dict></array>"
                ),
            )])
        };
        assert_eq!(is_locked(&users("")), Some(false));
        assert_eq!(is_locked(&users("<key>CGSSessionScreenIsLocked</key><true/>")), Some(true));
        assert_eq!(is_locked(&list(&[])), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "\\PC{0,80}") {
            drop((user(&text), idle_s(&text), is_locked(&text)));
        }
    }
}
