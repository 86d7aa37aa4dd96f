//! The application's `configuration.json`, as far as videos are concerned: `categories[{id, name,
//! videos[{name, path, type}], subCategories[…]}]`.
//!
//! Pure: text in, text out. Everything that a change does not concern keeps its order, its keys and its spelling
//! ([`super::ordered`]). A file that is damaged or of another shape is refused by place and never written.

use super::names::Place;
use super::ordered::{Node, Object};

/// Why the file cannot be changed; for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// It is not JSON.
    #[error(
        "it is damaged, line {line}, column {column}: {reason}; nothing was changed, restore it or mend that place"
    )]
    Damaged {
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
        /// What the parser said.
        reason: String,
    },
    /// It is JSON of another shape.
    #[error("`{at}` is not {expected}; nothing was changed")]
    Shape {
        /// The place, as `categories[2].videos`.
        at: String,
        /// What should be there.
        expected: &'static str,
    },
}

/// What the application reads of a video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The name that is shown.
    pub name: &'a str,
    /// Where the application finds it.
    pub path: &'a str,
    /// The media type.
    pub kind: &'a str,
}

/// The file, ready to be changed.
#[derive(Debug, Clone, Default)]
pub struct Catalogue(Object);

impl Catalogue {
    /// Reads the file. An empty one counts as missing: as a catalogue without a video.
    ///
    /// # Errors
    ///
    /// [`CatalogueError::Damaged`], and [`CatalogueError::Shape`] if it is not an object.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut whole: Node = serde_json::from_str(text).map(Node::Raw).map_err(|error| CatalogueError::Damaged {
            line: error.line(),
            column: error.column(),
            reason: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
        })?;
        match whole.object() {
            Some(object) => Ok(Self(std::mem::take(object))),
            None => Err(CatalogueError::Shape { at: "the whole file".to_owned(), expected: "an object" }),
        }
    }

    /// The file's new text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Lists a video in its category, which is made if it is missing; false if it stood there exactly so.
    ///
    /// # Errors
    ///
    /// [`CatalogueError::Shape`].
    pub fn put(&mut self, place: &Place, video: &Listed<'_>) -> Result<bool, CatalogueError> {
        let mut path = Path::default();
        let mut home = self.home(place.category(), &mut path)?;
        if let Some(name) = place.subcategory() {
            home = group(home, ("subCategories", name), &mut path)?;
        }
        let videos = list(home, "videos", &mut path)?;
        let is_it = |node: &mut Node| {
            let listed = node.object().and_then(|video| video.text_of("path"));
            listed.is_some_and(|listed| is_same(&listed, video.path))
        };
        if let Some(entry) = videos.iter_mut().find_map(|node| is_it(node).then(|| node.object()).flatten()) {
            let is_renamed = entry.set_text("name", video.name);
            return Ok(entry.set_text("type", video.kind) || is_renamed);
        }
        let entry = [("name", video.name), ("path", video.path), ("type", video.kind)];
        let entry = entry.map(|(key, text)| (key.to_owned(), Node::text(text)));
        videos.push(Node::Object(entry.into_iter().collect()));
        Ok(true)
    }

    /// Takes a video off its category's list, and off any other one; how many entries went.
    ///
    /// # Errors
    ///
    /// [`CatalogueError::Shape`].
    pub fn remove(&mut self, video_path: &str) -> Result<usize, CatalogueError> {
        let Some(categories) = self.0.get("categories") else { return Ok(0) };
        let mut path = Path("categories".to_owned());
        remove_below(categories, video_path, &mut path)
    }

    fn home(&mut self, category: &str, path: &mut Path) -> Result<&mut Object, CatalogueError> {
        group(&mut self.0, ("categories", category), path)
    }
}

/// Where in the file we are, for errors.
#[derive(Debug, Default)]
struct Path(String);

impl Path {
    fn enter(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        self.0.push_str(key);
    }

    fn shape(&self, expected: &'static str) -> CatalogueError {
        CatalogueError::Shape { at: self.0.clone(), expected }
    }
}

/// The list under a key, made if it is missing or null.
fn list<'a>(object: &'a mut Object, key: &str, path: &mut Path) -> Result<&'a mut Vec<Node>, CatalogueError> {
    path.enter(key);
    let node = object.get_or_put(key, || Node::List(Vec::new()));
    if matches!(node, Node::Raw(raw) if raw.get() == "null") {
        *node = Node::List(Vec::new());
    }
    node.list().ok_or_else(|| path.shape("a list"))
}

/// The category of that name (or id) in the list under a key, made at the end if it is missing.
fn group<'a>(
    object: &'a mut Object,
    (key, name): (&str, &str),
    path: &mut Path,
) -> Result<&'a mut Object, CatalogueError> {
    let groups = list(object, key, path)?;
    let texts = |groups: &mut Vec<Node>, key: &str| -> Vec<Option<String>> {
        groups.iter_mut().map(|node| node.object().and_then(|group| group.text_of(key))).collect()
    };
    let (names, ids) = (texts(groups, "name"), texts(groups, "id"));
    let named = |texts: &[Option<String>]| texts.iter().position(|text| text.as_deref() == Some(name));
    let at = match named(&names).or_else(|| named(&ids)) {
        Some(at) => at,
        None => {
            let id = free_id(name, &ids);
            let made = [("id", Node::text(&id)), ("name", Node::text(name)), ("videos", Node::List(Vec::new()))];
            groups.push(Node::Object(made.map(|(key, node)| (key.to_owned(), node)).into_iter().collect()));
            groups.len() - 1
        }
    };
    path.0.push_str(&format!("[{at}]"));
    groups.get_mut(at).and_then(Node::object).ok_or_else(|| path.shape("an object"))
}

/// An id that nobody has: the name in small letters, digits and dashes.
fn free_id(name: &str, taken: &[Option<String>]) -> String {
    let dashed: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let base = dashed.trim_matches('-');
    let base = if base.is_empty() { "category" } else { base };
    let is_free = |id: &String| !taken.iter().any(|other| other.as_ref() == Some(id));
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// Removes the entries of a list of categories and of the sub-categories in it.
fn remove_below(groups: &mut Node, video_path: &str, path: &mut Path) -> Result<usize, CatalogueError> {
    let mut removed = 0;
    for (at, node) in groups.list().ok_or_else(|| path.shape("a list"))?.iter_mut().enumerate() {
        let Some(group) = node.object() else { continue };
        if let Some(videos) = group.get("videos").and_then(Node::list) {
            let count = videos.len();
            videos.retain_mut(|node| {
                let listed = node.object().and_then(|video| video.text_of("path"));
                !listed.is_some_and(|listed| is_same(&listed, video_path))
            });
            removed += count - videos.len();
        }
        // Sub-categories have none below them in this format; what stands deeper is not ours.
        let has_levels_left = !path.0.contains("subCategories");
        if let Some(below) = group.get("subCategories").filter(|node| has_levels_left && is_list(node)) {
            let mut inner = Path(format!("{}[{at}].subCategories", path.0));
            removed += remove_below(below, video_path, &mut inner)?;
        }
    }
    Ok(removed)
}

fn is_list(node: &Node) -> bool {
    match node {
        Node::Raw(raw) => raw.get().starts_with('['),
        Node::List(_) => true,
        Node::Object(_) => false,
    }
}

/// Whether two paths of the application mean one file: `/videos/a.mp4`, `./videos/a.mp4` and `videos/a.mp4` do.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").trim_start_matches('/').to_owned();
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn place(subcategory: Option<&str>) -> Place {
        Place::new("Technique", subcategory, "a.mp4").unwrap()
    }

    fn video(path: &str) -> Listed<'_> {
        Listed { name: "A", path, kind: "video/mp4" }
    }

    fn value(catalogue: &Catalogue) -> Value {
        serde_json::from_str(&catalogue.to_text()).unwrap()
    }

    #[test]
    fn a_video_joins_its_category_and_nothing_else_moves() {
        let before = "{\n  \"zeta\": 1.50,\n  \"version\": \"1.0\",\n  \"categories\": [\n    {\n      \"id\": \"t\",\n      \
                      \"name\": \"Technique\",\n      \"colour\": \"red\",\n      \"videos\": []\n    }\n  ],\n  \
                      \"huge\": 123456789012345678901234567890\n}\n";
        let mut catalogue = Catalogue::parse(before).unwrap();
        assert!(catalogue.put(&place(None), &video("videos/Technique/a.mp4")).unwrap());
        let after = catalogue.to_text();
        assert!(after.contains("\"zeta\": 1.50") && after.contains("123456789012345678901234567890"), "{after}");
        assert!(after.find("zeta").unwrap() < after.find("categories").unwrap());
        assert!(after.contains("\"colour\": \"red\""));
        assert_eq!(
            value(&catalogue)["categories"][0]["videos"],
            json!([{"name": "A", "path": "videos/Technique/a.mp4", "type": "video/mp4"}])
        );

        assert!(!catalogue.put(&place(None), &video("/videos/Technique/a.mp4")).unwrap(), "it stands there already");
        assert_eq!(catalogue.remove("videos/Technique/a.mp4"), Ok(1));
        assert_eq!(catalogue.to_text(), before, "the way back gives the same bytes");
    }

    #[test]
    fn missing_categories_are_made_with_ids_of_their_own() {
        let mut catalogue = Catalogue::parse(r#"{"categories":[{"id":"technique","name":"Other"}]}"#).unwrap();
        catalogue.put(&place(Some("Passes")), &video("x/a.mp4")).unwrap();
        let made = &value(&catalogue)["categories"][1];
        assert_eq!((made["id"].as_str(), made["name"].as_str()), (Some("technique-2"), Some("Technique")));
        assert_eq!(made["videos"], json!([]));
        assert_eq!(made["subCategories"][0]["id"], "passes");
        assert_eq!(made["subCategories"][0]["videos"][0]["path"], "x/a.mp4");
        let mut empty = Catalogue::parse("").unwrap();
        assert!(empty.put(&place(None), &video("x/a.mp4")).unwrap());
    }

    #[test]
    fn what_is_damaged_or_of_another_shape_is_refused_by_its_place() {
        let damaged = Catalogue::parse("{\n \"categories\": [,]\n}").unwrap_err().to_string();
        assert!(damaged.contains("line 2, column"), "{damaged}");
        assert!(Catalogue::parse("[]").unwrap_err().to_string().contains("the whole file"));
        for (text, at) in [
            (r#"{"categories": {}}"#, "`categories`"),
            (r#"{"categories": [{"name":"Technique","videos":7}]}"#, "`categories[0].videos`"),
            (r#"{"categories": [{"name":"Technique","subCategories":"x"}]}"#, "`categories[0].subCategories`"),
        ] {
            let mut catalogue = Catalogue::parse(text).unwrap();
            let error = catalogue.put(&place(Some("Passes")), &video("a.mp4"));
            let error = error.err().or_else(|| catalogue.put(&place(None), &video("a.mp4")).err()).unwrap().to_string();
            assert!(error.contains(at), "{error}");
        }
    }

    #[test]
    fn the_same_path_in_a_sub_category_is_removed_as_well() {
        let text = r#"{"categories":[7,{"name":"T","videos":[{"path":"./v/a.mp4"},{"path":"v/b.mp4"},"odd"],
            "subCategories":[{"name":"P","videos":[{"path":"v/a.mp4","extra":1}]}]}]}"#;
        let mut catalogue = Catalogue::parse(text).unwrap();
        assert_eq!(catalogue.remove("v/a.mp4"), Ok(2));
        let left = value(&catalogue);
        assert_eq!(left["categories"][1]["videos"], json!([{"path": "v/b.mp4"}, "odd"]));
        assert_eq!(left["categories"][1]["subCategories"][0]["videos"], json!([]));
        assert_eq!(catalogue.remove("v/a.mp4"), Ok(0));
    }

    #[test]
    fn a_file_as_deep_as_the_sea_costs_no_stack() {
        let deep = format!("{{\"deep\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        if let Ok(mut catalogue) = Catalogue::parse(&deep) {
            catalogue.put(&place(None), &video("a.mp4")).unwrap();
            assert!(catalogue.to_text().contains(&"[".repeat(100_000)));
        }
    }

    proptest! {
        #[test]
        fn foreign_texts_never_panic_and_a_put_can_be_taken_back(text: String, name in "\\PC{1,20}") {
            if let Ok(mut catalogue) = Catalogue::parse(&text) {
                drop(catalogue.put(&place(None), &Listed { name: &name, path: "v/a.mp4", kind: "video/mp4" }));
            }
        }

        #[test]
        fn what_was_there_is_still_there_after_a_put(names in prop::collection::vec("[a-z]{1,8}", 0..6)) {
            let listed: Vec<Value> = names.iter().map(|name| json!({"name": name, "extra": {"k": name}})).collect();
            let before = json!({"categories": [{"name": "Technique", "videos": listed}], "other": names});
            let mut catalogue = Catalogue::parse(&before.to_string()).unwrap();
            catalogue.put(&place(None), &video("v/a.mp4")).unwrap();
            prop_assert_eq!(catalogue.remove("v/a.mp4"), Ok(1));
            prop_assert_eq!(value(&catalogue), before);
        }
    }
}
