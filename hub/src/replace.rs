//! Pure: what moves from a box to the one that takes its place, as ordinary commands.
//!
//! The hub gives the new box what it gave the old one and what it knows to have lain there: the agent's settings that
//! were last proved, the application's configuration that was last put in place, and each video of which it has the
//! content or knows a source. What it cannot move is named with the cure. Ids follow from what is moved and from whose
//! place is taken, so that asking twice orders once. What hangs on the site (its name, what is said of it, the names
//! of devices, its history) needs no moving.

use std::collections::{BTreeMap, BTreeSet};

use vigie_shared::blob::MEDIA_PATH;
use vigie_shared::id::{CommandId, SiteId, to_hex};
use vigie_shared::wire::command::{ConfigTarget, DeployVideo, UpdateSoftware};
use vigie_shared::wire::{Command, CommandKind, frame};

use crate::shelf::Sha256;
use crate::store::commands::{CommandState, StoredCommand};
use crate::store::media::Holding;

/// Most videos that are ordered at once: a queue of commands is looked at as a whole.
pub const VIDEOS_MAX: usize = 1_000;

/// What the hub knows of the box that goes.
pub struct Past<'a> {
    /// Its commands, newest first.
    pub commands: &'a [StoredCommand],
    /// What lay on its disk, by path.
    pub holdings: &'a [Holding],
    /// The contents that the hub can give.
    pub shelf: &'a BTreeSet<Sha256>,
}

/// What is done and what is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is ordered, in this order.
    pub moves: Vec<Order>,
    /// What is not.
    pub left: Vec<Left>,
}

/// Something that the new box is told to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What it is.
    pub what: What,
    /// The command that brings it.
    pub kind: CommandKind,
}

/// What moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The agent's settings.
    Settings,
    /// The application's configuration.
    Configuration,
    /// A video.
    Video(Holding),
}

/// Something that does not move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What it is.
    pub what: String,
    /// Why not.
    pub reason: String,
    /// What a person can do.
    pub cure: String,
}

/// What succeeded on the old box, newest first of each.
#[derive(Default)]
struct Done {
    settings: Option<CommandKind>,
    configuration: Option<CommandKind>,
    videos: BTreeMap<String, DeployVideo>,
    software: BTreeMap<String, (CommandId, UpdateSoftware)>,
}

/// Plans the move.
#[must_use]
pub fn plan(site: &SiteId, past: &Past<'_>) -> Plan {
    let done = Done::of(past.commands);
    let settings = done.settings.clone().map(|kind| Order { what: What::Settings, kind });
    let configuration = done.configuration.clone().map(|kind| Order { what: What::Configuration, kind });
    let mut plan = Plan { moves: settings.into_iter().chain(configuration).collect(), left: vec![owners_own()] };
    plan.left.extend(done.software.iter().map(|(name, (id, software))| Left {
        what: format!("{name} {}", software.version),
        reason: "software is installed by a command of its own, which its owner times".to_owned(),
        cure: format!("vigie-hub command retry {site} {id}"),
    }));
    let mut videos = 0;
    for holding in past.holdings {
        match order(site, holding, past.shelf, done.videos.get(&holding.path)) {
            Ok(kind) if videos < VIDEOS_MAX => {
                videos += 1;
                plan.moves.push(Order { what: What::Video(holding.clone()), kind });
            }
            Ok(_) => plan.left.push(Left {
                what: holding.path.clone(),
                reason: format!("{VIDEOS_MAX} videos are ordered at once, and this is one more"),
                cure: format!("vigie-hub media deploy {} {site}, with its --category", to_hex(&holding.sha256)),
            }),
            Err(left) => plan.left.push(left),
        }
    }
    plan
}

/// The id of an order that takes the place of the box with the certificate `former`; `attempt` counts orders of the
/// same that were given up.
#[must_use]
pub fn id(site: &SiteId, former: &str, kind: &CommandKind, attempt: u32) -> CommandId {
    let text = frame::seal(1, &("vigie replacement", site, former, kind, attempt));
    let digest = ring::digest::digest(&ring::digest::SHA256, &text);
    CommandId(*digest.as_ref().first_chunk().unwrap_or(&[0; 16]))
}

impl Done {
    fn of(commands: &[StoredCommand]) -> Self {
        let mut done = Self::default();
        for stored in commands.iter().filter(|stored| stored.state == CommandState::Succeeded) {
            let Ok(command) = Command::open(&stored.body) else { continue };
            if command.is_dry_run {
                continue;
            }
            match command.kind {
                CommandKind::UpdateConfig(config) => {
                    let place = match config.target {
                        ConfigTarget::Agent => &mut done.settings,
                        ConfigTarget::App => &mut done.configuration,
                    };
                    place.get_or_insert(CommandKind::UpdateConfig(config));
                }
                CommandKind::DeployVideo(video) => {
                    done.videos.entry(path_of(&video)).or_insert(video);
                }
                CommandKind::UpdateSoftware(software) if software.target.as_deref() != Some("agent") => {
                    let name = software.target.clone().unwrap_or_else(|| "the application's software".to_owned());
                    done.software.entry(name).or_insert((stored.id, software));
                }
                _ => {}
            }
        }
        done
    }
}

/// The command that brings a video, or why there is none.
fn order(
    site: &SiteId,
    holding: &Holding,
    shelf: &BTreeSet<Sha256>,
    former: Option<&DeployVideo>,
) -> Result<CommandKind, Left> {
    let left = |reason: &str, cure: String| Err(Left { what: holding.path.clone(), reason: reason.to_owned(), cure });
    let sha256 = to_hex(&holding.sha256);
    let former = former.filter(|video| video.sha256.as_ref().is_none_or(|known| *known == sha256));
    let parts: Vec<&str> = holding.path.split('/').collect();
    let (category, subcategory, filename) = match parts.as_slice() {
        [category, filename] => (*category, None, *filename),
        [category, subcategory, filename] => (*category, Some(*subcategory), *filename),
        _ => {
            return left(
                "videos are put into a category and at most one sub-category, and it lay elsewhere",
                "copy it from the old card by hand".to_owned(),
            );
        }
    };
    let web = former.map(|video| video.video_url.as_str()).filter(|url| url.starts_with("https://"));
    let video_url = match (shelf.contains(&holding.sha256), web) {
        (true, _) => format!("{MEDIA_PATH}{sha256}"),
        (false, Some(url)) => url.to_owned(),
        (false, None) => {
            let below = subcategory.map(|name| format!(" --subcategory {name:?}")).unwrap_or_default();
            return left(
                "the hub does not have its content",
                format!(
                    "copy it from the old card, then: vigie-hub media add {filename:?} && vigie-hub media deploy \
                     {filename:?} {site} --category {category:?}{below}"
                ),
            );
        }
    };
    Ok(CommandKind::DeployVideo(DeployVideo {
        video_url,
        filename: filename.to_owned(),
        original_name: former.and_then(|video| video.original_name.clone()),
        category: category.to_owned(),
        subcategory: subcategory.map(str::to_owned),
        video_id: former.and_then(|video| video.video_id.clone()),
        duration_s: former.and_then(|video| video.duration_s),
        size_bytes: Some(holding.size_bytes),
        sha256: Some(sha256),
    }))
}

fn path_of(video: &DeployVideo) -> String {
    let below = video.subcategory.as_deref().filter(|name| !name.is_empty());
    let parts: Vec<&str> =
        std::iter::once(video.category.as_str()).chain(below).chain([video.filename.as_str()]).collect();
    parts.join("/")
}

fn owners_own() -> Left {
    Left {
        what: "/etc/vigie/agent.toml and agent.d".to_owned(),
        reason: "what the box's owner decides (allowed commands, paths, keys) never leaves the box".to_owned(),
        cure: "copy them from the old card; a site.conf of NEOPRO's agent can be imported again with \
               `vigie-agent config import`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests;
