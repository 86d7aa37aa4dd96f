//! Laws of what people are told, whatever happens to boxes, people and the hub; and mistakes that they must find.

mod world;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use self::world::{Event, Mistake, World, any_event};
use super::news::{News, Words};

/// Enough looks for hours of flapping.
const EVENTS_MAX: usize = 120;

fn check(events: &[Event], mistake: Option<Mistake>) -> Result<(), String> {
    let mut world = World::new(mistake);
    for event in events {
        world.apply(event)?;
        world.look()?;
    }
    world.settle()
}

/// What was told, but for the figures in the sentences: a figure alone is not worth a write, so a hub that starts again while
/// a box is silent tells the one that was stored.
fn without_figures(told: &[News]) -> Vec<News> {
    let mut told = told.to_vec();
    told.iter_mut().flat_map(|news| &mut news.lines).for_each(|line| line.text = Words::default());
    told
}

proptest! {
    #[test]
    fn whatever_happens_people_are_told_in_order_and_seldom(events in prop::collection::vec(any_event(), 0..EVENTS_MAX)) {
        prop_assert_eq!(check(&events, None), Ok(()));
    }

    #[test]
    fn a_hub_that_starts_again_at_any_moment_tells_the_same(
        events in prop::collection::vec((any_event(), any::<bool>()), 0..EVENTS_MAX),
    ) {
        let (mut steady, mut frail) = (World::new(None), World::new(None));
        for (event, dies) in &events {
            if *dies {
                frail.start_again();
            }
            for world in [&mut steady, &mut frail] {
                prop_assert_eq!(world.apply(event).and_then(|()| world.look()), Ok(()));
            }
            prop_assert_eq!(without_figures(&steady.told), without_figures(&frail.told));
        }
    }
}

/// Histories that show each mistake, if the laws are worth anything.
fn histories() -> Vec<Vec<Event>> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let any_history = prop::collection::vec(any_event(), EVENTS_MAX);
    (0..24).map(|_| any_history.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn the_laws_find_planted_mistakes() {
    let histories = histories();
    for mistake in Mistake::ALL {
        let found = histories.iter().any(|events| check(events, Some(mistake)).is_err());
        assert!(found, "{mistake:?} was not found");
    }
}
