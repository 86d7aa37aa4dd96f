//! Pure: the file of variables with which Smartelia's scanner was set up, and what the hub makes of it.
//!
//! Seven variables are known; everything that is wrong is said at once, with its line and without its value: most of them
//! are secrets or people's addresses.

mod env;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::civil::{Time, Weekday};
use serde::Serialize;

use self::env::Variable;
use crate::attendance::WEEKDAYS;

const SSH_USERNAME: &str = "SSH_USERNAME";
const SSH_PASSWORD: &str = "SSH_PASSWORD";
const GMAIL_USER: &str = "GMAIL_USER";
const GMAIL_APP_PASSWORD: &str = "GMAIL_APP_PASSWORD";
const ALERT_RECIPIENTS: &str = "ALERT_RECIPIENTS";
const CLEANUP_SCHEDULE_DAY: &str = "CLEANUP_SCHEDULE_DAY";
const CLEANUP_SCHEDULE_TIME: &str = "CLEANUP_SCHEDULE_TIME";

const KNOWN: [&str; 7] = [
    SSH_USERNAME,
    SSH_PASSWORD,
    GMAIL_USER,
    GMAIL_APP_PASSWORD,
    ALERT_RECIPIENTS,
    CLEANUP_SCHEDULE_DAY,
    CLEANUP_SCHEDULE_TIME,
];

/// Where the scanner sent its mails.
const SERVER: &str = "smtp.gmail.com";

/// Something that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// On which line, from 1; none if something is missing.
    pub line: Option<usize>,
    /// What, and what to do.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// A text that no log and no error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the file that holds it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What the file sets up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// Mails, if they were switched on.
    pub mail: Option<Mail>,
    /// When Clean Desk is said, if the file says it.
    pub clean_desk: Option<(Weekday, Time)>,
    /// The account on the machines, for the boxes.
    pub ssh_user: Option<String>,
    /// The line on which its password stands.
    pub ssh_password_line: Option<usize>,
    /// Variables that are not taken, each with its line.
    pub foreign: Vec<(String, usize)>,
}

/// How mails go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Who logs in, and from whom mails come.
    pub user: String,
    /// The password made for programs.
    pub password: Secret,
    /// To whom they go.
    pub recipients: Vec<String>,
}

/// The settings that the hub reads.
#[derive(Serialize)]
struct DropIn<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<MailSection<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clean_desk: Option<CleanDeskSection>,
}

#[derive(Serialize)]
struct MailSection<'a> {
    server: &'static str,
    security: &'static str,
    user: &'a str,
    password_file: PathBuf,
    from: &'a str,
    recipients: &'a [String],
}

#[derive(Serialize)]
struct CleanDeskSection {
    enabled: bool,
    day: &'static str,
    time: String,
}

/// Reads the file.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read(text: &str) -> Result<Setup, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut known: BTreeMap<&'static str, Variable> = BTreeMap::new();
    let mut setup = Setup::default();
    for variable in env::variables(text) {
        match variable {
            Ok(variable) => match KNOWN.iter().find(|name| **name == variable.name) {
                // Of a variable that is set twice, the last one counts, as it did for the scanner.
                Some(name) => drop(known.insert(name, variable)),
                None => setup.foreign.push((variable.name, variable.line)),
            },
            Err(problem) => problems.push(problem),
        }
    }
    known.retain(|_, variable| !variable.value.is_empty());
    setup.mail = mail(&known, &mut problems);
    setup.clean_desk = clean_desk(&known, &mut problems);
    setup.ssh_user = known.get(SSH_USERNAME).map(|variable| variable.value.clone());
    setup.ssh_password_line = known.get(SSH_PASSWORD).map(|variable| variable.line);
    if setup.ssh_user.is_none() != setup.ssh_password_line.is_none() {
        problems.push(missing(&known, &[SSH_USERNAME, SSH_PASSWORD]));
    }
    problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
    if problems.is_empty() { Ok(setup) } else { Err(problems) }
}

/// Which of some variables that belong together are not set.
fn missing(known: &BTreeMap<&'static str, Variable>, together: &[&str]) -> Problem {
    let (set, unset): (Vec<&str>, Vec<&str>) = together.iter().partition(|name| known.contains_key(**name));
    let text = format!("{} without {}: set all of them, or none", set.join(" and "), unset.join(" and "));
    Problem { line: None, text }
}

fn mail(known: &BTreeMap<&'static str, Variable>, problems: &mut Vec<Problem>) -> Option<Mail> {
    let together = [GMAIL_USER, GMAIL_APP_PASSWORD, ALERT_RECIPIENTS];
    let (Some(user), Some(password), Some(recipients)) =
        (known.get(GMAIL_USER), known.get(GMAIL_APP_PASSWORD), known.get(ALERT_RECIPIENTS))
    else {
        if together.iter().any(|name| known.contains_key(name)) {
            problems.push(missing(known, &together));
        }
        return None;
    };
    let found = recipients.value.split([',', ';']).map(str::trim).filter(|address| !address.is_empty());
    let addresses: Vec<String> = found.map(str::to_owned).collect();
    for (variable, address) in addresses.iter().map(|one| (recipients, one)).chain([(user, &user.value)]) {
        if !is_address(address) {
            let text = format!("{} holds something that is no mail address; write name@example.org", variable.name);
            problems.push(Problem { line: Some(variable.line), text });
        }
    }
    if addresses.is_empty() {
        let text = format!("{ALERT_RECIPIENTS} names nobody; write name@example.org, with commas between several");
        problems.push(Problem { line: Some(recipients.line), text });
    }
    let password = Secret(without_blanks(&password.value));
    Some(Mail { user: user.value.clone(), password, recipients: addresses })
}

/// A password that Google made is shown in four groups of four; the blanks are no part of it.
fn without_blanks(password: &str) -> String {
    let groups: Vec<&str> = password.split_whitespace().collect();
    let is_grouped = groups.len() == 4 && groups.iter().all(|group| group.chars().count() == 4);
    if is_grouped { groups.concat() } else { password.to_owned() }
}

/// Whether a text can be an address and nothing besides: no line break and no second address reaches a mail's head.
fn is_address(text: &str) -> bool {
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\"\\".contains(c);
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !host.starts_with('.')
            && !text.contains(is_odd)
    })
}

fn clean_desk(known: &BTreeMap<&'static str, Variable>, problems: &mut Vec<Problem>) -> Option<(Weekday, Time)> {
    let (day, time) = (known.get(CLEANUP_SCHEDULE_DAY), known.get(CLEANUP_SCHEDULE_TIME));
    if day.is_none() && time.is_none() {
        return None;
    }
    let weekday = |word: &str| WEEKDAYS.iter().find(|(name, _)| *name == word.to_lowercase()).map(|(_, day)| *day);
    let read_day = day.map_or(Some(Weekday::Friday), |day| weekday(&day.value));
    let read_time = time.map_or(Some(Time::constant(16, 0, 0, 0)), |time| Time::strptime("%H:%M", &time.value).ok());
    for (variable, is_read, form) in [(day, read_day.is_some(), "friday"), (time, read_time.is_some(), "16:00")] {
        if let (Some(variable), false) = (variable, is_read) {
            let text = format!("{} cannot be read; write it like {form}", variable.name);
            problems.push(Problem { line: Some(variable.line), text });
        }
    }
    read_day.zip(read_time)
}

impl Setup {
    /// The hub's settings as a file of its `.d` folder; none if there are none. The password lies in another file.
    #[must_use]
    pub fn drop_in(&self, password_file: &Path) -> Option<String> {
        let mail = self.mail.as_ref().map(|mail| MailSection {
            server: SERVER,
            security: "starttls",
            user: &mail.user,
            password_file: password_file.to_owned(),
            from: &mail.user,
            recipients: &mail.recipients,
        });
        let word = |day: Weekday| WEEKDAYS.iter().find(|(_, one)| *one == day).map_or("", |(word, _)| word);
        let clean_desk = self.clean_desk.map(|(day, time)| CleanDeskSection {
            enabled: true,
            day: word(day),
            time: time.strftime("%H:%M").to_string(),
        });
        if mail.is_none() && clean_desk.is_none() {
            return None;
        }
        let settings = toml::to_string(&DropIn { mail, clean_desk }).unwrap_or_default();
        Some(format!("# Taken over by `vigie-hub import smartelia`.\n{settings}"))
    }

    /// What to put on each box, so that it reads the machines as the scanner did; none if the file says nothing of them.
    #[must_use]
    pub fn for_boxes(&self) -> Option<String> {
        let (user, line) = (self.ssh_user.as_ref()?, self.ssh_password_line?);
        let user = toml::Value::String(user.clone());
        Some(format!(
            "On each box, in /etc/vigie/agent.toml:\n\n  [devices]\n  inventory = true\n\n  [collect.machines]\n  \
             enabled = true\n  user = {user}\n  password_file = \"/etc/vigie/machines-password\"\n\n\
             and the password, which stands on line {line} of your file, alone in that file, for root and the agent \
             only:\n\n  install -m 0640 -g vigie /dev/null /etc/vigie/machines-password\n\n\
             It is offered only to machines whose host key is pinned: `vigie-agent machine trust` pins one, \
             `trust_new_until` all that show up through a day. A key is better than a password: `vigie-agent machine key`."
        ))
    }
}

#[cfg(test)]
mod tests;
