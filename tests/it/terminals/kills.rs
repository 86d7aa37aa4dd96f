//! The real programs under load, killed at random: what a terminal heard acknowledged is stored at the hub.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::effort;
use vigie_tests::processes::{BoxProcess, HubProcess, free_port};
use vigie_tests::stored::Stored;
use vigie_tests::terminals::device::{Device, Make, Timers};
use vigie_tests::terminals::load::serial;
use vigie_tests::terminals::{Terminal, load};

const TERMINALS: usize = 10;

/// Punches between two kills, on every terminal.
const PUNCHES: u64 = 20;

/// A box whose terminals call on this port.
async fn box_with_terminals(hub: &HubProcess, folder: &std::path::Path, port: u16) -> BoxProcess {
    let one = BoxProcess::enrol(hub, "clocks01", folder).await.unwrap();
    let serials: Vec<String> = (0..TERMINALS).map(|at| format!("{:?}", serial(at))).collect();
    let off = "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false";
    let on = format!("[terminals]\nenabled = true\nlisten = \"127.0.0.1:{port}\"\nallowed = [{}]", serials.join(", "));
    one.configure(&format!("{off}\n{on}")).unwrap();
    one
}

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_of_agent_and_hub_under_punching_terminals_lose_no_punch() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let port = free_port().unwrap();
    let mut victim = box_with_terminals(&hub, folder.path(), port).await;
    victim.start().unwrap();
    let lifecycle = Lifecycle::new();
    let timers = Timers { reconnect_ms: 50, rows_patience_ms: 5_000, ..Timers::default() };
    let terminals: Vec<Terminal> = (0..TERMINALS)
        .map(|at| {
            let make = Make { timers: timers.clone(), rows_per_message: 3, ..Make::honest(&load::serial(at)) };
            Terminal::start(make, SocketAddr::from(([127, 0, 0, 1], port)), &lifecycle)
        })
        .collect();

    let (kills, mut person) = (effort(4, 40) as u64, 0);
    for kill in 0..kills {
        let mut pace = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..PUNCHES {
            pace.tick().await;
            person += 1;
            terminals.iter().for_each(|terminal| terminal.punch(person));
        }
        if kill % 2 == 0 {
            victim.kill();
            victim.start().unwrap();
        } else {
            hub.kill();
            hub.start().await.unwrap();
        }
    }
    for terminal in &terminals {
        terminal.until("every acknowledgement", |device: &Device| device.memory.unread() == 0).await.unwrap();
    }
    victim.kill();
    victim.drain().await.unwrap();
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());

    let stored = Stored::open(&folder.path().join("data")).unwrap();
    let logs = stored.terminal_logs(&victim.site).await.unwrap();
    let held: BTreeSet<(String, u64)> =
        logs.iter().flat_map(|log| log.rows.iter().map(|row| (log.terminal.clone(), row.enrol_id.unwrap()))).collect();
    let punched: BTreeSet<(String, u64)> =
        (0..TERMINALS).flat_map(|at| (1..=person).map(move |person| (serial(at), person))).collect();
    assert_eq!(held, punched);
    println!("{} punches of {TERMINALS} terminals through {kills} kills", punched.len());
}
