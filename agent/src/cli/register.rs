//! `register` and `resync`: get an identity, and renew it.
//!
//! What files and terminals say is read as the person who typed the verb; what is written is written as the agent's user.

mod words;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::enrol::Said;
use vigie_shared::id::{SiteId, from_hex};
use vigie_shared::token::EnrolToken;

use crate::config::AgentConfig;
use crate::identity::{Identity, enrol};
use crate::timekeeper::believable_ms;
use words::SiteWords;

/// Longest token or password that is read, bytes.
const SECRET_BYTES_MAX: u64 = 4096;

/// Words after `register`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent register vigie1-…\n  vigie-agent register vigie1-… --club \"Rennes FC\" --town Rennes --tag football --tag futsal\n  \
                  ssh hub vigie-hub site add rennes01 | vigie-agent register -\n  \
                  vigie-agent register --hub hub.example.org:8443 --user a@b.example --fingerprint 3f9c… --name \"Site Rennes\"\n  \
                  vigie-agent register --hub hub.example.org:8443 --user a@b.example --from-site-conf /etc/neopro/site.conf\n\n\
                  A token works once. A password is asked for on the terminal, or read from --password-file. It is sent only to\n\
                  a hub whose certificate the whole internet trusts, or that shows the fingerprint (`vigie-hub site door` prints it).\n\
                  A running agent notices the new identity by itself."
)]
pub(super) struct RegisterArgs {
    /// The token, or `-` to read it from standard input.
    #[arg(required_unless_present = "user", conflicts_with = "user")]
    token: Option<String>,
    #[command(flatten)]
    account: AccountWords,
    #[command(flatten)]
    about: SiteWords,
    /// Replace the identity that this box already has.
    #[arg(long)]
    force: bool,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Registering with an account instead of a token.
#[derive(Args)]
#[command(next_help_heading = "With an account instead of a token")]
struct AccountWords {
    /// The account's name on the hub, as an e-mail address; it must be allowed to add sites.
    #[arg(long, value_name = "ACCOUNT", requires = "hub")]
    user: Option<String>,
    /// Where the hub's HTTPS for boxes is reached.
    #[arg(long, value_name = "HOST:PORT", requires = "user")]
    hub: Option<String>,
    /// The SHA-256 of the hub's CA certificate, 64 hexadecimal digits; colons do not matter.
    #[arg(long, value_name = "HEX", requires = "user", value_parser = fingerprint)]
    fingerprint: Option<Fingerprint>,
    /// A file that holds the password, or `-` for standard input.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The site; made if the hub does not know it [default: the id in the site.conf, or one made of the name].
    #[arg(long, value_name = "ID", requires = "user")]
    site: Option<SiteId>,
    /// The IANA time zone of a site that is made, as in `Europe/Paris` [default: the hub's].
    #[arg(long, requires = "user")]
    zone: Option<String>,
}

#[derive(Clone)]
struct Fingerprint([u8; 32]);

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
    let bytes = from_hex(&digits).and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(Fingerprint)
        .ok_or_else(|| "expected 64 hexadecimal digits, as `vigie-hub site door` prints them".to_owned())
}

/// Words after `resync`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  vigie-agent resync\n\nIf the hub no longer knows this box, make a new token there: vigie-hub site replace SITE"
)]
pub(super) struct ResyncArgs {
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Everything that was said, ready to be sent.
pub(super) struct Request {
    proof: Proof,
    said: Said,
}

/// By what the box may become a site's box.
enum Proof {
    Token(EnrolToken),
    Account(enrol::Account),
}

/// Reads files, standard input and the terminal.
///
/// # Errors
///
/// If something cannot be read, or is not accepted.
pub(super) fn read(args: &RegisterArgs) -> anyhow::Result<Request> {
    let (said, filed_site) = args.about.read()?;
    let proof = match (&args.token, args.account.read(filed_site)?) {
        (_, Some(account)) => Proof::Account(account),
        (Some(token), None) => Proof::Token(token_text(token)?.parse()?),
        (None, None) => anyhow::bail!("give a token, or --hub and --user"),
    };
    Ok(Request { proof, said })
}

pub(super) fn register(config: &AgentConfig, request: Request, args: &RegisterArgs) -> anyhow::Result<ExitCode> {
    let folder = config.identity_folder();
    if let Ok(Some(current)) = Identity::load(&folder)
        && !args.force
    {
        anyhow::bail!(
            "this box is already registered as {} at {}; to replace that, say --force (records that wait here are kept)",
            current.site,
            current.hub
        );
    }
    let (now_ms, facts, said) = (trusted_now_ms(), enrol::box_facts(), request.said);
    let runtime = super::runtime()?;
    let registered = match request.proof {
        Proof::Token(token) => runtime.block_on(enrol::register(&token, said, facts, now_ms))?,
        Proof::Account(account) => runtime.block_on(enrol::register_as(account, said, facts, now_ms))?,
    };
    registered.identity.save(&folder)?;
    report(&registered.identity, "registered", &registered.taken, args.json)
}

pub(super) fn resync(config: &AgentConfig, args: &ResyncArgs) -> anyhow::Result<ExitCode> {
    let folder = config.identity_folder();
    let current = Identity::load(&folder)?
        .context("this box has no identity yet; register it first: vigie-agent register <token>")?;
    let now_ms = trusted_now_ms();
    let identity = super::runtime()?.block_on(enrol::renew(&current, enrol::box_facts(), now_ms))?;
    identity.save(&folder)?;
    report(&identity, "renewed", &[], args.json)
}

fn report(identity: &Identity, done: &str, taken: &[String], is_json: bool) -> anyhow::Result<ExitCode> {
    if is_json {
        let answer = serde_json::json!({ "site": identity.site, "hub": identity.hub, "done": done, "taken": taken });
        return super::print_json(&answer);
    }
    let about = match taken {
        [] => String::new(),
        taken => format!("The hub took from here: {}.\n", taken.join(", ")),
    };
    super::print_line(&format!(
        "{done}: this box is {} at {}.\n{about}A running agent connects by itself; `vigie-agent status` shows it.",
        identity.site, identity.hub
    ))
}

impl AccountWords {
    /// The account, if there is one; asks for its password.
    fn read(&self, filed_site: Option<SiteId>) -> anyhow::Result<Option<enrol::Account>> {
        let (Some(name), Some(hub)) = (&self.user, &self.hub) else { return Ok(None) };
        anyhow::ensure!(is_host_and_port(hub), "`--hub {hub}` must be HOST:PORT, as in hub.example.org:8443");
        let hub = hub.trim_start_matches("https://").trim_end_matches('/').to_owned();
        Ok(Some(enrol::Account {
            password: self.password(name, &hub)?,
            name: name.clone(),
            hub,
            ca_sha256: self.fingerprint.as_ref().map(|fingerprint| fingerprint.0),
            site: self.site.clone().or(filed_site),
            zone: self.zone.clone(),
        }))
    }

    fn password(&self, name: &str, hub: &str) -> anyhow::Result<String> {
        let text = match self.password_file.as_deref() {
            None => rpassword::prompt_password(format!("Password of {name} at {hub}: "))
                .context("ask for the password; without a terminal, give --password-file")?,
            Some(file) if file == Path::new("-") => input("the password")?,
            Some(file) => {
                let opened = std::fs::File::open(file).with_context(|| format!("open {}", file.display()))?;
                text(opened).with_context(|| format!("read the password in {}", file.display()))?
            }
        };
        let password = text.trim_end_matches(['\r', '\n']).to_owned();
        anyhow::ensure!(!password.is_empty(), "the password is empty");
        Ok(password)
    }
}

fn is_host_and_port(hub: &str) -> bool {
    let plain = hub.trim_start_matches("https://").trim_end_matches('/');
    let port = plain.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>().is_ok());
    port == Some(true) && !plain.contains(['/', '@', '?', '#', ' '])
}

fn token_text(word: &str) -> anyhow::Result<String> {
    if word == "-" { input("the token") } else { Ok(word.to_owned()) }
}

fn input(what: &str) -> anyhow::Result<String> {
    text(std::io::stdin()).with_context(|| format!("read {what} from standard input"))
}

fn text(source: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    source.take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// A box whose clock is at 1970 still judges certificates at a time that makes sense.
fn trusted_now_ms() -> i64 {
    believable_ms(SystemClock::new(crate::sys::clock_is_synchronised).wall_ms())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RegisterArgs,
    }

    fn parse(words: &str) -> Result<RegisterArgs, String> {
        let words = std::iter::once("register").chain(words.split_whitespace());
        Line::try_parse_from(words).map(|line| line.args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_or_an_account_is_needed_and_never_both() {
        assert!(parse("vigie1-AAAA --club Rennes --tag futsal").is_ok());
        assert!(parse("--hub h:8443 --user a@b.example --name Rennes --site r1").is_ok());
        for wrong in ["", "--user a@b.example", "--hub h:8443", "vigie1-A --hub h:8443 --user a", "vigie1-A --site r1"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(!parse("--hub h:1 --user a --password x").is_ok_and(|_| true), "no password among the words");
    }

    #[test]
    fn a_fingerprint_may_have_colons_and_nothing_else() {
        let plain = "3F".repeat(32);
        let colons = ["3f"; 32].join(":");
        for text in [&plain, &colons] {
            assert_eq!(fingerprint(text).map(|print| print.0).ok(), Some([0x3f; 32]));
        }
        for text in ["", "3f", &"zz".repeat(32), &"3f".repeat(33)] {
            assert!(fingerprint(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hub_is_a_host_and_a_port() {
        for right in ["hub.example.org:8443", "10.0.0.1:1", "[::1]:8443", "https://hub:8443/"] {
            assert!(is_host_and_port(right), "{right}");
        }
        for wrong in ["hub", ":8443", "hub:x", "hub:8443/boxes", "a@hub:8443", "hub:70000"] {
            assert!(!is_host_and_port(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_password_comes_from_a_file_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, " correct horse \n").unwrap();
        let line = format!("--hub h:8443 --user a --password-file {}", file.display());
        let account = parse(&line).unwrap().account.read(None).unwrap().unwrap();
        assert_eq!((account.password.as_str(), account.hub.as_str()), (" correct horse ", "h:8443"));
        std::fs::write(&file, "\n").unwrap();
        assert!(parse(&line).unwrap().account.read(None).is_err());
    }
}
