//! A server that is not ours, as a process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// A running program and all that it started; killed when it goes out of scope.
pub(super) struct Program {
    child: Child,
    /// Kept open: a program that nobody listens to may end.
    output: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Program {
    /// Starts a command and waits for the line that ends with its address, `127.0.0.1:4000` or a URL with it: the floor says
    /// nothing else, peers say `ready URL`. What it says on standard error goes into a file.
    pub(super) fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let shown = format!("{:?}", command.get_program());
        // Without a terminal's signals: it ends when we say so, with all its children.
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let mut child = command.spawn().with_context(|| format!("starting {shown}"))?;
        let output = BufReader::new(child.stdout.take().context("no output to read")?);
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut program = Self { child, output, address: nowhere };
        let mut line = String::new();
        while program.output.read_line(&mut line)? > 0 {
            if let Some(address) = address(&line) {
                program.address = address;
                return Ok(program);
            }
            line.clear();
        }
        let told = std::fs::read_to_string(log).unwrap_or_default();
        bail!("{shown} has ended before it was ready: {told}");
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself. What it started is in its group.
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let word = line.split_whitespace().next_back()?;
    let host = word.rsplit_once("//").map_or(word, |(_, host)| host);
    host.trim_end_matches('/').parse().ok()
}

/// A port of loopback that was free just now.
pub(super) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
