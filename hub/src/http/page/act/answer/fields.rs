//! Pure: a JSON answer of the API as people read it: texts, and tables of what came several times.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::http::page::words::{Said, said};
use crate::http::time::Time;
use crate::text::{self, Lang};

/// What people call the fields of answers, in the order in which tables have them.
const FIELDS: &[(&str, Said)] = &[
    ("token", said("Jeton", "Token")),
    ("secret", said("Secret", "Secret")),
    ("uri", said("Adresse pour l’application", "Address for the application")),
    ("codes", said("Codes de secours", "Recovery codes")),
    ("command", said("Sur le boîtier", "On the box")),
    ("expires", said("Valable jusqu’à", "Valid until")),
    ("link", said("Lien", "Link")),
    ("url", said("Lien", "Link")),
    ("password", said("Mot de passe", "Password")),
    ("path", said("Sur la machine du serveur", "On the hub’s machine")),
    ("size_bytes", said("Taille", "Size")),
    ("terminal", said("Pointeuse", "Terminal")),
    ("site", said("Site", "Site")),
    ("enrol_id", said("N° de pointeuse", "Enrol number")),
    ("name", said("Nom", "Name")),
    ("day", said("Jour", "Day")),
    ("ours", said("Envoyés d’ici", "Sent from here")),
    ("theirs", said("Chez le tiers", "At the third party")),
    ("missing", said("Manquent là-bas", "Missing there")),
    ("foreign", said("Pas envoyés d’ici", "Not sent from here")),
    ("is_enabled", said("Peut pointer", "May punch")),
    ("is_gone", said("Plus listé", "Not listed any more")),
    ("admin", said("Droits", "Rights")),
    ("weekzone", said("Zone de semaine", "Week zone")),
    ("group", said("Groupe", "Group")),
    ("set", said("Envoyés", "Sent")),
    ("commands", said("Commandes", "Commands")),
    ("items", said("Écarts et détails", "Differences and details")),
    ("strangers", said("Relevés de personnes inconnues ici", "Records of people not known here")),
    ("doubt", said("Réserve", "Doubt")),
    ("listed", said("Personnes listées", "People listed")),
    ("added", said("Nouvelles", "Added")),
    ("changed", said("Modifiées", "Changed")),
    ("gone", said("Plus listées", "Not listed any more")),
    ("held", said("Retenu", "Held back")),
    ("oddities", said("Illisible", "Cannot be read")),
];

/// One field of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    /// What it says, or that there is none of it.
    pub(super) text: String,
    /// What came several times, with the heads of its columns; empty if it did not.
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// For whom it is written, and when.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) lang: Lang,
    pub(super) now_ms: i64,
    pub(super) zone: &'a TimeZone,
}

impl Reading<'_> {
    /// A field of an answer by its name.
    pub(super) fn told(&self, name: &str, value: &Value) -> Field {
        let rows: Vec<&Value> = value.as_array().into_iter().flatten().filter(|one| one.is_object()).collect();
        let keys = keys(&rows);
        let cell = |row: &Value, key: &str| self.text(row.get(key).unwrap_or(&Value::Null));
        Field {
            name: self.word(name),
            text: match value.as_u64().filter(|_| name.ends_with("_bytes")) {
                Some(bytes) => text::size(self.lang, bytes),
                None if keys.is_empty() => self.text(value),
                None => String::new(),
            },
            heads: keys.iter().map(|key| self.word(key)).collect(),
            rows: rows.iter().map(|row| keys.iter().map(|key| cell(row, key)).collect()).collect(),
        }
    }

    fn word(&self, field: &str) -> String {
        let last = field.rsplit('.').next().unwrap_or(field);
        let known = FIELDS.iter().find(|(name, _)| *name == last);
        known.map_or_else(|| last.to_owned(), |(_, said)| said.of(self.lang).to_owned())
    }

    fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) => self.moment(text).unwrap_or_else(|| text.clone()),
            Value::Array(items) if items.is_empty() => said("aucun", "none").of(self.lang).to_owned(),
            Value::Array(items) => items.iter().map(|item| self.text(item)).collect::<Vec<_>>().join(", "),
            Value::Bool(true) => said("oui", "yes").of(self.lang).to_owned(),
            Value::Bool(false) => said("non", "no").of(self.lang).to_owned(),
            Value::Null => "–".to_owned(),
            Value::Number(_) | Value::Object(_) => value.to_string(),
        }
    }

    /// A moment or a day as people write it; none if the text is none.
    fn moment(&self, text: &str) -> Option<String> {
        let begins_with_digit = text.starts_with(|one: char| one.is_ascii_digit());
        if begins_with_digit
            && let Ok(day) = text.parse::<Date>()
            && text.len() == "2026-11-20".len()
        {
            return Some(text::spoken_day(self.lang, day));
        }
        let Time(at_ms) = text.parse().ok().filter(|_| begins_with_digit)?;
        Some(text::moment(self.lang, at_ms, self.now_ms, self.zone))
    }
}

/// The keys that any row fills, in the order of [`FIELDS`], the others behind.
fn keys(rows: &[&Value]) -> Vec<String> {
    let is_there = |value: &Value| !value.is_null();
    let fields = rows.iter().filter_map(|row| row.as_object()).flatten();
    let found: BTreeSet<&String> = fields.filter(|(_, value)| is_there(value)).map(|(key, _)| key).collect();
    let mut keys: Vec<String> = found.into_iter().cloned().collect();
    keys.sort_by_key(|key| FIELDS.iter().position(|(name, _)| name == key).unwrap_or(FIELDS.len()));
    keys
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::page::assert_no_banned_word;

    fn told(lang: Lang, name: &str, value: &Value) -> Field {
        Reading { lang, now_ms: 1_795_183_500_000, zone: &TimeZone::UTC }.told(name, value)
    }

    #[test]
    fn what_came_several_times_is_a_table_with_dates_as_people_write_them() {
        let differences = json!([
            { "enrol_id": 7, "day": "2026-11-01", "ours": 2, "theirs": 1,
              "missing": ["2026-11-01T08:00:00.000Z"], "foreign": [], "admin": null },
        ]);

        let table = told(Lang::Fr, "items", &differences);

        assert_eq!(
            table.heads,
            ["N° de pointeuse", "Jour", "Envoyés d’ici", "Chez le tiers", "Manquent là-bas", "Pas envoyés d’ici"]
        );
        assert_eq!(table.rows, [["7", "dimanche 1er novembre 2026", "2", "1", "01/11/2026 08:00", "aucun"]]);
    }

    #[test]
    fn everything_else_is_a_text() {
        assert_eq!(told(Lang::En, "added", &json!([])).text, "none");
        assert_eq!(told(Lang::En, "strangers", &json!(3)).text, "3");
        assert_eq!(told(Lang::Fr, "size_bytes", &json!(1_300_000)).text, "1,3\u{a0}Mo");
        assert_eq!(told(Lang::En, "held", &json!(null)).text, "–");
        let token = told(Lang::En, "enrolment.token", &json!("2026vigie1-abc"));
        assert_eq!((token.name.as_str(), token.text.as_str()), ("Token", "2026vigie1-abc"));
        assert_eq!(told(Lang::En, "codes", &json!(["a", "b"])).text, "a, b");
    }

    #[test]
    fn no_field_has_a_banned_word() {
        for (_, words) in FIELDS {
            for lang in Lang::ALL {
                assert_no_banned_word(lang, words.of(lang));
            }
        }
    }
}
