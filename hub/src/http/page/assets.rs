//! Styles, scripts and symbols, carried in the program, compressed once. Their address holds their hash, so browsers keep
//! them for good.

use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use vigie_shared::id::to_hex;

use crate::login::secret;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// htmx with its live streams, in one file: it reads the page as soon as its own file has run, and would not see an
/// extension that comes later.
const HTMX_WITH_STREAMS: &str = concat!(
    include_str!("../../../assets/vendor/htmx-4.0.1.min.js"),
    "\n",
    include_str!("../../../assets/vendor/hx-sse-4.0.1.min.js")
);

/// What comes with the hub. What others wrote lies under `vendor/` with its licence, its version in its name.
const ASSETS: [Asset; 8] = [
    Asset { name: "vigie.css", kind: STYLE, text: include_str!("../../../assets/vigie.css") },
    Asset { name: "vigie.js", kind: SCRIPT, text: include_str!("../../../assets/vigie.js") },
    Asset { name: "chart.js", kind: SCRIPT, text: include_str!("../../../assets/chart.js") },
    Asset { name: "vigie.svg", kind: SVG, text: include_str!("../../../assets/vigie.svg") },
    Asset { name: "icons.svg", kind: SVG, text: include_str!("../../../assets/icons.svg") },
    Asset { name: "htmx.js", kind: SCRIPT, text: HTMX_WITH_STREAMS },
    Asset { name: "uplot.js", kind: SCRIPT, text: include_str!("../../../assets/vendor/uplot-1.6.32.min.js") },
    Asset { name: "uplot.css", kind: STYLE, text: include_str!("../../../assets/vendor/uplot-1.6.32.min.css") },
];

/// A file as it is sent.
struct Ready {
    name: &'static str,
    kind: &'static str,
    plain: Bytes,
    gzip: Bytes,
    /// Name and hash.
    address: String,
}

fn ready() -> &'static [Ready] {
    static READY: OnceLock<Vec<Ready>> = OnceLock::new();
    READY.get_or_init(|| ASSETS.iter().map(made).collect())
}

fn made(asset: &Asset) -> Ready {
    let hash = secret::sha256(asset.text.as_bytes());
    let begin = hash.get(..6).unwrap_or_default();
    Ready {
        name: asset.name,
        kind: asset.kind,
        plain: Bytes::from_static(asset.text.as_bytes()),
        gzip: gzip(asset.text).map_or_else(|_full| Bytes::new(), Bytes::from),
        address: format!("/assets/{}?v={}", asset.name, to_hex(begin)),
    }
}

fn gzip(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// Serves one file.
pub(super) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ready().iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kept = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::VARY, "accept-encoding"),
    ];
    if accepted.contains("gzip") && !asset.gzip.is_empty() {
        return (kept, [(header::CONTENT_ENCODING, "gzip")], asset.gzip.clone()).into_response();
    }
    (kept, asset.plain.clone()).into_response()
}

/// Where a file lies: a new text has a new address.
pub(super) fn address(name: &str) -> String {
    ready().iter().find(|asset| asset.name == name).map_or_else(String::new, |asset| asset.address.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What others wrote is exactly what they published.
    const PINNED: [(&str, &str); 4] = [
        (
            include_str!("../../../assets/vendor/htmx-4.0.1.min.js"),
            "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130",
        ),
        (
            include_str!("../../../assets/vendor/hx-sse-4.0.1.min.js"),
            "18ef2761356ec1fe0bb6d92612315b37517a7c1e9856b661c5ae81fef239d103",
        ),
        (
            include_str!("../../../assets/vendor/uplot-1.6.32.min.js"),
            "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
        ),
        (
            include_str!("../../../assets/vendor/uplot-1.6.32.min.css"),
            "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        ),
    ];

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
                ("on-danger", "danger", 5.7),
                ("edge", "surface", 3.0),
                ("fine", "fine-tint", 6.3),
                ("attention", "attention-tint", 6.7),
                ("critical", "critical-tint", 6.4),
                ("unknown", "unknown-tint", 6.2),
                ("running", "running-tint", 6.8),
                ("series-1", "surface", 5.3),
                ("series-2", "surface", 5.3),
                ("series-3", "surface", 5.3),
                ("series-4", "surface", 5.3),
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

    #[test]
    fn what_others_wrote_is_what_they_published() {
        for (text, hash) in PINNED {
            assert_eq!(to_hex(&secret::sha256(text.as_bytes())), hash, "{:.80}", text);
            assert!(ASSETS.iter().any(|asset| asset.text.contains(text)), "{text:.80}");
        }
    }

    #[test]
    fn everything_that_a_page_loads_is_small() {
        let sizes: Vec<(&str, usize)> = ready().iter().map(|asset| (asset.name, asset.gzip.len())).collect();
        let total: usize = sizes.iter().map(|(_, size)| size).sum();
        assert!(total <= 64 * 1024, "{sizes:?}");
        let styles = sizes.iter().find(|(name, _)| *name == "vigie.css").unwrap().1;
        assert!(styles <= 12 * 1024, "the styles weigh {styles} bytes");
    }

    #[tokio::test]
    async fn a_browser_gets_what_it_can_unpack() {
        let stage = crate::http::testing::Stage::new().await;
        let ask = || stage.get("/assets/htmx.js");
        let packed = ask().header("accept-encoding", "br, gzip").open().await;
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        assert!(ask().send().await.text.starts_with("var htmx"));
        assert_eq!(stage.get("/assets/nothing.js").send().await.status, StatusCode::NOT_FOUND);
    }

    #[test]
    fn no_template_carries_code_that_a_browser_would_have_to_trust() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|kind| kind != "html") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for bad in ["hx-on", "js:", " onclick", " style=", "|safe", "<script>"] {
                assert!(!text.contains(bad), "{} holds {bad:?}", path.display());
            }
        }
    }
}
