//! What the command line starts or opens: the verbs that are not questions to a running hub.

use std::process::ExitCode;

use anyhow::Context as _;
use async_trait::async_trait;
use clap::Parser as _;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::config::ConfigErrors;
use vigie_shared::lifecycle::Lifecycle;

use crate::backup::{self, FolderLock};
use crate::cli::output::Output;
use crate::cli::{BackupArgs, Cli, InitArgs, RestoreArgs, Root, RunArgs, Scope, care, dispatch};
use crate::config::HubConfig;
use crate::demo::{self, DemoArgs};
use crate::login::first::first_start;
use crate::text::{self, Lang};
use crate::up::{self, UpArgs};

/// The configuration is wrong: `EX_CONFIG` of sysexits, so that the service manager does not try again.
const EXIT_CONFIG: u8 = 78;

/// Understands the words, does what they say, and tells the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::from(error).context("start the runtime")),
    };
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    let mut output = Output {
        is_json: cli.scope.json,
        now_ms: now_ms(),
        zone: jiff::tz::TimeZone::system(),
        width: comfy_table::Table::new().width(),
        out: &mut out,
        err: &mut err,
    };
    runtime.block_on(dispatch(cli, &Programs, &mut output))
}

#[expect(clippy::print_stderr, reason = "the last words of a command line go to standard error")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("vigie-hub: {error:#}");
    ExitCode::FAILURE
}

/// The programs behind the verbs.
struct Programs;

#[async_trait]
impl Root for Programs {
    async fn up(&self, scope: &Scope, args: &UpArgs) -> anyhow::Result<ExitCode> {
        let config = HubConfig { log: "warn".to_owned(), ..load(scope)? };
        vigie_shared::telemetry::start(&config.log)?;
        up::up(config, args).await
    }

    async fn demo(&self, scope: &Scope, args: &DemoArgs) -> anyhow::Result<ExitCode> {
        vigie_shared::telemetry::start("warn")?;
        demo::demo(&demo::folder(scope.data.as_deref()), args).await
    }

    async fn run(&self, scope: &Scope, _args: &RunArgs) -> anyhow::Result<ExitCode> {
        let config = match load(scope) {
            Err(error) if error.is::<ConfigErrors>() => {
                // Said here, because only this verb has a service manager that must not try again.
                fail(&error.context("the configuration is wrong"));
                return Ok(ExitCode::from(EXIT_CONFIG));
            }
            config => config?,
        };
        vigie_shared::telemetry::start(&config.log)?;
        let lifecycle = Lifecycle::from_signals().context("listen for signals")?;
        let running = crate::run(&config, &lifecycle).await?;
        if let Some(login) = running.first_login {
            tell(&up::first_login_text(&login));
        }
        lifecycle.ready();
        Ok(lifecycle.wait().await)
    }

    async fn init(&self, scope: &Scope, _args: &InitArgs) -> anyhow::Result<String> {
        let config = load(scope)?;
        crate::make_private(&config.data)?;
        let clock = SystemClock::new(|| true);
        let store = crate::open_store(&config.data)?;
        let login = first_start(store.as_ref(), &clock, &config.data).await?;
        crate::pki::Pki::open(&config.data.join(crate::PKI_FOLDER), clock.wall_ms()).context("make the hub's keys")?;
        let folder = config.data.display();
        Ok(match login {
            Some(login) => format!("{folder} is ready.\n{}", up::first_login_text(&login)),
            None => format!("{folder} was ready already; nothing was changed."),
        })
    }

    async fn backup_offline(&self, scope: &Scope, args: &BackupArgs) -> anyhow::Result<String> {
        let data = load(scope)?.data;
        let _lock = FolderLock::take(&data)?;
        let target = args.to.clone().context("say where to with --to")?;
        let store = crate::open_store(&data)?;
        let keys = if args.keys { backup::key_files(&data)? } else { Vec::new() };
        let made = backup::write(&store, (&data, &keys), &target, now_ms(), |_| {}).await?;
        let size = text::size(Lang::En, made.size_bytes).replace('\u{a0}', " ");
        Ok(format!("{} ({size}), complete. {}", made.folder.display(), care(args.keys)))
    }

    async fn restore(&self, scope: &Scope, args: &RestoreArgs) -> anyhow::Result<String> {
        let data = load(scope)?.data;
        anyhow::ensure!(
            args.replace || !data.join(backup::DATABASE).exists(),
            "{} holds a hub's data; say --replace to put the backup in its place (what is there is set aside)",
            data.display()
        );
        let restored = backup::restore(&args.backup, &data, now_ms())?;
        let aside = restored.set_aside.map(|aside| format!(" What was there lies in {}.", aside.display()));
        Ok(format!(
            "{} is as the backup had it.{} Boxes send what they still hold; what nobody holds is named as a gap.",
            data.display(),
            aside.unwrap_or_default()
        ))
    }
}

fn now_ms() -> i64 {
    SystemClock::new(|| true).wall_ms()
}

fn load(scope: &Scope) -> anyhow::Result<HubConfig> {
    let config: HubConfig = vigie_shared::config::load(&scope.sources())?;
    Ok(HubConfig { data: scope.data(), ..config })
}

/// Says what somebody must read once, on the first stream, beside the log on the second.
#[expect(clippy::print_stdout, reason = "the first login is for the person who started the hub")]
fn tell(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use vigie_shared::id::SiteId;

    use super::*;
    use crate::pki::Pki;
    use crate::store::Sites as _;

    fn scope(data: &std::path::Path) -> Scope {
        Scope { data: Some(data.to_owned()), config: None, json: false }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn only_with_its_keys_an_offline_backup_makes_a_new_machine_the_same_hub() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        Programs.init(&scope(&data), &InitArgs::default()).await.unwrap();
        let site: SiteId = "metz".parse().unwrap();
        let (secret, ca) = {
            let store = crate::open_store(&data).unwrap();
            let ca = Pki::open(&data.join(crate::PKI_FOLDER), now_ms()).unwrap().ca_sha256();
            (store.pseudonym_secret(&site).await.unwrap(), ca)
        };
        for keys in [true, false] {
            let to = folder.path().join(format!("usb-{keys}"));
            let args = BackupArgs { to: Some(to.clone()), offline: true, keys };
            let said = Programs.backup_offline(&scope(&data), &args).await.unwrap();
            assert_eq!(said.contains("thief"), keys, "{said}");
            let made = std::fs::read_dir(&to).unwrap().next().unwrap().unwrap().path();
            let manifest = backup::verify(&made).unwrap();
            assert_eq!(manifest.files.iter().any(|item| item.path.ends_with("ca.key")), keys);

            let new = folder.path().join(format!("new-{keys}"));
            Programs.restore(&scope(&new), &RestoreArgs { backup: made, replace: false }).await.unwrap();
            assert_eq!(crate::open_store(&new).is_ok(), keys, "the store's secrets need their key");
            if keys {
                let store = crate::open_store(&new).unwrap();
                assert_eq!(store.pseudonym_secret(&site).await.unwrap(), secret);
                assert_eq!(Pki::open(&new.join(crate::PKI_FOLDER), now_ms()).unwrap().ca_sha256(), ca);
            }
        }
    }
}
