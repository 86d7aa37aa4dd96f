//! One connection to the HR server: requests in, answers out, each as well or as badly as it was decided.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::http::{self, Request};
use super::reply::{Delivery, Reply};
use super::{Shared, control};

/// Between two bytes of an answer that drips.
const DRIP_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a chunk.
const CHUNK_BYTES: usize = 1000;

/// What answers travel on.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// Lets the end of the connection be a reset.
    fn will_reset(&self) -> io::Result<()>;
}

impl Wire for TcpStream {
    fn will_reset(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

impl Wire for TlsStream<TcpStream> {
    fn will_reset(&self) -> io::Result<()> {
        self.get_ref().0.set_zero_linger()
    }
}

/// Answers until the client leaves or an answer ends the connection.
pub(super) async fn serve<W: Wire>(wire: W, shared: &Shared) -> io::Result<()> {
    let mut stream = BufStream::new(wire);
    loop {
        let request = match http::read(&mut stream).await {
            Ok(Some(request)) => request,
            Ok(None) => break,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                whole(&mut stream, &Reply::typed(400, "text/plain", "This is no HTTP.")).await?;
                break;
            }
            Err(error) => return Err(error),
        };
        if let Some(reply) = control::answer(shared, &request) {
            whole(&mut stream, &reply).await?;
            continue;
        }
        let outgoing = shared.state().act(shared.dialect, &request, shared.started.elapsed());
        shared.change();
        let stays_open = send(&mut stream, &outgoing.reply, outgoing.delivery).await?;
        if matches!(outgoing.delivery, Delivery::Whole | Delivery::Chunked | Delivery::Drip) {
            shared.state().left(&outgoing);
            shared.change();
        }
        if !stays_open || wants_close(&request) {
            break;
        }
    }
    stream.shutdown().await
}

fn wants_close(request: &Request) -> bool {
    request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
}

/// Sends an answer; returns whether the connection can be used again.
async fn send<W: Wire>(stream: &mut BufStream<W>, reply: &Reply, delivery: Delivery) -> io::Result<bool> {
    match delivery {
        Delivery::Whole => {
            whole(stream, reply).await?;
            return Ok(true);
        }
        Delivery::Reset => {
            stream.get_ref().will_reset()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Delivery::Stall => {
            // The client's end, or whatever else it says.
            stream.read_u8().await?;
        }
        Delivery::Drip => {
            for byte in [head(reply, Some(reply.body.len())).as_slice(), &reply.body].concat() {
                stream.write_u8(byte).await?;
                stream.flush().await?;
                tokio::time::sleep(DRIP_PAUSE).await;
            }
            return Ok(true);
        }
        Delivery::Cut => {
            stream.write_all(&head(reply, Some(reply.body.len().max(2)))).await?;
            stream.write_all(&reply.body[..reply.body.len() / 2]).await?;
        }
        Delivery::CutChunked | Delivery::Chunked => {
            stream.write_all(&head(reply, None)).await?;
            for chunk in reply.body.chunks(CHUNK_BYTES) {
                stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await?;
                stream.write_all(chunk).await?;
                stream.write_all(b"\r\n").await?;
            }
            if delivery == Delivery::Chunked {
                stream.write_all(b"0\r\n\r\n").await?;
                stream.flush().await?;
                return Ok(true);
            }
        }
    }
    stream.flush().await?;
    Ok(false)
}

async fn whole<W: Wire>(stream: &mut BufStream<W>, reply: &Reply) -> io::Result<()> {
    // These two never have a body.
    let has_body = !matches!(reply.status, 204 | 304);
    stream.write_all(&head(reply, has_body.then_some(reply.body.len()))).await?;
    if has_body {
        stream.write_all(&reply.body).await?;
    }
    stream.flush().await
}

/// The head of an answer: with a length, in chunks without one, or with neither where there is no body.
fn head(reply: &Reply, length: Option<usize>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    match length {
        Some(bytes) => head += &format!("content-length: {bytes}\r\n"),
        None if matches!(reply.status, 204 | 304) => {}
        None => head += "transfer-encoding: chunked\r\n",
    }
    head += "\r\n";
    head.into_bytes()
}

fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "Fine",
        300..=399 => "Elsewhere",
        400..=499 => "No",
        _ => "Broken",
    }
}
