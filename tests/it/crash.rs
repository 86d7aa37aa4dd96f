//! The real programs under load, killed at random: what was durable on the box is stored at the hub once, in order.

use std::time::Duration;

use vigie_tests::effort;
use vigie_tests::processes::{BoxProcess, HubProcess};
use vigie_tests::punches::{compare, listed};
use vigie_tests::stored::Stored;

/// Kills of the agent and of the hub, each.
fn kills() -> usize {
    effort(10, 100)
}

/// A moment between 0.2 and 1.6 s.
fn moment(seed: &mut u64) -> Duration {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    Duration::from_millis(200 + (*seed >> 33) % 1_400)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_of_agent_and_hub_lose_nothing_and_store_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let mut victim = BoxProcess::enrol(&hub, "crash01", folder.path()).await.unwrap();
    victim.start_punching().unwrap();

    let mut seed = u64::from(std::process::id());
    for _ in 0..kills() {
        tokio::time::sleep(moment(&mut seed)).await;
        assert_eq!(victim.program().ended(), None, "the box ended by itself:\n{}", victim.program().said());
        victim.kill();
        victim.start_punching().unwrap();
        tokio::time::sleep(moment(&mut seed)).await;
        assert_eq!(hub.program().ended(), None, "the hub ended by itself:\n{}", hub.program().said());
        hub.kill();
        hub.start().await.unwrap();
    }

    victim.kill();
    victim.drain().await.unwrap();
    assert!(hub.program().stop().await.unwrap(), "{}", hub.program().said());

    let held = Stored::open(&folder.path().join("data")).unwrap().punches(&victim.site).await.unwrap();
    let total = compare(&listed(&victim.list()).unwrap(), &held).unwrap();
    assert!(total > 0);
    println!("{total} punches, each stored once, in order, through {} kills of agent and of hub", kills());
}
