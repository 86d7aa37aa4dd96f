//! Lists that come in pages: which page is next, and when to believe that it was the last; pure.
//!
//! Servers cut pages as they like, give the same page for ever, or answer 404 behind the end. So pages are asked for
//! until one is empty, the next offset is what came and not what was asked, and a repeated page makes the list
//! incomplete: nobody may be missed because of it.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::outcome::{Answer, Verdict};
use super::request::check_pointer;
use super::tree::{Wrong, below};

/// Most pages of one list.
pub const PAGES_MAX: usize = 1000;

/// Most items of one list: a hub serves organisations, not countries.
pub const ITEMS_MAX: usize = 50_000;

/// `paging` in a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPaging {
    by: By,
    #[serde(default)]
    first: u64,
    size: Option<u64>,
    next: Option<String>,
}

/// How pages are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By the number of items before it, `{page.offset}`.
    Offset,
    /// By its number, `{page.number}`.
    Page,
    /// By a word of the page before, `{page.cursor|opt}`.
    Cursor,
}

/// How a list comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    items: String,
    by: Option<By>,
    first: u64,
    next: Option<String>,
}

impl Paging {
    /// Reads and checks how a list comes; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(items: &str, raw: Option<&RawPaging>, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        below(path, "items", |path| check_pointer(items, path, wrongs));
        let Some(raw) = raw else { return Self { items: items.to_owned(), by: None, first: 0, next: None } };
        below(path, "paging", |path| {
            if (raw.by == By::Cursor) != raw.next.is_some() {
                let text =
                    "`next` says where the answer has the cursor, as in `{ by = \"cursor\", next = \"/meta/next\" }`";
                wrongs.push(Wrong { path: path.clone(), text: text.to_owned() });
            }
            if raw.size == Some(0) {
                wrongs.push(Wrong { path: path.clone(), text: "a page has at least one item".to_owned() });
            }
            raw.next.iter().for_each(|pointer| check_pointer(pointer, path, wrongs));
        });
        Self { items: items.to_owned(), by: Some(raw.by), first: raw.first, next: raw.next.clone() }
    }

    /// Begins to read a list.
    #[must_use]
    pub fn walk(&self) -> Walk<'_> {
        Walk { paging: self, items: Vec::new(), pages: BTreeSet::new(), cursor: Value::Null }
    }
}

/// A list that is being read.
#[derive(Debug)]
pub struct Walk<'a> {
    paging: &'a Paging,
    items: Vec<Value>,
    /// What the pages so far looked like.
    pages: BTreeSet<Vec<u8>>,
    cursor: Value,
}

/// What to do after a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask for the page that [`Walk::page`] names.
    Next,
    /// That was all.
    Done(Listing),
    /// It cannot be read; nothing may be concluded from it.
    Failed(String),
}

/// A list that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// What was in it.
    pub items: Vec<Value>,
    /// Why there may be more; none if that was all.
    pub doubt: Option<String>,
}

impl Walk<'_> {
    /// What `{page.…}` stands for in the next request.
    #[must_use]
    pub fn page(&self) -> Value {
        let number = self.paging.first + self.pages.len() as u64;
        json!({ "offset": self.items.len(), "number": number, "cursor": self.cursor })
    }

    /// A page came, judged by the mapping's rules.
    pub fn on_page(&mut self, answer: &Answer, verdict: Verdict) -> Step {
        let is_behind_the_end = answer.status == 404 && !self.pages.is_empty();
        if is_behind_the_end {
            return self.done(None);
        }
        if verdict != Verdict::Ok {
            return Step::Failed(answer.said());
        }
        let Some(list) = answer.at(&self.paging.items).and_then(Value::as_array) else {
            let place = &self.paging.items;
            return Step::Failed(format!("the answer has no list at `{place}`; {}", answer.said()));
        };
        if list.is_empty() || self.paging.by.is_none() {
            self.items.extend(list.iter().cloned());
            return self.done(None);
        }
        let looks = digest(&SHA256, Value::Array(list.clone()).to_string().as_bytes()).as_ref().to_vec();
        if !self.pages.insert(looks) {
            return self.done(Some("the server gives the same page again, so that there may be more".to_owned()));
        }
        self.items.extend(list.iter().cloned());
        if self.items.len() > ITEMS_MAX || self.pages.len() >= PAGES_MAX {
            return Step::Failed(format!("the list does not end: more than {} items", self.items.len()));
        }
        match &self.paging.next {
            Some(pointer) => self.follow(answer.at(pointer)),
            None => Step::Next,
        }
    }

    fn follow(&mut self, next: Option<&Value>) -> Step {
        match next.cloned().unwrap_or_default() {
            Value::Null | Value::Bool(false) => self.done(None),
            Value::String(text) if text.is_empty() => self.done(None),
            next if next == self.cursor => self.done(Some("the server names the same page as next again".to_owned())),
            next => {
                self.cursor = next;
                Step::Next
            }
        }
    }

    fn done(&mut self, doubt: Option<String>) -> Step {
        Step::Done(Listing { items: std::mem::take(&mut self.items), doubt })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paging(text: &str) -> Paging {
        let mut wrongs = Vec::new();
        let paging = Paging::read("/data", Some(&toml::from_str(text).unwrap()), &mut Vec::new(), &mut wrongs);
        assert_eq!(wrongs, []);
        paging
    }

    fn page(items: &[u64]) -> Answer {
        Answer { status: 200, json: Some(json!({ "data": items })), ..Answer::default() }
    }

    /// Reads a list from a server that is a function of the page asked for.
    fn read(paging: &Paging, server: impl Fn(&Value) -> Answer) -> (Step, usize) {
        let mut walk = paging.walk();
        for asked in 1..=PAGES_MAX + 1 {
            let answer = server(&walk.page());
            let verdict = super::super::outcome::usual(&answer, false);
            match walk.on_page(&answer, verdict) {
                Step::Next => {}
                end => return (end, asked),
            }
        }
        panic!("it never ends");
    }

    proptest! {
        #[test]
        fn whatever_the_size_of_its_pages_a_list_is_read_once_and_whole(total in 0u64..120, size in 1u64..50) {
            let all: Vec<u64> = (0..total).collect();
            let server = |asked: &Value| {
                let from = asked["offset"].as_u64().unwrap();
                page(&all.iter().copied().skip(usize::try_from(from).unwrap()).take(usize::try_from(size).unwrap()).collect::<Vec<_>>())
            };
            let (end, _) = read(&paging("by = 'offset'\nsize = 200"), server);
            let items = all.iter().map(|one| json!(one)).collect();
            prop_assert_eq!(end, Step::Done(Listing { items, doubt: None }));
        }
    }

    #[test]
    fn a_server_that_ignores_pages_ends_in_doubt() {
        let (end, asked) = read(&paging("by = 'page'\nfirst = 1"), |_| page(&[1, 2, 3]));
        let Step::Done(listing) = end else { panic!("{end:?}") };
        assert_eq!((listing.items.len(), listing.doubt.is_some(), asked), (3, true, 2));
    }

    #[test]
    fn a_page_behind_the_end_may_be_404_and_a_failing_page_fails_all() {
        let at = |number: u64, status: u16| {
            move |asked: &Value| match asked["number"].as_u64() {
                Some(asked) if asked == number => Answer { status, ..Answer::default() },
                Some(asked) => page(&[asked]),
                None => Answer::default(),
            }
        };
        assert!(matches!(read(&paging("by = 'page'"), at(3, 404)).0, Step::Done(Listing { doubt: None, .. })));
        assert!(matches!(read(&paging("by = 'page'"), at(3, 500)).0, Step::Failed(_)));
        assert!(matches!(read(&paging("by = 'page'"), at(0, 404)).0, Step::Failed(_)), "nothing at all is no end");
    }

    #[test]
    fn cursors_are_followed_until_there_is_none_and_never_in_a_circle() {
        let paging = paging("by = 'cursor'\nnext = '/next'");
        let honest = |asked: &Value| {
            let (items, next) = if asked["cursor"].is_null() { ([1], json!("b")) } else { ([2], Value::Null) };
            Answer { status: 200, json: Some(json!({ "data": items, "next": next })), ..Answer::default() }
        };
        assert_eq!(read(&paging, honest), (Step::Done(Listing { items: vec![json!(1), json!(2)], doubt: None }), 2));
        let circle = std::cell::Cell::new(0);
        let turning = |_: &Value| {
            circle.set(circle.get() + 1);
            Answer { status: 200, json: Some(json!({ "data": [circle.get()], "next": "b" })), ..Answer::default() }
        };
        assert!(matches!(read(&paging, turning).0, Step::Done(Listing { doubt: Some(_), .. })));
    }

    #[test]
    fn an_endless_list_is_given_up() {
        let circle = std::cell::Cell::new(0);
        let endless = |_: &Value| {
            circle.set(circle.get() + 1);
            page(&[circle.get()])
        };
        assert!(matches!(read(&paging("by = 'offset'"), endless).0, Step::Failed(_)));
    }

    #[test]
    fn a_list_that_is_none_is_said() {
        let (end, _) = read(&paging("by = 'page'"), |_| Answer {
            status: 200,
            json: Some(json!({ "data": {} })),
            ..Answer::default()
        });
        assert!(matches!(end, Step::Failed(text) if text.contains("`/data`")));
    }
}
