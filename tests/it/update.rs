//! Updates with the real programs: packages are signed away from the hub, fetched by the box, proved or taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vigie_tests::packages::player;
use vigie_tests::processes::{BoxProcess, HubProcess, binary, wait_for};

struct Stage {
    hub: HubProcess,
    one: BoxProcess,
    folder: tempfile::TempDir,
}

impl Stage {
    /// A hub, a release key, and a box with a player whose health check wants the word `well` in its file.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut hub = HubProcess::new(folder.path()).unwrap();
        hub.start().await.unwrap();
        let mut one = BoxProcess::enrol(&hub, "upd01", folder.path()).await.unwrap();
        let stage = |name: &str| folder.path().join(name);
        for (name, content) in [("player/app/state", "well 1.0.0"), ("player/app/configuration.json", "owner's")] {
            std::fs::create_dir_all(stage("player/app")).unwrap();
            std::fs::write(stage(name), content).unwrap();
        }
        std::fs::create_dir(stage("keys")).unwrap();
        for key in ["ours", "theirs"] {
            hub.run_verb(&["release", "keygen", stage(key).to_str().unwrap()]).await.unwrap();
        }
        std::fs::copy(stage("ours.pub"), stage("keys/ours.pub")).unwrap();
        let settings = format!(
            "[collect.host]\nenabled = false\n[collect.lan]\nenabled = false\n[collect.leases]\nenabled = false\n\
             [commands.update_software]\nrelease_keys = {:?}\nallowed_hosts = []\n\
             [software.player]\nfolder = {:?}\nservices = [\"neopro-app\"]\nhealth_timeout = \"3s\"\n\
             health = [\"/bin/grep\", \"-q\", \"well\", {:?}]\npreserve = [\"videos\", \"app/configuration.json\"]\n",
            stage("keys"),
            stage("player"),
            stage("player/app/state"),
        );
        one.configure(&settings).unwrap();
        one.start_acting().unwrap();
        Self { hub, one, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Signs a package and adds it to the hub; the words of a command that installs it.
    async fn release(&self, (name, version): (&str, &str), content: &[u8], key: &str) -> Value {
        let package = self.path(&format!("{name}-{version}"));
        std::fs::write(&package, content).unwrap();
        let processor = if name == "player" { "any" } else { std::env::consts::ARCH };
        let (package, key) = (package.to_str().unwrap(), self.path(key));
        let words = ["release", "sign", package, "--key", key.to_str().unwrap(), "--name", name, "--version", version];
        self.hub.run_verb(&[&words[..], &["--processor", processor]].concat()).await.unwrap();
        let said = self.hub.run_verb(&["release", "add", package, "--json"]).await.unwrap();
        let made: Value = serde_json::from_str(&said).unwrap();
        json!({ "target": name, "updateUrl": made["path"], "version": version, "checksum": made["sha256"],
            "signature": made["signature"], "size": made["size_bytes"] })
    }

    async fn give(&self, data: &Value) -> String {
        let body = json!({ "type": "update_software", "data": data });
        let made = self.hub.post("/api/v1/sites/upd01/commands", &body).await.unwrap();
        made["id"].as_str().unwrap().to_owned()
    }

    /// How the command ended: its state and its sentence.
    async fn ended(&self, id: &str) -> (String, String) {
        let path = format!("/api/v1/sites/upd01/commands/{id}");
        let look = async || self.hub.get(&path).await.unwrap();
        wait_for("the end of the command", async || look().await["is_over"] == true).await.unwrap();
        let command = look().await;
        (command["state"].as_str().unwrap().to_owned(), command["detail"].as_str().unwrap_or_default().to_owned())
    }

    async fn update(&self, data: &Value) -> (String, String) {
        self.ended(&self.give(data).await).await
    }

    /// What the player's folder holds, without what is ours.
    fn player(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        collect(&self.path("player"), "", &mut files);
        files.retain(|name, _| !name.starts_with("/.vigie") && !name.starts_with("/backups"));
        files
    }

    fn acts(&self) -> String {
        std::fs::read_to_string(self.one.acts()).unwrap_or_default()
    }
}

fn collect(folder: &Path, name: &str, files: &mut BTreeMap<String, String>) {
    for entry in folder.read_dir().unwrap().flatten() {
        let name = format!("{name}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &name, files);
        } else {
            files.insert(name, std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owners_software_is_updated_or_stays_as_it_was() {
    let stage = Stage::new().await;
    let good = stage.release(("player", "2.0.0"), &player("2.0.0", "well"), "ours").await;
    let (state, detail) = stage.update(&good).await;
    assert_eq!(state, "succeeded", "{detail}");
    let installed = stage.player();
    assert_eq!(installed["/app/state"], "well 2.0.0");
    assert_eq!(installed["/app/configuration.json"], "owner's");
    assert_eq!(stage.acts().lines().count(), 2, "one stop, one start: {}", stage.acts());

    let sick = stage.release(("player", "3.0.0"), &player("3.0.0", "sick"), "ours").await;
    let foreign = stage.release(("player", "3.0.1"), &player("3.0.1", "well"), "theirs").await;
    let broken = stage.release(("player", "3.0.2"), b"no archive at all", "ours").await;
    let next = stage.release(("player", "4.0.0"), &player("4.0.0", "well"), "ours").await;
    let old = stage.release(("player", "1.9.0"), &player("1.9.0", "well"), "ours").await;
    let with = |key: &str, value: Value| {
        let mut data = next.clone();
        data[key] = value;
        data
    };
    for (data, state, expected) in [
        (sick, "rolled_back", "health check"),
        (foreign, "refused", "not from a trusted release key"),
        (broken, "failed", "cannot be unpacked"),
        (old, "refused", "older than 2.0.0"),
        (with("signature", Value::Null), "refused", "not signed"),
        (with("version", json!("9.0.0")), "refused", "not from a trusted release key"),
        (with("checksum", json!("0".repeat(64))), "failed", "another SHA-256"),
        (with("size", json!(5)), "failed", "the command says 5"),
        (with("updateUrl", json!("https://elsewhere.example/x")), "refused", "not on this box's list"),
        (with("updateUrl", json!(format!("/v1/releases/{}", "0".repeat(64)))), "failed", "404"),
        (with("target", json!("radio")), "refused", "no software of this box"),
    ] {
        let (ended, detail) = stage.update(&data).await;
        assert!(ended == state && detail.contains(expected), "{expected}: {ended} {detail}");
        assert_eq!(stage.player(), installed, "{expected}");
    }

    let words = ["update", "rollback", "--software", "player", "--json"];
    let refused = stage.one.run_verb(&words).await.unwrap_err().to_string();
    assert!(refused.contains("rolled_back") || refused.contains("does not answer"), "{refused}");
    assert_eq!(stage.player(), installed, "without root's part nothing changes");
    let listed = stage.one.run_verb(&["update", "list", "--json"]).await.unwrap();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed[1]["version"], &listed[1]["backups"]), (&json!("2.0.0"), &json!(["unknown"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_leaves_the_version_before_and_says_so() {
    let mut stage = Stage::new().await;
    let before = stage.player();
    let good = stage.release(("player", "2.0.0"), &player("2.0.0", "well"), "ours").await;
    std::fs::write(stage.one.hold(), "").unwrap();
    let id = stage.give(&good).await;
    let journal = stage.path("player/.vigie/journal");
    let is_stopping = async || std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("stopping"));
    wait_for("the services to be stopped", is_stopping).await.unwrap();

    stage.one.kill();
    std::fs::remove_file(stage.one.hold()).unwrap();
    stage.one.start_acting().unwrap();

    let (state, detail) = stage.ended(&id).await;
    assert_eq!(state, "rolled_back", "{detail}");
    assert_eq!(stage.player(), before);
    assert!(stage.acts().contains("start_unit"), "the service runs again: {}", stage.acts());
    let (state, detail) = stage.update(&good).await;
    assert_eq!(state, "succeeded", "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_hands_its_verified_update_over_and_ends() {
    let mut stage = Stage::new().await;
    let size = 4_u64 << 20;
    let content: Vec<u8> = (0..size).map(|number| (number % 251) as u8).collect();
    let unsigned = stage.release(("vigie-agent", "9.0.0"), &content, "theirs").await;
    let (state, detail) = stage.update(&unsigned).await;
    assert_eq!(state, "refused", "{detail}");

    let good = stage.release(("vigie-agent", "9.0.1"), &content, "ours").await;
    let written = written_bytes(stage.one.program().id());
    std::fs::write(stage.one.hold(), "").unwrap();
    let id = stage.give(&good).await;
    let package = stage.one.folder.join(format!("data/update/{id}"));
    let noted = stage.one.folder.join(format!("data/commands/book/{id}.json"));
    let is_handed_over = async || std::fs::read_to_string(&noted).is_ok_and(|text| text.contains("installing"));
    wait_for("the package to be handed over", is_handed_over).await.unwrap();
    assert_eq!(std::fs::read(&package).unwrap(), content);
    let written = written_bytes(stage.one.program().id()) - written;
    assert!(written <= size + size / 4, "the agent wrote {written} bytes for a package of {size}");
    std::fs::remove_file(stage.one.hold()).unwrap();

    wait_for("the agent to end", async || stage.one.program().ended().is_some()).await.unwrap();
    assert!(stage.acts().contains("install_agent"), "{}", stage.acts());
    // No guard put a new version in place here: the old one starts again, and says so.
    stage.one.start_acting().unwrap();
    let (state, detail) = stage.ended(&id).await;
    assert!(state == "failed" && detail.contains("was not put in place"), "{state} {detail}");
}

/// What a process has had written to its disk so far.
fn written_bytes(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/io")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap();
    line.parse().unwrap()
}

/// A single file, copied to a machine: its own command line replaces it, and puts it back.
#[test]
fn an_agent_without_a_package_replaces_its_own_program_and_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let keys = format!("data = {:?}\n[commands.update_software]\nrelease_keys = {:?}\n", path("data"), path("keys"));
    std::fs::write(path("agent.toml"), keys).unwrap();
    std::fs::create_dir(path("keys")).unwrap();
    let program = binary("vigie-agent").unwrap();
    std::fs::copy(&program, path("agent")).unwrap();
    // The same program with another hash: what follows its end is not loaded.
    let newer = [std::fs::read(&program).unwrap(), b"newer".to_vec()].concat();
    std::fs::write(path("newer"), &newer).unwrap();
    std::fs::write(path("broken"), newer.get(..10_000).unwrap()).unwrap();
    let hub = binary("vigie-hub").unwrap();
    for key in ["ours", "theirs"] {
        run(&hub, &["release", "keygen", &path(key)]).unwrap();
    }
    std::fs::copy(path("ours.pub"), path("keys/ours.pub")).unwrap();
    let sign = |file: &str, version: &str, key: &str| {
        let (file, key) = (path(file), path(key));
        let words = ["release", "sign", &file, "--key", &key, "--name", "vigie-agent", "--version", version];
        run(&hub, &[&words[..], &["--processor", std::env::consts::ARCH]].concat()).unwrap();
    };
    let agent = |words: &[&str]| run(path("agent").as_ref(), &[&["--config", &path("agent.toml")], words].concat());
    let size = || std::fs::metadata(path("agent")).unwrap().len();
    let (old_size, new_size) = (size(), newer.len() as u64);

    for (file, version, key, expected) in [
        ("newer", "9.0.0", "theirs", "not from a trusted release key"),
        ("newer", "0.0.1", "ours", "is older than"),
        ("broken", "9.0.0", "ours", "new program"),
    ] {
        sign(file, version, key);
        let refused = agent(&["update", "apply", &path(file)]).unwrap_err();
        assert!(refused.contains(expected), "{expected}: {refused}");
        assert_eq!(size(), old_size, "{expected}");
    }
    sign("newer", "9.0.0", "ours");
    let said = agent(&["update", "apply", &path("newer")]).unwrap();
    assert!(said.contains("update rollback"), "{said}");
    assert_eq!(size(), new_size);
    agent(&["update", "rollback", "--software", "agent"]).unwrap();
    assert_eq!(size(), old_size);
    assert!(agent(&["version"]).unwrap().starts_with("vigie-agent "));
}

/// What a program says, or why it did not do it.
fn run(program: &Path, words: &[&str]) -> Result<String, String> {
    let ended = std::process::Command::new(program).args(words).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if ended.status.success() { Ok(said(&ended.stdout)) } else { Err(said(&ended.stderr)) }
}
