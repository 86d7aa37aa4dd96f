//! What runs for which verb, and what never runs.

use std::sync::{Arc, Mutex};

use super::*;

type Notes = Arc<Mutex<Vec<String>>>;

/// Acts that only note which programs would run. The owner's folder does not exist: its defaults hold.
fn acts() -> (Acts, Notes, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let software =
        Software { folder: folder.path().to_owned(), guard: PathBuf::from("/guard"), installed: Version::new(0, 1, 0) };
    let notes = Notes::default();
    let noted = Arc::clone(&notes);
    let run = Box::new(move |program: &str, words: &[&str]| {
        noted.lock().unwrap().push(format!("{program} {}", words.join(" ")));
        Ok(String::new())
    });
    (Acts { owner: folder.path().join("none"), software, run }, notes, folder)
}

fn restart(unit: &str) -> Verb {
    Verb::RestartUnit { unit: unit.to_owned() }
}

#[test]
fn a_unit_on_the_list_is_restarted_by_its_full_name() {
    let (acts, notes, _folder) = acts();
    acts.carry_out(&restart("neopro-app")).unwrap();
    assert_eq!(*notes.lock().unwrap(), ["/usr/bin/systemctl restart -- neopro-app.service"]);
}

#[test]
fn whatever_is_not_on_the_list_runs_nothing() {
    let (acts, notes, _folder) = acts();
    for unit in ["ssh", "neopro-app.service", "--no-block", "", "neopro-app\nssh", "../neopro-app"] {
        assert!(matches!(acts.carry_out(&restart(unit)), Err(Refusal::NotListed(_))), "{unit}");
    }
    assert!(notes.lock().unwrap().is_empty());
}

#[test]
fn without_an_update_there_is_nothing_to_undo_and_a_reason_stays_one_line() {
    let (acts, notes, folder) = acts();
    let undo = Verb::UndoAgent { reason: "asked\nfor=it".to_owned() };
    assert!(matches!(acts.carry_out(&undo), Err(Refusal::Failed(_))));
    std::fs::write(folder.path().join("agent"), "").unwrap();
    acts.carry_out(&undo).unwrap();
    assert_eq!(*notes.lock().unwrap(), ["/guard undo askedfor=it"]);
}

#[test]
fn a_program_that_fails_tells_its_last_words() {
    assert_eq!(run_program("/bin/sh", &["-c", "echo fine"]), Ok("fine\n".to_owned()));
    assert_eq!(run_program("/bin/sh", &["-c", "echo no such unit >&2; exit 5"]), Err("no such unit".to_owned()));
    assert_eq!(run_program("/bin/sh", &["-c", "exit 5"]), Err("/bin/sh ended with exit status: 5".to_owned()));
}
