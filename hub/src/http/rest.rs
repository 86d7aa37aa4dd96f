//! Lets whoever is refused in the middle of an upload hear why: the rest of it is read and dropped, within bounds.
//!
//! A connection that is closed with bytes unread is reset, and the answer is lost with it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

/// Most that is read for nothing, bytes: a stick with everything that a box can hold is smaller.
const REST_BYTES_MAX: usize = 256 << 20;
/// How long it may take to come.
const REST_WITHIN: Duration = Duration::from_secs(10);

/// How long an upload may bring nothing. A slow line takes its time; one that stands still holds a connection for nothing.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// A body that ends with an error when nothing more comes for [`IDLE_MAX`].
fn going_on(body: Body) -> Body {
    let pieces = stream::unfold(Some(body.into_data_stream()), |pieces| async move {
        let mut pieces = pieces?;
        match tokio::time::timeout(IDLE_MAX, pieces.next()).await {
            Ok(piece) => Some((piece?, Some(pieces))),
            Err(idle) => Some((Err(axum::Error::new(idle)), None)),
        }
    });
    // Whoever reads what a handler left asks once more after the end.
    Body::from_stream(pieces.fuse())
}

/// Answers as the handler does, after what it left of the content has been read.
pub(super) async fn read_on(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let (back, mut rest) = oneshot::channel();
    let lent = Lent { body: Some(going_on(body)), back: Some(back) };
    let response = next.run(Request::from_parts(head, Body::new(lent))).await;
    if let Ok(rest) = rest.try_recv() {
        // Too long or too slow: then the connection is reset, as it would be without this.
        drop(tokio::time::timeout(REST_WITHIN, drop_all(rest)).await);
    }
    response
}

async fn drop_all(body: Body) {
    let mut stream = body.into_data_stream();
    let mut bytes = 0;
    while let Some(Ok(piece)) = stream.next().await {
        bytes += piece.len();
        if bytes > REST_BYTES_MAX {
            return;
        }
    }
}

/// A body that comes back when its reader has had enough of it.
struct Lent {
    body: Option<Body>,
    back: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(HttpBody::size_hint).unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // Nobody waits for it once the connection is gone.
            drop(back.send(body));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use tower::ServiceExt as _;

    use super::*;

    /// Sends ten pieces of content to a handler; returns how many were read in the end.
    async fn pieces_read(handler: axum::routing::MethodRouter) -> usize {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let pieces = futures_util::stream::iter(0..10).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"piece"))
        });
        let routes = Router::new().route("/", handler).layer(from_fn(read_on));
        let request = Request::post("/").body(Body::from_stream(pieces)).unwrap();

        let answer = routes.oneshot(request).await.unwrap();

        assert_eq!(answer.status(), StatusCode::IM_A_TEAPOT);
        read.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_read_before_its_answer_goes_out() {
        assert_eq!(pieces_read(post(|_: Body| async { StatusCode::IM_A_TEAPOT })).await, 10);
        assert_eq!(pieces_read(post(|| async { StatusCode::IM_A_TEAPOT })).await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_may_be_slow_but_not_stand_still() {
        let slow = stream::unfold(0, |count| async move {
            tokio::time::sleep(IDLE_MAX - Duration::from_secs(1)).await;
            (count < 9).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(b"piece")), count + 1))
        });
        let whole = axum::body::to_bytes(going_on(Body::from_stream(slow)), 100).await.unwrap();
        assert_eq!(whole.len(), 45);
        let stuck = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"piece"))]).chain(stream::pending());
        assert!(axum::body::to_bytes(going_on(Body::from_stream(stuck)), 100).await.is_err());
    }

    #[tokio::test]
    async fn what_a_handler_reads_comes_whole() {
        let handler = post(|content: Bytes| async move {
            if content.len() == 50 { StatusCode::IM_A_TEAPOT } else { StatusCode::OK }
        });
        assert_eq!(pieces_read(handler).await, 10);
    }
}
