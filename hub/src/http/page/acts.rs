//! The words of every act: what its button says, what will happen, what is safe, what was done; and how it asks before.
//!
//! One file per group of operations under `acts/`, one entry per operation of the API. A form can only act if it is here.

mod accounts;
mod alerts;
mod attendance;
mod connectors;
mod hub;
mod machines;
mod mails;
mod media;
mod presence;
mod releases;
mod sites;
mod terminals;

use super::words::Said;

/// How an act asks before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// At once: it can be undone in the same place.
    Plain,
    /// Says what will happen, and asks: one thing that recovers, or many.
    Asked,
    /// The name of the thing is typed once more: there is no way back.
    Typed,
}

/// The words of one operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Act {
    /// What forms call it: its operation, unless people do two things by one operation.
    pub(super) name: &'static str,
    /// Its name in the OpenAPI document.
    pub(super) operation: &'static str,
    pub(super) level: Level,
    /// The button, verb and object: "Révoquer le boîtier".
    pub(super) button: Said,
    /// What will happen, and what is safe.
    pub(super) what: Said,
    /// What was done.
    pub(super) done: Said,
    /// Fields of the answer that are shown once, on a page of their own.
    pub(super) shows: &'static [&'static str],
}

impl Act {
    /// An act of that operation: its button, what will happen and what is safe, what was done.
    const fn new(operation: &'static str, level: Level, [button, what, done]: [Said; 3]) -> Self {
        Self { name: operation, operation, level, button, what, done, shows: &[] }
    }

    /// The same by another name, beside the operation's usual act.
    const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The same with an answer that is shown once.
    const fn showing(mut self, fields: &'static [&'static str]) -> Self {
        self.shows = fields;
        self
    }
}

/// Every act, by group.
const GROUPS: &[&[Act]] = &[
    sites::ACTS,
    presence::ACTS,
    attendance::ACTS,
    accounts::ACTS,
    alerts::ACTS,
    connectors::ACTS,
    hub::ACTS,
    machines::ACTS,
    mails::ACTS,
    terminals::ACTS,
    media::ACTS,
    releases::ACTS,
];

/// The act of that name.
pub(super) fn find(name: &str) -> Option<&'static Act> {
    GROUPS.iter().flat_map(|group| group.iter()).find(|act| act.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::page::act::schema::operation;
    use crate::text::Lang;

    #[test]
    fn every_act_is_an_operation_of_the_api_and_says_what_it_does_without_banned_words() {
        let acts: Vec<&Act> = GROUPS.iter().flat_map(|group| group.iter()).collect();
        assert_eq!(acts.iter().map(|act| act.name).collect::<BTreeSet<_>>().len(), acts.len());
        for act in acts {
            assert!(operation(act.operation).is_some(), "there is no operation {}", act.operation);
            for said in [act.button, act.what, act.done] {
                for lang in Lang::ALL {
                    crate::http::page::assert_no_banned_word(lang, said.of(lang));
                    let is_asked = act.level > Level::Plain;
                    assert!(!said.of(lang).is_empty() || (!is_asked && said == act.what), "{}", act.operation);
                }
            }
        }
    }
}
