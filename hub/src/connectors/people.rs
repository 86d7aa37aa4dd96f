//! The people that a third party lists: read, compared with those known, and never removed by a bad list; pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::paging::{Listing, Paging, RawPaging};
use super::request::{RawRequest, Request};
use super::template::{Scope, Template, Values};
use super::tree::{Wrong, below};

/// A list may shrink by this share, percent; more needs a person.
pub const SHRINK_PERCENT_MAX: usize = 20;

/// Longest name that is kept, characters.
const NAME_LENGTH_MAX: usize = 200;

/// `[people]` in a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPeople {
    request: RawRequest,
    items: String,
    paging: Option<RawPaging>,
    link: String,
    map: RawMap,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMap {
    enrollid: String,
    name: Option<String>,
    is_enabled: Option<toml::Value>,
    admin: Option<String>,
    weekzone: Option<String>,
    group: Option<String>,
}

/// How a third party lists people.
#[derive(Debug, Clone, PartialEq)]
pub struct PeopleMapping {
    /// The request for a page.
    pub request: Request,
    /// How pages come.
    pub paging: Paging,
    /// The field that has the terminal's number.
    pub link: String,
    enrol_id: Template,
    name: Option<Template>,
    is_enabled: Option<Template>,
    admin: Option<Template>,
    weekzone: Option<Template>,
    group: Option<Template>,
}

/// Somebody whom a third party lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The number under which terminals know the person.
    pub enrol_id: u64,
    /// Name for terminals and people.
    pub name: Option<String>,
    /// Whether the person may use terminals.
    pub is_enabled: bool,
    /// Rights on the terminal, its own numbers: 0 for everybody, 1 for who may change it.
    pub admin: Option<i64>,
    /// Week zone of the terminal.
    pub weekzone: Option<i64>,
    /// Group of the terminal.
    pub group: Option<i64>,
    /// What requests need of the third party's own record, for example its id.
    pub remote: Value,
}

impl PeopleMapping {
    /// Reads and checks the block; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawPeople, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        let RawMap { enrollid, name, is_enabled, admin, weekzone, group } = &raw.map;
        let is_enabled =
            is_enabled.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let request = below(path, "request", |path| Request::read(&raw.request, &Scope::pages(), path, wrongs));
        let paging = Paging::read(&raw.items, raw.paging.as_ref(), path, wrongs);
        path.push("map".to_owned());
        let mut read = |key: &str, text: &str| {
            below(path, key, |path| super::request::template(text, &Scope::item(), path, wrongs))
        };
        let mut optional = |key: &str, text: Option<&String>| text.map(|text| read(key, text));
        let name = optional("name", name.as_ref());
        let is_enabled = optional("is_enabled", is_enabled.as_ref());
        let (admin, weekzone) = (optional("admin", admin.as_ref()), optional("weekzone", weekzone.as_ref()));
        let group = optional("group", group.as_ref());
        let enrol_id = read("enrollid", enrollid);
        path.pop();
        Self { request, paging, link: raw.link.clone(), enrol_id, name, is_enabled, admin, weekzone, group }
    }

    /// The people of a list, by number, and who could not be read and why. Only the named fields of the third
    /// party's own record are kept.
    #[must_use]
    pub fn people(
        &self,
        listing: &Listing,
        fields: &[String],
        values: &Values,
    ) -> (BTreeMap<u64, Person>, Vec<String>) {
        let (mut people, mut oddities) = (BTreeMap::new(), Vec::new());
        for (index, item) in listing.items.iter().enumerate() {
            match self.person(item, fields, values) {
                Ok(Some(person)) => {
                    let enrol_id = person.enrol_id;
                    if people.insert(enrol_id, person).is_some() {
                        oddities.push(format!("number {enrol_id} belongs to two people; the last one listed counts"));
                    }
                }
                // Not everybody has a badge.
                Ok(None) => {}
                Err(why) => oddities.push(format!("item {}: {why}", index + 1)),
            }
        }
        (people, oddities)
    }

    fn person(&self, item: &Value, fields: &[String], values: &Values) -> Result<Option<Person>, String> {
        let has_link =
            item.get(&self.link).is_some_and(|link| !matches!(link, Value::Null | Value::Bool(false)) && link != "");
        if !has_link {
            return Ok(None);
        }
        let values = values.clone().with_item(item.clone());
        let get = |template: &Template| template.render(&values).map(Option::unwrap_or_default).unwrap_or_default();
        let number = self.enrol_id.render(&values).map_err(|unfit| unfit.to_string())?.unwrap_or_default();
        let Some(enrol_id) = number.as_u64() else {
            return Err(format!("`{}` is no number of a terminal", super::outcome::cut(&number.to_string(), 40)));
        };
        let number = |template: &Option<Template>| template.as_ref().and_then(|template| get(template).as_i64());
        let name = self.name.as_ref().map(get).and_then(|name| name.as_str().map(str::to_owned));
        let remote: Map<String, Value> =
            fields.iter().filter_map(|field| Some((field.clone(), item.get(field)?.clone()))).collect();
        Ok(Some(Person {
            enrol_id,
            name: name.map(|name| name.chars().filter(|c| !c.is_control()).take(NAME_LENGTH_MAX).collect()),
            is_enabled: self.is_enabled.as_ref().is_none_or(|template| is_true(&get(template))),
            admin: number(&self.admin),
            weekzone: number(&self.weekzone),
            group: number(&self.group),
            remote: Value::Object(remote),
        }))
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => ["true", "1", "yes"].contains(&text.to_ascii_lowercase().as_str()),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// What a list would change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Who is new.
    pub added: Vec<Person>,
    /// Who changed: as known, and as listed.
    pub changed: Vec<(Person, Person)>,
    /// Who is no longer listed.
    pub gone: Vec<Person>,
    /// Why those who are gone, and those who were disabled, stay as they are until a person says otherwise.
    pub held: Option<String>,
}

impl Changes {
    /// Whose record is to be written: of those held back, nobody.
    #[must_use]
    pub fn to_write(&self) -> Vec<Person> {
        let is_held = |old: &Person, new: &Person| self.held.is_some() && old.is_enabled && !new.is_enabled;
        let changed = self
            .changed
            .iter()
            .map(|(old, new)| Person { is_enabled: new.is_enabled || is_held(old, new), ..new.clone() });
        self.added.iter().cloned().chain(changed).collect()
    }

    /// Who is to be marked as gone.
    #[must_use]
    pub fn to_mark(&self) -> Vec<u64> {
        if self.held.is_some() { Vec::new() } else { self.gone.iter().map(|person| person.enrol_id).collect() }
    }
}

/// Compares a list with those known. Nobody goes and nobody is disabled because of an incomplete list or one that
/// shrinks by more than [`SHRINK_PERCENT_MAX`], unless a person confirmed it.
#[must_use]
pub fn compare(
    known: &BTreeMap<u64, Person>,
    listed: &BTreeMap<u64, Person>,
    doubt: Option<&str>,
    is_confirmed: bool,
) -> Changes {
    let mut changes = Changes::default();
    for (enrol_id, person) in listed {
        match known.get(enrol_id) {
            None => changes.added.push(person.clone()),
            Some(old) if old != person => changes.changed.push((old.clone(), person.clone())),
            Some(_) => {}
        }
    }
    changes.gone = known.values().filter(|person| !listed.contains_key(&person.enrol_id)).cloned().collect();
    let disabled = changes.changed.iter().filter(|(old, new)| old.is_enabled && !new.is_enabled).count();
    let leaving = changes.gone.len() + disabled;
    let is_steep = leaving * 100 > known.len() * SHRINK_PERCENT_MAX;
    changes.held = match (leaving, doubt) {
        (0, _) => None,
        (_, _) if is_confirmed => None,
        (_, Some(doubt)) => Some(format!("the list may be incomplete: {doubt}")),
        (_, None) if is_steep => Some(format!(
            "{leaving} of {} people would go at once, more than {SHRINK_PERCENT_MAX} %; confirm it if that is right",
            known.len()
        )),
        (_, None) => None,
    };
    changes
}

#[cfg(test)]
mod tests;
