//! Addresses of people: checked where they are written down, so that none of them ever breaks a header; pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest address, characters (RFC 5321, 4.5.3.1.3, without its brackets).
const ADDRESS_LENGTH_MAX: usize = 254;
/// Longest part before the `@`.
const LOCAL_LENGTH_MAX: usize = 64;
/// Longest name beside an address, characters.
const NAME_LENGTH_MAX: usize = 100;

/// An address, with or without a name: `Vigie <vigie@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mailbox {
    name: Option<String>,
    local: String,
    domain: String,
}

impl Mailbox {
    /// The name, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands behind the `@`, in small letters.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address without its name.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }
}

impl FromStr for Mailbox {
    type Err = String;

    /// Reads `a@b.org` or `Name <a@b.org>`.
    ///
    /// # Errors
    ///
    /// What is wrong and what to write, for people.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("an address must stand on one line, without control characters".to_owned());
        }
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (Some(name.trim().trim_matches('"').trim()), address.trim()),
            None => (None, text),
        };
        let wrong = || format!("`{text}` is no address; write \"anna@example.org\" or \"Anna <anna@example.org>\"");
        let (local, domain) = address.rsplit_once('@').ok_or_else(wrong)?;
        let name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        let is_short = name.as_ref().is_none_or(|name| name.chars().count() <= NAME_LENGTH_MAX)
            && address.len() <= ADDRESS_LENGTH_MAX;
        if !is_short || !is_local(local) || !is_domain(domain) {
            return Err(wrong());
        }
        Ok(Self { name, local: local.to_owned(), domain: domain.to_ascii_lowercase() })
    }
}

fn is_local(text: &str) -> bool {
    let is_atom = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    text.len() <= LOCAL_LENGTH_MAX && text.split('.').all(is_atom)
}

fn is_domain(text: &str) -> bool {
    let is_label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.split('.').all(is_label)
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address()),
            None => f.write_str(&self.address()),
        }
    }
}

impl Serialize for Mailbox {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mailbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_a_name() {
        let read = |text: &str| text.parse::<Mailbox>().map(|one| (one.name.clone(), one.address()));
        assert_eq!(read("anna@Example.ORG"), Ok((None, "anna@example.org".to_owned())));
        assert_eq!(
            read(" \"Vigie, Metz\" <vigie+metz@example.org> "),
            Ok((Some("Vigie, Metz".to_owned()), "vigie+metz@example.org".to_owned()))
        );
        assert_eq!(read("<a@localhost>"), Ok((None, "a@localhost".to_owned())));
    }

    #[test]
    fn what_would_break_a_header_or_is_no_address_is_refused_in_words() {
        for wrong in [
            "",
            "anna",
            "anna@",
            "@example.org",
            "a b@example.org",
            "a@b..org",
            "a@-b.org",
            ".a@b.org",
            "a@b.org\r\nBcc: c@d.org",
            "A\nB <a@b.org>",
            "a@b.org,c@d.org",
            "a@b.org <c@d.org",
            "é@example.org",
        ] {
            assert!(wrong.parse::<Mailbox>().is_err(), "{wrong}");
        }
        assert!("anna".parse::<Mailbox>().unwrap_err().contains("anna@example.org"));
        assert!("a@b\n".parse::<Mailbox>().unwrap_err().contains("one line"));
    }

    proptest! {
        #[test]
        fn whatever_is_read_reads_back_and_stands_on_one_line(text in "\\PC{0,20}|[a-z <>\"@.\\n]{0,30}") {
            if let Ok(mailbox) = text.parse::<Mailbox>() {
                prop_assert!(!mailbox.to_string().chars().any(char::is_control));
                prop_assert_eq!(mailbox.to_string().parse::<Mailbox>().map(|one| one.address()), Ok(mailbox.address()));
            }
        }
    }
}
