//! What the box does with what a registered terminal says, and what it answers.

use serde_json::Value;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{AlarmKind, LogOrigin, LogRow, TerminalLog, TerminalUser, TerminalUsers};

use super::attachments::Attachment;
use super::frame::{Frame, Verb};
use super::hall::Hall;
use super::profile::is_credential;
use super::reply::Reply;
use super::row::{self, Batch, NoBatch};
use super::serial::Serial;
use super::terminal::{Origin, Told};

/// Rows that are read and stored together: what is in memory of a long message besides its bytes.
const ROWS_AT_ONCE: usize = 400;

/// Characters of a code that are kept.
const CODE_CHARS_MAX: usize = 256;

/// Bytes of a credential that fits a record; a longer one is attached.
const CREDENTIAL_BYTES_MAX: usize = 24 * 1024;

/// What to answer, whether the message broke a rule, and what to keep after the answer.
#[derive(Default)]
pub(super) struct Said {
    pub(super) reply: String,
    pub(super) is_violation: bool,
    pub(super) attachments: Vec<Attachment>,
}

impl Said {
    fn well(reply: &Reply<'_>) -> Self {
        Self { reply: reply.text(), ..Self::default() }
    }
}

/// What became of rows that are stored.
#[derive(Default)]
pub(super) struct Stored {
    access: Option<bool>,
    backlog: u64,
    pub(super) attachments: Vec<Attachment>,
}

impl Hall {
    /// Serves one message of a registered terminal; `checksum` names its bytes.
    pub(super) async fn serve(&self, serial: &Serial, frame: &Frame, checksum: u32) -> Said {
        let Verb::Cmd(cmd) = &frame.verb else { return Said { is_violation: true, ..Said::default() } };
        match cmd.as_str() {
            "sendlog" => self.on_rows(serial, frame, checksum).await,
            "senduser" => self.on_user(serial, frame).await,
            "sendqrcode" | "sendpin" => self.on_code(serial, frame, cmd).await,
            "checklive" | "heartbeat" | "ping" => {
                let cloudtime = self.cloudtime(serial);
                Said::well(&Reply { cloudtime: cloudtime.as_deref(), ..Reply::done(cmd) })
            }
            // The box has no programs for terminals.
            "otacheck" | "otaget" => Said::well(&Reply { ret: cmd, ..Reply::default() }),
            _ => self.on_other(serial, frame, cmd).await,
        }
    }

    /// What the terminal's clock should show.
    pub(super) fn cloudtime(&self, serial: &Serial) -> Option<String> {
        let (wall_ms, is_synced) = self.wall();
        self.with(serial, |terminal| terminal.time_to_show(wall_ms, is_synced)).flatten()
    }

    async fn on_rows(&self, serial: &Serial, frame: &Frame, checksum: u32) -> Said {
        let batch = match Batch::find(frame) {
            Ok(batch) => batch,
            Err(error @ (NoBatch::NegativeCount | NoBatch::NoRows)) => {
                tracing::debug!(terminal = %serial, "a message of rows is refused: {error}");
                return Said { is_violation: true, ..Said::well(&Reply::not_done("sendlog")) };
            }
        };
        let mut flags = if batch.is_miscounted() { LogRow::MISCOUNTED } else { 0 };
        if frame.is_lossy {
            flags |= LogRow::LOSSY_TEXT;
        }
        let origin = Origin {
            origin: LogOrigin::Pushed,
            log_index: batch.log_index,
            checksum,
            flags,
            is_single: batch.rows.len() == 1,
        };
        let Some(Stored { access, backlog, attachments }) = self.store_rows(serial, &batch, origin).await else {
            return Said::well(&Reply::not_done("sendlog"));
        };
        self.with(serial, |terminal| terminal.on_acknowledged(backlog));
        if batch.is_miscounted() {
            self.tell_miscount(serial, &batch).await;
        }
        let cloudtime = self.cloudtime(serial);
        let reply = Reply {
            count: Some(batch.acknowledged()),
            logindex: batch.log_index,
            cloudtime: cloudtime.as_deref(),
            access: access.map(u8::from),
            ..Reply::done("sendlog")
        };
        Said { attachments, ..Said::well(&reply) }
    }

    /// Brings rows to the disk, a part after the other; none if one of them is not there.
    pub(super) async fn store_rows(&self, serial: &Serial, batch: &Batch<'_>, origin: Origin) -> Option<Stored> {
        let mut stored = Stored::default();
        for raws in batch.rows.chunks(ROWS_AT_ONCE) {
            let (now_ms, (wall_ms, _)) = (self.now_ms(), self.wall());
            let told = self.with(serial, |terminal| terminal.on_rows(raws, origin, wall_ms, now_ms))?;
            let Told { logs, access, alarms, backlog, attachments } = told;
            for log in logs {
                if !self.store(log).await {
                    return None;
                }
            }
            self.tell(alarms).await;
            stored.access = stored.access.or(access);
            stored.backlog += backlog;
            stored.attachments.extend(attachments);
        }
        Some(stored)
    }

    async fn tell_miscount(&self, serial: &Serial, batch: &Batch<'_>) {
        let now_ms = self.now_ms();
        let text = format!(
            "terminal {serial} announced {} rows and sent {}; all that came are kept; if punches are missing, read its \
             log again: get_terminal_log",
            batch.declared.unwrap_or_default(),
            batch.rows.len()
        );
        let alarm = self.with(serial, |terminal| {
            terminal.violations += 1;
            terminal.alarm(AlarmKind::TerminalUnruly, text, now_ms)
        });
        self.tell(alarm.flatten()).await;
    }

    async fn on_user(&self, serial: &Serial, frame: &Frame) -> Said {
        let enrol_id = frame.fields.get("enrollid").and_then(row::enrol_id);
        let slot = frame.int("backupnum");
        let number = slot.and_then(|slot| i32::try_from(slot).ok()).filter(|number| is_credential(*number));
        let (Some(enrol_id), Some(number)) = (enrol_id, number) else {
            // Set aside and acknowledged: it would come for ever otherwise.
            let other = self.on_other(serial, frame, "senduser").await;
            return Said { is_violation: true, ..other };
        };
        let name = frame.text("name").map(|name| row::clean_text(name.trim())).filter(|name| !name.is_empty());
        let (is_changed, keeps) = self
            .with(serial, |terminal| (terminal.roster.meet(enrol_id, name.as_deref()), terminal.terms.keeps_templates))
            .unwrap_or_default();
        if is_changed {
            self.people_changed(serial);
        }
        let (record, attachment) = if keeps { credential(frame).unzip() } else { (None, None) };
        let user = TerminalUser {
            enrol_id,
            name,
            slot: number,
            admin: frame.int("admin").and_then(|admin| i32::try_from(admin).ok()),
            record,
        };
        let users = TerminalUsers { terminal: serial.to_string(), stretch: None, rows: vec![user] };
        if !self.store(Reading::TerminalUsers(users)).await {
            return Said::well(&Reply::not_done("senduser"));
        }
        let cloudtime = self.cloudtime(serial);
        let reply = Reply {
            cloudtime: cloudtime.as_deref(),
            enrollid: Some(enrol_id),
            backupnum: slot,
            ..Reply::done("senduser")
        };
        let attachments = attachment.flatten().into_iter().collect();
        Said { attachments, ..Said::well(&reply) }
    }

    /// A code that somebody showed: the number of a person whom the box knows opens, if the owner lets the box decide;
    /// anything else does not, and no PIN ever does, since the box knows none.
    async fn on_code(&self, serial: &Serial, frame: &Frame, cmd: &str) -> Said {
        let said = frame.record.as_ref().and_then(|record| serde_json::from_str::<Value>(record.get()).ok());
        let code = said.as_ref().or_else(|| frame.fields.get("pin"));
        let enrol_id = code.filter(|_| cmd == "sendqrcode").and_then(row::enrol_id).filter(|id| *id != 0);
        let (wall_ms, _) = self.wall();
        let is_admitted = self.with(serial, |terminal| {
            let now = terminal.terms.zone.local(wall_ms);
            terminal.terms.approves && enrol_id.is_some_and(|id| terminal.roster.admits(id, now, false))
        });
        let access = is_admitted.unwrap_or_default();
        let text = if cmd == "sendpin" { None } else { code.and_then(Value::as_str) };
        let text: Option<String> = text.map(|text| text.chars().take(CODE_CHARS_MAX).collect());
        let mut message = row::other_message(frame, text.as_deref());
        message.access = Some(access);
        message.enrol_id = enrol_id.filter(|_| access);
        self.keep_message(serial, message).await;
        let reply = Reply {
            access: Some(u8::from(access)),
            enrollid: Some(enrol_id.filter(|_| access).unwrap_or(0)),
            ..Reply::done(cmd)
        };
        Said::well(&reply)
    }

    /// A message that nobody here understands: kept, acknowledged, never obeyed.
    async fn on_other(&self, serial: &Serial, frame: &Frame, cmd: &str) -> Said {
        if self.keep_message(serial, row::other_message(frame, None)).await {
            Said::well(&Reply::done(cmd))
        } else {
            Said::well(&Reply::not_done(cmd))
        }
    }

    async fn keep_message(&self, serial: &Serial, message: LogRow) -> bool {
        let log = self.with(serial, |terminal| TerminalLog {
            terminal: serial.to_string(),
            zone: terminal.terms.zone.name().to_owned(),
            clock_ahead_ms: terminal.clock.measured_ms,
            origin: LogOrigin::Pushed,
            log_index: None,
            rows: vec![message],
        });
        match log {
            Some(log) => self.store(Reading::TerminalLog(log)).await,
            None => false,
        }
    }
}

/// The credential as it was said, or the reference to it if it is too long for a record.
fn credential(frame: &Frame) -> Option<(String, Option<Attachment>)> {
    let record: Value = serde_json::from_str(frame.record.as_ref()?.get()).ok()?;
    let text = match record {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.len() <= CREDENTIAL_BYTES_MAX {
        return Some((text, None));
    }
    let attachment = Attachment::new(text.into_bytes())?;
    Some((format!("{}{}", TerminalUser::ATTACHED, attachment.blob.sha256), Some(attachment)))
}
