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
