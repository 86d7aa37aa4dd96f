//! `vigie-hub presence notice`: the page that a site prints and puts up.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::Output;

/// Which notice.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie-hub presence notice metz --output notice.html
  vigie-hub presence notice metz --lang en --contact \"Lea, lea@example.org\" >notice-en.html

The page is HTML: open it in a browser and print it. Its periods are those that this hub keeps; print it again after
`retention` in hub.toml was changed.")]
pub struct NoticeArgs {
    /// The site.
    site: String,
    /// In French or English.
    #[arg(long, value_enum, default_value_t = NoticeLang::Fr)]
    lang: NoticeLang,
    /// Whom people may ask: a name, an address.
    #[arg(long, value_name = "TEXT")]
    contact: Option<String>,
    /// Write it into this file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// In which language.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum NoticeLang {
    /// French.
    Fr,
    /// English.
    En,
}

pub(super) async fn act(hub: &Hub, args: &NoticeArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let lang = match args.lang {
        NoticeLang::Fr => "fr",
        NoticeLang::En => "en",
    };
    let contact = args.contact.as_ref().map_or_else(String::new, |contact| format!("&contact={}", segment(contact)));
    let html = hub.text(&format!("/api/v1/sites/{}/notice?lang={lang}{contact}", segment(&args.site))).await?;
    if let Some(file) = &args.output {
        std::fs::write(file, &html).with_context(|| format!("write {}", file.display()))?;
        let said = json!({ "file": file });
        output.answer(&said, |_, _| format!("{} can be opened in a browser and printed.", file.display()))?;
    } else {
        output.answer(&json!({ "html": html }), |_, _| html.trim_end().to_owned())?;
    }
    Ok(())
}
