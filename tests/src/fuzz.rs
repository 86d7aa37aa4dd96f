//! Every parser of foreign bytes, as a function that any bytes may be fed to.
//!
//! A target states what must hold for all input: no panic, and what was understood reads back the same. The
//! corpus of a target lies in `tests/fuzz/corpus/<name>/`: every run replays it, `tests/fuzz/run` lets libFuzzer
//! search for more. A new parser is one line in [`TARGETS`] and one seed in its corpus.

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vigie_agent::collectors::lan::{dhcp, echo, frame as lan_frame, mdns, neighbour};
use vigie_agent::collectors::leases::{self, Format, Leases};
use vigie_agent::download::reply::{Expected, Head};
use vigie_agent::download::source::AllowedHosts;
use vigie_agent::media::catalogue::{Catalogue, Listed};
use vigie_agent::media::names::Place;
use vigie_agent::terminals::frame::{Frame, elements};
use vigie_agent::terminals::handshake;
use vigie_agent::terminals::health::Device;
use vigie_agent::terminals::row::{self, Kept};
use vigie_agent::terminals::websocket::Inbox;
use vigie_agent::update::archive;
use vigie_hub::imports::presence as logs;
use vigie_hub::presence::policy::Policy;
use vigie_shared::config;
use vigie_shared::export::{SignedCover, Splitter};
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::mac::Mac;
use vigie_shared::token::EnrolToken;
use vigie_shared::wire::frame::{self, FrameError};
use vigie_shared::wire::{Answer, Batch, Command, Hello, Live, Record, SignedCommand, Topic};

/// One parser, or a family that reads the same bytes.
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Feeds it; a panic is a bug.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "archive", run: package },
    Target { name: "batch", run: batch },
    Target { name: "config", run: config },
    Target { name: "echo", run: echo },
    Target { name: "export", run: export },
    Target { name: "frame", run: frame },
    Target { name: "gateway", run: vigie_hub::gateway::fuzz_frames },
    Target { name: "lan", run: lan },
    Target { name: "leases", run: leases },
    Target { name: "machines", run: vigie_agent::machines::fuzz_answers },
    Target { name: "media", run: media },
    Target { name: "message", run: message },
    Target { name: "operators", run: vigie_hub::operators::fuzz_packets },
    Target { name: "presence", run: presence },
    Target { name: "record", run: record },
    Target { name: "terminal", run: terminal },
    Target { name: "text", run: text },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// What a terminal sends: a message is understood or refused, and every row of it becomes one that is JSON.
fn terminal(bytes: &[u8]) {
    drop(handshake::read(bytes, None));
    let mut inbox = Inbox::new(64 * 1024, bytes.to_vec());
    while let Ok(Some(heard)) = inbox.hear() {
        drop(heard);
    }
    let Ok(frame) = Frame::decode(bytes) else { return };
    drop(Device::read(&frame));
    assert!(serde_json::from_str::<serde_json::Value>(&row::other_message(&frame, None).rest).is_ok());
    let record = frame.record.as_deref().and_then(elements);
    assert!(record.is_some() || row::Batch::find(&frame).is_err());
    for raw in record.unwrap_or_default() {
        let (row, _) = row::read(raw, Kept { photos: true, temperatures: true });
        assert!(serde_json::from_str::<serde_json::Value>(&row.rest).is_ok(), "{}", row.rest);
    }
}

/// A package of software: whatever it holds, it is counted within its limits or refused.
fn package(bytes: &[u8]) {
    let limits = archive::Limits { entries_max: 1_000, bytes_max: 4 << 20, ratio_max: 200 };
    if let Ok(contents) = archive::measure_bytes(bytes.to_vec(), limits) {
        assert!(contents.entries <= limits.entries_max && contents.bytes <= limits.bytes_max);
        assert!(contents.tops.iter().all(|top| !top.is_empty() && !top.contains('/') && top != ".."));
    }
}

/// Whole frames as they come from the network or the disk, checksum and all.
fn frame(bytes: &[u8]) {
    if let Ok((version, body)) = frame::check(bytes) {
        assert_eq!(sealed(version, body), bytes);
    }
    drop(Record::decode(bytes));
    drop(Batch::decode(bytes));
    drop(Hello::decode(bytes));
}

/// A file from a stick, in two parts: every piece of it is bytes of it, and the cover is read or refused.
fn export(bytes: &[u8]) {
    let (mut splitter, mut taken) = (Splitter::default(), 0);
    let (begin, rest) = bytes.split_at(bytes.len() / 2);
    for part in [begin, rest] {
        splitter.push(part);
        while let Ok(Some(piece)) = splitter.next_piece() {
            taken += piece.len();
            if let Ok(signed) = SignedCover::decode(&piece) {
                drop(signed.cover());
            }
        }
    }
    assert!(taken <= bytes.len());
}

/// The body of a record.
fn record(body: &[u8]) {
    reads_back(body, Record::decode, Record::encode);
}

/// The body of a batch, and every record in it.
fn batch(body: &[u8]) {
    let bytes = sealed(1, body);
    let Ok(batch) = Batch::decode(&bytes) else { return };
    assert_eq!(Batch::decode(&batch.encode()).as_ref(), Ok(&batch));
    for bytes in &batch.records {
        drop(Record::decode(bytes));
    }
}

/// What comes from the network: whole Ethernet frames, and what they carry.
fn lan(bytes: &[u8]) {
    let is_printable = |name: &str| !name.is_empty() && !name.chars().any(char::is_control);
    drop(lan_frame::hear(bytes));
    drop(neighbour::told(bytes));
    if let Some(request) = dhcp::request(bytes) {
        assert!(request.client.is_device());
        assert!(request.host_name.as_deref().is_none_or(is_printable));
    }
    assert!(mdns::announcements(bytes).iter().all(|announcement| is_printable(&announcement.name)));
}

/// What a ping socket hands over: an answer holds its token and nothing after it.
fn echo(bytes: &[u8]) {
    let message = echo::without_ip_header(bytes).unwrap_or(bytes);
    let token = message.last_chunk().copied().unwrap_or_default();
    for protocol in [echo::Protocol::V4, echo::Protocol::V6] {
        if echo::is_answer(protocol, message, token) {
            assert_eq!(message.len(), echo::request(protocol, token).len());
            assert!(!echo::is_answer(protocol, message, token.map(|byte| !byte)));
        }
    }
}

/// A DHCP server's lease file, read as every format whatever it looks like.
fn leases(bytes: &[u8]) {
    drop(leases::detect(bytes).map(|format| leases::parse(format, bytes)));
    for format in [Format::Dnsmasq, Format::Kea, Format::Isc] {
        let Leases { rows, problems } = leases::parse(format, bytes);
        assert!(rows.len() <= leases::LEASES_MAX && problems.len() <= leases::PROBLEMS_MAX);
        assert!(rows.iter().all(|lease| lease.name.as_ref().is_none_or(|name| !name.is_empty())));
    }
}

/// A log of another program's sights, a list of addresses and a policy, whatever they look like.
fn presence(bytes: &[u8]) {
    assert_eq!(logs::Format::detect(bytes), logs::Format::detect(bytes));
    for format in [logs::Format::Probe, logs::Format::Nmap, logs::Format::ArpScan, logs::Format::Dnsmasq] {
        let mut reader = logs::Reader::new(format, crate::presence::terms());
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        reader.feed(first);
        reader.feed(rest);
        let logs::Finished { strips, report, .. } = reader.finish();
        assert!(report.problems.len() <= logs::PROBLEMS_MAX && report.refused <= report.lines);
        assert!(strips.iter().flat_map(|strip| &strip.spans).all(|span| span.from_ms <= span.to_ms));
    }
    let text = String::from_utf8_lossy(bytes);
    drop(logs::macs::read(&text));
    if let Ok(policy) = Policy::parse(&text) {
        assert_eq!(Policy::parse(&policy.to_toml()), Ok(policy));
    }
}

/// What a command says of a video, and the local application's list, which anybody may have edited.
fn media(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (first, rest) = text.split_once('\n').unwrap_or(("", &text));
    let place = Place::new(first, None, "a.mp4").or_else(|_refused| Place::new("T", Some(first), "a.mp4"));
    let place = place.unwrap_or_else(|_refused| Place::new("T", None, "a.mp4").expect("it is harmless"));
    assert_eq!(place.relative().split('/').count(), place.folders().count() + 1);
    assert!(place.relative().split('/').all(|part| !["", ".", ".."].contains(&part)));
    drop(AllowedHosts::default().judge(first, Some("https://hub:8443")));
    drop(Expected { size_bytes_max: 9, size_bytes: None, offset: 3 }.judge(&Head {
        status: 206,
        range: Some(first.to_owned()),
        ..Head::default()
    }));
    let Ok(mut catalogue) = Catalogue::parse(rest) else { return };
    let video = Listed { name: first, path: "videos/the one and only.mp4", kind: "video/mp4" };
    if catalogue.put(&place, &video).is_ok() {
        let mut written = Catalogue::parse(&catalogue.to_text()).expect("what we write can be read");
        assert_eq!(written.put(&place, &video), Ok(false), "it stands there already");
        assert!(written.remove(video.path).is_ok());
    }
}

/// The body of every other message.
fn message(body: &[u8]) {
    reads_back(body, Hello::decode, Hello::encode);
    reads_back(body, Answer::decode, Answer::encode);
    reads_back(body, Live::decode, Live::encode);
    reads_back(body, SignedCommand::decode, SignedCommand::encode);
    reads_back(body, frame::open::<Command>, |command| frame::seal(1, command));
}

/// What people and programs write as text.
fn text(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    reads_back_as_text::<Topic>(&text);
    reads_back_as_text::<EnrolToken>(&text);
    reads_back_as_text::<Mac>(&text);
    reads_back_as_text::<SiteId>(&text);
    reads_back_as_text::<CommandId>(&text);
}

/// A configuration file, over settings of every kind that ours have.
fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match config::parse::<Settings>("agent.toml", &text) {
        Ok(settings) => {
            let written = toml::to_string(&settings).expect("settings can be written");
            assert_eq!(config::parse("agent.toml", &written).as_ref(), Ok(&settings), "{written}");
        }
        Err(error) => assert!(error.to_string().starts_with("agent.toml"), "no place in: {error}"),
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    name: String,
    port: u16,
    limits: Limits,
    networks: Vec<Network>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    #[serde(with = "vigie_shared::units::duration")]
    interval: Duration,
    #[serde(with = "vigie_shared::units::bytes")]
    quota: u64,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Network {
    range: Option<String>,
    inventory: bool,
}

/// What `decode` understands, `encode` writes so that it is understood again, as the same.
fn reads_back<T: PartialEq + Debug>(
    body: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, FrameError>,
    encode: impl Fn(&T) -> Vec<u8>,
) {
    if let Ok(value) = decode(&sealed(1, body)) {
        assert_eq!(decode(&encode(&value)).as_ref(), Ok(&value));
    }
}

/// The same for text; what is refused is refused in words.
fn reads_back_as_text<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse::<T>().ok().as_ref(), Some(&value)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A whole frame around any body: random bytes would never carry a right checksum.
fn sealed(version: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![version];
    bytes.extend_from_slice(body);
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}
