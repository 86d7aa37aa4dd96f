//! Pure: how complete each lane is over the period of the charts, as strips on the same time axis and as a table of values:
//! what is not there says why.

use vigie_shared::wire::Lane;

use super::missing::{Missing, Past, Why, of_lane};
use super::pulse::Measured;
use super::words::Words;
use crate::fleet::completeness::Line;
use crate::http::page::history::{Local, gap_word, lane_word};
use crate::http::page::row::Moment;
use crate::text::{self, Lang};

/// Rows of the table of values: a month of hours put together, and what is missing between them.
const VALUES_MAX: usize = 400;
/// Narrower than this, in shares of the strip, nothing is seen.
const WIDTH_MIN: f64 = 0.4;

/// How complete one lane is.
pub(super) struct LaneStrip {
    pub(super) name: &'static str,
    pub(super) complete: Option<Moment>,
    /// What was received, and what never will be.
    pub(super) sentence: String,
    pub(super) missing: Vec<Stretch>,
}

/// A part of a strip.
pub(super) struct Stretch {
    /// `lost`, `unseen` or `due`.
    pub(super) kind: &'static str,
    /// Where it begins and how wide it is, in hundredths of the strip.
    pub(super) x: String,
    pub(super) width: String,
    /// From when to when, and why.
    pub(super) sentence: String,
}

/// A row of the table: what was measured, or why nothing was.
pub(super) struct ValueRow {
    pub(super) at: Moment,
    /// Of what is missing, when it ends.
    pub(super) until: Option<Moment>,
    pub(super) cpu: String,
    pub(super) memory: String,
    pub(super) temperature: String,
    /// Why nothing was measured.
    pub(super) unseen: Option<String>,
}

/// Strips of every lane.
pub(super) fn strips(at: &Local<'_>, w: &'static Words, (lines, past): (&[Line], &Past)) -> Vec<LaneStrip> {
    let strip = |line: &Line| LaneStrip {
        name: lane_word(line.lane, at.frame.words),
        complete: line.complete_ms.map(|at_ms| at.moment(at_ms)),
        sentence: received(at.frame.lang, line),
        missing: of_lane(line, past).iter().map(|one| stretch(at, w, (one, past))).collect(),
    };
    lines.iter().map(strip).collect()
}

/// What was measured in the period, newest first, and what is missing between.
pub(super) fn values(at: &Local<'_>, w: &'static Words, (lines, past): (&[Line], &Past)) -> Vec<ValueRow> {
    let telemetry = lines.iter().find(|line| line.lane == Lane::Telemetry);
    let missing = telemetry.map(|line| of_lane(line, past)).unwrap_or_default();
    let measured = past.pulse.rows.iter().map(|row| (row.at_ms, of_row(at, row)));
    let unseen = missing.iter().map(|one| (one.from_ms, of_missing(at, w, one)));
    let mut rows: Vec<(i64, ValueRow)> = measured.chain(unseen).collect();
    rows.sort_by_key(|(at_ms, _)| std::cmp::Reverse(*at_ms));
    rows.into_iter().map(|(_, row)| row).take(VALUES_MAX).collect()
}

fn received(lang: Lang, line: &Line) -> String {
    let (held, missing) = (line.through.saturating_sub(line.missing), line.missing);
    match lang {
        Lang::Fr => format!(
            "{}, {}",
            text::counted(lang, held, "enregistrement reçu", "enregistrements reçus"),
            text::counted(lang, missing, "manquant à jamais", "manquants à jamais")
        ),
        Lang::En => format!(
            "{} received, {} missing for good",
            text::counted(lang, held, "record", "records"),
            text::number(lang, missing)
        ),
    }
}

fn stretch(at: &Local<'_>, w: &Words, (one, past): (&Missing, &Past)) -> Stretch {
    let long_ms = past.to_ms.saturating_sub(past.from_ms).max(1) as f64;
    let share = |ms: i64| ms.saturating_sub(past.from_ms).max(0) as f64 * 100.0 / long_ms;
    let width = (share(one.to_ms) - share(one.from_ms)).max(WIDTH_MIN);
    let x = share(one.from_ms).min(100.0 - width);
    let when = format!("{} – {}", at.moment(one.from_ms).text, at.moment(one.to_ms).text);
    Stretch {
        kind: match one.why {
            Why::Lost(_) => "lost",
            Why::Blind(..) | Why::Unobserved => "unseen",
            Why::Due => "due",
        },
        x: format!("{x:.2}"),
        width: format!("{width:.2}"),
        sentence: format!("{when}{}{}", at.frame.words.colon, why(at, w, &one.why)),
    }
}

fn why(at: &Local<'_>, w: &Words, why: &Why) -> String {
    let colon = at.frame.words.colon;
    match why {
        Why::Lost(reason) => format!("{}{colon}{}", w.lost, gap_word(*reason, at.frame.words)),
        Why::Blind(network, reason) => format!("{}, {network}{colon}{reason}", w.not_observed),
        Why::Unobserved => format!("{}{colon}{}", w.not_observed, w.stood_still),
        Why::Due => format!("{}{colon}{}", w.due, w.due_rest),
    }
}

fn of_row(at: &Local<'_>, row: &Measured) -> ValueRow {
    let none = at.frame.words.none;
    ValueRow {
        at: at.moment(row.at_ms),
        until: None,
        cpu: at.percent(row.cpu_permille),
        memory: row.memory_permille.map_or_else(|| none.to_owned(), |permille| at.percent(permille)),
        temperature: row.temperature_milli_c.map_or_else(|| none.to_owned(), text::degrees),
        unseen: None,
    }
}

fn of_missing(at: &Local<'_>, w: &Words, one: &Missing) -> ValueRow {
    ValueRow {
        at: at.moment(one.from_ms),
        until: Some(at.moment(one.to_ms)),
        cpu: String::new(),
        memory: String::new(),
        temperature: String::new(),
        unseen: Some(why(at, w, &one.why)),
    }
}
