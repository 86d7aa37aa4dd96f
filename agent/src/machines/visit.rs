//! One visit to one machine: judges its key, asks what is to be asked, and says how far it came.

use std::net::SocketAddr;
use std::sync::Arc;

use vigie_shared::wire::reading::{MachineFacts, MachineReach};

use super::config::Config;
use super::known::{Known, Place, Trust};
use super::script::{self, Answers, Mark};
use super::ssh::{self, Deadlines, Errand, Leave, Login, Met, Trouble};
use super::{clean, facts};

/// Most that one machine may say in one visit, all answers together.
const OUTPUT_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Seconds that a message may take besides being read: finding out who sits there, drawing it.
const AROUND_MESSAGE_S: u64 = 20;

/// What every visit of a round has in common.
#[derive(Clone)]
pub struct Round {
    /// The owner's settings.
    pub config: Config,
    /// Who visits.
    pub login: Login,
    /// The keys that were pinned when the round began.
    pub known: Arc<Known>,
    /// Whether a key that nobody pinned may be taken for its machine's.
    pub may_pin: bool,
}

/// How a visit to read a machine went.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// How far the box came.
    pub reach: MachineReach,
    /// What the machine said of itself.
    pub facts: Option<MachineFacts>,
    /// The key that it showed, if it may be pinned or was.
    pub key: Option<String>,
}

/// A message for the person at a machine.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Its heading.
    pub title: &'a str,
    /// What it says.
    pub text: &'a str,
    /// Seconds after which it disappears.
    pub give_up_s: u32,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Somebody pressed its button.
    Acknowledged,
    /// It was shown until its time was over.
    Unseen,
    /// It was shown where nothing can say whether somebody saw it.
    Shown,
    /// It was not shown; why, for people.
    NotShown(String),
}

impl Round {
    /// Reads how a machine is.
    pub async fn look(&self, place: Place) -> Visit {
        let mark = match Mark::random() {
            Ok(mark) => mark,
            Err(error) => return Visit::without_facts(MachineReach::Failed(error.to_string()), None),
        };
        let (known, may_pin) = (Arc::clone(&self.known), self.may_pin);
        let judge = move |key: &str| match known.judge(key, place) {
            Trust::Pinned => Leave::All,
            Trust::New if may_pin => Leave::NoPassword,
            Trust::New | Trust::Other => Leave::Nothing,
        };
        let input = script::facts(&mark);
        let met = self.talk(place, Box::new(judge), &input, self.config.read_timeout).await;
        self.judge_look(met, &mark, place)
    }

    fn judge_look(&self, met: Met, mark: &Mark, place: Place) -> Visit {
        let Met { key, outcome } = met;
        let output = match outcome {
            Ok(output) => output,
            Err(Trouble::Untrusted) => {
                let key = key.unwrap_or_default();
                let reach = match self.known.judge(&key, place) {
                    Trust::Other => MachineReach::OtherKey(key),
                    Trust::New | Trust::Pinned => MachineReach::Unpinned(key),
                };
                return Visit::without_facts(reach, None);
            }
            Err(trouble) => return Visit::without_facts(reach(trouble), key),
        };
        let answers = Answers::read(mark, &output);
        if !answers.is_whole() {
            let why = "its shell did not answer to the end; the account needs a shell that understands `/bin/sh -s`";
            return Visit::without_facts(MachineReach::Failed(why.to_owned()), key);
        }
        Visit { reach: MachineReach::Read, facts: Some(facts::read(&answers)), key }
    }

    /// Shows a message on the machine of that key, and on no other.
    pub async fn show(&self, place: Place, key: &str, message: Message<'_>) -> Seen {
        let mark = match Mark::random() {
            Ok(mark) => mark,
            Err(error) => return Seen::NotShown(error.to_string()),
        };
        let expected = key.to_owned();
        let judge = move |key: &str| if key == expected { Leave::All } else { Leave::Nothing };
        let input = script::message(&mark, message.title, message.text, message.give_up_s);
        let limit = std::time::Duration::from_secs(u64::from(message.give_up_s) + AROUND_MESSAGE_S);
        let met = self.talk(place, Box::new(judge), &input, limit).await;
        match met.outcome {
            Ok(output) => outcome(&Answers::read(&mark, &output)),
            Err(trouble) => Seen::NotShown(words(&trouble)),
        }
    }

    async fn talk(&self, place: Place, judge: ssh::Judge, input: &[u8], work: std::time::Duration) -> Met {
        let Config { connect_timeout, login_timeout, port, .. } = self.config;
        let errand = Errand { command: script::SHELL, input, output_bytes_max: OUTPUT_BYTES_MAX };
        let deadlines = Deadlines { connect: connect_timeout, login: login_timeout, work };
        ssh::talk(SocketAddr::new(place.ip, port), &self.login, judge, errand, deadlines).await
    }
}

impl Visit {
    fn without_facts(reach: MachineReach, key: Option<String>) -> Self {
        Self { reach, facts: None, key }
    }
}

fn reach(trouble: Trouble) -> MachineReach {
    match trouble {
        Trouble::NoSsh => MachineReach::NoSsh,
        Trouble::Shut => MachineReach::Shut,
        Trouble::Silent => MachineReach::Silent,
        Trouble::Refused => MachineReach::Refused,
        Trouble::Untrusted | Trouble::NothingToSay => MachineReach::Failed(words(&trouble)),
        Trouble::Failed(why) => MachineReach::Failed(why),
    }
}

fn words(trouble: &Trouble) -> String {
    match trouble {
        Trouble::NoSsh => "nothing listens for SSH".to_owned(),
        Trouble::Shut => "it closed the connection before it said who it is".to_owned(),
        Trouble::Silent => "it does not answer; it may sleep".to_owned(),
        Trouble::Untrusted => "another machine answers at its address".to_owned(),
        Trouble::Refused => "it knows neither our key nor our password".to_owned(),
        Trouble::NothingToSay => {
            "its host key is pinned from now on; the password is offered at the next look".to_owned()
        }
        Trouble::Failed(why) => why.clone(),
    }
}

/// What the script for messages says at its end.
fn outcome(answers: &Answers) -> Seen {
    match answers.get("outcome").trim() {
        "acknowledged" => Seen::Acknowledged,
        "unseen" => Seen::Unseen,
        "shown" => Seen::Shown,
        "nobody" => Seen::NotShown("nobody is logged in at its screen".to_owned()),
        "locked" => Seen::NotShown("its screen is locked".to_owned()),
        "failed" => Seen::NotShown(
            "the account may not show anything in the session of the person at the screen; it needs sudo for that"
                .to_owned(),
        ),
        other => {
            let said = clean(other).unwrap_or_else(|| "nothing".to_owned());
            Seen::NotShown(format!("its shell said {said}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s19_only_where_somebody_sits_a_message_counts_as_shown() {
        let seen = |said: &str| outcome(&Answers::of(&[("outcome", said)]));
        assert_eq!(seen("acknowledged\n"), Seen::Acknowledged);
        assert_eq!(seen("unseen\n"), Seen::Unseen);
        for (said, expected) in [
            ("nobody\n", "nobody is logged in"),
            ("locked\n", "locked"),
            ("failed\n", "sudo"),
            ("acknowledged \u{1b}[31m?\n", "said acknowledged [31m?"),
            ("", "said nothing"),
        ] {
            assert!(matches!(seen(said), Seen::NotShown(why) if why.contains(expected)), "{said:?}");
        }
    }
}
