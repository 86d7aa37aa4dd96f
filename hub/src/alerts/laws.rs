//! Laws of what people are told, whatever happens to boxes, people and the hub; and mistakes that they must find.

mod world;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use self::world::{Event, Mistake, World, any_event};

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
            prop_assert_eq!(&steady.told, &frail.told);
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
