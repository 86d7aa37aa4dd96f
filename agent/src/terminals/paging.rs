//! Reads a terminal's lists page by page, though nobody agrees what its counts mean.
//!
//! Pure. `count` is the page's number of rows or the whole list's, `to` is the last row's number or the next one's: so
//! only the number of rows received is trusted, and guards end what would never end.

/// What a page says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The rows in it.
    pub rows: u64,
    /// The field `count`.
    pub count: Option<i64>,
    /// The field `from`.
    pub from: Option<i64>,
}

/// What to do after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask for another one.
    More,
    /// The list is complete.
    Done,
    /// The terminal repeats itself: the page is not another one, and the list may be incomplete.
    Stuck,
}

/// A list that is being read.
#[derive(Debug, Clone)]
pub struct Reader {
    pages_max: u64,
    pages: u64,
    received: u64,
    total: Option<u64>,
    last_from: Option<i64>,
}

impl Reader {
    /// A list of at most `capacity` rows, as far as anybody knows.
    #[must_use]
    pub fn new(capacity: Option<u64>) -> Self {
        /// Rows of the smallest list that is allowed for.
        const CAPACITY_MIN: u64 = 1_000;
        /// Rows of the largest list that is allowed for.
        const CAPACITY_MAX: u64 = 1_000_000;
        let capacity = capacity.unwrap_or(CAPACITY_MAX / 10).clamp(CAPACITY_MIN, CAPACITY_MAX);
        Self { pages_max: capacity / 20 + 5, pages: 0, received: 0, total: None, last_from: None }
    }

    /// A page came.
    pub fn on_page(&mut self, page: Page) -> Next {
        if page.rows == 0 || page.count == Some(0) {
            return Next::Done;
        }
        let is_first = self.pages == 0;
        let has_advanced = match (page.from, self.last_from) {
            (Some(from), Some(last)) => from > last,
            _ => true,
        };
        if !is_first && (!has_advanced || page.from == Some(0)) {
            return Next::Stuck;
        }
        self.pages += 1;
        self.last_from = page.from.or(self.last_from);
        self.received += page.rows;
        let count = page.count.and_then(|count| u64::try_from(count).ok());
        if is_first {
            self.total = count.filter(|count| *count > page.rows);
        }
        match self.total {
            Some(total) if self.received >= total => Next::Done,
            _ if self.pages >= self.pages_max => Next::Stuck,
            _ => Next::More,
        }
    }

    /// No answer came to the last question: whether the list is complete all the same.
    #[must_use]
    pub fn is_complete_without_answer(&self) -> bool {
        self.pages > 0 && self.total.is_none_or(|total| self.received >= total)
    }

    /// Rows received.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a list of `total` rows in pages of `size`; says how many rows came, in how many questions.
    fn read(total: u64, size: u64, count: impl Fn(u64) -> i64) -> (u64, u64, Next) {
        let mut reader = Reader::new(Some(3_000));
        let (mut at, mut questions) = (0, 0);
        loop {
            let rows = size.min(total - at);
            questions += 1;
            let from = i64::try_from(at).unwrap();
            let next = reader.on_page(Page { rows, count: Some(count(rows)), from: Some(from) });
            at += rows;
            if next != Next::More {
                return (reader.received(), questions, next);
            }
        }
    }

    #[test]
    fn counts_per_page_give_every_row() {
        assert_eq!(read(95, 40, |rows| i64::try_from(rows).unwrap()), (95, 4, Next::Done));
    }

    #[test]
    fn counts_of_the_whole_give_every_row_without_one_more_question() {
        assert_eq!(read(95, 40, |_| 95), (95, 3, Next::Done));
        assert_eq!(read(1, 40, |_| 1), (1, 2, Next::Done));
        assert_eq!(read(0, 40, |_| 0), (0, 1, Next::Done));
    }

    #[test]
    fn a_list_that_begins_again_or_stands_still_ends() {
        for (first, second) in [(0, 0), (40, 40), (40, 0)] {
            let mut reader = Reader::new(None);
            assert_eq!(reader.on_page(Page { rows: 40, count: Some(40), from: Some(first) }), Next::More);
            assert_eq!(reader.on_page(Page { rows: 40, count: Some(40), from: Some(second) }), Next::Stuck);
            assert_eq!(reader.received(), 40);
        }
    }

    #[test]
    fn silence_after_the_last_page_is_its_end() {
        let mut reader = Reader::new(None);
        assert!(!reader.is_complete_without_answer());
        reader.on_page(Page { rows: 40, count: Some(40), from: Some(0) });
        assert!(reader.is_complete_without_answer());
        let mut reader = Reader::new(None);
        reader.on_page(Page { rows: 40, count: Some(95), from: Some(0) });
        assert!(!reader.is_complete_without_answer(), "95 were announced");
    }

    proptest! {
        #[test]
        fn every_list_ends(pages in proptest::collection::vec((1_u64..60, any::<Option<i64>>(), any::<Option<i64>>()), 400)) {
            let mut reader = Reader::new(Some(1));
            let ended = pages.into_iter().any(|(rows, count, from)| reader.on_page(Page { rows, count, from }) != Next::More);
            prop_assert!(ended);
        }
    }
}
