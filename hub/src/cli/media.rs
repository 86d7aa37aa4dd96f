//! `vigie-hub media`: what boxes may be given, and what lies on their disks.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Hub, segment};
use super::command::{self, Given};
use super::output::{Output, name};
use super::{VerbError, command::EXIT_NOT_DONE};
use crate::text::{self, Lang};

/// Most media that are looked through for a name.
const MEDIA_MAX: usize = 1000;

/// What to do with media.
#[derive(Debug, Subcommand)]
pub enum MediaVerb {
    /// Give the hub a file that boxes may be given.
    #[command(after_help = "Example:\n  vigie-hub media add entrainement.mp4")]
    Add {
        /// The file.
        file: PathBuf,
        /// Another name for it.
        #[arg(long)]
        name: Option<String>,
    },
    /// List what boxes may be given, newest first.
    #[command(after_help = "Example:\n  vigie-hub media list --json")]
    List,
    /// Remove a medium from the hub; boxes keep what they have.
    #[command(after_help = "Example:\n  vigie-hub media delete entrainement.mp4")]
    Delete {
        /// Its name, or the beginning of its hash.
        medium: String,
    },
    /// Put a medium on boxes.
    #[command(after_help = "Examples:
  vigie-hub media deploy entrainement.mp4 rennes01 --category Technique --subcategory Passes --wait
  vigie-hub media deploy entrainement.mp4 rennes01 metz02 --category Technique --dry-run --wait")]
    Deploy(DeployArgs),
    /// Say on which boxes a medium lies.
    #[command(after_help = "Example:\n  vigie-hub media where entrainement.mp4")]
    Where {
        /// Its name, or the beginning of its hash.
        medium: String,
    },
    /// List what really lies on a site's disk.
    #[command(after_help = "Example:\n  vigie-hub media of rennes01")]
    Of {
        /// The site.
        site: String,
    },
}

/// What goes where.
#[derive(Debug, Args)]
pub struct DeployArgs {
    /// Its name, or the beginning of its hash.
    medium: String,
    /// The sites.
    #[arg(required = true)]
    sites: Vec<String>,
    /// The folder, and the category in the application's list.
    #[arg(long)]
    category: String,
    /// The folder below, and the sub-category.
    #[arg(long)]
    subcategory: Option<String>,
    /// The name of the file on the boxes, instead of the medium's.
    #[arg(long)]
    filename: Option<String>,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// How long it may wait for a box, with its unit.
    #[arg(long, default_value = "1d")]
    expires: String,
    /// Wait until all have ended.
    #[arg(long)]
    wait: bool,
}

pub(super) async fn act(hub: &Hub, verb: &MediaVerb, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    match verb {
        MediaVerb::Add { file, name } => {
            let medium = add(hub, file, name.as_deref()).await?;
            output.answer(&medium, |_, medium| {
                format!("{} ({}) is kept as {}", name_of(medium), size(medium), hash(medium))
            })?;
        }
        MediaVerb::List => {
            let media = hub.get(&format!("/api/v1/media?limit={MEDIA_MAX}")).await?;
            output.answer(&media, list)?;
        }
        MediaVerb::Delete { medium } => {
            let found = find(hub, medium).await?;
            hub.change(Method::DELETE, &format!("/api/v1/media/{}", hash(&found)), &json!({})).await?;
            output.text(&format!("{} is removed from the hub; boxes keep what they have.", name_of(&found)))?;
        }
        MediaVerb::Deploy(args) => return deploy(hub, args, output).await,
        MediaVerb::Where { medium } => {
            let found = find(hub, medium).await?;
            let holders = hub.get(&format!("/api/v1/media/{}/sites?limit={MEDIA_MAX}", hash(&found))).await?;
            output
                .answer(&holders, |output, holders| holdings(output, holders, "No box has told that it lies there."))?;
        }
        MediaVerb::Of { site } => {
            let held = hub.get(&format!("/api/v1/sites/{}/media?limit={MEDIA_MAX}", segment(site))).await?;
            output.answer(&held, |output, held| holdings(output, held, "The box has told of no video."))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn add(hub: &Hub, file: &std::path::Path, named: Option<&str>) -> Result<Value, VerbError> {
    let own = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = named.map(str::to_owned).or(own).context("the path names no file").map_err(VerbError::Here)?;
    let opened = tokio::fs::File::open(file).await.with_context(|| format!("open {}", file.display()))?;
    Ok(hub.upload(&format!("/api/v1/media?name={}", segment(&name)), opened).await?)
}

/// The medium of that name, or whose hash begins so; only if there is one.
async fn find(hub: &Hub, wanted: &str) -> Result<Value, VerbError> {
    let media = hub.get(&format!("/api/v1/media?limit={MEDIA_MAX}")).await?;
    let items = media.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_it = |medium: &&Value| {
        let is_hash = wanted.len() >= 6 && hash(medium).starts_with(&wanted.to_lowercase());
        name_of(medium) == wanted || is_hash
    };
    let found: Vec<&Value> = items.iter().filter(is_it).collect();
    match found.as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(anyhow::anyhow!("the hub has no medium `{wanted}`; `vigie-hub media list` shows all").into()),
        _ => Err(anyhow::anyhow!("`{wanted}` means several media; name one by the beginning of its hash").into()),
    }
}

async fn deploy(hub: &Hub, args: &DeployArgs, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let body = body(args, &find(hub, &args.medium).await?);
    // All are given first, so that boxes fetch side by side.
    let mut given = Vec::new();
    for site in &args.sites {
        given.push(Given::give(hub, site, &body).await?);
    }
    let mut is_well = true;
    for command in given {
        let ended = if args.wait { command.ended(hub, output).await? } else { command.0 };
        output.answer(&ended, command::show)?;
        is_well &= !args.wait || command::is_done(&ended);
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(EXIT_NOT_DONE) })
}

fn body(args: &DeployArgs, medium: &Value) -> Value {
    let data = json!({
        "video_url": medium["url"],
        "filename": args.filename.clone().unwrap_or_else(|| name_of(medium)),
        "original_name": name_of(medium),
        "category": args.category,
        "subcategory": args.subcategory,
        "size_bytes": medium["size_bytes"],
        "sha256": hash(medium),
    });
    json!({ "type": "deploy_video", "data": data, "dry_run": args.dry_run, "expires": args.expires })
}

fn name_of(medium: &Value) -> String {
    name(&medium["name"])
}

fn hash(medium: &Value) -> String {
    name(&medium["sha256"])
}

fn size(medium: &Value) -> String {
    text::size(Lang::En, medium["size_bytes"].as_u64().unwrap_or(0)).replace('\u{a0}', " ")
}

fn short(medium: &Value) -> String {
    hash(medium).chars().take(12).collect()
}

fn list(output: &Output<'_>, media: &Value) -> String {
    let none = "No medium yet. Give the hub one with `vigie-hub media add FILE`.";
    output.table(&["MEDIUM", "SIZE", "ADDED", "BY", "HASH"], media, none, |medium| {
        vec![name_of(medium), size(medium), output.age(&medium["added"]), name(&medium["account"]), short(medium)]
    })
}

fn holdings(output: &Output<'_>, held: &Value, none: &str) -> String {
    output.table(&["SITE", "VIDEO", "SIZE", "TOLD", "HASH"], held, none, |video| {
        let (site, path) = (name(&video["site"]), name(&video["path"]));
        vec![site, path, size(video), output.age(&video["told"]), short(video)]
    })
}
