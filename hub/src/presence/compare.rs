//! Ours against the numbers of the old scripts, and why they differ: each cause is a defect that is known.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::day::{Day, Flag, Slot};
use super::legacy::{Member, Tick, counted, is_filtered, joined, sent, worth};
use super::source::LOG;
use super::value::Value;

/// Why the old scripts had another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The member sorted before had its last slot when this one had its first, which was lost.
    Neighbour,
    /// A filter for `0.0` drops every address with a zero, any character and a zero.
    FilteredAddress,
    /// The day was computed again from one device alone.
    OneDevice,
    /// It computed nothing and sent nothing, so that a former number stayed.
    NothingSent,
    /// Lines of two UTC offsets were counted apart, and the last count won.
    TwoOffsets,
    /// It gave the device to its owner of today instead of that day.
    OwnerOfToday,
    /// The log writes UTC, so that its hours 8 to 21 are not those of the site.
    UtcLog,
    /// Nothing was sent of anybody: the run failed, hung or was overtaken by another.
    NoRun,
    /// It counted sights that are too short for a session.
    StraySights,
    /// It counted a device that was left behind.
    LeftDevice,
    /// The log writes a device's address in small letters or with dashes, and it found no device for it.
    Misspelt,
    /// The observers here could not see for a part of the day.
    Unseen,
    /// Nothing of the old log is here: the box and the old probe saw differently.
    OtherProbe,
    /// It knew fewer devices of the person, or wrote their addresses in another way in its list.
    FewerDevices,
    /// A person decided otherwise here.
    Decided,
    /// The same slots, valued by another rule or window.
    OtherRule,
    /// None of these.
    Unexplained,
}

impl Cause {
    /// The cause in words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Neighbour => "the old count lost the first slot to the member sorted before",
            Self::FilteredAddress => "the old filter for 0.0 drops this e-mail address",
            Self::OneDevice => "the old number was computed again from one device alone",
            Self::NothingSent => "the old scripts send no zero, so a former number stayed",
            Self::TwoOffsets => "the old scripts counted two UTC offsets apart and kept the last",
            Self::OwnerOfToday => "the old scripts gave the device to its owner of today",
            Self::UtcLog => "the log writes UTC, so the old scripts counted other hours",
            Self::NoRun => "the old scripts sent nothing of that day",
            Self::StraySights => "the old scripts count sights that are too short for a session",
            Self::LeftDevice => "the old scripts count a device that was left behind",
            Self::Misspelt => {
                "the log writes an address in small letters or with dashes, which the old scripts do not find"
            }
            Self::Unseen => "the box could not see for a part of that day",
            Self::OtherProbe => "the old log of that day was not imported: the box and the old probe saw differently",
            Self::FewerDevices => "the old list lacked a device of the person, or spelled its address in another way",
            Self::Decided => "somebody decided otherwise here",
            Self::OtherRule => "the policy here values the same slots otherwise",
            Self::Unexplained => "no known defect explains it: look at both logs of that day",
        }
    }
}

/// A day of a person on both sides.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// Whose.
    pub person: &'a str,
    /// Our day.
    pub ours: &'a Day,
    /// What we tell of it.
    pub told: Value,
    /// What the old scripts have; none if nothing.
    pub theirs: Option<Value>,
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Whose.
    pub person: String,
    /// Which day.
    pub date: Date,
    /// What we tell.
    pub ours: Value,
    /// What the old scripts have.
    pub theirs: Value,
    /// Every cause that explains it by itself, the most certain first; never empty.
    pub causes: Vec<Cause>,
}

/// The differences of one day. `members` are all that the old scripts knew, by their owners of today; neighbours matter.
#[must_use]
pub fn differences(members: &[Member<'_>], pairs: &[Pair<'_>]) -> Vec<Difference> {
    let counted = counted(members);
    let old = Old {
        counts: counted.iter().map(|(member, counts)| (member.person, (*member, counts))).collect(),
        has_run: pairs.iter().any(|pair| pair.theirs.is_some()),
        sent: sent(members),
    };
    let different = pairs.iter().filter(|pair| pair.told != pair.theirs.unwrap_or_default());
    let difference = |pair: &Pair<'_>| Difference {
        person: pair.person.to_owned(),
        date: pair.ours.date,
        ours: pair.told,
        theirs: pair.theirs.unwrap_or_default(),
        causes: old.causes(pair),
    };
    different.map(difference).collect()
}

/// The old scripts' run of a day.
struct Old<'o> {
    counts: BTreeMap<&'o str, (&'o Member<'o>, &'o BTreeMap<i32, usize>)>,
    sent: BTreeMap<&'o str, Value>,
    has_run: bool,
}

impl Old<'_> {
    fn causes(&self, pair: &Pair<'_>) -> Vec<Cause> {
        let theirs = pair.theirs.unwrap_or_default();
        let mut causes = Vec::new();
        causes.extend((pair.told != pair.ours.value).then_some(Cause::Decided));
        if let Some((member, counts)) = self.counts.get(pair.person) {
            causes.extend(self.of_scripts(member, counts, theirs));
        }
        let has_nothing = !self.sent.contains_key(pair.person);
        if has_nothing && theirs != Value::Zero {
            causes.push(Cause::NothingSent);
            causes.extend((!pair.ours.slots.iter().any(is_of_log)).then_some(Cause::OtherProbe));
        }
        causes.extend((!self.has_run && !has_nothing).then_some(Cause::NoRun));
        if causes.is_empty() {
            let devices = self.counts.get(pair.person).map(|(member, _)| member.devices.as_slice());
            causes.push(of_rule(pair, devices.unwrap_or_default(), theirs));
        }
        causes
    }

    /// What the scripts did wrong by themselves.
    fn of_scripts(&self, member: &Member<'_>, counts: &BTreeMap<i32, usize>, theirs: Value) -> Vec<Cause> {
        let lines = joined(&member.devices).len();
        let lost = lines.saturating_sub(counts.values().sum());
        let sent = self.sent.get(member.person).copied().unwrap_or_default();
        if theirs == worth(slots(&member.devices)) {
            let all = member.devices.iter().chain([&member.misspelt]);
            let is_misspelt = worth(slots(all)) != theirs;
            return is_misspelt.then_some(Cause::Misspelt).into_iter().collect();
        }
        let is_alone = |device: &BTreeSet<Tick>| worth(device.len()) == theirs;
        let found = [
            (is_filtered(member.email) && theirs == Value::Zero).then_some(Cause::FilteredAddress),
            (lost > 0 && worth(lines.saturating_sub(lost)) == theirs).then_some(Cause::Neighbour),
            (counts.len() > 1 && sent == theirs).then_some(Cause::TwoOffsets),
            (theirs != Value::Zero && member.devices.len() > 1 && member.devices.iter().any(is_alone))
                .then_some(Cause::OneDevice),
        ];
        found.into_iter().flatten().collect()
    }
}

/// The slots of devices by one clock, each once.
fn slots<'t>(devices: impl IntoIterator<Item = &'t BTreeSet<Tick>>) -> usize {
    let ticks = devices.into_iter().flatten();
    ticks.map(|tick| i32::from(tick.slot) * 600 - tick.offset_s).collect::<BTreeSet<i32>>().len()
}

/// The scripts kept their rule, and ours is another, or they saw other lines, or nobody knows.
fn of_rule(pair: &Pair<'_>, devices: &[BTreeSet<Tick>], theirs: Value) -> Cause {
    let is_left = |flag: &Flag| matches!(flag, Flag::LeftDevice { .. });
    let saw_others = worth(slots(devices)) == theirs && slots(devices) != pair.ours.slots.len();
    let writes_utc = devices.iter().flatten().any(|tick| tick.offset_s == 0);
    match worth(pair.ours.slots.len()) {
        _ if pair.ours.flags.iter().any(is_left) => Cause::LeftDevice,
        here if here == theirs && pair.ours.sites.is_empty() => Cause::StraySights,
        here if here == theirs => Cause::OtherRule,
        _ if saw_others && writes_utc => Cause::UtcLog,
        _ if saw_others => Cause::OwnerOfToday,
        here if here < theirs && !pair.ours.unseen.is_empty() => Cause::Unseen,
        here if here > theirs && explains_fewer(devices, theirs) => Cause::FewerDevices,
        _ if !pair.ours.slots.iter().any(is_of_log) => Cause::OtherProbe,
        _ => Cause::Unexplained,
    }
}

/// Whether the devices are worth that if one of them is left out, or all are.
fn explains_fewer(devices: &[BTreeSet<Tick>], theirs: Value) -> bool {
    let without = |at: usize| devices.iter().enumerate().filter(move |(other, _)| *other != at).map(|(_, one)| one);
    let is_less = slots(devices) > 0;
    is_less && (theirs == Value::Zero || (0..devices.len()).any(|at| worth(slots(without(at))) == theirs))
}

/// Whether a slot stands in an imported log.
fn is_of_log(slot: &Slot) -> bool {
    slot.seen.iter().any(|(_, sources)| sources & LOG != 0)
}

#[cfg(test)]
mod tests;
