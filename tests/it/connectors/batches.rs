//! Case 6: an answer to a batch says something else of each row.

use vigie_hub::connectors::job::{Job, JobState};
use vigie_tests::hr::Setup;
use vigie_tests::hr::dialect::{Kind, Manners, Results};

use super::desk::{Desk, Shipped, Way, count};

/// A receiver of batches that answers each row so, and that can be asked what it has.
fn mapping(results: &str) -> String {
    format!(
        r#"
        [connector]
        name = "batches"
        [auth]
        kind = "bearer"
        token = "{{secret.token}}"
        [push]
        unit = "punch"
        max = 100
        [push.row]
        enrollid = "{{enrollid}}"
        time = "{{time|utc|iso}}"
        inout = "{{inout|default(0)}}"
        [push.send]
        method = "POST"
        path = "/rows"
        body = {{ attendance = "{{rows}}" }}
        [push.results]
        id = "/id"
        {results}
        [push.probe]
        method = "GET"
        path = "/rows"
        query = {{ enrollid = "{{enrollid}}", time = "{{time|utc|iso}}" }}
        id = "/attendance/0/id"
    "#
    )
}

async fn open(results: Results, told: &str) -> Desk {
    let manners = Manners { results, poison: vec!["\"enrollid\":2,".to_owned()], ..Manners::default() };
    let setup = Setup { manners, ..Shipped::Default.system(5) };
    Desk::own(&mapping(told), setup, &[("token", "K")]).await
}

/// Rows of three people; the second is refused.
async fn three_rows(desk: &Desk) -> Vec<Job> {
    for person in 1..=3 {
        desk.punch(&[(person, "2031-05-06 08:00:00", Way::In)]).await;
    }
    desk.settle().await
}

async fn only_the_second_is_refused(desk: Desk) {
    let jobs = three_rows(&desk).await;

    let states: Vec<JobState> = jobs.iter().map(|job| job.state).collect();
    assert_eq!(states, [JobState::Sent, JobState::Dead, JobState::Sent], "{jobs:#?}");
    assert!(jobs[1].last_error.as_ref().unwrap().contains("invalid"), "{:?}", jobs[1]);
    assert_eq!(desk.hr.asked_for(Kind::Push).len(), 1, "saved rows are never sent again");
    assert_eq!(desk.hr.records().iter().map(|record| record.person).collect::<Vec<_>>(), [1, 3]);
    desk.close().await;
}

#[tokio::test]
async fn case_06_saved_rows_in_a_400_are_saved() {
    let told = "pointer = '/error/detailed_message'\nok = '/success'\nmessage = '/error_msg'";
    only_the_second_is_refused(open(Results::Mixed400, told).await).await;
}

#[tokio::test]
async fn case_06_a_refused_row_in_a_201_is_refused() {
    let told = "pointer = ''\nok = '/success'\nmessage = '/error'";
    only_the_second_is_refused(open(Results::Mixed201, told).await).await;
}

#[tokio::test]
async fn case_06_a_refused_row_of_a_batch_is_refused_alone_in_the_default_format() {
    let manners = Manners { results: Results::ByRow, poison: vec!["\"enrollid\":2,".to_owned()], ..Manners::default() };
    let setup = Setup { manners, ..Shipped::Default.system(5) };
    only_the_second_is_refused(Desk::with(Shipped::Default, setup, |_| {}).await).await;
}

#[tokio::test]
async fn case_06_rows_that_a_short_list_says_nothing_of_are_looked_for_not_sent_again() {
    let desk = open(Results::Short, "pointer = '/results'\nok = '/status'\nok_values = ['ok']").await;
    desk.hr.behave(|manners| manners.poison.clear());
    let jobs = three_rows(&desk).await;

    assert_eq!(count(&jobs, JobState::Sent), 3, "{jobs:#?}");
    assert_eq!(desk.hr.look(|books| (books.records().count(), books.twice().len())), (3, 0));
    assert!(!desk.hr.asked_for(Kind::Probe).is_empty());
    desk.close().await;
}

#[tokio::test]
async fn case_06_a_short_list_loses_no_row_and_doubles_none_in_the_default_format() {
    let manners = Manners { results: Results::Short, refuses_overlap: true, ..Manners::default() };
    let desk = Desk::with(Shipped::Default, Setup { manners, ..Shipped::Default.system(5) }, |_| {}).await;
    for person in 1..=3 {
        desk.punch(&[(person, "2031-05-06 08:00:00", Way::In)]).await;
    }
    desk.serve().await;
    desk.hr.behave(|manners| manners.results = Results::ByRow);

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Sent), 3, "{jobs:#?}");
    assert_eq!(desk.hr.look(|books| (books.records().count(), books.twice().len())), (3, 0));
    desk.close().await;
}

#[tokio::test]
async fn case_06_a_poisoned_row_of_a_batch_without_results_is_isolated_in_the_default_format() {
    let desk = Desk::open(Shipped::Default).await;
    desk.hr.behave(|manners| manners.poison.push("\"enrollid\":13,".to_owned()));
    desk.working_day(20).await;

    let jobs = desk.settle().await;

    assert_eq!(count(&jobs, JobState::Dead), 2, "{jobs:#?}");
    assert_eq!(count(&jobs, JobState::Sent), 38);
    assert!(jobs.iter().filter(|job| job.state == JobState::Dead).all(|job| job.enrol_id == 13));
    assert_eq!(desk.hr.look(|books| (books.records().count(), books.twice().len())), (38, 0));
    desk.close().await;
}
