//! The page's sentences in French and English: what is so, what is safe, what to do.

use vigie_shared::units::bytes_text;
use vigie_shared::wire::Lane;

use super::facts::{Connection, Facts, LaneFact, TerminalFact, Trouble, Work};

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// French.
    Fr,
    /// English.
    En,
}

impl Lang {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Fr, Self::En];

    /// The language's code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The language's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fr => "Français",
            Self::En => "English",
        }
    }

    /// One of two texts.
    #[must_use]
    pub fn of(self, fr: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should be.
    Good,
    /// Somebody should look.
    Bad,
    /// Neither.
    Plain,
}

/// A part of the page: a heading and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its heading.
    pub heading: String,
    /// What it says in large letters.
    pub mood: Mood,
    /// Its lines; the first is the answer.
    pub lines: Vec<String>,
    /// Words of the program, in English, for whoever helps.
    pub detail: Option<String>,
}

impl Part {
    fn new(heading: &str, mood: Mood, lines: Vec<String>) -> Self {
        Self { heading: heading.to_owned(), mood, lines, detail: None }
    }
}

/// The whole page in words.
#[must_use]
pub fn parts(facts: &Facts, lang: Lang) -> Vec<Part> {
    let mut parts = vec![unplug(facts, lang), connection(facts, lang), waiting(facts, lang)];
    parts.extend((!facts.terminals.is_empty()).then(|| terminals(&facts.terminals, lang)));
    parts.extend((!facts.troubles.is_empty()).then(|| troubles(&facts.troubles, lang)));
    parts
}

/// The page's last line.
#[must_use]
pub fn footer(facts: &Facts, lang: Lang) -> String {
    let site = facts.site.as_deref().unwrap_or("–");
    match lang {
        Lang::Fr => {
            format!("Site {site} · agent Vigie {} · cette page se renouvelle toutes les 10 secondes", facts.version)
        }
        Lang::En => format!("Site {site} · Vigie agent {} · this page renews itself every 10 seconds", facts.version),
    }
}

fn unplug(facts: &Facts, lang: Lang) -> Part {
    let heading = lang.of("Puis-je débrancher ?", "May I unplug it?");
    if facts.work.is_empty() {
        let lines = [
            lang.of("Oui, la box peut être débranchée.", "Yes, the box may be unplugged."),
            lang.of(
                "Tout ce qui a été collecté est sur son disque et partira quand elle sera rebranchée ; au plus les \
                 dernières secondes de mesures et d’observations se perdent, jamais un pointage.",
                "Everything collected is on its disk and is delivered once it is back; at most the last seconds of \
                 measurements and observations are lost, never a punch.",
            ),
        ];
        return Part::new(heading, Mood::Good, lines.map(str::to_owned).to_vec());
    }
    let mut lines = vec![lang.of("Attendez : un travail est en cours.", "Wait: something is under way.").to_owned()];
    lines.extend(facts.work.iter().map(|work| match (work, lang) {
        (Work::Command { name }, Lang::Fr) => format!("Commande en cours : {name}."),
        (Work::Command { name }, Lang::En) => format!("Command under way: {name}."),
        (Work::Trial { version }, Lang::Fr) => format!("Mise à jour à l’essai : version {version}."),
        (Work::Trial { version }, Lang::En) => format!("Update on trial: version {version}."),
    }));
    Part::new(heading, Mood::Bad, lines)
}

fn connection(facts: &Facts, lang: Lang) -> Part {
    let heading = lang.of("Liaison avec le serveur", "Connection to the hub");
    let (mood, mut lines, detail) = match &facts.connection {
        Connection::Connected { for_s } => (Mood::Good, vec![connected(facts, *for_s, lang)], None),
        Connection::Lost { for_s, cause } => (Mood::Bad, lost(*for_s, lang), cause.clone()),
        Connection::Unregistered => (Mood::Bad, unregistered(lang), None),
        Connection::Off => (Mood::Plain, vec![off(lang)], None),
    };
    lines.push(match facts.last_receipt_s {
        Some(s) => ago(lang.of("Dernier accusé de réception :", "Last receipt:"), s, lang),
        None => lang.of("Aucun accusé de réception encore.", "No receipt yet.").to_owned(),
    });
    Part { detail, ..Part::new(heading, mood, lines) }
}

fn connected(facts: &Facts, for_s: u64, lang: Lang) -> String {
    let hub = facts.hub.as_deref().unwrap_or("–");
    let span = span(for_s, lang);
    match lang {
        Lang::Fr => format!("Connectée à {hub} depuis {span}."),
        Lang::En => format!("Connected to {hub} for {span}."),
    }
}

fn lost(for_s: Option<u64>, lang: Lang) -> Vec<String> {
    let first = match (for_s.map(|s| span(s, lang)), lang) {
        (Some(span), Lang::Fr) => format!("Pas de liaison depuis {span}. Ce qui est collecté attend ici, à l’abri."),
        (Some(span), Lang::En) => format!("Not connected for {span}. What is collected waits here, safely."),
        (None, Lang::Fr) => {
            "Pas encore de liaison depuis le démarrage. Ce qui est collecté attend ici, à l’abri.".to_owned()
        }
        (None, Lang::En) => "Not connected since it started. What is collected waits here, safely.".to_owned(),
    };
    let cures = [
        lang.of(
            "À vérifier : le câble réseau ou le Wi-Fi, puis si Internet fonctionne sur ce réseau.",
            "To check: the network cable or the Wi-Fi, then whether the Internet works on this network.",
        ),
        lang.of(
            "La box réessaie toute seule. Si cela dure, sur la box : vigie-agent diagnose",
            "The box tries again by itself. If this lasts, on the box: vigie-agent diagnose",
        ),
    ];
    std::iter::once(first).chain(cures.map(str::to_owned)).collect()
}

fn unregistered(lang: Lang) -> Vec<String> {
    let lines = [
        lang.of("Cette box n’est pas encore enregistrée.", "This box was never registered."),
        lang.of(
            "Sur le serveur : vigie-hub site add SITE ; puis sur la box : vigie-agent register <jeton>",
            "On the hub: vigie-hub site add SITE; then on the box: vigie-agent register <token>",
        ),
    ];
    lines.map(str::to_owned).to_vec()
}

fn off(lang: Lang) -> String {
    let text = lang.of(
        "Cette box collecte seulement : son propriétaire a coupé la liaison.",
        "This box collects only: its owner has switched the connection off.",
    );
    text.to_owned()
}

fn waiting(facts: &Facts, lang: Lang) -> Part {
    let heading = lang.of("En attente d’envoi", "Waiting to be sent");
    let waiting: Vec<&LaneFact> = facts.lanes.iter().filter(|lane| lane.waiting > 0).collect();
    if waiting.is_empty() {
        let text = lang.of("Rien n’attend : tout est chez le serveur.", "Nothing waits: the hub has everything.");
        return Part::new(heading, Mood::Good, vec![text.to_owned()]);
    }
    let line = |fact: &&LaneFact| {
        let (name, oldest) = (lane(fact.lane, lang), span(fact.oldest_s, lang));
        match lang {
            Lang::Fr => format!("{name} : {} en attente, le plus ancien depuis {oldest}.", fact.waiting),
            Lang::En => format!("{name}: {} waiting, the oldest for {oldest}.", fact.waiting),
        }
    };
    Part::new(heading, Mood::Plain, waiting.iter().map(line).collect())
}

fn terminals(terminals: &[TerminalFact], lang: Lang) -> Part {
    let line = |terminal: &TerminalFact| {
        let name = &terminal.name;
        match terminal.heard_s {
            Some(s) => ago(&format!("{name}{}", lang.of(" : entendue", ": heard")), s, lang),
            None => format!("{name}{}", lang.of(" : jamais entendue", ": never heard")),
        }
    };
    let is_well = terminals.iter().all(|terminal| terminal.heard_s.is_some());
    let mood = if is_well { Mood::Good } else { Mood::Bad };
    Part::new(lang.of("Pointeuses", "Time clocks"), mood, terminals.iter().map(line).collect())
}

fn troubles(troubles: &[Trouble], lang: Lang) -> Part {
    let lines = troubles.iter().map(|found| trouble(found, lang)).collect();
    Part::new(lang.of("À regarder", "To look at"), Mood::Bad, lines)
}

fn trouble(trouble: &Trouble, lang: Lang) -> String {
    match (trouble, lang) {
        (Trouble::DiskFull { free_bytes }, Lang::Fr) => {
            format!(
                "Le disque est presque plein ({} libres) : effacez d’anciennes vidéos ou d’anciens journaux.",
                bytes_text(*free_bytes)
            )
        }
        (Trouble::DiskFull { free_bytes }, Lang::En) => {
            format!("The disk is almost full ({} free): delete old videos or old logs.", bytes_text(*free_bytes))
        }
        (Trouble::ClockNotSet, Lang::Fr) => {
            "L’heure de la box n’est pas confirmée ; elle le sera avec Internet, et les relevés sont alors re-datés."
                .to_owned()
        }
        (Trouble::ClockNotSet, Lang::En) => {
            "The box's time is not confirmed; it will be with the Internet, and what was read is then re-dated."
                .to_owned()
        }
        (Trouble::LaneDamaged { lane: of }, Lang::Fr) => format!(
            "Une file était endommagée ({}) et a été mise de côté ; la collecte continue. Remplacez bientôt la carte.",
            lane(*of, lang)
        ),
        (Trouble::LaneDamaged { lane: of }, Lang::En) => format!(
            "A queue was damaged ({}) and was set aside; collection goes on. Replace the card soon.",
            lane(*of, lang)
        ),
        (Trouble::LaneDropped { lane: of, records }, Lang::Fr) => {
            format!("{} : {records} relevés anciens abandonnés, faute de place.", lane(*of, lang))
        }
        (Trouble::LaneDropped { lane: of, records }, Lang::En) => {
            format!("{}: {records} old records given up for lack of room.", lane(*of, lang))
        }
    }
}

fn lane(lane: Lane, lang: Lang) -> &'static str {
    match lane {
        Lane::Ledger => lang.of("Pointages et résultats de commandes", "Punches and outcomes of commands"),
        Lane::Observations => lang.of("Observations du site", "Observations of the site"),
        Lane::Telemetry => lang.of("Mesures de la box", "Measurements of the box"),
    }
}

fn ago(what: &str, s: u64, lang: Lang) -> String {
    let span = span(s, lang);
    match lang {
        Lang::Fr => format!("{what} il y a {span}."),
        Lang::En => format!("{what} {span} ago."),
    }
}

/// The largest unit that fits: nobody needs the seconds of a week.
fn span(s: u64, lang: Lang) -> String {
    let (number, unit) = match s {
        0..120 => (s, "s"),
        120..7_200 => (s / 60, "min"),
        7_200..172_800 => (s / 3_600, "h"),
        _ => (s / 86_400, lang.of("jours", "days")),
    };
    format!("{number}\u{a0}{unit}")
}
