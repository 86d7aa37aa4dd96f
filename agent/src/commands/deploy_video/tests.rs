//! Deployments from servers and onto disks of every kind.

use std::path::Path;

use serde_json::Value;

use super::*;
use crate::config::AgentConfig;
use crate::digest::Hasher;
use crate::download::tests::{Asked, Given, Server};
use crate::testing::{Acts, Kept, command_context, underway};

const TAG: &str = "\"one\"";

struct Scene {
    folder: tempfile::TempDir,
    settings: AgentConfig,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = AgentConfig::in_folder(folder.path().join("data"));
        settings.app.root = folder.path().join("neopro");
        settings.commands.deploy_video.allowed_hosts =
            vec!["http://127.0.0.1".to_owned(), "*".to_owned()].try_into().unwrap();
        settings.commands.deploy_video.free_bytes_min = 0;
        std::fs::create_dir_all(settings.app.root.join("webapp")).unwrap();
        std::fs::create_dir_all(&settings.data).unwrap();
        Self { folder, settings }
    }

    fn act(&self) -> impl Act<Parameters = Parameters> + use<> {
        let context = command_context(self.settings.clone(), Arc::new(Acts::default()));
        new(&self.settings.commands.deploy_video, &context)
    }

    async fn run(&self, parameters: &Parameters) -> Result<Answer, Failure> {
        self.act().run(parameters, &underway(Arc::new(Kept::default()))).await
    }

    async fn refusal(&self, parameters: &Parameters) -> String {
        let failure = self.run(parameters).await.unwrap_err().to_string();
        let is_clean = |folder: &Path| !folder.exists() || std::fs::read_dir(folder).unwrap().count() == 0;
        assert!(is_clean(&self.settings.app.videos_folder()), "something was left: {failure}");
        failure
    }

    fn file(&self, path: &str) -> std::path::PathBuf {
        self.settings.app.root.join(path)
    }

    fn listed(&self) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.file("webapp/configuration.json")).unwrap()).unwrap()
    }
}

fn content() -> Vec<u8> {
    (0..300_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let mut hasher = Hasher::default();
    hasher.update(bytes);
    digest::text(&hasher.finish())
}

fn video(url: String) -> Parameters {
    Parameters {
        video_url: url,
        filename: "entrainement.mp4".to_owned(),
        original_name: Some("Entrainement passes.mp4".to_owned()),
        category: "Technique".to_owned(),
        subcategory: Some("Passes".to_owned()),
        video_id: None,
        duration_s: Some(154),
        size_bytes: None,
        sha256: None,
    }
}

fn whole(_: usize, asked: &Asked) -> Given {
    Given::content(asked, &content(), TAG)
}

const PLACE: &str = "videos/Technique/Passes/entrainement.mp4";

#[tokio::test]
async fn a_video_is_fetched_placed_listed_and_the_application_told() {
    let (mut scene, server) = (Scene::new(), Server::start(whole).await);
    let hook = Server::start(|_, _| Given::new("204 Heard", b"")).await;
    scene.settings.app.hook_url = Some(hook.url("/changed").try_into().unwrap());

    let answer = scene.run(&video(server.url("/videos/file.mp4"))).await.unwrap();

    assert_eq!(std::fs::read(scene.file(PLACE)).unwrap(), content());
    let listed = &scene.listed()["categories"][0]["subCategories"][0]["videos"][0];
    assert_eq!(*listed, json!({"name": "Entrainement passes", "path": PLACE, "type": "video/mp4"}));
    assert_eq!(answer.value.unwrap()["sha256"], sha256(&content()));
    assert_eq!(answer.text, format!("{PLACE} is deployed (1.1 MiB)"));
    let told = hook.asked();
    assert_eq!((told[0].method.as_str(), told[0].path.as_str()), ("POST", "/changed"));
    let beside = std::fs::read_dir(scene.file("videos/Technique/Passes")).unwrap().count();
    assert_eq!(beside, 1, "nothing passing is left");
}

#[tokio::test]
async fn a_link_cut_in_the_middle_costs_only_what_was_not_there_yet() {
    let scene = Scene::new();
    let server = Server::start(|number, asked| {
        let given = Given::content(asked, &content(), TAG);
        if number == 0 { given.cut(500_000) } else { given }
    })
    .await;

    scene.run(&video(server.url("/v.mp4"))).await.unwrap();

    assert_eq!(std::fs::read(scene.file(PLACE)).unwrap(), content());
    let asked = server.asked();
    assert_eq!((asked.len(), asked[1].offset()), (2, Some(500_000)));
    assert_eq!(asked[1].headers["if-range"], TAG);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_download_was() {
    let scene = Scene::new();
    let server = Server::start(|number, asked| {
        let given = Given::content(asked, &content(), TAG);
        if number == 0 {
            Given::new("200 OK\r\nContent-Length: 1200000\r\nETag: \"one\"", &given.body[..700_000])
        } else {
            given
        }
    })
    .await;
    let parameters = video(server.url("/v.mp4"));
    let (act, kept) = (scene.act(), Arc::new(Kept::default()));
    let first = underway(Arc::clone(&kept) as Arc<_>);
    // The agent stops when it has seen the link break.
    tokio::select! {
        ended = act.run(&parameters, &first) => panic!("{ended:?}"),
        () = kept.until(|kept| kept.lives().iter().any(|live| format!("{live:?}").contains("waiting: "))) => {}
    }
    drop(act);

    let again = scene.act();
    let past = Past { note: None, has_rebooted: true };
    assert_eq!(again.settle(&parameters, &past, &first).await, Settled::Again);
    again.run(&parameters, &first).await.unwrap();

    assert_eq!(std::fs::read(scene.file(PLACE)).unwrap(), content());
    assert_eq!(server.asked().last().unwrap().offset(), Some(700_000));
}

#[tokio::test]
async fn another_content_under_the_same_address_begins_anew() {
    let scene = Scene::new();
    let server = Server::start(|number, asked| {
        let given = Given::content(asked, &content(), if number == 0 { TAG } else { "\"two\"" });
        if number == 0 { given.cut(500_000) } else { given }
    })
    .await;
    scene.run(&video(server.url("/v.mp4"))).await.unwrap();
    assert_eq!(std::fs::read(scene.file(PLACE)).unwrap(), content());
}

#[tokio::test]
async fn a_part_that_lies_is_noticed_by_the_hash_and_fetched_whole() {
    let scene = Scene::new();
    let server = Server::start(|number, asked| {
        let mut lying = content();
        if number == 0 {
            lying[7] ^= 1;
        }
        let given = Given::content(asked, &lying, TAG);
        if number == 0 { given.cut(500_000) } else { given }
    })
    .await;
    let parameters = Parameters { sha256: Some(sha256(&content())), ..video(server.url("/v.mp4")) };
    let (act, kept) = (scene.act(), Arc::new(Kept::default()));
    let first = underway(Arc::clone(&kept) as Arc<_>);
    tokio::select! {
        _ = act.run(&parameters, &first) => panic!("it waits first"),
        () = kept.until(|kept| kept.lives().iter().any(|live| format!("{live:?}").contains("waiting: "))) => {}
    }
    scene.run(&parameters).await.unwrap();
    assert_eq!(std::fs::read(scene.file(PLACE)).unwrap(), content());
}

#[tokio::test]
async fn what_is_there_by_its_hash_is_not_fetched_again() {
    let (scene, server) = (Scene::new(), Server::start(whole).await);
    let parameters = Parameters { sha256: Some(sha256(&content())), ..video(server.url("/v.mp4")) };
    scene.run(&parameters).await.unwrap();
    let again = scene.run(&parameters).await.unwrap();
    assert_eq!((server.asked().len(), again.value.unwrap()["fetched"].clone()), (1, json!(false)));
    assert_eq!(scene.listed()["categories"][0]["subCategories"][0]["videos"].as_array().unwrap().len(), 1);
    std::fs::write(scene.file(PLACE), "spoilt").unwrap();
    scene.run(&parameters).await.unwrap();
    assert_eq!(std::fs::read(scene.file(PLACE)).unwrap(), content());
}

#[tokio::test]
async fn a_stop_between_placing_and_listing_is_settled_without_a_download() {
    let (scene, server) = (Scene::new(), Server::start(whole).await);
    let parameters = video(server.url("/v.mp4"));
    scene.run(&parameters).await.unwrap();
    std::fs::remove_file(scene.file("webapp/configuration.json")).unwrap();
    let note = Some(json!({ "sha256": sha256(&content()) }));
    let past = Past { note, has_rebooted: false };
    let settled = scene.act().settle(&parameters, &past, &underway(Arc::new(Kept::default()))).await;
    assert!(matches!(settled, Settled::Ended(Ok(_))), "{settled:?}");
    assert_eq!((server.asked().len(), scene.listed()["categories"][0]["name"].clone()), (1, json!("Technique")));
}

#[tokio::test]
async fn what_is_wrong_with_the_content_ends_clearly_and_leaves_nothing() {
    let (mut scene, server) = (Scene::new(), Server::start(whole).await);
    let url = || server.url("/v.mp4");
    let wrong_hash = Parameters { sha256: Some("ab".repeat(32)), ..video(url()) };
    assert!(scene.refusal(&wrong_hash).await.contains("another SHA-256"));
    let wrong_size = Parameters { size_bytes: Some(5), ..video(url()) };
    assert!(scene.refusal(&wrong_size).await.contains("the command says 5"));
    scene.settings.commands.deploy_video.max_download_size = 1_000_000;
    assert!(scene.refusal(&video(url())).await.contains("limit of this box"));
    let huge = Parameters { size_bytes: Some(2_000_000), ..video(url()) };
    assert!(scene.refusal(&huge).await.contains("limit of this box"));
    scene.settings.commands.deploy_video.max_download_size = 1 << 30;
    scene.settings.commands.deploy_video.free_bytes_min = u64::MAX;
    assert!(scene.refusal(&video(url())).await.contains("the disk has no room: 1.1 MiB more are needed"));
}

#[tokio::test]
async fn servers_that_mean_no_good_end_clearly_and_leave_nothing() {
    let mut scene = Scene::new();
    scene.settings.commands.deploy_video.max_download_size = 1_000_000;
    let endless = vec![7; 2_000_000];
    for (head, body, reason) in [
        ("404 No\r\nContent-Length: 0", &b""[..], "does not have it"),
        ("200 OK\r\nContent-Length: 10\r\nContent-Encoding: gzip", b"0123456789", "compressed"),
        ("200 OK", &endless, "limit of this box"),
        ("302 There\r\nLocation: https://127.0.0.2/x\r\nContent-Length: 0", b"", "private network"),
        ("302 There\r\nLocation: ftp://127.0.0.1/x\r\nContent-Length: 0", b"", "only https://"),
        ("302 There\r\nLocation: file:///etc/passwd\r\nContent-Length: 0", b"", "refused"),
        ("302 There\r\nLocation: /again\r\nContent-Length: 0", b"", "more than 5 times"),
    ] {
        let body = body.to_vec();
        let server = Server::start(move |_, _| Given::new(head, &body)).await;
        let failure = scene.refusal(&video(server.url("/v.mp4"))).await;
        assert!(failure.contains(reason), "{head}: {failure}");
    }
    let to_localhost = video("https://localhost:9/x".to_owned());
    assert!(scene.refusal(&to_localhost).await.contains("private network"));
}

#[tokio::test]
async fn what_a_command_may_not_ask_is_refused_before_anything_is_done() {
    let (scene, server) = (Scene::new(), Server::start(whole).await);
    let ok = || video(server.url("/v.mp4"));
    for (parameters, reason) in [
        (Parameters { filename: "../../x.mp4".to_owned(), ..ok() }, "another folder"),
        (Parameters { category: "/etc".to_owned(), ..ok() }, "another folder"),
        (Parameters { subcategory: Some("..".to_owned()), ..ok() }, "another folder"),
        (Parameters { filename: "app.js".to_owned(), ..ok() }, "does not end like a video"),
        (Parameters { sha256: Some("xyz".to_owned()), ..ok() }, "64 hexadecimal"),
        (video("ftp://server/x".to_owned()), "only https://"),
        (video("https://10.0.0.1/x".to_owned()), "private network"),
        (video("/../x".to_owned()), "neither an address"),
    ] {
        let failure = scene.refusal(&parameters).await;
        assert!(failure.contains(reason), "{failure}");
    }
    std::fs::write(scene.file("webapp/configuration.json"), "{ damaged").unwrap();
    assert!(scene.refusal(&ok()).await.contains("it is damaged, line 1"));
    assert_eq!(std::fs::read_to_string(scene.file("webapp/configuration.json")).unwrap(), "{ damaged");
    assert_eq!(server.asked().len(), 0);
    std::fs::remove_dir_all(scene.folder.path().join("neopro")).unwrap();
    assert!(scene.refusal(&ok()).await.contains("no application on this box"));
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_does_nothing() {
    let (scene, server) = (Scene::new(), Server::start(whole).await);
    let answer = scene.act().dry_run(&video(server.url("/v.mp4"))).await.unwrap();
    let value = answer.value.unwrap();
    assert_eq!((value["bytes"].as_u64(), &value["replaces"]), (Some(1_200_000), &json!(false)));
    assert!(value["free_bytes"].as_u64().unwrap() > 0);
    assert!(server.asked().iter().all(|asked| asked.method == "HEAD"));
    assert!(!scene.file("videos").exists() && !scene.file("webapp/configuration.json").exists());

    scene.run(&video(server.url("/v.mp4"))).await.unwrap();
    let known = Parameters { sha256: Some(sha256(&content())), ..video(server.url("/v.mp4")) };
    let there = scene.act().dry_run(&known).await.unwrap().value.unwrap();
    assert_eq!((&there["already_there"], &there["replaces"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn an_application_that_does_not_listen_is_a_warning() {
    let (mut scene, server) = (Scene::new(), Server::start(whole).await);
    let deaf = Server::start(|_, _| Given::new("500 No\r\nContent-Length: 0", b"")).await;
    scene.settings.app.hook_url = Some(deaf.url("/changed").try_into().unwrap());
    let answer = scene.run(&video(server.url("/v.mp4"))).await.unwrap();
    assert!(answer.text.contains("warning: the application was not told"), "{}", answer.text);
}
