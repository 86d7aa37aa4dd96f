//! When the HR server misbehaves, and how: plans that are tried in their order, each for as many requests as it says.

use std::fmt;
use std::str::FromStr;

use super::catalogue;
use super::dialect::{Kind, Listing};
use super::http::Request;
use super::reply::{Delivery, Dress, Reply};

/// One way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trick {
    /// Does nothing and answers this.
    Refuse(Reply),
    /// Does what it was asked and answers this all the same.
    Lie(Reply),
    /// Does what it was asked; the answer travels so.
    Deliver(Delivery),
    /// Does nothing, and the answer that nobody should miss travels so.
    Lose(Delivery),
    /// Does what it was asked; the answer looks so.
    Dress(Dress),
    /// Lists people so.
    List(Listing),
}

/// Which requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// All.
    Any,
    /// All of one kind.
    Kind(Kind),
    /// Those to store a row in whose body this text stands.
    Row(String),
    /// Those whose path ends so.
    Path(String),
}

impl On {
    fn meets(&self, kind: Kind, request: &Request) -> bool {
        match self {
            Self::Any => true,
            Self::Kind(wanted) => kind == *wanted,
            Self::Row(text) => kind == Kind::Push && request.text().contains(text),
            Self::Path(end) => request.path.ends_with(end),
        }
    }
}

/// One misbehaviour with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which requests.
    pub on: On,
    /// How many such requests are spared first.
    pub spared: usize,
    /// How many such requests it meets then; then it is over.
    pub times: usize,
    /// What happens to them.
    pub trick: Trick,
}

impl Plan {
    /// For the next request to store a row.
    #[must_use]
    pub fn next_push(trick: Trick) -> Self {
        Self::on(On::Kind(Kind::Push), trick).times(1)
    }

    /// For all such requests.
    #[must_use]
    pub fn on(on: On, trick: Trick) -> Self {
        Self { on, spared: 0, times: usize::MAX, trick }
    }

    /// The same, only so often.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// The same, after so many requests that are spared.
    #[must_use]
    pub fn after(mut self, spared: usize) -> Self {
        self.spared = spared;
        self
    }
}

/// A text that is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPlan(String);

impl fmt::Display for NoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no plan; write TRICK[@people|push|probe|undo|login|any][+SPARED][*TIMES], with a trick from --tricks",
            self.0
        )
    }
}

impl std::error::Error for NoPlan {}

impl FromStr for Plan {
    type Err = NoPlan;

    /// `stall-after-commit@push+10*3`: spares ten pushes, meets the next three. Without `@`, what the trick is made for;
    /// without `*`, for ever.
    fn from_str(text: &str) -> Result<Self, NoPlan> {
        let no_plan = || NoPlan(text.to_owned());
        let count = |text: &str| text.parse().map_err(|_no_number: std::num::ParseIntError| no_plan());
        let (text_left, times) = text.split_once('*').map_or((text, None), |(left, times)| (left, Some(times)));
        let (text_left, spared) =
            text_left.split_once('+').map_or((text_left, None), |(left, some)| (left, Some(some)));
        let (name, on) = text_left.split_once('@').map_or((text_left, None), |(left, on)| (left, Some(on)));
        let known = catalogue::named(name).ok_or_else(no_plan)?;
        let on = match on {
            None => On::Kind(known.made_for),
            Some("any") => On::Any,
            Some("people") => On::Kind(Kind::People),
            Some("push") => On::Kind(Kind::Push),
            Some("probe") => On::Kind(Kind::Probe),
            Some("undo") => On::Kind(Kind::Undo),
            Some("login") => On::Kind(Kind::Login),
            Some(_) => return Err(no_plan()),
        };
        Ok(Self {
            on,
            spared: spared.map(count).transpose()?.unwrap_or(0),
            times: times.map(count).transpose()?.unwrap_or(usize::MAX),
            trick: (known.trick)(),
        })
    }
}

/// The plans that are not over.
#[derive(Debug, Default)]
pub(super) struct Script {
    plans: Vec<Plan>,
}

impl Script {
    pub(super) fn add(&mut self, plan: Plan) {
        self.plans.push(plan);
    }

    pub(super) fn clear(&mut self) {
        self.plans.clear();
    }

    /// What happens to this request. It counts for every plan that it meets; the first that is due decides.
    pub(super) fn take(&mut self, kind: Kind, request: &Request) -> Option<Trick> {
        let mut trick = None;
        for plan in self.plans.iter_mut().filter(|plan| plan.on.meets(kind, request)) {
            if plan.spared > 0 {
                plan.spared -= 1;
            } else if trick.is_none() {
                plan.times -= 1;
                trick = Some(plan.trick.clone());
            }
        }
        self.plans.retain(|plan| plan.times > 0);
        trick
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lose() -> Trick {
        Trick::Lose(Delivery::Reset)
    }

    #[test]
    fn a_plan_spares_meets_and_ends() {
        let mut script = Script::default();
        script.add(Plan::on(On::Kind(Kind::Push), lose()).after(1).times(2));
        let met: Vec<bool> = (0..4).map(|_| script.take(Kind::Push, &Request::default()).is_some()).collect();
        assert_eq!(met, [false, true, true, false]);
    }

    #[test]
    fn a_plan_for_a_row_meets_that_row_only() {
        let mut script = Script::default();
        script.add(Plan::on(On::Row("\"7\"".to_owned()), lose()));
        let push = |body: &str| Request { body: body.as_bytes().to_vec(), ..Request::default() };
        assert_eq!(script.take(Kind::Push, &push("{\"id\":\"8\"}")), None);
        assert_eq!(script.take(Kind::Probe, &push("{\"id\":\"7\"}")), None);
        assert_eq!(script.take(Kind::Push, &push("{\"id\":\"7\"}")), Some(lose()));
    }

    #[test]
    fn a_plan_is_written_in_one_word() {
        let plan: Plan = "stall-after-commit@any+10*3".parse().unwrap();
        assert_eq!(plan, Plan::on(On::Any, Trick::Deliver(Delivery::Stall)).after(10).times(3));
        let plan: Plan = "empty-list".parse().unwrap();
        assert_eq!(plan, Plan::on(On::Kind(Kind::People), Trick::List(Listing::Empty)));
        for text in ["", "nonsense", "empty-list@nobody", "empty-list*many"] {
            assert!(text.parse::<Plan>().is_err(), "{text}");
        }
    }
}
