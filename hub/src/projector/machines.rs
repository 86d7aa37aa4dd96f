//! Machines: the owner's Macs and PCs, as boxes met them.

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{MachineFacts, MachineReach, MachineRow};

use super::{Draft, Seen};
use crate::store::machines::Told;

/// Characters of any text that a machine says of itself: more than any name has.
const TEXT_CHARS_MAX: usize = 200;

pub(super) fn project(seen: &Seen<'_>, draft: &mut Draft) {
    let Reading::Machines(machines) = seen.reading else { return };
    // A machine is told of at once: while the box's clock is wrong, its arrival says better when that was.
    let at_ms = if seen.undated.is_none() { seen.at_ms.min(seen.received_ms) } else { seen.received_ms };
    let told = machines.rows.iter().map(|row| Told::new(seen.site, (at_ms, seen.seq), &cleaned(row)));
    draft.step.machines.extend(told);
}

/// A row whose texts can be shown to people: machines name themselves as they like.
fn cleaned(row: &MachineRow) -> MachineRow {
    let reach = match &row.reach {
        MachineReach::Unpinned(key) => MachineReach::Unpinned(plain(key)),
        MachineReach::OtherKey(key) => MachineReach::OtherKey(plain(key)),
        MachineReach::Failed(why) => MachineReach::Failed(plain(why)),
        known @ (MachineReach::Read
        | MachineReach::NoSsh
        | MachineReach::Refused
        | MachineReach::Shut
        | MachineReach::Silent) => known.clone(),
    };
    let mut row = MachineRow { reach, ..row.clone() };
    clean(&mut row.name);
    clean(&mut row.vendor);
    row.facts.iter_mut().for_each(clean_facts);
    row
}

fn clean_facts(facts: &mut MachineFacts) {
    let MachineFacts { serial, computer_name, host_name, model_name, model_id, chip, .. } = facts;
    [serial, computer_name, host_name, model_name, model_id, chip].into_iter().for_each(clean);
    let MachineFacts { os_version, os_build, console_user, battery, .. } = facts;
    [os_version, os_build, console_user].into_iter().for_each(clean);
    if let Some(battery) = battery {
        battery.percent = battery.percent.min(100);
        clean(&mut battery.condition);
    }
}

/// Nothing that is empty once it is plain.
fn clean(text: &mut Option<String>) {
    *text = text.take().map(|text| plain(&text)).filter(|text| !text.is_empty());
}

/// Text on one line, of bounded length, whose letters stand in the order in which they are read.
fn plain(text: &str) -> String {
    let is_shown = |c: &char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = text.chars().filter(is_shown).take(TEXT_CHARS_MAX).collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::machines::tests::row;

    #[test]
    fn a_hostile_name_becomes_one_line_of_text_and_an_empty_one_none() {
        let mut told = row(7, Some(1), Some("C02XL0AA"));
        told.name = Some("a\u{202e}\r\nBcc: x\u{1b}[31m$(id)".to_owned());
        told.facts.as_mut().unwrap().console_user = Some(" \n".to_owned());
        let cleaned = cleaned(&told);
        assert_eq!(cleaned.name.as_deref(), Some("aBcc: x[31m$(id)"));
        assert_eq!(cleaned.facts.unwrap().console_user, None);
    }

    proptest! {
        #[test]
        fn whatever_a_machine_says_its_texts_are_short_and_on_one_line(text: String) {
            let plain = plain(&text);
            prop_assert!(plain.chars().count() <= TEXT_CHARS_MAX && !plain.chars().any(char::is_control));
        }
    }
}
