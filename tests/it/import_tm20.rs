//! The cut-over as a person does it: the dump of the old server, the command line, the hub.

use serde_json::json;
use vigie_tests::processes::HubProcess;

#[tokio::test]
async fn a_dump_is_looked_at_then_taken_over_and_a_second_time_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut hub = HubProcess::new(folder.path()).unwrap();
    hub.start().await.unwrap();
    let raw = json!({ "enrollid": 7, "time": "2025-05-06 08:01:09", "mode": 1, "inout": 0, "event": 0 });
    let dump = json!([
        { "model": "auth.user", "pk": 1, "fields": { "username": "admin" } },
        { "model": "devices.terminal", "pk": 1, "fields": { "sn": "TM20-001" } },
        { "model": "devices.biometricuser", "pk": 1, "fields": { "terminal": 1, "enrollid": 7, "name": "Ama" } },
        { "model": "devices.thirdpartyconfig", "pk": 3, "fields": {
            "name": "RH", "base_url": "https://hr.example", "users_endpoint": "/users",
            "attendance_endpoint": "/attendance", "auth_type": "bearer", "auth_token": "hunter2" } },
        { "model": "devices.terminalthirdpartymapping", "pk": 1, "fields": { "terminal": 1, "config": 3 } },
        { "model": "devices.attendancelog", "pk": 1, "fields": {
            "terminal": 1, "enrollid": 7, "time": "2025-05-06T06:01:09Z", "raw_payload": raw, "sync_status": "sent" } },
    ]);
    let file = folder.path().join("dump.json");
    std::fs::write(&file, dump.to_string()).unwrap();
    let file = file.to_str().unwrap();

    let looked = hub.run_verb(&["import", "tm20", file, "--dry-run"]).await.unwrap();
    let taken = hub.run_verb(&["import", "tm20", file, "--secrets"]).await.unwrap();
    let again = hub.run_verb(&["import", "tm20", file, "--secrets"]).await.unwrap();

    assert!(looked.contains("Would be taken:") && looked.contains("1  people"), "{looked}");
    assert!(taken.contains("1  marks of punches that were sent already"), "{taken}");
    assert!(taken.contains("accounts, sessions and rights of the old server"), "{taken}");
    assert!(again.contains("A connector rh is here already"), "{again}");
    for said in [looked, taken, again] {
        assert!(!said.contains("hunter2"), "{said}");
    }
}
