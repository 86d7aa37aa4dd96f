//! Laws of the plan.

use proptest::prelude::*;
use vigie_shared::wire::CommandHeader;
use vigie_shared::wire::command::{Reboot, UpdateConfig};

use super::*;

fn site() -> SiteId {
    "rennes01".parse().unwrap()
}

/// Commands in the order of time; the store shows them newest first.
fn past(kinds: Vec<(CommandKind, CommandState, bool)>) -> Vec<StoredCommand> {
    let stored = |(at, (kind, state, is_dry_run)): (usize, (CommandKind, CommandState, bool))| {
        let issued_ms = i64::try_from(at).unwrap();
        let header =
            CommandHeader { site: site(), id: CommandId([u8::try_from(at).unwrap(); 16]), issued_ms, expires_ms: 99 };
        StoredCommand {
            site: site(),
            id: header.id,
            kind: kind.name().to_owned(),
            body: Command { header, is_dry_run, kind }.seal(),
            account: "lea".to_owned(),
            retry_of: None,
            issued_ms,
            expires_ms: 99,
            state,
            changed_ms: issued_ms,
            detail: String::new(),
            answer: None,
        }
    };
    kinds.into_iter().enumerate().map(stored).rev().collect()
}

fn config(target: ConfigTarget, text: &str) -> CommandKind {
    CommandKind::UpdateConfig(UpdateConfig { target, configuration: text.to_owned() })
}

fn deploy(url: &str, path: (&str, &str), sha256: Option<Sha256>) -> CommandKind {
    CommandKind::DeployVideo(DeployVideo {
        video_url: url.to_owned(),
        filename: path.1.to_owned(),
        original_name: Some("For people".to_owned()),
        category: path.0.to_owned(),
        subcategory: None,
        video_id: None,
        duration_s: Some(7),
        size_bytes: None,
        sha256: sha256.map(|hash| to_hex(&hash)),
    })
}

fn held(path: &str, hash: u8) -> Holding {
    Holding { site: site(), path: path.to_owned(), sha256: [hash; 32], size_bytes: 5, told_ms: 1 }
}

fn planned(commands: &[StoredCommand], holdings: &[Holding], shelf: &[u8]) -> Plan {
    let shelf = shelf.iter().map(|hash| [*hash; 32]).collect();
    plan(&site(), &Past { commands, holdings, shelf: &shelf })
}

#[test]
fn what_last_succeeded_moves_settings_before_configuration_before_videos() {
    use CommandState::{Failed, RolledBack, Succeeded};
    let commands = past(vec![
        (config(ConfigTarget::Agent, "1"), Succeeded, false),
        (config(ConfigTarget::App, "2"), Succeeded, false),
        (config(ConfigTarget::App, "3"), Succeeded, false),
        (config(ConfigTarget::App, "4"), Succeeded, true),
        (config(ConfigTarget::Agent, "5"), RolledBack, false),
        (config(ConfigTarget::App, "6"), Failed, false),
        (CommandKind::Reboot(Reboot {}), Succeeded, false),
    ]);
    let plan = planned(&commands, &[held("T/a.mp4", 1)], &[1]);
    let kinds: Vec<&CommandKind> = plan.moves.iter().map(|order| &order.kind).collect();
    assert_eq!(kinds[..2], [&config(ConfigTarget::Agent, "1"), &config(ConfigTarget::App, "3")]);
    let CommandKind::DeployVideo(video) = kinds[2] else { panic!("{kinds:?}") };
    assert_eq!(video.video_url, format!("/v1/media/{}", "01".repeat(32)));
    assert_eq!((kinds.len(), plan.left.len()), (3, 1), "only what is the owner's is left: {:?}", plan.left);
}

#[test]
fn a_video_keeps_its_folders_its_name_and_its_source() {
    let web = "https://media.example.org/b.mp4";
    let commands = past(vec![
        (deploy("/v1/media/old", ("T", "a.mp4"), Some([9; 32])), CommandState::Succeeded, false),
        (deploy(web, ("T", "b.mp4"), None), CommandState::Succeeded, false),
    ]);
    let holdings =
        [held("T/P/c.mp4", 3), held("T/a.mp4", 1), held("T/b.mp4", 2), held("deep/er/than/x.mp4", 1), held("x.mp4", 1)];
    let plan = planned(&commands, &holdings, &[1]);
    let video = |number: usize| match &plan.moves[number].kind {
        CommandKind::DeployVideo(video) => video.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(plan.moves.len(), 2);
    assert_eq!(video(0).original_name, None, "another content lies there than the one that was named so");
    assert_eq!((video(1).video_url.as_str(), video(1).original_name.as_deref()), (web, Some("For people")));
    assert_eq!(video(1).sha256, Some("02".repeat(32)), "the same content, or none");
    let left: Vec<&str> = plan.left.iter().skip(1).map(|left| left.what.as_str()).collect();
    assert_eq!(left, ["T/P/c.mp4", "deep/er/than/x.mp4", "x.mp4"]);
    assert!(plan.left[1].cure.contains("--category \"T\" --subcategory \"P\""), "{}", plan.left[1].cure);
}

fn state() -> impl Strategy<Value = CommandState> {
    prop::sample::select(CommandState::ALL.to_vec())
}

fn kind() -> impl Strategy<Value = CommandKind> {
    let target = prop::bool::ANY.prop_map(|app| if app { ConfigTarget::App } else { ConfigTarget::Agent });
    prop_oneof![
        (target, "[0-9]{1}").prop_map(|(target, text)| config(target, &text)),
        ("[ab]", "[xy]").prop_map(|(category, name)| deploy("https://h/x", (&category, &name), None)),
        Just(CommandKind::Reboot(Reboot {})),
    ]
}

proptest! {
    #[test]
    fn every_video_is_moved_or_named_once_and_orders_have_ids_of_their_own(
        kinds in prop::collection::vec((kind(), state(), prop::bool::ANY), 0..12),
        paths in prop::collection::btree_map("[ab](/[ab]){0,3}", 0_u8..4, 0..8),
        shelf in prop::collection::vec(0_u8..4, 0..4),
    ) {
        let commands = past(kinds);
        let holdings: Vec<Holding> = paths.iter().map(|(path, hash)| held(path, *hash)).collect();
        let plan = planned(&commands, &holdings, &shelf);
        for holding in &holdings {
            let moved = plan.moves.iter().filter(|order| order.what == What::Video(holding.clone())).count();
            let left = plan.left.iter().filter(|left| left.what == holding.path).count();
            prop_assert_eq!(moved + left, 1);
            let levels = holding.path.split('/').count();
            if shelf.iter().any(|hash| holding.sha256 == [*hash; 32]) && (2..=3).contains(&levels) {
                prop_assert_eq!(moved, 1, "what the hub has moves");
            }
        }
        let ids: BTreeSet<CommandId> = plan.moves.iter().map(|order| id(&site(), "a1", &order.kind, 0)).collect();
        prop_assert_eq!(ids.len(), plan.moves.len());
        prop_assert_eq!(planned(&commands, &holdings, &shelf), plan.clone(), "the same question, the same plan");
        for order in &plan.moves {
            prop_assert_ne!(id(&site(), "a1", &order.kind, 0), id(&site(), "b2", &order.kind, 0));
            prop_assert_ne!(id(&site(), "a1", &order.kind, 0), id(&site(), "a1", &order.kind, 1));
        }
        prop_assert!(plan.left.iter().all(|left| !left.cure.is_empty() && !left.reason.is_empty()));
    }
}
