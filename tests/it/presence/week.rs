//! A week in parallel with the old system: both get the logs of one probe, each tells a backend of its own, and each
//! difference of each day is named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, time};
use serde_json::Value;
use vigie_tests::processes::{HubProcess, wait_for};
use vigie_tests::tickets::{Backend, Book, SECRET};

/// The steps of the old scripts, their defects included: hours 8 to 21, ten minutes, join with the list, sort by member
/// and time, drop a line with the time of the line before, count by member and offset, half and full days, a filter for
/// 0.0 that is read as a pattern.
const OLD_SCRIPTS: &str = r#"
export LC_ALL=C
grep -E '^[0-9-]{10}T(0[89]|1[0-9]|2[01]):' "$1" |
    sed -E 's/^(.{15}).*([+-][0-9:]{5})[[:blank:]]+(.*)$/\3\t\1\t\2/' | sort |
    join -t $'\t' -o 2.2,1.2,1.3 - <(sort "$2") | sort -u |
    awk -F '\t' '$2 != before { slots[$1 FS $3]++ } { before = $2 }
        END { for (key in slots) {
            hours = sprintf("%.1f", slots[key] / 6) + 0; split(key, member, FS)
            print member[1] "\t" (hours < 0.5 ? "0.0" : hours < 5 ? "0.5" : "1") } }' |
    { grep -v '0.0' || true; }
"#;

/// A member's devices.
const DEVICES: [(&str, &str); 9] = [
    ("8E:1B:7C:00:00:01", "ada@example.org"),
    ("8E:1B:7C:00:00:02", "ada@example.org"),
    ("8E:1B:7C:00:00:03", "bob1000@example.org"),
    ("8E:1B:7C:00:00:04", "dan@example.org"),
    ("8E:1B:7C:00:00:05", "eve@example.org"),
    ("8E:1B:7C:00:00:06", "fay@example.org"),
    ("8E:1B:7C:00:00:07", "gus@example.org"),
    ("8E:1B:7C:00:00:08", "hal@example.org"),
    ("8E:1B:7C:00:00:09", "hal@example.org"),
];

/// An hour and a minute.
type At = (i8, i8);

/// Which device is seen on a day, from when through when.
fn seen(on: Weekday) -> Vec<(usize, At, At)> {
    let mut seen = vec![
        (0, (9, 0), (12, 0)),
        (1, (11, 0), (16, 10)),
        (2, (10, 0), (18, 0)),
        (3, (11, 30), (12, 0)),
        (5, (8, 30), (17, 0)),
        (7, (7, 0), (9, 5)),
        (8, (20, 40), (23, 30)),
    ];
    // Somebody's first slot is the last one of the member before.
    seen.push(if on == Weekday::Monday { (4, (12, 0), (12, 20)) } else { (4, (14, 0), (17, 0)) });
    seen.extend((on != Weekday::Friday).then_some((6, (9, 30), (11, 0))));
    if matches!(on, Weekday::Saturday | Weekday::Sunday) { Vec::new() } else { seen }
}

/// The log of a day, a line a minute and device; on Tuesday one address is written in small letters.
fn log(on: Date) -> String {
    let mut log = String::new();
    for (device, from, to) in seen(on.weekday()) {
        let (mac, _) = DEVICES[device];
        let is_small = device == 5 && on.weekday() == Weekday::Tuesday;
        let mac = if is_small { mac.to_lowercase() } else { mac.to_owned() };
        let mut at = on.to_datetime(time(from.0, from.1, 0, 0)).in_tz("Europe/Paris").unwrap();
        let through = on.to_datetime(time(to.0, to.1, 0, 0)).in_tz("Europe/Paris").unwrap();
        while at <= through {
            writeln!(log, "{}\t{mac}", at.strftime("%Y-%m-%dT%H:%M:%S%:z")).unwrap();
            at = &at + 1.minute();
        }
    }
    log
}

/// What a day is worth by the rule, counted from the log: slots of ten minutes from 8 to 22, over all devices.
fn right(log: &str) -> BTreeMap<&'static str, &'static str> {
    let mut slots: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (at, mac) in log.lines().filter_map(|line| line.split_once('\t')) {
        let (_, email) = DEVICES.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(mac)).unwrap();
        if ("08".."22").contains(&&at[11..13]) {
            slots.entry(email).or_default().insert(&at[..15]);
        }
    }
    let worth = |slots: usize| match slots {
        0..3 => None,
        3..30 => Some("0.5"),
        _ => Some("1"),
    };
    slots.into_iter().filter_map(|(email, slots)| Some((email, worth(slots.len())?))).collect()
}

/// What the old scripts send of a day.
fn old(log: &Path, list: &Path) -> BTreeMap<String, String> {
    let mut shell = Command::new("bash");
    let out = shell.args(["-euo", "pipefail", "-c", OLD_SCRIPTS, "old"]).arg(log).arg(list).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().map(|line| line.split_once('\t').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// A hub that takes devices from the backend and tells it days.
async fn hub(folder: &Path, backend: &Backend) -> HubProcess {
    let mut hub = HubProcess::new(folder).unwrap();
    hub.configure("[connectors]\nallow = [\"127.0.0.1\"]\nretry_min = \"1s\"\nretry_max = \"2s\"").unwrap();
    hub.run_verb(&["init"]).await.unwrap();
    hub.start().await.unwrap();
    hub.run_verb(&["site", "add", "metz", "--zone", "Europe/Paris"]).await.unwrap();
    let secret = folder.join("key");
    std::fs::write(&secret, SECRET).unwrap();
    let (base, key) = (format!("http://127.0.0.1:{}", backend.port), format!("key={}", secret.display()));
    let connector = ["connector", "add", "tickets", "--mapping", "tickets", "--base", &base, "--secret", &key];
    let how = ["--start-at", "2020-01-01T00:00:00Z", "--interval", "immediate", "--on"];
    hub.run_verb(&[connector.as_slice(), &how].concat()).await.unwrap();
    let taken = hub.run_verb(&["presence", "take-devices", "tickets"]).await.unwrap();
    assert!(taken.starts_with("9 devices are listed; 9 are new"), "{taken}");
    hub
}

/// Every difference that a comparison shows, as `weekday person`, with its causes.
fn differences(found: &Value) -> BTreeMap<String, String> {
    let row = |item: &Value| {
        let text = |key: &str| item[key].as_str().unwrap().to_owned();
        let on: Date = text("date").parse().unwrap();
        let causes: Vec<&str> =
            item["causes"].as_array().unwrap().iter().map(|cause| cause.as_str().unwrap()).collect();
        (format!("{:?} {}", on.weekday(), text("person").split('@').next().unwrap()), causes.join("; "))
    };
    found["items"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_beside_the_old_scripts_differs_only_by_their_defects_and_each_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let list: String = DEVICES.iter().map(|(mac, email)| format!("{mac}\t{email}\tMember\tX\n")).collect();
    let backend = Backend::start(&list).await.unwrap();
    let mut hub = hub(folder.path(), &backend).await;
    let logs = folder.path().join("logs/metz");
    std::fs::create_dir_all(&logs).unwrap();
    std::fs::write(folder.path().join("list"), &list).unwrap();
    let last_week = jiff::Zoned::now().date().checked_sub(14.days()).unwrap();
    let monday = last_week.checked_sub(i64::from(last_week.weekday().to_monday_zero_offset()).days()).unwrap();
    let week: Vec<Date> = (0..7).map(|day| monday.checked_add(day.days()).unwrap()).collect();
    let (mut expected, mut numbers) = (Book::new(), String::new());
    for on in &week {
        let text = log(*on);
        let file = logs.join(on.to_string());
        std::fs::write(&file, &text).unwrap();
        expected.extend(
            right(&text).into_iter().map(|(email, worth)| ((on.to_string(), email.to_owned()), worth.to_owned())),
        );
        let mut old = if text.is_empty() { BTreeMap::new() } else { old(&file, &folder.path().join("list")) };
        match on.weekday() {
            // That night the upload did not run.
            Weekday::Wednesday => old.clear(),
            // Somebody asked for one device of hers to be uploaded again.
            Weekday::Thursday => drop(old.insert("ada@example.org".to_owned(), "0.5".to_owned())),
            // His device was seen, uploaded, and then given to somebody else: no zero followed.
            Weekday::Friday => drop(old.insert("gus@example.org".to_owned(), "0.5".to_owned())),
            _ => {}
        }
        old.into_iter().for_each(|(email, worth)| writeln!(numbers, "{email},{on},{worth}").unwrap());
    }

    hub.run_verb(&["presence", "import", logs.to_str().unwrap()]).await.unwrap();
    let period = ["presence", "period", &week[0].to_string(), &week[6].to_string()];
    hub.run_verb(&period).await.unwrap();
    wait_for("the calls of the backend", async || backend.book().len() == expected.len()).await.unwrap();
    let again = hub.run_verb(&period).await.unwrap();
    std::fs::write(folder.path().join("old.csv"), numbers).unwrap();
    let file = folder.path().join("old.csv");
    let compared = hub.run_verb(&["--json", "presence", "compare", file.to_str().unwrap()]).await.unwrap();

    assert_eq!(backend.book(), expected, "what was told is what the rule says");
    assert!(again.contains("0 go to third parties"), "{again}");
    assert_eq!(backend.bodies("/api/presence").len(), expected.len(), "each day was told once");
    let found = differences(&serde_json::from_str(&compared).unwrap());
    let (filtered, no_run) = ("filter for 0.0", "sent nothing of that day");
    let named = [
        ("Monday bob1000", filtered),
        ("Monday eve", "lost the first slot to the member sorted before"),
        ("Tuesday bob1000", filtered),
        ("Tuesday fay", "small letters or with dashes"),
        ("Wednesday ada", no_run),
        ("Wednesday bob1000", filtered),
        ("Wednesday dan", no_run),
        ("Wednesday eve", no_run),
        ("Wednesday fay", no_run),
        ("Wednesday gus", no_run),
        ("Wednesday hal", no_run),
        ("Thursday ada", "one device alone"),
        ("Thursday bob1000", filtered),
        ("Friday bob1000", filtered),
        ("Friday gus", "a former number stayed"),
    ];
    let named: BTreeMap<String, &str> = named.into_iter().map(|(day, cause)| (day.to_owned(), cause)).collect();
    assert_eq!(found.keys().collect::<Vec<_>>(), named.keys().collect::<Vec<_>>(), "{found:#?}");
    for (day, cause) in named {
        assert!(found[&day].contains(cause), "{day}: {}", found[&day]);
    }
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());
    backend.stop();
}
