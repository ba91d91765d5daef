//! One signalling WebSocket that never blocks the thread: bytes in, decoded server messages out.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};

use prost::Message as _;
use thiserror::Error;
use tungstenite::handshake::MidHandshake;
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::{HandshakeError, Message, WebSocket};

use crate::protocol::{Request, Response, SignalRequest, SignalResponse};

#[derive(Debug, Error)]
pub(crate) enum SignalError {
    #[error("socket: {0}")]
    Io(#[from] std::io::Error),
    #[error("refused with HTTP {0}: {1}")]
    Refused(u16, String),
    #[error("websocket: {0}")]
    WebSocket(String),
    #[error("closed by the server")]
    Closed,
    #[error("undecodable message: {0}")]
    Undecodable(#[from] prost::DecodeError),
}

enum Stage {
    Upgrading(MidHandshake<ClientHandshake<TcpStream>>),
    Open(Box<WebSocket<TcpStream>>),
    Gone,
}

pub(crate) struct Signal {
    stage: Stage,
    fd: RawFd,
}

impl Signal {
    /// Connect to `server` and ask for the upgrade of `path` (with its query). The answer is awaited by `poll`.
    pub(crate) fn connect(server: SocketAddr, path: &str) -> Result<Signal, SignalError> {
        let stream = TcpStream::connect(server)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let fd = stream.as_raw_fd();
        let stage = match tungstenite::client(format!("ws://{server}{path}"), stream) {
            Ok((socket, _)) => Stage::Open(Box::new(socket)),
            Err(HandshakeError::Interrupted(half)) => Stage::Upgrading(half),
            Err(HandshakeError::Failure(error)) => return Err(failure(error)),
        };
        Ok(Signal { stage, fd })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.fd
    }

    /// Take in whatever has arrived, without waiting.
    pub(crate) fn poll(&mut self) -> Result<Vec<Response>, SignalError> {
        self.finish_upgrade()?;
        let mut responses = Vec::new();
        let Stage::Open(socket) = &mut self.stage else {
            return Ok(responses);
        };
        loop {
            match socket.read() {
                Ok(Message::Binary(bytes)) => {
                    responses.extend(SignalResponse::decode(bytes)?.message);
                }
                Ok(Message::Close(_)) => return Err(SignalError::Closed),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    break;
                }
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(responses)
    }

    /// Send one request, or as much of it as the socket takes now: the rest leaves with a later `poll` or `send`.
    pub(crate) fn send(&mut self, request: Request) -> Result<(), SignalError> {
        let Stage::Open(socket) = &mut self.stage else {
            return Ok(());
        };
        let message = SignalRequest {
            message: Some(request),
        };
        match socket.send(Message::Binary(message.encode_to_vec().into())) {
            Ok(()) => Ok(()),
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    fn finish_upgrade(&mut self) -> Result<(), SignalError> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Gone) {
            Stage::Upgrading(half) => match half.handshake() {
                Ok((socket, _)) => Stage::Open(Box::new(socket)),
                Err(HandshakeError::Interrupted(half)) => Stage::Upgrading(half),
                Err(HandshakeError::Failure(error)) => return Err(failure(error)),
            },
            other => other,
        };
        Ok(())
    }
}

fn failure(error: tungstenite::Error) -> SignalError {
    match error {
        tungstenite::Error::Io(error) => SignalError::Io(error),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            SignalError::Closed
        }
        tungstenite::Error::Http(response) => {
            let body = response.body().clone().unwrap_or_default();
            let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            SignalError::Refused(response.status().as_u16(), text)
        }
        other => SignalError::WebSocket(other.to_string()),
    }
}
