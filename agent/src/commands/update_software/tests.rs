//! What is refused, held and said, and how an update of the agent is settled.

use std::sync::Arc;

use vigie_shared::wire::command::UpdateSoftware as Parameters;

use super::*;
use crate::config::AgentConfig;
use crate::testing::{Acts, Kept, command_context, underway};

fn wanted(target: Option<&str>) -> Parameters {
    Parameters {
        target: target.map(str::to_owned),
        update_url: "/v1/releases/ab".to_owned(),
        version: "2.1.3".to_owned(),
        checksum: None,
        signature: None,
        size_bytes: Some(5_000),
        when: When::Now,
        unless_present: false,
    }
}

fn executor(lines: &str, own: Own) -> (UpdateSoftware, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let text = lines.replace("FOLDER", folder.path().join("player").to_str().unwrap());
    let parsed: AgentConfig = toml::from_str(&text).unwrap();
    let settings = AgentConfig { data: folder.path().to_owned(), ..parsed };
    let config = settings.commands.update_software.clone();
    let context = command_context(settings, Arc::new(Acts::default()));
    (UpdateSoftware::new(&config, &context, own), folder)
}

fn own(folder: &std::path::Path) -> Own {
    Own::new(folder.to_owned(), "0.2.0".to_owned(), Arc::new(|| {}))
}

const PLAYER: &str = "[software.player]\nfolder = 'FOLDER'\nservices = ['neopro-app']\n";

async fn refusal(lines: &str, target: Option<&str>) -> String {
    let (update, _folder) = executor(lines, Own::default());
    match update.run(&wanted(target), &underway(Arc::new(Kept::default()))).await {
        Err(Failure::Refused(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_the_owner_did_not_declare_or_allow_is_refused_by_name() {
    assert!(refusal("", None).await.contains("declares no software"));
    assert!(refusal(PLAYER, Some("radio")).await.contains("known are agent, player"));
    let two = format!("{PLAYER}[software.radio]\nfolder = 'FOLDER'\n");
    assert!(refusal(&two, None).await.contains("say which software: player, radio"));
    let off = format!("[commands.update_software]\nenabled = false\n{PLAYER}");
    assert!(refusal(&off, None).await.contains("enabled"));
    let unlisted = PLAYER.replace("neopro-app", "ssh");
    assert!(refusal(&unlisted, None).await.contains("`ssh` is not on this box's list"));
    assert!(refusal("", Some("agent")).await.contains("never taken without"));
}

#[tokio::test]
async fn a_dry_run_says_bytes_space_services_and_that_presence_is_unknown() {
    let (update, folder) = executor(PLAYER, Own::default());
    let answer = update.dry_run(&wanted(None)).await.unwrap();
    for expected in ["5000 bytes to fetch", "bytes free", "neopro-app would stand", "people present: unknown"] {
        assert!(answer.text.contains(expected), "{expected}: {}", answer.text);
    }
    assert!(!folder.path().join("player").exists(), "nothing was changed");
    let old = update.dry_run(&Parameters { version: "0.0.1".to_owned(), ..wanted(Some("agent")) }).await;
    assert!(matches!(old, Err(Failure::Refused(_))));
}

#[tokio::test]
async fn an_update_that_can_wait_waits_for_the_owners_hour() {
    let (update, _folder) = executor(PLAYER, Own::default());
    let now = update.hour().unwrap();
    let at = |hour: u8, when: When| {
        let config = Config { auto_update_hour: hour, ..Config::default() };
        UpdateSoftware::new(&config, &update.context, update.own.clone()).hold(&Parameters { when, ..wanted(None) })
    };
    assert_eq!(at((now + 12) % 24, When::Now), None);
    assert!(at((now + 12) % 24, When::PreferredHour).unwrap().contains("waits"));
    assert_eq!(at(now, When::PreferredHour), None);
}

#[tokio::test]
async fn an_agents_update_is_settled_by_what_the_guard_left() {
    let folder = tempfile::tempdir().unwrap();
    let (update, _data) = executor("", own(folder.path()));
    let underway = underway(Arc::new(Kept::default()));
    let id = underway.id();
    let settle = async |version: &str, note: Option<serde_json::Value>| {
        let parameters = Parameters { version: version.to_owned(), ..wanted(Some("agent")) };
        update.settle(&parameters, &Past { note, has_rebooted: false }, &underway).await
    };
    let noted = || Some(json!("ending"));

    assert_eq!(settle("0.3.0", None).await, Settled::Again, "it was only fetched");
    assert!(matches!(settle("0.2.0", noted()).await, Settled::Ended(Ok(_))));
    assert!(matches!(settle("0.3.0", noted()).await, Settled::Ended(Err(Failure::Failed(_)))));
    let undone = format!("id={id}\nversion=0.3.0\nreason=it did not prove itself in time\n");
    std::fs::write(folder.path().join("undone"), undone).unwrap();
    let Settled::Ended(Err(Failure::RolledBack(text))) = settle("0.3.0", noted()).await else { panic!() };
    assert!(text.contains("it did not prove itself in time"), "{text}");
}
