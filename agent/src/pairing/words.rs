//! What the pairing page says, in French and English.

use vigie_shared::mac::Mac;
use vigie_shared::pairing::TicketError;

use crate::local_page::html::escaped;
use crate::local_page::words::Lang;

/// What is to be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// This is the device; shall it be claimed?
    Ask(Mac),
    /// It was claimed.
    Claimed(Mac),
    /// The link opens nothing.
    BadLink(TicketError),
    /// The box cannot see which device it is.
    NoDevice,
    /// The hub did not take the claim.
    Failed,
}

impl Word {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Ask(_) | Self::Claimed(_) => 200,
            Self::BadLink(_) => 403,
            Self::NoDevice => 409,
            Self::Failed => 502,
        }
    }
}

const PURPOSE: (&str, &str) = (
    "Le lieu compte ainsi vos demi-journées de présence. Il garde pour cela quand cet appareil était sur son réseau : \
     les détails 30 jours, un résumé par jour 13 mois. Rien n’est montré à d’autres sans votre accord, et tout peut être \
     exporté ou effacé sur demande.",
    "The venue counts your half days of presence by it. For that it keeps when this device was on its network: details \
     for 30 days, a summary per day for 13 months. Nothing is shown to others unless you agree, and everything can be \
     exported or erased on request.",
);

const PRIVATE: (&str, &str) = (
    "Cette adresse est privée : l’appareil l’a inventée pour ce réseau et pourrait en changer. Dans les réglages de ce \
     Wi-Fi, choisissez une adresse « fixe », sinon il faudra l’associer de nouveau.",
    "This address is private: the device made it up for this network and may change it. In the settings of this Wi-Fi, \
     choose a “fixed” address, or it has to be paired again.",
);

/// The page. The ticket stands in its form again, so that the button claims by the same link.
#[must_use]
pub fn page(word: &Word, ticket: &str, lang: Lang) -> String {
    let (title, mut lines) = said(word, lang);
    let mut form = String::new();
    if let Word::Ask(mac) = word {
        lines.extend(mac.is_private().then(|| lang.of(PRIVATE.0, PRIVATE.1).to_owned()));
        lines.push(lang.of(PURPOSE.0, PURPOSE.1).to_owned());
        let (action, button) = (escaped(ticket), lang.of("C’est mon appareil", "This is my device"));
        form = format!(
            "<form method=\"post\" action=\"/pair?lang={}&amp;t={action}\"><button>{button}</button></form>\n",
            lang.code()
        );
    }
    let (code, class) = (lang.code(), if word.status() == 200 { "good" } else { "bad" });
    let lines: String = lines.iter().map(|line| format!("<p>{}</p>\n", escaped(line))).collect();
    format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n<link rel=\"stylesheet\" \
         href=\"/style.css\">\n</head>\n<body>\n<h1>{title}</h1>\n<main>\n<section class=\"{class}\">\n{lines}{form}\
         </section>\n</main>\n</body>\n</html>\n"
    )
}

/// The heading and what stands under it.
fn said(word: &Word, lang: Lang) -> (&'static str, Vec<String>) {
    let (title, line) = match word {
        Word::Ask(mac) => (
            lang.of("Associer cet appareil", "Pair this device"),
            match lang {
                Lang::Fr => format!("Votre appareil a ici l’adresse {mac}."),
                Lang::En => format!("Your device has the address {mac} here."),
            },
        ),
        Word::Claimed(mac) => (
            lang.of("Demande envoyée", "Request sent"),
            match lang {
                Lang::Fr => format!("L’appareil {mac} vous sera attribué dès qu’un administrateur l’aura confirmé."),
                Lang::En => format!("The device {mac} is yours as soon as an administrator confirms it."),
            },
        ),
        Word::BadLink(error) => (lang.of("Lien refusé", "Link refused"), bad_link(*error, lang).to_owned()),
        Word::NoDevice => (
            lang.of("Appareil inconnu", "Device not seen"),
            lang.of(
                "La box ne voit pas l’adresse de votre appareil. Connectez-le au Wi-Fi du lieu, sans VPN ni réseau \
                 invité, puis rouvrez le lien.",
                "The box does not see your device’s address. Join the venue’s Wi-Fi, without a VPN or a guest network, \
                 then open the link again.",
            )
            .to_owned(),
        ),
        Word::Failed => (
            lang.of("Demande non envoyée", "Request not sent"),
            lang.of(
                "Le serveur n’a pas pris la demande ; rien n’a changé. Réessayez dans un moment, ou demandez un nouveau \
                 lien.",
                "The server did not take the request; nothing was changed. Try again in a moment, or ask for a new link.",
            )
            .to_owned(),
        ),
    };
    (title, vec![line])
}

fn bad_link(error: TicketError, lang: Lang) -> &'static str {
    match error {
        TicketError::Foreign => lang.of(
            "Ce lien est incomplet ou n’est pas de ce lieu. Copiez-le en entier, ou demandez-en un nouveau.",
            "This link is incomplete or not of this venue. Copy all of it, or ask for a new one.",
        ),
        TicketError::OtherSite => lang.of(
            "Ce lien est pour un autre lieu. Ouvrez-le sur le réseau de ce lieu-là.",
            "This link is for another venue. Open it on that venue’s network.",
        ),
        TicketError::Expired => {
            lang.of("Ce lien a expiré. Demandez-en un nouveau.", "This link has ended. Ask for a new one.")
        }
    }
}
