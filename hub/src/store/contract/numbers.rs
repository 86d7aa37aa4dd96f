//! Laws of the numbers that older programs ask for.

use super::*;
use crate::store::numbers::{Numbered, Numbers as _};

fn names(all: &[&str]) -> Vec<String> {
    all.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) async fn a_number_is_given_once_and_stays(subject: &impl Subject) {
    let store = subject.open();
    assert_eq!(store.numbers(Numbered::Terminal, &names(&["b", "a", "b"])).await.unwrap(), [1, 2, 1]);
    assert_eq!(store.numbers(Numbered::Connector, &names(&["a"])).await.unwrap(), [1]);
    let store = subject.reopen(store).await;
    store.forget_projections().await.unwrap();
    assert_eq!(store.numbers(Numbered::Terminal, &names(&["c", "a"])).await.unwrap(), [3, 2]);
    assert_eq!(store.numbered(Numbered::Terminal, 1).await.unwrap().as_deref(), Some("b"));
    assert_eq!(store.numbered(Numbered::Connector, 2).await.unwrap(), None);
}

pub(super) async fn numbers_from_elsewhere_are_kept_where_nothing_has_them(subject: &impl Subject) {
    let store = subject.open();
    store.numbers(Numbered::User, &names(&["a"])).await.unwrap();
    let from_elsewhere = [(7, "b"), (1, "c"), (9, "a")].map(|(number, name)| (number, name.to_owned()));
    store.keep_numbers(Numbered::User, &from_elsewhere).await.unwrap();
    assert_eq!(store.numbers(Numbered::User, &names(&["a", "b", "c"])).await.unwrap(), [1, 7, 8]);
}
