//! Many simulated terminals with their faults against the server: nothing is lost, and nobody waits for ever.

use std::collections::BTreeSet;

use vigie_agent::terminals::Limits;
use vigie_tests::terminals::device::{Device, Make, Timers};
use vigie_tests::terminals::{Dialect, Fault, Terminal, hostile};

use super::scene::{NOON_MS, Scene, ZX};

fn quick() -> Timers {
    Timers { reconnect_ms: 10, rows_patience_ms: 2_000, ..Timers::default() }
}

/// Who punched on a terminal, as the ledger has it.
fn who(scene: &Scene) -> BTreeSet<u64> {
    scene.punches().into_iter().filter_map(|punch| punch.1).collect()
}

#[tokio::test]
async fn a_terminal_with_any_fault_delivers_every_punch() {
    // A photo that is too large is the one fault that stops a terminal: see case 23.
    let faults = Fault::ALL.iter().map(|(_, fault)| *fault).filter(|fault| *fault != Fault::OversizePhoto);
    for fault in faults {
        for dialect in [Dialect::Classic, Dialect::Aiface] {
            let scene = Scene::start();
            let make = Make { dialect, faults: [fault].into_iter().collect(), timers: quick(), ..Make::honest(ZX) };
            let mut device = Device::new(make, NOON_MS, 0);
            (1..=120).for_each(|id| drop(device.punch(id, id * 1_000)));
            let terminal = Terminal::start_device(device, scene.address, &scene.lifecycle);

            let end = terminal.until("every acknowledgement", |device| device.memory.unread() == 0).await;

            assert!(end.is_ok(), "{fault:?} {dialect:?}: {end:?}");
            assert_eq!(who(&scene), (1..=120).collect(), "{fault:?} {dialect:?}");
        }
    }
}

#[tokio::test]
async fn all_terminals_come_back_at_once_after_a_restart_and_lose_nothing() {
    let serials: Vec<String> = (0..40).map(|at| format!("STORM{at:03}")).collect();
    let scene = Scene::admitting(&serials);
    let cable = vigie_tests::chaos::Chaos::start(scene.address, &scene.lifecycle).await.unwrap();
    let terminals: Vec<Terminal> = serials
        .iter()
        .map(|serial| {
            let device = Device::new(Make { timers: quick(), ..Make::honest(serial) }, NOON_MS, 0);
            Terminal::start_device(device, cable.address(), &scene.lifecycle)
        })
        .collect();
    for terminal in &terminals {
        terminal.until("its acceptance", Device::is_registered).await.unwrap();
    }

    cable.set(vigie_tests::chaos::Weather::Cut);
    for terminal in &terminals {
        (1..=5).for_each(|id| terminal.punch(id));
    }
    cable.set(vigie_tests::chaos::Weather::Fair);

    for terminal in &terminals {
        terminal.until("every acknowledgement", |device| device.memory.unread() == 0).await.unwrap();
    }
    assert_eq!(scene.punches().len(), 40 * 5);
}

#[tokio::test]
async fn two_terminals_under_one_serial_number_take_turns_and_neither_loses_a_punch() {
    let scene = Scene::with("", Limits::default());
    let twins: Vec<Terminal> = [100, 200]
        .into_iter()
        .map(|first| {
            let mut device = Device::new(Make { timers: quick(), ..Make::honest(ZX) }, NOON_MS, 0);
            (0..5).for_each(|id| drop(device.punch(first + id, 0)));
            Terminal::start_device(device, scene.address, &scene.lifecycle)
        })
        .collect();

    for twin in &twins {
        twin.until("every acknowledgement", |device| device.memory.unread() == 0).await.unwrap();
    }

    assert_eq!(who(&scene), (100..105).chain(200..205).collect());
}

#[tokio::test]
async fn every_attack_at_once_costs_an_honest_terminal_nothing() {
    let scene = Scene::start();
    let device = Device::new(Make { timers: quick(), ..Make::honest(ZX) }, NOON_MS, 0);
    let terminal = Terminal::start_device(device, scene.address, &scene.lifecycle);
    terminal.until("its acceptance", Device::is_registered).await.unwrap();

    let attacks = (0..3 * hostile::WAYS).map(|number| hostile::attack(scene.address, number));
    let punches = async {
        for id in 1..=50 {
            terminal.punch(id);
            terminal.until("the acknowledgement", |device| device.memory.unread() == 0).await.unwrap();
        }
    };
    tokio::join!(futures_util::future::join_all(attacks), punches);

    assert_eq!(who(&scene), (1..=50).collect());
    assert_eq!(terminal.with(|device| device.hang_ups), 0);
}
