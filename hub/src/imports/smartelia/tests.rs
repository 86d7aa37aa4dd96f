//! What becomes of the scanner's variables.

use std::path::Path;

use jiff::civil::time;
use proptest::prelude::*;

use super::*;

const FILE: &str = "# Smartelia\r
SSH_USERNAME=smartelia\r
export SSH_PASSWORD='p#ss \"word\"'\r
GMAIL_USER=alertes@example.org\r
GMAIL_APP_PASSWORD=abcd efgh ijkl mnop\r
ALERT_RECIPIENTS=anna@example.org, leo@example.org\r
CLEANUP_SCHEDULE_DAY=Monday\r
CLEANUP_SCHEDULE_TIME=9:30\r
USE_SSH=true\r
";

fn problems(text: &str) -> String {
    let problems = read(text).unwrap_err();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_seven_variables_become_settings_of_hub_and_boxes() {
    let setup = read(FILE).unwrap();
    assert_eq!(setup.foreign, [("USE_SSH".to_owned(), 9)]);
    assert_eq!(setup.mail.as_ref().unwrap().password.reveal(), "abcdefghijklmnop");
    assert_eq!(setup.clean_desk, Some((Weekday::Monday, time(9, 30, 0, 0))));
    insta::assert_snapshot!(setup.drop_in(Path::new("/var/lib/vigie/hub/mail-password")).unwrap(), @r#"
    # Taken over by `vigie-hub import smartelia`.
    [mail]
    server = "smtp.gmail.com"
    security = "starttls"
    user = "alertes@example.org"
    password_file = "/var/lib/vigie/hub/mail-password"
    from = "alertes@example.org"
    recipients = ["anna@example.org", "leo@example.org"]

    [clean_desk]
    enabled = true
    day = "monday"
    time = "09:30"
    "#);
    let boxes = setup.for_boxes().unwrap();
    assert!(boxes.contains("user = \"smartelia\"") && boxes.contains("line 3 of your file"), "{boxes}");
}

#[test]
fn no_secret_is_shown_anywhere() {
    let setup = read(FILE).unwrap();
    let shown = format!("{setup:?}{:?}{:?}", setup.drop_in(Path::new("/x")), setup.for_boxes());
    assert!(!shown.contains("p#ss") && !shown.contains("abcd") && !shown.contains("mnop"), "{shown}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line() {
    let text = "SSH_USERNAME=x\nGMAIL_USER=\"a b\"\nGMAIL_APP_PASSWORD=topsecret\nALERT_RECIPIENTS=a@b.c\\nBcc: d@e.f,,x\n\
                CLEANUP_SCHEDULE_DAY=vendredi\nCLEANUP_SCHEDULE_TIME=25:00\nbroken\n";
    let said = problems(text);
    for words in [
        "line 2: GMAIL_USER holds something that is no mail address",
        "line 4: ALERT_RECIPIENTS holds something that is no mail address",
        "line 5: CLEANUP_SCHEDULE_DAY cannot be read",
        "line 6: CLEANUP_SCHEDULE_TIME cannot be read",
        "line 7: there is no `=`",
        "SSH_USERNAME without SSH_PASSWORD",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("topsecret") && !said.contains("d@e.f"), "{said}");
}

#[test]
fn variables_that_belong_together_are_set_together() {
    assert!(problems("GMAIL_USER=a@b.cd").contains("GMAIL_USER without GMAIL_APP_PASSWORD and ALERT_RECIPIENTS"));
    assert!(problems("GMAIL_USER=a@b.cd\nGMAIL_APP_PASSWORD=x\nALERT_RECIPIENTS=,").contains("names nobody"));
    let only_a_day = read("CLEANUP_SCHEDULE_DAY=tuesday").unwrap();
    assert_eq!(only_a_day.clean_desk, Some((Weekday::Tuesday, time(16, 0, 0, 0))));
}

#[test]
fn an_empty_file_sets_nothing_up() {
    let setup = read("SSH_USERNAME=\n# nothing\n").unwrap();
    assert_eq!((setup.drop_in(Path::new("/x")), setup.for_boxes()), (None, None));
}

proptest! {
    #[test]
    fn whatever_stands_in_a_value_the_drop_in_stays_settings(user in "[a-z\"\\\\']{1,9}", host in "[a-z]{1,9}") {
        let text = format!("GMAIL_USER='{user}@{host}.org'\nGMAIL_APP_PASSWORD=x\nALERT_RECIPIENTS={host}@example.org");
        if let Ok(setup) = read(&text) {
            let settings: toml::Table = setup.drop_in(Path::new("/x \"y\"")).unwrap().parse().unwrap();
            prop_assert_eq!(settings["mail"]["from"].as_str().map(str::to_owned), Some(format!("{user}@{host}.org")));
        }
    }
}
