//! Registering with an account: what a person at the box may do with a password, and what the hub makes of what they say.

use serde_json::Value;
use vigie_agent::identity::enrol::{self, Account, Registered};
use vigie_hub::login::password;
use vigie_hub::store::accounts::{self, Role};
use vigie_hub::store::{Accounts as _, Diary as _, Sessions as _, Sites as _};
use vigie_shared::about::About;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::enrol::{BoxFacts, Said};
use vigie_shared::id::SiteId;
use vigie_shared::token::EnrolToken;
use vigie_tests::border::{Border, BorderConfig};
use vigie_tests::processes::{BoxProcess, HubProcess, wait_for};

const PASSWORD: &str = "correct horse battery";

fn now_ms() -> i64 {
    SystemClock::new(|| true).wall_ms()
}

/// A hub with an operator and somebody who may only look.
async fn scene() -> Border {
    let border = Border::start(BorderConfig::default()).await.unwrap();
    let password_hash = password::hash(PASSWORD).unwrap();
    for (name, role) in [("lea@club.example", Role::Operator), ("max@club.example", Role::Viewer)] {
        let account = accounts::Account {
            name: name.to_owned(),
            password_hash: password_hash.clone(),
            role,
            created_ms: 1,
            person: None,
            email: None,
        };
        border.sites.put_account(&account).await.unwrap();
    }
    border
}

fn account(border: &Border, name: &str, password: &str) -> Account {
    Account {
        hub: border.https.to_string(),
        ca_sha256: Some(border.pki.ca_sha256()),
        name: name.to_owned(),
        password: password.to_owned(),
        site: None,
        zone: Some("Europe/Paris".to_owned()),
    }
}

fn said(name: &str, club: &str) -> Said {
    let about = About { club: club.to_owned(), tags: vec!["futsal".to_owned()], ..About::default() };
    Said { name: name.to_owned(), about }
}

fn facts(model: &str) -> BoxFacts {
    BoxFacts { model: model.to_owned(), os: "Debian 12".to_owned(), ..BoxFacts::default() }
}

async fn register(account: Account, said: Said) -> Result<Registered, String> {
    let registered = enrol::register_as(account, said, facts("Raspberry Pi 4"), now_ms()).await;
    registered.map_err(|error| format!("{error:#}"))
}

async fn site(border: &Border, id: &str) -> Option<vigie_hub::store::sites::Site> {
    border.sites.site(&id.parse::<SiteId>().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_password_makes_the_site_and_its_box() {
    let border = scene().await;
    let lea = account(&border, "lea@club.example", PASSWORD);

    let registered = register(lea, said("Site Rennes", "Rennes FC")).await.unwrap();

    assert_eq!(registered.taken, ["name", "club", "tags"]);
    assert_eq!(registered.identity.site.as_str(), "siterennes");
    let known = site(&border, "siterennes").await.unwrap();
    assert_eq!((known.name.as_str(), known.zone.as_str()), ("Site Rennes", "Europe/Paris"));
    assert_eq!((known.about.club.as_str(), known.machine.model.as_str()), ("Rennes FC", "Raspberry Pi 4"));
    assert_eq!(
        enrol::hub_time(&registered.identity, now_ms()).await.map(|_| ()).map_err(|error| error.to_string()),
        Ok(())
    );
    let kinds: Vec<String> = border.sites.entries(None, 9).await.unwrap().into_iter().map(|one| one.kind).collect();
    assert_eq!(kinds, ["box_registered", "site_added"]);
    assert!(border.sites.sessions(None).await.unwrap().is_empty(), "no session arises");

    let again = register(account(&border, "lea@club.example", PASSWORD), said("Site Rennes", "")).await.unwrap_err();
    assert!(again.contains("--site siterennes"), "a shared name needs a word: {again}");
    let meant = Account { site: Some("siterennes".parse().unwrap()), ..account(&border, "lea@club.example", PASSWORD) };
    let taken = register(meant, said("Other", "Other")).await.unwrap().taken;
    assert!(taken.is_empty(), "what is known stays: {taken:?}");

    enrol::tell_facts(&registered.identity, &facts("Raspberry Pi 5"), now_ms()).await.unwrap();
    assert_eq!(site(&border, "siterennes").await.unwrap().machine.model, "Raspberry Pi 5");
    border.sites.revoke_site(&registered.identity.site, now_ms()).await.unwrap();
    assert!(enrol::tell_facts(&registered.identity, &facts("x"), now_ms()).await.is_err());
    let revoked =
        Account { site: Some("siterennes".parse().unwrap()), ..account(&border, "lea@club.example", PASSWORD) };
    assert!(register(revoked, Said::default()).await.unwrap_err().contains("revoked"));
    border.lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_password_the_right_or_a_good_request_nothing_is_made() {
    let border = scene().await;
    let wrong = register(account(&border, "lea@club.example", "guess"), said("A", "")).await.unwrap_err();
    let nobody = register(account(&border, "nobody@club.example", PASSWORD), said("A", "")).await.unwrap_err();
    assert_eq!(wrong, nobody, "who guesses learns nothing");
    assert!(wrong.contains("account or its password is wrong"), "{wrong}");
    let viewer = register(account(&border, "max@club.example", PASSWORD), said("A", "")).await.unwrap_err();
    assert!(viewer.contains("may only look"), "{viewer}");
    let lea = || account(&border, "lea@club.example", PASSWORD);
    assert!(register(lea(), Said::default()).await.unwrap_err().contains("--name"));
    assert!(register(lea(), said("A", "a\nb")).await.unwrap_err().contains("`club`"));
    assert!(register(lea(), said(&"x".repeat(81), "")).await.unwrap_err().contains("`name`"));
    let mars = Account { zone: Some("Mars/Olympus".to_owned()), ..lea() };
    assert!(register(mars, said("A", "")).await.unwrap_err().contains("`zone`"));
    assert!(border.sites.sites().await.unwrap().is_empty());
    assert!(border.sites.certificates().await.unwrap().is_empty());

    for _ in 0..5 {
        register(account(&border, "lea@club.example", "guess"), said("A", "")).await.unwrap_err();
    }
    let limited = register(lea(), said("A", "")).await.unwrap_err();
    assert!(limited.contains("too many"), "{limited}");
    border.lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_does_not_prove_who_it_is_never_hears_the_password() {
    let border = scene().await;
    let public = Account { ca_sha256: None, ..account(&border, "lea@club.example", "guess") };
    let foreign = Account { ca_sha256: Some([7; 32]), ..account(&border, "lea@club.example", "guess") };
    assert!(register(public, said("A", "")).await.is_err(), "the internet does not vouch for this hub");
    let told = register(foreign, said("A", "")).await.unwrap_err();
    assert!(told.contains("does not show the CA"), "{told}");
    // Every attempt that the hub hears counts: five are free, and none of them is used up.
    for _ in 0..4 {
        register(account(&border, "lea@club.example", "guess"), said("A", "")).await.unwrap_err();
    }
    register(account(&border, "lea@club.example", PASSWORD), said("A1", "")).await.unwrap();
    border.lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_token_what_an_administrator_set_stays_and_a_slip_costs_nothing() {
    let border = scene().await;
    border.add_box("rennes01").await.unwrap();
    let was = site(&border, "rennes01").await.unwrap();
    let mut set = was.clone();
    set.about.club = "Set by hand".to_owned();
    border.sites.describe_site(&was, &set).await.unwrap();
    let (secret, expires_ms) = ([9; 16], now_ms() + 60_000);
    border.permit("rennes01", secret, expires_ms).await.unwrap();
    let (hub, ca_sha256, site_id) = (border.https.to_string(), border.pki.ca_sha256(), "rennes01".parse().unwrap());
    let token = EnrolToken { hub, ca_sha256, site: site_id, secret, expires_ms };

    let slip = enrol::register(&token, said("A", &"x".repeat(81)), facts(""), now_ms()).await.unwrap_err();
    assert!(format!("{slip:#}").contains("`club`"), "{slip:#}");
    let registered = enrol::register(&token, said("Rennes", "Other"), facts("PC"), now_ms()).await.unwrap();

    assert_eq!(registered.taken, ["name", "tags"]);
    let known = site(&border, "rennes01").await.unwrap();
    assert_eq!((known.name.as_str(), known.about.club.as_str()), ("Rennes", "Set by hand"));
    border.lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_lines_register_a_box_with_an_account_and_show_its_site() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let user = hub.run_verb(&["user", "add", "lea@club.example", "--role", "operator", "--json"]).await.unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, read(user)["password"].as_str().unwrap()).unwrap();
    let door = read(hub.run_verb(&["site", "door", "--json"]).await.unwrap());
    let (address, fingerprint) = (door["hub"].as_str().unwrap(), door["fingerprint"].as_str().unwrap());
    let conf = folder.path().join("site.conf");
    std::fs::write(&conf, "SITE_NAME=Site Rennes\nCLUB_NAME=Rennes FC\nLOCATION_CITY=Rennes\nSPORTS=football,futsal\n")
        .unwrap();
    let mut one = BoxProcess::unregistered("fresh", folder.path()).unwrap();
    let (file, conf) = (file.to_str().unwrap(), conf.to_str().unwrap());
    let account = ["register", "--hub", address, "--user", "lea@club.example", "--password-file", file];

    let refused = one.run_verb(&[&account[..], &["--name", "A"]].concat()).await.unwrap_err().to_string();
    assert!(!refused.contains("refused:"), "without a fingerprint the hub hears nothing: {refused}");
    let words = ["--fingerprint", fingerprint, "--from-site-conf", conf, "--tag", "hall", "--json"];
    let said = read(one.run_verb(&[&account[..], &words[..]].concat()).await.unwrap());
    assert_eq!((&said["site"], said["taken"].as_array().unwrap().len()), (&"siterennes".into(), 4), "{said}");

    one.start().unwrap();
    wait_for("the box", async || one.is_connected()).await.unwrap();
    let shown = hub.run_verb(&["site", "show", "siterennes"]).await.unwrap();
    for part in ["Site Rennes (siterennes)", "Rennes FC", "hall"] {
        assert!(shown.contains(part), "{part} is missing in:\n{shown}");
    }
    hub.run_verb(&["site", "set", "siterennes", "--club", "Stade", "--note", "ring twice"]).await.unwrap();
    let list = read(hub.run_verb(&["site", "list", "--tag", "HALL", "--json"]).await.unwrap());
    assert_eq!(
        (&list["items"][0]["about"]["club"], &list["items"][0]["about"]["note"]),
        (&"Stade".into(), &"ring twice".into())
    );
}
