//! Pure: what was found of a day, as the table sorts, filters and colours it.

use crate::attendance::day::Finding;

/// The graver, the smaller.
pub(super) fn gravity(finding: Finding) -> usize {
    match state(finding) {
        "absent" => 0,
        "missing" => 1,
        "late" => 2,
        "other" => 3,
        _ => 4,
    }
}

/// What the filter calls it.
pub(super) fn state(finding: Finding) -> &'static str {
    match finding {
        Finding::Absent => "absent",
        Finding::MissingPunch { .. } => "missing",
        Finding::Late { .. } | Finding::LateFromBreak { .. } => "late",
        Finding::LeftEarly { .. } | Finding::OutsideSchedule => "other",
        Finding::OnTime | Finding::Pending | Finding::Holiday | Finding::Off => "fine",
    }
}

/// Whether a punch has to be settled before anybody is paid by the day.
pub(super) fn is_missing(finding: Finding) -> bool {
    matches!(finding, Finding::MissingPunch { .. })
}

pub(super) fn colour(finding: Finding) -> &'static str {
    match finding {
        Finding::Absent | Finding::MissingPunch { .. } => "critical",
        Finding::Late { .. } | Finding::LateFromBreak { .. } | Finding::LeftEarly { .. } | Finding::OutsideSchedule => {
            "attention"
        }
        Finding::OnTime => "fine",
        Finding::Pending => "running",
        Finding::Holiday | Finding::Off => "paused",
    }
}
