//! `/api/v1/attendance`: days of people, judged, marked and explained.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Admin;
use super::guard::Operator;
use super::input::Params;
use super::problem::{Problem, Refused};
use super::time::Time;
use super::views::{Page, word};
use crate::attendance::book::{DAYS_MAX, PersonDay, Who};
use crate::attendance::day::{Finding, Step};
use crate::attendance::driver::{DaysError, Scope, days};

const MINUTE_MS: i64 = 60 * 1000;

/// Whose days, and which.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Query {
    /// The first day, `2026-11-20`.
    from: String,
    /// The last day, included; the first if not given. At most 367 days.
    through: Option<String>,
    /// Only of this terminal.
    terminal: Option<String>,
    /// Only of this person: an id, or `SERIAL/NUMBER`.
    person: Option<String>,
}

/// A person's day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttendanceDayView)]
pub(super) struct DayView {
    /// Which day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The schedule that it is judged by; none if the terminal has none.
    schedule: Option<String>,
    /// The IANA zone of the day.
    zone: String,
    /// The person's id, if the owner named the person.
    person: Option<String>,
    /// The terminal that the number is of; none if it is the same on all of a schedule.
    terminal: Option<String>,
    /// The number, if the owner did not name the person.
    number: Option<u64>,
    /// The person's name, if anybody said it.
    name: Option<String>,
    /// The gravest of the findings.
    state: String,
    /// What was found.
    findings: Vec<FindingView>,
    /// When work was expected to begin.
    expected_from: Option<Time>,
    /// When work was expected to end.
    expected_to: Option<Time>,
    /// Minutes between coming and going, without the planned break where nobody punched for it.
    worked_min: i64,
    /// Whether the person is there at this moment.
    is_present: bool,
    /// `provisional`: something may still arrive. `final`. `amended`: it changed after it was final.
    mark: String,
    /// Every punch of the day and what became of it.
    strip: Vec<StepView>,
}

/// Something that was found of a day.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FindingView {
    /// `absent`, `missing_punch`, `late`, `late_from_break`, `left_early`, `outside_schedule`, `on_time`, `pending`,
    /// `holiday` or `off`.
    is: String,
    /// By how many minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<i64>,
    /// Which punch is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<String>,
}

/// A punch of a day and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StepView {
    /// The punch's name.
    key: String,
    /// When.
    at: Time,
    /// On which terminal.
    terminal: String,
    /// What it was taken for, `in` or `out`; none if it was passed over.
    direction: Option<String>,
    /// Why: `terminal_says`, `begins`, `alternates` or `repeats`.
    rule: String,
}

/// Lists days: of everybody, of a terminal or of a person.
#[utoipa::path(
    get, path = "/api/v1/attendance", operation_id = "attendance_list",
    tag = "attendance", params(Query), extensions(("x-role" = json!("operator"))),
    responses((status = 200, description = "The days, by schedule, day and person", body = Page<DayView>), Refused)
)]
pub(super) async fn list(
    _: Operator,
    State(admin): State<Admin>,
    Params(query): Params<Query>,
) -> Result<Json<Page<DayView>>, Problem> {
    let from = date("from", &query.from)?;
    let through = query.through.as_deref().map_or(Ok(from), |through| date("through", through))?;
    let count = through.since(from).map_or(0, |span| span.get_days());
    if through < from || usize::try_from(count).is_ok_and(|count| count >= DAYS_MAX) {
        return Err(Problem::invalid("through", format_args!("use the first day or one of the {DAYS_MAX} from there")));
    }
    let scope = match (query.terminal, query.person) {
        (None, None) => Scope::All,
        (Some(terminal), None) => Scope::Terminal(terminal),
        (None, Some(person)) => Scope::Person(person),
        (Some(_), Some(_)) => return Err(Problem::invalid("person", "name a terminal or a person, not both")),
    };
    let fleet = admin.fleet.snapshot();
    let found = days(&*admin.store, &fleet, (&scope, (from, through)), admin.clock.wall_ms()).await.map_err(problem)?;
    Ok(Json(Page { items: found.iter().map(DayView::from).collect(), next: None }))
}

/// Reads a day as people write it.
pub(super) fn date(field: &str, text: &str) -> Result<Date, Problem> {
    let shown: String = text.chars().take(32).collect();
    text.parse()
        .map_err(|_no_date| Problem::invalid(field, format_args!("`{shown}` is no day; write it like 2026-11-20")))
}

/// Why days cannot be shown.
pub(super) fn problem(error: DaysError) -> Problem {
    let text = error.to_string();
    match error {
        DaysError::TooMany => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", "Too much at once", text),
        DaysError::NobodyKnown => {
            Problem::new(StatusCode::NOT_FOUND, "person_unknown", "There is no such person", text)
        }
        DaysError::Store(error) => error.into(),
    }
}

impl From<&PersonDay> for DayView {
    fn from(one: &PersonDay) -> Self {
        let (person, terminal, number) = match &one.who {
            Who::Person(id) => (Some(id.clone()), None, None),
            Who::Number(terminal, number) => (None, terminal.clone(), Some(*number)),
        };
        let findings: Vec<FindingView> = one.day.findings.iter().copied().map(FindingView::from).collect();
        Self {
            date: one.day.date,
            schedule: one.schedule.clone(),
            zone: one.zone.clone(),
            person,
            terminal,
            number,
            name: one.name.clone(),
            state: findings.first().map(|finding| finding.is.clone()).unwrap_or_default(),
            findings,
            expected_from: one.day.expected.map(|(from_ms, _)| Time(from_ms)),
            expected_to: one.day.expected.map(|(_, to_ms)| Time(to_ms)),
            worked_min: one.day.worked_ms / MINUTE_MS,
            is_present: one.day.is_present,
            mark: word(one.mark),
            strip: one.day.strip.iter().map(StepView::from).collect(),
        }
    }
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let plain = |is: &str| Self { is: is.to_owned(), minutes: None, direction: None };
        match finding {
            Finding::Absent => plain("absent"),
            Finding::MissingPunch { direction } => Self { direction: Some(word(direction)), ..plain("missing_punch") },
            Finding::Late { minutes } => Self { minutes: Some(minutes), ..plain("late") },
            Finding::LateFromBreak { minutes } => Self { minutes: Some(minutes), ..plain("late_from_break") },
            Finding::LeftEarly { minutes } => Self { minutes: Some(minutes), ..plain("left_early") },
            Finding::OutsideSchedule => plain("outside_schedule"),
            Finding::OnTime => plain("on_time"),
            Finding::Pending => plain("pending"),
            Finding::Holiday => plain("holiday"),
            Finding::Off => plain("off"),
        }
    }
}

impl From<&Step> for StepView {
    fn from(step: &Step) -> Self {
        Self {
            key: step.key.to_string(),
            at: Time(step.at_ms),
            terminal: step.terminal.clone(),
            direction: step.direction.map(word),
            rule: word(step.rule),
        }
    }
}

#[cfg(test)]
mod tests;
