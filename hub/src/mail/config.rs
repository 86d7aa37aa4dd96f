//! What an owner sets for mail, in `hub.toml`.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::{Time, Weekday, time};
use jiff::tz::TimeZone;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vigie_shared::id::SiteId;
use vigie_shared::units;

use super::address::Mailbox;
use crate::alerts::news::Severity;
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

/// Somebody who is written to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recipient {
    /// Where.
    pub address: Mailbox,
    /// The language that they read.
    #[serde(with = "optional_code", skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// Their IANA zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Only what concerns these sites; everything if empty.
    pub sites: Vec<SiteId>,
    /// Nothing less grave.
    pub severity_min: Severity,
    /// Whether they want the report of each week.
    pub weekly: bool,
}

/// A [`Recipient`] as a table of the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    address: Mailbox,
    #[serde(default, with = "optional_code")]
    lang: Option<Lang>,
    #[serde(default, deserialize_with = "zone_name")]
    zone: Option<String>,
    #[serde(default)]
    sites: Vec<SiteId>,
    #[serde(default = "warning")]
    severity_min: Severity,
    #[serde(default)]
    weekly: bool,
}

fn warning() -> Severity {
    Severity::Warning
}

impl From<Table> for Recipient {
    fn from(Table { address, lang, zone, sites, severity_min, weekly }: Table) -> Self {
        Self { address, lang, zone, sites, severity_min, weekly }
    }
}

impl Recipient {
    /// Somebody who wants to know everything but the week's report.
    #[must_use]
    pub fn new(address: Mailbox) -> Self {
        Self { address, lang: None, zone: None, sites: Vec::new(), severity_min: Severity::Warning, weekly: false }
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Recipient;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or { address = \"anna@example.org\", lang = \"fr\" }")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Recipient, E> {
                text.parse().map(Recipient::new).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Recipient, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map)).map(Recipient::from)
            }
        }
        deserializer.deserialize_any(Either)
    }
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

/// A time of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekTime {
    /// On which day.
    pub day: Weekday,
    /// At which time of it.
    pub at: Time,
}

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

/// A time of the week as `Mon 08:00`.
mod of_week {
    use super::{DAYS, Deserialize as _, Deserializer, Serializer, Time, WeekTime};

    pub(super) fn serialize<S: Serializer>(time: &WeekTime, serializer: S) -> Result<S::Ok, S::Error> {
        let day = DAYS.iter().find(|(_, day)| *day == time.day).map_or("Mon", |(word, _)| word);
        serializer.collect_str(&format_args!("{day} {}", time.at.strftime("%H:%M")))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<WeekTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = |text: &str| {
            let (day, at) = text.trim().split_once(' ')?;
            let (_, day) = DAYS.iter().find(|(word, _)| word.eq_ignore_ascii_case(day))?;
            Some(WeekTime { day: *day, at: Time::strptime("%H:%M", at.trim()).ok()? })
        };
        let wrong =
            || serde::de::Error::custom(format!("`{text}` is no time of the week; write it like \"Mon 08:00\""));
        read(&text).ok_or_else(wrong)
    }
}

/// A language by its code.
mod code {
    use super::{Deserialize as _, Deserializer, Lang, Serializer};

    pub(super) fn serialize<S: Serializer>(lang: &Lang, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(lang.code())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lang, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("`{text}` is no language of mails; write \"fr\" or \"en\""));
        Lang::parse(&text).ok_or_else(wrong)
    }
}

/// The same where it may be missing.
mod optional_code {
    use super::{Deserializer, Lang, Serializer, code};

    pub(super) fn serialize<S: Serializer>(lang: &Option<Lang>, serializer: S) -> Result<S::Ok, S::Error> {
        match lang {
            Some(lang) => code::serialize(lang, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Lang>, D::Error> {
        code::deserialize(deserializer).map(Some)
    }
}

/// A zone that exists.
fn zone_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name: Option<String> = Option::deserialize(deserializer)?;
    match name.as_deref().map(TimeZone::get) {
        Some(Err(_)) => {
            let text = name.unwrap_or_default();
            Err(serde::de::Error::custom(format!("`{text}` is no time zone; write it like \"Europe/Paris\"")))
        }
        Some(Ok(_)) | None => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
