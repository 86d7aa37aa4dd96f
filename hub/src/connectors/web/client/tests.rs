//! The HTTP adapter against servers on loopback.

use std::sync::Mutex;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// A server that gives each connection the next of these bytes, and keeps what it was sent.
async fn server(answers: Vec<Vec<u8>>) -> (String, Arc<Mutex<Vec<String>>>, impl Future<Output = ()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&kept);
    let serve = async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 64 * 1024];
            let length = stream.read(&mut request).await.unwrap();
            noted.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
            // Whoever is cut off has heard enough.
            drop(stream.write_all(&answer).await);
            drop(stream.shutdown().await);
        }
    };
    (base, kept, serve)
}

fn http(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn client() -> Client {
    Client::new(Allowed::read(&["127.0.0.1".to_owned()]).unwrap()).unwrap()
}

fn ask(base: &str) -> Ask {
    let call = Call {
        method: Verb::Post,
        path: "/rows and more".to_owned(),
        query: vec![("a b".to_owned(), "[\"c&d\"]".to_owned())],
        headers: vec![("Idempotency-Key".to_owned(), "k".to_owned())],
        body: Some(json!({ "id": 7 })),
        is_form: false,
    };
    let credentials = vec![("Authorization".to_owned(), "Bearer s3cret".to_owned())];
    Ask { base: base.to_owned(), call, credentials, timeout: Duration::from_secs(10), follows: false }
}

async fn answered(bytes: Vec<u8>) -> Result<Answer, Broken> {
    let (base, _, serve) = server(vec![bytes]).await;
    let client = client();
    tokio::join!(client.ask(ask(&base)), serve).0
}

#[tokio::test]
async fn a_request_carries_query_headers_credentials_and_body() {
    let (base, heard, serve) = server(vec![http("200 OK", b"{\"ok\":true}")]).await;
    let client = client();

    let answer = tokio::join!(client.ask(ask(&base)), serve).0.unwrap();

    assert_eq!((answer.status, answer.json), (200, Some(json!({ "ok": true }))));
    let heard = heard.lock().unwrap()[0].to_lowercase();
    assert!(heard.starts_with("post /rows%20and%20more?a+b=%5b%22c%26d%22%5d http/1.1"), "{heard}");
    assert!(heard.contains("authorization: bearer s3cret") && heard.contains("idempotency-key: k"));
    assert!(
        heard.contains("accept: application/json") && !heard.contains("\r\nexpect:") && heard.ends_with("{\"id\":7}")
    );
}

#[tokio::test]
async fn marks_packing_and_doubled_keys_are_read() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut packed, b"{\"id\":1,\"id\":\"2\"}").unwrap();
    let packed = packed.finish().unwrap();
    let json_of = |answer: Answer| answer.json.unwrap_or(Value::Null);
    assert_eq!(json_of(answered(http("200 OK", "\u{feff}{\"a\":1}".as_bytes())).await.unwrap()), json!({ "a": 1 }));
    assert_eq!(
        json_of(answered(http("200 OK\r\nContent-Encoding: gzip", &packed)).await.unwrap()),
        json!({ "id": "2" })
    );
}

#[tokio::test]
async fn a_success_that_breaks_off_is_lost_and_a_refusal_is_not() {
    let cut = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\n{{\"a\":").into_bytes();
    assert!(matches!(answered(cut("200 OK")).await, Err(Broken::Lost(_))));
    assert_eq!(answered(cut("500 No")).await.unwrap().status, 500);
    assert!(matches!(answered(Vec::new()).await, Err(Broken::Lost(_))));
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n".to_vec();
    assert!(matches!(answered(chunked).await, Err(Broken::Lost(_))));
}

#[tokio::test]
async fn a_huge_page_is_read_to_its_bound() {
    let answer = answered(http("200 OK", &vec![b' '; BODY_BYTES_MAX + 10])).await.unwrap();
    assert!(answer.is_too_long && answer.json.is_none() && answer.text.len() <= BODY_BYTES_MAX);
}

#[tokio::test]
async fn credentials_never_follow_a_redirect() {
    let (other, heard_there, serve_there) = server(vec![http("200 OK", b"{}")]).await;
    let redirect = || http(&format!("302 Found\r\nLocation: {other}/login"), b"");
    let (base, _, serve) = server(vec![redirect(), redirect()]).await;
    let client = client();

    let both = async {
        let stayed = client.ask(ask(&base)).await.unwrap();
        let followed = client.ask(Ask { follows: true, ..ask(&base) }).await.unwrap();
        (stayed.status, followed.status)
    };
    let (statuses, (), ()) = tokio::join!(both, serve, serve_there);

    assert_eq!(statuses, (302, 200));
    let heard = heard_there.lock().unwrap()[0].to_lowercase();
    assert!(
        heard.starts_with("get /login") && !heard.contains("s3cret") && !heard.contains("idempotency-key"),
        "{heard}"
    );
}

#[tokio::test]
async fn this_machine_is_not_called_unless_it_is_listed() {
    let client = Client::new(Allowed::default()).unwrap();
    for base in ["https://127.0.0.1:1", "https://localhost:1", "https://[::1]:1", "http://127.0.0.1:1", "ftp://x"] {
        let refused = client.ask(ask(base)).await;
        assert!(matches!(&refused, Err(Broken::Refused(_))), "{base}: {refused:?}");
    }
}

#[tokio::test]
async fn who_does_not_listen_was_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(client().ask(ask(&base)).await, Err(Broken::Unsent(_))));
}
