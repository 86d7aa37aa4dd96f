//! Words in both languages: those that all pages share, and how a page declares its own. One thing has one word
//! everywhere.

use axum::http::{HeaderMap, header};

use crate::text::Lang;

/// What the browser prefers; English if it wants neither.
pub(super) fn preferred(headers: &HeaderMap) -> Lang {
    let line = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wishes = line.split(',').take(20).filter_map(|wish| {
        let mut parts = wish.trim().split(';');
        let lang = Lang::parse(&parts.next()?.trim().get(..2)?.to_ascii_lowercase())?;
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        (weight > 0.0).then_some((lang, weight))
    });
    // The first of equal wishes wins, which `max_by` alone would not do.
    let best = wishes.fold(None, |best: Option<(Lang, f32)>, wish| match best {
        Some(known) if known.1 >= wish.1 => Some(known),
        _ => Some(wish),
    });
    best.map_or(Lang::En, |(lang, _)| lang)
}

/// One text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) fr: &'static str,
    pub(super) en: &'static str,
}

/// A text in French, then in English.
pub(super) const fn said(fr: &'static str, en: &'static str) -> Said {
    Said { fr, en }
}

impl Said {
    /// The text for this reader.
    pub(super) fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Fr => self.fr,
            Lang::En => self.en,
        }
    }
}

/// Declares the words of one page, each with its French and English form; `of(lang)` gives those of a language. A test
/// comes with it: none of them is banned.
macro_rules! words {
    ($($name:ident: $fr:literal = $en:literal;)+) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(super) struct Words {
            $(
                #[doc = concat!("`", $en, "`")]
                pub(super) $name: &'static str,
            )+
        }

        static FR: Words = Words { $($name: $fr,)+ };
        static EN: Words = Words { $($name: $en,)+ };

        /// The words of a language.
        pub(super) fn of(lang: $crate::text::Lang) -> &'static Words {
            match lang {
                $crate::text::Lang::Fr => &FR,
                $crate::text::Lang::En => &EN,
            }
        }

        #[cfg(test)]
        mod words_test {
            #[test]
            fn no_word_is_banned() {
                for (fr, en) in [$(($fr, $en)),+] {
                    $crate::http::page::assert_no_banned_word($crate::text::Lang::Fr, fr);
                    $crate::http::page::assert_no_banned_word($crate::text::Lang::En, en);
                }
            }
        }
    };
}

pub(super) use words;

words! {
    skip: "Aller au contenu" = "Skip to content";
    fleet: "Parc" = "Fleet";
    site: "Site" = "Site";
    club: "Club" = "Club";
    place: "Lieu" = "Place";
    tags: "Mots-clés" = "Tags";
    hardware: "Matériel" = "Hardware";
    system: "Système" = "System";
    note: "Note" = "Note";
    language: "Langue" = "Language";
    theme: "Thème" = "Theme";
    theme_auto: "Système" = "System";
    theme_light: "Clair" = "Light";
    theme_dark: "Sombre" = "Dark";
    apply: "Appliquer" = "Apply";
    log_in: "Se connecter" = "Log in";
    log_out: "Se déconnecter" = "Log out";
    account: "Compte" = "Account";
    password: "Mot de passe" = "Password";
    live: "En direct" = "Live";
    frozen: "Affichage figé depuis" = "Display frozen since";
    frozen_rest: "Les boîtiers continuent de travailler. La page se reconnecte toute seule."
        = "The boxes keep working. The page reconnects by itself.";
    paused: "En pause : trop de pages de Vigie sont ouvertes. Celle-ci reprend dès que vous y revenez."
        = "Paused: too many Vigie pages are open. This one goes on as soon as you come back to it.";
    refresh: "Actualiser" = "Refresh";
    search: "Rechercher un site" = "Search a site";
    state: "État" = "State";
    all: "Tous" = "All";
    trouble: "À surveiller ou pire" = "Attention or worse";
    filter: "Filtrer" = "Filter";
    clear: "Effacer le filtre" = "Clear the filter";
    machines: "Machines" = "Machines";
    machine: "Machine" = "Machine";
    search_machine: "Rechercher une machine" = "Search a machine";
    model: "Modèle" = "Model";
    disk_free: "Disque libre" = "Disk free";
    battery: "Batterie" = "Battery";
    plugged: "branchée" = "plugged in";
    session: "Session" = "Logged in";
    met: "Vue" = "Met";
    as_csv: "Télécharger en CSV" = "Download as CSV";
    no_machines: "Aucune machine encore. Les boîtiers cherchent les Mac et les PC dès que leur collecte est activée (collect.machines)."
        = "No machine yet. Boxes look for Macs and PCs as soon as it is switched on for them (collect.machines).";
    no_machine_matches: "Aucune machine ne correspond à ce filtre." = "No machine matches this filter.";
    nothing_matches: "Aucun site ne correspond à ce filtre." = "No site matches this filter.";
    reachable_axis: "Liaison" = "Link";
    health_axis: "Santé" = "Health";
    complete_axis: "Complétude" = "Completeness";
    heard: "Entendu" = "Heard";
    disk: "Disque" = "Disk";
    memory: "Mémoire" = "Memory";
    processor: "Processeur" = "Processor";
    temperature: "Température" = "Temperature";
    uptime: "En marche depuis" = "Up for";
    version: "Version" = "Version";
    waiting: "En attente" = "Pending";
    reachable: "Joignable" = "Reachable";
    late: "Entendu en retard" = "Heard late";
    silent: "Muet" = "Silent";
    never_heard: "Jamais entendu" = "Never heard";
    revoked: "Révoqué" = "Revoked";
    cloned: "Deux boîtiers, une identité" = "Two boxes, one identity";
    fine: "En ordre" = "Fine";
    attention: "À surveiller" = "Attention";
    critical: "Critique" = "Critical";
    unknown: "Inconnu" = "Unknown";
    complete: "Complet" = "Complete";
    incomplete: "Lacunes" = "Gaps";
    nothing_due: "Rien reçu encore" = "Nothing received yet";
    complete_through: "Complet jusqu’à" = "Complete through";
    through: "jusqu’à" = "through";
    lane: "Voie" = "Lane";
    ledger: "Pointages et résultats" = "Punches and outcomes";
    observations: "Observations" = "Observations";
    telemetry: "Mesures" = "Measurements";
    gaps: "Lacunes" = "Gaps";
    no_gaps: "Aucune lacune : tout ce qui a été enregistré ici est arrivé."
        = "No gaps: everything that was recorded here has arrived.";
    gap_reason: "Motif" = "Reason";
    gap_dropped: "la file du boîtier était pleine" = "the box’s queue was full";
    gap_damaged: "le disque du boîtier était abîmé" = "the box’s disk was damaged";
    gap_hub_restored: "le serveur a été restauré d’une sauvegarde plus ancienne"
        = "the hub was restored from an older backup";
    noticed: "Constaté" = "Noticed";
    positions: "Positions" = "Positions";
    measurements: "Mesures" = "Measurements";
    see_values: "Voir les valeurs" = "See the values";
    at: "À" = "At";
    devices: "Appareils vus" = "Devices seen";
    device: "Appareil" = "Device";
    kind: "Sorte" = "Kind";
    known: "inscrit" = "registered";
    passing: "de passage" = "passing";
    owned: "équipement" = "equipment";
    infrastructure: "infrastructure" = "infrastructure";
    first_seen: "Vu d’abord" = "First seen";
    last_seen: "Vu en dernier" = "Last seen";
    no_devices: "Aucun appareil vu encore. La première recherche se termine quelques secondes après le démarrage du boîtier, la première remise suit en 5 minutes."
        = "No device seen yet. The first sweep ends a few seconds after the box starts, the first delivery follows within 5 minutes.";
    more: "La suite" = "More";
    commands: "Commandes" = "Commands";
    command: "Commande" = "Command";
    given: "Donnée" = "Given";
    no_commands: "Aucune commande encore." = "No command yet.";
    command_waiting: "attend le boîtier" = "waits for the box";
    command_sent: "envoyée" = "sent";
    command_running: "en cours" = "running";
    command_succeeded: "faite" = "done";
    command_failed: "échouée" = "failed";
    command_refused: "refusée" = "refused";
    command_rolled_back: "annulée par le boîtier" = "undone by the box";
    command_unknown: "issue inconnue" = "end unknown";
    command_cancelled: "reprise" = "taken back";
    diary: "Journal du site" = "Site diary";
    no_diary: "Rien à signaler." = "Nothing to tell.";
    add_box: "Ajouter un boîtier" = "Add a box";
    no_sites: "Aucun site encore." = "No site yet.";
    by_command_line: "Par la ligne de commande" = "By the command line";
    add_box_hub: "Sur cette machine, créez un site ; la commande affiche un jeton :"
        = "On this machine, add a site; the command prints a token:";
    add_box_box: "Sur le boîtier, collez le jeton :" = "On the box, paste the token:";
    add_box_then: "Le site apparaît ici dès que le boîtier s’est fait entendre, sa première mesure en moins de 15 secondes."
        = "The site appears here as soon as the box is heard, its first measurement within 15 seconds.";
    login_lost: "Le premier mot de passe a été affiché une seule fois, au premier démarrage. Perdu ? Sur cette machine :"
        = "The first password was shown once, at the first start. Lost? On this machine:";
    problem: "Demande refusée" = "Request refused";
    demo: "Démonstration : rien ici n’est réel." = "Demo data: nothing here is real.";
    not_found: "Page introuvable" = "Page not found";
    not_found_rest: "Cette adresse ne mène à rien. Rien n’est perdu." = "This address leads nowhere. Nothing is lost.";
    back_to_fleet: "Retour au parc" = "Back to the fleet";
    none: "–" = "–";
    colon: " : " = ": ";
    look_for: "Chercher" = "Search";
    find_site: "Chercher un site" = "Find a site";
    choices: "Affichage" = "Display";
    keys: "Raccourcis du clavier" = "Keyboard shortcuts";
    keys_on: "Actifs" = "On";
    keys_off: "Éteints" = "Off";
    close: "Fermer" = "Close";
    pages_of_hub: "Pages" = "Pages";
    near_pages: "Pages proches" = "Main pages";
    more_pages: "Plus" = "More";
    dismiss: "Compris" = "Got it";
    cancel: "Annuler" = "Cancel";
    go_back: "Retour" = "Back";
    done: "Fait" = "Done";
    refused: "Refusé" = "Refused";
    retry_refused: "Relancer ce qui a été refusé" = "Try again what was refused";
    thing: "élément" = "item";
    things: "éléments" = "items";
    type_name: "Pour confirmer, tapez" = "To confirm, type";
    typed_wrong: "Ce n’est pas le nom attendu. Rien n’a été changé." = "This is not the expected name. Nothing was changed.";
    shown_once: "Notez ceci maintenant : ce ne sera plus montré." = "Write this down now: it is not shown again.";
    pages: "Pages du tableau" = "Pages of the table";
    page_before: "Page précédente" = "Previous page";
    page_after: "Page suivante" = "Next page";
    session_ends: "Votre session se termine dans deux minutes. Ce que vous avez saisi reste ici ; envoyez-le, ou rechargez une autre page pour la prolonger."
        = "Your session ends in two minutes. What you have typed stays here; send it, or load another page to go on.";
    forgot: "Mot de passe oublié" = "Forgotten password";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Lang {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, line.parse().unwrap());
        preferred(&headers)
    }

    #[test]
    fn the_browsers_first_wish_among_ours_wins() {
        assert_eq!(asked("fr-FR,fr;q=0.9,en;q=0.8"), Lang::Fr);
        assert_eq!(asked("de,en;q=0.5,fr;q=0.7"), Lang::Fr);
        assert_eq!(asked("en,fr"), Lang::En);
        assert_eq!(asked("fr;q=0,de"), Lang::En);
        assert_eq!(asked("*"), Lang::En);
        assert_eq!(asked("é,,;;q=,"), Lang::En);
        assert_eq!(preferred(&HeaderMap::new()), Lang::En);
    }
}
