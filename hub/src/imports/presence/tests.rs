//! Files as they are and as they break: what is used, what is refused by its line, and that pieces do not matter.

use std::fmt::Write as _;

use jiff::civil::date;
use proptest::prelude::*;
use vigie_shared::mac::Mac;

use super::*;
use crate::presence::source::{LOG, MISSPELT};
use crate::presence::span::Span;

const KEY: [u8; 32] = [7; 32];
/// 2026-11-20 12:00 UTC.
const NOON_MS: i64 = 1_795_176_000_000;
const MINUTE_MS: i64 = 60_000;

fn terms() -> Terms {
    Terms {
        site: "metz".parse().unwrap(),
        zone: TimeZone::get("Europe/Paris").unwrap(),
        key: PseudonymKey::new(&KEY),
        known: None,
        now_ms: NOON_MS + 365 * 86_400_000,
        date: None,
        written_ms: Some(NOON_MS),
        lease_s: Some(3600),
    }
}

fn name(mac: &str) -> String {
    PseudonymKey::new(&KEY).name(mac.parse().unwrap()).to_string()
}

/// Reads a file in pieces of some size.
fn read(format: Format, text: &[u8], terms: Terms, piece: usize) -> Finished {
    let mut reader = Reader::new(format, terms);
    text.chunks(piece.max(1)).for_each(|piece| reader.feed(piece));
    reader.finish()
}

fn whole(format: Format, text: &str) -> Finished {
    read(format, text.as_bytes(), terms(), PIECE_BYTES_MAX)
}

/// Reasons by line.
fn problems(report: &Report) -> Vec<(u64, &'static str)> {
    report.problems.iter().map(|problem| (problem.line, problem.reason)).collect()
}

fn spans(finished: &Finished) -> Vec<(String, Vec<(i64, i64)>)> {
    let minutes = |span: &Span| ((span.from_ms - NOON_MS) / MINUTE_MS, (span.to_ms - NOON_MS) / MINUTE_MS);
    finished.strips.iter().map(|strip| (strip.device.clone(), strip.spans.iter().map(minutes).collect())).collect()
}

const PHONE: &str = "8E:1B:7C:00:11:22";

#[test]
fn a_log_of_the_probe_becomes_strips_under_pseudonyms() {
    let mut text = String::new();
    for minute in 0..10 {
        writeln!(text, "2026-11-20T13:{minute:02}:00+01:00\t{PHONE}").unwrap();
        writeln!(text, "2026-11-20T13:{minute:02}:30+01:00 0a:1b:7c:00:11:22").unwrap();
    }
    text.push_str("2026-11-20T12:40:00Z   8e-1b-7c-00-11-22\n");

    let finished = whole(Format::Probe, &text);

    assert_eq!((finished.report.lines, finished.report.sights, finished.report.refused), (21, 21, 0));
    let mut found = spans(&finished);
    found.sort();
    let mut expected = vec![(name(PHONE), vec![(0, 9), (40, 40)]), (name("0a:1b:7c:00:11:22"), vec![(0, 9)])];
    expected.sort();
    assert_eq!(found, expected);
    assert!(finished.strips.iter().all(|strip| strip.date == date(2026, 11, 20)));
    let seen: Vec<_> = finished.coverage.iter().map(|span| (span.to_ms - span.from_ms) / MINUTE_MS).collect();
    assert_eq!(seen, [9, 0], "the log says nothing of the half hour between");
    assert!(!format!("{finished:?}").to_lowercase().contains("8e:1b"), "an address came out");
}

#[test]
fn each_line_that_cannot_be_used_is_named_and_harms_no_other() {
    let good = format!("2026-11-20T13:00:00+01:00\t{PHONE}");
    let terms = Terms { now_ms: NOON_MS, date: Some(date(2026, 11, 20)), ..terms() };
    for (bad, reason) in [
        ("2026-11-20T13:00:00+01:00\t8E:1B:7C:00:11", "MAC address"),
        ("2026-11-20T13:00:00+01:00\tff:ff:ff:ff:ff:ff", "group"),
        ("2026-11-20T13:00:00\t8E:1B:7C:00:11:22", "offset"),
        ("2026-11-20T13:00:00+01:00", "no blank"),
        ("yesterday 8E:1B:7C:00:11:22", "begin with a time"),
        ("1970-01-01T00:00:20+00:00\t8E:1B:7C:00:11:22", "1970"),
        ("2026-11-20T13:20:00+01:00\t8E:1B:7C:00:11:22", "future"),
        ("2026-11-18T13:00:00+01:00\t8E:1B:7C:00:11:22", "file's name"),
        ("\u{e9}\u{e9} 8E:1B:7C:00:11:22", "begin with a time"),
    ] {
        let text = format!("{good}\n{bad}\n\n{good}\n");
        let finished = read(Format::Probe, text.as_bytes(), terms.clone(), PIECE_BYTES_MAX);
        let [(2, found)] = problems(&finished.report)[..] else { panic!("{bad}: {:?}", finished.report) };
        assert!(found.contains(reason), "{bad}: {found}");
        assert_eq!((finished.report.lines, finished.report.sights), (4, 2), "{bad}");
    }
}

#[test]
fn a_file_that_was_cut_says_so_and_keeps_what_is_whole() {
    let text = format!("2026-11-20T13:00:00+01:00\t{PHONE}\n2026-11-20T13:01:00+01:00\t8E:1B:7C");
    let finished = whole(Format::Probe, &text);
    assert_eq!(finished.report.sights, 1);
    let [(2, reason)] = problems(&finished.report)[..] else { panic!("{:?}", finished.report) };
    assert!(reason.contains("was cut"), "{reason}");
    let whole = whole(Format::Probe, text.trim_end_matches("\n2026-11-20T13:01:00+01:00\t8E:1B:7C"));
    assert_eq!((whole.report.sights, whole.report.refused), (1, 0), "a last line needs no end");
}

#[test]
fn a_line_without_end_fills_no_memory() {
    let mut reader = Reader::new(Format::Probe, terms());
    for _ in 0..64 {
        reader.feed(&[b'x'; 1024]);
    }
    reader.feed(format!("\n2026-11-20T13:00:00+01:00\t{PHONE}\n").as_bytes());
    let finished = reader.finish();
    assert_eq!((finished.report.lines, finished.report.sights, finished.report.refused), (2, 1, 1));
}

#[test]
fn a_file_of_nonsense_lists_a_hundred_lines_and_counts_all() {
    let report = whole(Format::Probe, &"nonsense\n".repeat(1_000)).report;
    assert_eq!((report.problems.len(), report.refused), (PROBLEMS_MAX, 1_000));
}

#[test]
fn an_address_that_the_old_scripts_cannot_read_is_marked() {
    let line = |minute: u8, mac: &str| format!("2026-11-20T13:{minute:02}:00+01:00\t{mac}\n");
    let text = [line(0, PHONE), line(20, "8e:1b:7c:00:11:22"), line(40, "8E-1B-7C-00-11-22"), line(50, PHONE)].concat();
    let finished = whole(Format::Probe, &text);
    let [strip] = finished.strips.as_slice() else { panic!("{:?}", finished.strips) };
    let marked: Vec<bool> = strip.spans.iter().map(|span| span.sources & MISSPELT != 0).collect();
    assert_eq!(marked, [false, true, true, false]);
    assert!(strip.spans.iter().all(|span| span.sources & LOG != 0));
}

#[test]
fn strangers_are_counted_and_not_kept() {
    let known = PseudonymKey::new(&KEY).name(PHONE.parse().unwrap());
    let text = format!("2026-11-20T13:00:00+01:00\t{PHONE}\n2026-11-20T13:00:00+01:00\t0A:1B:7C:00:11:22\n");
    let terms = Terms { known: Some([known].into()), ..terms() };
    let finished = read(Format::Probe, text.as_bytes(), terms, PIECE_BYTES_MAX);
    assert_eq!((finished.report.devices, finished.report.strangers, finished.strips.len()), (1, 1, 1));
}

#[test]
fn a_span_ends_at_midnight_of_utc() {
    let text = format!("2026-11-21T00:58:00+01:00\t{PHONE}\n2026-11-21T01:01:00+01:00\t{PHONE}\n");
    let dates: Vec<_> = whole(Format::Probe, &text).strips.iter().map(|strip| strip.date).collect();
    assert_eq!(dates, [date(2026, 11, 20), date(2026, 11, 21)]);
}

#[test]
fn s11_names_addresses_and_makers_of_a_scan_come_through_whole() {
    let host = nmap::report("Nmap scan report for iphone-de-marie.home (192.168.1.23)").unwrap();
    assert_eq!((host.name.as_deref(), host.ip.as_str()), (Some("iphone-de-marie.home"), "192.168.1.23"));
    let mut host = nmap::report("Nmap scan report for 192.168.1.24").unwrap();
    assert_eq!((host.name.as_deref(), host.ip.as_str()), (None, "192.168.1.24"));
    assert_eq!(nmap::add_address(&mut host, "MAC Address: 8E:1B:7C:00:11:22 (Compal (Kunshan) Co.)"), Ok(true));
    assert_eq!(host.vendor.as_deref(), Some("Compal (Kunshan) Co."));
    let text = "Starting Nmap 7.93 ( https://nmap.org ) at 2026-11-20 13:05 CET\n\
                Nmap scan report for iphone-de-marie.home (192.168.1.23)\n\
                Host is up (0.0050s latency).\n\
                MAC Address: 8E:1B:7C:00:11:22 (Compal (Kunshan) Co.)\n\
                Nmap scan report for box.home (192.168.1.2)\n\
                Host is up.\n\
                Nmap done: 256 IP addresses (2 hosts up) scanned in 2.34 seconds\n";

    let finished = whole(Format::Nmap, text);

    assert_eq!(spans(&finished), [(name(PHONE), vec![(5, 5)])]);
    assert_eq!((finished.report.nameless, finished.report.refused), (1, 0), "the last host is the one that scanned");
}

#[test]
fn the_scans_of_a_day_in_one_file_have_their_own_times() {
    let scan = |head: &str| {
        format!(
            "{head}\nNmap scan report for 192.168.1.23\nHost is up.\nMAC Address: {PHONE} (Unknown)\n# Nmap done at x\n"
        )
    };
    let text = scan("# Nmap 7.93 scan initiated Fri Nov 20 13:07:11 2026 as: nmap -sn 192.168.1.0/24")
        + &scan("Starting Nmap 7.93 ( https://nmap.org ) at 2026-11-20 12:30 UTC");
    assert_eq!(spans(&whole(Format::Nmap, &text)), [(name(PHONE), vec![(7, 7), (30, 30)])]);
    let timeless = format!("Nmap scan report for 192.168.1.23\nMAC Address: {PHONE}\n");
    let terms = Terms { written_ms: None, ..terms() };
    let report = read(Format::Nmap, timeless.as_bytes(), terms, PIECE_BYTES_MAX).report;
    assert!(problems(&report)[0].1.contains("when the scan was"));
}

#[test]
fn the_text_of_arp_scan_is_read_between_its_words() {
    let text = "Interface: eth0, type: EN10MB, MAC: b8:27:eb:00:00:01, IPv4: 192.168.1.2\n\
                Starting arp-scan 1.10.0 with 256 hosts (https://github.com/royhills/arp-scan)\n\
                192.168.1.23\t8e:1b:7c:00:11:22\tCompal (Kunshan) Co.\n\
                192.168.1.24\t8e:1b:7c:00:11\tcut\n\
                192.168.1.25\t8e:1b:7c:00:11:22\tCompal (DUP: 2)\n\
                \n\
                3 packets received by filter, 0 packets dropped by kernel\n\
                Ending arp-scan 1.10.0: 256 hosts scanned in 1.844 seconds (138.83 hosts/sec). 3 responded\n";
    let finished = whole(Format::ArpScan, text);
    assert_eq!(spans(&finished), [(name(PHONE), vec![(0, 0)])]);
    assert_eq!(problems(&finished.report), [(4, "behind the internet address stands no MAC address")]);
}

#[test]
fn a_lease_began_when_its_device_spoke() {
    let ends_s = NOON_MS / 1000 + 3600;
    let text = format!(
        "{ends_s} 8e:1b:7c:00:11:22 192.168.77.62 Marie-iPhone *\n0 8e:1b:7c:00:11:23 10.0.0.5 * *\nduid 00:01\n{ends_s} 1 fd00::1 * *\n"
    );
    let finished = whole(Format::Dnsmasq, &text);
    assert_eq!(spans(&finished), [(name(PHONE), vec![(0, 0)])]);
    assert_eq!(problems(&finished.report).len(), 1);
    let unknown = read(Format::Dnsmasq, text.as_bytes(), Terms { lease_s: None, ..terms() }, PIECE_BYTES_MAX);
    assert!(problems(&unknown.report)[0].1.contains("lease time"));
    assert!(!format!("{finished:?}").contains("Marie"));
}

#[test]
fn a_file_is_known_by_its_look_and_its_place() {
    for (text, expected) in [
        ("2026-11-20T13:00:00+01:00\t8E:1B:7C:00:11:22\n", Some(Format::Probe)),
        ("Starting Nmap 7.93 ( https://nmap.org ) at 2026-11-20 13:05 CET\n", Some(Format::Nmap)),
        ("Interface: eth0, type: EN10MB\n", Some(Format::ArpScan)),
        ("192.168.1.23\t8e:1b:7c:00:11:22\tApple\n", Some(Format::ArpScan)),
        ("1795219047 8e:1b:7c:00:11:22 192.168.77.62 * *\n", Some(Format::Dnsmasq)),
        ("<html>", None),
        ("", None),
    ] {
        assert_eq!(Format::detect(text.as_bytes()), expected, "{text:?}");
    }
    let file = LogFile { folder: "poulailler".to_owned(), date: date(2026, 11, 20) };
    assert_eq!(LogFile::of_path("/data/probes/poulailler/2026-11-20"), Some(file.clone()));
    assert_eq!(LogFile::of_path("poulailler/2026-11-20.log"), Some(file));
    assert_eq!(LogFile::of_path("2026-11-20"), None);
    assert_eq!(LogFile::of_path("poulailler/2026-13-20"), None);
}

/// A log of the probe with good and bad lines in any order.
fn log() -> impl Strategy<Value = String> {
    let line = (0..2_880_u32, 0..60_u32, 0..6_u8, 0..12_u8).prop_map(|(minute, second, device, form)| {
        let (day, hour, minute) = (19 + minute / 1_440, minute / 60 % 24, minute % 60);
        let mac = format!("8E:1B:7C:00:11:{device:02X}");
        let time = format!("2026-11-{day}T{hour:02}:{minute:02}:{second:02}");
        match form {
            0 => format!("{time}Z {mac}\r\n"),
            1 => format!("{time}+01:00   {}\n", mac.to_lowercase()),
            2 => format!("{time} {mac}\n"),
            3 => "\n".to_owned(),
            4 => format!("{time}+02:00\t{mac} trailing\n"),
            _ => format!("{time}+01:00\t{mac}\n"),
        }
    });
    proptest::collection::vec(line, 0..120).prop_map(|lines| lines.concat())
}

/// The same file read in the plainest way: line by line, nothing remembered.
fn plainly(text: &str) -> (u64, Vec<(String, i64, u16)>) {
    let mut seen = Vec::new();
    for line in text.lines() {
        let Some((time, mac)) = line.split_once(|c: char| c.is_whitespace()) else { continue };
        let sources = if mac.to_uppercase() == mac { LOG } else { LOG | MISSPELT };
        let (time, mac) = (time.parse::<jiff::Timestamp>(), mac.trim().parse::<Mac>());
        if let (Ok(time), Ok(mac)) = (time, mac) {
            seen.push((PseudonymKey::new(&KEY).name(mac).to_string(), time.as_millisecond(), sources));
        }
    }
    (text.lines().count() as u64, seen)
}

proptest! {
    #[test]
    fn however_a_file_is_cut_into_pieces_it_says_the_same(text in log(), piece in 1..200_usize) {
        let pieces = read(Format::Probe, text.as_bytes(), terms(), piece);
        let at_once = whole(Format::Probe, &text);
        prop_assert_eq!(&pieces.strips, &at_once.strips);
        prop_assert_eq!(&pieces.report, &at_once.report);
        prop_assert_eq!(&pieces.coverage, &at_once.coverage);
    }

    #[test]
    fn the_quick_way_reads_what_the_plain_way_reads(text in log()) {
        let quick = whole(Format::Probe, &text);
        let (lines, seen) = plainly(&text);
        prop_assert_eq!((quick.report.lines, quick.report.sights), (lines, seen.len() as u64));
        let strips = seen.iter().map(|(device, at_ms, sources)| {
            ("metz".parse().unwrap(), device.clone(), *at_ms, *sources)
        });
        let mut plain = crate::presence::scene::strips(&strips.collect::<Vec<_>>());
        let mut found = quick.strips;
        plain.sort_by(|one, other| (&one.device, one.date).cmp(&(&other.device, other.date)));
        found.sort_by(|one, other| (&one.device, one.date).cmp(&(&other.device, other.date)));
        prop_assert_eq!(found, plain);
    }

    #[test]
    fn taking_strips_at_any_time_loses_nothing(text in log(), piece in 1..200_usize) {
        let mut reader = Reader::new(Format::Probe, terms());
        let mut taken = Vec::new();
        for piece in text.as_bytes().chunks(piece) {
            reader.feed(piece);
            taken.extend(reader.take());
        }
        taken.extend(reader.finish().strips);
        let united = |strips: Vec<Strip>| {
            let mut days = std::collections::BTreeMap::new();
            for strip in strips {
                days.entry((strip.device, strip.date)).or_insert_with(Vec::new).extend(strip.spans);
            }
            days.into_iter().map(|(key, spans)| (key, crate::presence::span::union(spans))).collect::<Vec<_>>()
        };
        prop_assert_eq!(united(taken), united(whole(Format::Probe, &text).strips));
    }

    #[test]
    fn no_bytes_make_a_reader_fail(bytes: Vec<u8>, text in "[\n\t :0-9A-Fa-fTZ+()-]{0,200}") {
        for format in [Format::Probe, Format::Nmap, Format::ArpScan, Format::Dnsmasq] {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let report = read(format, bytes, terms(), 7).report;
                prop_assert!(report.problems.iter().all(|problem| (1..=report.lines).contains(&problem.line)));
            }
        }
        prop_assert_eq!(Format::detect(&bytes), Format::detect(&bytes));
    }
}
