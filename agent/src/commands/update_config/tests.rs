//! The application's configuration on a real disk; the agent's own as far as no restart is needed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::config::AgentConfig;
use crate::testing::{Acts, Kept, command_context, underway};

struct Stage {
    folder: tempfile::TempDir,
    command: Box<dyn Act<Parameters = Parameters>>,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = AgentConfig::in_folder(folder.path().join("data"));
        settings.app.root = folder.path().join("neopro");
        let heard = folder.path().join("heard");
        let script = format!("echo $VIGIE_EVENT >> {}", heard.display());
        settings.app.hook_command = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
        std::fs::create_dir_all(folder.path().join("neopro/webapp")).unwrap();
        let context = command_context(settings, Arc::new(Acts::default()));
        Self { folder, command: Box::new(new(&Config::default(), &context)) }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("neopro/webapp/configuration.json")
    }

    async fn put(&self, text: &str) -> Result<Answer, Failure> {
        let parameters = Parameters { target: ConfigTarget::App, configuration: text.to_owned() };
        self.command.run(&parameters, &underway(Arc::new(Kept::default()))).await
    }
}

#[tokio::test]
async fn the_file_is_replaced_kept_aside_and_the_application_told_once() {
    let stage = Stage::new();
    std::fs::write(stage.file(), "{\"version\": \"0.9\"}").unwrap();
    std::fs::set_permissions(stage.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let text =
        r#"{"version":"1.0","categories":[{"id":"t","name":"T","videos":[{"name":"A","path":"a"}]}],"own":1.50}"#;

    let answer = stage.put(text).await.unwrap();

    let now = std::fs::read_to_string(stage.file()).unwrap();
    assert!(now.contains("\"own\": 1.50"), "{now}");
    assert_eq!(std::fs::metadata(stage.file()).unwrap().permissions().mode() & 0o777, 0o640);
    let value = answer.value.unwrap();
    assert_eq!(std::fs::read_to_string(value["backup"].as_str().unwrap()).unwrap(), "{\"version\": \"0.9\"}");
    assert_eq!(stage.put(text).await.unwrap().text, "the application has this configuration already");
    let heard = std::fs::read_to_string(stage.folder.path().join("heard")).unwrap();
    assert_eq!(heard, "configuration_updated\n");
}

#[tokio::test]
async fn what_the_application_could_not_read_is_refused_by_its_place_and_changes_nothing() {
    let stage = Stage::new();
    std::fs::write(stage.file(), "{}").unwrap();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(500), "]".repeat(500));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2 << 20));
    for (text, reason) in [
        ("[]", "an object"),
        ("{\"categories\": {}}", "`categories` is not a list"),
        ("{\"categories\": [{\"videos\": [1]}]}", "`categories[0].videos[0]`"),
        ("{\"categories\": [{\"subCategories\": [{\"videos\": 1}]}]}", "`categories[0].subCategories[0].videos`"),
        (&deep, "recursion limit"),
        (&large, "are the limit"),
    ] {
        let refused = stage.put(text).await.unwrap_err();
        assert!(matches!(&refused, Failure::Refused(said) if said.contains(reason)), "{refused:?}");
    }
    assert_eq!(std::fs::read_to_string(stage.file()).unwrap(), "{}");
    let dry = Parameters { target: ConfigTarget::App, configuration: "{\"a\":1}".to_owned() };
    assert!(stage.command.dry_run(&dry).await.unwrap().text.contains("would be kept aside and replaced"));
    assert_eq!(std::fs::read_to_string(stage.file()).unwrap(), "{}");
}

#[tokio::test]
async fn an_agent_inside_another_program_refuses_settings_and_one_without_a_hub_waits() {
    let stage = Stage::new();
    let agent = Parameters { target: ConfigTarget::Agent, configuration: "{\"log\":\"debug\"}".to_owned() };
    let refused = stage.command.dry_run(&agent).await.unwrap_err();
    assert!(matches!(refused, Failure::Refused(_)), "{refused:?}");
    assert!(stage.command.hold(&agent).is_some());
    assert_eq!(stage.command.hold(&Parameters { target: ConfigTarget::App, ..agent }), None);
}
