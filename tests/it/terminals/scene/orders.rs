//! Commands to terminals, as the hub gives them, and the terminal's side of them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::watch;
use vigie_agent::collectors::Outlet;
use vigie_agent::commands::{Context, Crew, Failure, Notebook, Underway};
use vigie_agent::config::AgentConfig;
use vigie_agent::hub_https::HubHttps;
use vigie_agent::privileged::Absent;
use vigie_agent::status::Board;
use vigie_agent::terminals::Asking;
use vigie_agent::terminals::reply::Order;
use vigie_agent::timekeeper::Timekeeper;
use vigie_shared::id::CommandId;
use vigie_shared::wire::command::json::parse_kind;
use vigie_shared::wire::{Command, CommandHeader, Live, Reading};
use vigie_tests::processes::PATIENCE;
use vigie_tests::terminals::{Heard, Line};

use super::{Scene, WALL_MS};

/// Pause before a command that waits for its terminal is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A command that was given.
pub(in super::super) struct End {
    outcome: watch::Receiver<Option<Value>>,
}

impl End {
    /// Whether it has ended.
    pub(in super::super) fn is_over(&self) -> bool {
        self.outcome.borrow().is_some()
    }

    /// How it ended: `state`, `text` for people, `answer` for programs.
    pub(in super::super) async fn outcome(&self) -> Value {
        let mut outcome = self.outcome.clone();
        let ended = tokio::time::timeout(PATIENCE, outcome.wait_for(Option::is_some)).await;
        ended.expect("the command does not end").unwrap().clone().unwrap()
    }
}

/// Asks who is enrolled.
pub(in super::super) fn ask_users(serial: &str) -> Value {
    json!({ "type": "get_terminal_users", "data": { "terminal": serial } })
}

impl Scene {
    /// Gives a command as it stands in the API, and does not wait for its end.
    pub(in super::super) fn begin(&self, order: &Value) -> End {
        let name = order["type"].as_str().unwrap().to_owned();
        let (kind, is_dry_run) = parse_kind(&name, order["data"].clone()).unwrap();
        let header = CommandHeader {
            site: "bench".parse().unwrap(),
            id: CommandId::random(),
            issued_ms: WALL_MS,
            expires_ms: WALL_MS + 3_600_000,
        };
        let crew = Crew::new(&AgentConfig::default().commands, &self.context());
        let command = Command { header, is_dry_run, kind };
        let (tell, outcome) = watch::channel(None);
        self.lifecycle.spawn_detached(async move {
            while crew.hold(&command).is_some() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            let underway = Underway::new(command.header.id, Arc::new(Nobody), Arc::new(Nobody));
            let ended = match crew.run(&command, &underway).await {
                Ok(answer) => json!({ "state": "succeeded", "text": answer.text, "answer": answer.value }),
                Err(Failure::Refused(text)) => json!({ "state": "refused", "text": text }),
                Err(failure) => json!({ "state": "failed", "text": failure.to_string() }),
            };
            tell.send_replace(Some(ended));
        });
        End { outcome }
    }

    /// Asks the terminal a single thing, and does not wait for its answer.
    pub(in super::super) fn ask(&self, order: Order) -> End {
        let (terminals, serial) = (self.terminals.clone(), super::ZX.parse().unwrap());
        let (tell, outcome) = watch::channel(None);
        self.lifecycle.spawn_detached(async move {
            let ended = match terminals.ask(&serial, Asking::new(order)).await {
                Ok(answered) => json!({ "state": "succeeded", "answer": answered.fields }),
                Err(error) => json!({ "state": "failed", "text": error.to_string() }),
            };
            tell.send_replace(Some(ended));
        });
        End { outcome }
    }

    /// The next command that the terminal hears; none once the hub's command has ended.
    pub(in super::super) async fn next_command(&self, line: &mut Line, end: &End) -> Option<Value> {
        let mut outcome = end.outcome.clone();
        loop {
            let heard = tokio::select! {
                biased;
                heard = line.hear() => heard.unwrap(),
                _ = outcome.wait_for(Option::is_some) => return None,
                () = tokio::time::sleep(PATIENCE) => panic!("the server neither asks nor gives up"),
            };
            match heard {
                Heard::Message(bytes) => {
                    let message: Value = serde_json::from_slice(&bytes).unwrap();
                    assert!(message["cmd"].is_string(), "{message}");
                    return Some(message);
                }
                Heard::Ping | Heard::Pong(_) => {}
                Heard::Closed(code) => panic!("the server closed the connection: {code:?}"),
            }
        }
    }

    /// Answers the terminal's commands until the hub's command has ended; an answer of none is silence. Returns what
    /// was asked.
    pub(in super::super) async fn serve(
        &self,
        line: &mut Line,
        end: &End,
        mut answer: impl FnMut(&Value) -> Option<Value>,
    ) -> Vec<Value> {
        let mut asked = Vec::new();
        while let Some(command) = self.next_command(line, end).await {
            if let Some(answer) = answer(&command) {
                line.say(answer.to_string()).await.unwrap();
            }
            asked.push(command);
        }
        asked
    }

    /// Puts people on the terminal by the ordinary command; it agrees with everything.
    pub(in super::super) async fn enrol(&self, line: &mut Line, users: &Value) {
        let order = json!({ "type": "set_terminal_users", "data": { "terminal": super::ZX, "users": users } });
        let end = self.begin(&order);
        self.serve(line, &end, |command| Some(done(command))).await;
        assert_eq!(end.outcome().await["state"], "succeeded");
    }

    fn context(&self) -> Context {
        let settings = AgentConfig { data: self.data().to_owned(), ..AgentConfig::default() };
        let time = Arc::new(Timekeeper::open(&settings.data, self.clock.clone()));
        Context {
            clock: self.clock.clone(),
            time: Arc::clone(&time),
            data: settings.data.clone(),
            hub: Arc::new(HubHttps::new(settings.identity_folder(), time)),
            settings: Arc::new(settings),
            privileges: Arc::new(Absent),
            board: Board::default(),
            upkeep: None,
            terminals: self.terminals.clone(),
        }
    }
}

/// The usual answer: it was done.
pub(in super::super) fn done(command: &Value) -> Value {
    json!({ "ret": command["cmd"], "result": true })
}

/// Forgets everything.
struct Nobody;

#[async_trait]
impl Outlet for Nobody {
    async fn append(&self, _reading: Reading) {}

    fn live(&self, _live: Live) {}

    async fn looked(&self, _result: &anyhow::Result<()>) {}
}

#[async_trait]
impl Notebook for Nobody {
    async fn note(&self, _command: CommandId, _note: Value) -> anyhow::Result<()> {
        Ok(())
    }
}
