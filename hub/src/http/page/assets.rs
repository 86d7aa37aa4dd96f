//! Styles, script and icon, carried in the program. Their address holds their hash, so browsers keep them for good.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use vigie_shared::id::to_hex;

use crate::login::secret;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset { name: "vigie.css", kind: "text/css; charset=utf-8", text: include_str!("../../../assets/vigie.css") },
    Asset { name: "vigie.js", kind: "text/javascript; charset=utf-8", text: include_str!("../../../assets/vigie.js") },
    Asset { name: "vigie.svg", kind: "image/svg+xml", text: include_str!("../../../assets/vigie.svg") },
];

/// Serves one file.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => {
            let headers = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000")];
            (headers, asset.text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Where a file lies: a new text has a new address.
pub(super) fn address(name: &str) -> String {
    let text = ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.text);
    let hash = secret::sha256(text.as_bytes());
    format!("/assets/{name}?v={}", to_hex(hash.first_chunk::<6>().map_or(&[], |begin| begin.as_slice())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red, green and blue of `#RRGGBB`.
    fn rgb(colour: &str) -> [f64; 3] {
        let bytes = vigie_shared::id::from_hex(colour.trim_start_matches('#')).unwrap();
        [f64::from(bytes[0]), f64::from(bytes[1]), f64::from(bytes[2])]
    }

    fn luminance(colour: &str) -> f64 {
        let linear =
            |c: f64| if c / 255.0 <= 0.040_45 { c / 255.0 / 12.92 } else { ((c / 255.0 + 0.055) / 1.055).powf(2.4) };
        let [r, g, b] = rgb(colour).map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Contrast by the formula of WCAG 2.
    fn contrast(one: &str, other: &str) -> f64 {
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn token<'a>(block: &'a str, name: &str) -> &'a str {
        let (_, rest) = block.split_once(&format!("--{name}: ")).unwrap_or_else(|| panic!("--{name} is missing"));
        rest.split(';').next().unwrap()
    }

    #[test]
    fn every_text_can_be_read_in_light_and_dark() {
        let css = ASSETS[0].text;
        let blocks: Vec<&str> = css.split(":root").skip(1).map(|block| block.split('}').next().unwrap()).collect();
        assert_eq!(blocks.len(), 3, "light, dark by choice, dark by the system");
        for block in blocks {
            for (ink, paper, least) in [
                ("text", "raised", 12.0),
                ("muted", "raised", 6.4),
                ("accent", "raised", 5.7),
                ("on-accent", "accent", 6.6),
                ("edge", "surface", 3.0),
                ("fine", "fine-tint", 6.3),
                ("attention", "attention-tint", 6.7),
                ("critical", "critical-tint", 6.4),
                ("unknown", "unknown-tint", 6.2),
            ] {
                let ratio = contrast(token(block, ink), token(block, paper));
                assert!(ratio >= least, "{ink} on {paper}: {ratio:.2} is less than {least}");
            }
        }
    }

    #[test]
    fn an_address_names_its_text() {
        assert_ne!(address("vigie.css"), address("vigie.js"));
        assert_eq!(address("vigie.css"), address("vigie.css"));
    }
}
