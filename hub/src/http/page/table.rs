//! Pure: a table that people search, filter, sort and page through by its address, so that every view can be linked.
//!
//! A page takes [`Look`] from its request, picks its rows by it, and shows [`Table`] with the macros of `table.html`.

use std::collections::BTreeMap;

use super::address::{escape, with};
use crate::text::{self, Lang};

/// Rows of one page of a table.
pub(super) const ROWS_MAX: usize = 50;

/// What the reader looks for: the query of the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Look {
    path: String,
    asked: BTreeMap<String, String>,
}

/// What a column's head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) words: &'static str,
    /// The address that sorts by it; none if nothing does.
    pub(super) address: Option<String>,
    /// `ascending` or `descending` if it is sorted by it.
    pub(super) sorted: Option<&'static str>,
    pub(super) is_number: bool,
}

/// A column: its words, and what the address calls it if rows can be sorted by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) words: &'static str,
    pub(super) sort: Option<&'static str>,
    pub(super) is_number: bool,
}

impl Column {
    /// A column that nothing is sorted by.
    pub(super) const fn plain(words: &'static str) -> Self {
        Self { words, sort: None, is_number: false }
    }

    /// A column that rows can be sorted by.
    pub(super) const fn sorted(words: &'static str, sort: &'static str) -> Self {
        Self { words, sort: Some(sort), is_number: false }
    }

    /// The same with figures, on the right.
    pub(super) const fn number(mut self) -> Self {
        self.is_number = true;
        self
    }
}

/// A page of a table: what stands around its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) heads: Vec<Head>,
    /// "51 to 100 of 412".
    pub(super) place: String,
    /// The page before.
    pub(super) before: Option<String>,
    /// The page after.
    pub(super) after: Option<String>,
    /// All rows that match, on every page.
    pub(super) total: usize,
    /// The same rows as CSV, if there is an address for it.
    pub(super) csv: Option<String>,
}

impl Look {
    /// What a request asks for; a handler takes it as `uri: Uri`.
    pub(super) fn of(uri: &axum::http::Uri) -> Self {
        let asked: Vec<(String, String)> =
            axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(asked)| asked).unwrap_or_default();
        Self { path: uri.path().to_owned(), asked: asked.into_iter().collect() }
    }

    /// One wish; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.asked.get(name).map_or("", String::as_str).trim()
    }

    /// Whether a text has every word that is searched for.
    pub(super) fn has(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.get("q").to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// What it is sorted by, and whether downwards.
    pub(super) fn sort(&self) -> (&str, bool) {
        let sort = self.get("sort");
        sort.strip_prefix('-').map_or((sort, false), |word| (word, true))
    }

    /// Rows to leave out: the pages before.
    pub(super) fn skip(&self) -> usize {
        self.get("skip").parse().unwrap_or(0)
    }

    /// Whether anything but order and page is asked for.
    pub(super) fn is_filtered(&self) -> bool {
        self.asked
            .iter()
            .any(|(name, value)| !["sort", "skip", "done", "as"].contains(&name.as_str()) && !value.is_empty())
    }

    /// The address of this view with one wish changed, from its first page on.
    pub(super) fn address(&self, name: &str, value: &str) -> String {
        let first = with(&self.here(), "skip", "");
        with(&first, name, value)
    }

    /// The address of this view.
    pub(super) fn here(&self) -> String {
        let wishes = self.asked.iter().filter(|(name, value)| *name != "done" && !value.is_empty());
        let pairs: Vec<String> = wishes.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// The address without any wish.
    pub(super) fn clear(&self) -> &str {
        &self.path
    }

    /// Heads that sort.
    pub(super) fn heads(&self, columns: &[Column]) -> Vec<Head> {
        let (by, is_descending) = self.sort();
        let head = |column: &Column| {
            let is_sorted = column.sort.is_some_and(|sort| sort == by);
            let turned = if is_sorted && !is_descending { "-" } else { "" };
            Head {
                words: column.words,
                address: column.sort.map(|sort| self.address("sort", &format!("{turned}{sort}"))),
                sorted: is_sorted.then_some(if is_descending { "descending" } else { "ascending" }),
                is_number: column.is_number,
            }
        };
        columns.iter().map(head).collect()
    }

    /// Cuts one page out of all rows, and says what stands around it.
    pub(super) fn page<T>(&self, lang: Lang, columns: &[Column], rows: Vec<T>) -> (Vec<T>, Table) {
        let (total, skip) = (rows.len(), self.skip().min(rows.len()));
        let rows: Vec<T> = rows.into_iter().skip(skip).take(ROWS_MAX).collect();
        let end = skip.saturating_add(rows.len());
        let at = |skip: usize| with(&self.here(), "skip", &if skip == 0 { String::new() } else { skip.to_string() });
        let table = Table {
            heads: self.heads(columns),
            place: place(lang, skip, end, total),
            before: (skip > 0).then(|| at(skip.saturating_sub(ROWS_MAX))),
            after: (end < total).then(|| at(end)),
            total,
            csv: None,
        };
        (rows, table)
    }
}

impl Table {
    /// The same with an address of its CSV.
    pub(super) fn with_csv(mut self, address: String) -> Self {
        self.csv = Some(address);
        self
    }
}

fn place(lang: Lang, skip: usize, end: usize, total: usize) -> String {
    let number = |value: usize| text::number(lang, value as u64);
    let from = number(skip.saturating_add(1).min(total));
    match lang {
        Lang::Fr => format!("{from} à {} sur {}", number(end), number(total)),
        Lang::En => format!("{from} to {} of {}", number(end), number(total)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn look(uri: &str) -> Look {
        Look::of(&uri.parse().unwrap())
    }

    const COLUMNS: [Column; 2] = [Column::sorted("Name", "name"), Column::sorted("Disk", "disk").number()];

    #[test]
    fn a_view_is_its_address() {
        let look = look("/machines?q=a%20b&sort=-disk&skip=50&done=x");
        assert_eq!(look.here(), "/machines?q=a%20b&skip=50&sort=-disk");
        assert_eq!(look.address("site", "metz"), "/machines?q=a%20b&sort=-disk&site=metz");
        assert_eq!((look.sort(), look.skip()), (("disk", true), 50));
        assert!(look.has("B and A") && !look.has("only a"));
    }

    #[test]
    fn a_head_turns_the_order_that_it_has() {
        let heads = look("/m?sort=disk").heads(&COLUMNS);
        assert_eq!(heads[1].address.as_deref(), Some("/m?sort=-disk"));
        assert_eq!((heads[0].sorted, heads[1].sorted), (None, Some("ascending")));
        assert_eq!(look("/m?sort=-disk").heads(&COLUMNS)[1].address.as_deref(), Some("/m?sort=disk"));
    }

    #[test]
    fn pages_lead_forwards_and_back() {
        let rows: Vec<usize> = (0..120).collect();
        let (shown, table) = look("/m?skip=50").page(Lang::En, &COLUMNS, rows);
        assert_eq!((shown[0], shown.len(), table.place.as_str()), (50, 50, "51 to 100 of 120"));
        assert_eq!((table.before.as_deref(), table.after.as_deref()), (Some("/m"), Some("/m?skip=100")));
    }

    proptest! {
        #[test]
        fn every_row_is_on_exactly_one_page(total in 0_usize..300) {
            let (mut at, mut seen) = ("/m".to_owned(), Vec::new());
            loop {
                let (shown, table) = look(&at).page(Lang::Fr, &COLUMNS, (0..total).collect());
                seen.extend(shown);
                match table.after {
                    Some(after) => at = after,
                    None => break,
                }
            }
            prop_assert_eq!(seen, (0..total).collect::<Vec<_>>());
        }
    }
}
