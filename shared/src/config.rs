//! Settings: defaults in code, then one TOML file, then its `.d/` folder, then environment variables.
//!
//! Everything that is wrong is said at once, each problem with its place and the right key. A problem is found
//! by elimination: unknown keys are those that the defaults do not have; a value that does not fit is noted,
//! replaced by its default, and reading goes on.

mod files;
mod place;

use std::fmt;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Serialized};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use files::{File, read_files};
use place::Places;

/// More problems than this are not listed.
const PROBLEMS_MAX: usize = 50;

/// Where settings come from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The main file. It may be missing unless `is_required`.
    pub file: PathBuf,
    /// Whether a missing main file is a problem, as when a person named it.
    pub is_required: bool,
    /// Environment variables beginning like this override files; `__` stands between levels.
    pub env_prefix: &'static str,
}

/// Settings that a program made: they count more than files, less than environment variables.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What to call it where a setting comes from.
    pub name: String,
    /// The settings, as a file has them.
    pub tree: Value,
}

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Its name, as `collect.lan.enabled`.
    pub name: String,
    /// What holds.
    pub value: Value,
    /// Who said so: `default`, a file with its line, a layer, or an environment variable.
    pub origin: String,
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<Problem>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    place: String,
    text: String,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index + 1 == self.0.len() { "" } else { "\n" };
            write!(f, "{}: {}{end}", problem.place, problem.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads settings of type `T`.
///
/// # Errors
///
/// Every problem at once, as lines for people.
pub fn load<T>(sources: &Sources) -> Result<T, ConfigErrors>
where
    T: Default + Serialize + DeserializeOwned,
{
    load_with(sources, None)
}

/// Reads settings with a layer above the files.
///
/// # Errors
///
/// As [`load`].
pub fn load_with<T>(sources: &Sources, layer: Option<&Layer>) -> Result<T, ConfigErrors>
where
    T: Default + Serialize + DeserializeOwned,
{
    merge(&read_files(sources)?, layer, sources.env_prefix)
}

/// Every setting in force and where it comes from.
///
/// # Errors
///
/// As [`load`].
pub fn origins<T>(sources: &Sources, layer: Option<&Layer>) -> Result<Vec<Setting>, ConfigErrors>
where
    T: Default + Serialize + DeserializeOwned,
{
    let files = read_files(sources)?;
    let config: T = merge(&files, layer, sources.env_prefix)?;
    let tree = tree_of(&config)?;
    let places = Places::new(&files, layer, sources.env_prefix);
    let mut settings = Vec::new();
    list(&tree, &mut Vec::new(), &mut |path, value| {
        let origin = places.said(path).unwrap_or_else(|| "default".to_owned());
        settings.push(Setting { name: path.join("."), value: value.clone(), origin });
    });
    Ok(settings)
}

fn merge<T>(files: &[File], layer: Option<&Layer>, env_prefix: &'static str) -> Result<T, ConfigErrors>
where
    T: Default + Serialize + DeserializeOwned,
{
    let defaults = tree_of(&T::default())?;
    let tree = merged(&defaults, files, layer, env_prefix)?;
    check(tree, &defaults, &Places::new(files, layer, env_prefix))
}

/// Settings as a tree. Everything but this and [`check`] works on trees, so that their types cost a small program little.
fn tree_of<T: Serialize>(settings: &T) -> Result<Value, ConfigErrors> {
    serde_json::to_value(settings).map_err(|error| single("configuration", error.to_string()))
}

fn merged(
    defaults: &Value,
    files: &[File],
    layer: Option<&Layer>,
    env_prefix: &'static str,
) -> Result<Value, ConfigErrors> {
    let mut figment = Figment::from(Serialized::defaults(defaults));
    for file in files {
        figment = figment.merge(Serialized::defaults(&file.table));
    }
    if let Some(layer) = layer {
        figment = figment.merge(Serialized::defaults(&layer.tree));
    }
    figment = figment.merge(Env::prefixed(env_prefix).split("__"));
    figment.extract().map_err(|error| single("configuration", error.to_string()))
}

/// Every leaf of a tree; a list is one, and so is an empty table.
fn list(tree: &Value, path: &mut Vec<String>, found: &mut dyn FnMut(&[String], &Value)) {
    match tree {
        Value::Object(table) if !table.is_empty() => {
            for (key, value) in table {
                path.push(key.clone());
                list(value, path, found);
                path.pop();
            }
        }
        leaf => found(path, leaf),
    }
}

/// Turns a merged tree into settings, or into the list of everything that is wrong with it.
fn check<T: DeserializeOwned>(mut tree: Value, defaults: &Value, places: &Places<'_>) -> Result<T, ConfigErrors> {
    let mut problems = Vec::new();
    remove_unknown(&mut tree, defaults, &mut Vec::new(), &mut |path, known| {
        problems.push(Problem { place: places.of(path), text: unknown_key(path, known) });
    });
    loop {
        match serde_path_to_error::deserialize::<_, T>(&tree) {
            Ok(value) if problems.is_empty() => return Ok(value),
            Ok(_) => return Err(ConfigErrors(problems)),
            Err(error) => {
                let path = path_of(error.path());
                problems.push(Problem { place: places.of(&path), text: wrong_value(&path, error.inner()) });
                let is_mended = restore_default(&mut tree, defaults, &path);
                if !is_mended || problems.len() >= PROBLEMS_MAX {
                    return Err(ConfigErrors(problems));
                }
            }
        }
    }
}

/// Removes keys that the defaults do not have. Where the defaults are silent (`null`, an empty table, a list)
/// anything goes, and the type itself decides later.
fn remove_unknown(
    tree: &mut Value,
    defaults: &Value,
    path: &mut Vec<String>,
    report: &mut dyn FnMut(&[String], &[&str]),
) {
    let (Value::Object(tree), Value::Object(known)) = (tree, defaults) else { return };
    if known.is_empty() {
        return;
    }
    tree.retain(|key, value| {
        path.push(key.clone());
        let is_known = match known.get(key) {
            Some(default) => {
                remove_unknown(value, default, path, report);
                true
            }
            None => {
                report(path, &known.keys().map(String::as_str).collect::<Vec<_>>());
                false
            }
        };
        path.pop();
        is_known
    });
}

fn unknown_key(path: &[String], known: &[&str]) -> String {
    let (key, parents) = path.split_last().map_or(("", &[][..]), |(key, parents)| (key.as_str(), parents));
    let near = known.iter().map(|candidate| (strsim::damerau_levenshtein(key, candidate), *candidate)).min();
    let with_parents = |key: &str| parents.iter().map(String::as_str).chain([key]).collect::<Vec<_>>().join(".");
    match near {
        Some((distance, candidate)) if distance <= key.len().div_ceil(3) => {
            format!("unknown key `{}`; did you mean `{}`?", path.join("."), with_parents(candidate))
        }
        _ => format!("unknown key `{}`; known here: {}", path.join("."), known.join(", ")),
    }
}

fn wrong_value(path: &[String], error: &serde_json::Error) -> String {
    format!("`{}`: {error}", path.join("."))
}

fn path_of(path: &serde_path_to_error::Path) -> Vec<String> {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect()
}

/// Puts the default back at the deepest part of `path` that has one; false if nothing changed.
fn restore_default(tree: &mut Value, defaults: &Value, path: &[String]) -> bool {
    let (Value::Object(tree), Value::Object(defaults), Some((key, rest))) = (tree, defaults, path.split_first()) else {
        return false;
    };
    let Some(default) = defaults.get(key) else { return tree.remove(key).is_some() };
    let Some(value) = tree.get_mut(key) else { return false };
    if restore_default(value, default, rest) {
        return true;
    }
    let has_changed = value != default;
    *value = default.clone();
    has_changed
}

fn single(place: &str, text: String) -> ConfigErrors {
    ConfigErrors(vec![Problem { place: place.to_owned(), text }])
}

/// Reads settings from text, as a fuzz target and tests do.
///
/// # Errors
///
/// As [`load`].
pub fn parse<T>(name: &str, text: &str) -> Result<T, ConfigErrors>
where
    T: Default + Serialize + DeserializeOwned,
{
    let file = File::parse(PathBuf::from(name), text.to_owned()).map_err(|problem| ConfigErrors(vec![problem]))?;
    let files = [file];
    // No variable's name begins so.
    merge(&files, None, "\0")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Sample {
        name: String,
        lan: Lan,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Lan {
        #[serde(with = "crate::units::duration")]
        interval: Duration,
        inventory: bool,
        ranges: Vec<String>,
        interface: Option<String>,
    }

    impl Default for Sample {
        fn default() -> Self {
            Self { name: "box".to_owned(), lan: Lan::default() }
        }
    }

    impl Default for Lan {
        fn default() -> Self {
            Self { interval: Duration::from_secs(300), inventory: false, ranges: Vec::new(), interface: None }
        }
    }

    fn problems(text: &str) -> String {
        parse::<Sample>("agent.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(parse::<Sample>("agent.toml", "").unwrap(), Sample::default());
    }

    #[test]
    fn every_mistake_is_named_at_once_with_its_line_and_the_right_key() {
        let text = "nam = \"x\"\n\n[lan]\nintervall = \"5m\"\ninterval = 5\ninventory = \"yes\"\ncolour = 1\n";
        insta::assert_snapshot!(problems(text), @r#"
        agent.toml:7: unknown key `lan.colour`; known here: interface, interval, inventory, ranges
        agent.toml:4: unknown key `lan.intervall`; did you mean `lan.interval`?
        agent.toml:1: unknown key `nam`; did you mean `name`?
        agent.toml:5: `lan.interval`: invalid type: integer `5`, expected a duration with its unit, for example "30s" or "5m"
        agent.toml:6: `lan.inventory`: invalid type: string "yes", expected a boolean
        "#);
    }

    #[test]
    fn broken_toml_names_its_line() {
        assert!(problems("name = \"x\"\n[lan\n").starts_with("agent.toml:2: is not TOML"));
    }

    #[test]
    fn a_later_file_and_then_the_environment_win() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, "name = \"main\"\n[lan]\nranges = [\"10.0.0.0/24\"]").unwrap();
        std::fs::create_dir(folder.path().join("agent.d")).unwrap();
        std::fs::write(folder.path().join("agent.d/10-name.toml"), "name = \"fragment\"").unwrap();

        let sources = Sources { file, is_required: true, env_prefix: "VIGIE_CONFIG_TEST__" };
        let sample: Sample = load(&sources).unwrap();

        assert_eq!(sample.name, "fragment");
        assert_eq!(sample.lan.ranges, ["10.0.0.0/24"]);
    }

    #[test]
    fn a_layer_counts_more_than_files_and_every_setting_says_where_it_comes_from() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, "\nname = \"main\"\n[lan]\ninventory = true").unwrap();
        let sources = Sources { file: file.clone(), is_required: true, env_prefix: "VIGIE_CONFIG_TEST__" };
        let layer = |tree| Layer { name: "command 7".to_owned(), tree };
        let good = layer(serde_json::json!({ "name": "layer", "lan": { "interval": "1m" } }));

        let said: Vec<(String, String)> = origins::<Sample>(&sources, Some(&good))
            .unwrap()
            .into_iter()
            .map(|setting| (format!("{} = {}", setting.name, setting.value), setting.origin))
            .collect();
        let place = format!("{}:4", file.display());
        for (setting, origin) in [
            ("name = \"layer\"", "command 7"),
            ("lan.interval = \"1m\"", "command 7"),
            ("lan.inventory = true", place.as_str()),
            ("lan.ranges = []", "default"),
        ] {
            assert!(said.contains(&(setting.to_owned(), origin.to_owned())), "{setting}: {said:?}");
        }

        let bad = layer(serde_json::json!({ "lan": { "intervall": "1m", "inventory": 7 } }));
        let problems = load_with::<Sample>(&sources, Some(&bad)).unwrap_err().to_string();
        assert!(problems.contains("command 7: unknown key `lan.intervall`"), "{problems}");
        assert!(problems.contains("command 7: `lan.inventory`"), "{problems}");
    }

    #[test]
    fn a_missing_file_is_a_problem_only_if_somebody_named_it() {
        let mut sources =
            Sources { file: "/nonexistent/agent.toml".into(), is_required: false, env_prefix: "VIGIE_CONFIG_TEST__" };
        assert!(load::<Sample>(&sources).is_ok());
        sources.is_required = true;
        assert!(load::<Sample>(&sources).unwrap_err().to_string().contains("/nonexistent/agent.toml: cannot be read"));
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "[a-z\\[\\]=\" .\n0-9]{0,80}") {
            drop(parse::<Sample>("agent.toml", &text));
        }
    }
}
