//! Whoever reaches the admin HTTP without good intentions: large, slow, lying, replaying, guessing. The hub says no in words
//! and goes on answering everybody else.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use futures_util::future::join_all;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use vigie_tests::processes::HubProcess;

const PASSWORD: &str = "correct horse battery";
const FORM: &str = "application/x-www-form-urlencoded";
/// Clients that never finish what they began.
const DAWDLERS: usize = 100;
/// Attempts to guess a password.
const GUESSES: usize = 1_000;
/// Attempts at once.
const AT_ONCE: usize = 50;

struct Scene {
    hub: HubProcess,
    http: Client,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        let wanted = json!({ "role": "operator", "password": PASSWORD });
        hub.change(Method::PUT, "/api/v1/users/lea", &wanted).await.unwrap();
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { hub, http, _folder: folder }
    }

    async fn log_in(&self, password: &str) -> reqwest::Response {
        let form = format!("account=lea&password={}", password.replace(' ', "+"));
        let request = self.http.post(self.hub.url("/login")).header("origin", self.hub.url(""));
        request.header("content-type", FORM).body(form).send().await.unwrap()
    }

    async fn is_well(&self) -> bool {
        self.http.get(self.hub.url("/readyz")).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    fn dial(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.hub.admin_port)).unwrap()
    }
}

#[tokio::test]
async fn a_form_of_ten_megabytes_is_refused_in_words() {
    let scene = Scene::new().await;
    for path in ["/login", "/api/v1/sites", "/api/v1/people/E1"] {
        let method = if path.ends_with("E1") { Method::PUT } else { Method::POST };
        let kind = if path == "/login" { FORM } else { "application/json" };
        let request = scene.http.request(method, scene.hub.url(path)).header("origin", scene.hub.url(""));
        let request = request.header("content-type", kind).body(vec![b'a'; 10 << 20]);
        // A server that does not want the rest may close before all was sent.
        if let Ok(answer) = request.send().await {
            assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        }
        assert!(scene.is_well().await, "{path}");
    }
}

#[tokio::test]
async fn who_never_finishes_a_request_holds_up_nobody() {
    let scene = Scene::new().await;
    let beginnings = [
        "GET / HT",
        "POST /login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\na",
        "POST /api/v1/sites HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ];
    let mut dawdlers = Vec::new();
    for beginning in beginnings.iter().cycle().take(DAWDLERS) {
        let mut dawdler = scene.dial();
        dawdler.write_all(beginning.as_bytes()).unwrap();
        dawdlers.push(dawdler);
    }

    assert!(scene.is_well().await);
    assert_eq!(scene.log_in(PASSWORD).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(dawdlers.len(), DAWDLERS);
}

#[tokio::test]
async fn an_upload_that_lies_about_itself_is_not_kept() {
    let scene = Scene::new().await;
    let header = std::fs::read_to_string(scene.hub.folder.join("data/curl-header")).unwrap();
    let bearer = header.trim().strip_prefix("Authorization: ").unwrap().to_owned();
    let other = "00".repeat(32);
    let request = scene.http.post(scene.hub.url(&format!("/api/v1/media?name=a.mp4&sha256={other}")));
    let lied = request.header("authorization", &bearer).body("not that").send().await.unwrap();
    assert_eq!(lied.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let mut short = scene.dial();
    let head = format!(
        "POST /api/v1/media?name=b.mp4 HTTP/1.1\r\nHost: hub\r\nAuthorization: {bearer}\r\nContent-Length: 1000000\r\n\r\nonly this"
    );
    short.write_all(head.as_bytes()).unwrap();
    short.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    short.read_to_string(&mut said).unwrap_or_default();

    assert!(!said.starts_with("HTTP/1.1 2"), "{said}");
    assert_eq!(scene.hub.get("/api/v1/media").await.unwrap()["items"], json!([]));
}

#[tokio::test]
async fn an_ended_session_cannot_be_replayed() {
    let scene = Scene::new().await;
    let entered = scene.log_in(PASSWORD).await;
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let me = async || {
        let request = scene.http.get(scene.hub.url("/api/v1/me")).header("cookie", &cookie);
        request.send().await.unwrap().status()
    };
    assert_eq!(me().await, StatusCode::OK);
    let page = scene.http.get(scene.hub.url("/")).header("cookie", &cookie).send().await.unwrap().text().await.unwrap();
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let out = scene.http.post(scene.hub.url("/logout")).header("origin", scene.hub.url("")).header("cookie", &cookie);
    let out = out.header("content-type", FORM).body(format!("csrf={csrf}")).send().await.unwrap();
    assert!(out.status().is_redirection(), "{}", out.status());

    assert_eq!(me().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_thousand_guesses_open_no_door_and_break_none() {
    let scene = Scene::new().await;
    let mut refused = 0;
    for _ in 0..GUESSES / AT_ONCE {
        let answers = join_all((0..AT_ONCE).map(|number| scene.log_in(if number % 2 == 0 { "a" } else { "b" }))).await;
        for answer in answers {
            assert!(
                answer.headers().get("set-cookie").is_none_or(|cookie| !cookie.to_str().unwrap().contains("session"))
            );
            refused += usize::from(!answer.status().is_success() && !answer.status().is_redirection());
        }
    }
    assert_eq!(refused, GUESSES);
    assert!(scene.is_well().await);
}
