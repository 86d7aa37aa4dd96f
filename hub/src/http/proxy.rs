//! Behind a proxy: who asks is who the proxy says, if it is one that the owner named.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::guard::Peer;

/// Names that are read from the end of `X-Forwarded-For`, at most: a chain of proxies is shorter.
const HOPS_MAX: usize = 16;

/// Believes these proxies about who asks.
pub(crate) fn behind(router: Router, trusted: &[IpAddr]) -> Router {
    if trusted.is_empty() {
        return router;
    }
    let trusted: Arc<[IpAddr]> = trusted.into();
    router.layer(from_fn_with_state(trusted, believe))
}

async fn believe(State(trusted): State<Arc<[IpAddr]>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
    if let Some(address) = peer.address().filter(|address| trusted.contains(&address.to_canonical())) {
        let said = forwarded(request.headers(), &trusted).unwrap_or(address);
        request.extensions_mut().insert(Peer::Address(said));
    }
    next.run(request).await
}

/// The last address that no trusted proxy has: whatever stands before it, anybody can have written.
fn forwarded(headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).take(HOPS_MAX);
    for hop in hops {
        let address: IpAddr = hop.trim().parse().ok()?;
        if !trusted.contains(&address.to_canonical()) {
            return Some(address);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    /// Who a handler sees when this address connects and says that of others.
    async fn seen(from: &str, said: &[&str]) -> String {
        let routes = Router::new().route("/", get(|peer: Peer| async move { peer.address().unwrap().to_string() }));
        let router = behind(routes, &["192.0.2.9".parse().unwrap(), "192.0.2.8".parse().unwrap()]);
        let mut request = Request::get("/").body(Body::empty()).unwrap();
        for line in said {
            request.headers_mut().append("x-forwarded-for", line.parse().unwrap());
        }
        request.extensions_mut().insert(Peer::Address(from.parse().unwrap()));
        let answer = router.oneshot(request).await.unwrap();
        String::from_utf8(to_bytes(answer.into_body(), 99).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn only_a_named_proxy_is_believed_and_only_about_the_last_hop() {
        assert_eq!(seen("198.51.100.1", &["203.0.113.7"]).await, "198.51.100.1");
        assert_eq!(seen("192.0.2.9", &["203.0.113.7"]).await, "203.0.113.7");
        assert_eq!(seen("192.0.2.9", &["127.0.0.1, 203.0.113.7, 192.0.2.8"]).await, "203.0.113.7");
        assert_eq!(seen("192.0.2.9", &["127.0.0.1", "203.0.113.7"]).await, "203.0.113.7");
        assert_eq!(seen("192.0.2.9", &["127.0.0.1, nonsense"]).await, "192.0.2.9");
        assert_eq!(seen("192.0.2.9", &[]).await, "192.0.2.9");
    }
}
