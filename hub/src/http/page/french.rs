//! Pure: the API's sentences for French readers. The API itself speaks English, to programs and people alike.
//!
//! A sentence that is not here is shown as it is, and says so by its `lang`.

use crate::text::Lang;

/// A sentence of the API, `{}` for what it names, and its French, where `{0}` is the first of those.
const SENTENCES: &[(&str, &str)] = &[
    // What was typed.
    ("use 1 to {} characters on one line", "utilisez 1 à {0} caractères, sur une ligne"),
    ("use 1 to {} small letters, digits or `.-_@`", "utilisez 1 à {0} petites lettres, chiffres ou `.-_@`"),
    (
        "use 1 to {} lower-case letters, digits and hyphens, as in `{}`",
        "utilisez 1 à {0} minuscules, chiffres et traits d’union, comme `{1}`",
    ),
    ("use {} to {}, with its unit", "utilisez {0} à {1}, avec l’unité"),
    (
        "`{}` is not a {}use 1 to 32 letters (without accents) or digits, for example `{}`",
        "« {0} » ne convient pas ; utilisez 1 à 32 lettres sans accent ou chiffres, par exemple {2}",
    ),
    ("{} is larger than any terminal's number", "{0} dépasse tout numéro de pointeuse"),
    ("`{}` is no number of a terminal", "« {0} » n’est pas un numéro de pointeuse"),
    ("`{}` is not a time; write it like {}", "« {0} » n’est pas un moment ; écrivez par exemple {1}"),
    ("`{}` is no day; write it like {}", "« {0} » n’est pas un jour ; écrivez par exemple {1}"),
    ("`{}` is no time of day; write it like {}", "« {0} » n’est pas une heure ; écrivez par exemple {1}"),
    ("`{}` is no IANA time zone; write it like {}", "« {0} » n’est pas un fuseau ; écrivez par exemple {1}"),
    ("write a zone of the IANA database, such as `{}`", "écrivez un fuseau, par exemple {0}"),
    ("write it like `{}`", "écrivez par exemple {0}"),
    (
        "use more than nothing and at most 90 days, for example `2h`",
        "utilisez une durée d’au plus 90 jours, par exemple 2h",
    ),
    ("use up to a week, for example `1h`", "utilisez au plus une semaine, par exemple 1h"),
    ("use up to two years, for example `90d`", "utilisez au plus deux ans, par exemple 90d"),
    (
        "use a number of boxes, as `3`, or a percentage, as `10%`",
        "utilisez un nombre de boîtiers, comme 3, ou une part, comme 10%",
    ),
    ("the end comes after the beginning", "la fin vient après le début"),
    ("the end lies before the beginning", "la fin est avant le début"),
    ("it ends before it begins", "la fin est avant le début"),
    ("the break does not lie within the shift", "la pause n’est pas dans l’horaire"),
    ("a break has a beginning and an end", "une pause a un début et une fin"),
    (
        "nothing was chosen; choose at least one, then try again",
        "rien n’a été choisi ; choisissez au moins un élément, puis recommencez",
    ),
    ("at most {} at once; choose fewer", "au plus {0} à la fois ; choisissez-en moins"),
    ("it has more than {} fields; nothing was changed", "il a plus de {0} champs ; rien n’a été changé"),
    (
        "say at least a site, a rule or a subject: silencing everything hides all",
        "dites au moins un site, une règle ou un sujet : une sourdine sur tout cacherait tout",
    ),
    (
        "write the person's id once more, so that nobody is erased by mistake",
        "écrivez encore une fois l’identifiant de la personne, pour que personne ne soit effacé par erreur",
    ),
    // Who may.
    (
        "account {} is {}, this needs {}; an owner can change that with `vigie-hub user add`",
        "le compte {0} est {1}, il faut {2} ; un propriétaire peut le changer dans les réglages",
    ),
    (
        "this needs a code of your second factor that is at most five minutes old; nothing was changed; give one on the page of your account, then try again",
        "il faut un code de votre second facteur de moins de cinq minutes ; rien n’a été changé ; donnez-en un sur la page de votre compte, puis recommencez",
    ),
    (
        "the request does not come from this hub's own pages{}; load the page again, or use an API token from programs",
        "la demande ne vient pas des pages de ce serveur ; rien n’a été changé ; rechargez la page",
    ),
    (
        "the request lacks the token of this session{}; load the page again, or use an API token from programs",
        "la session n’est plus celle de cette page ; rien n’a été changé ; rechargez la page",
    ),
    (
        "`{}` is the only owner; nothing was changed; make another owner first",
        "{0} est le seul propriétaire ; rien n’a été changé ; nommez d’abord un autre propriétaire",
    ),
    (
        "a member sees the presence of one person: say of whom, by id",
        "un membre voit la présence d’une personne : dites de qui, par son identifiant",
    ),
    (
        "this is not the password so far; nothing was changed",
        "ce n’est pas le mot de passe actuel ; rien n’a été changé",
    ),
    (
        "the password is shorter than {} characters; a sentence is easy to keep in mind and long enough",
        "le mot de passe a moins de {0} caractères ; une phrase se retient facilement et suffit",
    ),
    (
        "the link is over or was used before; ask for a new one",
        "le lien a expiré ou a déjà servi ; demandez-en un autre",
    ),
    (
        "the password is longer than {} bytes; choose a shorter one",
        "le mot de passe dépasse {0} octets ; choisissez-en un plus court",
    ),
    (
        "the code is wrong, over, or was given before; wait for the next one",
        "le code est faux, dépassé ou déjà donné ; attendez le suivant",
    ),
    ("too many attempts; try again in {} s", "trop d’essais ; recommencez dans {0} s"),
    ("account {} has {} tokens already; remove some first", "le compte {0} a déjà {1} jetons ; supprimez-en d’abord"),
    // What is there.
    (
        "no {} is called `{}`; `vigie-hub {} list` or /api/v1/{}s shows all",
        "« {1} » n’existe pas, ou n’existe plus. Revenez à la liste pour voir ce qu’il y a",
    ),
    (
        "nobody has the id `{}`; `vigie-hub person list` shows everybody",
        "personne n’a l’identifiant « {0} » ; la liste montre tout le monde",
    ),
    (
        "site {} has no command `{}`; `vigie-hub command list {}` shows all",
        "le site {0} n’a pas cette commande ; sa page les montre toutes",
    ),
    (
        "site {} exists already; nothing was changed; choose another id, or give it a new box with `vigie-hub site replace {}`",
        "le site {0} existe déjà ; rien n’a été changé ; choisissez un autre identifiant, ou remplacez son boîtier sur sa page",
    ),
    (
        "{} exists already; nothing was changed; choose another name",
        "{0} existe déjà ; rien n’a été changé ; choisissez un autre nom",
    ),
    (
        "site {} is revoked; bring it back with `vigie-hub site replace {}`",
        "le site {0} est révoqué ; remplacez son boîtier sur sa page",
    ),
    (
        "the command is `{}`: only one that was not sent yet can be taken back",
        "la commande est déjà partie : seule une commande en attente peut être reprise",
    ),
    (
        "the person has devices, so what was seen of them would be nobody's; `vigie-hub person erase` forgets both, `vigie-hub device forget` a device",
        "la personne a des appareils, et leurs relevés ne seraient plus à personne ; retirez d’abord ses appareils, ou effacez la personne",
    ),
    ("job {} is {}: that is not possible then", "l’envoi {0} ne le permet plus : il est déjà parti, ou déjà écarté"),
    ("the rollout is {}; start a new one", "le déploiement de version est terminé ; commencez-en un autre"),
    ("the rollout is paused already", "le déploiement de version est déjà en pause"),
    ("the rollout is not paused", "le déploiement de version n’est pas en pause"),
    (
        "no box that is meant has failed, so there is nothing to try again",
        "aucun de ces boîtiers n’a échoué : il n’y a rien à relancer",
    ),
    (
        "another rollout of {} is open: cancel it, or wait until it is done",
        "un autre déploiement de {0} est en cours : annulez-le, ou attendez sa fin",
    ),
    ("{} of {} boxes of {} failed; {} pause it", "échecs : {0} boîtiers sur {1} ; la pause vient à {3}"),
    (
        "no box of the canary group runs it, so nothing is proved",
        "aucun boîtier du premier groupe ne l’exécute : rien n’est prouvé",
    ),
    // Third parties.
    (
        "connector {} is switched off; `vigie-hub connector set {} --on` switches it on",
        "le connecteur {0} est en pause ; reprenez-le d’abord",
    ),
    ("its mapping needs {}; give `cfg.…` in `cfg` and `secret.…` in `secrets`", "il manque à son modèle : {0}"),
    (
        "connector {} lacks {}; `vigie-hub connector set {} --help` says how to give them",
        "il manque au connecteur {0} : {1}",
    ),
    ("its mapping lists no people", "son modèle ne liste pas de personnes : la liaison ne s’essaie pas ainsi"),
    (
        "its mapping has no [records]: it cannot list what it has",
        "le modèle de ce tiers ne sait pas lister ce qu’il possède : rien ne peut être rapproché",
    ),
    ("a connector keeps its name; add another one", "un connecteur garde son nom ; ajoutez-en un autre"),
    // Mails.
    (
        "no mail is sent: set `server`, `from` and `recipients` under [mail] in hub.toml",
        "aucun courriel ne part : renseignez `server`, `from` et `recipients` sous [mail] dans hub.toml",
    ),
    (
        "nobody to write to: name an address, or set mail.recipients",
        "personne à qui écrire : donnez une adresse, ou renseignez mail.recipients",
    ),
    // The hub.
    (
        "the store failed; nothing was changed and what was stored is safe; try again, then read the hub's log and check its disk",
        "la base n’a pas répondu ; rien n’a été changé, et ce qui est gardé est intact ; recommencez, puis lisez le journal du serveur et vérifiez son disque",
    ),
    (
        "no form of these pages leads to `{}`; nothing was changed",
        "aucun formulaire ne mène à « {0} » ; rien n’a été changé",
    ),
    (
        "the form is larger than 64 KiB; nothing was changed; send less at once",
        "le formulaire dépasse 64 Kio ; rien n’a été changé ; envoyez-en moins à la fois",
    ),
];

/// Roles as the API writes them, and as French readers know them.
const ROLES: [(&str, &str); 4] =
    [("member", "membre"), ("viewer", "lecteur"), ("operator", "opérateur"), ("owner", "propriétaire")];

/// A sentence of the API for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) text: String,
    /// The `lang` of what it is written in.
    pub(super) lang: &'static str,
}

/// The sentence in the reader's language, where there is one.
pub(super) fn told(lang: Lang, sentence: &str) -> Told {
    let french = match lang {
        Lang::Fr => SENTENCES.iter().find_map(|(english, french)| Some(filled(french, &named(english, sentence)?))),
        Lang::En => None,
    };
    match french {
        Some(text) => Told { text, lang: Lang::Fr.code() },
        None => Told { text: sentence.to_owned(), lang: Lang::En.code() },
    }
}

/// What a sentence names where the pattern has its holes; none if it is another sentence.
fn named<'a>(pattern: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let mut pieces = pattern.split("{}");
    let mut rest = sentence.strip_prefix(pieces.next()?)?;
    let mut named = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        let is_last = pieces.peek().is_none();
        let (name, behind) = if is_last { (rest.strip_suffix(piece)?, "") } else { rest.split_once(piece)? };
        named.push(name);
        rest = behind;
    }
    rest.is_empty().then_some(named)
}

fn filled(french: &str, named: &[&str]) -> String {
    named.iter().enumerate().fold(french.to_owned(), |text, (number, name)| {
        let name = ROLES.iter().find(|(english, _)| english == name).map_or(*name, |(_, french)| french);
        text.replace(&format!("{{{number}}}"), name)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::http::page::assert_no_banned_word;
    use crate::http::problem::Problem;

    #[test]
    fn a_french_reader_reads_what_the_api_says_in_french() {
        let fr = |sentence: &str| told(Lang::Fr, sentence);
        assert_eq!(fr("use 1 to 80 characters on one line").text, "utilisez 1 à 80 caractères, sur une ligne");
        let role = fr("account eva is viewer, this needs operator; an owner can change that with `vigie-hub user add`");
        assert!(role.text.starts_with("le compte eva est lecteur, il faut opérateur"), "{}", role.text);
        let unknown = fr(&Problem::unknown("connector", "paie").detail);
        assert_eq!((unknown.lang, unknown.text.starts_with("« paie » n’existe pas")), ("fr", true));
    }

    #[test]
    fn what_is_not_known_stays_as_it_is_and_says_in_which_language() {
        let odd = told(Lang::Fr, "the moon is full");
        assert_eq!((odd.text.as_str(), odd.lang), ("the moon is full", "en"));
        assert_eq!(told(Lang::En, "use 1 to 80 characters on one line").lang, "en");
    }

    #[test]
    fn every_hole_is_filled_and_no_word_is_banned() {
        for (english, french) in SENTENCES {
            let holes = english.matches("{}").count();
            let names = vec!["x"; holes];
            assert!(!filled(french, &names).contains(['{', '}']), "{french}");
            assert_no_banned_word(Lang::Fr, french);
        }
    }

    /// The text of every source file below a folder, as the compiler reads it: without the breaks of long literals.
    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                text += &sources(&path);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("french.rs") {
                text += &std::fs::read_to_string(path).unwrap();
            }
        }
        text
    }

    #[test]
    fn every_sentence_is_one_that_the_api_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let all = sources(&root.join("src")) + &sources(&root.join("../shared/src"));
        let mut lines = all.split("\\\n");
        let first = lines.next().unwrap_or_default().to_owned();
        let whole = lines.fold(first, |whole, line| whole + line.trim_start());
        for piece in SENTENCES.iter().flat_map(|(english, _)| english.split("{}")).filter(|piece| piece.len() > 12) {
            assert!(whole.contains(piece), "nothing says {piece:?} any more");
        }
    }
}
