//! The list that `test_box` keeps, held against what the hub holds.

use std::collections::BTreeMap;
use std::path::Path;

/// What one puncher did.
#[derive(Debug, Default)]
pub struct Punches {
    /// Numbers handed to the agent.
    pub attempted: Vec<u64>,
    /// Numbers that the agent said are durable.
    pub durable: Vec<u64>,
}

/// Reads a list: per terminal, what was attempted and what was durable. A half-written last line counts for
/// nothing.
///
/// # Errors
///
/// If the file cannot be read.
pub fn listed(list: &Path) -> std::io::Result<BTreeMap<String, Punches>> {
    let mut all: BTreeMap<String, Punches> = BTreeMap::new();
    for line in std::fs::read_to_string(list)?.lines() {
        let mut words = line.split(' ');
        let (what, puncher) = (words.next(), words.next());
        let number = words.next().and_then(|word| word.parse().ok());
        let (Some(what), Some(puncher), Some(number)) = (what, puncher, number) else { continue };
        let punches = all.entry(format!("test{puncher}")).or_default();
        match what {
            "a" => punches.attempted.push(number),
            _ => punches.durable.push(number),
        }
    }
    Ok(all)
}

/// Everything durable is held, once, in order, and nothing is held that was not attempted. Returns how many.
///
/// # Errors
///
/// The first thing that is not so.
pub fn compare(listed: &BTreeMap<String, Punches>, held: &BTreeMap<String, Vec<u64>>) -> Result<usize, String> {
    for (terminal, punches) in listed {
        let empty = Vec::new();
        let held = held.get(terminal).unwrap_or(&empty);
        if let Some(pair) = held.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(format!("{terminal}: {} comes after {}", pair[1], pair[0]));
        }
        let lost: Vec<&u64> = punches.durable.iter().filter(|number| held.binary_search(number).is_err()).collect();
        if !lost.is_empty() {
            return Err(format!("{terminal}: durable on the box, missing at the hub: {lost:?}"));
        }
        if let Some(number) = held.iter().find(|number| punches.attempted.binary_search(number).is_err()) {
            return Err(format!("{terminal}: {number} was never punched"));
        }
    }
    Ok(held.values().map(Vec::len).sum())
}
