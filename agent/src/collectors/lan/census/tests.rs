//! Tables and laws of the census.

use proptest::prelude::*;
use vigie_shared::wire::reading::Source;

use super::*;

const PHONE: Mac = Mac([0x8e, 0x1b, 0x7c, 0, 0x11, 0x22]);
const LAPTOP: Mac = Mac([0x3c, 0x22, 0xfb, 0, 0x11, 0x23]);
const ROUTER: Mac = Mac([0x3c, 0x22, 0xfb, 0, 0, 1]);
const BOX: Mac = Mac([0xb8, 0x27, 0xeb, 1, 2, 3]);

fn at(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn ip(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, n)
}

fn ip_v6(n: u8) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, n.into())
}

fn rules() -> Rules {
    Rules { own: BTreeMap::from([(BOX, ip(2))]), gateways: BTreeSet::from([ip(1)]), check_after: at(60) }
}

fn census() -> Census {
    Census::new(rules(), at(60), at(60))
}

fn seen(mac: Mac, n: u8, s: u64) -> Evidence {
    Evidence { mac, ip: Some(ip(n).into()), at: at(s), source: Source::ArpReply, name: None }
}

/// The rows without the box's own.
fn rows(census: &mut Census, s: u64) -> Vec<Row> {
    census.report(at(s)).rows.into_iter().filter(|row| row.mac != BOX).collect()
}

#[test]
fn s09_the_same_pair_twice_is_one_row() {
    let mut census = census();
    census.observe(&seen(PHONE, 7, 100));
    census.observe(&seen(PHONE, 7, 100));
    census.observe(&Evidence { source: Source::Mdns, ..seen(PHONE, 7, 130) });

    let rows = rows(&mut census, 300);

    let expected = Row {
        mac: PHONE,
        ip: Some(ip(7).into()),
        first: at(100),
        last: at(130),
        count: 2,
        sources: Source::ArpReply.bit() | Source::Mdns.bit(),
        flags: Sighting::PRIVATE_ADDRESS,
    };
    assert_eq!(rows, [expected]);
}

#[test]
fn s09_one_address_that_answers_for_forty_credits_nobody() {
    let mut census = census();
    (10..50).for_each(|n| census.observe(&seen(LAPTOP, n, 100)));
    census.observe(&seen(PHONE, 7, 100));

    let report = census.report(at(300));

    assert_eq!(report.new_proxies, [LAPTOP]);
    let flags = |mac| report.rows.iter().find(|row| row.mac == mac).map(|row| row.flags);
    assert_eq!(flags(LAPTOP), Some(Sighting::INFRASTRUCTURE));
    assert_eq!(flags(PHONE), Some(Sighting::PRIVATE_ADDRESS));
    assert!(census.due_checks(at(400)).iter().all(|check| check.mac != LAPTOP));
}

#[test]
fn an_answer_for_the_canary_gives_a_proxy_away() {
    let mut census = census();
    census.observe(&Evidence { ip: Some(CANARY.into()), ..seen(LAPTOP, 0, 100) });
    let report = census.report(at(300));
    assert_eq!(report.new_proxies, [LAPTOP]);
    assert!(report.rows.iter().all(|row| row.ip != Some(CANARY.into())));
}

#[test]
fn a_sleep_proxy_is_itself_and_credits_nobody_for_its_other_addresses() {
    let mut census = census();
    (20..23).for_each(|n| census.observe(&seen(LAPTOP, n, 100)));
    let rows = rows(&mut census, 300);
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].mac, rows[0].flags), (LAPTOP, 0));
}

#[test]
fn a_device_of_both_families_is_one_row_and_one_check_over_ipv4() {
    let mut census = census();
    census.observe(&seen(PHONE, 7, 100));
    census.observe(&Evidence { ip: Some(ip_v6(7).into()), source: Source::Neighbour, ..seen(PHONE, 0, 110) });
    census.observe(&Evidence { ip: Some(ip_v6(8).into()), source: Source::Neighbour, ..seen(LAPTOP, 0, 110) });

    let due: Vec<_> = census.due_checks(at(200)).into_iter().map(|check| (check.mac, check.ip)).collect();
    assert_eq!(due, [(LAPTOP, ip_v6(8).into()), (PHONE, IpAddr::from(ip(7)))]);
    let rows: Vec<_> = rows(&mut census, 300).into_iter().map(|row| (row.mac, row.ip, row.last)).collect();
    assert_eq!(rows, [(LAPTOP, Some(ip_v6(8).into()), at(110)), (PHONE, Some(ip(7).into()), at(110))]);
}

#[test]
fn a_device_that_changes_its_address_for_weeks_is_no_proxy() {
    let mut census = census();
    for week in 0..20_u8 {
        census.observe(&seen(LAPTOP, 20 + week, 100 + u64::from(week) * 300));
        assert_eq!(census.report(at(300 + u64::from(week) * 300)).new_proxies, []);
    }
}

#[test]
fn s10_the_box_and_the_gateway_are_infrastructure_and_present() {
    let mut census = census();
    census.observe(&seen(ROUTER, 1, 100));
    let report = census.report(at(300));
    let infrastructure: Vec<_> =
        report.rows.iter().filter(|row| row.flags & Sighting::INFRASTRUCTURE != 0).map(|row| row.mac).collect();
    assert_eq!(infrastructure, [ROUTER, BOX]);
    let own = report.rows.iter().find(|row| row.mac == BOX).unwrap();
    assert_eq!((own.first, own.last, own.ip), (at(60), at(300), Some(ip(2).into())));
}

#[test]
fn containers_groups_and_nobody_are_no_devices() {
    let mut census = census();
    for mac in [Mac([0x02, 0x42, 0xac, 0x11, 0, 2]), Mac([0x33, 0x33, 0, 0, 0, 0xfb]), Mac([0xff; 6]), Mac([0; 6])] {
        census.observe(&seen(mac, 7, 100));
    }
    assert_eq!(rows(&mut census, 300), []);
}

#[test]
fn only_the_present_and_silent_are_checked_and_each_once_a_minute() {
    let mut census = census();
    census.observe(&seen(PHONE, 7, 100));
    census.observe(&seen(LAPTOP, 8, 150));
    let check = |mac, n| Check { mac, ip: ip(n).into() };

    assert_eq!(census.due_checks(at(159)), []);
    assert_eq!(census.due_checks(at(160)), [check(PHONE, 7)]);
    assert_eq!(census.due_checks(at(161)), []);
    assert_eq!(census.due_checks(at(220)), [check(LAPTOP, 8), check(PHONE, 7)]);
    assert_eq!(census.due_checks(at(100 + 15 * 60 + 1)), [check(LAPTOP, 8)]);
    assert_eq!(census.due_checks(at(5000)), []);
}

#[test]
fn a_pulled_cable_is_blindness_and_not_fifty_departures() {
    let mut census = census();
    census.observe(&seen(PHONE, 7, 100));
    census.blind("no carrier on eth0", at(110));
    census.blind("no carrier on eth0", at(120));
    assert_eq!(census.due_checks(at(200)), []);
    let report = census.report(at(360));
    assert_eq!(report.coverage.len(), 2);
    assert_eq!(report.coverage[1].sight, Sight::Blind("no carrier on eth0".to_owned()));

    let later = 110 + 3600;
    census.clear(at(later));

    assert_eq!(census.present(at(later + 10)), 1);
    assert_eq!(census.due_checks(at(later + 10)), [Check { mac: PHONE, ip: ip(7).into() }]);
    assert_eq!(census.present(at(later + 15 * 60)), 0);
}

#[test]
fn a_wholly_blind_interval_has_no_row_at_all() {
    let mut census = census();
    census.blind("no carrier", at(60));
    let report = census.report(at(300));
    assert_eq!(report.rows, []);
    assert_eq!(report.coverage.len(), 1);
}

#[test]
fn a_flood_of_invented_addresses_is_bounded_and_said() {
    let mut census = census();
    for n in 0..10_000_u32 {
        let [a, b, c, d] = n.to_be_bytes();
        census.observe(&seen(Mac([0x8e, 0, a, b, c, d]), 7, 100));
    }
    let report = census.report(at(300));
    assert!(report.rows.len() <= DEVICES_MAX + 1);
    assert!(report.coverage.iter().all(|stretch| stretch.sight != Sight::Clear));
}

#[test]
fn whoever_becomes_excluded_is_forgotten() {
    let mut census = census();
    census.observe(&seen(PHONE, 7, 100));
    census.exclude(PHONE);
    census.observe(&seen(PHONE, 7, 110));
    assert_eq!(rows(&mut census, 300), []);
    assert_eq!(census.present(at(300)), 0);
    census.include(PHONE);
    census.observe(&seen(PHONE, 7, 310));
    assert_eq!(rows(&mut census, 600).len(), 1);
}

prop_compose! {
    fn any_evidence()(mac in 0_u8..12, n in 1_u8..30, s in 0_u64..360, source in 0_usize..7) -> Evidence {
        Evidence {
            mac: Mac([0x3c, 0x22, 0xfb, 0, 0, mac]),
            ip: (n < 28).then(|| if n < 20 { ip(n).into() } else { ip_v6(n).into() }),
            at: at(s),
            source: Source::ALL[source],
            name: None,
        }
    }
}

proptest! {
    #[test]
    fn any_order_of_the_same_evidence_gives_the_same_rows(
        evidence in prop::collection::vec(any_evidence(), 0..200), seed: u64,
    ) {
        let report_of = |evidence: &[Evidence]| {
            let mut census = census();
            evidence.iter().for_each(|one| census.observe(one));
            census.report(at(360))
        };
        let mut shuffled = evidence.clone();
        fastrand::Rng::with_seed(seed).shuffle(&mut shuffled);
        prop_assert_eq!(report_of(&evidence), report_of(&shuffled));
    }

    #[test]
    fn an_excluded_device_never_has_a_row_nor_a_check(
        evidence in prop::collection::vec(any_evidence(), 0..200), excluded in 0_u8..12, when: prop::sample::Index,
    ) {
        let excluded = Mac([0x3c, 0x22, 0xfb, 0, 0, excluded]);
        let mut census = census();
        let (before, after) = evidence.split_at(when.index(evidence.len() + 1));
        before.iter().for_each(|one| census.observe(one));
        census.exclude(excluded);
        after.iter().for_each(|one| census.observe(one));
        prop_assert!(census.due_checks(at(500)).iter().all(|check| check.mac != excluded));
        prop_assert!(census.report(at(360)).rows.iter().all(|row| row.mac != excluded));
    }

    #[test]
    fn a_row_is_one_device_within_its_interval(
        evidence in prop::collection::vec(any_evidence(), 0..200), split in 60_u64..360,
    ) {
        let mut census = census();
        let (early, late): (Vec<_>, Vec<_>) = evidence.into_iter().partition(|one| one.at < at(split));
        early.iter().for_each(|one| census.observe(one));
        let first = census.report(at(split));
        late.iter().for_each(|one| census.observe(one));
        for (report, from, to) in [(first, 0, split), (census.report(at(360)), split, 360)] {
            let macs: BTreeSet<_> = report.rows.iter().map(|row| row.mac).collect();
            prop_assert_eq!(macs.len(), report.rows.len());
            for row in report.rows {
                prop_assert!(at(from) <= row.first && row.first <= row.last && row.last <= at(to));
                prop_assert!(u64::from(row.count) <= (row.last - row.first).as_secs() + 1);
                prop_assert!(row.count > 0);
            }
        }
    }
}
