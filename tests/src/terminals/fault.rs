//! What can be wrong with a terminal, each to be switched on by its name.

use std::collections::BTreeSet;
use std::str::FromStr;

/// Declares every fault with its name on the command line.
macro_rules! faults {
    ($($(#[doc = $about:literal])+ $name:literal => $fault:ident,)+) => {
        /// One thing that is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[doc = $about])+ $fault,)+
        }

        impl Fault {
            /// Every fault with its name.
            pub const ALL: &'static [(&'static str, Fault)] = &[$(($name, Self::$fault),)+];
        }
    };
}

faults! {
    /// Every batch of rows is said twice.
    "duplicate-batch" => DuplicateBatch,
    /// Every batch begins with rows of the one before.
    "overlapping-batch" => OverlappingBatch,
    /// A comma stands before every closing bracket of a list.
    "trailing-comma" => TrailingComma,
    /// Blanks around keys and around the name of what is answered.
    "spaced-keys" => SpacedKeys,
    /// `admin` is text.
    "admin-as-text" => AdminAsText,
    /// Rows carry a temperature in hundredths of a degree.
    "temperature-times-100" => TemperatureTimes100,
    /// The last page of a list says the number behind its last row.
    "to-exclusive" => ToExclusive,
    /// Every page of a list says how many rows all have together.
    "count-total" => CountTotal,
    /// A list has no end.
    "endless-pages" => EndlessPages,
    /// Every second page is the first one again.
    "pages-restart" => PagesRestart,
    /// The clock stands still, whatever it is set to.
    "frozen-clock" => FrozenClock,
    /// The clock begins in 2000, as after an empty battery.
    "clock-at-2000" => ClockAt2000,
    /// The clock is a year ahead until it is set.
    "future-clock" => FutureClock,
    /// The clock gains two minutes a day.
    "drift" => Drift,
    /// Pings are not answered.
    "no-pong" => NoPong,
    /// Another connection with the same serial number stays open.
    "second-connection" => SecondConnection,
    /// Commands are answered after the server has given up.
    "late-replies" => LateReplies,
    /// Commands are not answered.
    "lost-replies" => LostReplies,
    /// Answers do not say whether it went well.
    "reply-without-result" => ReplyWithoutResult,
    /// Rows carry a photo larger than a server takes.
    "oversize-photo" => OversizePhoto,
    /// Names are not UTF-8.
    "invalid-utf8" => InvalidUtf8,
    /// Everything unread is said in one message of up to 10 000 rows.
    "huge-batch" => HugeBatch,
    /// A deleted user is still there.
    "deletes-nothing" => DeletesNothing,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, fault)| *fault).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            format!("there is no fault {text}; there are {}", names.join(", "))
        })
    }
}

/// The faults of one terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(BTreeSet<Fault>);

impl Faults {
    /// Whether this one is switched on.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }
}

impl FromIterator<Fault> for Faults {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self(faults.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_found_by_its_name_and_a_wrong_name_is_answered_with_the_right_ones() {
        for (name, fault) in Fault::ALL {
            assert_eq!(name.parse(), Ok(*fault));
        }
        assert!("no-such".parse::<Fault>().unwrap_err().contains("no-pong"));
    }
}
