//! Whatever the command line or a page can do, the API does: each verb and each form is held against its operations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use serde_json::Value;

use super::*;
use crate::http::page::operation_of;

/// Verbs that ask no running hub, because they start one, open files or print what they know by themselves, or whose examples
/// end before they ask: they want a file of a kind that is not made up here, or a name typed twice.
const WITHOUT_HUB: [&str; 18] = [
    "completions",
    "connector check",
    "connector try",
    "demo",
    "import smartelia",
    "import tm20",
    "init",
    "openapi",
    "person erase",
    "release add",
    "release keygen",
    "release list-keys",
    "release sign",
    "restore",
    "run",
    "up",
    "user setup",
    "version",
];

/// Operations that neither an example of a verb nor a form uses, with the reason.
const ONLY_FOR_PROGRAMS: [(&[&str], &str); 6] = [
    (
        &["health_alive", "health_ready", "metrics_show", "openapi_show", "spaceapi_show", "version_show"],
        "other programs watch the hub by them",
    ),
    (
        &["commands_events", "events_stream", "presence_requests_follow"],
        "programs follow them; pages have streams of their own",
    ),
    (
        &[
            "factor_begin",
            "factor_confirm",
            "factor_prove",
            "factor_remove",
            "factor_show",
            "password_change",
            "password_reset_ask",
            "password_reset_confirm",
            "session_login",
            "session_logout",
            "session_whoami",
            "sessions_list",
            "sessions_remove",
            "setup_owner",
        ],
        "the pages of the way in have forms of their own for them",
    ),
    (
        &[
            "legacy_attendance_status",
            "legacy_attendance_sync",
            "legacy_configs_create",
            "legacy_configs_list",
            "legacy_schedules_create",
            "legacy_schedules_list",
            "legacy_schedules_push",
            "legacy_terminals_list",
            "legacy_users_bring",
            "legacy_users_take",
        ],
        "scripts of the old server ask them",
    ),
    (
        &[
            "audit_csv",
            "audit_list",
            "blobs_show",
            "connectors_people",
            "connectors_show",
            "enrolments_list",
            "first_steps_show",
            "jobs_show",
            "machines_csv",
            "mails_stats",
            "media_show",
            "media_sites",
            "presence_requests_show",
            "punches_show",
            "rollouts_sites",
            "sites_local",
        ],
        "a page or a verb shows the same among other things",
    ),
    (
        &[
            "imports_create",
            "imports_tm20",
            "mails_put_secret",
            "media_delete",
            "person_activity_put",
            "person_erase",
            "presence_imports_create",
            "presence_imports_show",
            "releases_create",
            "releases_send",
            "sites_remove",
            "users_change",
            "users_factor_remove",
            "users_remove",
        ],
        "its verb wants a file or a name that is not here, or another verb does the same",
    ),
];

/// Method and path of every request that a verb sent.
type Calls = Arc<Mutex<Vec<(String, String)>>>;

/// A desk whose hub writes down what it is asked.
async fn recording() -> (Desk, Calls) {
    let desk = Desk { stage: Stage::whole().await, folder: tempfile::tempdir().unwrap(), lifecycle: Lifecycle::new() };
    let calls = Calls::default();
    let kept = Arc::clone(&calls);
    let note = move |request: Request, next: Next| {
        let call = (request.method().to_string(), request.uri().path().to_owned());
        kept.lock().unwrap().push(call);
        next.run(request)
    };
    let router = router(desk.stage.admin.clone()).layer(from_fn(note));
    let socket = bind_socket(&socket_path(desk.folder.path())).unwrap();
    desk.lifecycle.spawn("socket", serve_socket(socket, router, desk.lifecycle.clone()));
    (desk, calls)
}

/// Operation, method and path of everything in the document.
fn operations() -> Vec<(String, String, String)> {
    let document: Value = serde_json::from_str(&document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| -> Vec<_> {
        let verbs = item.as_object().unwrap().iter();
        verbs
            .map(|(verb, says)| (says["operationId"].as_str().unwrap().to_owned(), verb.to_uppercase(), path.clone()))
            .collect()
    };
    paths.iter().flat_map(of_path).collect()
}

/// The operation that a request is for; one without a name in its path goes before.
fn asked<'a>(operations: &'a [(String, String, String)], (method, path): &(String, String)) -> Option<&'a str> {
    let fits = |pattern: &str| {
        let (wanted, given): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len()
            && wanted.iter().zip(&given).all(|(want, have)| want.starts_with('{') || want == have)
    };
    let mut found: Vec<_> = operations.iter().filter(|(_, verb, pattern)| verb == method && fits(pattern)).collect();
    found.sort_by_key(|(_, _, pattern)| pattern.matches('{').count());
    found.first().map(|(name, _, _)| name.as_str())
}

/// The examples in the help of each verb that has none below it.
fn examples() -> BTreeMap<String, Vec<String>> {
    fn visit(verb: &mut clap::Command, path: &str, found: &mut BTreeMap<String, Vec<String>>) {
        let subs: Vec<String> =
            verb.get_subcommands().map(|one| one.get_name().to_owned()).filter(|name| name != "help").collect();
        if subs.is_empty() {
            let help = verb.render_long_help().to_string();
            let beginning = format!("vigie-hub {path}");
            let lines = help.lines().map(str::trim).filter(|line| line.starts_with(&beginning));
            let lines: Vec<String> = lines.map(|line| line.trim_start_matches("vigie-hub ").to_owned()).collect();
            found.insert(path.to_owned(), lines);
        }
        for sub in verb.get_subcommands_mut().filter(|one| subs.contains(&one.get_name().to_owned())) {
            let name = sub.get_name().to_owned();
            visit(sub, format!("{path} {name}").trim_start(), found);
        }
    }
    let mut command = Cli::command().term_width(0);
    command.build();
    let mut found = BTreeMap::new();
    visit(&mut command, "", &mut found);
    found
}

/// The words of an example, without the pipes and remarks behind it; files that it names lie in the folder.
fn words(line: &str, folder: &Path) -> Vec<String> {
    let end = [" | ", " > ", " >", "  ", " && ", " #"].iter().filter_map(|end| line.find(end)).min();
    let line = line.get(..end.unwrap_or(line.len())).unwrap_or(line);
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in line.chars().chain([' ']) {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            (' ', None) if word.is_empty() => {}
            (' ', None) => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.into_iter().map(|word| real(word, folder)).collect()
}

/// A file of an example becomes one that is there.
fn real(word: String, folder: &Path) -> String {
    let is_file =
        [".csv", ".html", ".json", ".mp4", ".toml", ".gz", ".vigie", ".export", ".txt", ".log", ".backup", ".pem"];
    let is_named = is_file.iter().any(|end| word.ends_with(end));
    if !is_named && !word.starts_with("/mnt") && !word.starts_with("/srv") {
        return word;
    }
    let path = folder.join(word.rsplit('/').find(|part| !part.is_empty()).unwrap_or("x"));
    if is_named {
        std::fs::write(&path, "name = \"x\"\n").unwrap();
    } else {
        std::fs::create_dir_all(&path).unwrap();
    }
    path.to_str().unwrap().to_owned()
}

async fn type_words(words: &[String], data: &str) {
    let line = std::iter::once("vigie-hub").chain(words.iter().map(String::as_str)).chain(["--data", data]);
    let Ok(cli) = Cli::try_parse_from(line) else { return };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let zone = jiff::tz::TimeZone::UTC;
    let mut output = Output { out: &mut out, err: &mut err, is_json: false, now_ms: NOW, zone, width: None };
    // A verb that follows something waits for its end; what it asks first is asked at once.
    drop(tokio::time::timeout(std::time::Duration::from_secs(5), dispatch(cli, &Nothing, &mut output)).await);
}

/// What each verb asks a hub for.
async fn asked_by_verbs() -> BTreeMap<String, BTreeSet<String>> {
    let operations = operations();
    let files = tempfile::tempdir().unwrap();
    let mut found = BTreeMap::new();
    let (desk, calls) = recording().await;
    let data = desk.folder.path().to_str().unwrap().to_owned();
    for (verb, lines) in examples() {
        let mut used = BTreeSet::new();
        for line in lines {
            let words = words(&line, files.path());
            // Without a name, its file would lie in the working folder.
            if words == ["machine", "snapshot"] {
                continue;
            }
            type_words(&words, &data).await;
            for call in calls.lock().unwrap().drain(..) {
                let name = asked(&operations, &call);
                let name = name.unwrap_or_else(|| panic!("`vigie-hub {line}` asks {call:?}, which is no operation"));
                used.insert(name.to_owned());
            }
        }
        found.insert(verb, used);
    }
    found
}

#[tokio::test]
async fn every_verb_that_asks_a_hub_uses_the_api_and_what_nobody_uses_is_known() {
    let verbs = asked_by_verbs().await;
    let silent = verbs.iter().filter(|(_, used)| used.is_empty()).map(|(verb, _)| verb.as_str());
    let unknown: Vec<&str> = silent.filter(|verb| !WITHOUT_HUB.contains(verb)).collect();
    assert!(unknown.is_empty(), "these verbs asked nothing: {unknown:?}");

    let by_verbs: BTreeSet<String> = verbs.into_values().flatten().collect();
    let by_forms = asked_by_forms();
    let known: BTreeSet<&str> = ONLY_FOR_PROGRAMS.iter().flat_map(|(names, _)| names.iter().copied()).collect();
    let all: BTreeSet<String> = operations().into_iter().map(|(name, _, _)| name).collect();
    let unused: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|name| !by_verbs.contains(*name) && !by_forms.contains(*name) && !known.contains(name))
        .collect();
    assert!(unused.is_empty(), "neither a verb nor a form uses {unused:?}");
    let gone: Vec<&&str> = known.iter().filter(|name| !all.contains(**name)).collect();
    assert!(gone.is_empty(), "there are no operations {gone:?}");
}

/// The operations that pages' forms and their confirmations name.
fn asked_by_forms() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["templates", "src/http/page"] {
        let mut folders = vec![root.join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.ends_with("tests.rs") {
                    // Tests ask for what there is not.
                } else if let Ok(text) = std::fs::read_to_string(&path) {
                    found.extend(forms(&text).into_iter().map(|name| operation_of(&name).map_or(name, str::to_owned)));
                }
            }
        }
    }
    found
}

/// The operations that a text names as the aim of a form or as an act.
fn forms(text: &str) -> Vec<String> {
    let named = ["/act/", "/confirm/", "Act::new("].iter().flat_map(|mark| text.split(mark).skip(1));
    let names = named.map(|rest| {
        let rest = rest.trim_start().trim_start_matches('"');
        rest.chars().take_while(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || *one == '_').collect()
    });
    names.filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn every_form_names_an_operation() {
    let known: BTreeSet<String> = operations().into_iter().map(|(name, _, _)| name).collect();
    let unknown: Vec<String> = asked_by_forms().into_iter().filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn an_aim_that_is_written_into_a_page_is_found() {
    assert_eq!(forms("<form action=\"/act/sites_revoke\">"), ["sites_revoke"]);
    assert_eq!(forms("Act::new(\"sites_create\", x), \"/confirm/sites_remove?\""), ["sites_remove", "sites_create"]);
    let operations = operations();
    let call = |method: &str, path: &str| asked(&operations, &(method.to_owned(), path.to_owned()));
    assert_eq!(call("GET", "/api/v1/alerts/rules"), Some("alerts_rules"));
    assert_eq!(call("GET", "/api/v1/alerts/7"), Some("alerts_show"));
    assert_eq!(call("PATCH", "/api/v1/alerts/7"), None);
}
