//! What programs are told, and what their answers mean.

use std::sync::Mutex;

use super::*;
use crate::connectors::outcome::Answer;
use crate::mail::desk::tests::{NOW, clock};
use crate::mail::letter::{Content, Kind, LetterName, NewLetter, Way};
use crate::mail::letters::samples;
use crate::store::{Memory, Outbox as _};

#[test]
fn the_signature_is_hmac_sha256_over_timestamp_and_body() {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
    let signed = signature(b"key", 1_700_000_000, br#"{"a":1}"#);
    assert_eq!(signed, "v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
    assert_ne!(signature(b"key", 1_700_000_001, br#"{"a":1}"#), signed);
    assert_ne!(signature(b"kez", 1_700_000_000, br#"{"a":1}"#), signed);
}

#[test]
fn news_are_told_whole() {
    insta::assert_json_snapshot!(payload(&samples::news(Phase::Closed, NOW)));
}

#[test]
fn targets_have_names_of_their_own_and_addresses() {
    let check = |text: &str| toml::from_str::<WebhooksConfig>(text).unwrap().check();
    assert_eq!(check("targets = [{ name = \"chat\", url = \"https://example.org/h\" }]"), Ok(()));
    for (wrong, said) in [
        ("targets = [{ name = \"a b\", url = \"https://example.org\" }]", "`a b`"),
        ("targets = [{ name = \"a\", url = \"https://x\" }, { name = \"a\", url = \"https://x\" }]", "twice"),
        ("targets = [{ name = \"a\", url = \"ftp://x\" }]", "https://"),
        ("targets = [{ name = \"a\", url = \"https://x\\n\" }]", "https://"),
    ] {
        assert!(check(wrong).unwrap_err().contains(said), "{wrong}");
    }
}

/// Answers as told, and remembers what it was asked.
#[derive(Default)]
struct Program {
    answers: Mutex<Vec<Result<u16, Broken>>>,
    asked: Mutex<Vec<Ask>>,
}

#[async_trait]
impl Web for Program {
    async fn ask(&self, ask: Ask) -> Result<Answer, Broken> {
        self.asked.lock().unwrap().push(ask);
        let status = self.answers.lock().unwrap().pop().unwrap_or(Ok(204))?;
        let (content_type, text) = (String::new(), String::new());
        Ok(Answer { status, content_type, retry_after: None, text, json: None, is_too_long: false })
    }
}

async fn hooks(program: &Arc<Program>) -> Webhooks {
    let store = Arc::new(Memory::default());
    store.put_letter_secret("webhook.chat", Some("s3cret\n")).await.unwrap();
    let target = Target {
        name: "chat".to_owned(),
        url: "https://example.org/hook?room=1".to_owned(),
        secret_file: None,
        sites: Vec::new(),
        severity_min: Severity::Warning,
    };
    let config = WebhooksConfig { targets: vec![target], ..WebhooksConfig::default() };
    Webhooks { config, store, web: program.clone(), clock: clock() }
}

fn letter(number: u32, target: &str) -> Letter {
    let news = samples::news(Phase::Opened, NOW);
    let name = LetterName {
        way: Way::Webhook,
        kind: Kind::Incident,
        about: "i".to_owned(),
        number,
        reader: target.to_owned(),
    };
    let content = Content { subject: subject(&news), text: payload(&news).to_string(), html: String::new() };
    NewLetter { name, content, thread: None, created_ms: 0, expires_ms: 9 }.into_letter(number.into())
}

#[tokio::test]
async fn a_call_is_signed_and_its_repetition_has_the_same_key() {
    let program = Arc::new(Program::default());
    let hooks = hooks(&program).await;
    let mut round = hooks.set_out().await.unwrap();
    assert_eq!(round.post(&letter(1, "chat")).await, Posted::Taken);
    assert_eq!(round.post(&letter(1, "chat")).await, Posted::Taken);

    let asked = program.asked.lock().unwrap();
    let header = |ask: &Ask, name: &str| {
        ask.call.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap()
    };
    let body = serde_json::to_vec(asked[0].call.body.as_ref().unwrap()).unwrap();
    assert_eq!(header(&asked[0], "Vigie-Signature"), signature(b"s3cret", NOW / 1000, &body));
    assert_eq!(header(&asked[0], "Vigie-Timestamp"), (NOW / 1000).to_string());
    assert_eq!(header(&asked[0], "Idempotency-Key"), header(&asked[1], "Idempotency-Key"));
    assert_eq!(asked[0].base, "https://example.org/hook?room=1");
}

#[tokio::test]
async fn an_answer_says_whether_the_call_goes_again() {
    for (answer, expected) in [
        (Ok(200), "taken"),
        (Ok(400), "refused"),
        (Ok(404), "refused"),
        (Ok(401), "not yet"),
        (Ok(408), "not yet"),
        (Ok(429), "not yet"),
        (Ok(302), "not yet"),
        (Ok(503), "not yet"),
        (Err(Broken::Refused("private".to_owned())), "refused"),
        (Err(Broken::Unsent("no connection".to_owned())), "not yet"),
        (Err(Broken::Lost("no answer".to_owned())), "unclear"),
    ] {
        let program = Arc::new(Program::default());
        program.answers.lock().unwrap().push(answer.clone());
        let posted = hooks(&program).await.set_out().await.unwrap().post(&letter(1, "chat")).await;
        let word = match posted {
            Posted::Taken => "taken",
            Posted::Refused(_) => "refused",
            Posted::NotYet(_) => "not yet",
            Posted::Unclear(_) => "unclear",
        };
        assert_eq!(word, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn a_silent_program_is_asked_once_a_round_and_one_without_secret_not_at_all() {
    let program = Arc::new(Program::default());
    program.answers.lock().unwrap().push(Err(Broken::Lost("no answer".to_owned())));
    let mut hooks = hooks(&program).await;
    let mut round = hooks.set_out().await.unwrap();
    assert!(matches!(round.post(&letter(1, "chat")).await, Posted::Unclear(_)));
    assert!(matches!(round.post(&letter(2, "chat")).await, Posted::NotYet(_)));
    assert_eq!(program.asked.lock().unwrap().len(), 1);

    hooks.config.targets[0].name = "pager".to_owned();
    let posted = hooks.set_out().await.unwrap().post(&letter(1, "pager")).await;
    assert!(matches!(posted, Posted::NotYet(why) if why.contains("mail secret webhook.pager")));
    let posted = hooks.set_out().await.unwrap().post(&letter(1, "gone")).await;
    assert!(matches!(posted, Posted::NotYet(why) if why.contains("`gone`")));
}
