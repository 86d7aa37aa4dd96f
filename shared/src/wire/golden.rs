//! Golden bytes: what version 1 looks like on disk and on the wire, for ever. A change here that is not an
//! addition breaks boxes in the field.

use std::net::IpAddr;

use crate::id::{BootId, CommandId, InstanceId, QueueId, from_hex, to_hex};
use crate::mac::Mac;
use crate::pseudonym::Pseudonym;
use crate::wire::command::json;
use crate::wire::reading::{
    AgentUse, AlarmKind, Battery, BatteryState, BoxAlarm, ClockAnchor, Coverage, DeviceRef, Disk, HostSample, Link,
    LocalLine, LocalLines, LogOrigin, LogRow, MachineDisk, MachineFacts, MachineReach, MachineRow, MachineSystem,
    Machines, MediaFile, MediaStretch, MemoryPressure, OwnedDevice, Punch, Sight, Sighting, Sightings, SoftwareList,
    SoftwareVersion, Source, Standing, TerminalHardware, TerminalLog, TerminalRoom, TerminalState, TerminalUser,
    TerminalUsers, TimeSource, UserStretch,
};
use crate::wire::{
    Answer, Batch, Below, Command, CommandHeader, CommandKind, CommandOutcome, Heartbeat, Hello, Lane, LaneDepth,
    LaneHello, Live, OutcomeState, Reading, Receipted, Record, SignedCommand, Stamp,
};

const STAMP: Stamp =
    Stamp { boot: BootId([0xb0; 16]), uptime_ms: 123_456, wall_ms: 1_795_000_000_000, is_synced: true };

fn host() -> HostSample {
    HostSample {
        cpu_permille: 123,
        load_milli: 450,
        memory_total_bytes: 1 << 30,
        memory_available_bytes: 1 << 29,
        temperature_milli_c: Some(48_250),
        uptime_s: 3_600,
        disks: vec![Disk { mount: "/".to_owned(), total_bytes: 1 << 35, available_bytes: 1 << 34 }],
        links: vec![Link { name: "eth0".to_owned(), received_bytes: 1_000, sent_bytes: 2_000 }],
        agent: AgentUse { pss_bytes: 8 << 20, written_bytes: 4_096, cpu_ms: 77 },
    }
}

fn sightings() -> Sightings {
    let row = |device, flags| Sighting {
        device,
        first_ago_s: 290,
        last_ago_s: 4,
        count: 5,
        sources: Source::ArpReply.bit() | Source::Mdns.bit(),
        flags,
    };
    let owned = OwnedDevice {
        mac: Mac([0x3c, 0x22, 0xfb, 0, 0x11, 0x22]),
        ip: Some(IpAddr::from([192, 168, 1, 20])),
        name: Some("printer".to_owned()),
    };
    Sightings {
        network: "eth0".to_owned(),
        rows: vec![
            row(DeviceRef::Known(Pseudonym([1; 16])), 0),
            row(DeviceRef::Passing(Pseudonym([2; 16])), Sighting::PRIVATE_ADDRESS),
            row(DeviceRef::Owned(owned), Sighting::INFRASTRUCTURE),
        ],
    }
}

fn readings() -> Vec<(Reading, &'static str)> {
    let coverage =
        |sight| Coverage { network: "eth0".to_owned(), from_ago_s: 300, to_ago_s: 0, asked: 254, answered: 60, sight };
    vec![
        (Reading::Host(host()), include_str!("golden/host.hex")),
        (Reading::Sightings(sightings()), include_str!("golden/sightings.hex")),
        (Reading::Coverage(coverage(Sight::Clear)), include_str!("golden/coverage_clear.hex")),
        (
            Reading::Coverage(coverage(Sight::Blind("no carrier on eth0".to_owned()))),
            include_str!("golden/coverage_blind.hex"),
        ),
        (
            Reading::ClockAnchor(ClockAnchor {
                boot: BootId([0xb0; 16]),
                uptime_ms: 95_000,
                wall_ms: 1_795_000_000_000,
                step_ms: -600_000,
                source: TimeSource::Hub,
            }),
            include_str!("golden/clock_anchor.hex"),
        ),
        (
            Reading::Alarm(BoxAlarm { kind: AlarmKind::DiskFull, text: "the disk is full".to_owned() }),
            include_str!("golden/alarm.hex"),
        ),
        (
            Reading::Punch(Punch {
                terminal: "ZXTEST000417".to_owned(),
                enrol_id: 42,
                local_time: "2026-11-20 08:01:02".to_owned(),
                clock_ahead_s: Some(-3),
                mode: 1,
                in_out: 0,
                event: 0,
                extra: "{}".to_owned(),
            }),
            include_str!("golden/punch.hex"),
        ),
        (
            Reading::Outcome(CommandOutcome {
                id: CommandId([7; 16]),
                state: OutcomeState::RolledBack,
                detail: "health check failed".to_owned(),
                answer: Some("{}".to_owned()),
            }),
            include_str!("golden/outcome.hex"),
        ),
    ]
}

/// What a box tells of what lies on it.
fn holdings() -> Vec<(Reading, &'static str)> {
    vec![
        (
            Reading::Media(MediaStretch {
                after: "Technique/a.mp4".to_owned(),
                through: Some("Technique/z.mp4".to_owned()),
                files: vec![MediaFile {
                    path: "Technique/b.mp4".to_owned(),
                    sha256: [0xab; 32],
                    size_bytes: 1_000_000,
                }],
            }),
            include_str!("golden/media.hex"),
        ),
        (
            Reading::Local(LocalLines {
                file: [0xcd; 16],
                name: "plays.jsonl".to_owned(),
                lines: vec![LocalLine { number: 7, json: "{\"video\":\"a.mp4\"}".to_owned() }],
            }),
            include_str!("golden/local.hex"),
        ),
        (
            Reading::Software(SoftwareList {
                processor: "aarch64".to_owned(),
                software: vec![
                    SoftwareVersion { name: "vigie-agent".to_owned(), version: Some("0.1.0".to_owned()) },
                    SoftwareVersion { name: "player".to_owned(), version: None },
                ],
            }),
            include_str!("golden/software.hex"),
        ),
    ]
}

/// What a time clock tells.
fn terminals() -> Vec<(Reading, &'static str)> {
    let row = LogRow {
        enrol_id: Some(42),
        local_time: "2026-11-20 08:01:02".to_owned(),
        mode: Some(8),
        in_out: Some(0),
        event: Some(0),
        verify_mode: Some(13),
        temperature_centi_c: Some(3_650),
        access: Some(true),
        flags: LogRow::LIVE,
        rest: "{}".to_owned(),
    };
    let log = TerminalLog {
        terminal: "ZXTEST000417".to_owned(),
        zone: "Europe/Paris".to_owned(),
        clock_ahead_ms: Some(-3_000),
        origin: LogOrigin::Pushed,
        log_index: Some(31),
        rows: vec![row],
    };
    let user = TerminalUser {
        enrol_id: 42,
        name: Some("Ama K.".to_owned()),
        slot: 11,
        admin: Some(0),
        record: Some("3390021".to_owned()),
    };
    let users = TerminalUsers {
        terminal: "ZXTEST000417".to_owned(),
        stretch: Some(UserStretch { from: 0, through: 100 }),
        rows: vec![user],
    };
    let hardware = TerminalHardware {
        model: Some("tfs30".to_owned()),
        firmware: Some("TH900 V9.9".to_owned()),
        mac: Some("00-01-A9-0C-0D-0E".to_owned()),
        cpu: Some("8800112233".to_owned()),
    };
    let state = TerminalState {
        terminal: "ZXTEST000417".to_owned(),
        standing: Standing::Pending,
        is_connected: true,
        heard_ago_s: Some(4),
        address: Some(IpAddr::from([192, 168, 1, 30])),
        hardware,
        zone: "Europe/Paris".to_owned(),
        clock_ahead_ms: Some(250),
        room: vec![TerminalRoom { what: "log".to_owned(), used: Some(9_120), capacity: Some(100_000) }],
        unsent: Some(18),
        violations: 2,
    };
    vec![
        (Reading::TerminalLog(log), include_str!("golden/terminal_log.hex")),
        (Reading::TerminalUsers(users), include_str!("golden/terminal_users.hex")),
        (Reading::TerminalState(state), include_str!("golden/terminal_state.hex")),
    ]
}

/// What a Mac and something that cannot be read tell.
fn machines() -> Vec<(Reading, &'static str)> {
    let battery = Battery {
        percent: 80,
        is_plugged: true,
        state: BatteryState::Held,
        minutes_left: None,
        health_permille: Some(910),
        cycles: Some(312),
        condition: Some("Normal".to_owned()),
    };
    let facts = MachineFacts {
        system: MachineSystem::MacOs,
        serial: Some("XTEST00417".to_owned()),
        computer_name: Some("Mac de Marie".to_owned()),
        host_name: Some("mac-de-marie".to_owned()),
        model_name: Some("MacBook Pro (14-inch, 2021)".to_owned()),
        model_id: Some("MacBookPro18,3".to_owned()),
        chip: Some("Apple M1 Pro".to_owned()),
        os_version: Some("26.1".to_owned()),
        os_build: Some("25B78".to_owned()),
        memory_bytes: Some(17_179_869_184),
        memory_used_bytes: Some(12_380_242_944),
        memory_pressure: Some(MemoryPressure::Normal),
        disk: Some(MachineDisk {
            total_bytes: 494_384_795_648,
            free_bytes: 67_002_470_400,
            available_bytes: Some(81_000_000_000),
        }),
        battery: Some(battery),
        booted_ago_s: Some(86_400),
        console_user: Some("marie".to_owned()),
        idle_s: Some(17),
        is_locked: Some(false),
    };
    let row = |last, reach, facts| MachineRow {
        ip: IpAddr::from([192, 168, 1, last]),
        mac: Some(Mac([0x3c, 0x22, 0xfb, 0, 0x11, last])),
        name: Some("mac-de-marie".to_owned()),
        vendor: Some("Apple".to_owned()),
        reach,
        facts,
    };
    let changed = MachineReach::OtherKey("SHA256:4CF4qxNZJvw4SgWxJr7cYzvfo1LVlA2mTFxkuHB7kvw".to_owned());
    let rows = vec![row(20, MachineReach::Read, Some(facts)), row(21, changed, None)];
    vec![(Reading::Machines(Machines { rows }), include_str!("golden/machines.hex"))]
}

#[test]
fn every_reading_of_version_1_keeps_its_bytes() {
    for (reading, golden) in readings().into_iter().chain(holdings()).chain(terminals()).chain(machines()) {
        let record = Record { stamp: STAMP, reading };
        assert_eq!(to_hex(&record.encode()), golden.trim(), "{} changed on disk", record.reading.kind());
        assert_eq!(Record::decode(&from_hex(golden.trim()).unwrap()), Ok(record));
    }
}

#[test]
fn hello_keeps_its_bytes() {
    let hello = Hello {
        version: "0.1.0".to_owned(),
        instance: InstanceId([0x11; 16]),
        stamp: STAMP,
        lanes: vec![LaneHello {
            lane: Lane::Ledger,
            queue: QueueId([0xaa; 16]),
            first: 8,
            last: 300,
            receipted: Some(Receipted { seq: 7, crc: 0xdead_beef }),
            below: Below::Receipted,
        }],
    };
    let golden = include_str!("golden/hello.hex").trim();
    assert_eq!(to_hex(&hello.encode()), golden);
    assert_eq!(Hello::decode(&from_hex(golden).unwrap()), Ok(hello));
}

#[test]
fn batch_keeps_its_bytes() {
    let batch = Batch {
        queue: QueueId([0xaa; 16]),
        first: 8,
        below: Below::Dropped,
        start: 20,
        records: vec![serde_bytes::Bytes::new(b"one"), serde_bytes::Bytes::new(b"two")],
    };
    let golden = include_str!("golden/batch.hex").trim();
    assert_eq!(to_hex(&batch.encode()), golden);
    assert_eq!(Batch::decode(&from_hex(golden).unwrap()), Ok(batch));
}

#[test]
fn answers_keep_their_bytes() {
    let receipt = Answer::Receipt { lane: Lane::Telemetry, queue: QueueId([0xaa; 16]), through: 300, hub_ms: 9 };
    let renew = Answer::Renew { lane: Lane::Observations, queue: QueueId([0xaa; 16]) };
    for (answer, golden) in [(receipt, include_str!("golden/receipt.hex")), (renew, include_str!("golden/renew.hex"))] {
        assert_eq!(to_hex(&answer.encode()), golden.trim());
        assert_eq!(Answer::decode(&from_hex(golden.trim()).unwrap()), Ok(answer));
    }
}

#[test]
fn live_messages_keep_their_bytes() {
    let heartbeat = Live::Heartbeat(Heartbeat {
        stamp: STAMP,
        host: host(),
        lanes: vec![LaneDepth {
            lane: Lane::Ledger,
            queue: QueueId([0xaa; 16]),
            waiting: 3,
            bytes: 4_096,
            dropped: 0,
            oldest_s: 12,
        }],
    });
    let progress = Live::Progress {
        command: CommandId([7; 16]),
        stage: "half".to_owned(),
        permille: Some(500),
        done_bytes: Some(1_000),
    };
    for (live, golden) in
        [(heartbeat, include_str!("golden/heartbeat.hex")), (progress, include_str!("golden/progress.hex"))]
    {
        assert_eq!(to_hex(&live.encode()), golden.trim());
        assert_eq!(Live::decode(&from_hex(golden.trim()).unwrap()), Ok(live));
    }
}

fn kinds() -> Vec<(CommandKind, &'static str)> {
    let deploy = r#"{"video_url":"/v/1","filename":"a.mp4","original_name":"A","category":"T","subcategory":"P",
        "video_id":"v1","duration":154,"size_bytes":1000,"sha256":"ab"}"#;
    let update = r#"{"target":"agent","update_url":"/u","version":"2.1.3","checksum":"ab","signature":"cd",
        "size_bytes":9,"when":"preferred_hour","unless_present":true}"#;
    let logs = r#"{"service":"s","source":"f","lines":5,"since":1,"until":2,"contains":"x","size_bytes_max":3}"#;
    let read = |name: &str, data: &str| json::parse_kind(name, serde_json::from_str(data).unwrap()).unwrap().0;
    vec![
        (read("get_system_info", "{}"), include_str!("golden/command_get_system_info.hex")),
        (read("reboot", "{}"), include_str!("golden/command_reboot.hex")),
        (read("restart_service", r#"{"service":"neopro-app"}"#), include_str!("golden/command_restart_service.hex")),
        (read("get_logs", logs), include_str!("golden/command_get_logs.hex")),
        (read("deploy_video", deploy), include_str!("golden/command_deploy_video.hex")),
        (
            read("delete_video", r#"{"filename":"a.mp4","category":"T","subcategory":"P"}"#),
            include_str!("golden/command_delete_video.hex"),
        ),
        (read("update_software", update), include_str!("golden/command_update_software.hex")),
        (
            read("update_config", r#"{"target":"agent","configuration":{"log":"debug"}}"#),
            include_str!("golden/command_update_config.hex"),
        ),
    ]
}

/// What a box can be asked about its time clocks.
fn terminal_kinds() -> Vec<(CommandKind, &'static str)> {
    let users = r#"{"terminal":"ZX1","users":[{"enrol_id":12,"name":"Ama K.","admin":1,"is_enabled":false,"weekzone":2,
        "group":1,"starts":"2031-05-01 00:00:00","ends":"2032-04-30 23:59:59","slot":11,"record":"3390021"}]}"#;
    let read = |name: &str, data: &str| json::parse_kind(name, serde_json::from_str(data).unwrap()).unwrap().0;
    vec![
        (read("get_terminal_info", r#"{"terminal":"ZX1"}"#), include_str!("golden/command_get_terminal_info.hex")),
        (
            read("get_terminal_users", r#"{"terminal":"ZX1","enrol_id":12,"names":true}"#),
            include_str!("golden/command_get_terminal_users.hex"),
        ),
        (read("set_terminal_users", users), include_str!("golden/command_set_terminal_users.hex")),
        (
            read("delete_terminal_users", r#"{"terminal":"ZX1","enrol_ids":[12,13],"slot":11}"#),
            include_str!("golden/command_delete_terminal_users.hex"),
        ),
        (
            read("get_terminal_log", r#"{"terminal":"ZX1","from":"2031-05-01","to":"2031-05-31"}"#),
            include_str!("golden/command_get_terminal_log.hex"),
        ),
        (read("set_terminal_time", r#"{"terminal":"ZX1"}"#), include_str!("golden/command_set_terminal_time.hex")),
        (read("reboot_terminal", r#"{"terminal":"ZX1"}"#), include_str!("golden/command_reboot_terminal.hex")),
        (read("open_door", r#"{"terminal":"ZX1","door":2}"#), include_str!("golden/command_open_door.hex")),
        (
            read("set_terminal_schedule", r#"{"terminal":"ZX1","schedule":{"weekday":0}}"#),
            include_str!("golden/command_set_terminal_schedule.hex"),
        ),
        (
            read("admit_terminal", r#"{"terminal":"ZX1","is_admitted":true}"#),
            include_str!("golden/command_admit_terminal.hex"),
        ),
        (
            read("erase_terminal", r#"{"terminal":"ZX1","what":"log"}"#),
            include_str!("golden/command_erase_terminal.hex"),
        ),
    ]
}

/// What a box can be asked about the owner's Macs and PCs.
fn machine_kinds() -> Vec<(CommandKind, &'static str)> {
    let message =
        r#"{"machines":["XTEST00417"],"title":"Clean desk","text":"Rangez « tout »\n$(reboot)","give_up_s":120}"#;
    let kind = json::parse_kind("show_message", serde_json::from_str(message).unwrap()).unwrap().0;
    vec![(kind, include_str!("golden/command_show_message.hex"))]
}

/// What came after those.
fn later_kinds() -> Vec<(CommandKind, &'static str)> {
    let zone = serde_json::from_str(r#"{"terminal":"ZX1","zone":"Europe/Paris"}"#).unwrap();
    let kind = json::parse_kind("set_terminal_zone", zone).unwrap().0;
    vec![(kind, include_str!("golden/command_set_terminal_zone.hex"))]
}

#[test]
fn signed_commands_of_every_kind_keep_their_bytes() {
    let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let kinds = [kinds(), terminal_kinds(), machine_kinds(), later_kinds()].concat();
    assert_eq!(kinds.len(), CommandKind::NAMES.len());
    for (kind, golden) in kinds {
        let header = CommandHeader {
            site: "rennes01".parse().unwrap(),
            id: CommandId([7; 16]),
            issued_ms: 1_000,
            expires_ms: 2_000,
        };
        let command = Command { header, is_dry_run: false, kind };
        let signed = SignedCommand::sign(&command, &key);
        assert_eq!(to_hex(&signed.encode()), golden.trim(), "{} changed on the wire", command.kind.name());
        assert_eq!(SignedCommand::decode(&from_hex(golden.trim()).unwrap()), Ok(signed.clone()));
        assert_eq!(Command::open(&signed.body), Ok(command));
    }
}
