//! The page in both languages, its escaping, its judgement, and its socket under bad callers.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use vigie_shared::id::QueueId;
use vigie_shared::wire::{Lane, LaneDepth};

use super::facts::{Connection, Found, TerminalFact, Trouble, Work};
use super::html::{escaped, page};
use super::request::{Asked, Refused, Wanted, judge};
use super::words::Lang;
use super::*;
use crate::status::{Link, Status};

fn depth(lane: Lane, waiting: u64) -> LaneDepth {
    LaneDepth { lane, queue: QueueId([1; 16]), waiting, bytes: 1, dropped: 0, oldest_s: 5_400 }
}

fn status(link: Link) -> Status {
    Status {
        version: "0.1.0".to_owned(),
        site: Some("rennes01".parse().unwrap()),
        hub: Some("hub.example.org:8443".to_owned()),
        link,
        lanes: Lane::ALL.map(|lane| depth(lane, 0)).to_vec(),
        is_clock_synced: true,
        collectors: Vec::new(),
        terminals: None,
    }
}

/// A box as it should be.
fn well() -> Facts {
    let link = Link { connected_since_ms: Some(0), last_receipt_ms: Some(99_997_000), ..Link::default() };
    Facts::new(status(link), true, Found::default(), 100_000_000)
}

/// A box with everything that can be wrong.
fn ill() -> Facts {
    let link = Link { lost_ms: Some(0), last_error: Some("no <route>".to_owned()), ..Link::default() };
    let mut status = Status { is_clock_synced: false, ..status(link) };
    status.lanes = vec![depth(Lane::Ledger, 212), LaneDepth { dropped: 7, ..depth(Lane::Telemetry, 3_000) }];
    let work = vec![Work::Command { name: "update_software".to_owned() }, Work::Trial { version: "0.2.0".to_owned() }];
    let found = Found { too_little_room: Some(3 << 20), damaged: Vec::new(), work };
    Facts::new(status, true, found, 100_000_000)
}

#[test]
fn a_box_that_is_well_says_so_in_both_languages() {
    insta::assert_snapshot!("well_fr", page(&well(), Lang::Fr));
    insta::assert_snapshot!("well_en", page(&well(), Lang::En));
}

#[test]
fn a_box_in_trouble_says_what_is_safe_and_what_to_do() {
    insta::assert_snapshot!("ill_fr", page(&ill(), Lang::Fr));
    insta::assert_snapshot!("ill_en", page(&ill(), Lang::En));
}

#[test]
fn programs_get_the_same() {
    insta::assert_json_snapshot!(ill());
}

#[test]
fn a_lane_that_is_not_open_is_a_damaged_one() {
    assert!(ill().troubles.contains(&Trouble::LaneDamaged { lane: Lane::Observations }));
    assert!(well().troubles.is_empty());
}

#[test]
fn time_clocks_have_their_place_once_there_are_some() {
    assert!(!page(&well(), Lang::Fr).contains("Pointeuses"));
    let terminals = vec![TerminalFact { name: "Entrée".to_owned(), heard_s: Some(30) }];
    assert!(page(&Facts { terminals, ..well() }, Lang::Fr).contains("Entrée : entendue il y a 30"));
}

#[test]
fn who_has_no_hub_or_wants_none_is_told_apart_from_an_outage() {
    let unregistered = Status { site: None, hub: None, ..status(Link::default()) };
    let of = |status, is_wanted| Facts::new(status, is_wanted, Found::default(), 0).connection;
    assert_eq!(of(unregistered, true), Connection::Unregistered);
    assert_eq!(of(status(Link::default()), false), Connection::Off);
    assert_eq!(of(status(Link::default()), true), Connection::Lost { for_s: None, cause: None });
}

proptest! {
    #[test]
    fn nothing_that_was_not_written_here_becomes_a_tag(cause: String, name: String) {
        let mut facts = ill();
        facts.connection = Connection::Lost { for_s: None, cause: Some(cause.clone()) };
        facts.work = vec![Work::Command { name: name.clone() }];
        facts.site = Some(cause);
        let tags = |html: &str| html.matches(['<', '>', '"']).count();
        let plain = Facts {
            site: Some("x".to_owned()),
            connection: Connection::Lost { for_s: None, cause: Some("x".to_owned()) },
            work: vec![Work::Command { name: "x".to_owned() }],
            ..facts.clone()
        };
        for lang in Lang::ALL {
            prop_assert_eq!(tags(&page(&facts, lang)), tags(&page(&plain, lang)));
        }
        prop_assert!(!escaped(&name).contains(['<', '>', '"', '\'']));
    }

    #[test]
    fn any_request_is_judged(method: String, path: String, query: String, host: String, languages: String) {
        let asked = Asked {
            method: &method, path: &path, query: Some(&query), host: Some(&host), languages: Some(&languages),
        };
        let is_looking = matches!(&*method, "GET" | "HEAD");
        prop_assert!(is_looking || judge(asked, &OwnNames::new(None)).is_err());
    }
}

fn judged(host: &str, method: &str, path: &str) -> Result<Wanted, Refused> {
    let asked = Asked { method, path, query: None, host: Some(host), languages: None };
    judge(asked, &OwnNames::new(Some("Box7")))
}

#[test]
fn only_the_box_is_meant() {
    for own in ["localhost:8321", "127.0.0.1:8321", "[::1]:8321", "[::1]", "192.168.1.20", "box7:8321", "BOX7.local."] {
        assert_eq!(judged(own, "GET", "/status.json"), Ok(Wanted::Status), "{own}");
    }
    for foreign in ["evil.example", "evil.example:8321", "localhost.evil.example", "127.0.0.1.evil.example", "", "["] {
        assert_eq!(judged(foreign, "GET", "/"), Err(Refused::Host), "{foreign}");
    }
}

#[test]
fn only_looking_is_answered_and_only_where_something_is() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"] {
        assert_eq!(judged("localhost", method, "/"), Err(Refused::Method), "{method}");
    }
    for path in ["/index.html", "//", "/../etc/passwd", "/status", ""] {
        assert_eq!(judged("localhost", "GET", path), Err(Refused::Path), "{path}");
    }
    assert_eq!(judged("localhost", "HEAD", "/style.css"), Ok(Wanted::Style));
}

#[test]
fn the_language_is_the_one_that_was_chosen_else_the_one_that_is_liked_best() {
    for (query, languages, wanted) in [
        (None, None, Lang::En),
        (None, Some("fr-FR,fr;q=0.9,en;q=0.8"), Lang::Fr),
        (None, Some("de, en;q=0.3, fr;q=0.4"), Lang::Fr),
        (None, Some("fr;q=x,,;"), Lang::En),
        (Some("a=b&lang=en"), Some("fr"), Lang::En),
        (Some("lang=xx"), Some("fr"), Lang::Fr),
    ] {
        let asked = Asked { method: "GET", path: "/", query, host: Some("localhost"), languages };
        assert_eq!(judge(asked, &OwnNames::default()).err(), Some(Refused::Host), "no name is known");
        assert_eq!(judge(asked, &OwnNames::new(None)), Ok(Wanted::Page(wanted)), "{query:?} {languages:?}");
    }
}

/// A source that is always well.
struct Well;

impl Source for Well {
    fn facts(&self) -> Facts {
        well()
    }
}

async fn served() -> (SocketAddr, Lifecycle) {
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let page = LocalPage { source: Arc::new(Well), own: OwnNames::new(None) };
    let serving = serve::serve(listener, Arc::new(page), lifecycle.clone());
    lifecycle.spawn("local page", serving);
    (address, lifecycle)
}

async fn ask(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // Whoever is refused in the midst of his words may find the connection reset.
    stream.read_to_end(&mut answer).await.unwrap_or_default();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_browser_gets_the_page_and_nothing_that_runs() {
    let (address, _lifecycle) = served().await;
    let answer = ask(address, b"GET /?lang=fr HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("default-src 'none'") && answer.contains("la box peut être débranchée"), "{answer}");
    assert!(!answer.contains("<script") && !answer.contains("http:") && !answer.contains("https:"), "{answer}");

    let head = ask(address, b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    let post = ask(address, b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").await;
    assert!(post.starts_with("HTTP/1.1 405") && post.contains("allow: GET, HEAD"), "{post}");
    let rebound = ask(address, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    assert!(rebound.starts_with("HTTP/1.1 421"), "{rebound}");
    let status = ask(address, b"GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let body = status.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["connection"]["state"], "connected");
}

#[tokio::test]
async fn garbage_and_endless_heads_harm_nobody() {
    let (address, _lifecycle) = served().await;
    let endless = [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".to_vec(), vec![b'a'; 64 * 1024]].concat();
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"\r\n\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", &endless] {
        assert!(!ask(address, &[bytes, &b"\r\n\r\n"[..]].concat()).await.contains(" 200 "));
    }
    assert!(ask(address, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn callers_that_never_finish_make_room_for_those_that_do() {
    let (address, _lifecycle) = served().await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        slow.push(stream);
    }
    let answer =
        tokio::time::timeout(Duration::from_secs(60), ask(address, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert!(answer.await.unwrap().starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_port_that_is_taken_does_not_end_the_agent() {
    let lifecycle = Lifecycle::new();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Config { listen: taken.local_addr().unwrap(), ..Config::default() };
    start(&config, Arc::new(Well), &lifecycle);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(!lifecycle.stopping().is_cancelled());
    lifecycle.stop();
    assert_eq!(lifecycle.wait().await, std::process::ExitCode::SUCCESS);
}
