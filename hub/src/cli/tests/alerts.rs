//! What is wrong, taken on and silenced from the command line.

use std::time::Duration;

use vigie_shared::clock::Clock as _;

use super::*;
use crate::fleet::BoxNow;

impl Desk {
    /// A hub of which one box fell silent ten minutes ago; people were told.
    async fn with_silent_box() -> Self {
        let desk = Self::new().await;
        let brest = desk.stage.add_site("brest", "Brest").await;
        let heard_ms = Some(desk.stage.clock.wall_ms());
        for _ in 0..40 {
            desk.stage.clock.advance(Duration::from_secs(15));
            desk.stage.fleet.tell(&brest, BoxNow { heard_ms, ..BoxNow::default() });
            desk.stage.admin.alerts.look().await.unwrap();
        }
        desk
    }
}

#[tokio::test]
async fn what_is_wrong_is_listed_shown_and_taken_on() {
    let desk = Desk::with_silent_box().await;
    let list = desk.type_in("alert list").await.out;
    assert!(list.contains("critical") && list.contains("site_offline") && list.contains("Brest"), "{list}");
    let json: serde_json::Value = serde_json::from_str(&desk.type_in("alert list --json").await.out).unwrap();
    let (number, incident) = (json["items"][0]["number"].clone(), json["items"][0]["incident"].as_str().unwrap());
    let one = desk.type_in(&format!("alert show {number}")).await.out;
    assert!(one.contains("has not been heard since") && one.contains(incident), "{one}");
    let taken = desk.type_in(&format!("alert ack {number} --note coming")).await.out;
    assert!(taken.contains("acknowledged") && taken.contains("has taken it on coming"), "{taken}");
    let told = desk.type_in(&format!("alert show {incident}")).await.out;
    assert!(told.contains("opened") && told.contains("Brest"), "{told}");
    assert!(desk.type_in("alert incidents").await.out.contains(incident));
    assert!(desk.type_in("alert list --history --rule site_offline").await.out.contains("Brest"));
    assert_eq!(desk.type_in("alert list --site metz").await.out, "nothing is wrong\n");
    assert!(desk.type_in("alert show 99").await.err.contains("vigie-hub alert list"));
}

#[tokio::test]
async fn a_silence_is_made_listed_and_ended() {
    let desk = Desk::with_silent_box().await;
    assert_eq!(desk.type_in("alert silences").await.out, "nothing is silenced\n");
    let made = desk.type_in("alert silence --site brest --for 2h --note moving").await;
    assert!(made.out.contains("alert unsilence 1"), "{}{}", made.out, made.err);
    assert!(desk.type_in("alert silences").await.out.contains("moving"));
    assert!(desk.type_in("alert unsilence 1").await.out.contains("has ended"));
    let wrong = desk.type_in("alert silence --rule weather").await;
    assert_eq!(wrong.code, ExitCode::from(4), "{}", wrong.err);
    assert!(Cli::try_parse_from(["vigie-hub", "alert", "silence"]).is_err(), "everything cannot be silenced");
}

#[tokio::test]
async fn the_rules_are_listed_with_their_limits() {
    let rules = Desk::new().await.type_in("alert rules").await.out;
    assert_eq!(rules.lines().count(), 1 + crate::alerts::rules::CATALOGUE.len());
    assert!(rules.contains("critical_percent 95") && rules.contains("after 5m"), "{rules}");
}
