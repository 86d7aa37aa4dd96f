//! Logs: to standard error, plain in a terminal, with syslog priorities under systemd; and to a file, if asked.
//!
//! Messages read alone; identifiers stand again as fields. Never secrets, payloads or personal data.

mod rotated;

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Mutex;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{DefaultFields, FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use self::rotated::LogFile;
use self::rotated::Rotated;

/// What libraries say is shown from `warn` up. The broker warns each second of a busy box that it passed over messages which
/// nobody took, and those are sent again.
const LIBRARIES: &str = "warn,rumqttd=error";

/// Starts logging. `level` is one word for our own crates (`info`, `debug`…) or a full filter.
///
/// Calling it twice keeps the first; tests do.
///
/// # Errors
///
/// If `level` is not a filter.
pub fn start(level: &str) -> anyhow::Result<()> {
    start_with(level, &LogFile::default())
}

/// Starts logging, also to a file.
///
/// # Errors
///
/// As [`start`]; a file that cannot be written is none.
pub fn start_with(level: &str, file: &LogFile) -> anyhow::Result<()> {
    let is_word = level.chars().all(|c| c.is_ascii_alphabetic());
    let text = if is_word {
        format!("{LIBRARIES},vigie_agent={level},vigie_hub={level},vigie_shared={level},vigie_tests={level}")
    } else {
        level.to_owned()
    };
    let filter: Targets = text.parse().map_err(|error| {
        anyhow::anyhow!("`{level}` is not a log level: use error, warn, info, debug or trace ({error})")
    })?;
    let is_journal = std::env::var_os("JOURNAL_STREAM").is_some();
    let is_terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(is_terminal)
        .fmt_fields(DefaultFields::new());
    let kept = Rotated::new(file).map(|file| {
        tracing_subscriber::fmt::layer().with_writer(Mutex::new(file)).with_ansi(false).event_format(Terminal)
    });
    let subscriber = tracing_subscriber::registry().with(filter).with(kept);
    // A second start keeps the first subscriber: that is what tests in one process want.
    let _is_first = if is_journal {
        subscriber.with(lines.event_format(Journal)).try_init().is_ok()
    } else {
        subscriber.with(lines.event_format(Terminal)).try_init().is_ok()
    };
    Ok(())
}

/// Whether a service manager started this process and waits for its word.
#[must_use]
pub fn is_managed() -> bool {
    std::env::var_os("NOTIFY_SOCKET").is_some()
}

/// One line per event: time, level, message, fields.
struct Terminal;

/// The same without time, with the priority that the journal understands.
struct Journal;

impl<S, N> FormatEvent<S, N> for Terminal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {:>5} ", event.metadata().level())?;
        body(ctx, writer, event)
    }
}

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let priority = match *event.metadata().level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            Level::DEBUG | Level::TRACE => 7,
        };
        write!(writer, "<{priority}>")?;
        body(ctx, writer, event)
    }
}

/// Spans first, then the event's own message and fields.
fn body<S, N>(ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    for span in ctx.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
        write!(writer, "{}", span.name())?;
        if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
            && !fields.is_empty()
        {
            write!(writer, "{{{fields}}}")?;
        }
        write!(writer, ": ")?;
    }
    ctx.field_format().format_fields(writer.by_ref(), event)?;
    writeln!(writer)
}
