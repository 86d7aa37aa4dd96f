//! Laws of the dispatch: the shares hold, everything ends.

use proptest::prelude::*;

use super::*;

fn site(number: u8) -> SiteId {
    format!("s{number}").parse().unwrap()
}

fn waiting(number: u8, id: u8) -> Open {
    Open {
        site: site(number),
        id: CommandId([id; 16]),
        is_disruptive: false,
        expires_ms: 1_000_000,
        state: CommandState::Waiting,
        changed_ms: 0,
        sent: None,
    }
}

fn all_linked() -> BTreeMap<SiteId, u64> {
    (0..=255).map(|number| (site(number), 1)).collect()
}

fn sent_ids(acts: &[Act]) -> Vec<u8> {
    let id = |act: &Act| match act {
        Act::Send { id, .. } => Some(id.0[0]),
        Act::Refuse { .. } | Act::FallSilent { .. } => None,
    };
    acts.iter().filter_map(id).collect()
}

#[test]
fn the_oldest_go_first_and_only_to_boxes_that_hear() {
    let open = [waiting(1, 1), waiting(2, 2), waiting(1, 3)];
    let links = [(site(1), 7)].into_iter().collect();
    let acts = plan(&open, Surroundings { links: &links, disruptive_max: 1, now_ms: 0 });
    assert_eq!(sent_ids(&acts), [1, 3]);
}

#[test]
fn of_a_thousand_for_one_box_a_few_are_under_way() {
    let mut open: Vec<Open> = (0..255).map(|id| waiting(1, id)).collect();
    let links = all_linked();
    let around = Surroundings { links: &links, disruptive_max: 1, now_ms: 0 };
    assert_eq!(plan(&open, around).len(), UNDER_WAY_MAX);
    open[0].state = CommandState::Running;
    open[0].sent = Some(Sent { connection: 1, at_ms: 0 });
    assert_eq!(plan(&open, around).len(), UNDER_WAY_MAX - 1);
}

#[test]
fn only_a_share_of_the_fleet_reboots_at_once() {
    let mut open: Vec<Open> = (0..30).map(|id| Open { is_disruptive: true, ..waiting(id, id) }).collect();
    open.push(waiting(0, 200));
    let links = all_linked();
    let around = Surroundings { links: &links, disruptive_max: disruptive_max(30), now_ms: 0 };
    assert_eq!(sent_ids(&plan(&open, around)), [0, 1, 2, 200]);
    assert_eq!((disruptive_max(1), disruptive_max(19), disruptive_max(200)), (1, 1, 20));
    assert!(is_disruptive("reboot", false) && !is_disruptive("reboot", true) && !is_disruptive("get_logs", false));
}

#[test]
fn what_was_sent_is_sent_again_on_a_new_connection_and_when_nobody_answers() {
    let links = all_linked();
    let at = |now_ms| Surroundings { links: &links, disruptive_max: 1, now_ms };
    let sent = |state, connection| Open { state, sent: Some(Sent { connection, at_ms: 0 }), ..waiting(1, 1) };

    assert_eq!(plan(&[sent(CommandState::Sent, 1)], at(SEND_AGAIN_MS - 1)), []);
    assert_eq!(plan(&[sent(CommandState::Sent, 1)], at(SEND_AGAIN_MS)).len(), 1);
    assert_eq!(plan(&[sent(CommandState::Running, 1)], at(SEND_AGAIN_MS)), []);
    assert_eq!(plan(&[sent(CommandState::Running, 0)], at(0)).len(), 1);
    assert_eq!(plan(&[Open { sent: None, ..sent(CommandState::Sent, 1) }], at(0)).len(), 1, "the hub restarted");
}

#[test]
fn what_expires_unsent_is_refused_and_a_box_that_says_nothing_falls_silent_and_is_asked_again() {
    let links = all_linked();
    let at = |now_ms| Surroundings { links: &links, disruptive_max: 1, now_ms };
    assert!(matches!(plan(&[waiting(1, 1)], at(1_000_000))[..], [Act::Refuse { .. }]));

    let running = Open { state: CommandState::Running, sent: Some(Sent { connection: 1, at_ms: 0 }), ..waiting(1, 1) };
    let late_ms = 1_000_000 + SILENT_AFTER_MS;
    assert!(matches!(plan(std::slice::from_ref(&running), at(late_ms))[..], [Act::FallSilent { .. }]));
    let silent = Open { state: CommandState::Silent, sent: Some(Sent { connection: 0, at_ms: 0 }), ..running };
    assert!(matches!(plan(std::slice::from_ref(&silent), at(late_ms))[..], [Act::Send { .. }]));
    assert_eq!(plan(&[silent], at(1_000_000 + ASK_UNTIL_MS)), []);
}

/// Site and disruptiveness of each command.
type Commands = Vec<(u8, bool)>;

/// Whom, and what happens there.
type Events = Vec<(u8, u8)>;

fn history() -> impl Strategy<Value = (Commands, Events)> {
    let commands = prop::collection::vec((0..4u8, any::<bool>()), 1..40);
    (commands, prop::collection::vec((0..40u8, 0..3u8), 0..80))
}

proptest! {
    #[test]
    fn whatever_boxes_do_the_shares_hold_and_everything_ends((commands, events) in history()) {
        let mut open: Vec<Open> = (0u8..)
            .zip(commands)
            .map(|(id, (number, is_disruptive))| Open { is_disruptive, ..waiting(number, id) })
            .collect();
        let mut links: BTreeMap<SiteId, u64> = BTreeMap::new();
        let mut now_ms = 0;
        for (at, what) in events {
            now_ms += 1_000;
            match what {
                0 => *links.entry(site(at % 4)).or_default() += 1,
                1 => drop(links.remove(&site(at % 4))),
                _ => open.retain(|command| {
                    command.id.0[0] != at || command.state == CommandState::Waiting
                }),
            }
            carry_out(&mut open, &links, now_ms)?;
        }
        carry_out(&mut open, &links, 1_000_000 + SILENT_AFTER_MS)?;
        prop_assert!(open.iter().all(|command| command.state == CommandState::Silent));
    }
}

fn carry_out(open: &mut Vec<Open>, links: &BTreeMap<SiteId, u64>, now_ms: i64) -> Result<(), TestCaseError> {
    for act in plan(open, Surroundings { links, disruptive_max: 1, now_ms }) {
        match act {
            Act::Send { id, connection, site } => {
                prop_assert_eq!(links.get(&site), Some(&connection));
                let command = open.iter_mut().find(|command| command.id == id).unwrap();
                prop_assert!(command.state != CommandState::Waiting || command.expires_ms > now_ms);
                if command.state == CommandState::Waiting {
                    command.state = CommandState::Sent;
                }
                command.sent = Some(Sent { connection, at_ms: now_ms });
            }
            Act::Refuse { id, .. } => open.retain(|command| command.id != id),
            Act::FallSilent { id, .. } => {
                open.iter_mut().find(|command| command.id == id).unwrap().state = CommandState::Silent;
            }
        }
    }
    let under_way = |command: &&Open| matches!(command.state, CommandState::Sent | CommandState::Running);
    let disruptive = open.iter().filter(under_way).filter(|command| command.is_disruptive);
    prop_assert!(now_ms > UNHEARD_HOLDS_MS / 2 || disruptive.count() <= 1);
    for number in 0..4 {
        let of_site = open.iter().filter(under_way).filter(|command| command.site == site(number));
        prop_assert!(of_site.count() <= UNDER_WAY_MAX);
    }
    Ok(())
}
