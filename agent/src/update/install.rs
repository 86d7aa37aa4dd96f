//! Installs another version of the owner's software, or puts an earlier one back; and finishes what was interrupted.
//!
//! Before each phase the journal in the software's folder says so; [`machine`] decides what follows. One
//! installer per folder at a time: whoever comes second is told so.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use serde::Serialize;

use super::archive::{self, Limits};
use super::health;
use super::machine::{self, Ending, Next, Phase};
use super::place::{Installed, Journal, Place, RealDisk};
use super::settings::Software;
use crate::privileged::{Privileges, Verb};
use crate::space;

/// The journal's name of an installation that no command asked for.
pub const BY_HAND: &str = "by-hand";

/// Hears where an installation is.
#[async_trait]
pub trait Hears: Send + Sync {
    /// A phase begins; on disk when this returns, if it must survive.
    ///
    /// # Errors
    ///
    /// If it could not be kept; then the phase does not begin.
    async fn phase(&self, journal: &Journal) -> anyhow::Result<()>;
}

/// Installs one software.
#[derive(Clone)]
pub struct Installer {
    /// Where it lies.
    pub place: Place,
    software: Software,
    units: Vec<String>,
    privileges: Arc<dyn Privileges>,
}

/// What is known of a software and its backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// What the owner calls it.
    pub name: String,
    /// Where it lies.
    pub folder: PathBuf,
    /// The version installed; none if it was not installed by us.
    pub version: Option<String>,
    /// The phase of an installation under way.
    pub under_way: Option<Phase>,
    /// The versions to go back to, newest first.
    pub backups: Vec<String>,
}

/// One installer at a time; dropping it lets the next one in.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "it is held, not used")] File);

impl Installer {
    /// For a declared software; `units` are its services as the service manager knows them.
    #[must_use]
    pub fn new(software: Software, units: Vec<String>, privileges: Arc<dyn Privileges>) -> Self {
        Self { place: Place::new(&software, Arc::new(RealDisk)), software, units, privileges }
    }

    /// Waits for nobody: takes the turn, or says that somebody else has it.
    ///
    /// # Errors
    ///
    /// If another installation is under way, or the folder cannot be written.
    pub fn turn(&self) -> anyhow::Result<Turn> {
        let folder = self.software.folder.join(".vigie");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let file = File::create(folder.join("lock")).with_context(|| format!("write to {}", folder.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Turn(file)),
            Err(std::fs::TryLockError::WouldBlock) => bail!("another installation of it is under way"),
            Err(std::fs::TryLockError::Error(error)) => Err(error).context("take the turn"),
        }
    }

    /// What is installed, and what could be put back.
    ///
    /// # Errors
    ///
    /// If the journal cannot be read.
    pub fn overview(&self, name: &str) -> anyhow::Result<Overview> {
        let version = |backup: super::place::Backup| backup.version.unwrap_or_else(|| "unknown".to_owned());
        Ok(Overview {
            name: name.to_owned(),
            folder: self.software.folder.clone(),
            version: self.place.installed().map(|installed| installed.version),
            under_way: self.place.journal()?.map(|journal| journal.phase),
            backups: self.place.backups().into_iter().map(|(_, backup)| version(backup)).collect(),
        })
    }

    /// Finishes an interrupted installation: forwards if the new version may prove itself, else back. None if there
    /// is none.
    ///
    /// # Errors
    ///
    /// Those of the disk, while nothing can be decided.
    pub async fn resume(&self, _turn: &Turn, hears: &dyn Hears) -> anyhow::Result<Option<(Journal, Ending)>> {
        let Some(mut journal) = self.place.journal()? else { return Ok(None) };
        let next = machine::resume(&journal.phase);
        let ending = self.go(&mut journal, next, None, hears).await?;
        Ok(Some((journal, ending)))
    }

    /// Installs a package that was verified.
    ///
    /// # Errors
    ///
    /// Those of the disk, while nothing can be decided.
    pub async fn install(
        &self,
        _turn: &Turn,
        id: &str,
        (package, to): (&Path, Installed),
        hears: &dyn Hears,
    ) -> anyhow::Result<(Journal, Ending)> {
        let mut journal = self.journal(id, to, BTreeMap::new(), Vec::new());
        let next = Next::Enter(Phase::Preparing);
        let ending = self.go(&mut journal, next, Some(package), hears).await?;
        Ok((journal, ending))
    }

    /// Puts back what was before the last `steps` installations.
    ///
    /// # Errors
    ///
    /// If there is no such backup, or those of the disk, while nothing can be decided.
    pub async fn roll_back(
        &self,
        _turn: &Turn,
        id: &str,
        steps: usize,
        hears: &dyn Hears,
    ) -> anyhow::Result<(Journal, Ending)> {
        let back = self.place.way_back(steps)?;
        let mut journal = self.journal(id, back.to, back.brings, back.uses);
        let ending = self.go(&mut journal, Next::Enter(Phase::Preparing), None, hears).await?;
        Ok((journal, ending))
    }

    fn journal(
        &self,
        id: &str,
        to: Installed,
        brings: BTreeMap<String, Option<PathBuf>>,
        uses: Vec<String>,
    ) -> Journal {
        let from = self.place.installed().map(|installed| installed.version);
        Journal { id: id.to_owned(), phase: Phase::Preparing, from, to, brings, swaps: Vec::new(), uses }
    }

    async fn go(
        &self,
        journal: &mut Journal,
        mut next: Next,
        package: Option<&Path>,
        hears: &dyn Hears,
    ) -> anyhow::Result<Ending> {
        loop {
            let phase = match next {
                Next::Enter(phase) => phase,
                Next::End(ending) => {
                    if !matches!(ending, Ending::Stuck(_)) {
                        let place = self.place.clone();
                        blocking(move || place.clean()).await?;
                    }
                    return Ok(ending);
                }
            };
            journal.phase = phase;
            let noted = self.note(journal, hears).await;
            let worked = match noted {
                Ok(()) => self.work(journal, package).await,
                Err(error) => Err(error),
            };
            next = machine::after(&journal.phase, worked.map_err(|error| format!("{error:#}")));
        }
    }

    async fn note(&self, journal: &Journal, hears: &dyn Hears) -> anyhow::Result<()> {
        let (place, noted) = (self.place.clone(), journal.clone());
        blocking(move || place.note(&noted)).await?;
        hears.phase(journal).await
    }

    async fn work(&self, journal: &mut Journal, package: Option<&Path>) -> anyhow::Result<()> {
        let place = self.place.clone();
        match journal.phase {
            Phase::Preparing => {
                let package = package.map(Path::to_owned);
                let software = self.software.clone();
                let brings = blocking(move || prepare(&place, &software, package.as_deref())).await?;
                journal.brings.extend(brings);
                Ok(())
            }
            Phase::Stopping => self.stop_services().await,
            Phase::Switching => {
                let mut switched = journal.clone();
                let (switched, worked) = blocking(move || {
                    let worked = place.switch(&mut switched);
                    Ok((switched, worked))
                })
                .await?;
                *journal = switched;
                worked
            }
            Phase::Proving { .. } => {
                self.start_services().await?;
                match &self.software.health {
                    Some(health) => health::wait_until_healthy(health, self.software.health_timeout).await,
                    None => Ok(()),
                }
            }
            Phase::Keeping => {
                let journal = journal.clone();
                blocking(move || place.keep(&journal)).await
            }
            Phase::Undoing { .. } => {
                self.stop_services().await?;
                let journal = journal.clone();
                let put_back = blocking(move || place.undo(&journal)).await;
                // Whatever lies there: something must run.
                self.start_services().await.and(put_back)
            }
        }
    }

    async fn stop_services(&self) -> anyhow::Result<()> {
        for unit in &self.units {
            let stopped = self.privileges.act(Verb::StopUnit { unit: unit.clone() }).await;
            stopped.with_context(|| format!("stop the service {unit}"))?;
        }
        Ok(())
    }

    /// Starts every service, even if one fails.
    async fn start_services(&self) -> anyhow::Result<()> {
        let mut result = Ok(());
        for unit in &self.units {
            let started = self.privileges.act(Verb::StartUnit { unit: unit.clone() }).await;
            result = result.and(started.with_context(|| format!("start the service {unit}")));
        }
        result
    }
}

/// Everything that can fail while what runs is not touched yet.
fn prepare(
    place: &Place,
    software: &Software,
    package: Option<&Path>,
) -> anyhow::Result<BTreeMap<String, Option<PathBuf>>> {
    place.try_backup()?;
    let Some(package) = package else { return Ok(BTreeMap::new()) };
    let limits = Limits::default();
    let contents = archive::measure(package, limits)?;
    space::ensure_room(&software.folder, contents.bytes)?;
    Ok(place.unpack(package, limits)?.1)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("work on the disk")?
}
