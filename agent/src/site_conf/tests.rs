//! The file of the old agent's own manual, and everything that can be wrong with one.

use proptest::prelude::*;

use super::*;

/// A path in the home of the boxes' usual user, as their files have it.
fn home(path: &str) -> String {
    let root = AgentConfig::default().app.root;
    root.join(path).display().to_string()
}

fn manual() -> String {
    format!(
        "# Serveur central\nCENTRAL_SERVER_URL=https://central.example.org\nCENTRAL_SERVER_ENABLED=true\n\n\
         SITE_ID=5f0c954e-7b9c-4a2e-9c37-0d6f7d3a1b22\nSITE_API_KEY=cle-api-unique\n\nSITE_NAME=Site Rennes\n\
         CLUB_NAME=Rennes FC\nLOCATION_CITY=Rennes\nLOCATION_REGION=Bretagne\nLOCATION_COUNTRY=France\n\
         SPORTS=football,futsal\nHARDWARE_MODEL=Raspberry Pi 4 Model B Rev 1.4\n\nNEOPRO_ROOT={}\nVIDEOS_PATH={}\n\
         CONFIG_PATH={}\nBACKUP_PATH={}\n\nHEARTBEAT_INTERVAL=30000\nMETRICS_INTERVAL=300000\n\nLOG_LEVEL=info\n\
         \nMAX_DOWNLOAD_SIZE=1073741824\n\
         ALLOWED_COMMANDS=deploy_video,delete_video,update_software,update_config,reboot,restart_service,get_logs\n",
        home("").trim_end_matches('/'),
        home("videos"),
        home("webapp/configuration.json"),
        home("backups"),
    )
}

#[test]
fn the_manuals_own_file_means_the_defaults() {
    let imported = import(&manual());
    assert_eq!(imported.settings, json!({}), "the old defaults are ours");
    assert_eq!(imported.site.unwrap().as_str(), "5f0c954e7b9c4a2e9c370d6f7d3a1b22");
    assert_eq!(imported.about["club"], "Rennes FC");
    assert_eq!(imported.about["sports"], "football,futsal");
    let notes: Vec<String> = imported.notes.iter().map(|note| format!("{} {}", note.line, note.text)).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(notes[0].starts_with("2 CENTRAL_SERVER_URL is dropped"), "{notes:?}");
    assert!(notes[1].starts_with("6 SITE_API_KEY is dropped") && !notes[1].contains("cle-api"), "{notes:?}");
    assert_eq!(imported.paths.writable, [AgentConfig::default().app.root]);
}

#[test]
fn milliseconds_and_bytes_become_units_and_what_is_off_stays_off() {
    let text = "HEARTBEAT_INTERVAL=15000\r\nMETRICS_INTERVAL=60500\nMAX_DOWNLOAD_SIZE=\"536870912\"\nLOG_LEVEL='silly'\n\
                export CENTRAL_SERVER_ENABLED=false # pas encore\nALLOWED_COMMANDS=reboot, get_logs,self_destruct\n\
                NEOPRO_ROOT=/opt/neopro\nVIDEOS_PATH=/mnt/usb/videos\nCONFIG_PATH=/opt/neopro/app/c.json\n";
    let imported = import(text);
    assert_eq!(
        imported.settings,
        json!({
            "collect": { "host": { "heartbeat": "15s", "sample": "1m 500ms" } },
            "commands": {
                "allowed": ["reboot", "get_logs"], "deploy_video": { "max_download_size": "512MiB" },
            },
            "log": "trace",
            "hub": { "enabled": false },
            "app": { "root": "/opt/neopro", "videos": "/mnt/usb/videos", "configuration": "app/c.json" },
        })
    );
    let written = toml::to_string(&imported.settings).unwrap();
    let config = vigie_shared::config::parse::<AgentConfig>("50-site-conf.toml", &written).unwrap();
    assert!(!config.hub.enabled && !config.commands.allowed.includes("deploy_video"));
    assert_eq!(config.app.configuration_file(), Path::new("/opt/neopro/app/c.json"));
    assert_eq!(imported.notes.len(), 1, "{:?}", imported.notes);
    assert!(imported.notes[0].text.contains("`self_destruct`"));
    assert_eq!(imported.paths.writable, [Path::new("/opt/neopro"), Path::new("/mnt/usb/videos")]);
}

#[test]
fn what_is_wrong_or_unknown_is_named_by_its_line_and_the_default_stays() {
    let text = "nonsense\nCOLOUR=red\nHEARTBEAT_INTERVAL=soon\nMETRICS_INTERVAL=0\nCENTRAL_SERVER_ENABLED=maybe\n\
                NEOPRO_ROOT=../x\nSITE_ID=été\nLOG_LEVEL=loud\n=x\n";
    let imported = import(text);
    assert_eq!((imported.settings, imported.site), (json!({}), None));
    let lines: Vec<usize> = imported.notes.iter().map(|note| note.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert!(imported.notes[1].text.contains("COLOUR is not known"));
}

proptest! {
    #[test]
    fn whatever_is_imported_can_be_loaded(text in "(([A-Z_]{3,20}|SPORTS|LOG_LEVEL|METRICS_INTERVAL|MAX_DOWNLOAD_SIZE|VIDEOS_PATH)=[ -~]{0,24}\n){0,8}") {
        let written = toml::to_string(&import(&text).settings).unwrap();
        prop_assert!(vigie_shared::config::parse::<AgentConfig>("x.toml", &written).is_ok(), "{}", written);
    }

    #[test]
    fn nothing_makes_it_panic(text: String) {
        drop(import(&text));
    }
}
