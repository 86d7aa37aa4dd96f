//! A running terminal against a small server that agrees with everything, or is silent.

use std::sync::atomic::Ordering;

use super::*;
use crate::terminals::agreeable::Agreeable;
use crate::terminals::device::Timers;

#[tokio::test]
async fn every_punch_is_acknowledged_and_timed() {
    let lifecycle = Lifecycle::new();
    let server = Agreeable::start(&lifecycle).await;
    let terminal = Terminal::start(Make::honest("ZX1"), server.address, &lifecycle);

    terminal.until("registration", Device::is_registered).await.unwrap();
    (1..=20).for_each(|id| terminal.punch(id));
    terminal.until("every acknowledgement", |device| device.memory.read == 20).await.unwrap();

    assert_eq!(terminal.latencies().total(), terminal.with(|device| device.acknowledged));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_and_gets_the_same_rows_again() {
    let lifecycle = Lifecycle::new();
    let server = Agreeable::start(&lifecycle).await;
    let timers = Timers { rows_patience_ms: 50, reconnect_ms: 1, ..Timers::default() };
    let terminal = Terminal::start(Make { timers, ..Make::honest("ZX2") }, server.address, &lifecycle);
    terminal.until("registration", Device::is_registered).await.unwrap();

    server.is_willing.store(false, Ordering::Relaxed);
    terminal.punch(7);
    terminal.until("a hang-up", |device| device.hang_ups > 0).await.unwrap();
    assert_eq!(terminal.with(|device| device.memory.unread()), 1);
    server.is_willing.store(true, Ordering::Relaxed);

    terminal.until("the acknowledgement", |device| device.memory.unread() == 0).await.unwrap();
}
