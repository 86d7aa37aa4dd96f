//! Laws of commands: given once, moved on only from where they are, ended by the box's first word that counts.

use vigie_shared::id::CommandId;
use vigie_shared::wire::{CommandOutcome, OutcomeState};

use super::{Subject, site};
use crate::store::commands::{CommandState, Commands as _, Move, StoredCommand, Told};
use crate::store::projections::Step;
use crate::store::upkeep::Class;
use crate::store::{Alerts as _, Projections as _, StoreError, Upkeep as _};

fn given(id: u8, issued_ms: i64) -> StoredCommand {
    StoredCommand {
        site: site("a"),
        id: CommandId([id; 16]),
        body: vec![id; 3],
        kind: "reboot".to_owned(),
        account: "anna".to_owned(),
        retry_of: (id == 2).then_some(CommandId([1; 16])),
        issued_ms,
        expires_ms: issued_ms + 1_000,
        state: CommandState::Waiting,
        changed_ms: issued_ms,
        detail: String::new(),
        answer: None,
    }
}

fn told(id: u8, state: OutcomeState) -> Step {
    let outcome =
        CommandOutcome { id: CommandId([id; 16]), state, detail: state.as_str().to_owned(), answer: Some("{}".into()) };
    Step { outcomes: vec![Told { site: site("a"), at_ms: 77, outcome }], ..Step::default() }
}

pub(super) async fn commands_of_one_kind_are_newest_first(subject: &impl Subject) {
    let store = subject.open();
    let message = |id: u8, issued_ms| StoredCommand { kind: "show_message".to_owned(), ..given(id, issued_ms) };
    let elsewhere = StoredCommand { site: site("b"), ..message(3, 30) };
    for one in [message(1, 10), given(2, 20), elsewhere.clone(), message(4, 40)] {
        store.add_command(&one).await.unwrap();
    }
    let all = store.commands_of_kind("show_message", None, 9).await.unwrap();
    assert_eq!(all, [message(4, 40), elsewhere, message(1, 10)]);
    assert_eq!(store.commands_of_kind("show_message", Some(&site("a")), 1).await.unwrap(), [message(4, 40)]);
    assert_eq!(store.commands_of_kind("reboot", Some(&site("b")), 9).await.unwrap(), []);
}

fn sent(id: u8) -> Move {
    Move {
        site: site("a"),
        id: CommandId([id; 16]),
        from: &[CommandState::Waiting],
        to: CommandState::Sent,
        detail: String::new(),
        at_ms: 9,
    }
}

pub(super) async fn a_command_is_given_once_and_kept(subject: &impl Subject) {
    let store = subject.open();
    for command in [given(1, 10), given(2, 20), given(3, 20)] {
        store.add_command(&command).await.unwrap();
    }
    let again = store.add_command(&given(1, 50)).await.unwrap_err();
    assert!(matches!(again, StoreError::Conflict(_)));

    let store = subject.reopen(store).await;
    assert_eq!(store.command(&site("a"), CommandId([1; 16])).await.unwrap(), Some(given(1, 10)));
    assert_eq!(store.command(&site("b"), CommandId([1; 16])).await.unwrap(), None);
    let page = store.commands(&site("a"), None, 2).await.unwrap();
    assert_eq!(page, [given(3, 20), given(2, 20)]);
    let rest = store.commands(&site("a"), Some((20, CommandId([2; 16]))), 2).await.unwrap();
    assert_eq!(rest, [given(1, 10)]);
    assert_eq!(store.open_commands(2).await.unwrap(), [given(1, 10), given(2, 20)]);
}

pub(super) async fn a_command_moves_only_from_where_it_is(subject: &impl Subject) {
    let store = subject.open();
    store.add_command(&given(1, 10)).await.unwrap();

    assert!(store.move_command(&sent(1)).await.unwrap());
    assert!(!store.move_command(&sent(1)).await.unwrap());
    assert!(!store.move_command(&sent(2)).await.unwrap());

    let command = store.command(&site("a"), CommandId([1; 16])).await.unwrap().unwrap();
    assert_eq!((command.state, command.changed_ms), (CommandState::Sent, 9));
}

pub(super) async fn the_boxs_word_ends_a_command_and_proof_outweighs_refusal(subject: &impl Subject) {
    let store = subject.open();
    store.add_command(&given(1, 10)).await.unwrap();
    let state = async || store.command(&site("a"), CommandId([1; 16])).await.unwrap().unwrap();

    for (word, expected) in [
        (OutcomeState::Refused, "refused"),
        (OutcomeState::Unknown, "refused"),
        (OutcomeState::Succeeded, "succeeded"),
        (OutcomeState::Failed, "succeeded"),
    ] {
        store.apply(told(1, word)).await.unwrap();
        assert_eq!(state().await.detail, expected);
    }
    store.apply(told(9, OutcomeState::Failed)).await.unwrap();
    assert_eq!((state().await.answer.as_deref(), state().await.changed_ms), (Some("{}"), 77));
    store.forget_projections().await.unwrap();
    assert_eq!(state().await.state, CommandState::Succeeded);
    assert!(store.open_commands(9).await.unwrap().is_empty());
}

pub(super) async fn what_boxes_undid_is_found_by_its_time(subject: &impl Subject) {
    let store = subject.open();
    for id in [1, 2, 3] {
        store.add_command(&given(id, 10)).await.unwrap();
    }
    store.apply(told(1, OutcomeState::RolledBack)).await.unwrap();
    store.apply(told(2, OutcomeState::Failed)).await.unwrap();
    let undone = store.undone_since(76, 9).await.unwrap();
    let found: Vec<_> = undone.iter().map(|one| (one.id, one.kind.as_str(), one.at_ms, one.detail.as_str())).collect();
    assert_eq!(found, [(CommandId([1; 16]), "reboot", 77, "rolled_back")]);
    assert_eq!(undone[0].site, site("a"));
    assert!(store.undone_since(77, 9).await.unwrap().is_empty());
}

pub(super) async fn only_what_ended_long_ago_is_forgotten(subject: &impl Subject) {
    let store = subject.open();
    for id in [1, 2] {
        store.add_command(&given(id, 10)).await.unwrap();
    }
    store.apply(told(1, OutcomeState::Failed)).await.unwrap();
    assert_eq!(store.forget(Class::Commands, 77, 9).await.unwrap(), 0);
    assert_eq!(store.forget(Class::Commands, 78, 9).await.unwrap(), 1);
    assert_eq!(store.commands(&site("a"), None, 9).await.unwrap(), [given(2, 10)]);
}
