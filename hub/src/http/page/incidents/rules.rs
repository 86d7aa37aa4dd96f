//! What people call the rules of alerts.

use crate::text::Lang;

/// A rule's name in the configuration, in French and in English.
const NAMES: &[(&str, &str, &str)] = &[
    ("site_offline", "Boîtier muet", "Silent box"),
    ("box_cloned", "Deux boîtiers, une identité", "Two boxes, one identity"),
    ("temperature", "Température du boîtier", "Temperature of the box"),
    ("disk", "Disque du boîtier", "Disk of the box"),
    ("disk_filling", "Disque bientôt plein", "Disk soon full"),
    ("memory", "Mémoire du boîtier", "Memory of the box"),
    ("clock_wrong", "Décalage d’horloge", "Clock offset"),
    ("queue_growing", "Données attendues", "Data due"),
    ("queue_loss", "Lacune", "Gap"),
    ("certificate_ending", "Fin du certificat", "Certificate ending"),
    ("update_undone", "Mise à jour annulée", "Update undone"),
    ("blind_observer", "Réseau non observé", "Network not observed"),
    ("terminal_silent", "Pointeuse muette", "Silent terminal"),
    ("terminal_memory", "Mémoire de la pointeuse", "Memory of the terminal"),
    ("machine_disk", "Disque d’une machine", "Disk of a machine"),
    ("battery_full", "Batterie pleine et branchée", "Battery full and plugged in"),
    ("battery_low", "Batterie faible", "Low battery"),
    ("connector_stopped", "Connecteur arrêté", "Connector stopped"),
];

/// What people call a rule; a rule of another version of the hub is called as it is.
pub(super) fn called(lang: Lang, rule: &str) -> String {
    let Some((_, fr, en)) = NAMES.iter().find(|(name, _, _)| *name == rule) else { return rule.to_owned() };
    match lang {
        Lang::Fr => (*fr).to_owned(),
        Lang::En => (*en).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::rules::CATALOGUE;

    #[test]
    fn every_rule_has_a_name_for_people_and_no_name_is_left_over() {
        let named: Vec<&str> = NAMES.iter().map(|(name, _, _)| *name).collect();
        let known: Vec<&str> = CATALOGUE.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, known);
    }
}
