//! Who is meant by a message, what is left of its text, and what is answered.

use super::*;
use crate::testing::{Acts, Kept, command_context, underway};

const MARIE: &str = "SHA256:marie";
const CARD: Mac = Mac([0x3c, 0x22, 0xfb, 0, 0, 1]);

fn known() -> Known {
    let mut known = Known::default();
    for (key, last, serial) in [(MARIE, 1, "XTEST1"), ("SHA256:leo", 2, "XTEST2"), ("SHA256:new", 3, "XTEST3")] {
        known.pin(key, 1);
        known.met(key, Place { ip: [10, 0, 0, last].into(), mac: Some(Mac([0x3c, 0x22, 0xfb, 0, 0, last])) });
        if last < 3 {
            known.read(key, Some(serial), Some("Mac"), 5);
        }
    }
    known
}

fn message(machines: Option<&[&str]>) -> Parameters {
    let machines = machines.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
    Parameters { machines, title: "Clean desk".to_owned(), text: "Rangez tout.".to_owned(), give_up_s: None }
}

fn refusal(parameters: &Parameters, known: &Known) -> String {
    match plan(parameters, known, |_| false) {
        Err(Failure::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_a_list_everybody_who_was_read_is_meant() {
    let plan = plan(&message(None), &known(), |_| false).unwrap();
    assert_eq!(plan.targets.iter().map(|target| target.name.as_str()).collect::<Vec<_>>(), ["XTEST2", "XTEST1"]);
    assert_eq!(plan.give_up_s, 60);
}

#[test]
fn a_machine_that_was_excluded_since_is_not_bothered() {
    let plan = plan(&message(None), &known(), |mac| mac == CARD).unwrap();
    assert_eq!(plan.targets.len(), 1);
}

#[test]
fn whom_nobody_knows_and_who_shares_a_name_is_told_of_and_not_guessed() {
    let plan = plan(&message(Some(&["xtest1", "Mac", "nobody"])), &known(), |_| false).unwrap();
    let places: Vec<Option<&str>> =
        plan.targets.iter().map(|target| target.place.as_ref().err().map(String::as_str)).collect();
    assert!(
        places[0].is_none()
            && places[1].unwrap().contains("several")
            && places[2].unwrap().contains("knows no machine")
    );
}

#[test]
fn s20_a_hostile_text_stays_as_it_is_but_for_control_characters() {
    let hostile = "- \"double\" 'single' $(touch /tmp/x) `id`\n🎉 \u{1b}[31m\u{7}ende";
    let plan =
        plan(&Parameters { text: hostile.to_owned(), title: "a\nb".to_owned(), ..message(None) }, &known(), |_| false);
    let plan = plan.unwrap();
    assert_eq!(plan.text, "- \"double\" 'single' $(touch /tmp/x) `id`\n🎉 [31mende");
    assert_eq!(plan.title, "ab");
}

#[test]
fn a_long_text_is_cut_and_an_empty_one_refused() {
    let long = Parameters { text: "é".repeat(9_000), ..message(None) };
    assert_eq!(plan(&long, &known(), |_| false).unwrap().text.chars().count(), 500);
    let empty = Parameters { text: "\u{7} ".to_owned(), ..message(None) };
    assert!(refusal(&empty, &known()).contains("says nothing"));
    assert!(refusal(&Parameters { give_up_s: Some(1), ..message(None) }, &known()).contains("5 to 300"));
    assert!(refusal(&message(None), &Known::default()).contains("no machine yet"));
    let crowd: Vec<&str> = vec!["x"; 300];
    assert!(refusal(&message(Some(&crowd)), &known()).contains("256"));
}

#[test]
fn shown_and_acknowledged_are_counted_apart() {
    let rows = [
        ("A".to_owned(), Seen::Acknowledged),
        ("B".to_owned(), Seen::Unseen),
        ("C".to_owned(), Seen::NotShown("its screen is locked".to_owned())),
    ];
    let answer = answer(&rows);
    assert_eq!(answer.text, "shown on 2 of 3 machines, acknowledged on 1");
    let value = answer.value.unwrap();
    assert_eq!(value["machines"][0], json!({ "machine": "A", "shown": true, "acknowledged": true, "reason": null }));
    assert_eq!(value["machines"][2]["reason"], "its screen is locked");
}

#[tokio::test]
async fn a_box_whose_owner_reads_no_machines_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = AgentConfig::in_folder(folder.path().to_owned());
    for (is_enabled, expected) in [(false, "`collect.machines`"), (true, "`inventory = true`")] {
        settings.collect.machines.enabled = is_enabled;
        let context = command_context(settings.clone(), Arc::<Acts>::default());
        let act = new(&Config::default(), &context);
        let failure = act.run(&message(None), &underway(Arc::<Kept>::default())).await.unwrap_err();
        assert!(matches!(&failure, Failure::Refused(why) if why.contains(expected)), "{failure}");
    }
}
