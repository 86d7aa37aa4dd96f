//! `vigie-hub import smartelia`: makes the hub's settings of the variables with which Smartelia's scanner was set up.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use vigie_shared::file::replace_private;

use crate::cli::output::Output;
use crate::cli::{Scope, VerbError};
use crate::imports::smartelia::{Setup, read};

/// A file of variables is smaller, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The file of settings, in the folder beside the hub's configuration.
const DROP_IN: &str = "smartelia.toml";

/// The file of the mail server's password, in the hub's data folder.
const PASSWORD: &str = "mail-password";

/// Which file.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  vigie-hub import smartelia .env --dry-run      what would be written?
  vigie-hub import smartelia .env                write it, then restart the hub

Taken are GMAIL_USER, GMAIL_APP_PASSWORD and ALERT_RECIPIENTS (mails), CLEANUP_SCHEDULE_DAY and CLEANUP_SCHEDULE_TIME (Clean
Desk). SSH_USERNAME and SSH_PASSWORD belong on the boxes, which read the machines: the text says how. No secret is
printed.")]
pub struct SmarteliaArgs {
    /// The file of variables, NAME=VALUE.
    #[arg(value_name = "ENVFILE")]
    pub file: PathBuf,
    /// Say what would be written; write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Replace settings of an earlier import that were changed since.
    #[arg(long)]
    pub force: bool,
}

/// Where things go.
struct Places {
    drop_in: PathBuf,
    password: PathBuf,
}

pub(super) fn act(scope: &Scope, args: &SmarteliaArgs, output: &mut Output<'_>) -> Result<ExitCode, VerbError> {
    let setup = setup(&args.file)?;
    let data = std::path::absolute(scope.data()).context("find the data folder")?;
    let folder = scope.sources().file.with_extension("d");
    let places = Places { drop_in: folder.join(DROP_IN), password: data.join(PASSWORD) };
    let settings = setup.drop_in(&places.password);
    if let (Some(settings), false) = (&settings, args.dry_run) {
        write(&setup, settings, &places, args.force)?;
    }
    let foreign: Vec<&str> = setup.foreign.iter().map(|(name, _)| name.as_str()).collect();
    let told = json!({
        "is_dry_run": args.dry_run,
        "settings": settings,
        "file": settings.as_ref().map(|_| &places.drop_in),
        "password_file": setup.mail.as_ref().map(|_| &places.password),
        "boxes": setup.for_boxes(),
        "not_taken": foreign,
    });
    output.answer(&told, |_, _| report(&setup, settings.as_deref(), &places, args.dry_run))?;
    Ok(ExitCode::SUCCESS)
}

fn setup(file: &Path) -> anyhow::Result<Setup> {
    let shown = file.display();
    let size = std::fs::metadata(file).with_context(|| format!("read {shown}"))?.len();
    if size > FILE_BYTES_MAX {
        bail!("{shown} has {size} bytes; a file of variables is smaller");
    }
    let bytes = std::fs::read(file).with_context(|| format!("read {shown}"))?;
    let text = String::from_utf8(bytes).with_context(|| format!("read {shown}: it is not text"))?;
    read(&text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("{shown}: {problem}")).collect();
        anyhow::anyhow!("nothing was written:\n{}", lines.join("\n"))
    })
}

fn write(setup: &Setup, settings: &str, places: &Places, is_forced: bool) -> anyhow::Result<()> {
    let (file, folder) = (&places.drop_in, places.drop_in.parent().unwrap_or(Path::new("/")));
    let known = std::fs::read_to_string(file).ok();
    if !is_forced && known.is_some_and(|known| known != settings) {
        bail!(
            "{} exists and says something else; nothing was changed; look at it, or say --force to replace it",
            file.display()
        );
    }
    if let Some(mail) = &setup.mail {
        let password = &places.password;
        let data = password.parent().unwrap_or(Path::new("/"));
        let owner = std::fs::metadata(data)
            .with_context(|| format!("find the data folder {}; run `vigie-hub init` first", data.display()))?;
        let written = replace_private(password, mail.password.reveal().as_bytes());
        written.with_context(|| format!("write {}", password.display()))?;
        // The hub runs as the owner of its data folder, this verb perhaps as root.
        chown(password, Some(owner.uid()), Some(owner.gid()))
            .with_context(|| format!("give {} to the hub's account", password.display()))?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    std::fs::write(file, settings).with_context(|| format!("write {}", file.display()))
}

fn report(setup: &Setup, settings: Option<&str>, places: &Places, is_dry_run: bool) -> String {
    let would = if is_dry_run { "Would be written" } else { "Written" };
    let mut parts = Vec::new();
    if let Some(settings) = settings {
        parts.push(format!("{would} to {}:\n\n{}", places.drop_in.display(), indented(settings)));
    } else {
        parts.push("The file says nothing for the hub: no mails, no Clean Desk.".to_owned());
    }
    if setup.mail.is_some() {
        parts.push(format!("{would} to {}, for the hub's account only: the mail password.", places.password.display()));
    }
    if setup.clean_desk.is_none() {
        parts.push("Clean Desk stays as it is: the file does not say when.".to_owned());
    }
    parts.extend(setup.for_boxes());
    let foreign = setup.foreign.iter().map(|(name, line)| format!("{name} (line {line})"));
    let foreign = foreign.collect::<Vec<_>>().join(", ");
    if !foreign.is_empty() {
        parts.push(format!("Not taken, because nothing here needs it: {foreign}."));
    }
    if settings.is_some() && !is_dry_run {
        parts.push("Restart the hub, then try: vigie-hub mail test".to_owned());
    }
    parts.join("\n\n")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const FILE: &str = "SSH_USERNAME=smartelia\nSSH_PASSWORD=hunter2\nGMAIL_USER=a@example.org\n\
                        GMAIL_APP_PASSWORD=abcd efgh ijkl mnop\nALERT_RECIPIENTS=b@example.org\n";

    struct Desk(tempfile::TempDir);

    impl Desk {
        fn new(file: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("data")).unwrap();
            std::fs::write(folder.path().join(".env"), file).unwrap();
            Self(folder)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn import(&self, is_dry_run: bool, is_forced: bool) -> Result<String, String> {
            let scope = Scope { data: Some(self.path("data")), config: Some(self.path("hub.toml")), json: false };
            let args = SmarteliaArgs { file: self.path(".env"), dry_run: is_dry_run, force: is_forced };
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let mut output = Output::new(&mut out, &mut err, false, 0);
            act(&scope, &args, &mut output).map_err(|error| error.to_string())?;
            Ok(String::from_utf8(out).unwrap())
        }
    }

    #[test]
    fn a_dry_run_writes_nothing_and_shows_no_secret() {
        let desk = Desk::new(FILE);
        let said = desk.import(true, false).unwrap();
        assert!(said.contains("Would be written") && said.contains("user = \"smartelia\""), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("abcd"), "{said}");
        assert!(!desk.path("hub.d").exists() && !desk.path("data/mail-password").exists());
    }

    #[test]
    fn settings_and_password_are_written_apart_and_the_same_import_again_changes_nothing() {
        let desk = Desk::new(FILE);
        desk.import(false, false).unwrap();
        let said = desk.import(false, false).unwrap();
        assert!(said.contains("Restart the hub"), "{said}");
        let password = desk.path("data/mail-password");
        assert_eq!(std::fs::read_to_string(&password).unwrap(), "abcdefghijklmnop");
        assert_eq!(std::fs::metadata(&password).unwrap().permissions().mode() & 0o777, 0o600);
        let settings = std::fs::read_to_string(desk.path("hub.d/smartelia.toml")).unwrap();
        assert!(settings.contains("recipients = [\"b@example.org\"]") && !settings.contains("abcd"), "{settings}");
    }

    #[test]
    fn what_somebody_changed_since_is_replaced_only_when_asked() {
        let desk = Desk::new(FILE);
        desk.import(false, false).unwrap();
        let file = desk.path("hub.d/smartelia.toml");
        std::fs::write(&file, "# mine\n").unwrap();
        let refusal = desk.import(false, false).unwrap_err();
        assert!(refusal.contains("--force") && std::fs::read_to_string(&file).unwrap() == "# mine\n", "{refusal}");
        desk.import(false, true).unwrap();
        assert!(std::fs::read_to_string(&file).unwrap().contains("[mail]"));
    }

    #[test]
    fn a_file_that_is_wrong_writes_nothing_and_says_everything() {
        let desk = Desk::new("GMAIL_USER=x\nbroken\n");
        let refusal = desk.import(false, false).unwrap_err();
        assert!(refusal.starts_with("nothing was written") && refusal.lines().count() == 3, "{refusal}");
        assert!(!desk.path("hub.d").exists());
    }
}
