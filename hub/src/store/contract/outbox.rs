//! Laws of the outbox: a letter is kept once, readers get theirs in order, what was begun is found, secrets come back.

use super::*;
use crate::mail::letter::{Letter, LetterState, Way};
use crate::mail::queue::tests::new;
use crate::mail::queue::{begin, found_midway};
use crate::store::Outbox as _;
use crate::store::outbox::{LetterCount, LetterFilter};

async fn due(store: &impl Store, now_ms: i64) -> Vec<String> {
    let due = store.due_letters(Way::Mail, now_ms, 100).await.unwrap();
    due.into_iter().map(|letter| letter.content.subject).collect()
}

async fn first(store: &impl Store) -> Letter {
    store.letter(1).await.unwrap().unwrap()
}

pub(super) async fn a_letter_is_kept_once_by_its_name(subject: &impl Subject) {
    let store = subject.open();
    assert_eq!(store.put_letters(&[new("i", 1, "a@b"), new("i", 1, "c@d")]).await.unwrap(), 2);
    assert_eq!(store.put_letters(&[new("i", 1, "a@b"), new("i", 2, "a@b")]).await.unwrap(), 1);

    let store = subject.reopen(store).await;
    assert_eq!(first(&store).await, new("i", 1, "a@b").into_letter(1));
    let filter =
        LetterFilter { reader: Some("a@b".to_owned()), about: Some("i".to_owned()), ..LetterFilter::default() };
    let numbers = async |before, limit| {
        let found = store.letters(&filter, before, limit).await.unwrap();
        found.iter().map(|letter| letter.no).collect::<Vec<_>>()
    };
    assert_eq!(
        (numbers(None, 9).await, numbers(Some(3), 9).await, numbers(None, 1).await),
        (vec![3, 1], vec![1], vec![3])
    );
    let other = LetterFilter { way: Some(Way::Webhook), ..LetterFilter::default() };
    assert_eq!(store.letters(&other, None, 9).await.unwrap(), []);
    assert_eq!(
        store.letter_counts().await.unwrap(),
        [LetterCount { way: Way::Mail, state: LetterState::Waiting, count: 3 }]
    );
}

pub(super) async fn a_reader_gets_letters_about_one_thing_in_order(subject: &impl Subject) {
    let store = subject.open();
    let all = [new("i", 1, "a@b"), new("i", 2, "a@b"), new("j", 1, "a@b"), new("i", 2, "c@d")];
    store.put_letters(&all).await.unwrap();
    assert_eq!(due(&store, 0).await, ["i 1", "j 1", "i 2"]);
    assert_eq!(store.due_letters(Way::Mail, -1, 9).await.unwrap(), []);

    let mut letter = first(&store).await;
    letter.next_try_ms = 50;
    store.save_letters(&[letter.clone()]).await.unwrap();
    assert_eq!(due(&store, 0).await, ["j 1", "i 2"], "the second waits behind the first");
    assert_eq!(store.next_letter_ms(Way::Mail, 0).await.unwrap(), Some(50));
    assert_eq!(store.next_letter_ms(Way::Mail, 50).await.unwrap(), None);

    letter.state = LetterState::Sent;
    store.save_letters(&[letter]).await.unwrap();
    assert_eq!(due(&store, 0).await, ["i 2", "j 1", "i 2"]);
}

pub(super) async fn what_was_begun_is_found_and_nothing_else(subject: &impl Subject) {
    let store = subject.open();
    store.put_letters(&[new("i", 1, "a@b"), new("j", 1, "a@b")]).await.unwrap();
    let mut letter = first(&store).await;
    begin(&mut letter, 7);
    store.save_letters(&[letter.clone()]).await.unwrap();
    assert_eq!(due(&store, 9).await, ["j 1"]);
    assert!(!store.retry_letter(1, (9, 99)).await.unwrap(), "it is being sent");

    let store = subject.reopen(store).await;
    assert_eq!(store.letters_midway(Way::Mail).await.unwrap(), [letter.clone()]);
    assert_eq!(store.letters_midway(Way::Webhook).await.unwrap(), []);
    found_midway(&mut letter, 9);
    store.save_letters(&[letter.clone()]).await.unwrap();
    assert_eq!((first(&store).await, due(&store, 9).await), (letter, vec!["i 1".to_owned(), "j 1".to_owned()]));
}

pub(super) async fn people_have_dead_letters_tried_again_and_settled_ones_end(subject: &impl Subject) {
    let store = subject.open();
    store.put_letters(&[new("i", 1, "a@b"), new("j", 1, "a@b")]).await.unwrap();
    let mut letter = first(&store).await;
    (letter.state, letter.attempts, letter.changed_ms) = (LetterState::Dead, 9, 10);
    store.save_letters(&[letter.clone()]).await.unwrap();
    assert!(store.retry_letter(1, (20, 120)).await.unwrap() && !store.retry_letter(77, (20, 120)).await.unwrap());
    let again = first(&store).await;
    assert_eq!((again.state, again.attempts, again.next_try_ms, again.expires_ms), (LetterState::Waiting, 0, 20, 120));

    letter.state = LetterState::Sent;
    store.save_letters(&[letter]).await.unwrap();
    assert!(!store.retry_letter(1, (20, 120)).await.unwrap(), "it was sent");
    assert_eq!(store.forget_letters(10, 9).await.unwrap(), 0);
    assert_eq!(store.forget_letters(11, 9).await.unwrap(), 1);
    assert_eq!(store.letters(&LetterFilter::default(), None, 9).await.unwrap().len(), 1, "what waits stays");
}

pub(super) async fn secrets_of_letters_come_back_and_go(subject: &impl Subject) {
    let store = subject.open();
    store.put_letter_secret("smtp", Some("s3cret")).await.unwrap();
    store.put_letter_secret("smtp", Some("s3cret2")).await.unwrap();
    store.put_letter_secret("webhook.chat", Some("k")).await.unwrap();

    let store = subject.reopen(store).await;
    assert_eq!(store.letter_secret("smtp").await.unwrap().as_deref(), Some("s3cret2"));
    store.put_letter_secret("smtp", None).await.unwrap();
    assert_eq!(store.letter_secret("smtp").await.unwrap(), None);
    assert_eq!(store.letter_secret("webhook.chat").await.unwrap().as_deref(), Some("k"));
}
