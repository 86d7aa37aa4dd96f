//! Pure: which machines somebody looks for, in which order, and where a page begins.

use crate::store::machines::Machine;

/// By what machines are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The name that people know.
    #[default]
    Name,
    /// Where it was met last.
    Site,
    /// The model.
    Model,
    /// The system's version.
    Os,
    /// Free bytes of the disk.
    Disk,
    /// Charge of the battery.
    Battery,
    /// Memory.
    Memory,
    /// Who is logged in.
    User,
    /// When it was met last.
    Met,
}

impl Sort {
    /// Every order, as it is written.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("name", Self::Name),
        ("site", Self::Site),
        ("model", Self::Model),
        ("os", Self::Os),
        ("disk", Self::Disk),
        ("battery", Self::Battery),
        ("memory", Self::Memory),
        ("user", Self::User),
        ("met", Self::Met),
    ];

    /// The order of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.into_iter().find(|(own, _)| *own == word).map(|(_, sort)| sort)
    }

    /// The word of the order.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.into_iter().find(|(_, sort)| *sort == self).map_or("name", |(word, _)| word)
    }
}

/// What somebody looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Words that all stand somewhere in what is known of the machine; upper and lower case alike.
    pub search: String,
    /// By what it is sorted.
    pub sort: Sort,
    /// Whether the greatest come first. What is not known comes last in either case.
    pub is_descending: bool,
}

/// A machine's place in an order: its rank, then its name. As text it goes into cursors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// What the order looks at; none if it is not known.
    pub rank: Option<String>,
    /// The machine's name here.
    pub id: String,
}

impl Wish {
    /// The machines that are looked for, in the order that is wished for.
    #[must_use]
    pub fn pick(&self, machines: Vec<Machine>) -> Vec<Machine> {
        let words: Vec<String> = self.search.split_whitespace().map(str::to_lowercase).collect();
        let mut found: Vec<(Position, Machine)> = machines
            .into_iter()
            .filter(|machine| has_all(machine, &words))
            .map(|machine| (self.position(&machine), machine))
            .collect();
        found.sort_by(|(one, _), (other, _)| self.compare(one, other));
        found.into_iter().map(|(_, machine)| machine).collect()
    }

    /// Where a machine stands.
    #[must_use]
    pub fn position(&self, machine: &Machine) -> Position {
        Position { rank: rank(machine, self.sort), id: machine.id.clone() }
    }

    /// Whether a machine stands behind a position.
    #[must_use]
    pub fn is_behind(&self, machine: &Machine, position: &Position) -> bool {
        self.compare(&self.position(machine), position).is_gt()
    }

    fn compare(&self, one: &Position, other: &Position) -> std::cmp::Ordering {
        let by_rank = match (&one.rank, &other.rank) {
            (Some(left), Some(right)) if self.is_descending => right.cmp(left),
            (Some(left), Some(right)) => left.cmp(right),
            (left, right) => left.is_none().cmp(&right.is_none()),
        };
        by_rank.then_with(|| one.id.cmp(&other.id))
    }
}

fn has_all(machine: &Machine, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let met = &machine.met;
    let mut known = vec![machine.title().to_owned(), machine.id.clone(), met.site.to_string(), met.ip.to_string()];
    known.extend(machine.cards.iter().map(|card| card.mac.to_string()));
    known.extend([&met.name, &met.vendor].into_iter().flatten().cloned());
    if let Some(facts) = machine.facts() {
        let texts = [&facts.host_name, &facts.model_name, &facts.model_id, &facts.chip, &facts.os_version];
        known.extend(texts.into_iter().chain([&facts.console_user]).flatten().cloned());
    }
    let known = known.join("\n").to_lowercase();
    words.iter().all(|word| known.contains(word))
}

/// What an order looks at, as text whose order is the order.
fn rank(machine: &Machine, sort: Sort) -> Option<String> {
    let facts = machine.facts();
    let number = |value: u64| format!("{value:020}");
    let text = |value: &str| value.to_lowercase();
    match sort {
        Sort::Name => Some(text(machine.title())),
        Sort::Site => Some(machine.met.site.to_string()),
        Sort::Model => facts?.model_name.as_deref().or(facts?.model_id.as_deref()).map(text),
        Sort::Os => facts?.os_version.as_deref().map(version),
        Sort::Disk => facts?.disk.map(|disk| number(disk.free_bytes)),
        Sort::Battery => facts?.battery.as_ref().map(|battery| number(battery.percent.into())),
        Sort::Memory => facts?.memory_bytes.map(number),
        Sort::User => facts?.console_user.as_deref().map(text),
        Sort::Met => Some(number(u64::try_from(machine.met.at_ms).unwrap_or(0))),
    }
}

/// A version whose numbers stand in their order: 9 before 10.
fn version(text: &str) -> String {
    let parts = text.split('.').map(|part| match part.parse::<u32>() {
        Ok(number) => format!("{number:010}"),
        Err(_) => part.to_lowercase(),
    });
    parts.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::wire::reading::MachineDisk;

    use super::*;
    use crate::store::machines::tests::{row, told};

    fn mac(serial: &str, free: Option<u64>, version: &str) -> Machine {
        let mut row = row(7, Some(1), Some(serial));
        let facts = row.facts.as_mut().unwrap();
        facts.disk = free.map(|free_bytes| MachineDisk { total_bytes: 500, free_bytes, available_bytes: None });
        facts.os_version = Some(version.to_owned());
        told("metz", 10, &row).machine
    }

    fn names(wish: &Wish, machines: &[Machine]) -> Vec<String> {
        wish.pick(machines.to_vec()).into_iter().map(|machine| machine.id).collect()
    }

    #[test]
    fn what_is_not_known_comes_last_whichever_way_round() {
        let all = [mac("AAAAA1", Some(30), "9.9"), mac("AAAAA2", None, "26.1"), mac("AAAAA3", Some(4), "10.15")];
        let by = |sort, is_descending| names(&Wish { sort, is_descending, ..Wish::default() }, &all);
        assert_eq!(by(Sort::Disk, false), ["AAAAA3", "AAAAA1", "AAAAA2"]);
        assert_eq!(by(Sort::Disk, true), ["AAAAA1", "AAAAA3", "AAAAA2"]);
        assert_eq!(by(Sort::Os, false), ["AAAAA1", "AAAAA3", "AAAAA2"], "9 before 10");
    }

    #[test]
    fn every_word_of_a_search_is_found_anywhere_and_in_any_case() {
        let all = [mac("AAAAA1", None, "26.1"), mac("BBBBB1", None, "15.7")];
        let found = |search: &str| names(&Wish { search: search.to_owned(), ..Wish::default() }, &all);
        assert_eq!(found("MARIE 26.1"), ["AAAAA1"]);
        assert_eq!(found("192.168.1 14-inch"), ["AAAAA1", "BBBBB1"]);
        assert_eq!(found("marie nobody"), [""; 0]);
    }

    #[test]
    fn every_order_has_its_word() {
        for (word, sort) in Sort::WORDS {
            assert_eq!((Sort::parse(word), sort.word()), (Some(sort), word));
        }
        assert_eq!(Sort::parse("size"), None);
    }

    proptest! {
        #[test]
        fn what_stands_behind_a_machine_is_what_follows_it(
            rows in prop::collection::vec((0..30u8, prop::option::of(0..4u64)), 0..20), by in 0..9usize, is_descending: bool
        ) {
            let mut machines: Vec<Machine> = rows.into_iter().map(|(name, free)| mac(&format!("SERIAL{name}X"), free, "26")).collect();
            machines.sort_by(|one, other| one.id.cmp(&other.id));
            machines.dedup_by(|one, other| one.id == other.id);
            let wish = Wish { sort: Sort::WORDS[by].1, is_descending, ..Wish::default() };
            let all = wish.pick(machines);
            for (place, machine) in all.iter().enumerate() {
                let behind: Vec<&Machine> = all.iter().filter(|other| wish.is_behind(other, &wish.position(machine))).collect();
                prop_assert_eq!(behind, all[place + 1..].iter().collect::<Vec<_>>());
            }
        }
    }
}
