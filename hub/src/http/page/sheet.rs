//! A table as a file for a spreadsheet: all rows that its view has, on every page, in the reader's language.
//!
//! The page's own address with `as=csv` gives it. Two lines make it of a table: [`Look::sheet`] before the rows are cut into
//! pages, [`Table::with_sheet`] behind; the row says its cells in the order of the columns.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::history::Local;
use super::table::{Column, Look, Table};
use crate::csv::csv_for;
use crate::text::Lang;

/// The wish by which an address asks for a file instead of a page.
const WISH: &str = "as";

/// What it says then; a page with several tables calls its others otherwise.
pub(super) const SHEET: &str = "csv";

/// A row that can stand in a file.
pub(super) trait Cells {
    /// One cell for each column, as people write it.
    fn cells(&self, at: &Local<'_>) -> Vec<String>;
}

impl Look {
    /// Whether the address asks for the file of that name.
    pub(super) fn is_sheet(&self, name: &str) -> bool {
        self.get(WISH) == name
    }

    /// The file of these rows, if the address asks for the one of that name.
    pub(super) fn sheet<'a, T: Cells + 'a>(
        &self,
        (name, at): (&str, &Local<'_>),
        columns: &[Column],
        rows: impl IntoIterator<Item = &'a T>,
    ) -> Option<Response> {
        let head: Vec<&str> = columns.iter().map(|column| column.words).collect();
        let cells = |row: &T| row.cells(at);
        self.is_sheet(name).then(|| file(at.frame.lang, &head, rows.into_iter().map(cells)))
    }
}

/// A file of any cells below any head.
pub(super) fn file(lang: Lang, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Response {
    given(csv_for(lang, head, rows))
}

/// A text as such a file.
pub(super) fn given(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response()
}

impl Table {
    /// The same with the address of the file of that name.
    pub(super) fn with_sheet(self, look: &Look, name: &str) -> Self {
        self.with_csv(look.address(WISH, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::page::frame::Frame;

    struct Row(&'static str);

    impl Cells for Row {
        fn cells(&self, _: &Local<'_>) -> Vec<String> {
            vec![self.0.to_owned()]
        }
    }

    const COLUMNS: [Column; 1] = [Column::plain("Nom")];

    fn look(uri: &str) -> Look {
        Look::of(&uri.parse().unwrap())
    }

    #[tokio::test]
    async fn the_address_of_a_view_with_a_wish_gives_all_its_rows_as_a_file() {
        let rows: Vec<Row> = (0..120).map(|_| Row("=1+1")).collect();
        let (parts, ()) = axum::http::Request::get("/m").header("accept-language", "fr").body(()).unwrap().into_parts();
        let frame = Frame::of(&parts);
        let at = Local::of_hub(&frame, 0);
        let asked = look("/m?as=csv&q=x").sheet((SHEET, &at), &COLUMNS, &rows).unwrap();
        let text = axum::body::to_bytes(asked.into_body(), usize::MAX).await.unwrap();
        assert_eq!(String::from_utf8(text.to_vec()).unwrap().matches("'=1+1").count(), 120);
        assert!(look("/m?q=x").sheet((SHEET, &at), &COLUMNS, &rows).is_none());
        assert!(look("/m?as=other").sheet((SHEET, &at), &COLUMNS, &rows).is_none());
    }

    #[test]
    fn a_table_leads_to_its_file_from_whatever_page_it_shows() {
        let look = look("/m?q=x&skip=50");
        let (_, table) = look.page(Lang::Fr, &COLUMNS, vec![Row("a")]);
        assert_eq!(table.with_sheet(&look, SHEET).csv.as_deref(), Some("/m?q=x&as=csv"));
    }
}
