//! How people reach the dashboard and the API beyond this machine.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The section `admin` of `hub.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// The certificate that browsers are shown, with its chain, PEM; reread when the file changes.
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// Proxies that speak TLS with people and hand on to this hub: who they say asks is believed.
    pub behind_proxy: Vec<IpAddr>,
    /// Passwords may pass the network without TLS.
    pub allow_plain: bool,
}

impl AdminConfig {
    /// Whether people reach the pages by TLS: then cookies are for TLS only.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.certificate.is_some() || !self.behind_proxy.is_empty()
    }

    /// The files of the certificate and its key, if the owner named them.
    #[must_use]
    pub fn files(&self) -> Option<(PathBuf, PathBuf)> {
        self.certificate.clone().zip(self.key.clone())
    }

    /// Refuses half a certificate, and passwords in clear on a network that nobody allowed.
    ///
    /// # Errors
    ///
    /// Words for people.
    pub fn check(&self, listens: SocketAddr) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.certificate.is_some() == self.key.is_some(),
            "name both `certificate` and `key` under [admin] in hub.toml, or neither"
        );
        anyhow::ensure!(
            listens.ip().is_loopback() || self.is_tls() || self.allow_plain,
            "dashboard and API would listen at {listens} without TLS, so that passwords could be read on the way: name a \
             `certificate` and its `key` under [admin] in hub.toml, or the proxy before it (`behind_proxy`), or listen at \
             127.0.0.1; if you want it all the same, say `allow_plain = true`"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &AdminConfig, at: &str) -> bool {
        config.check(at.parse().unwrap()).is_ok()
    }

    #[test]
    fn beyond_this_machine_passwords_need_tls_or_the_owners_word() {
        let plain = AdminConfig::default();
        assert!(check(&plain, "127.0.0.1:8080") && check(&plain, "[::1]:8080"));
        assert!(!check(&plain, "0.0.0.0:8080") && !check(&plain, "192.0.2.1:8080"));
        for allowed in [
            AdminConfig { certificate: Some("c".into()), key: Some("k".into()), ..AdminConfig::default() },
            AdminConfig { behind_proxy: vec!["192.0.2.9".parse().unwrap()], ..AdminConfig::default() },
            AdminConfig { allow_plain: true, ..AdminConfig::default() },
        ] {
            assert!(check(&allowed, "0.0.0.0:8080"), "{allowed:?}");
        }
        assert!(!check(&AdminConfig { certificate: Some("c".into()), ..plain }, "127.0.0.1:8080"));
    }
}
