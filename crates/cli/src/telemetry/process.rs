//! What the system says of this process, on Linux; elsewhere nothing.

use std::fs;

use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

/// What it says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    pub(super) threads: u64,
    pub(super) virtual_bytes: u64,
    pub(super) resident_bytes: u64,
    pub(super) open_files: Option<usize>,
    /// `None` where there is no limit.
    pub(super) most_files: Option<u64>,
}

impl Process {
    pub(super) fn look() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let mut process = Self::read(&stat, clock_ticks_per_second(), page_size() as u64)?;
        // The folder that is read is open itself.
        process.open_files = fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1));
        process.most_files = getrlimit(Resource::Nofile).current;
        Some(process)
    }

    /// From `/proc/self/stat` (proc(5)): what follows the name, which is in parentheses and may have anything in it.
    #[expect(clippy::cast_precision_loss, reason = "ticks of a hundredth of a second, for millions of years")]
    fn read(stat: &str, ticks_a_second: u64, page: u64) -> Option<Self> {
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // The first of them is the third one of the manual.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let ticks = field(14)?.saturating_add(field(15)?);
        Some(Self {
            cpu_seconds: ticks as f64 / ticks_a_second.max(1) as f64,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)?.saturating_mul(page),
            open_files: None,
            most_files: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_system_is_read_whatever_the_process_is_called() {
        let line = "42 (a) name) (x) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 0 0 20 0 9 0 12345 4096000 1000 \
                    18446744073709551615 1 1 0";
        let expected = Process {
            cpu_seconds: 4.0,
            threads: 9,
            virtual_bytes: 4_096_000,
            resident_bytes: 4_096_000,
            open_files: None,
            most_files: None,
        };
        assert_eq!(Process::read(line, 100, 4096), Some(expected));
        assert_eq!(Process::read("nonsense", 100, 4096), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_threads_and_open_files() {
        let process = Process::look().unwrap();
        assert!(process.resident_bytes > 1_000_000 && process.virtual_bytes > process.resident_bytes);
        assert!(process.threads > 0 && process.open_files.unwrap() >= 3);
    }
}
