//! Laws of disputed days.

use jiff::civil::{Date, date};

use super::*;
use crate::store::presence::{Dispute, DisputeAnswer};
use crate::store::upkeep::Class;
use crate::store::{Days as _, Disputes as _};

fn dispute(person: &str, date: Date, text: &str) -> Dispute {
    let (person, text, account) = (person.to_owned(), text.to_owned(), person.to_owned());
    Dispute { person, date, text, account, made_ms: 7, answer: None }
}

pub(super) async fn a_disputed_day_waits_until_it_is_answered_and_can_be_disputed_again(subject: &impl Subject) {
    let (store, first, second) = (subject.open(), date(1970, 5, 1), date(1970, 5, 2));
    let (early, late, of_bo) =
        (dispute("ama", first, "I was there"), dispute("ama", second, "all day"), dispute("bo", second, "not me"));
    for one in [&early, &late, &of_bo] {
        store.put_dispute(one).await.unwrap();
    }
    let answer = DisputeAnswer { text: "corrected".to_owned(), account: "lea".to_owned(), made_ms: 9 };
    assert!(store.answer_dispute(("ama", second), &answer).await.unwrap());
    assert!(!store.answer_dispute(("ama", second), &answer).await.unwrap(), "it waits no more");
    assert!(!store.answer_dispute(("cy", first), &answer).await.unwrap());

    let store = subject.reopen(store).await;
    let answered = Dispute { answer: Some(answer), ..late.clone() };
    assert_eq!(store.disputes(Some("ama"), false, 9).await.unwrap(), [answered.clone(), early.clone()]);
    assert_eq!(store.disputes(None, true, 9).await.unwrap(), [of_bo.clone(), early.clone()]);
    assert_eq!(store.disputes(None, false, 1).await.unwrap(), std::slice::from_ref(&answered));
    assert_eq!(store.dispute("ama", second).await.unwrap(), Some(answered));
    store.put_dispute(&late).await.unwrap();
    assert_eq!(store.dispute("ama", second).await.unwrap(), Some(late));

    store.put_person_days(&[super::days::day("ama", first, 1.0, 1)]).await.unwrap();
    store.forget(Class::PersonDays, 121 * 86_400_000, 9).await.unwrap();
    assert_eq!(store.dispute("ama", first).await.unwrap(), None, "it ends with its day");
    assert_eq!(store.dispute("bo", second).await.unwrap(), Some(of_bo));
}
