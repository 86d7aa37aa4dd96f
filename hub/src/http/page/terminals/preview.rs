//! Pure: what sending a third party's people to a terminal would change there, person by person.

use std::collections::BTreeMap;

use super::words::Words;
use crate::store::connectors::Listed;

/// People that are shown by name; all are counted.
const ROWS_MAX: usize = 200;

/// What would become of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// Enrolled.
    Added,
    /// Named otherwise.
    Changed,
    /// No more let in; who is enrolled stays enrolled.
    Disabled,
}

/// Somebody for whom something would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Affected {
    pub(super) number: u64,
    pub(super) name: String,
    /// The name there so far; empty if there is none.
    pub(super) before: String,
    pub(super) effect: Effect,
}

/// What would change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Preview {
    /// The first of them, by what would become of them.
    pub(super) affected: Vec<Affected>,
    pub(super) has_more: bool,
    pub(super) added: usize,
    pub(super) changed: usize,
    pub(super) disabled: usize,
    /// Sent again as they are.
    pub(super) same: usize,
    /// Not listed, and left as they are.
    pub(super) foreign: usize,
}

impl Affected {
    /// What would become of the person, in a word.
    pub(super) fn word(&self, w: &Words) -> &'static str {
        match self.effect {
            Effect::Added => w.one_added,
            Effect::Changed => w.one_changed,
            Effect::Disabled => w.one_disabled,
        }
    }
}

/// Compares a list with the names of those who are enrolled, both by number.
pub(super) fn preview(listed: &BTreeMap<u64, Listed>, here: &BTreeMap<u64, String>) -> Preview {
    let mut affected = Vec::new();
    for (number, one) in listed {
        let (wanted, before) = (one.person.name.clone().unwrap_or_default(), here.get(number));
        let Some(effect) = effect(one, &wanted, before) else { continue };
        let before = before.cloned().unwrap_or_default();
        let name = if wanted.is_empty() { before.clone() } else { wanted };
        affected.push(Affected { number: *number, name, before, effect });
    }
    let count = |effect: Effect| affected.iter().filter(|one| one.effect == effect).count();
    let (added, changed, disabled) = (count(Effect::Added), count(Effect::Changed), count(Effect::Disabled));
    affected.sort_by_key(|one| one.effect);
    let has_more = affected.len() > ROWS_MAX;
    affected.truncate(ROWS_MAX);
    Preview {
        affected,
        has_more,
        added,
        changed,
        disabled,
        same: listed.len() - added - changed - disabled,
        foreign: here.keys().filter(|number| !listed.contains_key(*number)).count(),
    }
}

/// What would become of somebody; none if nothing would change.
fn effect(listed: &Listed, wanted: &str, before: Option<&String>) -> Option<Effect> {
    let is_let_in = listed.person.is_enabled && !listed.is_gone;
    match before {
        None => is_let_in.then_some(Effect::Added),
        Some(_) if !is_let_in => Some(Effect::Disabled),
        Some(before) => (!wanted.is_empty() && wanted != before).then_some(Effect::Changed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::connectors::people::Person;

    fn listed(number: u64, name: &str, is_gone: bool) -> (u64, Listed) {
        let person = Person {
            enrol_id: number,
            name: Some(name.to_owned()),
            is_enabled: true,
            admin: None,
            weekzone: None,
            group: None,
            remote: Value::Null,
        };
        (number, Listed { person, is_gone, changed_ms: 0 })
    }

    #[test]
    fn who_is_added_changed_disabled_left_or_the_same_is_told_apart() {
        let list = BTreeMap::from([
            listed(1, "Ama", false),
            listed(2, "Bo", false),
            listed(3, "Cy", false),
            listed(4, "Di", true),
            listed(5, "Eve", true),
        ]);
        let here = [(2, "Bo"), (3, "Cyril"), (4, "Di"), (9, "Zoe")].map(|(number, name)| (number, name.to_owned()));

        let preview = preview(&list, &here.into());

        let told: Vec<(u64, Effect)> = preview.affected.iter().map(|one| (one.number, one.effect)).collect();
        assert_eq!(told, [(1, Effect::Added), (3, Effect::Changed), (4, Effect::Disabled)]);
        assert_eq!(preview.affected[1].before, "Cyril");
        let Preview { added, changed, disabled, same, foreign, .. } = preview;
        assert_eq!((added, changed, disabled, same, foreign), (1, 1, 1, 2, 1));
    }
}
