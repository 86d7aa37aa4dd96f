//! What the broker has been told, and what is still to be said. Pure.

use std::collections::BTreeSet;

use super::announce::List;

/// Topics under the hub's name that the broker may keep and that are remembered: more than a fleet has.
const KEPT_MAX: usize = 100_000;

/// Something to say, kept by the broker; nothing in it clears the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// Where.
    pub(crate) topic: String,
    /// What.
    pub(crate) payload: Vec<u8>,
}

/// What one connection has been told.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    told: List,
    /// What the broker keeps from before, under this hub's name.
    kept: BTreeSet<String>,
}

impl Ledger {
    /// What is known there.
    pub(super) fn told(&self) -> &List {
        &self.told
    }

    /// Everything is to be told again; what the broker keeps is still known.
    pub(super) fn forget(&mut self) {
        self.kept.extend(std::mem::take(&mut self.told).into_keys());
    }

    /// The broker keeps something there from before.
    pub(super) fn on_kept(&mut self, topic: String) {
        if !self.told.contains_key(&topic) && self.kept.len() < KEPT_MAX {
            self.kept.insert(topic);
        }
    }

    /// What is to be said so that the broker keeps this list and nothing else of the hub's: descriptions before states, so
    /// that Home Assistant knows a device before it hears of it; ghosts at the end.
    pub(super) fn owed(&self, list: &List) -> Vec<Said> {
        let is_owed = |(topic, payload): &(&String, &Vec<u8>)| self.told.get(*topic) != Some(*payload);
        let mut owed: Vec<Said> = list
            .iter()
            .filter(is_owed)
            .map(|(topic, payload)| Said { topic: topic.clone(), payload: payload.clone() })
            .collect();
        owed.sort_by_key(|said| !said.topic.ends_with("/config"));
        let gone: BTreeSet<&String> =
            self.told.keys().chain(&self.kept).filter(|topic| !list.contains_key(*topic)).collect();
        owed.extend(gone.into_iter().map(|topic| Said { topic: topic.clone(), payload: Vec::new() }));
        owed
    }

    /// It was handed to the connection.
    pub(super) fn on_said(&mut self, said: Said) {
        self.kept.remove(&said.topic);
        if said.payload.is_empty() {
            self.told.remove(&said.topic);
        } else {
            self.told.insert(said.topic, said.payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// What a broker keeps.
    fn keep(broker: &mut List, said: &Said) {
        if said.payload.is_empty() {
            broker.remove(&said.topic);
        } else {
            broker.insert(said.topic.clone(), said.payload.clone());
        }
    }

    fn any_list() -> impl Strategy<Value = List> {
        proptest::collection::btree_map("[a-d](/config)?", proptest::collection::vec(1..4u8, 1..3), 0..6)
    }

    proptest! {
        #[test]
        fn the_broker_keeps_the_list_and_nothing_else_whatever_it_kept_before(
            before in any_list(), lists in proptest::collection::vec((any_list(), any::<bool>()), 1..5)
        ) {
            let (mut broker, mut ledger) = (before.clone(), Ledger::default());
            before.into_keys().for_each(|topic| ledger.on_kept(topic));
            for (list, is_cut) in lists {
                for said in ledger.owed(&list) {
                    keep(&mut broker, &said);
                    ledger.on_said(said);
                }
                prop_assert_eq!(&broker, &list);
                prop_assert!(ledger.owed(&list).is_empty());
                if is_cut {
                    ledger.forget();
                    prop_assert_eq!(ledger.owed(&list).len(), list.len());
                }
            }
        }
    }

    #[test]
    fn descriptions_come_before_states() {
        let list: List = BTreeMap::from([("a".to_owned(), vec![1]), ("b/config".to_owned(), vec![1])]);
        let topics: Vec<String> = Ledger::default().owed(&list).into_iter().map(|said| said.topic).collect();
        assert_eq!(topics, ["b/config", "a"]);
    }
}
