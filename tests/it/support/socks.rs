//! A SOCKS5 proxy on loopback that lets anyone through, and remembers whom it was asked for.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The proxy; ends when dropped.
pub(crate) struct SocksProxy {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// By address (`1`) or by name (`3`), in the words of the protocol.
    kinds: Vec<u8>,
    is_over: bool,
}

impl SocksProxy {
    /// Starts a proxy that sends everyone to `target`, whatever host is asked for.
    pub(crate) fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if for_thread.lock().unwrap().is_over {
                    return;
                }
                let shared = Arc::clone(&for_thread);
                // A broken connection is the client's business.
                thread::spawn(move || serve(stream?, target, &shared));
            }
        });
        Self { address, shared }
    }

    /// Returns the address, by the scheme that says who looks names up.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.address)
    }

    /// Returns how each connection named its target.
    pub(crate) fn take_kinds(&self) -> Vec<u8> {
        std::mem::take(&mut self.shared.lock().unwrap().kinds)
    }
}

impl Drop for SocksProxy {
    fn drop(&mut self) {
        self.shared.lock().unwrap().is_over = true;
        drop(TcpStream::connect(self.address));
    }
}

/// Greets, takes the request ([RFC 1928](https://www.rfc-editor.org/rfc/rfc1928)), and passes everything on.
fn serve(mut stream: TcpStream, target: SocketAddr, shared: &Mutex<Shared>) -> std::io::Result<()> {
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting)?;
    stream.read_exact(&mut vec![0; greeting[1].into()])?;
    stream.write_all(&[5, 0])?;
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    let n_address = match head[3] {
        1 => 4,
        4 => 16,
        _ => {
            let mut n_bytes = [0];
            stream.read_exact(&mut n_bytes)?;
            n_bytes[0].into()
        }
    };
    stream.read_exact(&mut vec![0; n_address + 2])?;
    shared.lock().unwrap().kinds.push(head[3]);
    let server = TcpStream::connect(target)?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (mut from_server, mut to_client) = (server.try_clone()?, stream.try_clone()?);
    thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
    std::io::copy(&mut stream, &mut &server)?;
    server.shutdown(std::net::Shutdown::Both)
}
