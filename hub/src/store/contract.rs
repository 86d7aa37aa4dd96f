//! The contract: what every adapter of the store must do. One suite, run on each of them.
//!
//! A new adapter adds one `suite!` line and a [`Subject`].

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::Lane;

use crate::store::diary::{Entry, Level};
use crate::store::facts::{Arrival, Commit, QueueState};
use crate::store::projections::{Cursor, Derived, Device, DeviceKind, Step};
use crate::store::sites::Site;
use crate::store::{
    Accounts, Attendance, Diary, Facts, Memory, Projections, Sites, Sqlite, Store, Terminals, Timetable, Upkeep, Vault,
};

mod agreement;
mod alerts;
pub(crate) mod attendance;
mod commands;
pub(crate) mod connectors;
pub(crate) mod days;
mod derived;
mod disputes;
mod facts;
mod logins;
mod machines;
mod media;
mod numbers;
mod outbox;
mod people;
mod registry;
mod releases;
mod rollouts;
mod strips;
mod timetable;

/// A store under test, and how to close and open it again.
trait Subject {
    type Store: Store;

    fn open(&self) -> Self::Store;

    fn reopen(&self, store: Self::Store) -> impl Future<Output = Self::Store>;
}

struct InMemory;

impl Subject for InMemory {
    type Store = Memory;

    fn open(&self) -> Memory {
        Memory::default()
    }

    async fn reopen(&self, store: Memory) -> Memory {
        let again = Memory::default();
        again.restore(store.snapshot());
        again
    }
}

struct InFile(tempfile::TempDir);

impl InFile {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("vigie.db")
    }
}

impl Subject for InFile {
    type Store = Sqlite;

    fn open(&self) -> Sqlite {
        let vault = Vault::open(&self.0.path().join("store.key")).unwrap();
        Sqlite::open(&self.file(), vault).unwrap()
    }

    async fn reopen(&self, store: Sqlite) -> Sqlite {
        drop(store);
        self.open()
    }
}

/// Runs the laws of the given modules on one subject.
macro_rules! suite {
    ($name:ident, $subject:expr, { $($part:ident: [$($law:ident),+ $(,)?]),+ $(,)? }) => {
        mod $name {
            use super::*;
            $($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $law() {
                    $part::$law(&$subject).await;
                }
            )+)+
        }
    };
}

macro_rules! every_law {
    ($($name:ident => $subject:expr),+ $(,)?) => {$(
        suite!($name, $subject, {
            facts: [
                a_commit_is_read_back_in_order,
                a_commit_with_a_conflict_changes_nothing,
                the_checksum_of_a_held_record_is_known,
                queues_and_gaps_are_remembered,
                what_is_on_disk_survives_a_restart,
                old_records_are_forgotten_once_they_were_followed,
            ],
            people: [
                a_site_is_added_once,
                a_description_changes_only_from_what_it_was,
                of_many_who_redeem_at_once_one_succeeds,
                an_enrolment_ends_and_belongs_to_one_site,
                a_revoked_site_takes_its_papers_with_it,
                a_sites_secret_is_its_own_and_stays,
                accounts_and_credentials_are_kept_and_end,
                the_diary_is_newest_first,
            ],
            logins: [
                a_removed_account_takes_everything_with_it,
                a_session_changes_only_from_what_it_was,
                a_second_factor_changes_only_from_what_it_was,
                acts_and_looks_are_one_log,
            ],
            media: [
                media_are_kept_once_and_listed_newest_first,
                a_stretch_replaces_what_lay_in_it_and_nothing_else,
                an_anchor_dates_what_was_told,
            ],
            machines: [
                words_about_a_machine_merge_whatever_their_order,
                a_machine_is_listed_where_it_was_last_met,
                a_machines_past_has_one_row_per_hour_and_day,
                settled_machines_outlive_a_rebuild_until_their_time_is_over,
                a_forgotten_machine_comes_back_only_by_later_words,
            ],
            releases: [
                a_release_is_known_by_its_bytes,
                what_boxes_run_is_what_they_told_last,
                a_pin_stays_until_it_is_taken_away,
            ],
            attendance: [
                rows_that_say_the_same_are_one_punch,
                pages_of_punches_are_newest_first_and_miss_none,
                a_punch_is_found_by_whatever_is_asked_of_it,
                a_decision_moves_and_counts_and_survives_a_rebuild,
                a_punch_that_no_terminal_told_is_there_once_and_survives_a_rebuild,
                an_anchor_corrects_what_a_wrong_clock_told,
                settled_punches_outlive_a_rebuild_until_their_time_is_over,
                a_terminal_is_what_was_told_last_and_outlives_its_records,
                a_stretch_of_users_replaces_what_lay_in_it,
                pending_terminals_are_forgotten_and_admitted_ones_stay,
            ],
            timetable: [
                schedules_and_holidays_are_kept_replaced_and_removed,
                a_number_belongs_to_one_person_and_names_the_punches,
                a_day_is_closed_once,
                a_profile_reads_the_punches_of_its_terminal_anew_and_outlives_a_rebuild,
            ],
            strips: [
                strips_unite_whatever_comes_twice_or_late,
                pages_of_strips_miss_none_and_repeat_none,
                what_observers_saw_stands_apart_from_devices,
                undated_sights_are_held_back_until_their_boots_anchor,
                settled_and_imported_sights_outlive_a_rebuild_until_their_time_is_over,
            ],
            registry: [
                a_device_is_registered_named_anew_and_forgotten,
                no_device_has_two_owners_at_one_time,
                a_device_is_handed_over_or_given_back_at_a_moment,
                an_excluded_device_loses_its_address_and_its_owner,
                a_profile_goes_with_its_person_and_an_address_is_one_persons,
                a_claim_waits_once_until_somebody_decides_or_its_time_is_over,
                of_who_was_erased_only_the_worth_of_days_stays,
                what_was_seen_of_the_erased_does_not_come_back,
            ],
            days: [
                a_day_is_replaced_by_newer_revisions_and_published_once,
                pages_of_days_miss_none_and_repeat_none,
                a_decision_stands_beside_its_day_until_it_is_taken_back,
                ends_policies_and_looks_are_kept_as_they_were_said,
            ],
            disputes: [
                a_disputed_day_waits_until_it_is_answered_and_can_be_disputed_again,
            ],
            alerts: [
                a_look_is_kept_as_a_whole_and_history_apart,
                pages_of_alerts_are_newest_first_and_as_they_were_asked,
                news_are_untold_until_somebody_took_them_over,
                silences_have_numbers_and_an_end,
                only_what_is_over_is_forgotten,
            ],
            rollouts: [
                a_rollout_is_kept_with_its_boxes,
                one_software_has_one_open_rollout,
                what_can_still_happen_is_live,
            ],
            connectors: [
                a_connector_is_kept_with_its_secrets_and_goes_with_them,
                people_are_written_and_marked_but_never_removed,
                only_the_last_rounds_are_remembered,
                a_row_is_queued_once_whatever_became_of_it,
                whoever_waits_holds_up_only_himself,
                what_waits_from_the_beginning_holds_up_nobody_and_no_list_frees_it,
                people_move_jobs_only_from_where_they_are_and_settled_ones_end,
            ],
            numbers: [
                a_number_is_given_once_and_stays,
                numbers_from_elsewhere_are_kept_where_nothing_has_them,
            ],
            outbox: [
                a_letter_is_kept_once_by_its_name,
                a_reader_gets_letters_about_one_thing_in_order,
                what_was_begun_is_found_and_nothing_else,
                people_have_dead_letters_tried_again_and_settled_ones_end,
                secrets_of_letters_come_back_and_go,
            ],
            commands: [
                a_command_is_given_once_and_kept,
                commands_of_one_kind_are_newest_first,
                a_command_moves_only_from_where_it_is,
                the_boxs_word_ends_a_command_and_proof_outweighs_refusal,
                what_boxes_undid_is_found_by_its_time,
                only_what_ended_long_ago_is_forgotten,
            ],
            derived: [
                devices_merge,
                pages_of_devices_miss_none_and_repeat_none,
                an_anchor_dates_what_waited_for_it,
                what_comes_after_the_anchor_is_dated_at_once,
                a_records_entry_is_written_once,
                forgetting_projections_keeps_the_facts,
                what_is_derived_ends,
                samples_of_settled_records_stay_in_their_hour,
                what_settled_records_amount_to_outlives_a_rebuild,
            ],
        });
    )+};
}

every_law! {
    memory => InMemory,
    sqlite => InFile::new(),
}

fn site(id: &str) -> SiteId {
    id.parse().unwrap()
}

fn queue(number: u8) -> QueueId {
    QueueId([number; 16])
}

fn frame(text: &str) -> Bytes {
    vigie_shared::wire::frame::seal(1, text).into()
}

/// Records `start..=end` of telemetry and the queue's state after them.
fn records(id: &str, number: u8, start: u64, end: u64) -> Commit {
    let (site, lane, queue) = (site(id), Lane::Telemetry, queue(number));
    let records = (start..=end).map(|seq| frame(&format!("{id} {number} {seq}"))).collect();
    Commit {
        arrivals: vec![Arrival { site: site.clone(), lane, queue, start, records }],
        queues: vec![QueueState { site, lane, queue, through: end, born_ms: 5 }],
        received_ms: i64::try_from(end).unwrap() * 1000,
        ..Commit::default()
    }
}

async fn seqs(store: &impl Store, id: &str, number: u8) -> Vec<u64> {
    let held = store.records(&site(id), queue(number), 0, 1000).await.unwrap();
    held.iter().map(|record| record.seq).collect()
}

async fn commit(store: &impl Store, commit: Commit) {
    store.commit(Arc::new(commit)).await.unwrap();
}

fn entry(at_ms: i64, id: Option<&str>, text: &str) -> Entry {
    Entry { at_ms, site: id.map(site), level: Level::Note, kind: "test".to_owned(), text: text.to_owned() }
}

fn place(id: &str) -> Site {
    Site::new(site(id), "A place".to_owned(), "Europe/Paris".to_owned(), 1)
}

fn device(id: &str, name: &str, first_seen_ms: i64, last_seen_ms: i64) -> Device {
    Device {
        site: site(id),
        id: name.to_owned(),
        kind: DeviceKind::Passing,
        ip: None,
        name: None,
        first_seen_ms,
        last_seen_ms,
        sightings: 1,
        sources: 1,
        flags: 0,
    }
}

fn dated<T>(value: T) -> Derived<T> {
    Derived { value, undated: None }
}

fn cursor(id: &str, number: u8, through: u64, complete_ms: i64) -> Cursor {
    Cursor { site: site(id), lane: Lane::Telemetry, queue: queue(number), through, complete_ms: Some(complete_ms) }
}

async fn follow(store: &impl Store, id: &str, number: u8, through: u64) {
    store.apply(Step { cursors: vec![dated(cursor(id, number, through, 1))], ..Step::default() }).await.unwrap();
}
