//! Drives one connection of a terminal: its socket, its session, and the commands for it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use vigie_shared::wire::reading::AlarmKind;

use super::door::{Seat, open};
use super::frame::{Frame, Unreadable, Verb};
use super::hall::{Ask, Hall, Link};
use super::limits::millis;
use super::reply::{Order, Reply};
use super::serial::Serial;
use super::session::{Answered, Close, Due, Meaning, Request, Session};
use super::websocket::{self, Broken, Heard, Inbox};
use super::{AskError, Asking};

/// Commands that wait to be taken by a connection.
const ASKS_MAX: usize = 64;

type Waiting = Option<oneshot::Sender<Result<Answered, AskError>>>;

/// One connection that was opened.
struct Connection {
    hall: Arc<Hall>,
    address: IpAddr,
    link: Link,
    writer: OwnedWriteHalf,
    session: Session,
    waiting: BTreeMap<u64, Waiting>,
    last_request: u64,
    seat: Seat,
}

/// What a connection hears.
struct Ears {
    reader: OwnedReadHalf,
    inbox: Inbox,
    asked: mpsc::Receiver<Ask>,
    ended: watch::Receiver<Option<Close>>,
    stop: CancellationToken,
}

/// Serves one connection to its end.
pub(super) async fn run(hall: Arc<Hall>, stream: TcpStream, address: IpAddr, stop: CancellationToken) {
    let Some(seat) = Seat::take(&hall, address) else {
        tracing::debug!(%address, "too many connections of terminals; one is closed");
        return;
    };
    let (mut reader, mut writer) = stream.into_split();
    let limits = hall.parts.limits.clone();
    let opened = timeout(limits.head_within, open(&mut reader, &mut writer, hall.config.path.as_deref())).await;
    let Ok(Some(rest)) = opened else { return };
    let (asks, asked) = mpsc::channel(ASKS_MAX);
    let (ends, ended) = watch::channel(None);
    let id = hall.next_id();
    let mut connection = Connection {
        session: Session::new(limits, hall.now_ms()),
        link: Link { id, asks, ends: Arc::new(ends) },
        waiting: BTreeMap::new(),
        last_request: 0,
        seat,
        hall,
        address,
        writer,
    };
    let inbox = Inbox::new(connection.hall.config.message_max.bytes(), rest);
    let close = connection.talk(Ears { reader, inbox, asked, ended, stop }).await;
    connection.end(close).await;
}

impl Connection {
    /// Talks until there is a reason to end; none if the terminal is gone.
    async fn talk(&mut self, mut ears: Ears) -> Option<Close> {
        loop {
            if let ControlFlow::Break(close) = self.work(&mut ears.inbox).await {
                return close;
            }
            let next = self.hall.instant(self.session.next_at_ms());
            tokio::select! {
                read = ears.reader.read_buf(ears.inbox.room()) => match read {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => {}
                },
                Some(ask) = ears.asked.recv() => self.take(ask),
                () = sleep_until(next) => {}
                _ = ears.ended.changed() => return *ears.ended.borrow(),
                () = ears.stop.cancelled() => return Some(Close::Stopping),
            }
        }
    }

    /// Does what can be done with what is here.
    async fn work(&mut self, inbox: &mut Inbox) -> ControlFlow<Option<Close>> {
        loop {
            match inbox.hear() {
                Ok(Some(heard)) => self.on_heard(heard).await?,
                Ok(None) => break,
                Err(Broken::TooLarge) => return ControlFlow::Break(Some(Close::TooLarge)),
                Err(Broken::Protocol) => return ControlFlow::Break(Some(Close::Protocol)),
            }
        }
        while let Some(due) = self.session.poll(self.hall.now_ms()) {
            match due {
                Due::Send(text) => self.say(&text).await?,
                Due::Ping => self.write(&websocket::ping()).await?,
                Due::Unanswered(id) => self.answer(id, Err(AskError::NoAnswer)),
                Due::End(close) => return ControlFlow::Break(Some(close)),
            }
        }
        ControlFlow::Continue(())
    }

    async fn on_heard(&mut self, heard: Heard) -> ControlFlow<Option<Close>> {
        let now_ms = self.hall.now_ms();
        match heard {
            Heard::Message(bytes) => {
                let checksum = crc32fast::hash(&bytes);
                let message = Frame::decode(&bytes);
                drop(bytes);
                return self.on_message(message, checksum).await;
            }
            Heard::Ping(content) => {
                if self.session.on_control(now_ms) {
                    return ControlFlow::Break(Some(Close::Unruly));
                }
                self.write(&websocket::pong(&content)).await?;
            }
            Heard::Pong => {
                if self.session.on_control(now_ms) {
                    return ControlFlow::Break(Some(Close::Unruly));
                }
            }
            Heard::Close => {
                self.write(&websocket::close(1000, "")).await?;
                return ControlFlow::Break(None);
            }
        }
        ControlFlow::Continue(())
    }

    async fn on_message(&mut self, message: Result<Frame, Unreadable>, checksum: u32) -> ControlFlow<Option<Close>> {
        let before = self.session.violations();
        let meaning = self.session.on_message(&message, self.hall.now_ms());
        self.count_violations(before);
        match (meaning, message) {
            (Meaning::Registers(serial), Ok(frame)) => self.register(serial, &frame).await,
            (Meaning::Says, Ok(frame)) => self.serve(&frame, checksum).await,
            (Meaning::Refused(reason), Ok(Frame { verb: Verb::Cmd(cmd), .. })) => {
                self.say(&Reply::refused(&cmd, reason).text()).await
            }
            (Meaning::Answers(id, answered), _) => {
                self.answer(id, Ok(answered));
                ControlFlow::Continue(())
            }
            (Meaning::Ends(close), _) => ControlFlow::Break(Some(close)),
            (_, _) => ControlFlow::Continue(()),
        }
    }

    async fn register(&mut self, serial: Serial, frame: &Frame) -> ControlFlow<Option<Close>> {
        let entry = self.hall.register(&serial, self.address, frame, &self.link);
        self.say(&entry.reply).await?;
        if entry.is_admitted {
            self.seat.register();
            self.session.bind(serial);
            if entry.must_enable {
                self.request(Asking::new(Order::new("enabledevice")).repeated(2), None);
            }
        } else if self.session.refuse() || self.session.serial().is_some() {
            self.hall.tell(entry.tell).await;
            return ControlFlow::Break(Some(Close::Refused));
        }
        self.hall.tell(entry.tell).await;
        ControlFlow::Continue(())
    }

    async fn serve(&mut self, frame: &Frame, checksum: u32) -> ControlFlow<Option<Close>> {
        let Some(serial) = self.session.serial().cloned() else { return ControlFlow::Continue(()) };
        let said = self.hall.serve(&serial, frame, checksum).await;
        self.say(&said.reply).await?;
        self.hall.keep(said.attachments).await;
        if said.is_violation {
            let before = self.session.violations();
            let meaning = self.session.on_violation(Meaning::Nothing);
            self.count_violations(before);
            if let Meaning::Ends(close) = meaning {
                return ControlFlow::Break(Some(close));
            }
        }
        ControlFlow::Continue(())
    }

    fn count_violations(&self, before: u32) {
        let fresh = u64::from(self.session.violations().saturating_sub(before));
        if fresh > 0
            && let Some(serial) = self.session.serial()
        {
            self.hall.with(serial, |terminal| terminal.violations += fresh);
        }
    }

    fn take(&mut self, ask: Ask) {
        self.request(ask.asking, Some(ask.answer));
    }

    fn request(&mut self, asking: Asking, waiting: Waiting) {
        self.last_request += 1;
        let now_ms = self.hall.now_ms();
        let request = Request {
            id: self.last_request,
            order: asking.order,
            answer_ms: millis(asking.answer_within.unwrap_or(self.hall.parts.limits.answer_within)),
            repeats: asking.repeats,
            expires_ms: asking.expires_in.map_or(u64::MAX, |expires_in| now_ms.saturating_add(millis(expires_in))),
        };
        self.waiting.insert(self.last_request, waiting);
        if !self.session.ask(request) {
            self.answer(self.last_request, Err(AskError::Busy));
        }
    }

    fn answer(&mut self, id: u64, result: Result<Answered, AskError>) {
        match self.waiting.remove(&id) {
            // Whoever asked may be gone.
            Some(Some(waiting)) => drop(waiting.send(result)),
            Some(None) if result.is_ok() => self.enabled(),
            Some(None) | None => {}
        }
    }

    /// The terminal lets people in again.
    fn enabled(&self) {
        if let Some(serial) = self.session.serial() {
            self.hall.with(serial, |terminal| terminal.is_disabled = false);
            self.hall.is_dirty.notify_one();
        }
    }

    async fn say(&mut self, text: &str) -> ControlFlow<Option<Close>> {
        self.write(&websocket::text(text)).await
    }

    /// A terminal that does not take what it is sent is given up.
    async fn write(&mut self, bytes: &[u8]) -> ControlFlow<Option<Close>> {
        match timeout(self.hall.parts.limits.write_within, self.writer.write_all(bytes)).await {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) | Err(_) => ControlFlow::Break(None),
        }
    }

    async fn end(mut self, close: Option<Close>) {
        if let Some(close) = close {
            tracing::debug!(address = %self.address, "a connection of a terminal ends: {}", close.reason());
            let said = self.write(&websocket::close(close.code(), close.reason())).await;
            let shut = timeout(self.hall.parts.limits.write_within, self.writer.shutdown()).await;
            drop((said, shut));
        }
        for id in self.session.abandon() {
            self.answer(id, Err(AskError::Cut));
        }
        let Some(serial) = self.session.serial().cloned() else { return };
        let alarm = close.and_then(|close| self.alarm(&serial, close));
        self.hall.tell(alarm).await;
        let state = self.hall.leave(&serial, self.link.id);
        self.hall.tell(state).await;
    }

    fn alarm(&self, serial: &Serial, close: Close) -> Option<vigie_shared::wire::Reading> {
        let cure = match close {
            Close::TooLarge => {
                "it sends the message again and again until it is taken: raise `terminals.message_max` on the box"
            }
            Close::OtherSerial | Close::Unruly | Close::Protocol => "what it sent is not counted; look at its program",
            Close::Unregistered | Close::Silent | Close::TakenOver | Close::Refused | Close::Stopping => return None,
        };
        let text = format!("terminal {serial} was cut off: {}; {cure}", close.reason());
        let now_ms = self.hall.now_ms();
        self.hall.with(serial, |terminal| {
            terminal.violations += 1;
            terminal.alarm(AlarmKind::TerminalUnruly, text, now_ms)
        })?
    }
}
