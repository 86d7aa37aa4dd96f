//! The verbs of mail: a test is on its way, listed, shown, given up, tried again; secrets go in and never come out.

use super::*;
use crate::mail::letter::LetterState;

#[tokio::test]
async fn mails_are_tried_listed_shown_and_tried_again() {
    let desk = Desk::new().await;
    assert!(desk.type_in("mail list").await.out.contains("there are no such mails"));

    let tried = desk.type_in("mail test --to bob@example.org --template storage").await;
    assert_eq!(tried.code, ExitCode::SUCCESS, "{}", tried.err);
    assert!(tried.out.contains("bob@example.org") && tried.out.contains("on their way"), "{}", tried.out);
    let shown = desk.type_in("mail show 1").await.out;
    assert!(shown.contains("Batteries pleines, toujours branchées"), "{shown}");

    let mut letter = desk.stage.store.letter(1).await.unwrap().unwrap();
    (letter.state, letter.last_error) = (LetterState::Dead, Some("550 no such user".to_owned()));
    desk.stage.store.save_letters(&[letter]).await.unwrap();
    let dead = desk.type_in("mail list --state dead").await.out;
    assert!(dead.contains("550 no such user"), "{dead}");
    assert!(desk.type_in("mail retry --all").await.out.contains("1 mails are tried again"));
    assert!(desk.type_in("mail retry 1").await.out.contains("mail 1 is waiting"));
    let json = desk.type_in("mail list --json").await.out;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["items"][0]["state"], "waiting");
}

#[tokio::test]
async fn a_wrong_address_or_number_is_refused_in_words() {
    let desk = Desk::new().await;
    let wrong = desk.type_in("mail test --to bob").await;
    assert!(wrong.code == ExitCode::from(4) && wrong.err.contains("anna@example.org"), "{}", wrong.err);
    let none = desk.type_in("mail show 9").await;
    assert!(none.code == ExitCode::from(4) && none.err.contains("no mail is called `9`"), "{}", none.err);
}

#[tokio::test]
async fn a_secret_is_read_from_a_file_and_removed() {
    let desk = Desk::new().await;
    let file = desk.folder.path().join("password");
    std::fs::write(&file, "s3cret\n").unwrap();
    let kept = desk.type_in(&format!("mail secret smtp --file {}", file.display())).await;
    assert_eq!(kept.out.trim(), "the secret `smtp` is kept, sealed");
    assert_eq!(desk.stage.store.letter_secret("smtp").await.unwrap().as_deref(), Some("s3cret"));
    desk.type_in("mail secret smtp --remove").await;
    assert_eq!(desk.stage.store.letter_secret("smtp").await.unwrap(), None);
}

#[tokio::test]
async fn templates_are_written_into_a_folder_without_a_hub() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("mails");
    let said = type_in(&format!("mail test --template weekly --write {} --data /nonexistent", to.display())).await;
    assert_eq!(said.code, ExitCode::SUCCESS, "{}", said.err);
    assert!(said.out.contains("weekly.fr.eml") && to.join("weekly.en.html").exists(), "{}", said.out);
}
