//! Every misbehaviour by its name, for the command line and for storms.

use super::dialect::{Kind, Listing};
use super::reply::{Delivery, Dress, Reply};
use super::script::Trick;

/// A page as large as a broken server may send, bytes.
const HUGE_BYTES: usize = 10 * 1024 * 1024;

/// A misbehaviour with a name.
pub struct Named {
    /// The name.
    pub name: &'static str,
    /// What the server does then.
    pub about: &'static str,
    /// The requests that it is made for.
    pub made_for: Kind,
    /// Whether a hub gets through by trying again, so that a storm may hold it.
    pub passes: bool,
    /// How.
    pub trick: fn() -> Trick,
}

/// The misbehaviour of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Named> {
    TRICKS.iter().find(|trick| trick.name == name)
}

const fn on_push(name: &'static str, about: &'static str, trick: fn() -> Trick) -> Named {
    Named { name, about, made_for: Kind::Push, passes: false, trick }
}

const fn passing(name: &'static str, about: &'static str, trick: fn() -> Trick) -> Named {
    Named { name, about, made_for: Kind::Push, passes: true, trick }
}

const fn on_people(name: &'static str, about: &'static str, trick: fn() -> Trick) -> Named {
    Named { name, about, made_for: Kind::People, passes: false, trick }
}

/// All of them.
pub const TRICKS: &[Named] = &[
    passing("reset-before", "resets the connection, nothing is stored", || Trick::Lose(Delivery::Reset)),
    passing("stall-before", "stores nothing and never answers", || Trick::Lose(Delivery::Stall)),
    passing("reset-after-commit", "stores, then resets the connection", || Trick::Deliver(Delivery::Reset)),
    passing("stall-after-commit", "stores, then never answers", || Trick::Deliver(Delivery::Stall)),
    passing("drip-after-commit", "stores, then answers a byte at a time", || Trick::Deliver(Delivery::Drip)),
    passing("cut-after-commit", "stores, then ends in the middle of the answer", || Trick::Deliver(Delivery::Cut)),
    passing("cut-chunks-after-commit", "stores, then leaves the last chunk out", || {
        Trick::Deliver(Delivery::CutChunked)
    }),
    passing("500-after-commit", "stores, then says 500", || Trick::Lie(Reply::page(500))),
    passing("502-after-commit", "stores, then the proxy says 502", || Trick::Lie(Reply::page(502))),
    passing("500", "500 without storing", || Trick::Refuse(Reply::page(500))),
    passing("503", "503 as during an update", || Trick::Refuse(Reply::page(503))),
    passing("504", "504 from the proxy", || Trick::Refuse(Reply::page(504))),
    passing("408", "gives up after its own five seconds", || Trick::Refuse(Reply::empty(408))),
    passing("429", "too many, without a word on when", || Trick::Refuse(Reply::too_many(None))),
    passing("429-1s", "too many, come back in a second", || Trick::Refuse(Reply::too_many(Some("1")))),
    on_push("429-37s", "too many, come back in 37 seconds", || Trick::Refuse(Reply::too_many(Some("37")))),
    on_push("429-date", "too many, come back on a date in 2099", || {
        Trick::Refuse(Reply::too_many(Some("Thu, 01 Jan 2099 00:00:00 GMT")))
    }),
    on_push("429-nonsense", "too many, come back soon", || Trick::Refuse(Reply::too_many(Some("soon")))),
    passing("huge-error", "500 with a page of 10 MB", || Trick::Refuse(Reply::huge(500, HUGE_BYTES))),
    on_push("huge-ok", "stores, then 200 with a page of 10 MB", || Trick::Lie(Reply::huge(200, HUGE_BYTES))),
    on_push("304", "nothing done, without a body", || Trick::Refuse(Reply::empty(304))),
    on_push("400-bare", "400 without a body", || Trick::Refuse(Reply::empty(400))),
    on_push("401", "401", || Trick::Refuse(Reply::empty(401))),
    on_push("403", "403", || Trick::Refuse(Reply::page(403))),
    on_push("404", "404", || Trick::Refuse(Reply::page(404))),
    on_push("406", "406, as for a day that has a later row", || Trick::Refuse(Reply::empty(406))),
    on_push("410", "410, gone for good", || Trick::Refuse(Reply::empty(410))),
    on_push("rpc-error", "200 with an error of JSON-RPC", || Trick::Refuse(Reply::rpc_error(200, "refused"))),
    on_push("rpc-session", "200 with code 100: the session is gone", || {
        Trick::Refuse(Reply::rpc_error(100, "session expired"))
    }),
    on_push("error-in-200", "200 with {\"error\": …}", || {
        Trick::Refuse(Reply::typed(200, "application/json", r#"{"error":"no work information"}"#))
    }),
    on_push("status-error-in-200", "200 with {\"status\": \"error\"}", || {
        Trick::Refuse(Reply::typed(200, "application/json", r#"{"status":"error"}"#))
    }),
    on_push("login-page", "200 with a login page, nothing stored", || Trick::Refuse(Reply::page(200))),
    on_push("page-after-commit", "stores, then 200 with a page", || Trick::Dress(Dress::Page)),
    on_push("wrong-label", "stores; the right JSON is called a page", || Trick::Dress(Dress::WrongLabel)),
    on_push("gzip", "stores; the answer is compressed unasked", || Trick::Dress(Dress::Gzip)),
    on_push("bom", "stores; a byte order mark before the JSON", || Trick::Dress(Dress::Bom)),
    on_push("duplicate-keys", "stores; every key twice, first with null", || Trick::Dress(Dress::DuplicateKeys)),
    on_push("numbers-as-text", "stores; numbers in quotes", || Trick::Dress(Dress::NumbersAsText)),
    on_push("wrong-types", "stores; texts as numbers and more", || Trick::Dress(Dress::WrongTypes)),
    on_push("chunked", "stores; the answer comes in chunks, whole", || Trick::Deliver(Delivery::Chunked)),
    on_people("people-500", "500 instead of the list", || Trick::Refuse(Reply::page(500))),
    on_people("people-page", "200 with a login page instead of the list", || Trick::Refuse(Reply::page(200))),
    on_people("people-numbers-as-text", "numbers of people in quotes", || Trick::Dress(Dress::NumbersAsText)),
    on_people("people-wrong-types", "wrong types in the list", || Trick::Dress(Dress::WrongTypes)),
    on_people("people-cut", "the list ends in the middle", || Trick::Deliver(Delivery::Cut)),
    on_people("capped-list", "20 people a page, whatever was asked", || Trick::List(Listing::Capped(20))),
    on_people("repeated-list", "the first page for ever", || Trick::List(Listing::Repeated)),
    on_people("empty-list", "nobody, with 200", || Trick::List(Listing::Empty)),
    on_people("list-ends-with-404", "404 beyond the last page", || Trick::List(Listing::EndsWith404)),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_stands_once_and_can_be_written_in_a_plan() {
        let names: BTreeSet<&str> = TRICKS.iter().map(|trick| trick.name).collect();
        assert_eq!(names.len(), TRICKS.len());
        for name in names {
            assert!(!name.contains(['@', '+', '*']) && named(name).is_some(), "{name}");
        }
    }
}
