//! A small server for the simulator's own tests: it acknowledges everything, or falls silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use vigie_shared::lifecycle::Lifecycle;

use super::frame;

/// Acknowledges everything while it is willing.
pub(super) struct Agreeable {
    pub(super) address: SocketAddr,
    pub(super) is_willing: Arc<AtomicBool>,
}

impl Agreeable {
    pub(super) async fn start(lifecycle: &Lifecycle) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self { address: listener.local_addr().unwrap(), is_willing: Arc::new(AtomicBool::new(true)) };
        let (owner, is_willing) = (lifecycle.clone(), Arc::clone(&this.is_willing));
        lifecycle.spawn_detached(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let is_willing = Arc::clone(&is_willing);
                owner.spawn_detached(async move { drop(agree(stream, &is_willing).await) });
            }
        });
        this
    }
}

async fn agree(mut stream: TcpStream, is_willing: &AtomicBool) -> anyhow::Result<()> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut heard).await?;
    }
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(answer.as_bytes()).await?;
    loop {
        let message = message(&mut stream).await?;
        if is_willing.load(Ordering::Relaxed) || message["cmd"] == "reg" {
            let mut answer = json!({ "ret": message["cmd"], "result": true, "nosenduser": true });
            answer["count"] = message["count"].clone();
            answer["logindex"] = message["logindex"].clone();
            stream.write_all(&frame::unmasked(frame::TEXT, answer.to_string().as_bytes())).await?;
        }
    }
}

/// One masked frame.
async fn message(stream: &mut TcpStream) -> anyhow::Result<Value> {
    let (_first, second) = (stream.read_u8().await?, stream.read_u8().await?);
    let length = match second & 0x7f {
        126 => usize::from(stream.read_u16().await?),
        short => usize::from(short),
    };
    let mut bytes = vec![0; length + 4];
    stream.read_exact(&mut bytes).await?;
    let (mask, payload) = bytes.split_at(4);
    let plain: Vec<u8> = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
    Ok(serde_json::from_slice(&plain)?)
}
