//! Known faults of published versions. The advisory database cannot be reached from a build, so the part of it
//! that concerns packages like ours is written down here; whoever can reach it runs `cargo audit` as well.

use semver::{Version, VersionReq};

use super::graph::{Lock, lock};

/// A range of versions with a known fault.
struct Advisory {
    id: &'static str,
    package: &'static str,
    /// Versions that have it; alternatives are separated by `||`.
    affected: &'static str,
}

/// A fault that we live with.
struct Known {
    id: &'static str,
    /// Why it does no harm here.
    because: &'static str,
}

const WEBPKI: &str = "rumqttc names this old version for one error type; no certificate is checked with it";
const UNMAINTAINED_IN_SLED: &str =
    "unmaintained, through sled, without a known fault; goes when the queue's engine goes";

/// Exactly these, no more and no fewer.
const KNOWN: &[Known] = &[
    Known { id: "RUSTSEC-2026-0049", because: WEBPKI },
    Known { id: "RUSTSEC-2026-0098", because: WEBPKI },
    Known { id: "RUSTSEC-2026-0099", because: WEBPKI },
    Known { id: "RUSTSEC-2026-0104", because: WEBPKI },
    Known { id: "RUSTSEC-2026-0382", because: WEBPKI },
    Known {
        id: "RUSTSEC-2025-0134",
        because: "unmaintained, through rumqttc; reads no file, the configuration is given",
    },
    Known { id: "RUSTSEC-2025-0057", because: UNMAINTAINED_IN_SLED },
    Known { id: "RUSTSEC-2024-0384", because: UNMAINTAINED_IN_SLED },
    Known {
        id: "RUSTSEC-2024-0436",
        because: "unmaintained macro, through rtnetlink; runs while building, not in the program",
    },
];

const fn faulty(id: &'static str, package: &'static str, affected: &'static str) -> Advisory {
    Advisory { id, package, affected }
}

const ADVISORIES: &[Advisory] = &[
    // TLS, certificates, cryptography
    faulty("RUSTSEC-2026-0049", "rustls-webpki", "<0.103.10"),
    faulty("RUSTSEC-2026-0098", "rustls-webpki", "<0.103.12"),
    faulty("RUSTSEC-2026-0099", "rustls-webpki", "<0.103.12"),
    faulty("RUSTSEC-2026-0104", "rustls-webpki", "<0.103.13"),
    faulty("RUSTSEC-2026-0382", "rustls-webpki", "<0.103.16"),
    faulty("RUSTSEC-2026-0381", "webpki-roots", "<1.0.10"),
    faulty("RUSTSEC-2026-0383", "webpki-root-certs", "<1.0.10"),
    faulty("RUSTSEC-2026-0285", "rustls", "<0.23.45"),
    faulty("RUSTSEC-2024-0399", "rustls", ">=0.23.13, <0.23.18"),
    faulty("RUSTSEC-2024-0336", "rustls", "<0.21.11 || >=0.22.0, <0.22.4 || >=0.23.0, <0.23.5"),
    faulty("RUSTSEC-2025-0134", "rustls-pemfile", "*"),
    faulty("RUSTSEC-2025-0009", "ring", "<0.17.12"),
    faulty("RUSTSEC-2023-0052", "webpki", "<0.22.2"),
    faulty("RUSTSEC-2023-0071", "rsa", "*"),
    faulty("RUSTSEC-2022-0093", "ed25519-dalek", "<2.0.0"),
    faulty("RUSTSEC-2024-0344", "curve25519-dalek", "<4.1.3"),
    // Run time, HTTP, bytes
    faulty("RUSTSEC-2025-0023", "tokio", "<1.38.2 || >=1.39.0, <1.42.1 || >=1.43.0, <1.43.1 || >=1.44.0, <1.44.2"),
    faulty("RUSTSEC-2026-0007", "bytes", ">=1.2.1, <1.11.1"),
    faulty("RUSTSEC-2026-0258", "h2", "<0.4.16"),
    faulty("RUSTSEC-2021-0078", "hyper", "<0.14.10"),
    faulty("RUSTSEC-2021-0079", "hyper", "<0.14.10"),
    faulty("RUSTSEC-2024-0421", "idna", "<1.0.0"),
    faulty("RUSTSEC-2025-0047", "slab", "=0.4.10"),
    faulty("RUSTSEC-2024-0019", "mio", ">=0.7.2, <0.8.11"),
    faulty("RUSTSEC-2026-0185", "quinn-proto", "<0.11.16"),
    // Foundations
    faulty("RUSTSEC-2026-0204", "crossbeam-epoch", "<0.9.20"),
    faulty("RUSTSEC-2025-0024", "crossbeam-channel", ">=0.5.12, <0.5.15"),
    faulty("RUSTSEC-2022-0041", "crossbeam-utils", "<0.8.7"),
    faulty("RUSTSEC-2026-0097", "rand", "<0.8.6 || >=0.9.0, <0.9.3 || =0.10.0"),
    faulty("RUSTSEC-2024-0402", "hashbrown", "=0.15.0"),
    faulty("RUSTSEC-2021-0003", "smallvec", "<1.6.1"),
    faulty("RUSTSEC-2020-0070", "lock_api", "<0.4.2"),
    faulty("RUSTSEC-2022-0006", "thread_local", "<1.1.4"),
    faulty("RUSTSEC-2022-0013", "regex", "<1.5.5"),
    faulty("RUSTSEC-2026-0009", "time", ">=0.3.6, <0.3.47"),
    faulty("RUSTSEC-2020-0071", "time", "<0.2.23"),
    faulty("RUSTSEC-2020-0159", "chrono", "<0.4.20"),
    faulty("RUSTSEC-2025-0055", "tracing-subscriber", "<0.3.20"),
    faulty("RUSTSEC-2021-0119", "nix", "<0.20.2 || >=0.21.0, <0.21.2 || =0.22.0"),
    faulty("RUSTSEC-2022-0090", "libsqlite3-sys", "<0.25.1"),
    faulty("RUSTSEC-2021-0128", "rusqlite", "<0.25.4 || >=0.26.0, <0.26.2"),
    faulty("RUSTSEC-2024-0363", "sqlx", "<0.8.1"),
    faulty("RUSTSEC-2026-0067", "tar", "<0.4.45"),
    faulty("RUSTSEC-2026-0068", "tar", "<0.4.45"),
    // No longer maintained
    faulty("RUSTSEC-2025-0057", "fxhash", "*"),
    faulty("RUSTSEC-2024-0384", "instant", "*"),
    faulty("RUSTSEC-2024-0436", "paste", "*"),
    faulty("RUSTSEC-2024-0375", "atty", "*"),
    faulty("RUSTSEC-2021-0139", "ansi_term", "*"),
    faulty("RUSTSEC-2024-0388", "derivative", "*"),
    faulty("RUSTSEC-2024-0370", "proc-macro-error", "*"),
    faulty("RUSTSEC-2024-0320", "yaml-rust", "*"),
    faulty("RUSTSEC-2025-0119", "number_prefix", "*"),
    faulty("RUSTSEC-2025-0141", "bincode", "*"),
    faulty("RUSTSEC-2025-0012", "backoff", "*"),
    faulty("RUSTSEC-2025-0056", "adler", "*"),
    faulty("RUSTSEC-2025-0068", "serde_yml", "*"),
    faulty("RUSTSEC-2021-0127", "serde_cbor", "*"),
    faulty("RUSTSEC-2020-0036", "failure", "*"),
];

impl Advisory {
    fn hits(&self, version: &Version) -> bool {
        self.affected
            .split("||")
            .any(|range| VersionReq::parse(range.trim()).expect("ranges in this table are ranges").matches(version))
    }
}

/// What is wrong with a lock file: faults nobody knew of, and known ones that are gone.
fn findings(lock: &Lock) -> Vec<String> {
    let hits: Vec<(&str, String)> = ADVISORIES
        .iter()
        .flat_map(|advisory| lock.foreign().map(move |package| (advisory, package)))
        .filter(|(advisory, package)| package.name == advisory.package && advisory.hits(&package.version))
        .map(|(advisory, package)| (advisory.id, format!("{} {}", package.name, package.version)))
        .collect();
    let unknown = hits.iter().filter(|(id, _)| KNOWN.iter().all(|known| known.id != *id));
    let gone = KNOWN.iter().filter(|known| hits.iter().all(|(id, _)| *id != known.id));
    unknown
        .map(|(id, package)| format!("{id} hits {package}: update it, or say in KNOWN why it does no harm"))
        .chain(gone.map(|known| format!("{} is gone; take it out of KNOWN ({})", known.id, known.because)))
        .collect()
}

#[test]
fn the_lock_file_has_the_known_faults_and_no_other() {
    let findings = findings(&lock());
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn a_planted_fault_is_found_and_so_is_one_that_went_away() {
    let package = |name: &str, version: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+x\"\n")
    };
    let known: String = KNOWN
        .iter()
        .map(|known| ADVISORIES.iter().find(|advisory| advisory.id == known.id).expect("known faults are in the table"))
        .map(|advisory| package(advisory.package, "0.102.8"))
        .collect();

    assert_eq!(findings(&Lock::of(&known)), Vec::<String>::new());
    let planted = findings(&Lock::of(&(known.clone() + &package("slab", "0.4.10"))));
    assert!(planted[0].starts_with("RUSTSEC-2025-0047 hits slab 0.4.10"), "{planted:?}");
    let gone = findings(&Lock::of(&known.replace("\"paste\"", "\"pasta\"")));
    assert!(gone[0].starts_with("RUSTSEC-2024-0436 is gone"), "{gone:?}");
}
