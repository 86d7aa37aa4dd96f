//! People who are not known yet, and lists that are not what they seem: cases 2 and 12.

use vigie_hub::connectors::job::JobState;
use vigie_hub::store::Connectors as _;
use vigie_tests::hr::Setup;
use vigie_tests::hr::books::Employee;
use vigie_tests::hr::dialect::{Kind, Listing, Manners, Results};
use vigie_tests::hr::reply::{Delivery, Dress, Reply};
use vigie_tests::hr::script::{On, Plan, Trick};

use super::desk::{Desk, NAME, Shipped, Way, count};

/// Who comes before being in the HR system waits, all others do not.
async fn a_new_hire_waits_alone(shipped: Shipped, people: u64, manners: Manners) {
    let desk = Desk::with(shipped, Setup { manners, ..shipped.system(people) }, |_| {}).await;
    let new = people + 1;
    for person in 1..=new {
        let minute = person / 60;
        let (comes, goes) = (
            format!("2031-05-06 08:{minute:02}:{:02}", person % 60),
            format!("2031-05-06 17:{minute:02}:{:02}", person % 60),
        );
        desk.punch(&[(person, &comes, Way::In), (person, &goes, Way::Out)]).await;
    }

    let jobs = desk.settle().await;
    assert!(jobs.iter().all(|job| (job.state == JobState::Sent) == (job.enrol_id != new)), "{:#?}", jobs.last());
    assert!(count(&jobs, JobState::Parked) > 0 && count(&jobs, JobState::Dead) == 0);

    desk.hr.staff(Employee::new(new));
    desk.sync().await;
    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{:#?}", jobs.last());
    assert!(!desk.hr.look(|books| books.of(new).is_empty()));
    assert_eq!(desk.hr.look(|books| books.twice().len()), 0);
    desk.close().await;
}

#[tokio::test]
async fn case_02_an_unknown_person_among_500_rows_waits_alone_in_erpnext() {
    a_new_hire_waits_alone(Shipped::Erpnext, 249, Manners { speaks_french: true, ..Manners::default() }).await;
}

#[tokio::test]
async fn case_02_an_unknown_person_waits_alone_in_odoo() {
    a_new_hire_waits_alone(Shipped::Odoo, 30, Manners::default()).await;
}

#[tokio::test]
async fn case_02_an_unknown_person_waits_alone_in_kimai() {
    a_new_hire_waits_alone(Shipped::Kimai, 30, Manners::default()).await;
}

#[tokio::test]
async fn case_02_an_unknown_person_among_500_rows_waits_alone_in_the_default_format() {
    let manners = Manners { results: Results::ByRow, knows_its_people: true, ..Manners::default() };
    a_new_hire_waits_alone(Shipped::Default, 249, manners).await;
}

/// A desk that has read a list of that many people.
async fn informed(shipped: Shipped, people: u64) -> Desk {
    let desk = Desk::with(shipped, shipped.system(people), |_| {}).await;
    desk.sync().await;
    let known = desk.store.listed_people(NAME).await.unwrap();
    assert_eq!(known.len(), usize::try_from(people).unwrap());
    desk
}

/// After a bad list everybody is as before, and somebody is told.
async fn nobody_changed(desk: &Desk, people: u64) {
    let known = desk.store.listed_people(NAME).await.unwrap();
    assert_eq!(known.len(), usize::try_from(people).unwrap());
    for (number, listed) in known {
        assert!(!listed.is_gone && listed.person.is_enabled, "{number}: {listed:?}");
    }
}

/// Several wrong lists, one after the other, change nobody.
async fn wrong_lists_change_nobody(shipped: Shipped, people: u64, tricks: Vec<(Trick, usize)>) {
    let desk = informed(shipped, people).await;
    for (trick, spared) in tricks {
        desk.hr.calm();
        desk.hr.plan(Plan::on(On::Kind(Kind::People), trick.clone()).after(spared));
        let asked = desk.hr.asked_for(Kind::People).len();

        desk.sync().await;

        nobody_changed(&desk, people).await;
        let note = desk.standing().await.people_note;
        assert!(note.is_some(), "{trick:?} is told to nobody");
        assert!(desk.hr.asked_for(Kind::People).len() - asked <= 60, "{trick:?}: endless paging");
    }
    desk.hr.calm();
    desk.sync().await;
    nobody_changed(&desk, people).await;
    desk.close().await;
}

/// What every list can be.
fn wrong_lists() -> Vec<(Trick, usize)> {
    vec![
        (Trick::List(Listing::Empty), 0),
        (Trick::Refuse(Reply::page(500)), 0),
        (Trick::Refuse(Reply::page(200)), 0),
        (Trick::Deliver(Delivery::Cut), 0),
        (Trick::Refuse(Reply::typed(200, "application/json", "{}")), 0),
    ]
}

#[tokio::test]
async fn case_12_an_incomplete_or_empty_list_changes_nobody_in_the_default_format() {
    wrong_lists_change_nobody(Shipped::Default, 45, wrong_lists()).await;
}

#[tokio::test]
async fn case_12_an_incomplete_or_empty_list_changes_nobody_in_kimai() {
    wrong_lists_change_nobody(Shipped::Kimai, 45, wrong_lists()).await;
}

#[tokio::test]
async fn case_12_an_incomplete_empty_or_endless_list_changes_nobody_in_erpnext() {
    let mut lists = wrong_lists();
    lists.push((Trick::Refuse(Reply::page(500)), 2));
    lists.push((Trick::List(Listing::Repeated), 0));
    wrong_lists_change_nobody(Shipped::Erpnext, 450, lists).await;
}

#[tokio::test]
async fn case_12_an_incomplete_empty_or_endless_list_changes_nobody_in_odoo() {
    let mut lists = wrong_lists();
    lists.push((Trick::Refuse(Reply::page(500)), 2));
    lists.push((Trick::List(Listing::Repeated), 0));
    wrong_lists_change_nobody(Shipped::Odoo, 450, lists).await;
}

/// Twenty rows whatever was asked: everybody is read all the same, or nobody is taken for gone.
async fn short_pages_lose_nobody(shipped: Shipped) {
    let desk = informed(shipped, 45).await;
    desk.hr.plan(Plan::on(On::Kind(Kind::People), Trick::List(Listing::Capped(20))));
    desk.sync().await;
    nobody_changed(&desk, 45).await;
    desk.close().await;
}

#[tokio::test]
async fn case_12_pages_of_20_whatever_was_asked_lose_nobody_in_erpnext() {
    short_pages_lose_nobody(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_12_pages_of_20_whatever_was_asked_lose_nobody_in_odoo() {
    short_pages_lose_nobody(Shipped::Odoo).await;
}

/// A page beyond the last that is 404 is the end of the list.
async fn a_404_behind_the_last_page_is_the_end(shipped: Shipped) {
    // Exactly full pages: only the one behind tells that it was the last.
    let desk = Desk::with(shipped, shipped.system(400), |_| {}).await;
    desk.hr.behave(|manners| manners.list = Listing::EndsWith404);
    desk.sync().await;
    assert_eq!(desk.store.listed_people(NAME).await.unwrap().len(), 400);
    desk.close().await;
}

#[tokio::test]
async fn case_12_a_404_behind_the_last_page_is_the_end_in_erpnext() {
    a_404_behind_the_last_page_is_the_end(Shipped::Erpnext).await;
}

#[tokio::test]
async fn case_12_a_404_behind_the_last_page_is_the_end_in_odoo() {
    a_404_behind_the_last_page_is_the_end(Shipped::Odoo).await;
}

/// Numbers in quotes are numbers.
async fn numbers_in_quotes_are_numbers(shipped: Shipped) {
    let desk = Desk::open(shipped).await;
    desk.hr.plan(Plan::on(On::Kind(Kind::People), Trick::Dress(Dress::NumbersAsText)));
    desk.sync().await;
    assert_eq!(desk.store.listed_people(NAME).await.unwrap().len(), 20);
    desk.working_day(2).await;
    let jobs = desk.settle().await;
    assert_eq!(count(&jobs, JobState::Sent), jobs.len(), "{jobs:#?}");
    desk.close().await;
}

#[tokio::test]
async fn case_12_people_whose_numbers_come_as_text_are_known_in_the_default_format() {
    numbers_in_quotes_are_numbers(Shipped::Default).await;
}

#[tokio::test]
async fn case_12_people_whose_numbers_come_as_text_are_known_in_odoo() {
    numbers_in_quotes_are_numbers(Shipped::Odoo).await;
}

#[tokio::test]
async fn case_12_people_whose_numbers_come_as_text_are_known_in_kimai() {
    numbers_in_quotes_are_numbers(Shipped::Kimai).await;
}
