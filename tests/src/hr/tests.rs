//! The server as clients see it.

use serde_json::{Value, json};

use super::dialect::Listing;
use super::reply::{Delivery, Dress, Reply};
use super::script::{On, Trick};
use super::*;

/// A client that does not wait long.
const SHORT: Duration = Duration::from_millis(500);

struct Site {
    hr: HrServer,
    client: reqwest::Client,
    lifecycle: Lifecycle,
}

impl Site {
    async fn open(setup: Setup) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let lifecycle = Lifecycle::new();
        let hr = HrServer::start(setup, &lifecycle).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(SHORT).build().unwrap();
        Self { hr, client, lifecycle }
    }

    async fn push(&self, person: u64) -> reqwest::Result<(u16, String)> {
        let row = json!({ "enrollid": person, "time": "2031-05-06T08:00:00Z", "inout": 0 });
        let body = json!({ "attendance": [row] }).to_string();
        let answer = self.client.post(format!("{}/rows", self.hr.base())).body(body).send().await?;
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    async fn close(self) {
        self.lifecycle.stop();
        self.lifecycle.wait().await;
    }
}

#[tokio::test]
async fn a_row_is_stored_before_its_answer_is_lost_in_any_way() {
    let site = Site::open(Setup::default()).await;
    let ways = [Delivery::Reset, Delivery::Stall, Delivery::Drip, Delivery::Cut, Delivery::CutChunked];
    for (person, way) in (1..).zip(ways) {
        site.hr.plan(Plan::next_push(Trick::Deliver(way)));

        let answer = site.push(person).await;

        assert!(answer.is_err(), "{way:?}: {answer:?}");
        assert_eq!(site.hr.look(|books| books.of(person).len()), 1, "{way:?}");
        assert!(!site.hr.records().last().unwrap().was_answered, "{way:?}");
    }
    assert_eq!(site.push(9).await.unwrap().0, 200);
    site.hr.wait_until("an answered row", |books| books.of(9)[0].was_answered).await.unwrap();
    site.close().await;
}

#[tokio::test]
async fn a_lost_request_stores_nothing_and_a_lie_stores_all() {
    let site = Site::open(Setup::default()).await;
    site.hr.plan(Plan::next_push(Trick::Lose(Delivery::Reset)));
    site.hr.plan(Plan::next_push(Trick::Lie(Reply::page(500))));

    assert!(site.push(1).await.is_err());
    assert_eq!(site.push(2).await.unwrap().0, 500);

    let held: Vec<(u64, bool)> = site.hr.records().iter().map(|record| (record.person, record.was_answered)).collect();
    assert_eq!(held, [(2, false)]);
    site.close().await;
}

#[tokio::test]
async fn chunks_marks_and_pages_arrive_as_they_were_sent() {
    let site = Site::open(Setup::default()).await;
    for (trick, expected) in [
        (Trick::Deliver(Delivery::Chunked), "{}"),
        (Trick::Dress(Dress::Bom), "\u{feff}{}"),
        (Trick::Dress(Dress::WrongLabel), "{}"),
    ] {
        site.hr.plan(Plan::next_push(trick));
        assert_eq!(site.push(1).await.unwrap(), (200, expected.to_owned()));
    }
    site.hr.plan(Plan::next_push(Trick::Refuse(Reply::empty(304))));
    assert_eq!(site.push(1).await.unwrap(), (304, String::new()));
    site.hr.plan(Plan::next_push(Trick::Refuse(Reply::huge(500, 1_000_000))));
    assert_eq!(site.push(1).await.unwrap().1.len(), 1_000_000);
    site.close().await;
}

#[tokio::test]
async fn every_request_is_remembered_with_what_it_showed() {
    let site = Site::open(Setup { access: Access::bearer("K"), people: 3, ..Setup::default() }).await;
    site.hr.plan(Plan::on(On::Kind(Kind::People), Trick::List(Listing::Capped(2))));
    let list = site.client.get(format!("{}/users?limit=100", site.hr.base())).bearer_auth("K").send().await.unwrap();
    let list: Value = list.json().await.unwrap();

    assert_eq!(site.push(1).await.unwrap().0, 401);

    assert_eq!(list["users"].as_array().unwrap().len(), 2);
    let asked = site.hr.asked();
    assert_eq!(
        asked.iter().map(|asked| (asked.kind, asked.status)).collect::<Vec<_>>(),
        [(Kind::People, 200), (Kind::Push, 401)]
    );
    assert_eq!(asked[0].request.header("authorization"), Some("Bearer K"));
    site.close().await;
}

#[tokio::test]
async fn a_server_that_is_started_again_holds_what_it_held() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("rows");
    let setup = || Setup { journal: Some(journal.clone()), ..Setup::default() };
    let site = Site::open(setup()).await;
    site.push(1).await.unwrap();
    site.hr.plan(Plan::next_push(Trick::Deliver(Delivery::Reset)));
    site.push(2).await.unwrap_err();
    site.hr.wait_until("an answered row", |books| books.of(1)[0].was_answered).await.unwrap();
    site.close().await;

    let site = Site::open(setup()).await;

    let held: Vec<(u64, bool)> = site.hr.records().iter().map(|record| (record.person, record.was_answered)).collect();
    assert_eq!(held, [(1, true), (2, false)]);
    site.push(3).await.unwrap();
    assert_eq!(journal::read(&journal).unwrap().len(), 3);
    site.close().await;
}

#[tokio::test]
async fn plans_are_given_to_the_running_program() {
    let site = Site::open(Setup::default()).await;
    let plans = format!("{}/_hr/plans", site.hr.base());
    let give = |text: &'static str| site.client.post(&plans).body(text).send();

    assert_eq!(give("503*1\n404*1\n").await.unwrap().status(), 204);
    assert_eq!(give("nonsense").await.unwrap().status(), 400);

    assert_eq!((site.push(1).await.unwrap().0, site.push(1).await.unwrap().0), (503, 404));
    assert_eq!(site.push(1).await.unwrap().0, 200);
    let rows = site.client.get(format!("{}/_hr/rows", site.hr.base())).send().await.unwrap();
    assert_eq!(rows.json::<Value>().await.unwrap()["rows"][0]["person"], 1);
    site.close().await;
}

#[tokio::test]
async fn only_a_valid_certificate_is_trusted() {
    for (tls, is_trusted) in [(Tls::Valid, true), (Tls::WrongName, false), (Tls::Expired, false), (Tls::Plain, false)] {
        let mut site = Site::open(Setup { tls: Some(tls), ..Setup::default() }).await;
        let mut builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
        if let Some(shown) = site.hr.certificate() {
            builder = builder.tls_certs_only([reqwest::Certificate::from_der(shown).unwrap()]);
        }
        site.client = builder.build().unwrap();

        assert_eq!(site.push(1).await.is_ok(), is_trusted, "{tls:?}");
        site.close().await;
    }
}
