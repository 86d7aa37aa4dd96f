//! What people say of a site, as words of the command line.

use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::output::name;

/// What is said of a site; what is not given stays as it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "About the site")]
pub(super) struct AboutArgs {
    /// The club that plays or lives there.
    #[arg(long)]
    club: Option<String>,
    /// The town.
    #[arg(long)]
    town: Option<String>,
    /// The region.
    #[arg(long)]
    region: Option<String>,
    /// The country.
    #[arg(long)]
    country: Option<String>,
    /// A word to find it by, as a sport; give it once for each. Those before are forgotten.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Anything else.
    #[arg(long)]
    note: Option<String>,
}

impl AboutArgs {
    /// As the API reads it.
    pub(super) fn body(&self) -> Value {
        let texts = [
            ("club", &self.club),
            ("town", &self.town),
            ("region", &self.region),
            ("country", &self.country),
            ("note", &self.note),
        ];
        let said = texts.into_iter().filter_map(|(field, text)| Some((field.to_owned(), json!(text.as_ref()?))));
        let mut body: Map<String, Value> = said.collect();
        if !self.tags.is_empty() {
            body.insert("tags".to_owned(), json!(self.tags));
        }
        Value::Object(body)
    }
}

/// The lines of what is known, each with its word.
pub(super) fn lines(site: &Value) -> Vec<(&'static str, String)> {
    let (about, machine) = (&site["about"], &site["machine"]);
    let join = |values: Vec<String>| values.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    let text = |value: &Value| value.as_str().map(|_| name(value)).unwrap_or_default();
    let place = join(vec![text(&about["town"]), text(&about["region"]), text(&about["country"])]);
    let lines = [
        ("club", text(&about["club"])),
        ("place", place),
        ("tags", tags(site)),
        ("note", text(&about["note"])),
        ("box", join(vec![text(&machine["model"]), text(&machine["os"])])),
    ];
    lines.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}

/// A site's tags.
pub(super) fn tags(site: &Value) -> String {
    let tags = site.pointer("/about/tags").and_then(Value::as_array);
    tags.map(|tags| tags.iter().map(name).collect::<Vec<_>>().join(", ")).unwrap_or_default()
}
