//! Laws of rollouts, whatever happens to boxes, people and the hub.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::store::commands::CommandState;

const SITES: usize = 8;
const BATCH_MAX: usize = 2;
const SOAK_MS: i64 = 1_000;

/// What can happen.
#[derive(Debug, Clone)]
enum Event {
    Pass(i64),
    ComeOrGo(usize),
    Pin(usize, bool),
    End(usize, CommandState),
    Expire(usize),
    Pause,
    Resume,
    Retry(Option<usize>),
}

fn any_event() -> impl Strategy<Value = Event> {
    let ends = prop::sample::select(vec![
        CommandState::Sent,
        CommandState::Succeeded,
        CommandState::Succeeded,
        CommandState::Succeeded,
        CommandState::Failed,
        CommandState::Refused,
        CommandState::RolledBack,
        CommandState::Silent,
        CommandState::Cancelled,
    ]);
    prop_oneof![
        2 => (1..600_i64).prop_map(Event::Pass),
        2 => (0..SITES).prop_map(Event::ComeOrGo),
        1 => (0..SITES, any::<bool>()).prop_map(|(site, is_pinned)| Event::Pin(site, is_pinned)),
        9 => (0..SITES, ends).prop_map(|(site, state)| Event::End(site, state)),
        1 => (0..SITES).prop_map(Event::Expire),
        1 => Just(Event::Pause),
        2 => Just(Event::Resume),
        1 => prop::option::of(0..SITES).prop_map(Event::Retry),
    ]
}

fn site(number: usize) -> SiteId {
    format!("s{number}").parse().unwrap()
}

fn plan(failures_max: Share) -> Plan {
    Plan {
        id: RolloutId([1; 16]),
        software: "player".to_owned(),
        version: "2.0.0".to_owned(),
        batch_max: None,
        soak_ms: SOAK_MS,
        failures_max,
        when: When::Now,
        unless_present: false,
        note: String::new(),
        account: "anna".to_owned(),
        created_ms: 0,
    }
}

/// A rollout, the commands that were stored, and what is true of the boxes.
#[derive(Clone)]
struct World {
    rollout: Rollout,
    commands: BTreeMap<(SiteId, u32), Ordered>,
    around: Around,
    /// Boxes that failed and that nobody asked to try again.
    spent: BTreeSet<SiteId>,
    soaked_since_ms: Option<i64>,
}

impl World {
    fn new(canaries: usize, failures_max: Share) -> Self {
        let sites = (0..SITES).map(|number| (site(number), number < canaries));
        let here = |number| (site(number), Known { is_connected: number % 3 != 2, ..Known::default() });
        let around = Around { boxes: (0..SITES).map(here).collect(), batch_max: BATCH_MAX, now_ms: 0 };
        let rollout = Rollout::new(plan(failures_max), sites);
        Self { rollout, commands: BTreeMap::new(), around, spent: BTreeSet::new(), soaked_since_ms: None }
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Pass(time_ms) => self.around.now_ms += time_ms,
            Event::ComeOrGo(number) => self.known(*number).is_connected ^= true,
            Event::Pin(number, is_pinned) => self.known(*number).pinned = is_pinned.then(|| "1.0.0".to_owned()),
            Event::End(number, state) => self.end(*number, *state, false),
            Event::Expire(number) => self.end(*number, CommandState::Refused, true),
            Event::Pause => drop(self.rollout.pause("anna", "why".to_owned(), self.around.now_ms)),
            Event::Resume => drop(self.rollout.resume()),
            Event::Retry(number) => {
                let named = number.map(site);
                if self.rollout.retry(named.as_ref(), self.around.now_ms).is_ok() {
                    self.spent.retain(|one| named.as_ref().is_some_and(|named| named != one));
                }
            }
        }
    }

    fn known(&mut self, number: usize) -> &mut Known {
        self.around.boxes.get_mut(&site(number)).unwrap()
    }

    /// A command's state changes, if it has not ended.
    fn end(&mut self, number: usize, state: CommandState, is_expired: bool) {
        let site = site(number);
        let newest = self.commands.iter_mut().rfind(|((of, _), _)| *of == site);
        let Some((_, command)) = newest.filter(|(_, command)| command.state.is_open()) else { return };
        (command.state, command.is_expired) = (state, is_expired);
        let is_failure = !is_expired && state > CommandState::Running && state != CommandState::Succeeded;
        // A late word about an attempt that a person has had repeated is none about the next one.
        let is_present = self.rollout.members[&site].state == MemberState::Given;
        if is_failure && is_present && state != CommandState::Cancelled {
            self.spent.insert(site);
        }
    }

    /// One step of the hub; what it decided is stored, its acts follow.
    fn step(&mut self) -> Vec<Act> {
        for (id, known) in &mut self.around.boxes {
            let attempt = self.rollout.members[id].attempt;
            known.command = self.commands.get(&(id.clone(), attempt)).cloned();
        }
        self.rollout.step(&self.around)
    }

    /// Steps until nothing is left to do: a later step may finish what an earlier one decided.
    fn settle(&mut self) {
        for _ in 0..4 {
            let acts = self.step();
            self.carry_out(acts);
        }
    }

    /// Carries acts out, and checks that each was allowed.
    fn carry_out(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Give { site, attempt } => {
                    let waiting = Ordered { state: CommandState::Waiting, is_expired: false, detail: String::new() };
                    let before = self.commands.insert((site.clone(), attempt), waiting);
                    assert_eq!(before, None, "{site} got the command of attempt {attempt} twice");
                    self.check(&site);
                }
                Act::TakeBack { site, attempt } => {
                    assert!(self.rollout.progress.pause.is_some(), "only a pause takes back here");
                    self.commands.get_mut(&(site, attempt)).unwrap().state = CommandState::Cancelled;
                }
            }
        }
    }

    fn check(&self, site: &SiteId) {
        let Rollout { progress, members, .. } = &self.rollout;
        assert_eq!(progress.pause, None, "{site} got a command during a pause");
        assert_eq!(self.around.boxes[site].pinned, None, "{site} is pinned");
        assert!(!self.spent.contains(site), "{site} had failed, and nobody said retry");
        if !members[site].is_canary && members.values().any(|member| member.is_canary) {
            let soaked_ms = self.soaked_since_ms.map(|since_ms| self.around.now_ms - since_ms);
            assert!(soaked_ms >= Some(SOAK_MS), "{site} is no canary, and those have soaked {soaked_ms:?} ms");
        }
    }

    fn check_whole(&mut self) {
        let tally = self.rollout.tally();
        assert_eq!(tally.values().sum::<usize>(), SITES);
        assert!(tally[&MemberState::Given] <= BATCH_MAX, "{tally:?}");
        let Progress { stage, since_ms, pause, .. } = &self.rollout.progress;
        if *stage == Stage::Soaking {
            self.soaked_since_ms.get_or_insert(*since_ms);
        }
        if *stage == Stage::Done {
            assert_eq!((tally[&MemberState::Waiting], tally[&MemberState::Given], pause), (0, 0, &None));
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_nobody_is_given_what_he_must_not_be_given(
        canaries in 0..4_usize,
        failures in prop::sample::select(vec![Share::Boxes(1), Share::Boxes(3), Share::Percent(50)]),
        events in prop::collection::vec(any_event(), 0..200),
    ) {
        let mut world = World::new(canaries, failures);
        for event in &events {
            let acts = world.step();
            world.carry_out(acts);
            world.check_whole();
            world.apply(event);
        }
    }

    #[test]
    fn a_hub_that_dies_between_deciding_and_giving_gives_the_same(
        crashes in prop::collection::vec(any::<bool>(), 120),
        events in prop::collection::vec(any_event(), 0..120),
    ) {
        let mut steady = World::new(2, Share::Boxes(2));
        let mut frail = steady.clone();
        for (event, dies) in events.iter().zip(crashes) {
            if dies {
                // What was decided is stored, what was to follow is not.
                frail.step();
            }
            steady.settle();
            frail.settle();
            prop_assert_eq!(&steady.rollout, &frail.rollout);
            prop_assert_eq!(&steady.commands, &frail.commands);
            steady.check_whole();
            frail.check_whole();
            steady.apply(event);
            frail.apply(event);
        }
    }

    #[test]
    fn when_everything_works_every_box_that_is_here_runs_it_in_the_end(canaries in 0..4_usize) {
        let mut world = World::new(canaries, Share::Boxes(1));
        for _ in 0..40 {
            let acts = world.step();
            world.carry_out(acts);
            world.check_whole();
            (0..SITES).for_each(|number| world.end(number, CommandState::Succeeded, false));
            world.around.now_ms += 100;
        }
        let away = (0..SITES).filter(|number| number % 3 == 2).count();
        prop_assert_eq!(world.rollout.tally()[&MemberState::Done], SITES - away);
        prop_assert_eq!(world.rollout.progress.stage, Stage::Rest, "those who are away are waited for");
        (0..SITES).for_each(|number| world.known(number).is_connected = true);
        for _ in 0..8 {
            let acts = world.step();
            world.carry_out(acts);
            (0..SITES).for_each(|number| world.end(number, CommandState::Succeeded, false));
        }
        prop_assert_eq!(world.rollout.tally()[&MemberState::Done], SITES);
        prop_assert_eq!(world.rollout.progress.stage, Stage::Done);
    }
}

/// A world whose first boxes ended like this.
fn tried(canaries: usize, failures_max: Share, ends: &[CommandState]) -> World {
    let mut world = World::new(canaries, failures_max);
    for (number, state) in ends.iter().enumerate() {
        world.known(number).is_connected = true;
        let acts = world.step();
        world.carry_out(acts);
        world.end(number, *state, false);
    }
    let acts = world.step();
    world.carry_out(acts);
    world
}

#[test]
fn failures_pause_it_and_a_person_goes_on_or_tries_again() {
    use CommandState::{Failed, Silent, Succeeded};
    let mut world = tried(2, Share::Percent(50), &[Succeeded, Failed]);
    let pause = world.rollout.progress.pause.clone().unwrap();
    assert_eq!((pause.account, world.rollout.progress.stage), (None, Stage::Canary));
    assert!(pause.reason.contains("1 of 2 boxes of the canary group failed"), "{}", pause.reason);

    let mut again = world.clone();
    again.rollout.resume().unwrap();
    again.step();
    assert_eq!((&again.rollout.progress.pause, again.rollout.progress.stage), (&None, Stage::Soaking));

    world.apply(&Event::Retry(None));
    let acts = world.step();
    assert_eq!(acts, [Act::Give { site: site(1), attempt: 2 }]);

    let silent = tried(1, Share::Boxes(1), &[Silent]);
    assert!(silent.rollout.progress.pause.is_some(), "a box that vanished with it is a failure");
    let unproved = tried(1, Share::Boxes(3), &[Failed]);
    assert!(unproved.rollout.progress.pause.is_some(), "no canary runs it: nothing is proved");
}

#[test]
fn a_box_that_need_not_or_cannot_get_it_is_counted_with_its_reason() {
    let mut world = World::new(0, Share::Boxes(1));
    world.known(0).version = Some("2.0.0".to_owned());
    world.known(1).pinned = Some("1.0.0".to_owned());
    world.known(2).is_revoked = true;
    world.known(3).obstacle = Some("there is no package".to_owned());
    world.known(4).pinned = Some("2.0.0".to_owned());
    world.around.boxes.remove(&site(5));
    world.step();
    let states: Vec<&str> = world.rollout.members.values().map(|member| member.state.as_str()).collect();
    assert_eq!(states, ["done", "skipped", "skipped", "skipped", "given", "skipped", "given", "waiting"]);
    world.around.now_ms += 31 * 24 * 60 * 60 * 1_000;
    world.known(7).is_connected = false;
    world.step();
    assert_eq!(world.rollout.members[&site(7)].detail, "it was away for 30 days");
}

#[test]
fn who_has_begun_ends_though_it_was_cancelled() {
    let mut world = tried(0, Share::Boxes(1), &[CommandState::Sent, CommandState::Waiting]);
    world.rollout.cancel("anna", 1).unwrap();
    assert_eq!(world.step(), [Act::TakeBack { site: site(1), attempt: 1 }]);
    world.end(1, CommandState::Cancelled, false);
    world.end(0, CommandState::Succeeded, false);
    world.step();
    let tally = world.rollout.tally();
    assert_eq!((tally[&MemberState::Done], tally[&MemberState::Skipped]), (1, SITES - 1));
    assert_eq!(world.rollout.retry(None, 2), Err(Refusal::Over("cancelled")));
}
