//! Just enough HTTP/1.1 for a proxy on loopback: whole messages, read into memory.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A request or an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// The request line or the status line.
    pub(crate) first: String,
    /// Names are in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// An answer that was made up.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: String) -> Self {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = headers.iter().map(pair).collect();
        Self { first: format!("HTTP/1.1 {status} Injected"), headers, body: body.into_bytes() }
    }

    /// The next message; nothing when the connection was closed instead. What a message without a
    /// length means depends on who sent it.
    pub(crate) fn read(
        stream: &mut BufReader<TcpStream>,
        ends_with_the_connection: bool,
        is_head_only: bool,
    ) -> io::Result<Option<Self>> {
        let mut message = Self::default();
        if stream.read_line(&mut message.first)? == 0 {
            return Ok(None);
        }
        message.first.truncate(message.first.trim_end().len());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            message.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = message.header("content-length").and_then(|text| text.parse().ok());
        if is_head_only {
            return Ok(Some(message));
        }
        if message.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            message.body = chunks(stream)?;
        } else if let Some(length) = length {
            message.body = vec![0; length];
            stream.read_exact(&mut message.body)?;
        } else if ends_with_the_connection {
            stream.read_to_end(&mut message.body)?;
        }
        Ok(Some(message))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn method(&self) -> &str {
        self.first.split(' ').next().unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    /// Of an answer.
    pub(crate) fn status(&self) -> Option<u16> {
        self.first.split(' ').nth(1)?.parse().ok()
    }

    /// Writes it with its length; an answer to HEAD keeps the length that it names.
    pub(crate) fn write(
        &self,
        stream: &mut TcpStream,
        connection: &str,
        is_head_only: bool,
    ) -> io::Result<()> {
        let mut text = format!("{}\r\nconnection: {connection}\r\n", self.first);
        for (name, value) in &self.headers {
            let own = matches!(&**name, "connection" | "transfer-encoding");
            if !own && (name != "content-length" || is_head_only) {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        if !is_head_only {
            text.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend(&self.body);
        stream.write_all(&bytes)
    }
}

fn chunks(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let size = line.trim_end().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        let start = body.len();
        // Each chunk ends with a line break, the last one, which is empty, too.
        body.resize(start + size + 2, 0);
        stream.read_exact(&mut body[start..])?;
        body.truncate(start + size);
        if size == 0 {
            return Ok(body);
        }
    }
}
