//! Numbers of things, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Memory;
use crate::store::StoreError;
use crate::store::numbers::{Numbered, Numbers};

#[derive(Debug, Clone, Default)]
pub(super) struct NumberTables(BTreeMap<(Numbered, i64), String>);

impl NumberTables {
    fn of(&self, of: Numbered, name: &str) -> Option<i64> {
        self.all(of).find(|(_, known)| known.as_str() == name).map(|(number, _)| number)
    }

    fn all(&self, of: Numbered) -> impl DoubleEndedIterator<Item = (i64, &String)> {
        self.0.range((of, i64::MIN)..=(of, i64::MAX)).map(|((_, number), name)| (*number, name))
    }
}

#[async_trait]
impl Numbers for Memory {
    async fn numbers(&self, of: Numbered, names: &[String]) -> Result<Vec<i64>, StoreError> {
        self.write(|state| {
            let tables = &mut state.numbers;
            let mut given = Vec::new();
            for name in names {
                let known = tables.of(of, name);
                let number = known.unwrap_or_else(|| tables.all(of).next_back().map_or(1, |(last, _)| last + 1));
                tables.0.insert((of, number), name.clone());
                given.push(number);
            }
            Ok(given)
        })
    }

    async fn numbered(&self, of: Numbered, number: i64) -> Result<Option<String>, StoreError> {
        Ok(self.read(|state| state.numbers.0.get(&(of, number)).cloned()))
    }

    async fn keep_numbers(&self, of: Numbered, all: &[(i64, String)]) -> Result<(), StoreError> {
        self.write(|state| {
            for (number, name) in all {
                if state.numbers.of(of, name).is_none() {
                    state.numbers.0.entry((of, *number)).or_insert_with(|| name.clone());
                }
            }
            Ok(())
        })
    }
}
