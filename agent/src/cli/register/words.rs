//! What the person at the box says of the site: as options, or in the `site.conf` of the agent before this one.
//!
//! An option wins over the file. Everything is checked here already, so that a slip costs no token.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use vigie_shared::about::{About, LINE_CHARS_MAX, line};
use vigie_shared::enrol::Said;
use vigie_shared::id::SiteId;

use crate::site_conf::{self, Imported};

/// Largest `site.conf` that is read, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What is said of the site.
#[derive(Args, Default)]
#[command(next_help_heading = "About the site (what the hub knows already stays)")]
pub(super) struct SiteWords {
    /// Its name for people.
    #[arg(long)]
    name: Option<String>,
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
    /// A word to find it by, as a sport; give it once for each.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Take all of this from a `site.conf` of NEOPRO's agent.
    #[arg(long, value_name = "FILE")]
    from_site_conf: Option<PathBuf>,
}

impl SiteWords {
    /// What is said of the site, and the id that the file gives it.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a text is not accepted; the error names the field.
    pub(super) fn read(&self) -> anyhow::Result<(Said, Option<SiteId>)> {
        let imported = self.from_site_conf.as_deref().map(imported).transpose()?.unwrap_or_default();
        let text = |option: &Option<String>, word: &str| {
            option.clone().or_else(|| imported.about.get(word).cloned()).unwrap_or_default()
        };
        let filed = imported.about.get("sports").map(String::as_str).unwrap_or_default();
        let tags = match self.tags.is_empty() {
            true => filed.split(',').map(str::to_owned).collect(),
            false => self.tags.clone(),
        };
        let about = About {
            club: text(&self.club, "club"),
            town: text(&self.town, "town"),
            region: text(&self.region, "region"),
            country: text(&self.country, "country"),
            tags,
            note: String::new(),
        };
        let name = line("name", &text(&self.name, "name"), LINE_CHARS_MAX)?;
        Ok((Said { name, about: about.checked()? }, imported.site))
    }
}

fn imported(file: &Path) -> anyhow::Result<Imported> {
    let shown = file.display();
    let size = file.metadata().with_context(|| format!("look at {shown}"))?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, "{shown} is larger than 1 MiB, which no site.conf is");
    let bytes = std::fs::read(file).with_context(|| format!("read {shown}"))?;
    Ok(site_conf::import(&String::from_utf8_lossy(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_conf_says_all_of_it_and_an_option_wins() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.conf");
        let text = "SITE_ID=0b2c5f3e-8a4d-4f6b-9c1d-2e3f4a5b6c7d\nSITE_NAME=Site Rennes\nCLUB_NAME=Rennes FC\nLOCATION_CITY=Rennes\n\
                    LOCATION_REGION=Bretagne\nLOCATION_COUNTRY=France\nSPORTS=football, futsal\n";
        std::fs::write(&file, text).unwrap();
        let words = SiteWords { club: Some("Stade".to_owned()), from_site_conf: Some(file), ..SiteWords::default() };

        let (said, site) = words.read().unwrap();

        assert_eq!((said.name.as_str(), said.about.club.as_str()), ("Site Rennes", "Stade"));
        assert_eq!((said.about.region.as_str(), said.about.country.as_str()), ("Bretagne", "France"));
        assert_eq!(said.about.tags, ["football", "futsal"]);
        assert_eq!(site.unwrap().as_str(), "0b2c5f3e8a4d4f6b9c1d2e3f4a5b6c7d");
    }

    #[test]
    fn what_is_not_accepted_is_named_before_anything_is_sent() {
        for (field, words) in [
            ("name", SiteWords { name: Some("x".repeat(81)), ..SiteWords::default() }),
            ("town", SiteWords { town: Some("a\u{1b}b".to_owned()), ..SiteWords::default() }),
            ("tags", SiteWords { tags: vec!["x".repeat(41)], ..SiteWords::default() }),
        ] {
            let error = words.read().unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
        assert_eq!(SiteWords::default().read().unwrap().0, Said::default());
    }
}
