//! From the finger to the row in the HR system: what was punched held against what hub and HR server have.
//!
//! Pure; the program `to_hr` brings the real parts together and asks here whether they did right.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::hr::books::Record;
use crate::terminals::latency::Latencies;
use crate::terminals::load::Listed;

/// A punch: the terminal's serial number, and who. Nobody punches twice on one terminal in a load.
pub type Key = (String, u64);

/// What everybody says at the end.
#[derive(Debug, Default)]
pub struct Ends {
    /// What terminals heard acknowledged.
    pub listed: Vec<Listed>,
    /// The rows of the hub's attendance, each as often as it is there.
    pub held: Vec<Key>,
    /// The rows of the HR server.
    pub rows: Vec<Record>,
    /// Punches that the hub marks: the third party may have them twice.
    pub marked: BTreeSet<Key>,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Punches acknowledged.
    pub punches: usize,
    /// Acknowledged, and not at the hub.
    pub lost_at_hub: BTreeSet<Key>,
    /// More than once at the hub.
    pub twice_at_hub: BTreeSet<Key>,
    /// Acknowledged, and not at the HR server.
    pub lost_at_hr: BTreeSet<Key>,
    /// More than once at the HR server.
    pub twice_at_hr: BTreeSet<Key>,
    /// More than once at the HR server although the answer about an earlier row had left.
    pub twice_after_answer: BTreeSet<Key>,
    /// More than once at the HR server without a mark at the hub.
    pub twice_unmarked: BTreeSet<Key>,
    /// From the finger to the first row at the HR server.
    pub to_hr: Latencies,
}

impl Verdict {
    /// Nothing is lost, and nothing is twice that may not be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let Self { lost_at_hub, twice_at_hub, lost_at_hr, twice_after_answer, twice_unmarked, .. } = self;
        [lost_at_hub, twice_at_hub, lost_at_hr, twice_after_answer, twice_unmarked].into_iter().all(BTreeSet::is_empty)
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "punches": self.punches, "lost_at_hub": self.lost_at_hub.len(), "twice_at_hub": self.twice_at_hub.len(),
            "lost_at_hr": self.lost_at_hr.len(), "twice_at_hr": self.twice_at_hr.len(),
            "twice_after_answer": self.twice_after_answer.len(), "twice_unmarked": self.twice_unmarked.len(),
            "for_example": self.twice_after_answer.iter().chain(&self.twice_unmarked).next(),
            "to_hr_p50_ms": self.to_hr.percentile_us(50) / 1000, "to_hr_p99_ms": self.to_hr.percentile_us(99) / 1000,
            "to_hr_longest_ms": self.to_hr.longest_us() / 1000
        })
    }
}

/// Holds everything against what was punched.
#[must_use]
pub fn judge(ends: &Ends) -> Verdict {
    let made: BTreeMap<Key, i64> =
        ends.listed.iter().map(|listed| ((listed.serial.clone(), listed.person), listed.made_us)).collect();
    let mut held: BTreeMap<Key, usize> = BTreeMap::new();
    for key in &ends.held {
        *held.entry(key.clone()).or_default() += 1;
    }
    let mut rows: BTreeMap<Key, Vec<&Record>> = BTreeMap::new();
    for row in &ends.rows {
        let serial = row.said["terminal_sn"].as_str().unwrap_or_default();
        rows.entry((serial.to_owned(), row.person)).or_default().push(row);
    }
    let mut verdict = Verdict { punches: made.len(), ..Verdict::default() };
    verdict.lost_at_hub = made.keys().filter(|key| !held.contains_key(*key)).cloned().collect();
    verdict.lost_at_hr = made.keys().filter(|key| !rows.contains_key(*key)).cloned().collect();
    verdict.twice_at_hub = held.into_iter().filter(|(_, count)| *count > 1).map(|(key, _)| key).collect();
    for (key, rows) in rows {
        if rows.len() > 1 {
            if rows.iter().rev().skip(1).any(|row| row.was_answered) {
                verdict.twice_after_answer.insert(key.clone());
            }
            if !ends.marked.contains(&key) {
                verdict.twice_unmarked.insert(key.clone());
            }
            verdict.twice_at_hr.insert(key.clone());
        }
        let first_us = rows.iter().map(|row| row.stored_us).min();
        if let (Some(first_us), Some(made_us)) = (first_us, made.get(&key)) {
            verdict.to_hr.add(u64::try_from(first_us - made_us).unwrap_or_default());
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(person: u64) -> Listed {
        Listed { serial: "A".into(), person, time: "2031-05-06 08:00:00".into(), made_us: 1_000 }
    }

    fn row(person: u64, was_answered: bool) -> Record {
        let said = json!({ "terminal_sn": "A" });
        Record { was_answered, stored_us: 5_000, ..Record::new(person, "2031-05-06 08:00:00".into(), said) }
    }

    fn key(person: u64) -> Key {
        ("A".into(), person)
    }

    #[test]
    fn what_everybody_has_once_is_good() {
        let ends = Ends { listed: vec![listed(1)], held: vec![key(1)], rows: vec![row(1, true)], ..Ends::default() };

        let verdict = judge(&ends);

        assert!(verdict.is_good());
        assert_eq!(verdict.to_hr.longest_us(), 4_000);
    }

    #[test]
    fn what_is_missing_or_twice_is_named_by_where() {
        let ends = Ends {
            listed: vec![listed(1), listed(2)],
            held: vec![key(2), key(2)],
            rows: vec![row(1, true)],
            ..Ends::default()
        };

        let verdict = judge(&ends);

        let sets = [verdict.lost_at_hub, verdict.twice_at_hub, verdict.lost_at_hr];
        assert_eq!(sets, [BTreeSet::from([key(1)]), BTreeSet::from([key(2)]), BTreeSet::from([key(2)])]);
    }

    #[test]
    fn twice_at_the_third_party_is_good_only_after_a_lost_answer_and_with_a_mark() {
        let ends = |was_answered, marked: &[Key]| Ends {
            listed: vec![listed(1)],
            held: vec![key(1)],
            rows: vec![row(1, was_answered), row(1, true)],
            marked: marked.iter().cloned().collect(),
        };

        assert!(judge(&ends(false, &[key(1)])).is_good());
        assert!(!judge(&ends(true, &[key(1)])).is_good());
        assert!(!judge(&ends(false, &[])).is_good());
    }
}
