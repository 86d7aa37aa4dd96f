//! Sneakernet: a box that is cut off writes a stick, the hub imports it, and whatever happens, every punch counts once.

use std::path::{Path, PathBuf};

use serde_json::Value;
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};
use vigie_tests::punches::{compare, listed};
use vigie_tests::stored::Stored;

/// The site's box wrote so many punches that an export has many pieces.
const PUNCHES: usize = 300;

struct Site {
    hub: HubProcess,
    victim: BoxProcess,
    stick: PathBuf,
}

impl Site {
    /// A box that was cut off and then switched off, with a stick full of what waited, and its hub.
    async fn cut_off(folder: &Path) -> Self {
        let mut hub = HubProcess::new(folder).unwrap();
        hub.start().await.unwrap();
        let mut victim = BoxProcess::enrol(&hub, "stick01", folder).await.unwrap();
        victim.start_punching().unwrap();
        wait_for("a connection", async || victim.is_connected()).await.unwrap();
        hub.kill();
        let punched = || listed(&victim.list()).unwrap().values().map(|one| one.durable.len()).sum::<usize>();
        let before = punched();
        wait_for("punches of the outage", async || punched() > before + PUNCHES).await.unwrap();
        let stick = folder.join("stick.vigie");
        let said = victim.run_verb(&["queue", "export", &text(&stick)]).await.unwrap();
        assert!(said.contains("sealed"), "{said}");
        assert!(!folder.join("stick.vigie.part").exists());
        victim.kill();
        hub.start().await.unwrap();
        Self { hub, victim, stick }
    }

    async fn import(&self, words: &[&str], stick: &Path) -> anyhow::Result<Value> {
        let stick = text(stick);
        let words: Vec<&str> = ["--json", "import"].into_iter().chain(words.iter().copied()).chain([&*stick]).collect();
        Ok(serde_json::from_str(&self.hub.run_verb(&words).await?)?)
    }
}

fn text(path: &Path) -> String {
    path.to_str().expect("the folder's name is text").to_owned()
}

fn sum(imported: &Value, what: &str) -> u64 {
    imported["lanes"].as_array().unwrap().iter().map(|lane| lane[what].as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_by_stick_counts_once_and_the_box_forgets_it_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::cut_off(folder.path()).await;

    let would = site.import(&["--dry-run"], &site.stick).await.unwrap();
    assert!(sum(&would, "new") >= PUNCHES as u64, "{would}");
    let brought = site.import(&[], &site.stick).await.unwrap();
    assert_eq!(sum(&brought, "new"), sum(&would, "new"), "a dry run takes nothing and says what comes");
    let again = site.import(&[], &site.stick).await.unwrap();
    assert_eq!((sum(&again, "new"), sum(&again, "lost")), (0, 0));
    assert_eq!(sum(&again, "held"), sum(&brought, "new") + sum(&brought, "held"));

    let diary = site.hub.get("/api/v1/diary").await.unwrap().to_string();
    assert_eq!(diary.matches("\"records_imported\"").count(), 1, "{diary}");

    // Its queue still holds what the stick brought; the receipts empty it.
    site.victim.drain().await.unwrap();
    assert!(site.hub.program().stop().await.unwrap(), "{}", site.hub.program().said());
    let stored = Stored::open(&folder.path().join("data")).unwrap();
    let held = stored.punches(&site.victim.site).await.unwrap();
    assert!(compare(&listed(&site.victim.list()).unwrap(), &held).unwrap() > PUNCHES);
    assert_eq!(stored.gaps(&site.victim.site).await.unwrap(), [], "nothing is named as lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stick_that_comes_late_changes_nothing_for_a_box_that_is_connected() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::cut_off(folder.path()).await;
    site.victim.start_punching().unwrap();
    wait_for("the box to be back", async || site.victim.is_connected()).await.unwrap();
    site.import(&[], &site.stick).await.unwrap();
    site.victim.kill();
    site.victim.drain().await.unwrap();
    let late = site.import(&[], &site.stick).await.unwrap();
    assert_eq!((sum(&late, "new"), sum(&late, "lost")), (0, 0));
    assert!(late["lanes"].as_array().unwrap().iter().all(|lane| lane["refused"].is_null()), "{late}");

    assert!(site.hub.program().stop().await.unwrap(), "{}", site.hub.program().said());
    let stored = Stored::open(&folder.path().join("data")).unwrap();
    let held = stored.punches(&site.victim.site).await.unwrap();
    assert!(compare(&listed(&site.victim.list()).unwrap(), &held).unwrap() > PUNCHES);
    assert_eq!(stored.gaps(&site.victim.site).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn sticks_that_are_cut_changed_foreign_or_of_a_revoked_box_harm_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::cut_off(folder.path()).await;
    let whole = std::fs::read(&site.stick).unwrap();
    let bad = folder.path().join("bad.vigie");
    let said = async |site: &Site, bytes: &[u8]| {
        std::fs::write(&bad, bytes).unwrap();
        site.import(&[], &bad).await.unwrap_err().to_string()
    };

    assert!(said(&site, &vec![0xa5; 1 << 20]).await.contains("not an export"));
    assert!(said(&site, &[&[40, 0, 0, 0, 1, 0][..], &[7; 100]].concat()).await.contains("not sealed"));
    let mut forged = whole.clone();
    forged[60] ^= 1;
    assert!(!said(&site, &forged).await.contains("\"new\""), "a changed cover brings nothing");

    // The rest is said, and what is whole came in: both at once, so the verb's exit code says that something is missing.
    let cut = said(&site, &whole[..whole.len() / 2]).await;
    assert!(cut.contains("cut off"), "{cut}");
    let mut flipped = whole.clone();
    let middle = whole.len() * 3 / 4;
    flipped[middle] ^= 4;
    assert!(said(&site, &flipped).await.contains("cannot be read to its end"));

    // Another hub's.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut other = HubProcess::new(elsewhere.path()).unwrap();
    other.start().await.unwrap();
    let refused = other.run_verb(&["import", &text(&site.stick)]).await.unwrap_err().to_string();
    assert!(refused.contains("another hub"), "{refused}");
    other.kill();

    // A box that was revoked: only on demand, and then what the pieces above did not bring.
    site.hub.post("/api/v1/sites/stick01/revoke", &Value::Null).await.unwrap();
    let revoked = site.import(&[], &site.stick).await.unwrap_err().to_string();
    assert!(revoked.contains("--force"), "{revoked}");
    let forced = site.import(&["--force"], &site.stick).await.unwrap();
    assert_eq!(forced["trouble"], Value::Null);
    assert!(site.hub.program().stop().await.unwrap(), "{}", site.hub.program().said());
    let stored = Stored::open(&folder.path().join("data")).unwrap();
    let held = stored.punches(&site.victim.site).await.unwrap();
    let list = listed(&site.victim.list()).unwrap();
    for (terminal, numbers) in &held {
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{terminal} has a punch twice");
        assert!(numbers.iter().all(|number| list[terminal].attempted.contains(number)));
    }
    assert!(held.values().map(Vec::len).sum::<usize>() >= PUNCHES);
    assert_eq!(stored.gaps(&site.victim.site).await.unwrap(), []);
}
