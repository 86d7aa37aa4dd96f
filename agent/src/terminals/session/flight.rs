//! The one command in flight: sent, answered, sent again, given up, and what comes too late.

use super::{Due, Session};
use crate::terminals::frame::{Fields, Frame};
use crate::terminals::reply::Order;
use crate::terminals::row::enrol_id;

/// Commands that were given up and whose answers may still come, at most.
const LATE_MAX: usize = 32;

/// A command for a terminal.
#[derive(Debug, Clone)]
pub struct Request {
    /// Names it on its connection.
    pub id: u64,
    /// What is said.
    pub order: Order,
    /// Time for an answer, milliseconds.
    pub answer_ms: u64,
    /// How often it may be sent again; none of what must never happen twice.
    pub repeats: u32,
    /// When it must no longer be sent, by the connection's clock.
    pub expires_ms: u64,
}

/// What a terminal answered.
#[derive(Debug, Default, PartialEq)]
pub struct Answered {
    /// Whether it did what was asked, or did not say.
    pub is_done: bool,
    /// The fields of the answer, without `record`.
    pub fields: Fields,
    /// The field `record`, as it was written.
    pub record: Option<String>,
    /// Characters that no text may have were replaced.
    pub is_lossy: bool,
}

impl Eq for Answered {}

impl Answered {
    pub(super) fn of(frame: &Frame) -> Self {
        Self {
            is_done: frame.is_success(),
            fields: frame.fields.clone(),
            record: frame.record.as_ref().map(|record| record.get().to_owned()),
            is_lossy: frame.is_lossy,
        }
    }
}

/// The command that was sent.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) request: Request,
    pub(super) until_ms: u64,
    sent: u32,
    /// Answers that came meanwhile and were taken for those of earlier commands.
    passed: u32,
}

/// Answers that may come although nobody waits for them any more.
#[derive(Debug)]
pub(super) struct Late {
    cmd: &'static str,
    enrol_id: Option<u64>,
    answers: u32,
    until_ms: u64,
}

impl Session {
    /// The request that an answer belongs to, if any.
    pub(super) fn take_answer(&mut self, ret: &str, frame: &Frame, now_ms: u64) -> Option<u64> {
        self.late.retain(|late| late.until_ms > now_ms && late.answers > 0);
        let about = frame.fields.get("enrollid").and_then(enrol_id);
        let flight = self.flight.as_ref().filter(|flight| is_answer(flight.request.order.cmd, ret, frame));
        let asked = flight.map(|flight| flight.request.order.enrol_id());
        if let Some(late) = self.late.iter_mut().find(|late| late.cmd == ret) {
            let is_ours = asked.is_some_and(|asked| asked.is_some() && asked == about && late.enrol_id != about);
            if !is_ours {
                late.answers -= 1;
                if let Some(flight) = &mut self.flight {
                    flight.passed += 1;
                }
                return None;
            }
        }
        asked?;
        let Flight { request, sent, passed, .. } = self.flight.take()?;
        // Each time that it was sent may be answered; what was taken for an earlier command's answer was its own then.
        self.expect_late(&request, (sent - 1).saturating_sub(passed), now_ms);
        Some(request.id)
    }

    pub(super) fn poll_flight(&mut self, now_ms: u64) -> Option<Due> {
        self.serial.as_ref()?;
        if let Some(flight) = &mut self.flight {
            if now_ms < flight.until_ms {
                return None;
            }
            let may_repeat = flight.sent <= flight.request.repeats && now_ms < flight.request.expires_ms;
            if !may_repeat {
                let Flight { request, sent, .. } = self.flight.take()?;
                self.expect_late(&request, sent, now_ms);
                return Some(Due::Unanswered(request.id));
            }
            flight.sent += 1;
            flight.until_ms = now_ms + flight.request.answer_ms;
        } else {
            let request = self.waiting.pop_front()?;
            if now_ms >= request.expires_ms {
                return Some(Due::Unanswered(request.id));
            }
            let until_ms = now_ms + request.answer_ms;
            self.flight = Some(Flight { request, until_ms, sent: 1, passed: 0 });
        }
        let (flight, serial) = (self.flight.as_ref()?, self.serial.as_ref()?);
        Some(Due::Send(flight.request.order.text(serial.as_str())))
    }

    fn expect_late(&mut self, request: &Request, answers: u32, now_ms: u64) {
        if answers > 0 && self.late.len() < LATE_MAX {
            let until_ms = now_ms + self.limits.late_ms();
            let (cmd, enrol_id) = (request.order.cmd, request.order.enrol_id());
            self.late.push(Late { cmd, enrol_id, answers, until_ms });
        }
    }
}

/// Whether an answer of that name answers the command. A failed `getdevlock` is answered under another name.
fn is_answer(cmd: &str, ret: &str, frame: &Frame) -> bool {
    ret == cmd || (cmd == "getdevlock" && ret == "setdevlock" && !frame.is_success())
}
