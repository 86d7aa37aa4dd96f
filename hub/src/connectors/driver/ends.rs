//! What an answer means for a row, where nothing else has to be asked.

use serde_json::Value;

use super::talk::Heard;
use crate::connectors::outcome::{Answer, Verdict};
use crate::connectors::queue::{Cause, End};
use crate::connectors::request::Request;
use crate::connectors::results::RowResult;

/// Records of an answer that are looked at when a row is searched.
const CANDIDATES_MAX: usize = 50;

/// The end that an answer without further rules means.
pub(super) fn of_verdict(verdict: Verdict, answer: &Answer) -> End {
    match verdict {
        Verdict::Ok => End::Delivered(None),
        Verdict::Duplicate => End::Duplicate(None),
        Verdict::Park => End::Parked(answer.said()),
        Verdict::Retry => End::Later(answer.said(), cause(answer)),
        Verdict::Throttle => End::Later(answer.said(), Cause::Throttled),
        Verdict::Reject | Verdict::Conflict | Verdict::Reauth | Verdict::Stop => End::Rejected(answer.said()),
    }
}

/// The end if there was no answer.
pub(super) fn silence(heard: Heard) -> End {
    match heard {
        Heard::Answer(answer, verdict) => of_verdict(verdict, &answer),
        Heard::Unfit(why) => End::Rejected(why),
        Heard::Unsent(why) => End::Later(why, Cause::NotTaken),
        Heard::Lost(why) => End::Later(why, Cause::Lost),
    }
}

/// A success, with the record's id; none if the mapping expects one and there is none.
pub(super) fn delivered(request: Option<&Request>, answer: &Answer) -> Option<End> {
    match request.and_then(|request| request.id.as_deref()) {
        None => Some(End::Delivered(None)),
        Some(pointer) => {
            let id = answer.at(pointer).filter(|id| !matches!(id, Value::Null | Value::Bool(_) | Value::Object(_)))?;
            Some(End::Delivered(Some(id.clone())))
        }
    }
}

pub(super) fn of_result(result: RowResult) -> End {
    match result {
        RowResult::Ok(id) => End::Delivered(id),
        RowResult::Duplicate => End::Duplicate(None),
        RowResult::Park(why) => End::Parked(why),
        RowResult::Reject(why) => End::Rejected(why),
        RowResult::Unsaid => End::Later("the answer says nothing about this row".to_owned(), Cause::Lost),
    }
}

/// What a status that asks to try again says about the row.
pub(super) fn cause(answer: &Answer) -> Cause {
    match answer.status {
        500 => Cause::Broke,
        408 | 502 | 504 => Cause::Lost,
        _ => Cause::NotTaken,
    }
}

pub(super) fn reason(heard: Heard) -> String {
    match heard {
        Heard::Answer(answer, _) => answer.said(),
        Heard::Unfit(why) | Heard::Unsent(why) | Heard::Lost(why) => why,
    }
}

/// The ids that an answer holds: of a pointer into a list, those of all its records.
pub(super) fn candidates(pointer: &str, answer: &Answer) -> Vec<Value> {
    let is_id = |id: &&Value| !matches!(id, Value::Null | Value::Bool(_));
    let Some((before, behind)) = pointer.split_once("/0") else {
        return answer.at(pointer).filter(is_id).cloned().into_iter().collect();
    };
    let at = |index: usize| answer.at(&format!("{before}/{index}{behind}")).filter(is_id).cloned();
    (0..CANDIDATES_MAX).map_while(at).collect()
}
