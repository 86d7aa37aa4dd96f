//! Deletions, of what is there and of what is not.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::config::AgentConfig;
use crate::testing::{Acts, Kept, command_context, underway};

const LISTED: &str = r#"{"version":"1.0","categories":[{"id":"t","name":"Technique","videos":[],"subCategories":[
    {"id":"p","name":"Passes","videos":[{"name":"A","path":"videos/Technique/Passes/a.mp4","type":"video/mp4"}]}]}]}"#;

fn scene() -> (tempfile::TempDir, AgentConfig) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = AgentConfig::in_folder(folder.path().join("data"));
    settings.app.root = folder.path().join("neopro");
    std::fs::create_dir_all(settings.app.root.join("webapp")).unwrap();
    std::fs::create_dir_all(settings.app.root.join("videos/Technique/Passes")).unwrap();
    std::fs::write(settings.app.root.join("videos/Technique/Passes/a.mp4"), "video").unwrap();
    std::fs::write(settings.app.configuration_file(), LISTED).unwrap();
    (folder, settings)
}

fn act(settings: &AgentConfig) -> impl Act<Parameters = Parameters> + use<> {
    new(&Config::default(), &command_context(settings.clone(), Arc::new(Acts::default())))
}

fn video(filename: &str) -> Parameters {
    let subcategory = Some("Passes".to_owned());
    Parameters { filename: filename.to_owned(), category: "Technique".to_owned(), subcategory }
}

#[tokio::test]
async fn a_video_goes_with_its_entry_and_its_empty_folders_and_going_twice_is_no_failure() {
    let (_folder, settings) = scene();
    let underway = underway(Arc::new(Kept::default()));
    let dry = act(&settings).dry_run(&video("a.mp4")).await.unwrap();
    assert_eq!(dry.value.unwrap()["freed_bytes"], 5);

    let answer = act(&settings).run(&video("a.mp4"), &underway).await.unwrap();

    assert_eq!(answer.text, "videos/Technique/Passes/a.mp4 was deleted (5B)");
    assert!(settings.app.videos_folder().exists() && !settings.app.videos_folder().join("Technique").exists());
    let listed: Value =
        serde_json::from_str(&std::fs::read_to_string(settings.app.configuration_file()).unwrap()).unwrap();
    assert_eq!(listed["categories"][0]["subCategories"][0]["videos"], json!([]));
    assert_eq!(listed["version"], "1.0");

    let again = act(&settings).run(&video("a.mp4"), &underway).await.unwrap();
    assert_eq!(again.text, "videos/Technique/Passes/a.mp4 was not there");
}

#[tokio::test]
async fn nothing_but_a_video_of_the_library_can_be_deleted() {
    let (folder, settings) = scene();
    std::fs::write(folder.path().join("secret.mp4"), "secret").unwrap();
    std::os::unix::fs::symlink(
        folder.path().join("secret.mp4"),
        settings.app.videos_folder().join("Technique/Passes/l.mp4"),
    )
    .unwrap();
    let underway = underway(Arc::new(Kept::default()));
    for bad in ["../../../../secret.mp4", "/etc/x.mp4", "configuration.json", "l.mp4"] {
        assert!(act(&settings).run(&video(bad), &underway).await.is_err(), "{bad}");
    }
    assert!(folder.path().join("secret.mp4").exists());
    let outside = Parameters { category: "..".to_owned(), ..video("secret.mp4") };
    assert!(matches!(act(&settings).run(&outside, &underway).await, Err(Failure::Refused(_))));
}
