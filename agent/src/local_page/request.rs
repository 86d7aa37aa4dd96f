//! Judges a request: what is asked for, in which language, and whether it is this box that is meant.
//!
//! A page of a stranger can make a browser ask here by a name that it lets point to this box. Such a name is not the
//! box's own, so it is refused; a bare address is always meant.

use std::net::IpAddr;

use super::words::Lang;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The page.
    Page(Lang),
    /// The same for programs.
    Status,
    /// The looks.
    Style,
}

/// Why it is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Only `GET` and `HEAD` are answered: 405.
    Method,
    /// There is nothing there: 404.
    Path,
    /// The name is not this box's: 421.
    Host,
}

/// Names by which this box may be called.
#[derive(Debug, Clone, Default)]
pub struct OwnNames(Vec<String>);

impl OwnNames {
    /// The machine's host name, and that with `.local`.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        Self::new(name.as_deref())
    }

    /// `localhost`, and these.
    #[must_use]
    pub fn new(host: Option<&str>) -> Self {
        let own = host.map(str::to_ascii_lowercase).filter(|host| !host.is_empty());
        let local = own.iter().map(|host| format!("{host}.local")).collect::<Vec<_>>();
        Self(std::iter::once("localhost".to_owned()).chain(own).chain(local).collect())
    }

    /// Whether a request is meant for this box.
    #[must_use]
    pub fn are_meant_by(&self, asked: &Asked<'_>) -> bool {
        asked.host.is_some_and(|host| self.include(host))
    }

    fn include(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, _port)) => address,
            None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name.parse::<IpAddr>().is_ok() || self.0.contains(&name)
    }
}

/// What matters of a request.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// `GET`….
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// What follows `?`.
    pub query: Option<&'a str>,
    /// The header `Host`.
    pub host: Option<&'a str>,
    /// The header `Accept-Language`.
    pub languages: Option<&'a str>,
}

/// Judges a request.
///
/// # Errors
///
/// Every [`Refused`].
pub fn judge(asked: Asked<'_>, own: &OwnNames) -> Result<Wanted, Refused> {
    if !own.are_meant_by(&asked) {
        return Err(Refused::Host);
    }
    if !matches!(asked.method, "GET" | "HEAD") {
        return Err(Refused::Method);
    }
    match asked.path {
        "/" => Ok(Wanted::Page(language(asked.query, asked.languages))),
        "/status.json" => Ok(Wanted::Status),
        "/style.css" => Ok(Wanted::Style),
        _ => Err(Refused::Path),
    }
}

/// The language that was chosen, else the one that the reader likes best, else English.
#[must_use]
pub fn language(query: Option<&str>, languages: Option<&str>) -> Lang {
    let known = |code: &str| Lang::ALL.into_iter().find(|lang| lang.code() == code);
    let chosen =
        query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| known(pair.strip_prefix("lang=")?));
    let liked = languages.into_iter().flat_map(|list| list.split(',').take(16)).filter_map(|item| {
        let (tag, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        known(&primary).map(|lang| (lang, weight))
    });
    let best = liked.fold(None, |best: Option<(Lang, f32)>, item| match best {
        Some(best) if best.1 >= item.1 => Some(best),
        _ => Some(item),
    });
    chosen.or(best.map(|(lang, _)| lang)).unwrap_or(Lang::En)
}
