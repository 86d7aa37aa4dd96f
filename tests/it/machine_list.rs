//! Machines from a box's records to the API, to the door of older programs, to a snapshot and over a rebuild.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use vigie_hub::store::facts::{Arrival, Commit, QueueState};
use vigie_hub::store::sites::Site;
use vigie_hub::store::{Facts as _, Sites as _, Sqlite, Vault};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::mac::Mac;
use vigie_shared::wire::reading::{
    Battery, BatteryState, MachineDisk, MachineFacts, MachineReach, MachineRow, MachineSystem, Machines,
};
use vigie_shared::wire::{Lane, Reading, Record, Stamp};
use vigie_tests::processes::{HubProcess, free_port, wait_for};

const TOKEN: &str = "0123456789abcdef0123";

/// A laptop that was read, and a machine without SSH that calls itself as it likes.
fn reading() -> Reading {
    let battery = Battery {
        percent: 100,
        is_plugged: true,
        state: BatteryState::Full,
        minutes_left: None,
        health_permille: Some(910),
        cycles: Some(213),
        condition: Some("Normal".to_owned()),
    };
    let facts = MachineFacts {
        system: MachineSystem::MacOs,
        serial: Some("XTEST00417".to_owned()),
        computer_name: Some("Mac de Marie".to_owned()),
        model_name: Some("MacBook Pro (14-inch, 2021)".to_owned()),
        model_id: Some("MacBookPro18,3".to_owned()),
        os_version: Some("26.1".to_owned()),
        memory_bytes: Some(16 << 30),
        disk: Some(MachineDisk { total_bytes: 494_384_795_648, free_bytes: 14_999_999_999, available_bytes: None }),
        battery: Some(battery),
        console_user: Some("marie".to_owned()),
        ..MachineFacts::default()
    };
    let row = |last: u8, name: &str, reach, facts| MachineRow {
        ip: Ipv4Addr::new(10, 0, 0, last).into(),
        mac: Some(Mac([0x3c, 0x22, 0xfb, 0, 0, last])),
        name: Some(name.to_owned()),
        vendor: Some("Apple".to_owned()),
        reach,
        facts,
    };
    let rows = vec![
        row(7, "mac-de-marie", MachineReach::Read, Some(facts)),
        row(9, "<script>alert(1)</script>\r\nBcc: x", MachineReach::NoSsh, None),
    ];
    Reading::Machines(Machines { rows })
}

/// The box's observations as they lie in the store of a hub that does not run.
async fn deliver(data: &Path, site: &SiteId) {
    let vault = Vault::open(&data.join("store.key")).unwrap();
    let store = Sqlite::open(&data.join(vigie_hub::backup::DATABASE), vault).unwrap();
    store.add_site(&Site::new(site.clone(), "Metz".to_owned(), "Europe/Paris".to_owned(), 1)).await.unwrap();
    let received_ms = SystemClock::new(|| true).wall_ms();
    let stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 9, wall_ms: received_ms, is_synced: true };
    let bytes = Record { stamp, reading: reading() }.encode().into();
    let (lane, queue) = (Lane::Observations, QueueId([1; 16]));
    let commit = Commit {
        arrivals: vec![Arrival { site: site.clone(), lane, queue, start: 1, records: vec![bytes] }],
        queues: vec![QueueState { site: site.clone(), lane, queue, through: 1, born_ms: 1 }],
        received_ms,
        ..Commit::default()
    };
    store.commit(Arc::new(commit)).await.unwrap();
}

async fn machines(hub: &HubProcess) -> Vec<Value> {
    hub.get("/api/v1/machines").await.unwrap()["items"].as_array().unwrap().clone()
}

/// What the door answers.
async fn at_door(port: u16, path: &str, token: Option<&str>) -> (u16, String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.get(format!("http://127.0.0.1:{port}{path}"));
    if let Some(token) = token {
        request = request.basic_auth("anybody", Some(token));
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn older_programs_read_machines_as_before_and_nobody_does_without_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let (token, installers) = (folder.path().join("token"), folder.path().join("installers"));
    std::fs::write(&token, TOKEN).unwrap();
    std::fs::create_dir(&installers).unwrap();
    std::fs::write(installers.join("os_downloader.sh"), "#!/bin/sh\n").unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    let port = free_port().unwrap();
    let settings = format!(
        "[machines]\nlisten = \"127.0.0.1:{port}\"\ntoken_file = \"{}\"\ninstallers = \"{}\"",
        token.display(),
        installers.display()
    );
    hub.configure(&settings).unwrap();
    hub.run_verb(&["init"]).await.unwrap();
    deliver(&folder.path().join("data"), &"metz".parse().unwrap()).await;
    hub.start().await.unwrap();
    wait_for("the machines", async || machines(&hub).await.len() == 2).await.unwrap();

    for path in ["/", "/machines", "/machines.csv", "/installers/os_downloader.sh"] {
        assert_eq!(at_door(port, path, None).await.0, 401, "{path}");
        assert_eq!(at_door(port, path, Some("0123456789abcdef0124")).await.0, 401, "{path}");
    }
    let (status, text) = at_door(port, "/machines", Some(TOKEN)).await;
    assert_eq!(status, 200);
    let old: Value = serde_json::from_str(&text).unwrap();
    let marie = old.as_array().unwrap().iter().find(|one| one["hostname"] == "Mac de Marie").unwrap();
    assert_eq!(
        (&marie["disk_free"], &marie["taille"], &marie["annee"]),
        (&"14.9 Go".into(), &"14 pouces".into(), &"2021".into())
    );
    assert_eq!((&marie["battery_status"], &marie["open_apps"]), (&"100%".into(), &"".into()));
    let page = at_door(port, "/?q=script", Some(TOKEN)).await.1;
    assert!(page.contains("alert(1)") && !page.contains("<script>alert"), "{page}");
    assert_eq!(at_door(port, "/installers/os_downloader.sh", Some(TOKEN)).await, (200, "#!/bin/sh\n".to_owned()));
    for path in ["/installers/..%2Ftoken", "/installers/%2e%2e/token", "/installers/../token", "/installers/"] {
        let (status, text) = at_door(port, path, Some(TOKEN)).await;
        assert!(status == 404 && !text.contains(TOKEN), "{path}: {status} {text}");
    }

    let before = machines(&hub).await;
    hub.run_verb(&["rebuild"]).await.unwrap();
    assert_eq!(machines(&hub).await, before);
    let snapshot = folder.path().join("machines.json");
    hub.run_verb(&["machine", "snapshot", snapshot.to_str().unwrap()]).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&std::fs::read_to_string(snapshot).unwrap()).unwrap(), old);
    hub.run_verb(&["machine", "forget", "XTEST00417"]).await.unwrap();
    assert_eq!(machines(&hub).await.len(), 1);
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
}
