//! Which names a template may use, by the place where it stands.

/// What a value is, as far as it is known when a mapping is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A moment.
    Moment,
    /// Text that a filter made.
    Text,
    /// A number, of seconds where it is a length of time.
    Number,
    /// Only the row says.
    Any,
}

/// The names that are known in one place of a mapping.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: Vec<(&'static str, Kind)>,
    /// What may stand before a dot.
    roots: Vec<&'static str>,
    /// Any name is a field of an item that the third party sends.
    is_open: bool,
}

impl Scope {
    /// Nothing but these names.
    #[must_use]
    pub fn of(names: &[&'static str]) -> Self {
        Self { names: names.iter().map(|name| (*name, Kind::Text)).collect(), ..Self::default() }
    }

    /// Nothing but settings and secrets, which are known everywhere.
    #[must_use]
    pub fn settings() -> Self {
        Self { roots: vec!["cfg", "secret"], ..Self::default() }
    }

    /// The same, and the place within a list that comes in pages.
    #[must_use]
    pub fn pages() -> Self {
        Self::settings().with_root("page")
    }

    /// The fields of one item of a list.
    #[must_use]
    pub fn item() -> Self {
        Self { is_open: true, ..Self::settings() }
    }

    /// The values of a row.
    #[must_use]
    pub fn row() -> Self {
        Self {
            names: vec![
                ("key", Kind::Text),
                ("terminal_sn", Kind::Any),
                ("enrollid", Kind::Number),
                ("user_name", Kind::Any),
                ("time", Kind::Moment),
                ("dir", Kind::Any),
                ("mode", Kind::Any),
                ("inout", Kind::Any),
                ("event", Kind::Any),
                ("granted", Kind::Any),
                ("temperature", Kind::Any),
                ("log_id", Kind::Number),
                ("start", Kind::Moment),
                ("end", Kind::Moment),
                ("seconds", Kind::Number),
                ("day", Kind::Text),
                ("amount", Kind::Any),
                ("minutes", Kind::Number),
                ("revision", Kind::Number),
                ("zone", Kind::Text),
            ],
            ..Self::settings().with_root("person")
        }
    }

    /// A request about a row, or about the rows of a batch or a day.
    #[must_use]
    pub fn request() -> Self {
        let mut scope = Self::row().with_root("open").with_root("remote").with_root("batch");
        scope.names.extend([("rows", Kind::Any), ("open.start", Kind::Moment), ("batch.key", Kind::Text)]);
        scope
    }

    /// Those who are on the LAN of a site at this moment.
    #[must_use]
    pub fn beat() -> Self {
        Self { names: vec![("macs", Kind::Text), ("site", Kind::Text)], ..Self::settings() }
    }

    /// A page of the rows that a third party has of a period.
    #[must_use]
    pub fn period() -> Self {
        let mut scope = Self::pages();
        scope.names.extend([("from", Kind::Moment), ("to", Kind::Moment)]);
        scope
    }

    /// The same without some names.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.names.retain(|(name, _)| !names.contains(name));
        self
    }

    fn with_root(mut self, root: &'static str) -> Self {
        self.roots.push(root);
        self
    }

    /// What the value with that name is.
    ///
    /// # Errors
    ///
    /// Words on names that are not known here, with those that are.
    pub(super) fn kind(&self, name: &str) -> Result<Kind, String> {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(is_plain) || name.starts_with('.') || name.ends_with('.') {
            return Err(format!("`{name}` is not a name; write `{{time}}`, or `{{{{` for a brace itself"));
        }
        if let Some((_, kind)) = self.names.iter().find(|(known, _)| *known == name) {
            return Ok(*kind);
        }
        let is_below = name.split_once('.').is_some_and(|(root, _)| self.roots.contains(&root));
        if is_below || self.is_open {
            return Ok(Kind::Any);
        }
        Err(self.unknown(name))
    }

    fn unknown(&self, name: &str) -> String {
        let mut text = format!("no value is called `{name}` here; there are ");
        let names = self.names.iter().map(|(name, _)| (*name).to_owned());
        let roots = self.roots.iter().map(|root| format!("{root}.…"));
        let all: Vec<String> = names.chain(roots).map(|name| format!("`{name}`")).collect();
        text.push_str(&all.join(", "));
        text
    }
}
