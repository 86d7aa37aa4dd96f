//! A hub as its own process sends mail as an owner sets it up: TLS, a login, templates, recipients.

use vigie_hub::mail::letters::samples;
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::processes::{HubProcess, wait_for};
use vigie_tests::smtp::{Privacy, Setup, SmtpServer};

/// The login, with the password as Google shows those made for programs.
const LOGIN: (&str, &str) = ("vigie@example.org", "abcdefghijklmnop");
const SHOWN: &str = "abcd efgh ijkl mnop\n";

/// A server, and a hub that was told of it.
async fn scene(setup: Setup, more: &str) -> (SmtpServer, HubProcess, tempfile::TempDir, Lifecycle) {
    let (folder, lifecycle) = (tempfile::tempdir().unwrap(), Lifecycle::new());
    let security = match setup.privacy {
        Privacy::None => "none",
        Privacy::Starttls => "starttls",
        Privacy::Tls => "tls",
    };
    let server = SmtpServer::start(setup, &lifecycle).await.unwrap();
    std::fs::write(folder.path().join("ca.pem"), &server.ca_pem).unwrap();
    std::fs::write(folder.path().join("password"), SHOWN).unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    hub.configure(&format!(
        "[mail]\nserver = \"localhost\"\nport = {}\nsecurity = \"{security}\"\nfrom = \"Vigie <vigie@example.org>\"\n\
         retry_min = \"50ms\"\nretry_max = \"500ms\"\ntimeout = \"5s\"\n{}",
        server.port(),
        more.replace("CA", &place("ca.pem")).replace("PASSWORD", &place("password"))
    ))
    .unwrap();
    hub.start().await.unwrap();
    (server, hub, folder, lifecycle)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_template_arrives_whole_in_both_forms_over_starttls_with_a_login() {
    let setup = Setup { privacy: Privacy::Starttls, login: Some(LOGIN), ..Setup::default() };
    let more = format!(
        "ca_file = \"CA\"\nuser = \"{}\"\npassword_file = \"PASSWORD\"\nrecipients = [\"Anna <anna@example.org>\", {{ \
         address = \"bob@example.org\", lang = \"en\" }}]",
        LOGIN.0
    );
    let (server, hub, _folder, lifecycle) = scene(setup, &more).await;

    let said = hub.run_verb(&["mail", "test"]).await.unwrap();

    assert!(said.contains("on their way"), "{said}");
    let taken = server.wait_for(2 * samples::NAMES.len()).await.unwrap();
    for mail in &taken {
        let kinds: Vec<String> = mail.parts().into_iter().map(|part| part.kind).collect();
        assert_eq!(kinds, ["text/plain", "text/html"]);
        for header in ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"] {
            assert_eq!(mail.header_count(header), 1, "{header} in\n{}", mail.text);
        }
        assert_eq!(mail.header("From"), "Vigie <vigie@example.org>");
        assert!(mail.html().contains("</html>") && !mail.plain().contains('<') || mail.plain().contains("<Nord>"));
        assert!(mail.text.lines().all(|line| line.len() <= 998), "no line is longer than servers take");
    }
    let subjects =
        |to: &str| taken.iter().filter(|mail| mail.to == to).map(|mail| mail.header("Subject")).collect::<Vec<_>>();
    assert!(subjects("anna@example.org").iter().all(|subject| subject.starts_with("[Essai]")));
    assert!(subjects("bob@example.org").contains(&"[Test] Critical storage: 2\u{a0}machines".to_owned()));
    assert_eq!(server.counts().values().copied().max(), Some(1));
    wait_for("the outbox", async || {
        hub.get("/api/v1/mails/stats").await.is_ok_and(|stats| stats["mail"]["sent"] == 14)
    })
    .await
    .unwrap();
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_missing_or_wrong_is_said_and_mails_go_once_it_is_sealed() {
    let setup = Setup { privacy: Privacy::Tls, login: Some(LOGIN), ..Setup::default() };
    let more = format!("ca_file = \"CA\"\nuser = \"{}\"\nrecipients = [\"anna@example.org\"]", LOGIN.0);
    let (server, hub, folder, lifecycle) = scene(setup, &more).await;
    let why = async || hub.run_verb(&["mail", "list"]).await.unwrap();

    hub.run_verb(&["mail", "test", "--template", "test"]).await.unwrap();
    wait_for("words on the missing password", async || why().await.contains("vigie-hub mail secret smtp"))
        .await
        .unwrap();
    let wrong = folder.path().join("wrong");
    std::fs::write(&wrong, "wrong").unwrap();
    hub.run_verb(&["mail", "secret", "smtp", "--file", wrong.to_str().unwrap()]).await.unwrap();
    wait_for("words on the wrong password", async || why().await.contains("535")).await.unwrap();
    let right = folder.path().join("password");
    hub.run_verb(&["mail", "secret", "smtp", "--file", right.to_str().unwrap()]).await.unwrap();

    assert_eq!(server.wait_for(1).await.unwrap()[0].to, "anna@example.org");
    let shown = hub.run_verb(&["mail", "show", "1"]).await.unwrap();
    assert!(shown.contains("L’envoi fonctionne"), "{shown}");
    let everything = std::fs::read(folder.path().join("data/vigie.db")).unwrap();
    assert!(!everything.windows(16).any(|window| window == LOGIN.1.as_bytes()), "it is sealed in the store");
    lifecycle.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_letter_and_no_password_go_to_a_server_that_cannot_be_trusted() {
    let login = Some(LOGIN);
    for (privacy, more) in [(Privacy::None, "ca_file = \"CA\"\n"), (Privacy::Starttls, "")] {
        let lifecycle = Lifecycle::new();
        let server = SmtpServer::start(Setup { privacy, login, ..Setup::default() }, &lifecycle).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), SHOWN).unwrap();
        // Any certificate will do that is not the server's.
        let other = SmtpServer::start(Setup { privacy: Privacy::Tls, ..Setup::default() }, &lifecycle).await.unwrap();
        std::fs::write(folder.path().join("ca.pem"), &other.ca_pem).unwrap();
        let text = format!(
            "security = \"starttls\"\nuser = \"{}\"\npassword_file = \"{}\"\n{}",
            LOGIN.0,
            folder.path().join("password").display(),
            more.replace("CA", &folder.path().join("ca.pem").display().to_string())
        );
        let mut config = super::post::config(server.port(), &["a@x.org"], "");
        let secured: vigie_hub::mail::config::MailConfig = toml::from_str(&text).unwrap();
        (config.security, config.user, config.password_file) = (secured.security, secured.user, secured.password_file);
        config.ca_file = secured.ca_file;
        let post = super::post::Post::start(config);

        post.desk.test(None, Some("test")).await.unwrap();
        post.tried(2).await;

        assert!(server.taken().is_empty(), "{privacy:?}");
        let why = post.letters().await.remove(0).last_error.unwrap();
        assert!(why.contains("TLS"), "{privacy:?}: {why}");
        post.end().await;
        lifecycle.stop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_is_wrong_stops_the_start_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("mails");
    std::fs::create_dir(&templates).unwrap();
    std::fs::write(templates.join("incident.fr.txt"), "{title}\n{nobody}\n").unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.configure(&format!("[mail]\ntemplates = \"{}\"", templates.display())).unwrap();

    let error = hub.start().await.unwrap_err().to_string();

    assert!(error.contains("incident.fr.txt:2") && error.contains("`nobody`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_written_without_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let hub = HubProcess::new(folder.path()).unwrap();
    let to = folder.path().join("mails");

    hub.run_verb(&["mail", "test", "--write", to.to_str().unwrap()]).await.unwrap();

    for name in samples::NAMES {
        for lang in ["fr", "en"] {
            let read = |form: &str| std::fs::read_to_string(to.join(format!("{name}.{lang}.{form}"))).unwrap();
            assert!(read("eml").contains("multipart/alternative") && read("html").contains("</html>"), "{name}");
            assert!(!read("txt").is_empty(), "{name}");
        }
    }
}
