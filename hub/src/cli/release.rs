//! `vigie-hub release`: make keys and sign packages, away from the hub; add them to the hub, list and remove them; what boxes run.

mod boxes;

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use reqwest::Method;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use vigie_shared::package::{MANIFEST_SUFFIX, Manifest};
use vigie_shared::release::{ANY_PROCESSOR, ReleaseKey};

use super::client::{Hub, segment};
use super::output::Output;
use super::{Scope, VerbError};
use crate::shelf::PIECE_BYTES_MAX;

/// What to do with releases.
#[derive(Debug, Subcommand)]
pub enum ReleaseVerb {
    /// Make a release key: FILE is secret and stays away from the hub, FILE.pub goes to the boxes.
    #[command(after_help = "Example:
  vigie-hub release keygen /media/safe/release.key

On each box, as root: cp release.key.pub /etc/vigie/release-keys/")]
    Keygen {
        /// The file of the secret key; it must not exist.
        file: PathBuf,
    },
    /// Sign a package: writes PACKAGE.release beside it. Needs no hub.
    #[command(after_help = "Examples:
  vigie-hub release sign player.tar.gz --key release.key --name player --version 2.1.3
  vigie-hub release sign vigie-agent --key release.key --name vigie-agent --version 0.2.0 --processor aarch64")]
    Sign(SignArgs),
    /// Send a package with its manifest to the hub.
    #[command(after_help = "Example:\n  vigie-hub release add player.tar.gz")]
    Add {
        /// The package; PACKAGE.release lies beside it.
        package: PathBuf,
    },
    /// List the releases that boxes can fetch, newest first.
    #[command(after_help = "Example:\n  vigie-hub release list --json | jq '.items[].version'")]
    List,
    /// Remove a release. Where it is installed, it stays.
    #[command(
        after_help = "Example:\n  vigie-hub release remove 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    Remove {
        /// Its SHA-256.
        sha256: String,
    },
    /// List the boxes that lack the newest release of what they run.
    #[command(after_help = "Example:\n  vigie-hub release outdated --json | jq '.items[].behind[].site'")]
    Outdated,
    /// Keep a software of a box at its version: no rollout replaces it.
    #[command(after_help = "Examples:
  vigie-hub release pin rennes01 player --reason 'a tournament until Sunday'
  vigie-hub release pin rennes01 agent --at 0.1.4 --reason 'waits for a new card'")]
    Pin {
        /// The site.
        site: String,
        /// Which software: `agent`, or the name of its releases.
        software: String,
        /// The version; what the box runs if not said.
        #[arg(long = "at", value_name = "VERSION")]
        to: Option<String>,
        /// Why, for others.
        #[arg(long)]
        reason: String,
    },
    /// Let rollouts replace it again.
    #[command(after_help = "Example:\n  vigie-hub release unpin rennes01 player")]
    Unpin {
        /// The site.
        site: String,
        /// Which software.
        software: String,
    },
    /// List what is pinned at a site.
    #[command(after_help = "Example:\n  vigie-hub release pins rennes01")]
    Pins {
        /// The site.
        site: String,
    },
}

/// What is signed.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The package.
    package: PathBuf,
    /// The file of the secret key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Which software: `vigie-agent`, or the name that the boxes' owners give it.
    #[arg(long)]
    name: String,
    /// Its version. Not called `--version`, which every program understands otherwise.
    #[arg(long = "version", value_name = "VERSION")]
    release_version: String,
    /// The processor that it is for: `any`, `x86_64`, `aarch64`, `arm`.
    #[arg(long, default_value = ANY_PROCESSOR)]
    processor: String,
}

pub(super) async fn act(scope: &Scope, verb: &ReleaseVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        // Where the key is, there is no hub.
        ReleaseVerb::Keygen { file } => keygen(file, output)?,
        ReleaseVerb::Sign(args) => sign(args, output)?,
        ReleaseVerb::Add { package } => {
            let hub = scope.hub()?;
            let manifest = read_manifest(package)?;
            send(&hub, package, &manifest.sha256).await?;
            let body = serde_json::to_value(&manifest).context("write the manifest")?;
            let made = hub.change(Method::POST, "/api/v1/releases", &body).await?;
            output.answer(&made, |_, made| {
                let of = |key: &str| made[key].as_str().unwrap_or_default();
                format!("{} {} can be fetched by boxes, at {}", of("name"), of("version"), of("path"))
            })?;
        }
        ReleaseVerb::List => {
            let releases = scope.hub()?.get("/api/v1/releases").await?;
            output.answer(&releases, list)?;
        }
        ReleaseVerb::Remove { sha256 } => {
            let path = format!("/api/v1/releases/{}", segment(sha256));
            scope.hub()?.change(Method::DELETE, &path, &json!({})).await?;
            output.text("the release is gone from the hub; where it is installed, it stays")?;
        }
        ReleaseVerb::Outdated => boxes::outdated(&scope.hub()?, output).await?,
        ReleaseVerb::Pin { site, software, to, reason } => {
            boxes::pin(&scope.hub()?, (site, software), (to.as_deref(), reason), output).await?;
        }
        ReleaseVerb::Unpin { site, software } => boxes::unpin(&scope.hub()?, site, software, output).await?,
        ReleaseVerb::Pins { site } => boxes::pins(&scope.hub()?, site, output).await?,
    }
    Ok(())
}

fn list(output: &Output<'_>, releases: &Value) -> String {
    let heads = ["name", "version", "processor", "bytes", "signed", "sha256"];
    let none = "there are no releases; add one: vigie-hub release add PACKAGE";
    output.table(&heads, releases, none, |release| {
        let signed = if release["signature"].is_string() { "yes" } else { "no" };
        let bytes = release["size_bytes"].to_string();
        let of = |key: &str| release[key].as_str().unwrap_or_default().to_owned();
        vec![of("name"), of("version"), of("processor"), bytes, signed.to_owned(), of("sha256")]
    })
}

fn keygen(file: &Path, output: &mut Output<'_>) -> anyhow::Result<()> {
    let secret = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok().context("make a key")?;
    let pair = Ed25519KeyPair::from_pkcs8(secret.as_ref()).ok().context("make a key")?;
    let public = ReleaseKey(pair.public_key().as_ref().try_into().context("make a key")?);
    let mut target = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let target = target.as_mut().map_err(|error| anyhow::anyhow!("make {}: {error}", file.display()))?;
    writeln!(target, "{}", STANDARD.encode(secret.as_ref()))
        .and_then(|()| target.sync_all())
        .context("write the key")?;
    let beside = with_suffix(file, ".pub");
    std::fs::write(&beside, format!("{public}\n")).with_context(|| format!("write {}", beside.display()))?;
    let answer = json!({ "secret": file, "public": beside, "key": public.to_string() });
    output.answer(&answer, |_, _| {
        format!(
            "the secret key is in {}; keep it away from the hub, and a copy in a safe place\n\
             its public half is {}: copy it to /etc/vigie/release-keys/ on each box, as root",
            file.display(),
            beside.display()
        )
    })
}

fn sign(args: &SignArgs, output: &mut Output<'_>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&args.key).with_context(|| format!("read the key {}", args.key.display()))?;
    let secret = STANDARD.decode(text.trim()).with_context(|| format!("understand the key {}", args.key.display()))?;
    let key = Ed25519KeyPair::from_pkcs8(&secret);
    let key = key.map_err(|error| anyhow::anyhow!("the file {} is no release key: {error}", args.key.display()))?;
    let content = std::fs::read(&args.package).with_context(|| format!("read {}", args.package.display()))?;
    let manifest = Manifest::unsigned(&args.name, &args.release_version, &args.processor, &content).signed(&key)?;
    let beside = with_suffix(&args.package, MANIFEST_SUFFIX);
    let text = serde_json::to_string_pretty(&manifest)?;
    std::fs::write(&beside, format!("{text}\n")).with_context(|| format!("write {}", beside.display()))?;
    output.answer(&serde_json::to_value(&manifest)?, |_, _| {
        format!("{} {} is signed: {}", manifest.name, manifest.version, beside.display())
    })
}

fn read_manifest(package: &Path) -> anyhow::Result<Manifest> {
    let beside = with_suffix(package, MANIFEST_SUFFIX);
    let text = std::fs::read(&beside).with_context(|| {
        format!("read the manifest {}; `vigie-hub release sign` writes it, where the key is", beside.display())
    })?;
    serde_json::from_slice(&text).with_context(|| format!("understand {}", beside.display()))
}

/// Sends the package piece by piece: each is short enough for an answer in time.
async fn send(hub: &Hub, package: &Path, sha256: &str) -> Result<(), VerbError> {
    use tokio::io::AsyncReadExt as _;
    let file = tokio::fs::File::open(package).await;
    let mut file = file.with_context(|| format!("read {}", package.display()))?;
    let mut offset = 0_u64;
    loop {
        let mut piece = Vec::new();
        let take = (&mut file).take(PIECE_BYTES_MAX as u64).read_to_end(&mut piece).await;
        take.with_context(|| format!("read {}", package.display()))?;
        if piece.is_empty() {
            break;
        }
        let count = piece.len() as u64;
        let path = format!("/api/v1/releases/{}/content?offset={offset}", segment(sha256));
        hub.send_bytes(Method::PUT, &path, piece).await?;
        offset += count;
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(suffix);
    PathBuf::from(text)
}
