//! Servers that do what servers do: whatever it is, each letter is in its mailbox once, or the outbox says why not.

use vigie_hub::alerts::news::{News, Notifier as _, Phase};
use vigie_hub::mail::letter::LetterState;
use vigie_hub::mail::letters::samples;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::processes::free_port;
use vigie_tests::smtp::{Act, Setup, SmtpServer};

use super::post::{Post, config};

const NOW: i64 = 1_795_183_500_000;

/// News of an incident of its own, so that letters do not wait for each other.
fn news(incident: &str, phase: Phase, number: u32) -> News {
    News { incident: incident.to_owned(), number, ..samples::news(phase, NOW) }
}

/// A server with these acts, and a desk that writes to these people.
async fn scene(setup: Setup, recipients: &[&str]) -> (SmtpServer, Post, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let server = SmtpServer::start(setup, &lifecycle).await.unwrap();
    let post = Post::start(config(server.port(), recipients, ""));
    (server, post, lifecycle)
}

fn will(acts: &[Act]) -> Setup {
    Setup { acts: acts.to_vec(), ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_greylisted_letter_is_accepted_later_once() {
    let (server, post, lifecycle) = scene(will(&[Act::Greylist, Act::Greylist, Act::Postpone]), &["a@x.org"]).await;
    post.desk.tell(&news("i", Phase::Opened, 1)).await.unwrap();

    let letter = post.settled().await.remove(0);

    assert_eq!((letter.state, letter.attempts, letter.maybe_twice), (LetterState::Sent, 4, None));
    assert_eq!(server.taken().len(), 1);
    post.end().await;
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_in_the_letter_costs_nothing_and_one_that_breaks_behind_it_is_doubted() {
    let (server, post, lifecycle) = scene(will(&[Act::DropInLetter]), &["a@x.org"]).await;
    post.desk.tell(&news("i", Phase::Opened, 1)).await.unwrap();
    post.settled().await;
    assert_eq!(server.taken().len(), 1, "what was dropped was nowhere");

    server.will(&[Act::DropBeforeWord]);
    post.desk.tell(&news("j", Phase::Opened, 1)).await.unwrap();
    let letter = post.settled().await.remove(1);

    assert!(letter.state == LetterState::Sent && letter.maybe_twice.is_some(), "{letter:?}");
    let taken = server.taken();
    assert_eq!(taken.len(), 3);
    assert_eq!(taken[1].text, taken[2].text, "a mail program knows the repetition by its Message-ID");
    post.end().await;
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_is_refused_holds_nobody_up() {
    let setup = Setup { unknown: ["b@x.org".to_owned()].into(), ..Setup::default() };
    let (server, post, lifecycle) = scene(setup, &["a@x.org", "b@x.org", "c@x.org"]).await;
    post.desk.tell(&news("i", Phase::Opened, 1)).await.unwrap();

    let letters = post.settled().await;

    assert_eq!(server.taken().iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["a@x.org", "c@x.org"]);
    let dead: Vec<_> = letters.iter().filter(|letter| letter.state == LetterState::Dead).collect();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].last_error.as_ref().unwrap().contains("no such user"), "{:?}", dead[0]);
    assert_eq!(server.connections(), 1, "one connection brought all of them");
    post.end().await;
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_letter_is_dead_until_a_person_has_it_tried_again() {
    let (server, post, lifecycle) = scene(will(&[Act::RefuseContent]), &["a@x.org"]).await;
    post.desk.tell(&news("i", Phase::Opened, 1)).await.unwrap();
    let letter = post.settled().await.remove(0);
    assert!(letter.state == LetterState::Dead && letter.last_error.unwrap().contains("spam"));

    assert!(post.desk.retry(letter.no).await.unwrap());
    assert_eq!(post.settled().await[0].state, LetterState::Sent);
    assert_eq!(server.taken().len(), 1);
    post.end().await;
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_server_is_away_nothing_is_lost_and_then_each_letter_arrives_once_in_order() {
    let port = free_port().unwrap();
    let post = Post::start(config(port, &["a@x.org", "b@x.org"], ""));
    for incident in ["i", "j", "k"] {
        post.desk.tell(&news(incident, Phase::Opened, 1)).await.unwrap();
    }
    post.tried(3).await;
    for incident in ["i", "j", "k"] {
        post.desk.tell(&news(incident, Phase::Closed, 2)).await.unwrap();
    }
    assert!(post.letters().await.iter().all(|letter| letter.state == LetterState::Waiting));

    let lifecycle = Lifecycle::new();
    let server = SmtpServer::start(Setup { port, ..will(&[Act::GoodBye]) }, &lifecycle).await.unwrap();
    post.settled().await;

    assert_eq!(server.counts().values().copied().collect::<Vec<_>>(), [1; 12]);
    for to in ["a@x.org", "b@x.org"] {
        let subjects: Vec<String> =
            server.taken().iter().filter(|mail| mail.to == to).map(|mail| mail.header("Subject")).collect();
        let first_end = subjects.iter().position(|subject| subject.starts_with("Clos")).unwrap();
        assert!(first_end >= 1, "no end comes before its beginning: {subjects:?}");
    }
    post.end().await;
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_hundred_boxes_is_two_mails_per_recipient_that_thread() {
    let (server, post, lifecycle) = scene(Setup::default(), &["a@x.org", "b@x.org"]).await;
    let hundred = |phase, number| {
        let mut one = news("outage", phase, number);
        one.lines = vec![one.lines[0].clone(); 100];
        one
    };
    for _ in 0..3 {
        post.desk.tell(&hundred(Phase::Opened, 1)).await.unwrap();
    }
    post.desk.tell(&hundred(Phase::Closed, 2)).await.unwrap();
    post.settled().await;

    let taken = server.taken();
    assert_eq!(taken.len(), 4);
    for to in ["a@x.org", "b@x.org"] {
        let mails: Vec<_> = taken.iter().filter(|mail| mail.to == to).collect();
        assert_eq!(mails[0].header("Subject"), "Critique\u{a0}: Rennes Club et 99\u{a0}autres");
        assert_eq!(mails[1].header("Subject"), "Clos\u{a0}: Rennes Club et 99\u{a0}autres");
        assert_eq!(mails[1].header("In-Reply-To"), mails[0].header("Message-ID"));
        assert_eq!(mails[1].header("References"), mails[0].header("Message-ID"));
    }
    post.end().await;
    lifecycle.stop();
}
