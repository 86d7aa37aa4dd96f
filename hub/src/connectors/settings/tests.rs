//! What a connector sets itself, and what it lacks.

use super::*;

/// A connector of the default format.
pub(crate) fn connector(name: &str) -> Connector {
    let cfg = [("users_endpoint", "/api/users"), ("attendance_endpoint", "/api/attendance")];
    Connector {
        name: name.to_owned(),
        mapping: MappingChoice::Shipped("default".to_owned()),
        base: Some("https://hr.example.org/".to_owned()),
        zone: None,
        auth: None,
        cfg: cfg.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        interval_ms: None,
        batch_max: None,
        timeout_ms: None,
        rate: None,
        is_on: true,
        start_at_ms: 0,
        terminals: Vec::new(),
        numbers: BTreeMap::new(),
        created_ms: 0,
    }
}

#[test]
fn what_a_connector_sets_stands_in_place_of_the_mappings_own() {
    let auth = AuthChoice { kind: AuthKind::Bearer, header: None };
    let zone = Some("Europe/Paris".to_owned());
    let set = Connector { batch_max: Some(7), timeout_ms: Some(5000), auth: Some(auth), zone, ..connector("hr") };

    let mapping = set.mapping().unwrap();

    assert_eq!(mapping.base.as_deref(), Some("https://hr.example.org"));
    assert_eq!((mapping.push.as_ref().unwrap().rows_max, mapping.timeout), (7, Duration::from_secs(5)));
    assert_eq!(mapping.zone.iana_name(), Some("Europe/Paris"));
    assert_eq!(set.missing(&mapping, &BTreeSet::new()), ["secret.token"]);
    assert_eq!(set.missing(&mapping, &BTreeSet::from(["token".to_owned()])), Vec::<String>::new());
}

#[test]
fn what_cannot_work_is_said_with_its_field() {
    for (wrong, field) in [
        (Connector { base: None, ..connector("hr") }, "base"),
        (Connector { base: Some("hr.example.org".to_owned()), ..connector("hr") }, "base"),
        (Connector { zone: Some("Mars/Olympus".to_owned()), ..connector("hr") }, "zone"),
        (Connector { mapping: MappingChoice::Shipped("sap".to_owned()), ..connector("hr") }, "mapping"),
        (Connector { auth: Some(AuthChoice { kind: AuthKind::Login, header: None }), ..connector("hr") }, "auth.kind"),
        (Connector { auth: Some(AuthChoice { kind: AuthKind::Header, header: None }), ..connector("hr") }, "auth"),
    ] {
        assert_eq!(wrong.mapping().unwrap_err().0[0].field, field);
    }
}

#[test]
fn every_shipped_mapping_says_what_it_needs() {
    for (name, expected) in [
        ("default", ["cfg.attendance_endpoint", "cfg.users_endpoint"].as_slice()),
        ("erpnext", &["secret.key", "secret.secret"]),
        ("odoo", &["secret.api_key"]),
        ("kimai", &["cfg.activity", "cfg.project", "secret.token"]),
    ] {
        let mapping = MappingChoice::Shipped(name.to_owned());
        let bare = Connector { cfg: BTreeMap::new(), mapping, ..connector("hr") };
        assert_eq!(bare.missing(&bare.mapping().unwrap(), &BTreeSet::new()), expected, "{name}");
    }
}

#[test]
fn a_mapped_person_has_another_number_there_and_nobody_else_keeps_it() {
    let set = Connector { numbers: BTreeMap::from([(118, 18), (18, 118)]), ..connector("hr") };
    assert_eq!((set.number_there(118), set.number_there(18), set.number_there(7)), (18, 118, 7));
    assert_eq!(set.numbers_here(18), BTreeSet::from([118]));
    assert_eq!(set.numbers_here(7), BTreeSet::from([7]));
}

#[test]
fn names_fit_addresses_and_command_lines() {
    assert!(is_name("erpnext-paris2") && !is_name("") && !is_name("-x") && !is_name("a/b") && !is_name("A"));
}
