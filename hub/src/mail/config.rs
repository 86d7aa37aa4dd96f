//! What an owner sets for mail, in `hub.toml`.

mod forms;
mod recipient;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use vigie_shared::units;

pub use self::forms::WeekTime;
use self::forms::{code, of_week, zone_name};
pub use self::recipient::Recipient;
use super::address::Mailbox;
use crate::connectors::wait::Patience;
use crate::text::Lang;

/// Readers that a hub writes to: more are a mailing list's work.
const RECIPIENTS_MAX: usize = 200;

/// The section `mail` of `hub.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailConfig {
    /// The server that takes mail; nothing is mailed without.
    pub server: Option<String>,
    /// Its port; the usual one of `security` without.
    pub port: Option<u16>,
    /// How the connection is kept private.
    pub security: Security,
    /// Certificates (PEM) that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Who logs in there; nobody without.
    pub user: Option<String>,
    /// A file that holds the password; without, it is the one that `vigie-hub mail secret smtp` sealed.
    pub password_file: Option<PathBuf>,
    /// From whom mails come.
    pub from: Option<Mailbox>,
    /// To whom they go.
    pub recipients: Vec<Recipient>,
    /// The language of those who say none.
    #[serde(with = "code")]
    pub lang: Lang,
    /// The IANA zone of those who say none; the hub's own without.
    #[serde(deserialize_with = "zone_name")]
    pub zone: Option<String>,
    /// The address at which people reach the dashboard, for links.
    pub dashboard: Option<String>,
    /// A folder with templates that take the place of the hub's own.
    pub templates: Option<PathBuf>,
    /// When the report of the week goes out, by each reader's clock.
    #[serde(with = "of_week")]
    pub weekly_at: WeekTime,
    /// Longest wait for any answer of the server.
    #[serde(with = "units::duration")]
    pub timeout: Duration,
    /// Wait after the first failure of a letter; it doubles with each.
    #[serde(with = "units::duration")]
    pub retry_min: Duration,
    /// Longest wait.
    #[serde(with = "units::duration")]
    pub retry_max: Duration,
    /// How long a letter is tried before it is given up.
    #[serde(with = "units::duration")]
    pub expire_after: Duration,
}

impl Default for MailConfig {
    fn default() -> Self {
        let hours = |count: u64| Duration::from_secs(count * 3600);
        Self {
            server: None,
            port: None,
            security: Security::Starttls,
            ca_file: None,
            user: None,
            password_file: None,
            from: None,
            recipients: Vec::new(),
            lang: Lang::Fr,
            zone: None,
            dashboard: None,
            templates: None,
            weekly_at: WeekTime { day: Weekday::Monday, at: time(8, 0, 0, 0) },
            timeout: Duration::from_secs(30),
            retry_min: Duration::from_secs(60),
            retry_max: hours(1),
            expire_after: hours(72),
        }
    }
}

/// How a connection to the mail server is kept private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// It becomes TLS before anything is said, or ends: port 587.
    Starttls,
    /// It is TLS from the first byte: port 465.
    Tls,
    /// It is not: port 25, on this machine only.
    None,
}

impl MailConfig {
    /// Between which bounds tries are repeated.
    #[must_use]
    pub fn patience(&self) -> Patience {
        Patience { retry_min: self.retry_min, retry_max: self.retry_max }
    }

    /// The port of the server.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        })
    }

    /// The zone of a name, or of those who say none.
    #[must_use]
    pub fn zone_of(&self, name: Option<&str>) -> TimeZone {
        let name = name.or(self.zone.as_deref());
        name.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system)
    }

    /// Looks at what no single setting can say.
    ///
    /// # Errors
    ///
    /// Words for people on the first thing that does not fit.
    pub fn check(&self) -> Result<(), String> {
        let Some(server) = &self.server else {
            let is_silent = self.recipients.is_empty() && self.user.is_none();
            return if is_silent {
                Ok(())
            } else {
                Err("mail.server is missing: name the server that takes mail".into())
            };
        };
        if self.from.is_none() {
            return Err("mail.from is missing: write from = \"Vigie <vigie@example.org>\"".to_owned());
        }
        if self.security == Security::None && !is_this_machine(server) {
            return Err(format!(
                "mail.security = \"none\" sends passwords and people's addresses in clear to {server}; \
                 that is allowed on this machine only: write \"starttls\" or \"tls\""
            ));
        }
        if self.recipients.len() > RECIPIENTS_MAX {
            return Err(format!("mail.recipients has more than {RECIPIENTS_MAX} readers; use a mailing list"));
        }
        Ok(())
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::news::Severity;

    fn config(text: &str) -> Result<MailConfig, String> {
        toml::from_str::<MailConfig>(text).map_err(|error| error.to_string())
    }

    #[test]
    fn recipients_are_addresses_or_say_more() {
        let config = config(
            "recipients = [\"anna@example.org\", { address = \"Bob <b@example.org>\", lang = \"en\", zone = \
             \"Europe/Paris\", sites = [\"metz\"], severity_min = \"critical\", weekly = true }]",
        )
        .unwrap();
        assert_eq!(config.recipients[0], Recipient::new("anna@example.org".parse().unwrap()));
        let bob = &config.recipients[1];
        assert_eq!((bob.lang, bob.severity_min, bob.weekly), (Some(Lang::En), Severity::Critical, true));
        assert_eq!(bob.sites, ["metz".parse().unwrap()]);
    }

    #[test]
    fn whatever_is_wrong_is_said_with_what_to_write() {
        for (text, said) in [
            ("recipients = [\"anna\"]", "anna@example.org"),
            ("recipients = [\"a@b.org\\r\\nBcc: c@d.org\"]", "one line"),
            ("recipients = [{ address = \"a@b.org\", zone = \"Paris\" }]", "Europe/Paris"),
            ("recipients = [{ address = \"a@b.org\", langue = \"fr\" }]", "langue"),
            ("recipients = [7]", "an address"),
            ("lang = \"de\"", "\"fr\" or \"en\""),
            ("weekly_at = \"someday\"", "Mon 08:00"),
            ("from = \"x\"", "no address"),
        ] {
            let error = config(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn mail_in_clear_is_for_this_machine_only_and_nothing_is_half_set() {
        let check = |text: &str| config(text).unwrap().check();
        assert_eq!(check(""), Ok(()));
        assert!(check("recipients = [\"a@b.org\"]").unwrap_err().contains("mail.server"));
        assert!(check("server = \"m.example.org\"").unwrap_err().contains("mail.from"));
        let clear = |host: &str| check(&format!("server = \"{host}\"\nfrom = \"a@b.org\"\nsecurity = \"none\""));
        assert!(clear("127.0.0.1").is_ok() && clear("localhost").is_ok());
        assert!(clear("mail.example.org").unwrap_err().contains("in clear"));
    }

    #[test]
    fn a_config_is_written_as_it_is_read() {
        let text = "lang = \"en\"\nweekly_at = \"Fri 16:30\"\nrecipients = [\"a@b.org\"]";
        let config = config(text).unwrap();
        let again: MailConfig = toml::from_str(&toml::to_string(&config).unwrap()).unwrap();
        assert_eq!(again, config);
        assert_eq!((config.weekly_at.day, config.port()), (Weekday::Friday, 587));
    }
}
