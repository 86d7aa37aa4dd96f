//! What answers mean: the built-in judgement, rules, and what is wrapped in bodies.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, text: body.to_owned(), json: serde_json::from_str(body).ok(), ..Answer::default() }
}

fn rules(text: &str) -> Vec<Rule> {
    #[derive(Deserialize)]
    struct File {
        outcome: Vec<RawRule>,
    }
    let file: File = toml::from_str(text).unwrap();
    let mut wrongs = Vec::new();
    let rules = file.outcome.iter().map(|raw| Rule::read(raw, &[], &mut wrongs)).collect();
    assert_eq!(wrongs, []);
    rules
}

#[test]
fn what_no_rule_names_is_judged_by_its_status_and_form() {
    for (status, body, expected) in [
        (200, "{}", Verdict::Ok),
        (201, "", Verdict::Ok),
        (204, " \n", Verdict::Ok),
        (200, "<html>login</html>", Verdict::Stop),
        (200, "OK", Verdict::Stop),
        (302, "", Verdict::Stop),
        (304, "", Verdict::Reject),
        (400, "{}", Verdict::Reject),
        (401, "", Verdict::Reauth),
        (403, "", Verdict::Reject),
        (404, "", Verdict::Reject),
        (408, "", Verdict::Retry),
        (410, "", Verdict::Stop),
        (422, "", Verdict::Reject),
        (429, "slow down", Verdict::Throttle),
        (500, "", Verdict::Retry),
        (503, "", Verdict::Retry),
        (504, "", Verdict::Retry),
    ] {
        assert_eq!(usual(&answer(status, body), false), expected, "{status} {body}");
    }
    let long = Answer { is_too_long: true, ..answer(200, "{}") };
    assert_eq!(usual(&long, false), Verdict::Stop);
}

#[test]
fn the_first_rule_that_fits_decides() {
    let rules = rules(
        r#"
        outcome = [
          { on = ["in"], status = [422], then = "conflict" },
          { status = ["4xx"], like = '(?i)employee( |-|%20)checkin/', then = "duplicate" },
          { has = "/error", eq = { "/error/code" = 100 }, then = "reauth" },
          { has = "/error", then = "reject" },
          { type = "text/html", then = "retry" },
        ]"#,
    );
    let of = |on, answer: &Answer| judge(&rules, on, answer, false);

    assert_eq!(of(On::In, &answer(422, "{}")), Verdict::Conflict);
    assert_eq!(of(On::Out, &answer(422, "{}")), Verdict::Reject);
    assert_eq!(of(On::Send, &answer(200, r#"{"error":{"code":100}}"#)), Verdict::Reauth);
    assert_eq!(of(On::Send, &answer(200, r#"{"error":{"code":"100"}}"#)), Verdict::Reauth);
    assert_eq!(of(On::Send, &answer(200, r#"{"error":"no"}"#)), Verdict::Reject);
    assert_eq!(of(On::Send, &answer(200, r#"{"error":null}"#)), Verdict::Ok);
    assert_eq!(
        of(On::People, &answer(200, r#"{"error":"no"}"#)),
        Verdict::Ok,
        "rules are about rows unless they say `on`"
    );
    let page = Answer { content_type: "Text/HTML; charset=utf-8".to_owned(), ..answer(200, "<p>") };
    assert_eq!(of(On::Send, &page), Verdict::Retry);
}

#[test]
fn a_link_in_a_doubly_encoded_french_message_is_found() {
    let message = json!({ "message": "Cet employ\u{e9} a d\u{e9}j\u{e0} un journal : <a href=\"/app/employee-checkin/EMP-CKIN-1\">EMP-CKIN-1</a>" });
    let inner = serde_json::to_string(&json!([message.to_string()])).unwrap();
    let body = json!({ "_server_messages": inner }).to_string();
    let rules = rules(r#"outcome = [{ status = [417], like = '(?i)employee( |-|%20)checkin/', then = "duplicate" }]"#);

    assert_eq!(judge(&rules, On::Send, &answer(417, &body), false), Verdict::Duplicate);
    let escaped =
        r#"{"_server_messages":"[\"{\\\"message\\\":\\\"&lt;a href=&quot;/app/employee-checkin/X&quot;&gt;\\\"}\"]"}"#;
    assert_eq!(judge(&rules, On::Send, &answer(417, escaped), false), Verdict::Duplicate);
}

#[test]
fn a_rule_that_can_never_work_is_refused() {
    let raw: RawRule = toml::from_str("status = ['9xx']\nhas = 'x'\nlike = '('\nthen = 'ok'").unwrap();
    let mut wrongs = Vec::new();
    let _rule = Rule::read(&raw, &["outcome".to_owned()], &mut wrongs);
    assert_eq!(wrongs.len(), 3, "{wrongs:?}");
    assert!(toml::from_str::<RawRule>("then = 'ok'\nstatsu = [1]").unwrap_err().to_string().contains("statsu"));
}

#[test]
fn a_huge_page_is_kept_as_a_few_words() {
    let said = answer(500, &"é<br>".repeat(3_000_000)).said();
    assert!(said.len() <= SAID_BYTES_MAX && said.starts_with("answered 500: é"));
}

proptest! {
    #[test]
    fn no_body_panics_and_none_can_write_on_a_terminal(status in 100u16..700, body in "\\PC{0,200}|[\\x00-\\x7f]{0,60}") {
        let answer = answer(status, &body);
        let _verdict = usual(&answer, false);
        prop_assert!(!answer.said().replace('\n', "").chars().any(char::is_control));
    }

    #[test]
    fn only_a_readable_answer_of_success_is_success(status in 100u16..700, body in "[{}a-z\"]{0,8}") {
        let answer = answer(status, &body);
        if usual(&answer, false) == Verdict::Ok {
            prop_assert!((200..300).contains(&status) && (answer.json.is_some() || body.trim().is_empty()));
        }
    }
}
