//! Whence a file may come: the hub, or a host that the owner allows.
//!
//! Pure. A command names an address; this box makes the call. So that nobody reaches through it what he could not
//! reach himself, an address on this machine or a private network is called only if the owner listed its host by name,
//! and names are judged by what they resolve to. Only HTTPS is spoken, except to hosts listed with `http://`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};
use vigie_shared::address::is_public;

/// Longest address, bytes.
const URL_BYTES_MAX: usize = 4096;

/// Any host of the public internet.
const ANY: &str = "*";

/// Whence a file comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A path of the hub, `/…`, fetched with the box's certificate.
    Hub(String),
    /// Anywhere else.
    Web(Url),
}

/// Why a source is not called; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It is not an address.
    #[error("`{shown}` is neither an address (https://…) nor a path of the hub (/…): {reason}")]
    Unreadable {
        /// The beginning of it.
        shown: String,
        /// What is wrong.
        reason: String,
    },
    /// The scheme is not allowed.
    #[error(
        "{scheme}:// is not allowed, only https://; list `{scheme}://{host}` among the `allowed_hosts` of this command if it must be"
    )]
    Scheme {
        /// The scheme.
        scheme: String,
        /// The host.
        host: String,
    },
    /// The owner does not list the host.
    #[error("the host {0} is not on this box's list, the `allowed_hosts` of this command")]
    NotListed(String),
    /// It is on this machine or a private network.
    #[error(
        "{host} leads to {address}, an address of this machine or of a private network; only a host that the `allowed_hosts` of this command list by name may do that"
    )]
    Private {
        /// The host.
        host: String,
        /// What it resolved to.
        address: IpAddr,
    },
}

/// The hosts that may be called, besides the hub.
///
/// Each entry is a host name or address (`media.example.org`), all names below one (`*.example.org`), or `*` for every
/// host of the public internet. With `http://` before it, the host may be called without TLS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct AllowedHosts(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    is_plain: bool,
    pattern: String,
}

impl Default for AllowedHosts {
    fn default() -> Self {
        Self(vec![Entry { is_plain: false, pattern: ANY.to_owned() }])
    }
}

impl From<AllowedHosts> for Vec<String> {
    fn from(hosts: AllowedHosts) -> Self {
        hosts
            .0
            .into_iter()
            .map(|entry| format!("{}{}", if entry.is_plain { "http://" } else { "" }, entry.pattern))
            .collect()
    }
}

impl TryFrom<Vec<String>> for AllowedHosts {
    type Error = String;

    fn try_from(entries: Vec<String>) -> Result<Self, String> {
        let read = |text: &String| {
            let (is_plain, host) = match text.strip_prefix("http://") {
                Some(host) => (true, host),
                None => (false, text.strip_prefix("https://").unwrap_or(text)),
            };
            let name = host.strip_prefix("*.").unwrap_or(host);
            let is_any = host == ANY && !is_plain;
            let parsed = Host::parse(name).or_else(|error| match name.parse() {
                Ok(address) => Ok(Host::Ipv6(address)),
                Err(_) => Err(error),
            });
            match parsed {
                _ if is_any => Ok(Entry { is_plain, pattern: ANY.to_owned() }),
                Ok(known) if !name.is_empty() && !name.contains('*') => {
                    let below = if host == name { "" } else { "*." };
                    Ok(Entry { is_plain, pattern: format!("{below}{known}") })
                }
                _ => Err(format!(
                    "`{text}` is not a host; write \"media.example.org\", \"*.example.org\" or \"*\", without a port"
                )),
            }
        };
        entries.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

impl AllowedHosts {
    /// Judges an address before it is called. `hub` is the hub's own, `https://host:port`.
    ///
    /// # Errors
    ///
    /// Every [`SourceError`] but those that only resolving shows: for these, [`AllowedHosts::judge_resolved`].
    pub fn judge(&self, text: &str, hub: Option<&str>) -> Result<Source, SourceError> {
        let unreadable = |reason: &str| SourceError::Unreadable {
            shown: text.chars().filter(|c| !c.is_control()).take(80).collect(),
            reason: reason.to_owned(),
        };
        if text.len() > URL_BYTES_MAX || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(unreadable("it is too long, or contains blanks or control characters"));
        }
        if text.starts_with('/') {
            let is_path = !text.starts_with("//") && !text.contains('\\') && !text.split('/').any(|part| part == "..");
            return if is_path { Ok(Source::Hub(text.to_owned())) } else { Err(unreadable("it is not a plain path")) };
        }
        let url = Url::parse(text).map_err(|error| unreadable(&error.to_string()))?;
        if let Some(path) = hub.and_then(|hub| text.strip_prefix(hub)).filter(|path| path.starts_with('/')) {
            return self.judge(path, None);
        }
        self.judge_url(&url)?;
        Ok(Source::Web(url))
    }

    /// Judges the address that a redirect leads to: never to less than where it came from.
    ///
    /// # Errors
    ///
    /// As [`AllowedHosts::judge`].
    pub fn judge_redirect(&self, from: &Url, location: &str) -> Result<Url, SourceError> {
        let unreadable =
            |reason: String| SourceError::Unreadable { shown: location.chars().take(80).collect(), reason };
        let to = from.join(location).map_err(|error| unreadable(format!("a redirect that cannot be read: {error}")))?;
        let host = to.host_str().unwrap_or_default().to_owned();
        if from.scheme() == "https" && to.scheme() != "https" {
            return Err(SourceError::Scheme { scheme: to.scheme().to_owned(), host });
        }
        self.judge_url(&to)?;
        Ok(to)
    }

    /// Judges what a name resolved to.
    ///
    /// # Errors
    ///
    /// [`SourceError::Private`].
    pub fn judge_resolved(&self, host: &str, address: IpAddr) -> Result<(), SourceError> {
        if is_public(address) || self.0.iter().any(|entry| entry.pattern != ANY && entry.covers(host)) {
            return Ok(());
        }
        Err(SourceError::Private { host: host.to_owned(), address })
    }

    fn judge_url(&self, url: &Url) -> Result<(), SourceError> {
        let host =
            url.host().ok_or_else(|| SourceError::Scheme { scheme: url.scheme().to_owned(), host: String::new() })?;
        let name = plain(&host);
        let may_be_plain = self.0.iter().any(|entry| entry.is_plain && entry.covers(&name));
        if url.scheme() != "https" && !(url.scheme() == "http" && may_be_plain) {
            return Err(SourceError::Scheme { scheme: url.scheme().to_owned(), host: name });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SourceError::Unreadable { shown: name, reason: "it carries a name or a password".to_owned() });
        }
        if !self.0.iter().any(|entry| entry.covers(&name)) {
            return Err(SourceError::NotListed(name));
        }
        match host {
            Host::Domain(_) => Ok(()),
            Host::Ipv4(address) => self.judge_resolved(&name, address.into()),
            Host::Ipv6(address) => self.judge_resolved(&name, address.into()),
        }
    }
}

impl Entry {
    fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self.pattern.strip_prefix('*') {
            Some("") => true,
            Some(end) => host.ends_with(end),
            None => host == self.pattern.trim_start_matches('[').trim_end_matches(']'),
        }
    }
}

/// A host as the list writes it, IPv6 without brackets.
fn plain(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: &str = "https://hub.example.org:8443";

    fn hosts(entries: &[&str]) -> AllowedHosts {
        AllowedHosts::try_from(entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn refusal(allowed: &AllowedHosts, url: &str) -> String {
        allowed.judge(url, Some(HUB)).unwrap_err().to_string()
    }

    #[test]
    fn the_hub_is_always_allowed_by_path_and_by_name() {
        let none = hosts(&[]);
        let hub = Ok(Source::Hub("/v1/media/ab".to_owned()));
        assert_eq!(none.judge("/v1/media/ab", Some(HUB)), hub);
        assert_eq!(none.judge("https://hub.example.org:8443/v1/media/ab", Some(HUB)), hub);
        assert!(refusal(&none, "https://hub.example.org:8444/x").contains("not on this box's list"));
        for bad in ["//evil.example/x", "/../etc", "/a\\b", "/a b", "", "x.mp4", "/a\r\nHost: x"] {
            assert!(refusal(&none, bad).contains("neither an address"), "{bad:?}");
        }
    }

    #[test]
    fn by_default_the_public_internet_is_allowed_and_nothing_near() {
        let any = AllowedHosts::default();
        assert!(matches!(any.judge("https://server/videos/file.mp4", Some(HUB)), Ok(Source::Web(_))));
        assert!(refusal(&any, "http://server/videos/file.mp4").contains("only https://"));
        assert!(refusal(&any, "ftp://server/x").contains("ftp://"));
        assert!(refusal(&any, "file:///etc/passwd").contains("file://"));
        assert!(refusal(&any, "https://me:pw@server/x").contains("password"));
        for near in ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
        {
            assert!(refusal(&any, &format!("https://{near}/x")).contains("private network"), "{near}");
        }
        assert!(any.judge_resolved("server", "192.168.1.5".parse().unwrap()).is_err());
        assert!(any.judge_resolved("server", "93.184.216.34".parse().unwrap()).is_ok());
    }

    #[test]
    fn what_the_owner_lists_by_name_may_be_near_and_without_tls_if_he_says_so() {
        let listed = hosts(&["nas.lan", "*.example.org", "http://192.168.1.9", "::1"]);
        assert!(listed.judge("https://nas.lan/x", None).is_ok());
        assert!(listed.judge("https://NAS.lan./x", None).is_ok());
        assert!(listed.judge("https://cdn.example.org:444/x", None).is_ok());
        assert!(listed.judge("http://192.168.1.9:8000/x", None).is_ok());
        assert!(listed.judge("https://[::1]/x", None).is_ok());
        assert!(listed.judge_resolved("nas.lan", "192.168.1.5".parse().unwrap()).is_ok());
        assert!(refusal(&listed, "http://nas.lan/x").contains("only https://"));
        assert!(refusal(&listed, "https://example.org/x").contains("not on this box's list"));
        assert!(refusal(&listed, "https://evilexample.org/x").contains("not on this box's list"));
        for bad in ["", "http://*", "a b", "host:8080", "*.", "https://"] {
            assert!(AllowedHosts::try_from(vec![bad.to_owned()]).is_err(), "{bad:?}");
        }
        let written: Vec<String> = listed.clone().into();
        assert_eq!(AllowedHosts::try_from(written), Ok(listed));
    }

    #[test]
    fn a_redirect_never_leads_to_less() {
        let any = AllowedHosts::default();
        let from = Url::parse("https://a.example.org/x/y").unwrap();
        assert_eq!(any.judge_redirect(&from, "../z").unwrap().as_str(), "https://a.example.org/z");
        assert!(any.judge_redirect(&from, "//b.example.org/z").is_ok());
        for bad in [
            "http://a.example.org/x",
            "https://localhost.:1/x",
            "https://127.0.0.1/x",
            "file:///etc/passwd",
            "ftp://b/x",
        ] {
            let judged = any.judge_redirect(&from, bad);
            let is_refused_later = bad.contains("localhost") && judged.is_ok();
            assert!(judged.is_err() || is_refused_later, "{bad}");
        }
        assert!(any.judge_resolved("localhost", "127.0.0.1".parse().unwrap()).is_err());
    }
}
