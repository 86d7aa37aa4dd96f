//! The verbs against a real socket with the real routes behind it.

mod alerts;
mod cases;
mod mails;
mod operations;

use std::process::ExitCode;

use tempfile::TempDir;
use vigie_shared::lifecycle::Lifecycle;

use super::*;
use crate::http::ports::Rebuilder as _;
use crate::http::router;
use crate::http::serve::{bind_socket, serve_socket, socket_path};
use crate::http::testing::{NOW, Stage, live};

/// A hub on a socket, and somebody who types.
struct Desk {
    stage: Stage,
    folder: TempDir,
    lifecycle: Lifecycle,
}

/// What was printed, and how it ended.
struct Printed {
    code: ExitCode,
    out: String,
    err: String,
}

impl Desk {
    async fn new() -> Self {
        let desk =
            Self { stage: Stage::new().await, folder: tempfile::tempdir().unwrap(), lifecycle: Lifecycle::new() };
        let socket = bind_socket(&socket_path(desk.folder.path())).unwrap();
        let serving = serve_socket(socket, router(desk.stage.admin.clone()), desk.lifecycle.clone());
        desk.lifecycle.spawn("socket", serving);
        desk
    }

    async fn type_in(&self, line: &str) -> Printed {
        let data = self.folder.path().to_str().unwrap();
        type_in(&format!("{line} --data {data}")).await
    }
}

async fn type_in(line: &str) -> Printed {
    let cli = Cli::try_parse_from(std::iter::once("vigie-hub").chain(line.split(' '))).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let is_json = cli.scope.json;
    let mut output =
        Output { out: &mut out, err: &mut err, is_json, now_ms: NOW, zone: jiff::tz::TimeZone::UTC, width: None };
    let code = dispatch(cli, &Nothing, &mut output).await;
    Printed { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// A composition root that starts nothing.
struct Nothing;

#[async_trait]
impl Root for Nothing {
    async fn up(&self, _: &Scope, _: &UpArgs) -> anyhow::Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn demo(&self, _: &Scope, _: &DemoArgs) -> anyhow::Result<ExitCode> {
        Ok(ExitCode::SUCCESS)
    }

    async fn run(&self, _: &Scope, _: &RunArgs) -> anyhow::Result<ExitCode> {
        anyhow::bail!("port 8080 is taken")
    }

    async fn init(&self, _: &Scope, _: &InitArgs) -> anyhow::Result<String> {
        Ok("prepared".to_owned())
    }

    async fn backup_offline(&self, _: &Scope, _: &BackupArgs) -> anyhow::Result<String> {
        Ok("copied".to_owned())
    }

    async fn restore(&self, _: &Scope, _: &RestoreArgs) -> anyhow::Result<String> {
        Ok("restored".to_owned())
    }
}

#[test]
fn every_verb_explains_itself_with_an_example() {
    fn check(verb: &mut clap::Command, path: &str) {
        let help = verb.render_long_help().to_string();
        let is_leaf = verb.get_subcommands().all(|one| one.get_name() == "help");
        let needs_none = ["completions", "version", "openapi"].contains(&verb.get_name());
        assert!(needs_none || !is_leaf || help.contains("Example"), "{path} has no example:\n{help}");
        for sub in verb.get_subcommands_mut().filter(|one| one.get_name() != "help") {
            let path = format!("{path} {}", sub.get_name());
            check(sub, &path);
        }
    }
    let mut command = Cli::command();
    command.build();
    check(&mut command, "vigie-hub");
    assert!(command.render_long_help().to_string().contains("Exit codes"));
}

#[tokio::test]
async fn without_a_hub_every_verb_says_how_to_start_one() {
    for line in ["site list", "token list", "user list", "diary", "devices", "backup", "rebuild", "site add x"] {
        let said = type_in(&format!("{line} --data /nonexistent/vigie")).await;
        assert_eq!(said.code, ExitCode::from(3), "{line}");
        assert!(said.err.contains("/nonexistent/vigie/run/admin.sock") && said.err.contains("vigie-hub run"));
        assert_eq!(said.out, "");
    }
}

#[tokio::test]
async fn a_site_is_added_shown_replaced_and_revoked() {
    let desk = Desk::new().await;
    assert!(desk.type_in("site list").await.out.contains("No site yet"));
    let added = desk.type_in("site add metz --name Metz --zone Europe/Paris --valid 2h").await;
    assert_eq!(added.code, ExitCode::SUCCESS, "{}", added.err);
    assert!(added.out.contains("vigie-agent register vigie1-") && added.out.contains("until today 16:05"));
    let metz = "metz".parse().unwrap();
    desk.stage.add_history(&metz).await;
    desk.stage.fleet.tell(&metz, live());
    insta::assert_snapshot!("site_list", desk.type_in("site list").await.out);
    insta::assert_snapshot!("site_show", desk.type_in("site show metz").await.out);
    assert!(desk.type_in("site revoke metz").await.out.contains("Everything it had delivered stays"));
    assert!(desk.type_in("site replace metz").await.out.contains("vigie-agent register"));
}

#[tokio::test]
async fn a_refusal_is_said_in_words_and_in_the_exit_code() {
    let desk = Desk::new().await;
    for (line, word) in [
        ("site show nowhere", "`nowhere`"),
        ("site add a/b", "site id"),
        ("site add a --valid 3", "write \"30s\""),
        ("token remove 00", "`00`"),
        ("site revoke ../../readyz", "../../readyz"),
    ] {
        let said = desk.type_in(line).await;
        assert_eq!((said.code, said.out.as_str()), (ExitCode::from(4), ""), "{line}: {}", said.err);
        assert!(said.err.contains(word), "{line}: {}", said.err);
    }
    let unknown = desk.type_in("user password nobody").await;
    assert!(unknown.err.contains("vigie-hub user list"));
}

#[tokio::test]
async fn programs_get_the_answer_of_the_api() {
    let desk = Desk::new().await;
    desk.stage.add_site("metz", "Metz").await;
    for line in ["site list --json", "diary --json", "devices --json", "user list --json", "token list --json"] {
        let said = desk.type_in(line).await;
        let json: serde_json::Value =
            serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{line}: {}", said.out));
        assert!(json["items"].is_array(), "{line}");
    }
}

#[tokio::test]
async fn a_rebuild_is_awaited_to_its_end() {
    let desk = Desk::new().await;
    let ended = async {
        while !desk.stage.rebuild.progress().is_running {
            tokio::task::yield_now().await;
        }
        desk.stage.rebuild.end(30);
    };
    let (said, ()) = tokio::join!(desk.type_in("rebuild"), ended);
    assert_eq!(
        (said.code, said.out.as_str()),
        (ExitCode::SUCCESS, "Everything shown was computed anew from 30 records.\n")
    );
}

#[tokio::test]
async fn accounts_and_tokens_are_made_listed_and_ended() {
    let desk = Desk::new().await;
    let made = desk.type_in("user add lea --role operator").await;
    assert!(made.out.contains("lea may log in as operator") && made.out.contains("shown only now"));
    assert!(desk.type_in("user password lea").await.out.contains("lea may log in as operator"));
    assert!(desk.type_in("user list").await.out.contains("lea"));
    let token = desk.type_in("token add prometheus --json").await;
    let token: serde_json::Value = serde_json::from_str(&token.out).unwrap();
    let id = token["id"].as_str().unwrap();
    assert!(desk.type_in("token list").await.out.contains(id));
    assert!(desk.type_in(&format!("token remove {id}")).await.out.contains("has ended"));
    assert!(!desk.type_in("token list").await.out.contains(id));
    desk.type_in("user change lea --role viewer --email lea@example.org").await;
    assert!(desk.type_in("user list").await.out.contains("viewer"));
    let limited = desk.type_in("token add wall --area presence --area sites").await;
    assert_eq!(limited.code, ExitCode::SUCCESS, "{}", limited.err);
    assert!(desk.type_in("token list").await.out.contains("presence, sites"));
    assert!(desk.type_in("user remove lea").await.out.contains("lea is removed"));
    let log = desk.type_in("audit list").await.out;
    assert!(log.contains("users_remove") && log.contains("socket") && log.contains("tokens_create"), "{log}");
    let looks = desk.type_in("audit list --operation look_day --from 2026-11-20T00:00:00Z").await;
    assert!(looks.out.contains("no such row"));
}

#[tokio::test]
async fn devices_are_read_to_the_last_page() {
    use crate::http::testing::device;
    use crate::store::projections::{Derived, Step};
    let desk = Desk::new().await;
    let metz = desk.stage.add_site("metz", "Metz").await;
    let devices = (0..1500u32).map(|n| {
        let value = crate::store::projections::Device { id: format!("{n:032x}"), ..device(&metz, "") };
        Derived { value, undated: None }
    });
    desk.stage.store.apply(Step { devices: devices.collect(), ..Step::default() }).await.unwrap();
    let all = desk.type_in("devices --limit 5000").await.out;
    assert_eq!(all.lines().count(), 1501);
    assert_eq!(desk.type_in("devices --limit 7").await.out.lines().count(), 8);
}

#[tokio::test]
async fn a_device_cannot_write_on_the_terminal() {
    let desk = Desk::new().await;
    let metz = desk.stage.add_site("metz", "Metz").await;
    let mut device = crate::http::testing::device(&metz, "aa");
    device.name = Some("\u{1b}[2Jgone".to_owned());
    let step = crate::store::projections::Step {
        devices: vec![crate::store::projections::Derived { value: device, undated: None }],
        ..Default::default()
    };
    desk.stage.store.apply(step).await.unwrap();
    assert!(!desk.type_in("devices").await.out.contains('\u{1b}'));
}

#[tokio::test]
async fn what_needs_no_hub_works_without_one() {
    assert!(type_in("completions bash").await.out.contains("vigie-hub"));
    assert_eq!(type_in("version").await.out, concat!("vigie-hub ", env!("CARGO_PKG_VERSION"), "\n"));
    assert_eq!(type_in("openapi").await.out, document());
    assert_eq!(type_in("init").await.out, "prepared\n");
    let failed = type_in("run").await;
    assert_eq!((failed.code, failed.err.as_str()), (ExitCode::from(1), "vigie-hub: port 8080 is taken\n"));
}

#[tokio::test]
async fn terminals_are_listed_and_shown() {
    let desk = Desk::new().await;
    assert!(desk.type_in("terminal list").await.out.contains("No terminal yet"));
    desk.stage.add_attendance().await;
    let list = desk.type_in("terminal list --standing admitted").await.out;
    assert!(list.contains("ZX1") && list.contains("metz"), "{list}");
    let one = desk.type_in("terminal show ZX1").await.out;
    assert!(one.contains("log: 5 of 1000") && one.contains("Clock      not measured"), "{one}");
    let unknown = desk.type_in("terminal show ZX9").await;
    assert_eq!(unknown.code, ExitCode::from(4));
    assert!(desk.type_in("terminal users ZX1").await.out.contains("Nobody is known on it"));
}

#[tokio::test]
async fn a_day_is_told_in_words_as_a_table_and_explained() {
    let desk = Desk::new().await;
    desk.stage.add_attendance().await;
    insta::assert_snapshot!("attendance_day", desk.type_in("attendance day 2031-05-06").await.out);
    insta::assert_snapshot!(
        "attendance_explained",
        desk.type_in("attendance person ZX1/7 2031-05-06 --explain").await.out
    );
    let csv = desk.type_in("attendance period 2031-05-06 2031-05-07 --csv").await.out;
    assert!(csv.starts_with("date,person,terminal,number,name,state,"), "{csv}");
    assert!(csv.contains("2031-05-06,,ZX1,7,,late,"), "{csv}");
    assert!(desk.type_in("attendance day 2031-05-07").await.out.contains("nobody was expected"));
}

#[tokio::test]
async fn punches_are_listed_exported_and_decided_of() {
    let desk = Desk::new().await;
    desk.stage.add_attendance().await;
    let list = desk.type_in("attendance punches --json").await.out;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let key = list["items"][0]["key"].as_str().unwrap();
    let refused = desk.type_in(&format!("attendance review {key} --refuse --comment test")).await;
    assert!(refused.out.contains("counts for nothing"), "{}{}", refused.out, refused.err);
    let csv = desk.type_in("attendance punches --csv --only counting").await.out;
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(desk.type_in(&format!("attendance review {key} --undo")).await.out.contains("taken back"));
    assert!(desk.type_in("attendance punches --terminal ZX1 --only counting").await.out.contains(key));
}

#[tokio::test]
async fn schedules_holidays_and_people_are_set_listed_and_removed() {
    let desk = Desk::new().await;
    let set = desk
        .type_in("schedule set office --terminal ZX1 --day weekdays=08:00-17:00 --break 12:00-13:00 --tolerance 15")
        .await;
    assert!(set.out.contains("office is set"), "{}", set.err);
    desk.type_in("schedule set all --day sunday=10:00-12:00 --zone Europe/Paris").await;
    insta::assert_snapshot!("schedule_list", desk.type_in("schedule list").await.out);
    let wrong = desk.type_in("schedule set x --day lundi=08:00-17:00").await;
    assert_eq!(wrong.code, ExitCode::from(4), "{}", wrong.err);
    assert!(desk.type_in("schedule set x --day monday").await.err.contains("write DAY=FROM-TO"));
    assert!(desk.type_in("schedule remove all").await.out.contains("Punches stay"));

    assert!(desk.type_in("schedule holiday add 2031-12-25 Noël").await.out.contains("Nobody is expected"));
    assert!(desk.type_in("schedule holiday list").await.out.contains("Noël"));
    assert!(desk.type_in("schedule holiday remove 2031-12-25").await.out.contains("like others"));

    assert!(desk.type_in("person set E104 --name Ama --number ZX1/12").await.out.contains("E104 is Ama"));
    assert!(desk.type_in("person list").await.out.contains("ZX1/12"));
    assert!(desk.type_in("person set E1 --name Bo --number 12").await.err.contains("SERIAL/NUMBER"));
    assert!(desk.type_in("person remove E104").await.out.contains("is forgotten"));
}

#[test]
fn the_help_names_every_command_that_a_box_can_be_given() {
    let mut verb = <Cli as clap::CommandFactory>::command();
    let send = verb.find_subcommand_mut("command").unwrap().find_subcommand_mut("send").unwrap();
    let help = send.render_long_help().to_string();
    let api = include_str!("../../openapi.json");
    for name in vigie_shared::wire::CommandKind::NAMES {
        assert!(help.contains(name), "the help of `command send` lacks {name}");
        assert!(api.contains(&format!("`{name}`")), "the API's document lacks {name}");
    }
}

#[tokio::test]
async fn whose_devices_are_whose_is_said_and_shown_in_words() {
    let desk = Desk::new().await;
    desk.stage.add_site("metz", "Metz").await;
    assert!(desk.type_in("device list").await.out.contains("No device is registered yet"));
    for person in ["E1", "E2"] {
        desk.type_in(&format!("person set {person} --name Ama --email {person}@example.org --shows-name")).await;
    }
    let added = desk.type_in("device add 8E-1B-7C-00-11-22 --site metz --person E1 --label Phone").await;
    assert!(added.out.contains("It is E1's") && added.out.contains("Mind: this address is private"), "{}", added.out);
    let taken = desk.type_in("device add 8e1b7c001122 --site metz --person E2").await;
    assert!(taken.code != ExitCode::SUCCESS && taken.err.contains("device move"), "{}", taken.err);
    assert!(!taken.err.contains("E1"), "{}", taken.err);
    let moved = desk.type_in("device move 8e1b7c001122 --site metz --person E2").await;
    assert!(moved.out.contains("It is E2's"), "{}{}", moved.out, moved.err);
    let list = desk.type_in("device list --site metz").await.out;
    assert!(list.contains("8e:1b:7c:00:11:22 (private)") && list.contains("E2"), "{list}");
    assert!(desk.type_in("device list --person E2").await.out.contains("yes"));
    assert!(desk.type_in("device exclude 8e1b7c001122 --site metz").await.out.contains("Excluded"));
    assert!(desk.type_in("device list").await.out.contains("excluded"));
}

#[tokio::test]
async fn a_person_pairs_is_exported_and_erased_from_the_command_line() {
    let desk = Desk::new().await;
    desk.stage.add_site("metz", "Metz").await;
    desk.type_in("person set E1 --name Ama").await;
    let link = desk.type_in("person pair E1 --site metz --box box7.local").await.out;
    assert!(link.contains("http://box7.local:8322/pair?t="), "{link}");
    assert!(desk.type_in("person claims").await.out.contains("No claim waits"));
    assert!(desk.type_in("person export E1").await.out.contains("\"name\": \"Ama\""));
    assert!(desk.type_in("person looks E1").await.out.contains("export"));
    let mistake = desk.type_in("person erase E1 --yes E2").await;
    assert!(mistake.err.contains("once more"), "{}", mistake.err);
    assert!(desk.type_in("person erase E1 --yes E1").await.out.contains("Erased, with 0 devices"));
    assert!(desk.type_in("person export E1").await.err.contains("nobody has the id"));
}

#[tokio::test]
async fn presence_says_what_it_would_change_before_it_changes_it() {
    let desk = Desk::new().await;
    desk.stage.add_crowd().await;
    let status = desk.type_in("presence status").await;
    assert!(status.out.contains("6 sessions are open") && status.out.contains("p5"), "{}{}", status.out, status.err);

    let asked = desk.type_in("presence cleanup").await;
    assert!(asked.err.contains("would be closed") && asked.err.contains("--yes"), "{}", asked.err);
    assert!(desk.type_in("presence stale --minutes 30 --yes").await.out.contains("No session is to be closed"));
    assert!(desk.type_in("presence cleanup --yes").await.out.starts_with("Closed:"));
    assert!(desk.type_in("presence status").await.out.contains("0 sessions are open"));
}

#[tokio::test]
async fn a_day_of_presence_is_decided_explained_and_listed() {
    let desk = Desk::new().await;
    desk.stage.add_crowd().await;
    let decided = desk.type_in("presence override p0 2026-11-20 1 --comment client").await;
    assert!(decided.out.contains("is worth 1"), "{}{}", decided.out, decided.err);
    let explained = desk.type_in("presence explain p0 2026-11-20").await.out;
    assert!(explained.contains("worth 0.5 by slots10 version 1 (7 slots"), "{explained}");
    assert!(explained.contains("decided: 1") && explained.contains("00000000 at metz by"), "{explained}");
    let listed = desk.type_in("presence days 2026-11-20").await.out;
    assert!(listed.contains("p0") && listed.contains("provisional"), "{listed}");
    assert!(desk.type_in("presence override p0 2026-11-20 --undo").await.out.contains("what was computed"));
    let policies = desk.type_in("presence policies").await.out;
    assert!(policies.contains("slots10: full_slots 30, half_slots 3"), "{policies}");
    let balance = desk.type_in("presence replay --policy minutes 2026-11-20 2026-11-20 --dry-run").await;
    assert!(balance.out.contains("Nothing was changed"), "{}{}", balance.out, balance.err);
    let test = desk.type_in("presence test").await;
    assert_eq!(test.code, ExitCode::SUCCESS, "{}{}", test.out, test.err);
}
