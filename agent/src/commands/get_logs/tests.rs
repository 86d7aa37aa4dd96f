//! Logs of real files, and a journal that is a script.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::config::AgentConfig;
use crate::testing::{Kept, command_context, underway};

struct Stage {
    folder: tempfile::TempDir,
    act: GetLogs,
}

/// A box with one log file on its list, and a journal that is a script.
fn stage(log: &[u8], journal: &str) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.log");
    std::fs::write(&file, log).unwrap();
    let reader = folder.path().join("journal");
    std::fs::write(&reader, format!("#!/bin/sh\n{journal}\n")).unwrap();
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o755)).unwrap();
    let fifo = folder.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let files = [("app", file), ("zero", PathBuf::from("/dev/zero")), ("fifo", fifo)];
    let files = files.into_iter().map(|(name, path)| (name.to_owned(), path)).collect();
    let context = command_context(AgentConfig::in_folder(folder.path().to_owned()), Arc::default());
    let act = GetLogs { journal_reader: reader, ..make(&Config { files, ..Config::default() }, &context) };
    Stage { folder, act }
}

async fn ask(stage: &Stage, parameters: Parameters) -> Result<Answer, Failure> {
    stage.act.run(&parameters, &underway(Arc::new(Kept::default()))).await
}

fn of_source(source: &str) -> Parameters {
    Parameters { source: Some(source.to_owned()), ..Parameters::default() }
}

fn text(answer: Result<Answer, Failure>) -> String {
    answer.unwrap().value.unwrap()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_end_of_a_listed_file_is_read_and_filtered() {
    let stage = stage(b"one\ntwo error\nthree\nfour error\nfive\n", "");
    assert_eq!(text(ask(&stage, Parameters { lines: Some(2), ..of_source("app") }).await), "four error\nfive\n");
    let errors = Parameters { contains: Some("ERROR".to_owned()), lines: Some(2), ..of_source("app") };
    assert_eq!(text(ask(&stage, errors).await), "two error\nfour error\n");
    assert_eq!(text(ask(&stage, Parameters { size_bytes_max: Some(6), ..of_source("app") }).await), "five\n");
}

#[tokio::test]
async fn a_file_of_many_blocks_loses_no_line() {
    let lines: Vec<String> = (0..60_000).map(|number| format!("line {number}")).collect();
    let stage = stage(lines.join("\n").as_bytes(), "");
    for number in [0, 19_000, 40_000, 59_999] {
        let only = Parameters { contains: Some(format!("line {number}")), lines: Some(100_000), ..of_source("app") };
        let found = text(ask(&stage, only).await);
        assert!(found.lines().any(|line| line == format!("line {number}")), "{number} is missing");
    }
}

#[tokio::test]
async fn what_is_not_listed_or_no_file_is_refused() {
    let stage = stage(b"", "");
    for (parameters, expected) in [
        (of_source("../app"), "listed: app"),
        (of_source("/etc/shadow"), "listed: app"),
        (of_source("zero"), "is not a file"),
        (of_source("fifo"), "is not a file"),
        (Parameters { service: Some("ssh".to_owned()), ..Parameters::default() }, "not a service"),
        (Parameters { service: Some("neopro-app".to_owned()), ..of_source("app") }, "not both"),
        (Parameters { since_ms: Some(1), ..of_source("app") }, "no times"),
    ] {
        let failure = ask(&stage, parameters).await.unwrap_err().to_string();
        assert!(failure.contains(expected), "{failure}");
    }
}

#[tokio::test]
async fn the_journal_is_asked_for_the_unit_and_the_range() {
    let stage = stage(b"", r#"echo "$@" > "$(dirname "$0")/asked"; printf 'new\nold\n'"#);
    let parameters = Parameters {
        service: Some("neopro-app".to_owned()),
        since_ms: Some(1_000),
        until_ms: Some(2_500),
        ..Parameters::default()
    };
    assert_eq!(text(ask(&stage, parameters).await), "old\nnew\n");
    let asked = std::fs::read_to_string(stage.folder.path().join("asked")).unwrap();
    for part in ["--unit=neopro-app.service", "--reverse", "--since=@1", "--until=@2"] {
        assert!(asked.contains(part), "{asked}");
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_says_why_and_an_endless_one_is_ended() {
    let broken = stage(b"", "echo 'no permission' >&2; exit 1");
    assert!(ask(&broken, Parameters::default()).await.unwrap_err().to_string().contains("no permission"));
    let endless = stage(b"", "while true; do echo line; done");
    let answer = ask(&endless, Parameters { lines: Some(3), ..Parameters::default() }).await.unwrap();
    assert_eq!(answer.value.unwrap()["has_more"], true);
}
