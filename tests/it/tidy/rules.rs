//! Who may name what: each rule is a sentence, the words it is about, where it holds and where it does not.
//! Tests may name what they need.

use super::modules::test_only;
use super::source::{lines_with, tokens, without_tests};
use super::tree::{File, files, fits};
use super::{Violation, assert_none};

/// Words that only some files may use in code.
struct Rule {
    /// The rule as a sentence, and the reason.
    says: &'static str,
    /// What to do instead.
    cure: &'static str,
    /// Words of code, see [`lines_with`].
    words: &'static [&'static str],
    /// Patterns of the paths where it holds.
    holds_in: &'static [&'static str],
    /// Patterns of the paths that may all the same.
    but_not_in: &'static [&'static str],
}

/// Everything that is built into the programs.
const PROGRAMS: &[&str] = &["agent/src/*", "hub/src/*", "shared/src/*"];

const RULES: &[Rule] = &[
    Rule {
        says: "only the disk queue knows which database it uses",
        cure: "go through the port in agent/src/queue.rs",
        words: &["sled"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/queue/disk.rs", "agent/src/queue/disk/*"],
    },
    Rule {
        says: "only the uplink knows which MQTT client it uses, and on the hub only what speaks with a home's broker",
        cure: "keep decisions in the cores and let agent/src/uplink.rs and hub/src/home_assistant/broker.rs carry them out",
        words: &["rumqttc"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/uplink*", "hub/src/home_assistant/broker.rs"],
    },
    Rule {
        says: "only what speaks with a home's broker asks the system whom it trusts",
        cure: "go through hub/src/home_assistant/broker.rs",
        words: &["rustls_platform_verifier"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/home_assistant/broker.rs"],
    },
    Rule {
        says: "what Home Assistant is told follows from facts",
        cure: "return it and let hub/src/home_assistant/driver.rs tell it",
        words: &["tokio", "async", "await", "std : : fs", "Instant : : now", "wall_ms ( )"],
        holds_in: &[
            "hub/src/home_assistant/announce.rs",
            "hub/src/home_assistant/facts.rs",
            "hub/src/home_assistant/ledger.rs",
            "hub/src/home_assistant/topics.rs",
        ],
        but_not_in: &[],
    },
    Rule {
        says: "only the broker module knows which broker runs inside the hub",
        cure: "go through hub/src/broker.rs",
        words: &["rumqttd"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/broker*"],
    },
    Rule {
        says: "only one file knows the library that reads the machine's figures",
        cure: "add the figure to agent/src/collectors/host/machine.rs",
        words: &["sysinfo"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/collectors/host/machine.rs"],
    },
    Rule {
        says: "only the SQLite adapter names its database, so that another can take its place",
        cure: "go through the ports in hub/src/store.rs",
        words: &["rusqlite"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/store/sqlite*"],
    },
    Rule {
        says: "only the HTTP sides of the hub speak HTTP",
        cure: "return plain values and let hub/src/http or hub/src/boxes turn them into answers",
        words: &["axum"],
        holds_in: PROGRAMS,
        // The demo's third party is a server of its own.
        but_not_in: &["hub/src/http*", "hub/src/boxes*", "hub/src/login*", "hub/src/demo/third_party.rs"],
    },
    Rule {
        says: "only one file speaks SMTP",
        cure: "go through the port in hub/src/mail/carrier.rs",
        words: &["lettre"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/mail/smtp.rs"],
    },
    Rule {
        says: "only rules about answers know the library of their patterns",
        cure: "let hub/src/connectors/outcome.rs judge",
        words: &["regex"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/connectors/outcome.rs"],
    },
    Rule {
        says: "only the adapter of connectors speaks HTTP with third parties",
        cure: "go through the port in hub/src/connectors/web.rs",
        words: &["reqwest", "flate2"],
        holds_in: &["hub/src/connectors*", "hub/src/store*"],
        but_not_in: &["hub/src/connectors/web/client.rs"],
    },
    Rule {
        says: "only the codecs of frames and pings know which library reads them",
        cure: "return what was heard as a type of agent/src/collectors/lan/frame.rs or echo.rs",
        words: &["etherparse"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/collectors/lan/frame.rs", "agent/src/collectors/lan/echo.rs"],
    },
    Rule {
        says: "only the netlink socket knows which library opens it",
        cure: "go through agent/src/collectors/lan/netlink.rs",
        words: &["netlink_sys"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/collectors/lan/netlink.rs", "agent/src/sys.rs"],
    },
    Rule {
        says: "certificates are made in one place per program",
        cure: "ask the hub's PKI or the agent's identity for them",
        words: &["rcgen"],
        holds_in: PROGRAMS,
        // The self-test makes a key to see that this build can.
        but_not_in: &["hub/src/pki*", "agent/src/identity*", "agent/src/cli/self_test.rs"],
    },
    Rule {
        says: "only one file knows the library of the key that exports are sealed for",
        cure: "ask the hub's PKI to join the channel",
        words: &["x25519_dalek"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/pki/seal_key.rs"],
    },
    Rule {
        says: "only the local page's socket knows which HTTP server answers",
        cure: "decide in the pure files beside agent/src/local_page/serve.rs and let it carry that out",
        words: &["hyper", "hyper_util", "http_body_util"],
        holds_in: &["agent/src/*"],
        but_not_in: &["agent/src/local_page/serve.rs"],
    },
    Rule {
        says: "only one file knows the library of pictures that phones read",
        cure: "call hub/src/qr.rs",
        words: &["qrcodegen"],
        holds_in: PROGRAMS,
        but_not_in: &["hub/src/qr.rs"],
    },
    Rule {
        says: "only one file knows the library of WebSocket frames",
        cure: "go through agent/src/terminals/websocket.rs",
        words: &["soketto"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/terminals/websocket.rs"],
    },
    Rule {
        says: "only one file knows the library that reads the head of a terminal's call",
        cure: "go through agent/src/terminals/handshake.rs",
        words: &["httparse"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/terminals/handshake.rs"],
    },
    Rule {
        says: "only one file speaks SSH, so that another library can take its place",
        cure: "go through agent/src/machines/ssh.rs",
        words: &["russh"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/machines/ssh*"],
    },
    Rule {
        says: "only one file knows the library that reads property lists",
        cure: "go through agent/src/machines/facts/plist.rs",
        words: &["roxmltree"],
        holds_in: PROGRAMS,
        but_not_in: &["agent/src/machines/facts/plist.rs"],
    },
    Rule {
        says: "what a machine's answers mean, and which key is whose, is decided without a runtime or a socket",
        cure: "return what to do and let agent/src/machines/visit.rs carry it out",
        words: &["tokio", "async", "await", "std : : fs", "TcpStream", "Instant : : now", "wall_ms ( )"],
        holds_in: &[
            "agent/src/machines/facts*",
            "agent/src/machines/known.rs",
            "agent/src/machines/patience.rs",
            "agent/src/machines/script.rs",
            "agent/src/collectors/machines/rows.rs",
        ],
        but_not_in: &[],
    },
    Rule {
        says: "agent and hub meet only where `vigie-hub up` starts both",
        cure: "call hub/src/up.rs, or move what both need to vigie-shared",
        words: &["vigie_agent"],
        holds_in: &["hub/src/*", "shared/src/*"],
        but_not_in: &["hub/src/up.rs"],
    },
    Rule {
        says: "the agent never names the hub",
        cure: "move what both need to vigie-shared",
        words: &["vigie_hub"],
        holds_in: &["agent/src/*", "shared/src/*"],
        but_not_in: &[],
    },
    Rule {
        says: "decisions are pure: no runtime, no I/O, and `now` is an argument",
        cure: "return what to do and let the shell around the core do it",
        words: &["tokio", "async", "await", "std : : fs", "std : : net", "std : : io", "Instant : : now", "clock : :"],
        holds_in: &[
            "agent/src/outbox*",
            "agent/src/anchor*",
            "agent/src/commands/desk*",
            "hub/src/dispatch*",
            "hub/src/ingest*",
            "hub/src/fleet*",
            "hub/src/alerts*",
            "hub/src/attendance*",
            "hub/src/connectors/*",
            "hub/src/clean_desk*",
            "hub/src/imports/presence*",
            "hub/src/imports/smartelia*",
            "hub/src/machines/legacy.rs",
            "hub/src/machines/order.rs",
            "hub/src/machines/sold.rs",
            "hub/src/login/cookie.rs",
            "hub/src/login/totp.rs",
            "hub/src/mail/address.rs",
            "hub/src/mail/letter*",
            "hub/src/mail/pick.rs",
            "hub/src/mail/queue.rs",
            "hub/src/operators/topics.rs",
            "hub/src/operators/policy*",
            "hub/src/operators/packets.rs",
            "hub/src/presence*",
            "shared/src/backoff.rs",
        ],
        but_not_in: &[
            "hub/src/clean_desk/driver.rs",
            "hub/src/dispatch/driver*",
            "hub/src/ingest/driver*",
            "hub/src/fleet/board.rs",
            "hub/src/alerts/driver*",
            // The port by which people are told.
            "hub/src/alerts/news.rs",
            "hub/src/attendance/driver*",
            "hub/src/connectors/driver*",
            "hub/src/connectors/web*",
            // They judge addresses and call none.
            "hub/src/connectors/guard.rs",
            "hub/src/imports/presence/arp_scan.rs",
            "hub/src/imports/presence/file.rs",
            "hub/src/presence/driver*",
        ],
    },
    Rule {
        says: "what a terminal means is decided without a runtime, a socket or a disk, and `now` is an argument",
        cure: "decide in the pure files of agent/src/terminals and let hall, talk and connection carry it out",
        words: &["tokio", "async", "await", "std : : fs", "std : : io", "TcpStream", "Instant : : now", "wall_ms ( )"],
        holds_in: &[
            "agent/src/terminals/clock.rs",
            "agent/src/terminals/frame.rs",
            "agent/src/terminals/handshake.rs",
            "agent/src/terminals/health.rs",
            "agent/src/terminals/paging.rs",
            "agent/src/terminals/profile.rs",
            "agent/src/terminals/registry.rs",
            "agent/src/terminals/repair.rs",
            "agent/src/terminals/reply.rs",
            "agent/src/terminals/roster.rs",
            "agent/src/terminals/row.rs",
            "agent/src/terminals/session*",
            "agent/src/terminals/websocket.rs",
            "agent/src/terminals/terminal.rs",
        ],
        but_not_in: &[],
    },
    Rule {
        says: "what happens in the demo follows from its seed and the moment",
        cure: "return it and let hub/src/demo/driver.rs tell it",
        words: &["tokio", "async", "await", "std : : fs", "Instant : : now", "wall_ms ( )", "random"],
        holds_in: &[
            "hub/src/demo/chance.rs",
            "hub/src/demo/life*",
            "hub/src/demo/people.rs",
            "hub/src/demo/places.rs",
            "hub/src/demo/voice.rs",
        ],
        but_not_in: &[],
    },
    Rule {
        says: "the wire is plain data: it knows no runtime, no socket and no log",
        cure: "do it in the shell that sends or receives",
        words: &["tokio", "tokio_util", "futures_util", "async_trait", "tracing", "TcpStream", "UdpSocket", "async"],
        holds_in: &["shared/src/wire.rs", "shared/src/wire/*"],
        but_not_in: &[],
    },
    Rule {
        says: "only configuration reads the environment; everything else is told",
        cure: "add a setting, or read it where the program starts",
        words: &["env : : var", "env : : var_os", "env : : vars", "env : : vars_os"],
        holds_in: PROGRAMS,
        // The service manager speaks through the environment: the journal's stream is a property of the process.
        but_not_in: &["*/config.rs", "*/config/*", "shared/src/telemetry.rs"],
    },
];

fn violations(rules: &[Rule], files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    let tests = test_only(files);
    for file in files.iter().filter(|file| file.path.ends_with(".rs") && !tests.contains(&file.path)) {
        let tokens = without_tests(&tokens(&file.text));
        let is_in = |patterns: &[&str]| patterns.iter().any(|pattern| fits(&file.path, pattern));
        for rule in rules.iter().filter(|rule| is_in(rule.holds_in) && !is_in(rule.but_not_in)) {
            for word in rule.words {
                found.extend(lines_with(&tokens, word).into_iter().map(|line| Violation {
                    path: file.path.clone(),
                    line,
                    rule: format!("`{}`: {}; {}", word.replace(' ', ""), rule.says, rule.cure),
                }));
            }
        }
    }
    found
}

#[test]
fn every_name_stays_where_it_belongs() {
    assert_none(violations(RULES, &files()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        violations(RULES, &[file]).into_iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_planted_name_is_found_where_it_is_foreign_and_only_there() {
        for (word, foreign, home) in [
            ("sled::Db", "agent/src/journal.rs", "agent/src/queue/disk.rs"),
            ("rumqttc::Event", "agent/src/outbox.rs", "agent/src/uplink.rs"),
            ("rumqttd::Router", "hub/src/gateway.rs", "hub/src/broker/link.rs"),
            ("rusqlite::Row", "hub/src/fleet.rs", "hub/src/store/sqlite/facts.rs"),
            ("axum::Router", "hub/src/ingest.rs", "hub/src/http/sites.rs"),
            ("rcgen::KeyPair", "hub/src/gateway.rs", "hub/src/pki.rs"),
            ("vigie_agent::run", "hub/src/main.rs", "hub/src/up.rs"),
            ("vigie_hub::run", "agent/src/main.rs", "hub/src/main.rs"),
            ("tokio::time::Instant", "shared/src/wire/live.rs", "shared/src/lifecycle.rs"),
        ] {
            let text = format!("//! A file.\n\nuse {word};\n");
            assert_eq!(lines(foreign, &text), [3], "{word} in {foreign}");
            assert!(lines(home, &text).is_empty(), "{word} in {home}");
            let in_test = format!("//! A file.\n\n#[cfg(test)]\nmod tests {{\n    use {word};\n}}\n");
            assert!(lines(foreign, &in_test).is_empty(), "{word} in a test of {foreign}");
        }
    }

    #[test]
    fn reading_the_environment_is_found() {
        let text = "//! A file.\nfn a() {\n    std::env::var(\"X\");\n    env!(\"X\");\n}\n";
        assert_eq!(lines("hub/src/jobs.rs", text), [3]);
        assert!(lines("agent/src/config.rs", text).is_empty());
    }

    #[test]
    fn a_message_names_place_rule_and_cure() {
        let file = File { path: "agent/src/journal.rs".to_owned(), text: "use sled::Db;".to_owned() };
        let message = violations(RULES, &[file])[0].to_string();
        assert_eq!(
            message,
            "agent/src/journal.rs:1: `sled`: only the disk queue knows which database it uses; \
             go through the port in agent/src/queue.rs"
        );
    }
}
