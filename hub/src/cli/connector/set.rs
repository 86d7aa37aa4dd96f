//! What to set of a connector, from the command line; secrets come from files, never from arguments.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

/// Largest file of a secret, bytes.
const SECRET_BYTES_MAX: u64 = 8 * 1024;

/// What to set.
#[derive(Debug, Default, Args)]
pub struct SetArgs {
    /// A mapping that comes with the hub.
    #[arg(long, value_name = "NAME", conflicts_with = "mapping_file")]
    mapping: Option<String>,
    /// A mapping of its own.
    #[arg(long, value_name = "FILE")]
    mapping_file: Option<PathBuf>,
    /// Where the third party is.
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// Where people are listed, below the base.
    #[arg(long, value_name = "PATH")]
    users: Option<String>,
    /// Where punches go, below the base.
    #[arg(long, value_name = "PATH")]
    attendance: Option<String>,
    /// The zone of its local times.
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// How to prove who asks, instead of the mapping's way; secrets `token`, or `username` and `password`.
    #[arg(long, value_parser = ["none", "bearer", "basic", "header"])]
    auth: Option<String>,
    /// The header's name, for `--auth header`.
    #[arg(long, value_name = "NAME")]
    header: Option<String>,
    /// A setting of the mapping; an empty value removes it.
    #[arg(long, value_name = "NAME=VALUE")]
    cfg: Vec<String>,
    /// A secret, read from a file; `-` is standard input.
    #[arg(long, value_name = "NAME=FILE")]
    secret: Vec<String>,
    /// How often it is served: `15m`, or `immediate`.
    #[arg(long, value_name = "TIME")]
    interval: Option<String>,
    /// At most so many rows in a request.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Longest wait for an answer.
    #[arg(long, value_name = "TIME")]
    timeout: Option<String>,
    /// At most so many requests: `5/s`, `50/min`.
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// Punches before this moment are stored, not sent.
    #[arg(long, value_name = "MOMENT")]
    start_at: Option<String>,
    /// Only the punches of this terminal; may be said several times.
    #[arg(long, value_name = "SERIAL")]
    terminal: Vec<String>,
    /// Somebody's number there, by the number on terminals; an empty one makes them the same again.
    #[arg(long, value_name = "HERE=THERE")]
    number: Vec<String>,
    /// Let it work.
    #[arg(long, conflicts_with = "off")]
    on: bool,
    /// Let it rest; its queue is kept.
    #[arg(long)]
    off: bool,
}

/// What the hub is asked for; what was not said is not sent.
pub(super) fn wish(args: &SetArgs) -> anyhow::Result<Value> {
    let mapping_text = args
        .mapping_file
        .as_ref()
        .map(|file| std::fs::read_to_string(file).with_context(|| format!("read the mapping {}", file.display())));
    let cfg: BTreeMap<String, Option<String>> = pairs(&args.cfg)?
        .into_iter()
        .map(|(key, value)| (key, Some(value).filter(|value| !value.is_empty())))
        .collect();
    let mut secrets = BTreeMap::new();
    for (name, file) in pairs(&args.secret)? {
        secrets.insert(name, secret(&file)?);
    }
    let mut numbers = BTreeMap::new();
    for (here, there) in pairs(&args.number)? {
        numbers.insert(here, number(&there)?);
    }
    let is_on = (args.on || args.off).then_some(args.on);
    let terminals = (!args.terminal.is_empty()).then_some(&args.terminal);
    let wish = json!({
        "mapping": args.mapping, "mapping_text": mapping_text.transpose()?, "base": args.base,
        "users_endpoint": args.users, "attendance_endpoint": args.attendance, "zone": args.zone,
        "auth": args.auth.as_ref().map(|kind| json!({ "kind": kind, "header": args.header })),
        "cfg": (!cfg.is_empty()).then_some(cfg), "secrets": (!secrets.is_empty()).then_some(secrets),
        "interval": args.interval, "batch": args.batch, "timeout": args.timeout, "rate": args.rate, "is_on": is_on,
        "start_at": args.start_at, "terminals": terminals,
        "numbers": (!numbers.is_empty()).then_some(numbers),
    });
    let said = wish.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Ok(Value::Object(said.map(|(key, value)| (key.clone(), value.clone())).collect()))
}

/// Reads `NAME=VALUE`.
pub(super) fn pairs(list: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let read = |text: &String| {
        let pair = text.split_once('=').with_context(|| format!("`{text}` has no `=`; write NAME=VALUE"))?;
        Ok((pair.0.trim().to_owned(), pair.1.to_owned()))
    };
    list.iter().map(read).collect()
}

/// A number that somebody has there; none if it is left out.
fn number(text: &str) -> anyhow::Result<Option<u64>> {
    let given = Some(text.trim()).filter(|text| !text.is_empty());
    let read = given.map(|text| text.parse().with_context(|| format!("`{text}` is no number; write 118=18")));
    read.transpose()
}

fn secret(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = |from: &mut dyn std::io::Read, text: &mut String| from.take(SECRET_BYTES_MAX).read_to_string(text);
    let done = match file {
        "-" => read(&mut std::io::stdin().lock(), &mut text),
        path => std::fs::File::open(path).and_then(|mut file| read(&mut file, &mut text)),
    };
    done.with_context(|| format!("read the secret from {file}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
